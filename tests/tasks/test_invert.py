import numpy as np
import pytest
from skimage import data

import rwkeras
from rwkeras.images.reading import fit_longer_side

FEW = rwkeras.OptimizerSettings(max_iterations=15)


def test_recovers_the_image(toy, image):
    optimizer = rwkeras.OptimizerSettings(max_iterations=60)
    result = rwkeras.invert(toy, image, "conv1_2", optimizer=optimizer)
    assert result.image.shape == image.shape
    assert result.image.dtype == np.float32
    assert rwkeras.psnr(result.image, image)[0] > 25
    assert result.relative_loss < 1e-3
    assert list(result.losses) == ["content/conv1_2"]
    assert result.evaluations >= result.iterations > 0


def test_the_weighting_does_not_matter_for_one_layer(toy, image):
    images = [
        rwkeras.invert(toy, image, "conv1_2", weighting=weighting, optimizer=FEW).image
        for weighting in ("mean_absolute", "none")
    ]
    assert rwkeras.psnr(*images)[0] > 40


def test_a_batch_is_inverted_member_by_member(toy, square):
    pair = np.stack([square, np.flip(square, 0)])
    both = rwkeras.invert(toy, pair, "conv1_2", optimizer=FEW)
    assert both.image.shape == pair.shape
    assert both.loss.shape == (2,)
    assert (rwkeras.psnr(both.image, pair) > 17).all()


def test_same_seed_same_bytes(toy, image):
    first, again, other = (
        rwkeras.invert(toy, image, "conv3_1", seed=seed, optimizer=FEW).image for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_fully_connected_layer(square):
    model = rwkeras.toy_vgg(include_top=True, seed=3)
    rwkeras.calibrate(model, square)
    result = rwkeras.invert(model, square, "fc6", optimizer=FEW)
    assert result.relative_loss < 0.1


@pytest.mark.slow
def test_a_photograph_from_a_deep_layer_of_vgg19():
    photo = fit_longer_side(data.astronaut().astype(np.float32) / 255, 64)
    model = rwkeras.vgg19(seed=0)
    rwkeras.calibrate(model, photo)
    result = rwkeras.invert(
        model, photo, "conv3_1", optimizer=rwkeras.OptimizerSettings(max_iterations=60)
    )
    assert rwkeras.psnr(result.image, photo)[0] > 25


def test_errors(toy, image):
    with pytest.raises(ValueError, match="Expected a layer of 'toy_vgg'"):
        rwkeras.invert(toy, image, "conv9_1")
    with pytest.raises(ValueError, match="large enough for the poolings before pool3"):
        rwkeras.invert(toy, image[:7], "pool3")
    with pytest.raises(ValueError, match="`noise_stddev`. Expected a finite number of at least 0"):
        rwkeras.invert(toy, image, "conv1_1", noise_stddev=-1)
