"""VGG networks with random weights (Simonyan and Zisserman, 2014; He et al., 2016).

The whole family is built by one loop over an architecture's plan. Layers have the papers' names:
`conv1_1` ... `conv5_4`, `pool1` ... `pool5`, `fc6`, `fc7`, `fc8`.
"""

from collections.abc import Callable
from typing import Any

from rwkeras.backend import float32_layers, keras
from rwkeras.networks.initializers import RandomInitializer, get_initializer
from rwkeras.networks.input_shape import checked_input_shape
from rwkeras.networks.vgg_architecture import TOY_VGG, VGG19, Architecture, narrowed
from rwkeras.validation import check_choice, invalid_argument

# Mean colour of ImageNet's training set, which VGG subtracts; RGB in [0, 255].
MEAN_RGB = (123.68, 116.779, 103.939)

_POOLING: dict[str, Any] = {
    "avg": keras.layers.AveragePooling2D,
    "max": keras.layers.MaxPooling2D,
}
POOLINGS = tuple(_POOLING)


def _input_shape(
    architecture: Architecture, shape: tuple[int | None, int | None, int], include_top: bool
) -> tuple[int | None, int | None, int]:
    """Returns the model's input shape, or raises `ValueError`."""
    shape = checked_input_shape(shape)
    if not include_top:
        return shape
    size = architecture.top_size
    if any(side not in (None, size) for side in shape[:2]):
        raise invalid_argument(
            "input_shape", f"({size}, {size}, 3), which the fully connected layers need", shape
        )
    return size, size, 3


@float32_layers()
def build_vgg(
    architecture: Architecture,
    kernel_initializer: Callable[[str], keras.initializers.Initializer],
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    pooling: str = "avg",
    include_top: bool = False,
    subtract_mean: bool = False,
) -> keras.Model:
    """Builds a network of the VGG family.

    Args:
        architecture: The architecture.
        kernel_initializer: Function from a layer's name to the initialiser of its kernel.
        input_shape: See `vgg19`.
        pooling: See `vgg19`.
        include_top: See `vgg19`.
        subtract_mean: See `vgg19`.

    Raises:
        ValueError: An argument is invalid.
    """
    check_choice("pooling", pooling, _POOLING)
    shape = _input_shape(architecture, input_shape, include_top)
    inputs = keras.Input(shape, name="image", dtype="float32")
    offset = [-mean if subtract_mean else 0.0 for mean in MEAN_RGB]
    x = keras.layers.Rescaling(255.0, offset=offset, name="preprocess")(inputs)
    for name, filters in architecture.plan:
        if filters is None:
            x = _POOLING[pooling](2, data_format="channels_last", name=name)(x)
            continue
        x = keras.layers.Conv2D(
            filters,
            3,
            padding="same",
            data_format="channels_last",
            activation="relu",
            kernel_initializer=kernel_initializer(name),
            name=name,
        )(x)
    if include_top:
        x = keras.layers.Flatten("channels_last", name="flatten")(x)
        for name, units in architecture.top:
            x = keras.layers.Dense(
                units,
                activation=None if name == architecture.top[-1][0] else "relu",
                kernel_initializer=kernel_initializer(name),
                name=name,
            )(x)
    return keras.Model(inputs, x, name=architecture.name)


def random_kernels(
    initializer: str | RandomInitializer, seed: int
) -> Callable[[str], RandomInitializer]:
    """Returns a function from a layer's name to the distribution of its kernel."""
    distribution = get_initializer(initializer, seed)
    return lambda layer: distribution.stream(layer, "kernel")


def vgg19(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    pooling: str = "avg",
    include_top: bool = False,
    subtract_mean: bool = False,
    initializer: str | RandomInitializer = "gaussian",
    seed: int = 0,
) -> keras.Model:
    """Returns a VGG-19 with random weights and zero biases.

    Inputs are RGB images in [0, 1], [batch, height, width, 3], which the model scales to [0, 255].
    The outputs of conv layers are taken after the ReLU. `fc8` is linear: the classifier's softmax
    is left out.

    Args:
        input_shape: (height, width, 3); None means any size. With `include_top` it must be
            (256, 256, 3); (None, None, 3) is then read as that.
        pooling: "avg", as in the paper, or "max".
        include_top: Whether to add the fully connected layers `fc6`, `fc7`, `fc8`.
        subtract_mean: Whether to subtract the mean colour of ImageNet's training set. One version
            of the paper does, the other does not say. Pixels centred on zero improve texture and
            style, but cost inversion several dB in deep layers.
        initializer: Distribution of the kernels: a name in `INITIALIZERS` or a distribution, whose
            own seed is ignored.
        seed: Each layer draws from its own random stream, derived from this seed and its name.

    Returns:
        A functional `keras.Model` with the papers' layer names.

    Raises:
        ValueError: An argument is invalid.
    """
    return build_vgg(
        VGG19,
        random_kernels(initializer, seed),
        input_shape,
        pooling=pooling,
        include_top=include_top,
        subtract_mean=subtract_mean,
    )


def toy_vgg(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    pooling: str = "avg",
    include_top: bool = False,
    subtract_mean: bool = False,
    initializer: str | RandomInitializer = "gaussian",
    seed: int = 0,
) -> keras.Model:
    """Returns a tiny VGG of three stages of two narrow layers, for tests and quick experiments.

    The arguments are those of `vgg19`; `include_top` requires 32 x 32 images.
    """
    return build_vgg(
        TOY_VGG,
        random_kernels(initializer, seed),
        input_shape,
        pooling=pooling,
        include_top=include_top,
        subtract_mean=subtract_mean,
    )


def narrow_vgg19(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    width: float = 0.25,
    pooling: str = "avg",
    include_top: bool = False,
    subtract_mean: bool = False,
    initializer: str | RandomInitializer = "gaussian",
    seed: int = 0,
) -> keras.Model:
    """Returns a VGG-19 with a fraction of the filters, which can be trained in minutes.

    Args:
        input_shape: See `vgg19`.
        width: Fraction of the filters of each conv layer and of the units of `fc6` and `fc7`, in
            (0, 1].
        pooling: See `vgg19`.
        include_top: See `vgg19`.
        subtract_mean: See `vgg19`.
        initializer: See `vgg19`.
        seed: See `vgg19`.
    """
    return build_vgg(
        narrowed(VGG19, width),
        random_kernels(initializer, seed),
        input_shape,
        pooling=pooling,
        include_top=include_top,
        subtract_mean=subtract_mean,
    )
