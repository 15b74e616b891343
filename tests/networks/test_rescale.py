import keras
import numpy as np
import pytest

import rwkeras
from rwkeras.images.writing import write_image
from rwkeras.networks.rescale import rescale_filters


@pytest.fixture
def biased():
    """A network with biases, whose first filter of `conv2_1` never answers."""
    model = rwkeras.toy_vgg(include_top=True, initializer="he", subtract_mean=True, seed=5)
    for layer in model.layers:
        if hasattr(layer, "bias"):
            layer.bias.assign(np.linspace(-1, 2, layer.bias.shape[0]))
    silent = model.get_layer("conv2_1")
    silent.bias.assign(np.r_[-1e6, silent.bias[1:]])
    return model


def convolve(x, kernel, bias):
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    return np.maximum(np.einsum("yxcij,ijcf->yxf", windows, kernel) + bias, 0)


def activations(model, image):
    """Returns the activations of the layers with weights, in NumPy, in float64."""
    x = image.astype(np.float64) * 255 - np.array([123.68, 116.779, 103.939])
    found = {}
    for layer in model.layers:
        if layer.name.startswith("pool"):
            height, width = (side // 2 * 2 for side in x.shape[:2])
            x = x[:height, :width].reshape(height // 2, 2, width // 2, 2, -1).mean(axis=(1, 3))
        elif layer.weights:
            kernel, bias = (weight.astype(np.float64) for weight in layer.get_weights())
            if layer.name.startswith("conv"):
                x = convolve(x, kernel, bias)
            else:
                x = x.reshape(-1) @ kernel + bias
                x = x if layer.name == "fc8" else np.maximum(x, 0)
            found[layer.name] = x
    return found


def test_mean_activations_become_one(biased, square):
    images = [square, np.flip(square, axis=0) ** 2]
    before = [activations(biased, image) for image in images]
    means = rescale_filters(biased, images)
    after = [activations(biased, image) for image in images]
    for name, scale in means.items():
        values = [np.abs(found[name]).reshape(-1, scale.size) for found in before]
        expected = np.concatenate(values).mean(axis=0)
        silent = expected == 0
        assert silent[0] or name != "conv2_1"
        np.testing.assert_allclose(scale, np.where(silent, 1, expected), rtol=1e-5)
        rescaled = [np.abs(found[name]).reshape(-1, scale.size) for found in after]
        np.testing.assert_allclose(
            np.concatenate(rescaled).mean(axis=0), np.where(silent, 0, 1), rtol=1e-4
        )
        np.testing.assert_allclose(after[0][name], before[0][name] / scale, rtol=1e-3, atol=1e-4)


def test_on_another_image(biased, square):
    other = np.roll(square, 7, axis=1)[..., ::-1].copy()
    before = activations(biased, other)["fc8"]
    means = rescale_filters(biased, square)
    np.testing.assert_allclose(biased(other[np.newaxis])[0], before / means["fc8"], rtol=1e-4)


def test_a_folder_of_images_that_differ_in_size(tmp_path, image, square):
    pictures = [square, image[:20], image]
    for index, picture in enumerate(pictures):
        write_image(tmp_path / f"{index}.png", picture)
    model, again = (rwkeras.toy_vgg(seed=2) for _ in range(2))
    means = rescale_filters(model, tmp_path)
    read = [rwkeras.read_image(path) for path in sorted(tmp_path.iterdir())]
    rescale_filters(again, iter(read))
    for first, second in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    untouched = rwkeras.toy_vgg(seed=2)
    features = [rwkeras.extract(untouched, ["conv2_2"], x[np.newaxis])["conv2_2"] for x in read]
    flat = np.concatenate([np.reshape(x, (-1, 12)) for x in features]).astype(np.float64)
    active = flat.mean(axis=0) > 0
    np.testing.assert_allclose(means["conv2_2"][active], flat.mean(axis=0)[active], rtol=1e-5)


def test_errors(square):
    with pytest.raises(ValueError) as error:
        rescale_filters(rwkeras.toy_vgg(include_top=True), square[:16])
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected an image of shape (32, 32, 3) for this "
        "network. Received: image=(16, 32, 3)"
    )
    inputs = keras.Input((None, None, 4))
    grouped = keras.layers.Conv2D(4, 3, groups=2, name="grouped")(inputs)
    with pytest.raises(ValueError) as error:
        rescale_filters(keras.Model(inputs, grouped, name="g"), square)
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a network without grouped convolutions such "
        "as 'grouped'. Received: model=g"
    )
    broken = rwkeras.toy_vgg()
    broken.get_layer("conv1_2").bias.assign(np.full(8, np.inf))
    with pytest.raises(ValueError) as error:
        rescale_filters(broken, square)
    assert str(error.value) == (
        "Invalid value for argument `images`. Expected images on which layer 'conv1_2' has finite "
        "activations. Received: images=a mean activation of inf"
    )
