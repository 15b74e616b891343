import numpy as np
import pytest
from skimage import data

import rwkeras
from rwkeras.images.reading import fit_longer_side
from rwkeras.tasks.scales import resized
from tests.conftest import waves

FEW = rwkeras.OptimizerSettings(memory=8, max_iterations=15)


def test_recovers_the_image(toy, image):
    optimizer = rwkeras.OptimizerSettings(memory=8, max_iterations=60)
    result = rwkeras.invert(toy, image, rwkeras.InversionSettings("conv1_2"), optimizer=optimizer)
    assert result.image.shape == image.shape
    assert result.image.dtype == np.float32
    assert rwkeras.psnr(result.image, image)[0] > 25
    assert result.relative_loss < 1e-3
    assert list(result.losses) == ["content/conv1_2"]
    assert result.evaluations >= result.iterations > 0


@pytest.mark.slow
def test_the_weighting_does_not_matter_for_one_layer(toy, image):
    images = [
        rwkeras.invert(
            toy, image, rwkeras.InversionSettings("conv1_2", weighting=weighting), optimizer=FEW
        ).image
        for weighting in ("mean_absolute", "none")
    ]
    assert rwkeras.psnr(*images)[0] > 40


@pytest.mark.slow
def test_a_batch_is_inverted_member_by_member(toy, square):
    pair = np.stack([square, np.flip(square, 0)])
    both = rwkeras.invert(toy, pair, rwkeras.InversionSettings("conv1_2"), optimizer=FEW)
    assert both.image.shape == pair.shape
    assert both.loss.shape == (2,)
    assert (rwkeras.psnr(both.image, pair) > 17).all()


def test_same_seed_same_bytes(toy, image):
    first, again, other = (
        rwkeras.invert(
            toy, image, rwkeras.InversionSettings("conv3_1", seed=seed), optimizer=FEW
        ).image
        for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.slow
def test_fully_connected_layer(square):
    model = rwkeras.toy_vgg(include_top=True, seed=3)
    rwkeras.calibrate(model, square)
    result = rwkeras.invert(model, square, rwkeras.InversionSettings("fc6"), optimizer=FEW)
    assert result.relative_loss < 0.1


@pytest.mark.slow
def test_a_photograph_from_a_deep_layer_of_vgg19():
    photo = fit_longer_side(data.astronaut().astype(np.float32) / 255, 64)
    model = rwkeras.vgg19(seed=0)
    rwkeras.calibrate(model, photo)
    result = rwkeras.invert(
        model,
        photo,
        rwkeras.InversionSettings("conv3_1"),
        optimizer=rwkeras.OptimizerSettings(max_iterations=60),
    )
    assert rwkeras.psnr(result.image, photo)[0] > 25


@pytest.fixture(scope="module")
def decoder(toy):
    return rwkeras.decnn(toy, "conv1_2", rwkeras.decoder(toy, "conv1_2"))


def test_a_decoded_start(toy, image, decoder, tmp_path):
    decoder.save(tmp_path / "decoder.keras")
    none = rwkeras.OptimizerSettings(memory=8, max_iterations=0)
    start = rwkeras.invert(
        toy, image, rwkeras.InversionSettings("conv1_2"), init=decoder, optimizer=none
    )
    np.testing.assert_allclose(start.image, rwkeras.decode(decoder, image), atol=1e-6)
    path = tmp_path / "decoder.keras"
    first, again = (
        rwkeras.invert(toy, image, rwkeras.InversionSettings("conv1_2"), init=init, optimizer=FEW)
        for init in (decoder, path)
    )
    assert first.image.tobytes() == again.image.tobytes()
    assert first.loss < 0.1 * start.loss


def test_a_decoder_of_another_layer_is_refused(toy, image, decoder):
    with pytest.raises(ValueError) as error:
        rwkeras.invert(toy, image, rwkeras.InversionSettings("conv2_1"), init=decoder)
    assert str(error.value) == (
        "Invalid value for argument `init`. Expected a decoder for 'conv2_1' of 'toy_vgg'. "
        "Received: init=a decoder for 'conv1_2' of 'toy_vgg'"
    )
    with pytest.raises(ValueError) as error:
        rwkeras.invert(toy, image, rwkeras.InversionSettings("conv1_2"), init="noises")
    assert str(error.value) == (
        "Invalid value for argument `init`. Expected 'noise', or the path of an existing picture "
        "or of a decoder's .keras file (did you mean 'noise'?). Received: init=noises"
    )


def test_a_picture_to_start_from(toy, image, tmp_path):
    none = rwkeras.OptimizerSettings(memory=8, max_iterations=0)
    settings = rwkeras.InversionSettings("conv1_2")
    start = np.rint(waves(16, 12)[::-1] * 255) / np.float32(255)
    rwkeras.write_image(tmp_path / "start.png", start)
    made = [
        rwkeras.invert(toy, image, settings, init=init, optimizer=none).image
        for init in (start, tmp_path / "start.png", str(tmp_path / "start.png"))
    ]
    assert made[0].tobytes() == made[1].tobytes() == made[2].tobytes()
    np.testing.assert_allclose(made[0], resized(start[np.newaxis], (32, 24))[0], atol=1e-4)


def test_a_run_goes_on_from_its_own_picture(toy, image):
    settings = rwkeras.InversionSettings("conv1_2")
    first = rwkeras.invert(toy, image, settings, optimizer=FEW)
    more = rwkeras.invert(toy, image, settings, init=first.image, optimizer=FEW)
    # Its pixels are clipped, which is not nothing to a layer.
    assert more.initial_loss < 0.1 * first.initial_loss
    assert more.loss < first.loss


def test_errors(toy, image):
    with pytest.raises(ValueError, match="Expected a layer of 'toy_vgg'"):
        rwkeras.invert(toy, image, rwkeras.InversionSettings("conv9_1"))
    with pytest.raises(ValueError, match="large enough for the pooling layers before pool3"):
        rwkeras.invert(toy, image[:7], rwkeras.InversionSettings("pool3"))
    with pytest.raises(ValueError, match="`noise_stddev`. Expected a finite number of at least 0"):
        rwkeras.invert(toy, image, rwkeras.InversionSettings("conv1_1", noise_stddev=-1))
