"""The perceptual loss once more, in NumPy and float64."""

import numpy as np

import rwkeras
from rwkeras.perceptual.reference import reference_images


def _convolved(x, kernel):
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    return np.maximum(np.tensordot(windows, kernel, [(4, 5, 3), (0, 1, 2)]), 0)


def _pooled(x):
    height, width = (2 * (side // 2) for side in x.shape[1:3])
    corners = [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]
    return np.mean(corners, axis=0)


def _gram(x):
    return np.einsum("bhwi,bhwj->bij", x, x) / np.prod(x.shape[1:3])


def _content(x, y):
    return ((x - y) ** 2).mean((1, 2, 3)) / 2


def _texture(x, y):
    return ((_gram(x) - _gram(y)) ** 2).mean((1, 2)) / 4


def toy_features(images, seed, scales=None):
    """Returns activations by layer name, and what each layer is divided by unless that is given."""
    model = rwkeras.toy_vgg(seed=seed)
    divide_by = {} if scales is None else scales
    features = {}
    x = 255 * np.asarray(images, np.float64)
    for layer in model.layers[2:]:
        if layer.name.startswith("pool"):
            x = _pooled(x)
        else:
            x = _convolved(x, layer.kernel.numpy().astype(np.float64))
            if scales is None:
                divide_by[layer.name] = x.mean()
            x = x / divide_by[layer.name]
        features[layer.name] = x
    return features, divide_by


def toy_loss(y_true, y_pred, *, seed, feature=(1.0, ()), style=(1.0, ()), pixel_weight=0.0):
    """Returns the loss of each image; `feature` and `style` are a weight and layers."""
    references, scales = toy_features(reference_images(seed), seed)
    wanted, found = (toy_features(images, seed, scales)[0] for images in (y_true, y_pred))
    loss = 0.0
    if pixel_weight:
        loss = pixel_weight * ((y_pred - y_true) ** 2).mean((1, 2, 3))
    for (weight, layers), distance in ((feature, _content), (style, _texture)):
        for layer in layers:
            x = references[layer]
            pairs = [distance(x[[i]], x[[j]])[0] for i in range(16) for j in range(i)]
            term = distance(found[layer], wanted[layer]) / np.mean(pairs)
            loss = loss + weight * term / len(layers)
    return loss
