import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.filter_bank import FILTER_SIZES, filter_bank
from rwkeras.networks.precision import lower_precision
from rwkeras.networks.vgg import MEAN_RGB

pytestmark = pytest.mark.eager

SIZES = (3, 5, 9)
FEW = rwkeras.OptimizerSettings(memory=8, max_iterations=20, precision="float32")


@pytest.fixture(scope="module")
def bank():
    return filter_bank(sizes=SIZES, filters=6, seed=2)


def convolved(image, kernel):
    """A convolution with borders of zeros, in float64."""
    reach = len(kernel) // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], axis=(0, 1))
    return np.einsum("yxcij,ijcf->yxf", windows, kernel.astype(np.float64))


def test_the_papers_layer():
    model = filter_bank()
    convs = [f"conv{size}" for size in (3, 5, 7, 11, 15, 23, 37, 55)]
    assert FILTER_SIZES == (3, 5, 7, 11, 15, 23, 37, 55)
    assert [layer.name for layer in model.layers] == ["image", "preprocess", *convs, "maps"]
    assert model.output_shape == (None, None, None, 1024)
    assert model.count_params() == 1024 + sum(size**2 * 3 * 128 for size in FILTER_SIZES)
    for name in convs:
        layer = model.get_layer(name)
        assert (layer.strides, layer.padding) == ((1, 1), "same")
        assert layer.activation is keras.activations.relu
        assert not layer.bias.numpy().any()


@pytest.mark.parametrize(("activation", "floor"), [("relu", 0), ("linear", -np.inf)])
@pytest.mark.parametrize("subtract", [True, False])
def test_maps_against_numpy(activation, floor, subtract, square):
    model = filter_bank(sizes=SIZES, filters=4, activation=activation, subtract_mean=subtract)
    image = 255 * square.astype(np.float64) - (np.array(MEAN_RGB) if subtract else 0)
    kernels = [model.get_layer(f"conv{size}").get_weights()[0] for size in SIZES]
    expected = [np.maximum(convolved(image, kernel), floor) for kernel in kernels]
    features = rwkeras.extract(model, ["conv3", "conv5", "conv9", "maps"], square[np.newaxis])
    for size, maps in zip(SIZES, expected, strict=True):
        np.testing.assert_allclose(features[f"conv{size}"][0], maps, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(
        features["maps"][0], np.concatenate(expected, axis=2), rtol=1e-4, atol=1e-2
    )


def test_sizes_count_alike_if_weights_scale_with_them(square):
    def mean_squares(initializer):
        model = filter_bank(sizes=(3, 7, 15), filters=64, initializer=initializer)
        features = rwkeras.extract(model, ["conv3", "conv7", "conv15"], square[np.newaxis])
        # The borders' zeros aside.
        return np.array([np.mean(np.square(maps[:, 7:-7, 7:-7])) for maps in features.values()])

    alike = mean_squares("he")
    assert alike.max() < 2 * alike.min()
    # One standard deviation for all: a mean square as the number of weights.
    grown = mean_squares("gaussian")
    np.testing.assert_allclose(grown / grown[0], alike / alike[0] * [1, 49 / 9, 25], rtol=1e-3)


def test_a_size_has_its_own_stream(bank):
    alone = filter_bank(sizes=(5,), filters=6, seed=2)
    other = filter_bank(sizes=(5,), filters=6, seed=3)
    kernels = [model.get_layer("conv5").get_weights()[0] for model in (bank, alone, other)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])
    assert alone.output_shape == (None, None, None, 6)


def test_drawn_anew_the_weights_are_the_same(bank):
    again = filter_bank(sizes=SIZES, filters=6, seed=7)
    rwkeras.randomize(again, "he", seed=2)
    for weight, expected in zip(again.get_weights(), bank.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_saved_and_loaded(bank, square, tmp_path):
    bank.save(tmp_path / "bank.keras")
    loaded = keras.saving.load_model(tmp_path / "bank.keras")
    np.testing.assert_array_equal(loaded(square[np.newaxis]), bank(square[np.newaxis]))


def test_in_bfloat16(bank, square):
    lowered = lower_precision(feature_extractor(bank, ["maps"]))
    exact, rough = bank(square[np.newaxis]), lowered(square[np.newaxis])["maps"]
    assert rough.dtype == tf.bfloat16
    assert np.linalg.norm(tf.cast(rough, tf.float32) - exact) < 0.02 * np.linalg.norm(exact)


def test_texture(bank, square):
    result = rwkeras.synthesize_texture(
        bank, square, rwkeras.TextureSettings(["maps"]), optimizer=FEW
    )
    assert list(result.losses) == ["texture/maps"]
    assert result.relative_loss < 0.05


def test_inversion(bank, square):
    result = rwkeras.invert(bank, square, rwkeras.InversionSettings("maps"), optimizer=FEW)
    assert result.relative_loss < 0.01


def test_style(bank, square):
    settings = rwkeras.StyleSettings(["conv5"], ["maps"])
    result = rwkeras.transfer_style(bank, square, 1 - square, settings, optimizer=FEW)
    assert set(result.losses) == {"content/conv5", "style/maps", "tv"}
    assert result.relative_loss < 0.2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"sizes": ()},
            "`sizes`. Expected one or more different filter sizes. Received: sizes=()",
        ),
        (
            {"sizes": 3},
            "`sizes`. Expected one or more different filter sizes. Received: sizes=3",
        ),
        (
            {"sizes": (3, 3)},
            "`sizes`. Expected one or more different filter sizes. Received: sizes=(3, 3)",
        ),
        (
            {"sizes": (3, 0)},
            "`sizes`. Expected an integer of at least 1. Received: sizes=0",
        ),
        ({"filters": 0}, "`filters`. Expected an integer of at least 1. Received: filters=0"),
        (
            {"activation": "elu"},
            "`activation`. Expected one of 'relu', 'linear' (did you mean 'relu'?). "
            "Received: activation=elu",
        ),
        (
            {"input_shape": (None, None, 1)},
            "`input_shape`. Expected (height, width, 3). Received: input_shape=(None, None, 1)",
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        filter_bank(**arguments)
    assert str(error.value) == f"Invalid value for argument {message}"
