import numpy as np
import pytest

from rwkeras.decoders.settings import DecoderSettings
from rwkeras.experiments.jobs.decodings import UntrainedDecoder, build_decnn
from rwkeras.experiments.jobs.equivariance import (
    GEOMETRIC,
    PHOTOMETRIC,
    TRANSFORMS,
    Equivariance,
    centred_correlation,
    relative_rmse,
    transformed,
)
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.sweeps.pictures import put_picture, read_picture
from tests.conftest import waves

INNER = np.s_[16:48, 16:48]


@pytest.fixture
def image():
    return waves(64, 64)


def test_a_shift_is_of_an_odd_number_of_pixels_to_the_right(image):
    moved = transformed(image, "shift", 7 / 64)
    np.testing.assert_allclose(moved[:, 7:], image[:, :-7], atol=1e-6)
    # The border is filled by mirroring.
    np.testing.assert_allclose(moved[:, 6], image[:, 1], atol=1e-6)
    np.testing.assert_array_equal(
        transformed(image, "shift", 6 / 64), transformed(image, "shift", 5 / 64)
    )
    np.testing.assert_allclose(transformed(image, "shift", 0.001)[:, 1:], image[:, :-1], atol=1e-6)


def test_a_quarter_turn_is_exact_and_to_the_left(image):
    np.testing.assert_allclose(transformed(image, "rotate", 90.0), np.rot90(image), atol=1e-5)


def test_turning_and_back_is_nearly_nothing(image):
    again = transformed(transformed(image, "rotate", 20.0), "rotate", -20.0)
    np.testing.assert_allclose(again[INNER], image[INNER], atol=0.02)
    assert np.abs(transformed(image, "rotate", 20.0)[INNER] - image[INNER]).max() > 0.1


def test_enlarging_keeps_the_middle():
    y, x = np.mgrid[:64, :64].astype(np.float32) + 0.5
    ramp = np.stack([x, y, x + y], axis=-1) / 128
    large = transformed(ramp, "enlarge", 1.5)
    center = ramp.mean(axis=(0, 1))
    np.testing.assert_allclose(large[INNER] - center, (ramp[INNER] - center) / 1.5, atol=1e-4)


def test_light(image):
    np.testing.assert_allclose(transformed(image, "brighten", 1.5), 1.5 * image)
    np.testing.assert_allclose(transformed(image, "darken", 0.5), image / 2)
    np.testing.assert_allclose(transformed(image, "add light", 0.2), image + 0.2, rtol=1e-6)
    added = transformed(7 * image, "add light", 0.2, 7.0)
    np.testing.assert_allclose(added, 7 * (image + 0.2), rtol=1e-6)
    with pytest.raises(ValueError) as raised:
        transformed(image, "rotation", 1.0)
    assert str(raised.value) == (
        "Invalid value for argument `transform`. Expected one of 'shift', 'rotate', 'enlarge', "
        "'brighten', 'darken', 'add light' (did you mean 'rotate'?). Received: transform=rotation"
    )


def test_measures_against_numpy_in_the_middle(image):
    other = image**2
    inner, wanted = other[INNER].astype(np.float64), image[INNER].astype(np.float64)
    centred = wanted - wanted.mean(axis=(0, 1))
    expected = np.sqrt(np.mean((inner - wanted) ** 2)) / np.sqrt(np.mean(centred**2))
    assert relative_rmse(other, image) == pytest.approx(expected, rel=1e-6)
    outside = other.copy()
    outside[:10] = 9
    assert relative_rmse(outside, image) == relative_rmse(other, image)
    # Invariant to scale and to offsets of channels, but not to changes of structure.
    assert centred_correlation(3 * image + np.array([1.0, -2.0, 5.0]), image) == pytest.approx(1)
    assert centred_correlation(np.rot90(image), image) < 0.9
    assert relative_rmse(image, np.ones_like(image)) == np.inf


def test_an_untrained_decoder_follows_exposure_and_shifts_of_pixels(tmp_path, image):
    folder = str(tmp_path)
    reference = put_picture(folder, "waves", image)
    network = NetworkSpec("toy_vgg", reference=reference, seed=3)
    decoder = UntrainedDecoder(network, "conv1_1", DecoderSettings(depth=1, seed=4))
    job = Equivariance(decoder, reference)
    result = job.run(folder)
    assert len(result.trace) == result.values["transforms"] == 3 * len(TRANSFORMS)
    rows = {(row["transform"], row["size"]): row for row in result.trace}
    for name in ("brighten", "darken"):  # Positively homogeneous without biases.
        for size in PHOTOMETRIC[name].sizes:
            assert rows[name, size]["error"] < 1e-4
            assert rows[name, size]["alike"] == pytest.approx(1, abs=1e-6)
            assert rows[name, size]["output_change"] > 0.1
    for size in GEOMETRIC["shift"].sizes:  # conv1_1 has stride 1.
        assert rows["shift", size]["error"] < 1e-3 < rows["shift", size]["output_change"]
    assert rows["rotate", 30.0]["error"] > 0.05
    source = read_picture(reference, folder)
    moved = transformed(source, "rotate", 15.0)
    assert rows["rotate", 15.0]["input_change"] == pytest.approx(relative_rmse(moved, source))
    model = build_decnn(decoder, folder)
    first, last = (model(x[None]).numpy()[0] for x in (source, moved))
    assert rows["rotate", 15.0]["output_change"] == pytest.approx(
        relative_rmse(last, first), rel=1e-5
    )
    light = transformed(source, "add light", 0.2)
    # The added constant is proportional to the scale of the decoder's output.
    scale = source[8:-8, 8:-8].std() / first[8:-8, 8:-8].std()
    error = relative_rmse(model(light[None]).numpy()[0], first + 0.2 / scale)
    assert rows["add light", 0.2]["error"] == pytest.approx(error, rel=1e-4)
    names = {"picture", "shift", "rotate", "enlarge", "brighten", "darken", "add_light"}
    assert result.pictures.keys() == names
    assert job.affinity == (network,)
