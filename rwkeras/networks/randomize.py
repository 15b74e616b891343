"""Random weights for any Keras model."""

from collections.abc import Iterator

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.networks.initializers import RandomInitializer, get_initializer
from rwkeras.validation import invalid_argument

_ZEROS = ("bias", "beta", "moving_mean")
_ONES = ("gamma", "moving_variance")


def _layers(
    model: keras.Model, prefix: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], keras.layers.Layer]]:
    """Yields the layers that hold weights, with the names on the way to each."""
    for layer in model.layers:
        names = (*prefix, layer.name)
        if isinstance(layer, keras.Model):
            yield from _layers(layer, names)
        else:
            yield names, layer


def _is_depthwise(layer: keras.layers.Layer, weight: keras.Variable) -> bool:
    """Returns whether each unit of a kernel sees one channel, [height, width, channels, m].

    Distributions take the last dimension but one for what a unit sees, which here is one channel.
    """
    return weight.name == "depthwise_kernel" or isinstance(layer, keras.layers.DepthwiseConv2D)


@eager_only
def randomize(
    model: keras.Model, initializer: str | RandomInitializer = "gaussian", *, seed: int = 0
) -> None:
    """Draws the weights of a Keras model anew, in place.

    Every trainable weight of two or more dimensions is drawn, each from a stream of its own,
    derived from the seed, its layer's name and its own; for a network of `vgg19` this gives the
    very weights of `vgg19(initializer=initializer, seed=seed)`. Biases become 0. Normalisation
    layers become the identity up to their epsilon: scale 1, offset 0, moving mean 0, moving
    variance 1. Anything else keeps its value.

    Args:
        model: A built `keras.Model`; models inside it are entered.
        initializer: A name of `INITIALIZERS`, or a distribution, whose own seed is not used.
        seed: The seed of all streams.

    Raises:
        ValueError: `model` is not a built Keras model, or `initializer` is unknown.
    """
    if not isinstance(model, keras.Model) or not model.built:
        raise invalid_argument("model", "a built `keras.Model`", model)
    distribution = get_initializer(initializer, seed)
    for names, layer in _layers(model):
        trainable = {id(weight) for weight in layer.trainable_weights}
        for weight in layer.weights:
            if weight.name in _ZEROS:
                weight.assign(keras.ops.zeros_like(weight))
            elif weight.name in _ONES:
                weight.assign(keras.ops.ones_like(weight))
            elif id(weight) in trainable and len(weight.shape) >= 2:
                stream = distribution.stream(*names, weight.name)
                if _is_depthwise(layer, weight):
                    *window, channels, multiplier = weight.shape
                    drawn = stream((*window, 1, channels * multiplier), weight.dtype)
                    weight.assign(keras.ops.reshape(drawn, weight.shape))
                else:
                    weight.assign(stream(weight.shape, weight.dtype))
