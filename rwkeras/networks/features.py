"""Feature extractors for named layers, and checks of the image shapes they accept."""

from collections.abc import Iterable, Sequence

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.validation import InvalidArgumentError, invalid_argument, suggestion

# Layer name that stands for the image itself in the terms of an objective.
INPUT = "input"
# Suffix of an extractor's name, after the model's.
_SUFFIX = "_features"


class SilentNetworkError(InvalidArgumentError):
    """Raised for vanishing or non-finite activations or gradients, as on single-colour images."""


def checked_layers(name: str, layers: Iterable[str]) -> tuple[str, ...]:
    """Returns layer names as a tuple; raises `ValueError` unless they are distinct strings."""
    names = () if isinstance(layers, str) else tuple(layers)
    if not names or len(set(names)) < len(names) or not all(isinstance(n, str) for n in names):
        raise invalid_argument(name, "one or more different layer names", layers)
    return names


def feature_extractor(model: keras.Model, layers: Iterable[str]) -> keras.Model:
    """Returns a model that outputs the activations of some layers of another model.

    Args:
        model: A functional `keras.Model` with one input.
        layers: Names of its layers. The extractor stops at the deepest of them.

    Returns:
        A `keras.Model` from images to a dictionary of activations by layer name.

    Raises:
        ValueError: `model` is not such a model or lacks one of the layers.
    """
    if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        raise invalid_argument("model", "a functional `keras.Model` with one input", model)
    known = [layer.name for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    outputs = {}
    for name in layers:
        if name not in known:
            expected = f"a layer of '{model.name}': {', '.join(known)}"
            raise invalid_argument("layer", expected + suggestion(name, known), name)
        outputs[name] = model.get_layer(name).output
    return keras.Model(model.inputs[0], outputs, name=model.name + _SUFFIX)


def check_image_shape(
    extractor: keras.Model, shape: Sequence[int | None], name: str = "image"
) -> None:
    """Raises `ValueError` unless an extractor accepts images of a given shape.

    Every output must have at least one position.

    Args:
        extractor: A model returned by `feature_extractor`.
        shape: [batch, height, width, channels].
        name: Name of the image argument in error messages.
    """
    received = tuple(shape[1:])
    needed = tuple(extractor.inputs[0].shape[1:])
    if len(needed) == 3 and needed[0] in (1, 3) and needed[2] not in (1, 3):
        expected = "a network of images, [batch, height, width, channels], with channels last"
        name = extractor.name.removesuffix(_SUFFIX)
        raise invalid_argument("model", expected, f"'{name}' of {needed}")
    if len(needed) != 3 or any(n not in (None, r) for n, r in zip(needed, received, strict=True)):
        raise invalid_argument(name, f"an image of shape {needed} for this network", received)
    try:
        sizes = extractor.compute_output_shape(tuple(shape)).values()
    except ValueError:  # Keras raises it if a pooling has no output.
        sizes = [(0,)]
    if any(size is not None and size <= 0 for shape in sizes for size in shape):
        names = ", ".join(extractor.output)
        raise invalid_argument(
            name, f"an image large enough for the pooling layers before {names}", received
        )


def extract(model: keras.Model, layers: Iterable[str], images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the activations of layers on images, [batch, height, width, channels], by name.

    They are float32, whatever the network's compute dtype.
    """
    extractor = feature_extractor(model, layers)
    check_image_shape(extractor, images.shape)
    return {name: tf.cast(maps, tf.float32) for name, maps in extractor(images).items()}
