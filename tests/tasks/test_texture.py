import numpy as np
import pytest
from skimage import data

import rwkeras
from rwkeras.images.reading import fit_longer_side

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
    ],
)
def test_errors(toy, texture, arguments, message):
    with pytest.raises(ValueError) as error:
        rwkeras.synthesize_texture(toy, texture, **arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_output_that_is_too_small_for_the_layers(toy, texture):
    with pytest.raises(ValueError, match="large enough for the poolings before"):
        rwkeras.synthesize_texture(toy, texture, LAYERS, (3, 30))
