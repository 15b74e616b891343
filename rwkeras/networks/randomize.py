"""Random reinitialisation of any Keras model."""

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
    """Yields all layers that are not models, each with the path of names that leads to it."""
    for layer in model.layers:
        names = (*prefix, layer.name)
        if isinstance(layer, keras.Model):
            yield from _layers(layer, names)
        else:
            yield names, layer


def _is_depthwise(layer: keras.layers.Layer, weight: keras.Variable) -> bool:
    """Returns whether a weight is a depthwise kernel, [height, width, channels, multiplier].

    Each unit of such a kernel has one input channel, whereas distributions count the second to last
    dimension as input channels.
    """
    return weight.name == "depthwise_kernel" or isinstance(layer, keras.layers.DepthwiseConv2D)


@eager_only
def randomize(
    model: keras.Model, initializer: str | RandomInitializer = "gaussian", *, seed: int = 0
) -> None:
    """Draws new random weights for a Keras model, in place.

    Every trainable weight of two or more dimensions is drawn from its own random stream, derived
    from the seed, the layer's name and the weight's name; a `vgg19` model gets exactly the weights
    of `vgg19(initializer=initializer, seed=seed)`. Biases become 0. Normalisation layers become the
    identity up to their epsilon: scale 1, offset 0, moving mean 0, moving variance 1. Other weights
    are unchanged.

    Args:
        model: A built `keras.Model`; nested models are included.
        initializer: A name in `INITIALIZERS`, or a distribution, whose own seed is ignored.
        seed: Seed of all random streams.

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
