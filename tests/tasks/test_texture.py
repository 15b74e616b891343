import dataclasses
import gc
import math
import weakref

import numpy as np
import pytest
import tensorflow as tf
from skimage import data

import rwkeras
from rwkeras.images.reading import fit_longer_side
from rwkeras.networks.borders import CircularConv2D
from rwkeras.networks.circular import with_circular_padding, with_mirrored_padding
from rwkeras.networks.octaves import octave_layers, with_octaves
from rwkeras.tasks.scales import ScaleSettings, resized
from rwkeras.tasks.texture import texture_objective
from rwkeras.tasks.tileable import resized_periodically
from tests.conftest import waves
from tests.tasks.arguments import with_settings

LAYERS = ("conv1_1", "conv2_1", "conv3_1")
FEW = rwkeras.OptimizerSettings(memory=8, max_iterations=90)


@pytest.fixture
def texture():
    return fit_longer_side(data.immunohistochemistry().astype(np.float32) / 255, 48)


def test_approaches_the_texture(toy, texture):
    result = rwkeras.synthesize_texture(
        toy, texture, rwkeras.TextureSettings(LAYERS), optimizer=FEW
    )
    noise = rwkeras.white_noise((1, *texture.shape), 0, stddev=0.1)
    before = rwkeras.patch_distance(noise, texture)
    assert rwkeras.patch_distance(result.image, texture) < before / 1.4
    assert result.relative_loss < 1e-3
    assert list(result.losses) == [f"texture/{layer}" for layer in LAYERS]


def test_a_picture_to_start_from(toy, texture, tmp_path):
    none = rwkeras.OptimizerSettings(memory=8, max_iterations=0)
    settings = rwkeras.TextureSettings(LAYERS, (32, 32), scales=None)
    start = np.rint(waves(24, 24) * 255) / np.float32(255)
    rwkeras.write_image(tmp_path / "start.png", start)
    made = [
        rwkeras.synthesize_texture(toy, texture, settings, init=init, optimizer=none).image
        for init in (start, tmp_path / "start.png")
    ]
    assert made[0].tobytes() == made[1].tobytes()
    np.testing.assert_allclose(made[0], resized(start[np.newaxis], (32, 32))[0], atol=1e-6)


def test_a_run_goes_on_from_its_own_picture(toy, texture):
    few = rwkeras.OptimizerSettings(memory=8, max_iterations=20)
    settings = rwkeras.TextureSettings(LAYERS, scales=None)
    first = rwkeras.synthesize_texture(toy, texture, settings, optimizer=few)
    more = rwkeras.synthesize_texture(toy, texture, settings, init=first.image, optimizer=few)
    np.testing.assert_allclose(more.initial_loss, first.loss, rtol=0.05)
    assert more.loss < first.loss


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        (
            "noises",
            "'noise', or the path of an existing picture or of a decoder's .keras file (did you "
            "mean 'noise'?). Received: init=noises",
        ),
        ("a.keras", "'noise' or a picture. Received: init=a.keras"),
        (np.zeros((3, 8, 8, 3), np.float32), "one image or a batch of 1. Received: init=3 images"),
    ],
)
def test_errors_of_starts(toy, texture, init, expected):
    with pytest.raises(ValueError) as error:
        rwkeras.synthesize_texture(toy, texture, rwkeras.TextureSettings(LAYERS), init=init)
    assert str(error.value) == f"Invalid value for argument `init`. Expected {expected}"


@pytest.mark.slow
def test_vgg19_gives_colour_and_grain():
    texture = fit_longer_side(data.immunohistochemistry().astype(np.float32) / 255, 96)
    model = rwkeras.vgg19(subtract_mean=True, seed=0)
    rwkeras.calibrate(model, texture)
    optimizer = rwkeras.OptimizerSettings(max_iterations=60)
    result = rwkeras.synthesize_texture(model, texture, optimizer=optimizer)
    noise = rwkeras.white_noise((1, *texture.shape), 0, stddev=0.1)
    before = rwkeras.patch_distance(noise, texture)
    assert rwkeras.patch_distance(result.image, texture) < before / 4


@pytest.mark.slow
@pytest.mark.parametrize("size", [(40, 24), (24, 72)])
def test_size_of_the_output(toy, texture, size):
    result = rwkeras.synthesize_texture(
        toy, texture, rwkeras.TextureSettings(LAYERS, size), optimizer=FEW
    )
    assert result.image.shape == (size[1], size[0], 3)
    assert result.relative_loss < 1e-2


def test_layers_start_alike(toy, texture):
    none = rwkeras.OptimizerSettings(memory=8, max_iterations=0)
    losses = rwkeras.synthesize_texture(
        toy, texture, rwkeras.TextureSettings(LAYERS), optimizer=none
    ).losses
    assert max(losses.values()) < 20 * min(losses.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"layers": ()},
            "`layers`. Expected one or more different layer names. Received: layers=()",
        ),
        (
            {"layers": "conv1_1"},
            "`layers`. Expected one or more different layer names. Received: layers=conv1_1",
        ),
        (
            {"layers": ("conv1_1", "conv1_1")},
            "`layers`. Expected one or more different layer names. Received: layers=('conv1_1', "
            "'conv1_1')",
        ),
        ({"output_size": 64}, "`output_size`. Expected (width, height). Received: output_size=64"),
        (
            {"output_size": (64, 1)},
            "`output_size`. Expected an integer of at least 2. Received: output_size=1",
        ),
        (
            {"weighting": "RMS"},
            "`weighting`. Expected one of 'mean_absolute', 'literal', 'rms', 'none'. "
            "Received: weighting=RMS",
        ),
        (
            {"join": "average"},
            "`join`. Expected one of 'mean', 'max', 'log_euclidean'. Received: join=average",
        ),
    ],
)
def test_errors(toy, texture, arguments, message):
    with pytest.raises(ValueError) as error:
        rwkeras.synthesize_texture(toy, texture, rwkeras.TextureSettings(**arguments))
    assert str(error.value) == f"Invalid value for argument {message}"


def test_output_that_is_too_small_for_the_layers(toy, texture):
    with pytest.raises(ValueError, match="large enough for the pooling layers before"):
        rwkeras.synthesize_texture(toy, texture, rwkeras.TextureSettings(LAYERS, (3, 30)))


@pytest.fixture
def bricks():
    return fit_longer_side(data.brick().astype(np.float32)[..., np.newaxis] / 255, 40)


BRIEF = rwkeras.OptimizerSettings(memory=8, max_iterations=20, precision="float32")


def test_one_source_in_a_list_is_the_source(toy, texture):
    single, listed = (
        rwkeras.synthesize_texture(toy, given, rwkeras.TextureSettings(LAYERS), optimizer=BRIEF)
        for given in (texture, [texture])
    )
    assert single.image.tobytes() == listed.image.tobytes()
    assert single.losses == listed.losses


@pytest.mark.parametrize("join", ["mean", "max", "log_euclidean"])
def test_between_several_sources(toy, texture, bricks, join):
    result = rwkeras.synthesize_texture(
        toy, [texture, bricks], rwkeras.TextureSettings(LAYERS, join=join), optimizer=BRIEF
    )
    assert result.image.shape == texture.shape
    assert result.relative_loss < 0.05
    sized = rwkeras.synthesize_texture(
        toy,
        (bricks, texture),
        rwkeras.TextureSettings(LAYERS, (24, 20), join=join),
        optimizer=BRIEF,
    )
    assert sized.image.shape == (20, 24, 3)


def test_a_source_that_is_given_twice_weighs_as_once(toy, texture):
    settings = rwkeras.TextureSettings(layers=LAYERS)
    images = tf.constant(texture[np.newaxis])
    once, twice = (
        texture_objective(toy, given, settings).terms for given in (images, [images, images])
    )
    for single, double in zip(once, twice, strict=True):
        np.testing.assert_allclose(double.weight, single.weight, rtol=1e-6)
        np.testing.assert_allclose(double.target, single.target, rtol=1e-6)


@pytest.mark.parametrize("weighting", ["mean_absolute", "rms", "none"])
def test_weights_bring_gradients_to_one_size_on_average(toy, texture, bricks, weighting):
    settings = rwkeras.TextureSettings(layers=LAYERS, weighting=weighting)
    sources = [rwkeras.as_batch(image).images for image in (texture, bricks)]
    alone = [texture_objective(toy, images, settings).terms for images in sources]
    for term, *each in zip(texture_objective(toy, sources, settings).terms, *alone, strict=True):
        sizes = [1 / np.asarray(single.weight) for single in each]
        np.testing.assert_allclose(term.weight, 1 / np.mean(sizes, axis=0), rtol=1e-6)


@pytest.mark.slow
def test_sources_of_a_batch(toy, texture):
    pair = np.stack([texture, np.flip(texture, 2)])
    both = rwkeras.synthesize_texture(
        toy, [texture, pair], rwkeras.TextureSettings(LAYERS), optimizer=BRIEF
    )
    assert both.image.shape == pair.shape
    assert both.loss.shape == (2,)
    assert (both.relative_loss < 0.1).all()


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([], "at least one image. Received: texture=[]"),
        ([[]], "a path, a Pillow image, an array or a tensor. Received: texture=<class 'list'>"),
        (
            [np.zeros((3, 32, 32, 3)), np.zeros((2, 32, 32, 3))],
            "one image or a batch of 3. Received: texture=2 images",
        ),
    ],
)
def test_errors_of_several_sources(toy, sources, message):
    with pytest.raises(ValueError) as error:
        rwkeras.synthesize_texture(toy, sources, rwkeras.TextureSettings(LAYERS))
    assert str(error.value) == f"Invalid value for argument `texture`. Expected {message}"


@pytest.mark.parametrize("weights", [(1, 2, 3), (-1, 2), (0, 0), (), (np.nan, 1), ("1", 2)])
def test_errors_of_source_weights(toy, texture, bricks, weights):
    expected = "one number of at least 0 per source, 2, not all 0"
    received = list(weights)
    for weight in weights:
        if not isinstance(weight, int) or weight < 0:
            expected, received = "a finite number of at least 0", weight
            break
    with pytest.raises(ValueError) as error:
        rwkeras.synthesize_texture(
            toy, [texture, bricks], rwkeras.TextureSettings(LAYERS, source_weights=weights)
        )
    shown = received if isinstance(received, str) else repr(received)
    assert str(error.value) == (
        f"Invalid value for argument `source_weights`. Expected {expected}. "
        f"Received: source_weights={shown}"
    )


def test_a_weight_for_a_single_source_must_be_one(toy, texture):
    one, none = (
        rwkeras.synthesize_texture(
            toy, texture, rwkeras.TextureSettings(LAYERS, source_weights=weights), optimizer=BRIEF
        )
        for weights in ([2], None)
    )
    np.testing.assert_array_equal(one.image, none.image)
    with pytest.raises(ValueError, match=r"per source, 1, not all 0\. Received"):
        rwkeras.synthesize_texture(
            toy, texture, rwkeras.TextureSettings(LAYERS, source_weights=[1, 2])
        )


def test_sources_count_by_their_weights(toy, texture, bricks):
    sources = [rwkeras.as_batch(image).images for image in (texture, bricks)]
    settings = rwkeras.TextureSettings(layers=LAYERS, source_weights=[3, 1])
    alone = [
        texture_objective(toy, images, rwkeras.TextureSettings(layers=LAYERS)).terms
        for images in sources
    ]
    for term, first, second in zip(
        texture_objective(toy, sources, settings).terms, *alone, strict=True
    ):
        expected = (3 * np.asarray(first.target) + np.asarray(second.target)) / 4
        np.testing.assert_allclose(term.target, expected, rtol=1e-5, atol=1e-6)


PERIODIC = (40, 48)
TWO = rwkeras.OptimizerSettings(memory=8, max_iterations=2, precision="float32")
SOME = rwkeras.OptimizerSettings(memory=8, max_iterations=60, precision="float32")
HALF = ScaleSettings(smallest=24, step=2, least_iterations=2)


def synthesize(toy, texture, **given):
    arguments = {"output_size": PERIODIC, "optimizer": FEW, **given}
    settings = with_settings(rwkeras.TextureSettings, layers=LAYERS, **arguments)
    return rwkeras.synthesize_texture(toy, texture, **settings)


@pytest.mark.slow
def test_a_tileable_texture_has_no_seam(toy, texture):
    plain, tileable = (
        synthesize(toy, texture, tileable=tiles, optimizer=SOME) for tiles in (False, True)
    )
    assert rwkeras.seam_ratio(plain.image)[0] > 4
    assert 0.5 < rwkeras.seam_ratio(tileable.image)[0] < 2
    # It is as much of a texture as the other, whose network has black beyond the border.
    before, after = (rwkeras.patch_distance(x.image, texture)[0] for x in (plain, tileable))
    assert after < before


def test_a_tileable_texture_is_measured_without_borders(toy, texture):
    none = rwkeras.OptimizerSettings(memory=8, max_iterations=0)
    result = synthesize(toy, texture, tileable=True, optimizer=none)
    extractor = rwkeras.feature_extractor(toy, LAYERS)
    objective = texture_objective(
        with_mirrored_padding(extractor),
        rwkeras.as_batch(texture).images,
        rwkeras.TextureSettings(layers=LAYERS),
    )
    circular = with_circular_padding(extractor)
    losses = objective(rwkeras.extract(circular, LAYERS, result.image[np.newaxis]))
    for name, loss in result.losses.items():
        np.testing.assert_allclose(losses[name], [loss], rtol=1e-3)


@pytest.mark.slow
def test_a_tileable_texture_at_octaves_and_from_coarse_to_fine(toy, texture):
    pyramid = with_octaves(toy, LAYERS, 2)
    settings = rwkeras.TextureSettings(
        octave_layers(LAYERS, 2), (48, 32), tileable=True, scales=HALF
    )
    result = rwkeras.synthesize_texture(pyramid, texture, settings, optimizer=BRIEF)
    assert result.image.shape == (32, 48, 3)
    assert rwkeras.seam_ratio(result.image)[0] < 2


@pytest.mark.slow
def test_a_tileable_texture_follows_the_weights_of_the_network(texture):
    model, images = rwkeras.toy_vgg(), []
    for seed in (5, 6, 5):
        rwkeras.randomize(model, seed=seed)
        rwkeras.calibrate(model, texture)
        images.append(synthesize(model, texture, tileable=True, optimizer=TWO).image)
    assert np.abs(images[0] - images[1]).max() > 0.01
    np.testing.assert_array_equal(images[2], images[0])


@pytest.mark.slow
def test_nothing_is_traced_again_of_a_tileable_texture(texture, monkeypatch):
    model, traces, original = rwkeras.toy_vgg(seed=7), [], CircularConv2D.pad
    rwkeras.calibrate(model, texture)

    def counted(self, *arguments):
        traces.append(self.name)
        return original(self, *arguments)

    monkeypatch.setattr(CircularConv2D, "pad", counted)
    counts = []
    for shown in (texture, 1 - texture):
        synthesize(model, shown, tileable=True, scales=HALF, optimizer=TWO)
        counts.append(len(traces))
    assert counts[0] == counts[1] > 0
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"output_size": (40, 50)},
            "`output_size`. Expected a width and height that are multiples of 4, the stride of "
            "the pooling, with tileable=True, such as (40, 48). Received: output_size=(40, 50)",
        ),
        (
            {"output_size": None},
            "`output_size`. Expected a width and height that are multiples of 4, the stride of "
            "the pooling, with tileable=True, such as (48, 36). Received: output_size=(48, 35)",
        ),
        (
            {"optimizer": rwkeras.OptimizerSettings(tile_size=16)},
            "`tile_size`. Expected None with tileable=True, as a tile does not include pixels "
            "across the image's border. Received: tile_size=16",
        ),
        (
            {"optimizer": rwkeras.OptimizerSettings(parametrization="fourier")},
            "`parametrization`. Expected 'pixels' or 'adaptive' with tileable=True, as the "
            "cosines of 'fourier' are mirrored at the image's borders. Received: "
            "parametrization=fourier",
        ),
    ],
)
def test_errors_of_tileable_textures(toy, texture, arguments, message):
    with pytest.raises(ValueError) as error:
        synthesize(toy, texture[:35], tileable=True, **arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_a_network_that_does_not_wrap_around_makes_no_tileable_texture(texture):
    with pytest.raises(ValueError, match=r"`model`. Expected stride-1 convolutions .* 'conv1'"):
        rwkeras.synthesize_texture(
            rwkeras.alexnet(), texture, rwkeras.TextureSettings(["conv2"], tileable=True)
        )


def test_checkpoint_of_the_plain_network_is_ignored(toy, texture, tmp_path):
    kept = dataclasses.replace(TWO, checkpoint_dir=str(tmp_path))
    synthesize(toy, texture, optimizer=kept)
    expected = synthesize(toy, texture, tileable=True, optimizer=TWO).image
    for _ in range(2):
        result = synthesize(toy, texture, tileable=True, optimizer=kept)
        np.testing.assert_array_equal(result.image, expected)


@pytest.mark.slow
def test_from_coarse_to_fine(toy, texture):
    result = synthesize(toy, texture, output_size=None, scales=HALF, optimizer=BRIEF)
    assert result.image.shape == texture.shape
    assert result.iterations == 20 + 10
    # Where the finer picture begins is no longer noise.
    at_once = synthesize(toy, texture, output_size=None, optimizer=BRIEF)
    assert result.initial_loss < at_once.initial_loss / 10
    assert result.loss < result.initial_loss


@pytest.mark.parametrize(
    ("size", "tileable", "sizes"),
    [
        ((48, 48), False, [(24, 24), (34, 34), (48, 48)]),
        ((96, 40), False, [(20, 48), (28, 68), (40, 96)]),
        ((20, 27), False, [(27, 20)]),
        ((96, 40), True, [(20, 48), (28, 68), (40, 96)]),
        ((64, 48), True, [(24, 32), (32, 44), (48, 64)]),
    ],
)
def test_sizes_from_coarse_to_fine(toy, texture, monkeypatch, size, tileable, sizes):
    smaller, made, measured = texture[:40, :30], [], []

    def optimized(model, objective, start, **settings):
        made.append(tuple(start.shape[1:3]))
        nothing = np.zeros(1)
        return rwkeras.OptimizationResult(
            start.numpy(), nothing, nothing, {}, nothing, nothing, nothing, nothing, False
        )

    def objective(model, images, *settings):
        measured.append([tuple(source.shape[1:3]) for source in images])
        return rwkeras.Objective()

    monkeypatch.setattr("rwkeras.tasks.texture.optimize_image", optimized)
    monkeypatch.setattr("rwkeras.tasks.texture.texture_objective", objective)
    scales = ScaleSettings(smallest=20, step=math.sqrt(2))
    result = rwkeras.synthesize_texture(
        toy,
        [texture, smaller],
        rwkeras.TextureSettings(LAYERS, size, tileable=tileable, scales=scales),
    )
    assert made == sizes
    assert result.image.shape == (size[1], size[0], 3)
    # The smaller source is not made smaller than the picture may be.
    assert all(max(side) >= 20 for sources in measured for side in sources)
    assert measured[-1] == [(48, 48), (40, 30)]
    for (height, _), sources in zip(made, measured, strict=True):
        if not tileable:
            assert sources[0] == (round(48 * height / size[1]),) * 2


def test_a_tileable_start_is_resized_around_the_border():
    images = tf.constant(np.random.default_rng(0).uniform(size=(1, 12, 20, 3)), tf.float32)
    got = resized_periodically(images, (18, 30))
    rolled = resized_periodically(tf.roll(images, (6, -10), (1, 2)), (18, 30))
    np.testing.assert_allclose(rolled, tf.roll(got, (9, -15), (1, 2)), atol=1e-5)
    inside = np.s_[:, 6:-6, 6:-6]
    np.testing.assert_allclose(got[inside], resized(images, (18, 30))[inside], atol=1e-5)
