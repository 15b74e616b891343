import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.alexnet import GroupedConv2D, LocalResponseNormalization
from rwkeras.networks.batch_normalization import adapt_batch_normalization
from rwkeras.networks.borders import (
    CircularConv2D,
    CircularPyramidReduce,
    MirroredConv2D,
    mirror,
    wrap,
)
from rwkeras.networks.circular import circular_period, with_circular_padding, with_mirrored_padding
from rwkeras.networks.multiscale import multiscale, multiscale_layers
from rwkeras.networks.octaves import PyramidReduce, octave_layers, with_octaves
from rwkeras.networks.precision import lower_precision
from tests.conftest import waves

pytestmark = pytest.mark.eager

RANDOM = np.random.default_rng(0)


def noise(*shape):
    return RANDOM.uniform(size=shape).astype(np.float32)


def middle(features, times=3):
    """The middle of what was repeated so many times along rows and columns."""
    height, width = (side // times for side in features.shape[1:3])
    first = times // 2
    return features[:, first * height :, first * width :][:, :height, :width]


def compare_with_the_tiled(plain, circular, images, times=3, rtol=1e-5):
    """Compares a circular network with the plain one, whose border is out of sight."""
    once, repeated = circular(images), plain(np.tile(images, (1, times, times, 1)))
    assert list(once) == list(repeated)
    for name, features in once.items():
        expected = middle(repeated[name], times)
        atol = rtol * float(tf.reduce_max(tf.abs(expected)))
        np.testing.assert_allclose(features, expected, rtol=rtol, atol=atol, err_msg=name)


@pytest.fixture(scope="module")
def plain():
    model = rwkeras.toy_vgg(seed=3, subtract_mean=True)
    rwkeras.calibrate(model, waves(32, 32))
    names = [layer.name for layer in model.layers if "conv" in layer.name or "pool" in layer.name]
    return rwkeras.feature_extractor(model, names)


@pytest.fixture(scope="module")
def circular(plain):
    return with_circular_padding(plain)


@pytest.mark.parametrize(
    ("rows", "columns"), [((0, 0), (0, 0)), ((1, 1), (2, 0)), ((0, 3), (5, 6)), ((9, 8), (11, 25))]
)
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("extend", "mode"), [(wrap, "wrap"), (mirror, "reflect")])
@pytest.mark.parametrize("size", [(5, 6), (1, 2)])
def test_extended_as_numpy_pads(rows, columns, known, extend, mode, size):
    images = noise(2, *size, 3)
    function = tf.function(lambda x: extend(x, rows, columns), autograph=False)
    if not known:
        function = function.get_concrete_function(tf.TensorSpec([None] * 4))
    expected = np.pad(images, [(0, 0), rows, columns, (0, 0)], mode=mode)
    np.testing.assert_array_equal(function(tf.constant(images)), expected)


def test_a_convolution_against_numpy():
    images = RANDOM.normal(size=(2, 5, 6, 3)).astype(np.float32)
    layer = CircularConv2D(4, (4, 3), dilation_rate=(1, 2))
    got = layer(images)
    expected = np.zeros(got.shape)
    # As "same" of TensorFlow, a kernel of four rows reaches one row up and two down.
    for row in range(4):
        for column in range(3):
            moved = np.roll(images.astype(np.float64), (1 - row, 2 - 2 * column), axis=(1, 2))
            expected += moved @ layer.kernel.numpy()[row, column].astype(np.float64)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape(images.shape) == got.shape


@pytest.mark.parametrize(("size", "times"), [((32, 32), 3), ((8, 24), 7), ((8, 8), 7)])
def test_as_the_plain_network_in_the_middle_of_the_tiled_image(plain, circular, size, times):
    compare_with_the_tiled(plain, circular, noise(2, *size, 3), times)


def test_differs_from_the_plain_network_at_the_border_alone(plain, circular, square):
    once, same = circular(square[np.newaxis]), plain(square[np.newaxis])
    for name, reach in (("conv1_1", 1), ("conv1_2", 2), ("conv2_1", 2)):
        inside = np.s_[:, reach:-reach, reach:-reach]
        np.testing.assert_allclose(once[name][inside], same[name][inside], rtol=1e-4, atol=1e-4)
        assert np.abs(once[name] - same[name]).max() > 0.1


def test_a_rolled_image_gives_rolled_activations(circular):
    image = noise(1, 32, 24, 3)
    here, there = circular(image), circular(np.roll(image, (8, -16), (1, 2)))
    for name, features in there.items():
        stride = 32 // features.shape[1]
        expected = np.roll(here[name], (8 // stride, -16 // stride), (1, 2))
        np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4)


def test_gradient_wraps_around(plain, circular):
    image = tf.constant(noise(1, 32, 32, 3))
    tiled = tf.constant(np.tile(image, (1, 3, 3, 1)))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([image, tiled])
        once = tf.reduce_sum(circular(image)["conv3_2"] ** 2)
        inside = tf.reduce_sum(middle(plain(tiled)["conv3_2"]) ** 2)
    folded = np.asarray(tape.gradient(inside, tiled)).reshape(1, 3, 32, 3, 32, 3).sum((1, 3))
    gradient = tape.gradient(once, image)
    np.testing.assert_allclose(gradient, folded, rtol=1e-3, atol=1e-4 * np.abs(folded).max())


def test_names_shapes_and_weights(plain, circular):
    names = [layer.name for layer in plain.layers]
    assert [x.name for x in circular.layers if not x.name.startswith("whole_periods")] == names
    assert circular.name == plain.name
    assert circular.compute_output_shape((1, 16, 24, 3)) == plain.compute_output_shape(
        (1, 16, 24, 3)
    )
    for own, copied in zip(plain.get_weights(), circular.get_weights(), strict=True):
        np.testing.assert_array_equal(own, copied)
    assert not {id(x) for x in plain.weights} & {id(x) for x in circular.weights}


@pytest.mark.parametrize(("layer", "period"), [("conv1_2", 1), ("conv2_1", 2), ("pool3", 8)])
def test_period(plain, layer, period):
    part = rwkeras.feature_extractor(plain, [layer])
    assert circular_period(with_circular_padding(part)) == period
    assert circular_period(plain) == 1


def mixed():
    """A network of all that wraps around: groups, poolings of three, joins, a filter of 1 x 1."""
    inputs = keras.Input((None, None, 3), name="image")
    x = keras.layers.Rescaling(2.0, offset=-1.0, name="scale")(inputs)
    first = GroupedConv2D(8, 5, padding="same", groups=1, activation="relu", name="first")(x)
    x = LocalResponseNormalization(name="local")(first)
    x = GroupedConv2D(8, 3, padding="same", groups=2, name="grouped")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Add(name="sum")([first, keras.layers.ReLU(name="positive")(x)])
    x = keras.layers.MaxPooling2D(3, padding="same", name="max")(x)
    wide = keras.layers.Conv2D(4, 7, padding="same", use_bias=False, name="wide")(x)
    narrow = keras.layers.Conv2D(4, 1, name="narrow")(x)
    x = keras.layers.Concatenate(name="joined")([wide, narrow])
    x = keras.layers.AveragePooling2D(2, name="mean")(x)
    return keras.Model(inputs, {"sum": first, "mean": x}, name="mixed")


def test_a_mirrored_network_has_no_frame(plain):
    mirrored = with_mirrored_padding(plain)
    # Of one colour, activations are the same everywhere, where zeros beyond would be a frame.
    grey = np.full((1, 20, 27, 3), 0.8, np.float32)
    for name, features in mirrored(grey).items():
        np.testing.assert_allclose(features, np.broadcast_to(features[:, :1, :1], features.shape),
                                   rtol=1e-4, atol=1e-4)  # fmt: skip
        zeros = plain(grey)[name]
        assert np.abs(zeros - zeros[:, :1, :1]).max() > 0.1 * np.abs(features).max()


def test_a_mirrored_network_against_the_plain_one(plain):
    mirrored, images = with_mirrored_padding(plain), noise(2, 20, 27, 3)
    assert [layer.name for layer in mirrored.layers] == [layer.name for layer in plain.layers]
    once, same = mirrored(images), plain(images)
    # The first layer sees the image itself, mirrored.
    first = plain(np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect"))["conv1_1"]
    np.testing.assert_allclose(once["conv1_1"], first[:, 1:-1, 1:-1], rtol=1e-4, atol=1e-4)
    inside = np.s_[:, 2:-2, 2:-2]
    for name in ("conv1_2", "conv2_1"):
        np.testing.assert_allclose(once[name][inside], same[name][inside], rtol=1e-4, atol=1e-4)
    # Mirrored itself, an image gives the same of the mirrored kernels.
    layer, turned = (MirroredConv2D(3, (3, 5)) for _ in range(2))
    here = layer(images)
    turned.build(images.shape)
    turned.set_weights([layer.kernel.numpy()[::-1, ::-1], layer.bias.numpy()])
    np.testing.assert_allclose(turned(images[:, ::-1, ::-1])[:, ::-1, ::-1], here, atol=1e-5)


def test_a_mirrored_network_is_saved_and_loaded(plain, square, tmp_path):
    mirrored = with_mirrored_padding(plain)
    mirrored.save(tmp_path / "mirrored.keras")
    loaded = keras.saving.load_model(tmp_path / "mirrored.keras")
    for name, features in mirrored(square[np.newaxis]).items():
        np.testing.assert_array_equal(loaded(square[np.newaxis])[name], features)


def test_all_that_wraps_around():
    model = mixed()
    rwkeras.randomize(model, "he")
    images = noise(1, 12, 18, 3)
    adapt_batch_normalization(model, images)
    circular = with_circular_padding(model)
    assert circular_period(circular) == 6
    compare_with_the_tiled(model, circular, images)


def test_a_bank_of_filters_larger_than_the_image():
    model = rwkeras.filter_bank(sizes=(3, 23), filters=4)
    extractor = rwkeras.feature_extractor(model, ["conv3", "conv23", "maps"])
    circular = with_circular_padding(extractor)
    assert circular_period(circular) == 1
    image = noise(1, 9, 13, 3)
    compare_with_the_tiled(extractor, circular, image, times=5)


@pytest.mark.parametrize("size", [(2, 2), (6, 8), (16, 4)])
def test_a_level_of_the_pyramid(size):
    images = noise(2, *size, 3)
    got = CircularPyramidReduce()(images)
    expected = middle(PyramidReduce()(np.tile(images, (1, 7, 7, 1))), 7)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_octaves_wrap_around(plain):
    names = octave_layers(["conv1_1", "conv2_2"], 3)
    pyramid = with_octaves(plain, ["conv1_1", "conv2_2"], 3)
    extractor = rwkeras.feature_extractor(pyramid, names)
    circular = with_circular_padding(extractor)
    assert circular_period(circular) == 8
    compare_with_the_tiled(extractor, circular, noise(1, 32, 24, 3), times=5)


@pytest.fixture(scope="module")
def pyramid():
    """Random filters at three octaves, of two layers each."""
    return rwkeras.feature_extractor(multiscale(levels=3, depth=2, filters=4), multiscale_layers(3))


def test_a_pyramid_of_filters_wraps_around(pyramid):
    circular = with_circular_padding(pyramid)
    assert circular_period(circular) == 2 ** (3 - 1)
    compare_with_the_tiled(pyramid, circular, noise(2, 24, 28, 3))
    image = noise(1, 24, 28, 3)
    here, there = circular(image), circular(np.roll(image, (4, -12), (1, 2)))
    for name, features in there.items():
        stride = 24 // features.shape[1]
        rolled = np.roll(here[name], (4 // stride, -12 // stride), (1, 2))
        np.testing.assert_allclose(features, rolled, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError) as error:
        circular(noise(1, 24, 26, 3))
    assert (
        "Invalid value for argument `image`. Expected a height and a width that are multiples of 4 "
        "pixels. Received: image=(24, 26)"
    ) in str(error.value)


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_the_period_of_a_pyramid(levels):
    circular = with_circular_padding(multiscale(levels=levels, filters=1))
    assert circular_period(circular) == 2 ** (levels - 1)


def test_a_pyramid_of_filters_is_mirrored(pyramid):
    mirrored = with_mirrored_padding(pyramid)
    kinds = {type(layer) for layer in mirrored.layers if layer.weights}
    assert kinds == {MirroredConv2D}
    grey = np.full((1, 21, 30, 3), 0.8, np.float32)
    for name, features in mirrored(grey).items():
        even = np.broadcast_to(features[:, :1, :1], features.shape)
        np.testing.assert_allclose(features, even, rtol=1e-4, atol=1e-5)
        zeros = pyramid(grey)[name]
        assert np.abs(zeros - zeros[:, :1, :1]).max() > 0.1 * np.abs(features).max()
    images, inside = noise(1, 36, 44, 3), np.s_[:, 4:-4, 4:-4]
    once, same = mirrored(images), pyramid(images)
    # Two layers of filters of up to 7 and of 3 pixels see four to each side; the reduced images
    # are mirrored in both.
    for name in ("level0", "level1"):
        assert np.abs(once[name] - same[name]).max() > 0.1
        np.testing.assert_allclose(once[name][inside], same[name][inside], rtol=1e-4, atol=1e-4)


def test_saved_loaded_and_in_bfloat16(circular, square, tmp_path):
    circular.save(tmp_path / "circular.keras")
    loaded = keras.saving.load_model(tmp_path / "circular.keras")
    assert circular_period(loaded) == 8
    rough = lower_precision(circular)(square[np.newaxis])
    for name, features in circular(square[np.newaxis]).items():
        np.testing.assert_array_equal(loaded(square[np.newaxis])[name], features)
        error = np.linalg.norm(tf.cast(rough[name], tf.float32) - features)
        assert error < 0.05 * np.linalg.norm(features)


def test_the_copy_does_not_keep_the_network():
    model = rwkeras.toy_vgg(seed=4)
    circular, gone = with_circular_padding(model), weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    assert circular.count_params() > 0


@pytest.mark.parametrize(
    ("size", "period", "at"), [((20, 32), 8, (20, 32)), ((32, 13), 2, (32, 13))]
)
def test_images_that_are_no_whole_periods(circular, size, period, at):
    with pytest.raises(ValueError) as error:
        circular(noise(1, *size, 3))
    assert (
        f"Invalid value for argument `image`. Expected a height and a width that are multiples of "
        f"{period} pixels. Received: image={at}"
    ) in str(error.value)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(4, 3, name="odd"),
        keras.layers.Conv2D(4, 3, strides=2, padding="same", name="odd"),
        keras.layers.Conv2D(4, 1, strides=2, name="odd"),
        keras.layers.DepthwiseConv2D(3, padding="same", name="odd"),
        keras.layers.MaxPooling2D(3, 2, name="odd"),
        keras.layers.MaxPooling2D((2, 4), name="odd"),
        keras.layers.BatchNormalization(1, name="odd"),
        keras.layers.ZeroPadding2D(name="odd"),
        keras.Sequential([keras.layers.Conv2D(4, 3, padding="same")], name="odd"),
        CircularConv2D(4, 3, name="odd"),
    ],
)
@pytest.mark.parametrize("change", [with_circular_padding, with_mirrored_padding])
def test_layers_that_do_not_wrap_around(layer, change):
    inputs = keras.Input((16, 16, 3))
    with pytest.raises(ValueError) as error:
        change(keras.Model(inputs, layer(inputs), name="network"))
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected stride-1 convolutions with padding, "
        "non-overlapping pooling and pixel-wise layers, but 'odd' is another layer. Received: "
        "model=network"
    )


def test_strides():
    with pytest.raises(ValueError) as error:
        CircularConv2D(4, 3, strides=2)
    assert str(error.value) == (
        "Invalid value for argument `strides`. Expected 1. Received: strides=(2, 2)"
    )


def test_no_tiles_of_a_circular_network(circular, square):
    with pytest.raises(
        ValueError, match=r"`model`. Expected stride-1 convolutions .* 'conv1_1' is another"
    ):
        rwkeras.invert(
            circular,
            square,
            rwkeras.InversionSettings("conv2_1"),
            optimizer=rwkeras.OptimizerSettings(tile_size=8),
        )


def test_what_is_no_network():
    with pytest.raises(ValueError) as error:
        with_circular_padding("vgg19")
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a functional `keras.Model` with one input. "
        "Received: model=vgg19"
    )
