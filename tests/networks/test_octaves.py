import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.filter_bank import filter_bank
from rwkeras.networks.multiscale import multiscale
from rwkeras.networks.octaves import PyramidReduce, octave_layers, with_octaves
from rwkeras.networks.precision import lower_precision
from tests.conftest import waves

LAYERS = ("conv1_1", "conv2_2")
OCTAVES = 3
NAMES = octave_layers(LAYERS, OCTAVES)
FEW = rwkeras.OptimizerSettings(memory=8, max_iterations=20, precision="float32")


@pytest.fixture(scope="module")
def base():
    model = rwkeras.toy_vgg(seed=3, subtract_mean=True)
    rwkeras.calibrate(model, waves(32, 32))
    return model


@pytest.fixture(scope="module")
def pyramid(base):
    return with_octaves(base, LAYERS, OCTAVES)


def reduction(side):
    """The matrix that blurs and halves `side` pixels, mirrored at the borders, in float64."""
    order = np.pad(np.arange(side), 2, mode="symmetric")
    matrix = np.zeros((-(-side // 2), side))
    for row in range(len(matrix)):
        for tap, weight in enumerate((1, 4, 6, 4, 1)):
            matrix[row, order[2 * row + tap]] += weight / 16
    return matrix


def reduced(images):
    """One level of the pyramid, in float64."""
    rows, columns = (reduction(side) for side in images.shape[1:3])
    return np.einsum("ry,sx,byxc->brsc", rows, columns, images.astype(np.float64))


@pytest.mark.parametrize("size", [(8, 8), (7, 12), (2, 5), (33, 3)])
def test_a_level_against_numpy(size):
    images = np.random.default_rng(0).uniform(size=(2, *size, 4)).astype(np.float32)
    level = PyramidReduce()(images)
    np.testing.assert_allclose(level, reduced(images), rtol=1e-5)
    assert level.shape == PyramidReduce().compute_output_shape(images.shape)


def test_images_too_small_to_be_mirrored():
    with pytest.raises(ValueError) as error:
        PyramidReduce().compute_output_shape((1, 9, 1, 3))
    assert str(error.value) == (
        "Invalid value for argument `input_shape`. Expected sides of at least 2 pixels. "
        "Received: input_shape=(1, 9, 1, 3)"
    )
    # By whichever of its inputs the layer of joint maps lacks something.
    for layer in ("level1", "joint"):
        with pytest.raises(ValueError, match=f"large enough for the pooling layers before {layer}"):
            rwkeras.extract(rwkeras.multiscale(filters=1), [layer], tf.zeros([1, 9, 1, 3]))


def test_gradient_is_the_transpose():
    generator = np.random.default_rng(1)
    images = tf.constant(generator.normal(size=(1, 7, 10, 3)), tf.float32)
    upstream = generator.normal(size=(1, 4, 5, 3))
    with tf.GradientTape() as tape:
        tape.watch(images)
        level = PyramidReduce()(images)
    gradient = tape.gradient(level, images, tf.constant(upstream, tf.float32))
    expected = np.einsum("ry,sx,brsc->byxc", reduction(7), reduction(10), upstream)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


def test_an_image_of_one_colour_stays_of_it_to_the_borders():
    images = np.ones((1, 21, 30, 1), np.float32) * np.float32([0.1, 0.5, 0.9])
    for _ in range(3):
        images = PyramidReduce()(images)
        np.testing.assert_allclose(images, np.ones_like(images) * [0.1, 0.5, 0.9], rtol=1e-6)
    assert images.shape == (1, 3, 4, 3)


def test_a_wave_that_would_alias_is_blurred_away():
    columns = np.tile((-1.0) ** np.arange(16), (16, 1)).astype(np.float32)
    assert np.abs(PyramidReduce()(columns[np.newaxis, ..., np.newaxis])[:, :, 1:-1]).max() < 1e-6


def test_names():
    assert octave_layers(["a", "b"], 3) == (
        *("a", "b"),
        *("a_octave1", "b_octave1"),
        *("a_octave2", "b_octave2"),
    )
    assert len(octave_layers(["a"])) == 4


def test_layers_at_the_octaves_are_the_networks_on_smaller_images(base, pyramid, image):
    images = image[np.newaxis]
    got = rwkeras.extract(pyramid, NAMES, images)
    for octave in range(OCTAVES):
        expected = rwkeras.extract(base, LAYERS, tf.constant(images, tf.float32))
        names = octave_layers(LAYERS, octave + 1)[-len(LAYERS) :]
        for name, layer in zip(names, LAYERS, strict=True):
            np.testing.assert_allclose(got[name], expected[layer], rtol=1e-3, atol=1e-4)
        images = reduced(images)
    smaller = rwkeras.extract(pyramid, ["octave2"], image[np.newaxis])["octave2"]
    assert smaller.shape == (1, 8, 6, 3)


def test_all_layers_of_the_network_are_there_as_they_were(base, pyramid, square):
    layers = ["preprocess", "conv1_1", "pool2", "conv3_2", "pool3"]
    expected = rwkeras.extract(base, layers, square[np.newaxis])
    for name, features in rwkeras.extract(pyramid, layers, square[np.newaxis]).items():
        np.testing.assert_array_equal(features, expected[name])


def test_weights_are_the_networks_own(square):
    model = rwkeras.toy_vgg(seed=4)
    pyramid = with_octaves(model, LAYERS, OCTAVES)
    own = {id(weight) for weight in model.weights}
    assert {id(weight) for weight in pyramid.weights} == own
    before = rwkeras.extract(pyramid, NAMES, square[np.newaxis])
    scales = rwkeras.calibrate(model, square)
    after = rwkeras.extract(pyramid, NAMES, square[np.newaxis])
    for name in ("conv1_1", "conv1_1_octave1", "conv1_1_octave2"):
        np.testing.assert_allclose(
            after[name] * scales["conv1_1"], before[name], rtol=1e-4, atol=1e-4
        )


def test_the_network_itself_is_not_changed(square, tmp_path):
    model = rwkeras.toy_vgg(seed=4)
    names, before = [layer.name for layer in model.layers], model(square[np.newaxis])
    with_octaves(model, LAYERS, OCTAVES)
    assert [layer.name for layer in model.layers] == names
    model.save(tmp_path / "toy.keras")
    for same in (model, keras.saving.load_model(tmp_path / "toy.keras")):
        np.testing.assert_array_equal(same(square[np.newaxis]), before)


def test_one_octave_is_the_network(base, square):
    pyramid = with_octaves(base, LAYERS, 1)
    assert [layer.name for layer in pyramid.layers] == [layer.name for layer in base.layers]
    np.testing.assert_array_equal(pyramid(square[np.newaxis])["pool3"], base(square[np.newaxis]))


def forked():
    """A network with a skip connection and two outputs."""
    inputs = keras.Input((None, None, 3))
    first = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(inputs)
    second = keras.layers.Conv2D(4, 3, padding="same", name="second")(first)
    total = keras.layers.Add(name="total")([first, second])
    return keras.Model(inputs, {"total": total, "first": first}, name="forked")


@pytest.mark.parametrize(
    ("build", "layer"),
    [
        (lambda: filter_bank(sizes=(3, 5), filters=4), "maps"),
        (lambda: multiscale(levels=1, filters=4), "level0"),
        (forked, "total"),
    ],
)
def test_a_network_that_is_no_chain(build, layer, square):
    model = build()
    names, images = octave_layers([layer], OCTAVES), square[np.newaxis]
    got = rwkeras.extract(with_octaves(model, [layer], OCTAVES), names, images)
    for name in names:
        expected = rwkeras.extract(model, [layer], tf.constant(images, tf.float32))[layer]
        np.testing.assert_allclose(got[name], expected, rtol=1e-3, atol=1e-3)
        images = reduced(images)


def test_octaves_of_one_level_are_the_levels_of_several(square):
    one, several = multiscale(levels=1, filters=4), multiscale(levels=OCTAVES, filters=4)
    shared = with_octaves(one, ["level0"], OCTAVES)
    for level in range(OCTAVES):
        for size in (3, 5, 7):
            weights = one.get_layer(f"conv0_1_{size}").get_weights()
            several.get_layer(f"conv{level}_1_{size}").set_weights(weights)
    got, expected = shared(square[np.newaxis]), several(square[np.newaxis])
    for level, name in enumerate(octave_layers(["level0"], OCTAVES)):
        # Here the image is reduced before 1/2 is subtracted, there after it.
        np.testing.assert_allclose(got[name], expected[f"level{level}"], rtol=1e-4, atol=1e-5)


def test_saved_and_loaded(pyramid, square, tmp_path):
    pyramid.save(tmp_path / "pyramid.keras")
    loaded = keras.saving.load_model(tmp_path / "pyramid.keras")
    assert len(loaded.weights) == len(pyramid.weights)
    expected = pyramid(square[np.newaxis])
    assert set(NAMES) <= set(expected)
    for name, features in loaded(square[np.newaxis]).items():
        np.testing.assert_array_equal(features, expected[name])


def test_in_bfloat16(pyramid, square):
    extractor = feature_extractor(pyramid, NAMES)
    lowered = lower_precision(extractor)
    assert len(lowered.weights) == len(extractor.weights)
    exact, rough = extractor(square[np.newaxis]), lowered(square[np.newaxis])
    for name, features in rough.items():
        assert features.dtype == tf.bfloat16
        error = np.linalg.norm(tf.cast(features, tf.float32) - exact[name])
        assert error < 0.05 * np.linalg.norm(exact[name])


@pytest.mark.parametrize("precision", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
def test_texture_with_octaves(pyramid, square, precision):
    optimizer = rwkeras.OptimizerSettings(memory=8, max_iterations=40, precision=precision)
    result = rwkeras.synthesize_texture(
        pyramid, square, rwkeras.TextureSettings(NAMES), optimizer=optimizer
    )
    assert list(result.losses) == [f"texture/{name}" for name in NAMES]
    assert result.relative_loss < 0.01


def test_inversion_with_octaves(pyramid, square):
    result = rwkeras.invert(
        pyramid, square, rwkeras.InversionSettings("conv1_1_octave1"), optimizer=FEW
    )
    assert result.relative_loss < 0.01


@pytest.mark.slow
def test_style_with_octaves(pyramid, square):
    result = rwkeras.transfer_style(
        pyramid,
        square,
        1 - square,
        rwkeras.StyleSettings(content_layers=["conv3_1"], style_layers=NAMES),
        optimizer=FEW,
    )
    assert result.relative_loss < 0.2


def test_an_image_that_is_too_small(pyramid):
    with pytest.raises(ValueError) as error:
        rwkeras.extract(pyramid, NAMES, np.zeros((1, 4, 30, 3), np.float32))
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected an image large enough for the pooling "
        f"layers before {', '.join(NAMES)}. Received: image=(4, 30, 3)"
    )
    with pytest.raises(ValueError, match=r"large enough for the pooling layers before octave2\. "):
        rwkeras.extract(pyramid, ["octave2"], np.zeros((1, 2, 30, 3), np.float32))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("conv1_1",),
            "`layers`. Expected one or more different layer names. Received: layers=conv1_1",
        ),
        (([],), "`layers`. Expected one or more different layer names. Received: layers=[]"),
        (
            (["conv1_1", "conv1_1"],),
            "`layers`. Expected one or more different layer names. Received: layers=['conv1_1', "
            "'conv1_1']",
        ),
        (
            (["conv1_1"], 0),
            "`octaves`. Expected an integer of at least 1. Received: octaves=0",
        ),
        (
            (["conv11"],),
            "`layer`. Expected a layer of 'toy_vgg': preprocess, conv1_1, conv1_2, pool1, "
            "conv2_1, conv2_2, pool2, conv3_1, conv3_2, pool3 (did you mean 'conv1_1'?). "
            "Received: layer=conv11",
        ),
    ],
)
def test_errors(base, arguments, message):
    with pytest.raises(ValueError) as error:
        with_octaves(base, *arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_networks_that_have_no_octaves(pyramid):
    with pytest.raises(ValueError) as error:
        with_octaves(rwkeras.toy_vgg(include_top=True), ["conv1_1"])
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a network that accepts images of any size. "
        "Received: model='toy_vgg' of (None, 32, 32, 3)"
    )
    with pytest.raises(ValueError) as error:
        with_octaves(pyramid, ["conv3_1"], 2)
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a network without layers of these names. "
        "Received: model=['octave1']"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("conv1_1",),
            "`layers`. Expected one or more different layer names. Received: layers=conv1_1",
        ),
        (
            (["conv1_1"], 1.5),
            "`octaves`. Expected an integer of at least 1. Received: octaves=1.5",
        ),
    ],
)
def test_errors_of_names(arguments, message):
    with pytest.raises(ValueError) as error:
        octave_layers(*arguments)
    assert str(error.value) == f"Invalid value for argument {message}"
