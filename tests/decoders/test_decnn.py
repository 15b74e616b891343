import zipfile

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.backend import keras
from rwkeras.decoders.decnn import EvenSides, FitTo, encoder_and_decoder, load_decoder
from rwkeras.decoders.levels import encoder_to
from rwkeras.decoders.settings import DecoderSettings
from tests.conftest import waves

NO_DECODER = (
    "Invalid value for argument `init`. Expected a .keras file written by tools/train_decoder.py. "
    "Received: init={}"
)
NO_FILE = (
    "Invalid value for argument `init`. Expected the path of an existing .keras file. Received: "
    "init={}"
)


def made(model, layer, **arguments):
    """Returns a network's part up to a layer with an untrained decoder."""
    return rwkeras.decnn(model, layer, rwkeras.decoder(model, layer, DecoderSettings(**arguments)))


@pytest.mark.parametrize("divisor", [1, 4, 5])
def test_even_sides(divisor):
    images = np.random.default_rng(1).normal(size=(2, 9, 8, 3)).astype(np.float32)
    more = [(0, 0), (0, -9 % divisor), (0, -8 % divisor), (0, 0)]
    layer = EvenSides(divisor)
    expected = np.pad(images, more, "edge")
    assert expected.shape[1] % divisor == expected.shape[2] % divisor == 0
    np.testing.assert_array_equal(layer(images), expected)
    assert layer.compute_output_shape(images.shape) == expected.shape
    assert layer.compute_output_shape((None, None, 8, 3)) == (None, None, expected.shape[2], 3)


def test_fit_to_smaller_images_cuts():
    decoded = np.random.default_rng(1).normal(size=(2, 12, 16, 3)).astype(np.float32)
    for height, width in ((12, 16), (11, 13), (12, 2)):
        images = np.zeros((2, height, width, 3), np.float32)
        np.testing.assert_array_equal(FitTo(16)([decoded, images]), decoded[:, :height, :width])


def test_fit_to_larger_images_resamples():
    decoded = np.random.default_rng(1).normal(size=(2, 6, 4, 3)).astype(np.float32)
    fitted = FitTo(4)([decoded, np.zeros((2, 12, 8, 3), np.float32)]).numpy()
    # Bilinear: each pixel is three quarters of the nearest and a quarter of the next, both ways.
    edge = np.pad(decoded, [(0, 0), (1, 1), (1, 1), (0, 0)], "edge")
    rows = np.stack(
        [0.25 * edge[:, :-2] + 0.75 * edge[:, 1:-1], 0.75 * edge[:, 1:-1] + 0.25 * edge[:, 2:]], 2
    ).reshape(2, 12, 6, 3)
    expected = np.stack(
        [
            0.25 * rows[:, :, :-2] + 0.75 * rows[:, :, 1:-1],
            0.75 * rows[:, :, 1:-1] + 0.25 * rows[:, :, 2:],
        ],
        3,
    ).reshape(2, 12, 8, 3)
    np.testing.assert_allclose(fitted, expected, atol=1e-6)
    # So are those that are larger one way only.
    for height, width in ((5, 8), (12, 3)):
        fitted = FitTo(4)([decoded, np.zeros((2, height, width, 3), np.float32)])
        np.testing.assert_array_equal(fitted, tf.image.resize(decoded, (height, width)))
    # And those that are larger by more than padding: what is decoded of an average over all
    # positions has one size, whatever the image's.
    small = np.zeros((2, 2, 3, 3), np.float32)
    np.testing.assert_array_equal(FitTo(4)([decoded, small]), tf.image.resize(decoded, (2, 3)))
    assert FitTo(4).compute_output_shape([(1, 6, 4, 3), (1, None, 8, 3)]) == (1, None, 8, 3)


def test_layers_from_a_file(tmp_path):
    images, decoded = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    x = FitTo(4, name="fit")([EvenSides(4, name="even")(decoded), images])
    keras.Model([decoded, images], x).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("even").divisor == 4
    given = waves(6, 7)[np.newaxis]
    fitted = loaded([given, np.zeros((1, 5, 8, 3), np.float32)])
    np.testing.assert_array_equal(
        fitted, np.pad(given, [(0, 0), (0, 2), (0, 1), (0, 0)], "edge")[:, :5]
    )


@pytest.mark.parametrize("layer", ["preprocess", "conv1_2", "pool1", "conv2_1", "conv3_2", "pool3"])
def test_is_the_decoder_of_the_encoder(toy, layer):
    decoder = rwkeras.decoder(toy, layer, DecoderSettings(depth=1))
    images = np.stack([waves(24, 16), waves(16, 24).transpose(1, 0, 2)])
    decoded = rwkeras.decnn(toy, layer, decoder)(images)
    expected = decoder(encoder_to(toy, layer)(images))
    assert decoded.dtype == tf.float32
    np.testing.assert_array_equal(decoded, expected)


@pytest.mark.parametrize("upsampling", ["transposed", "nearest", "bilinear", "subpixel"])
@pytest.mark.parametrize("size", [(17, 23), (9, 31), (3, 2)])
def test_odd_sizes_come_back(toy, upsampling, size):
    model = made(toy, "pool3", upsampling=upsampling, depth=1)
    encoder, decoder = encoder_and_decoder(model)
    images = waves(*size)[np.newaxis]
    decoded = model(images)
    assert decoded.shape == images.shape
    more = [(0, 0), (0, -size[0] % 8), (0, -size[1] % 8), (0, 0)]
    whole = decoder(encoder(np.pad(images, more, "edge")))
    assert whole.shape[1] % 8 == whole.shape[2] % 8 == 0
    np.testing.assert_array_equal(decoded, whole[:, : size[0], : size[1]])


def test_networks_that_round_sizes_down():
    model = made(rwkeras.alexnet(), "conv2", width=1 / 16, depth=1)
    encoder, decoder = encoder_and_decoder(model)
    images = waves(60, 64)[np.newaxis]
    whole = decoder(encoder(np.pad(images, [(0, 0), (0, 4), (0, 0), (0, 0)], "edge")))
    assert whole.shape == (1, 48, 48, 3)
    np.testing.assert_array_equal(model(images), tf.image.resize(whole, (60, 64)))


@pytest.mark.parametrize("layer", ["conv1", "pool1", "norm2", "pool5"])
def test_a_network_of_one_size(layer):
    network = rwkeras.alexnet((227, 227, 3))
    model = made(network, layer, width=1 / 32, depth=1)
    assert model.input_shape == model.output_shape == (None, 227, 227, 3)
    assert "even_sides" not in [x.name for x in model.layers]
    assert model(np.zeros((1, 227, 227, 3), np.float32)).shape == (1, 227, 227, 3)


@pytest.mark.slow
def test_a_network_with_shortcuts_and_batch_normalization():
    network = rwkeras.keras_application("resnet50")
    model = made(network, "conv2_block1_out", width=1 / 16, depth=1)
    images = np.stack([waves(45, 37)] * 2)
    decoded = model(images)
    assert decoded.shape == images.shape
    assert decoded.numpy().std() > 0


def test_fully_connected_layers(square):
    network = rwkeras.toy_vgg(include_top=True)
    for layer in ("flatten", "fc6", "fc8"):
        decoder = rwkeras.decoder(network, layer, DecoderSettings(depth=1))
        decoded = rwkeras.decnn(network, layer, decoder)(square[np.newaxis])
        expected = decoder(encoder_to(network, layer)(square[np.newaxis]))
        np.testing.assert_array_equal(decoded, expected)


def test_a_file_gives_the_same_picture(toy, tmp_path):
    path = tmp_path / "decoder.keras"
    for layer, upsampling in (
        ("conv1_2", "transposed"),
        ("pool2", "nearest"),
        ("conv3_1", "bilinear"),
        ("pool3", "subpixel"),
    ):
        model = made(toy, layer, upsampling=upsampling)
        model.save(path)
        images = waves(21, 18)[np.newaxis]
        for given in (path, str(path), model):
            loaded = load_decoder(given)
            assert loaded(images).numpy().tobytes() == model(images).numpy().tobytes()
        encoder, decoder = encoder_and_decoder(load_decoder(path))
        assert (encoder.name, decoder.name) == ("toy_vgg", "decoder")
        assert encoder.output_names == [layer]
        assert not encoder.trainable_weights


def test_a_file_of_a_network_of_ones_own_layers(tmp_path):
    model = made(rwkeras.alexnet(), "norm1", width=1 / 16)
    model.save(tmp_path / "decoder.keras")
    images = waves(40, 44)[np.newaxis]
    loaded = load_decoder(tmp_path / "decoder.keras")
    assert loaded(images).numpy().tobytes() == model(images).numpy().tobytes()


def test_parts(toy):
    decoder = rwkeras.decoder(toy, "conv2_1")
    model = rwkeras.decnn(toy, "conv2_1", decoder)
    encoder, second = encoder_and_decoder(model)
    assert second is decoder
    assert (model.name, encoder.name) == ("decnn", "toy_vgg")
    assert encoder.layers[-1].name == "conv2_1"
    for one, other in zip(
        encoder.get_weights(), encoder_to(toy, "conv2_1").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_only_the_decoder_trains():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    x = keras.layers.BatchNormalization(name="normal")(x)
    model = made(keras.Model(inputs, x, name="encoder"), "normal", depth=1)
    encoder, decoder = encoder_and_decoder(model)
    trained = [id(weight) for weight in model.trainable_weights]
    assert trained == [id(weight) for weight in decoder.weights]
    images = waves(16, 16)[np.newaxis]
    before = encoder.get_weights(), decoder.get_weights()
    model.compile("adam", "mse")
    model.fit(images, images, epochs=2, verbose=0)
    for one, other in zip(before[0], encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((a != b).any() for a, b in zip(before[1], decoder.get_weights(), strict=True))


def test_the_network_stays_as_it_is(image):
    network = rwkeras.toy_vgg(seed=3)
    network.get_layer("conv1_2").trainable = False
    weights = network.get_weights()
    model = made(network, "conv2_1")
    model.compile("adam", "mse")
    model.fit(image[np.newaxis], image[np.newaxis], verbose=0)
    assert [layer.trainable for layer in network.layers] == [
        layer.name != "conv1_2" for layer in network.layers
    ]
    for one, other in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    # Nor does the encoder follow the network.
    decoded = model(image[np.newaxis]).numpy()
    network.set_weights([2 * weight for weight in weights])
    np.testing.assert_array_equal(model(image[np.newaxis]), decoded)


def test_a_decoder_of_another_layer(toy):
    with pytest.raises(ValueError) as info:
        rwkeras.decnn(toy, "conv2_1", rwkeras.decoder(toy, "conv3_1"))
    assert str(info.value) == (
        "Invalid value for argument `decoder`. Expected a decoder for activations of shape (None, "
        "None, 12). Received: decoder=(None, None, 16)"
    )
    top = rwkeras.toy_vgg(include_top=True)
    with pytest.raises(ValueError) as info:
        rwkeras.decnn(top, "fc8", rwkeras.decoder(top, "fc7"))
    assert str(info.value) == (
        "Invalid value for argument `decoder`. Expected a decoder for activations of shape (10,). "
        "Received: decoder=(32,)"
    )


def test_no_such_layer(toy):
    with pytest.raises(ValueError) as info:
        rwkeras.decnn(toy, "fc6", rwkeras.decoder(toy, "conv3_1"))
    assert str(info.value) == (
        "Invalid value for argument `layer`. Expected a layer of 'toy_vgg': preprocess, conv1_1, "
        "conv1_2, pool1, conv2_1, conv2_2, pool2, conv3_1, conv3_2, pool3. Received: layer=fc6"
    )


def test_files_that_are_none(tmp_path):
    for name in ("none.keras", "decoder.h5", "folder.keras"):
        path = tmp_path / name
        if name == "decoder.h5":
            path.write_text("x")
        if name == "folder.keras":
            path.mkdir()
        for given in (path, str(path)):
            with pytest.raises(ValueError) as info:
                load_decoder(given, "init")
            assert str(info.value) == NO_FILE.format(path)


def test_broken_files(toy, tmp_path):
    whole = tmp_path / "decoder.keras"
    made(toy, "conv1_1", depth=1).save(whole)
    contents = {"text": b"x", "empty": b"", "cut": whole.read_bytes()[:1000]}
    for name, content in contents.items():
        path = tmp_path / f"{name}.keras"
        path.write_bytes(content)
        with pytest.raises(ValueError) as info:
            load_decoder(path, "init")
        reason = (
            f"File not found: filepath={path}. Please ensure the file is an accessible `.keras` "
            "zip file."
        )
        assert str(info.value) == NO_DECODER.format(f"{path} ({reason})")
    path = tmp_path / "zip.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "x")
    with pytest.raises(ValueError) as info:
        load_decoder(path, "init")
    reason = "\"There is no item named 'config.json' in the archive\""
    assert str(info.value) == NO_DECODER.format(f"{path} ({reason})")


def test_other_models(toy, tmp_path):
    path = tmp_path / "toy.keras"
    toy.save(path)
    with pytest.raises(ValueError) as info:
        load_decoder(path, "init")
    assert str(info.value) == NO_DECODER.format(path)
    others = {"Functional": toy, "NoneType": None, "int": 5, "list": [made(toy, "conv1_1")]}
    for name, given in others.items():
        with pytest.raises(ValueError) as info:
            load_decoder(given, "init")
        assert str(info.value) == NO_DECODER.format(name)


def test_the_argument_is_called_decoder():
    with pytest.raises(ValueError) as info:
        load_decoder("none.keras")
    assert str(info.value) == (
        "Invalid value for argument `decoder`. Expected the path of an existing .keras file. "
        "Received: decoder=none.keras"
    )


def test_one_side_that_is_given():
    network = rwkeras.toy_vgg((None, 30, 3), seed=3)
    model = rwkeras.decnn(
        network, "pool2", rwkeras.decoder(network, "pool2", DecoderSettings(depth=1))
    )
    assert model.output.shape == (None, None, 30, 3)
    assert rwkeras.decode(model, waves(21, 30)).shape == (21, 30, 3)


def test_dropout_in_the_encoder_is_off_in_training(toy):
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    x = keras.layers.Dropout(0.5, name="dropped")(x)
    network = keras.Model(inputs, x, name="dropping")
    model = rwkeras.decnn(network, "dropped", rwkeras.decoder(network, "dropped"))
    image = waves(8, 8)[np.newaxis]
    np.testing.assert_array_equal(model(image, training=True), model(image, training=False))
