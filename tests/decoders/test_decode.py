import numpy as np
import pytest
from PIL import Image

import rwkeras
from rwkeras.decoders.settings import DecoderSettings
from rwkeras.images.writing import to_uint8, write_image
from tests.conftest import waves

EXPECTED = "Expected a .keras file written by tools/train_decoder.py."


@pytest.fixture(scope="module")
def decoder(toy):
    return rwkeras.decnn(toy, "conv2_1", rwkeras.decoder(toy, "conv2_1", DecoderSettings(depth=1)))


def test_is_what_the_networks_make_clipped(decoder, image):
    raw = decoder(image[np.newaxis])[0].numpy()
    assert raw.min() < 0
    assert raw.max() > 1
    decoded = rwkeras.decode(decoder, image)
    assert decoded.dtype == np.float32
    np.testing.assert_array_equal(decoded, np.clip(raw, 0, 1))


def test_one_and_a_batch(decoder):
    pictures = [waves(17, 22), waves(22, 17).transpose(1, 0, 2)]
    batch = rwkeras.decode(decoder, np.stack(pictures))
    assert batch.shape == (2, 17, 22, 3)
    for picture, decoded in zip(pictures, batch, strict=True):
        np.testing.assert_allclose(rwkeras.decode(decoder, picture), decoded, atol=1e-5)
    assert rwkeras.decode(decoder, pictures[0][np.newaxis]).shape == (1, 17, 22, 3)


def test_whatever_is_an_image(decoder, image, tmp_path):
    pixels = to_uint8(image)
    write_image(tmp_path / "image.png", image)
    expected = rwkeras.decode(decoder, pixels)
    for given in (
        tmp_path / "image.png",
        str(tmp_path / "image.png"),
        Image.fromarray(pixels),
        pixels.astype(np.float32) / 255,
    ):
        np.testing.assert_array_equal(rwkeras.decode(decoder, given), expected)


def test_from_a_file(decoder, image, tmp_path):
    path = tmp_path / "decoder.keras"
    decoder.save(path)
    expected = rwkeras.decode(decoder, image).tobytes()
    for given in (path, str(path), rwkeras.load_decoder(path)):
        assert rwkeras.decode(given, image).tobytes() == expected


def test_the_smallest_images(toy):
    model = rwkeras.decnn(toy, "pool3", rwkeras.decoder(toy, "pool3", DecoderSettings(depth=1)))
    assert rwkeras.decode(model, waves(2, 3)).shape == (2, 3, 3)
    with pytest.raises(ValueError) as info:
        rwkeras.decode(model, waves(1, 16))
    assert str(info.value) == (
        "Invalid value for argument `image`. Expected at least 2 x 2 pixels. "
        "Received: image=(1, 16, 3)"
    )


def test_a_network_of_one_size(square):
    network = rwkeras.toy_vgg(include_top=True)
    model = rwkeras.decnn(network, "fc6", rwkeras.decoder(network, "fc6", DecoderSettings(depth=1)))
    assert rwkeras.decode(model, square).shape == (32, 32, 3)
    for shape in ((16, 32), (32, 31), (64, 64)):
        with pytest.raises(ValueError) as info:
            rwkeras.decode(model, waves(*shape))
        assert str(info.value) == (
            "Invalid value for argument `image`. Expected an image of shape (32, 32, 3) for this "
            f"network. Received: image=({shape[0]}, {shape[1]}, 3)"
        )


def test_an_image_that_an_unpadded_network_cannot_take():
    network = rwkeras.alexnet()
    model = rwkeras.decnn(
        network, "pool2", rwkeras.decoder(network, "pool2", DecoderSettings(depth=1))
    )
    assert rwkeras.decode(model, waves(40, 48)).shape == (40, 48, 3)
    with pytest.raises(ValueError) as info:
        rwkeras.decode(model, waves(16, 48))
    assert str(info.value) == (
        "Invalid value for argument `image`. Expected an image large enough for the pooling "
        "layers before pool2. Received: image=(16, 48, 3)"
    )


def test_no_image(decoder):
    with pytest.raises(ValueError) as info:
        rwkeras.decode(decoder, 5)
    assert str(info.value) == (
        "Invalid value for argument `image`. Expected a path, a Pillow image, an array or a "
        "tensor. Received: image=<class 'int'>"
    )


def test_no_file(image, tmp_path):
    (tmp_path / "decoder.h5").write_text("x")
    for name in ("none.keras", "decoder.h5"):
        with pytest.raises(ValueError) as info:
            rwkeras.decode(tmp_path / name, image)
        assert str(info.value) == (
            "Invalid value for argument `decoder`. Expected the path of an existing .keras file. "
            f"Received: decoder={tmp_path / name}"
        )


def test_files_without_a_decoder(toy, image, tmp_path):
    toy.save(tmp_path / "toy.keras")
    (tmp_path / "broken.keras").write_text("x")
    path = tmp_path / "toy.keras"
    with pytest.raises(ValueError) as info:
        rwkeras.decode(path, image)
    assert str(info.value) == (
        f"Invalid value for argument `decoder`. {EXPECTED} Received: decoder={path}"
    )
    path = tmp_path / "broken.keras"
    with pytest.raises(ValueError) as info:
        rwkeras.decode(path, image)
    assert str(info.value) == (
        f"Invalid value for argument `decoder`. {EXPECTED} Received: decoder={path} (File not "
        f"found: filepath={path}. Please ensure the file is an accessible `.keras` zip file.)"
    )


def test_a_decoder_alone(toy, image):
    with pytest.raises(ValueError) as info:
        rwkeras.decode(rwkeras.decoder(toy, "conv2_1"), image)
    assert str(info.value) == (
        f"Invalid value for argument `decoder`. {EXPECTED} Received: decoder=Functional"
    )
