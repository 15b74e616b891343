import numpy as np
import pytest
import tensorflow as tf
from skimage import data

import rwkeras
from rwkeras.images.reading import fit_longer_side
from rwkeras.tasks.texture import texture_objective

LAYERS = ("conv1_1", "conv2_1", "conv3_1")
FEW = rwkeras.OptimizerSettings(max_iterations=90)


@pytest.fixture
def texture():
    return fit_longer_side(data.immunohistochemistry().astype(np.float32) / 255, 48)


def test_approaches_the_texture(toy, texture):
    result = rwkeras.synthesize_texture(toy, texture, LAYERS, optimizer=FEW)
    noise = rwkeras.white_noise((1, *texture.shape), 0, stddev=0.1)
    before = rwkeras.patch_distance(noise, texture)
    assert rwkeras.patch_distance(result.image, texture) < before / 1.5
    assert result.relative_loss < 1e-3
    assert list(result.losses) == [f"texture/{layer}" for layer in LAYERS]


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


@pytest.mark.parametrize("size", [(40, 24), (24, 72)])
def test_size_of_the_output(toy, texture, size):
    result = rwkeras.synthesize_texture(toy, texture, LAYERS, size, optimizer=FEW)
    assert result.image.shape == (size[1], size[0], 3)
    assert result.relative_loss < 1e-2


def test_layers_start_alike(toy, texture):
    none = rwkeras.OptimizerSettings(max_iterations=0)
    losses = rwkeras.synthesize_texture(toy, texture, LAYERS, optimizer=none).losses
    assert max(losses.values()) < 20 * min(losses.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"layers": ()},
            "`layers`. Expected one or more names of different layers. Received: layers=()",
        ),
        (
            {"layers": "conv1_1"},
            "`layers`. Expected one or more names of different layers. Received: layers=conv1_1",
        ),
        (
            {"layers": ("conv1_1", "conv1_1")},
            "`layers`. Expected one or more names of different layers. "
            "Received: layers=('conv1_1', 'conv1_1')",
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
        rwkeras.synthesize_texture(toy, texture, **arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_output_that_is_too_small_for_the_layers(toy, texture):
    with pytest.raises(ValueError, match="large enough for the poolings before"):
        rwkeras.synthesize_texture(toy, texture, LAYERS, (3, 30))


@pytest.fixture
def bricks():
    return fit_longer_side(data.brick().astype(np.float32)[..., np.newaxis] / 255, 40)


BRIEF = rwkeras.OptimizerSettings(max_iterations=20, precision="float32")


def test_one_source_in_a_list_is_the_source(toy, texture):
    single, listed = (
        rwkeras.synthesize_texture(toy, given, LAYERS, optimizer=BRIEF)
        for given in (texture, [texture])
    )
    assert single.image.tobytes() == listed.image.tobytes()
    assert single.losses == listed.losses


@pytest.mark.parametrize("join", ["mean", "max", "log_euclidean"])
def test_between_several_sources(toy, texture, bricks, join):
    result = rwkeras.synthesize_texture(toy, [texture, bricks], LAYERS, join=join, optimizer=BRIEF)
    assert result.image.shape == texture.shape
    assert result.relative_loss < 0.05
    sized = rwkeras.synthesize_texture(
        toy, (bricks, texture), LAYERS, (24, 20), join=join, optimizer=BRIEF
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


def test_sources_of_a_batch(toy, texture):
    pair = np.stack([texture, np.flip(texture, 2)])
    both = rwkeras.synthesize_texture(toy, [texture, pair], LAYERS, optimizer=BRIEF)
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
            "one image or 3. Received: texture=2 images",
        ),
    ],
)
def test_errors_of_several_sources(toy, sources, message):
    with pytest.raises(ValueError) as error:
        rwkeras.synthesize_texture(toy, sources, LAYERS)
    assert str(error.value) == f"Invalid value for argument `texture`. Expected {message}"
