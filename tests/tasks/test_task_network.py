import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.backend import keras
from rwkeras.cache import LIMIT, Cache
from rwkeras.networks.multiscale import multiscale_layers
from rwkeras.tasks import task_network
from rwkeras.tasks.scales import Step
from rwkeras.tasks.settings import DRAWS
from rwkeras.tasks.task_network import TaskNetwork
from tests.conftest import waves
from tests.tasks.arguments import with_settings

pytestmark = pytest.mark.eager

LAYERS = multiscale_layers()
BRIEF = rwkeras.OptimizerSettings(memory=8, max_iterations=6)


def small():
    return rwkeras.multiscale(filters=2, sizes=(3, 5), seed=3)


@pytest.fixture(scope="module")
def texture():
    return waves(32, 32)


def weights(model):
    return [weight.numpy() for weight in model.weights]


def test_a_network_by_name_is_drawn_anew(texture):
    network = TaskNetwork("multiscale", 0, None)
    assert (network.redrawn, network.draws) == (True, DRAWS)
    images = tf.constant(texture[np.newaxis])
    drawn_weights = []
    for number in (0, 1, 0):
        network.draw(Step(1.0, number, 1), images, "texture")
        drawn_weights.append(np.concatenate([w.ravel() for w in weights(network.model)]))
    assert np.abs(drawn_weights[0] - drawn_weights[1]).max() > 0.1
    np.testing.assert_array_equal(drawn_weights[0], drawn_weights[2])
    # The first is the network itself, standardised.
    model = rwkeras.multiscale(seed=0)
    rwkeras.standardize(model, texture)
    expected = np.concatenate([w.ravel() for w in weights(model)])
    np.testing.assert_array_equal(drawn_weights[0], expected)


def test_a_model_is_used_as_it_is(texture):
    model = small()
    before = weights(model)
    result = rwkeras.synthesize_texture(
        model, texture, rwkeras.TextureSettings(LAYERS), optimizer=BRIEF
    )
    for now, then in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(now, then)
    # At once, as draws share the iterations.
    assert result.iterations == 6


@pytest.mark.slow
def test_a_model_is_drawn_where_it_is_asked(texture):
    model = small()
    images = [
        rwkeras.synthesize_texture(
            model, texture, rwkeras.TextureSettings(draws=draws), optimizer=BRIEF
        ).image
        for draws in (1, 2, 2)
    ]
    assert np.abs(images[0] - images[1]).max() > 0.01
    np.testing.assert_array_equal(images[1], images[2])


@pytest.mark.slow
@pytest.mark.parametrize(
    "task",
    [
        lambda *given, seed: rwkeras.synthesize_texture(
            *given, rwkeras.TextureSettings(seed=seed), optimizer=BRIEF
        ),
        lambda *given, seed: rwkeras.transfer_style(
            *given, waves(24, 24), rwkeras.StyleSettings(seed=seed), optimizer=BRIEF
        ),
    ],
)
def test_the_same_seed_gives_the_same_bytes(texture, task):
    first, again, other = (task("multiscale", texture, seed=seed).image for seed in (0, 0, 1))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).max() > 0.01


@pytest.mark.slow
@pytest.mark.compiled
def test_nothing_is_traced_again_of_a_network_by_name(texture, monkeypatch):
    traces, original = [], rwkeras.networks.octaves.PyramidReduce.call

    def counted(self, images):
        traces.append(images.shape)
        return original(self, images)

    monkeypatch.setattr(rwkeras.networks.octaves.PyramidReduce, "call", counted)
    counts = []
    for shown in (texture, 1 - texture, texture):
        rwkeras.synthesize_texture(
            "multiscale", shown, rwkeras.TextureSettings(seed=7), optimizer=BRIEF
        )
        counts.append(len(traces))
    # What is eager, such as the sources' activations, is called each time.
    assert counts[2] - counts[1] < counts[1] - counts[0] + 1
    eager = counts[2] - counts[1]
    assert counts[1] - counts[0] == eager
    assert counts[0] > eager


def test_other_networks_by_name_are_made_ready_once(texture):
    # Of activations that each layer shrinks, Gram matrices would vanish.
    network = TaskNetwork("toy_vgg", 0, None)
    assert (network.redrawn, network.draws) == (False, 1)
    network.prepare(["conv2_1"], tf.constant(texture[np.newaxis]), "texture")
    features = rwkeras.extract(network.model, ["conv2_1"], tf.constant(texture[np.newaxis]))
    np.testing.assert_allclose(np.mean(features["conv2_1"]), 1, rtol=1e-3)


def test_few_networks_are_kept(monkeypatch):
    monkeypatch.setattr(task_network, "CACHE", cache := Cache(LIMIT))
    for seed in range(100, 110):
        with TaskNetwork("multiscale", seed, None) as network:
            pass
        assert len(cache) <= 8
    with TaskNetwork("multiscale", 109, None) as again:
        assert again.model is network.model
        # Its weights change, so that no one else has it.
        assert TaskNetwork("multiscale", 109, None).model is not network.model


@pytest.mark.parametrize(
    ("network", "draws", "message"),
    [
        ("vgg", None, "`model`. Expected one of"),
        (
            keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3)]),
            2,
            "`draws`. Expected None with a network that cannot be redrawn. Received: draws=2",
        ),
        ("multiscale", 0, "`draws`. Expected an integer of at least 1. Received: draws=0"),
    ],
)
def test_errors(texture, network, draws, message):
    for task in (
        lambda: rwkeras.synthesize_texture(
            network, texture, rwkeras.TextureSettings(draws=draws), optimizer=BRIEF
        ),
        lambda: rwkeras.transfer_style(
            network, texture, texture, rwkeras.StyleSettings(draws=draws), optimizer=BRIEF
        ),
    ):
        with pytest.raises(ValueError) as error:
            task()
        assert str(error.value).startswith(f"Invalid value for argument {message}")


@pytest.mark.parametrize("tile", [None, 16])
def test_borders_are_mirrored_but_by_tiles(texture, tile):
    network = TaskNetwork("multiscale", 0, None)
    network.draw(Step(1.0, 0, 1), tf.constant(texture[np.newaxis]), "texture")
    evaluation_model = network.evaluation_model(LAYERS, tile)
    grey = tf.fill([1, 16, 16, 3], 0.7)
    maps = rwkeras.extract(evaluation_model, ["level0"], grey)["level0"]
    flat = np.ptp(maps, axis=(1, 2)).max() < 1e-4
    assert flat == (tile is None)


# With a small network, what the tasks can do besides.
MASKS = [np.repeat(np.arange(32) < 16, 32).reshape(32, 32).astype(np.float32)]
MASKS.append(1 - MASKS[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        {"content_masks": MASKS},
        {"source_weights": (2, 1), "style_scale": 0.75},
        {
            "init": "noise",
            "optimizer": rwkeras.OptimizerSettings(memory=8, max_iterations=6, tile_size=16),
        },
        {"optimizer": rwkeras.OptimizerSettings(memory=8, max_iterations=6, precision="bfloat16")},
    ],
)
def test_style_transfer_with_further_options(texture, arguments):
    styles = [1 - texture, waves(24, 28)]
    result = rwkeras.transfer_style(
        small(),
        texture,
        styles,
        **with_settings(rwkeras.StyleSettings, draws=1, **{"optimizer": BRIEF, **arguments}),
    )
    assert result.image.shape == texture.shape
    assert result.loss < result.initial_loss


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        {"tileable": True, "output_size": (40, 24)},
        {"optimizer": rwkeras.OptimizerSettings(memory=8, max_iterations=6, tile_size=16)},
    ],
)
def test_texture_synthesis_with_further_options(texture, arguments):
    sources = [texture, waves(24, 28)]
    given = with_settings(rwkeras.TextureSettings, draws=1, **{"optimizer": BRIEF, **arguments})
    result = rwkeras.synthesize_texture(small(), sources, **given)
    assert result.loss < result.initial_loss
    if "tileable" in arguments:
        assert result.image.shape == (24, 40, 3)
