import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.networks.multiscale import multiscale, multiscale_layers
from rwkeras.objectives.objective import Objective
from rwkeras.optimizers.compiled_problem import CompiledProblem
from rwkeras.tasks.image_problem import compiled_problem
from rwkeras.tasks.style_objective import style_objective
from rwkeras.tasks.synthesis import begin_run, parametrization
from rwkeras.tiling.sums import image_content_loss
from tests.conftest import waves

pytestmark = pytest.mark.eager

STYLE = {"content_layers": ("conv2_2",), "style_layers": ("conv1_1", "conv3_1")}
TEXTURE = ("conv1_1", "conv2_2")


@pytest.fixture
def content():
    return waves(37, 45)


@pytest.fixture
def style():
    return 1 - waves(30, 26).transpose(1, 0, 2)


def settings(tile_size, **arguments):
    return rwkeras.OptimizerSettings(
        tile_size=tile_size,
        **{"memory": 6, "max_iterations": 6, "precision": "float32", **arguments},
    )


def check(make, **arguments):
    """Compares what is made with and without tiles, after a few iterations."""
    whole, tiled = (make(settings(tile, **arguments)) for tile in (None, 16))
    np.testing.assert_array_equal(tiled.iterations, whole.iterations)
    np.testing.assert_array_equal(tiled.evaluations, whole.evaluations)
    assert np.max(whole.relative_loss) < 0.7
    np.testing.assert_allclose(tiled.loss, whole.loss, rtol=1e-3)
    np.testing.assert_allclose(tiled.initial_loss, whole.initial_loss, rtol=1e-4)
    assert list(tiled.losses) == list(whole.losses)
    assert np.min(rwkeras.psnr(tiled.image, whole.image)) > 60


@pytest.mark.slow
def test_styles_of_a_batch(toy, content, style):
    pair = np.stack([content, np.flip(content, 0)])

    def make(optimizer):
        return rwkeras.transfer_style(
            toy, pair, [style, pair], rwkeras.StyleSettings(**STYLE), optimizer=optimizer
        )

    check(make)


@pytest.mark.slow
def test_a_texture(toy, style):
    def make(optimizer):
        return rwkeras.synthesize_texture(
            toy, style, rwkeras.TextureSettings(TEXTURE, (45, 29)), optimizer=optimizer
        )

    check(make)


@pytest.mark.slow
def test_an_inversion(toy, content):
    def make(optimizer):
        return rwkeras.invert(
            toy, content, rwkeras.InversionSettings("conv2_1"), optimizer=optimizer
        )

    check(make, parametrization="pixels")


def test_tiles_in_bfloat16(toy, content, style):
    features = rwkeras.extract(toy, TEXTURE, style[np.newaxis])
    objective = rwkeras.texture_term("conv1_1", features["conv1_1"])
    objective += Objective(
        rwkeras.Term("content", "conv2_2", image_content_loss, 1.0, content[np.newaxis])
    )
    start = tf.constant(0.5 * content[np.newaxis])
    run = begin_run(toy, objective, start, settings(16, precision="bfloat16"))
    low, exact = run.progress(), run.progress(exact=True)
    for name, loss in exact.losses.items():
        assert low.losses[name] != loss
        np.testing.assert_allclose(low.losses[name], loss, rtol=0.02)
    run.advance()
    assert run.progress(exact=True).loss < 0.9 * exact.loss


@pytest.mark.compiled
def test_nothing_is_traced_again_from_call_to_call(content, style, monkeypatch):
    toy, built, traces = rwkeras.toy_vgg(), [], []
    original = CompiledProblem.__init__

    def counting(self, problem, optimizer, memory):
        built.append(memory)

        def counted(losses):
            return lambda images, data: traces.append(images.shape) or losses(images, data)

        losses = {name: counted(function) for name, function in problem.losses.items()}
        original(self, problem._replace(losses=losses), optimizer, memory)

    monkeypatch.setattr(CompiledProblem, "__init__", counting)

    def paint(content, style, **arguments):
        optimizer = settings(24, max_iterations=2)
        rwkeras.transfer_style(
            toy, content, style, rwkeras.StyleSettings(**STYLE, **arguments), optimizer=optimizer
        )

    paint(content, style)
    first = len(traces)
    assert first > 0
    paint(np.flip(content, 0), waves(50, 20), style_weight=3.0, weighting="rms")
    paint(content, [style, content], tv_weight=0.0)
    assert len(built) == 1
    assert len(traces) == first
    # Tiles of another size, and none, are other functions.
    images = [tf.constant(image[np.newaxis]) for image in (content, style)]
    objective = style_objective(toy, *images, rwkeras.StyleSettings(**STYLE), 24)
    for tile_size, count in ((24, 1), (16, 2), (None, 3), (16, 3)):
        compiled_problem(toy, objective, settings(tile_size), images[0])
        assert len(built) == count


def test_adaptive_is_of_pixels(toy, content):
    features = rwkeras.extract(toy, ["conv2_1"], content[np.newaxis])["conv2_1"]
    objective = rwkeras.content_term("conv2_1", features)
    assert parametrization(objective, settings(None)) == "adaptive"
    assert parametrization(objective, settings(16)) == "pixels"
    assert parametrization(objective, settings(16, parametrization="fourier")) == "fourier"


@pytest.mark.slow
def test_a_texture_of_a_pyramid(style):
    network = multiscale(filters=4)

    def make(optimizer):
        return rwkeras.synthesize_texture(
            network,
            style,
            rwkeras.TextureSettings(multiscale_layers(), (45, 39)),
            optimizer=optimizer,
        )

    check(make)


def test_networks_that_cannot_be_tiled(toy, style):
    mirrored = with_mirrored_padding(toy)
    with pytest.raises(ValueError) as error:
        rwkeras.synthesize_texture(
            mirrored, style, rwkeras.TextureSettings(TEXTURE), optimizer=settings(16)
        )
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected stride-1 convolutions with padding, "
        "non-overlapping pooling and pixel-wise layers, but 'conv1_1' is another layer. Received: "
        "model=toy_vgg_features"
    )
