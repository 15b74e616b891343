"""VGG-19 trained on ImageNet, the papers' trained baseline, from Keras's weight files.

Layer names, the image range [0, 1] and average pooling are those of `vgg19`. Keras's weights, which
are those of Simonyan and Zisserman, expect BGR images; the first layer's kernel is flipped to RGB.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.networks.rescale import rescale_filters
from rwkeras.networks.vgg import build_vgg
from rwkeras.networks.vgg_architecture import VGG19
from rwkeras.validation import invalid_argument

# Trained at 224 x 224; only the fully connected layers require that size.
PRETRAINED_VGG19 = VGG19._replace(name="pretrained_vgg19", top_size=224)

_URL = "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
_FILES = {
    False: (
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "253f8cb515780f3b799900260a226db6",
    ),
    True: ("vgg19_weights_tf_dim_ordering_tf_kernels.h5", "cbe5617147190e668d6c5d5026f83318"),
}
_KERAS_TOP = {"fc6": "fc1", "fc7": "fc2", "fc8": "predictions"}


@eager_only
def pretrained_vgg19(
    weights: str | os.PathLike[str] = "imagenet",
    *,
    images: Any = None,
    pooling: str = "avg",
    include_top: bool = False,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
) -> keras.Model:
    """Returns VGG-19 with weights trained on ImageNet, optionally with rescaled filters.

    Inputs are RGB images in [0, 1], [batch, height, width, 3]; the model subtracts ImageNet's mean
    colour. `fc8` is linear: the classifier's softmax is left out.

    Args:
        weights: "imagenet" for Keras's file, from its cache or downloaded; or the path of a file
            in Keras's layout: `vgg19_weights_tf_dim_ordering_tf_kernels.h5`, with or without
            `_notop`, or a `.weights.h5` written by `keras.applications.VGG19().save_weights`.
        images: Images over which each filter is rescaled to mean activation 1, as by Gatys et al.;
            see `rescale_filters`. None leaves the trained weights unchanged.
        pooling: "avg", as in Gatys et al. and the papers, or "max", as in training.
        include_top: Whether to add the fully connected layers `fc6`, `fc7`, `fc8`.
        input_shape: (height, width, 3); None means any size. With `include_top` it must be
            (224, 224, 3); (None, None, 3) is then read as that.

    Returns:
        A functional `keras.Model` with the layers of `vgg19`.

    Raises:
        ValueError: The file does not exist or does not hold these weights, or another argument is
            invalid.
    """
    path = _keras_file(include_top) if weights == "imagenet" else Path(weights)
    model = build_vgg(
        PRETRAINED_VGG19,
        lambda layer: keras.initializers.Zeros(),
        input_shape,
        pooling=pooling,
        include_top=include_top,
        subtract_mean=True,
    )
    layers = [layer for layer in model.layers if layer.weights]
    for layer, arrays in zip(layers, _read(path, [layer.name for layer in layers]), strict=True):
        _assign(layer, arrays, path)
    if images is not None:
        rescale_filters(model, images)
    return model


def _keras_file(include_top: bool) -> Path:
    """Returns the path of Keras's weight file, downloading it if Keras has not cached it."""
    file, digest = _FILES[include_top]
    try:
        return Path(
            keras.utils.get_file(file, _URL + file, cache_subdir="models", file_hash=digest)
        )
    except Exception as error:  # Keras raises a bare `Exception` without a network.
        cache = Path(os.environ.get("KERAS_HOME", "~/.keras")) / "models" / file
        raise invalid_argument(
            "weights",
            f"the path of Keras's weights, or 'imagenet' where Keras can download {_URL}{file} or "
            f"has it cached as {cache}",
            f"imagenet ({_first_line(error)})",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _read(path: Path, names: list[str]) -> Iterator[list[np.ndarray]]:
    """Yields the arrays of each of the given layers of `vgg19`."""
    if not path.is_file():
        raise invalid_argument("weights", "'imagenet' or the path of an existing file", str(path))
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise invalid_argument(
            "weights", "an intact HDF5 file of Keras's weights", str(path)
        ) from error
    with file:
        yield from (_arrays(file, name, path) for name in names)


def _arrays(file: h5py.File, name: str, path: Path) -> list[np.ndarray]:
    """Returns a layer's arrays from any of Keras's file layouts."""
    stage, _, index = name.removeprefix("conv").partition("_")
    keras_name = _KERAS_TOP.get(name) or f"block{stage}_conv{index}"
    try:
        if "layers" in file:  # `.weights.h5` numbers layers within their class.
            variables = file["layers"][_numbered(name)]["vars"]
            return [np.asarray(variables[key], np.float32) for key in sorted(variables, key=int)]
        # A whole saved model has its weights in the group "model_weights".
        group = file.get("model_weights", file)[keras_name]
        return [np.asarray(group[key], np.float32) for key in group.attrs["weight_names"]]
    except (KeyError, ValueError, OSError) as error:
        raise invalid_argument(
            "weights",
            f"intact weights of Keras's VGG19, with a layer '{keras_name}'",
            str(path),
        ) from error


def _numbered(name: str) -> str:
    """Returns a layer's name in `.weights.h5`: conv2d, conv2d_1, ..., dense, ..."""
    kind, known = ("conv2d", VGG19.conv_layers)
    if name in VGG19.top_layers:
        kind, known = ("dense", VGG19.top_layers)
    index = known.index(name)
    return f"{kind}_{index}" if index else kind


def _assign(layer: keras.layers.Layer, arrays: list[np.ndarray], path: Path) -> None:
    """Sets a layer's weights; raises `ValueError` if they do not fit or are not finite."""
    shapes = [tuple(weight.shape) for weight in layer.weights]
    found = [array.shape for array in arrays]
    if found != shapes:
        raise invalid_argument("weights", f"{shapes} for '{layer.name}'", f"{path} ({found})")
    kernel, bias = arrays
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise invalid_argument("weights", f"finite weights for '{layer.name}'", str(path))
    if layer.name == "conv1_1":
        kernel = kernel[:, :, ::-1]  # BGR to RGB.
    layer.set_weights([kernel, bias])
