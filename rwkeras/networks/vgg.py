"""VGG networks with random weights (Simonyan and Zisserman, 2014; He et al., 2016).

The whole family is built by one loop over a table of stages. Layers have the papers' names:
`conv1_1` ... `conv5_4`, `pool1` ... `pool5`, `fc6`, `fc7`, `fc8`.
"""

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from rwkeras.backend import float32_layers, keras
from rwkeras.networks.initializers import RandomInitializer, get_initializer
from rwkeras.networks.input_shape import checked_input_shape
from rwkeras.validation import check_choice, checked_number, invalid_argument

# Mean colour of ImageNet's training set, which VGG subtracts; RGB in [0, 255].
MEAN_RGB = (123.68, 116.779, 103.939)

_POOLING: dict[str, Any] = {
    "avg": keras.layers.AveragePooling2D,
    "max": keras.layers.MaxPooling2D,
}
POOLINGS = tuple(_POOLING)


class Architecture(NamedTuple):
    """A member of the VGG family.

    Attributes:
        name: The model's name.
        stages: (number of conv layers, number of filters) of each stage.
        top: (name, units) of each fully connected layer.
        top_size: Image height and width required by the fully connected layers.
    """

    name: str
    stages: tuple[tuple[int, int], ...]
    top: tuple[tuple[str, int], ...]
    top_size: int

    @property
    def conv_layers(self) -> tuple[str, ...]:
        """The names of the conv layers, in forward order."""
        return tuple(
            f"conv{stage}_{index}"
            for stage, (depth, _) in enumerate(self.stages, 1)
            for index in range(1, depth + 1)
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the conv layers and of the pooling after each stage, in forward order."""
        names = iter(self.conv_layers)
        return tuple(
            name
            for stage, (depth, _) in enumerate(self.stages, 1)
            for name in (*itertools.islice(names, depth), f"pool{stage}")
        )

    @property
    def top_layers(self) -> tuple[str, ...]:
        """The names of the fully connected layers, in forward order."""
        return tuple(name for name, _ in self.top)


VGG19 = Architecture(
    "vgg19",
    stages=((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
    top=(("fc6", 4096), ("fc7", 4096), ("fc8", 1000)),
    top_size=256,
)
TOY_VGG = Architecture(
    "toy_vgg",
    stages=((2, 8), (2, 12), (2, 16)),
    top=(("fc6", 32), ("fc7", 32), ("fc8", 10)),
    top_size=32,
)


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
    for stage, (depth, filters) in enumerate(architecture.stages, 1):
        for index in range(1, depth + 1):
            name = f"conv{stage}_{index}"
            x = keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                data_format="channels_last",
                activation="relu",
                kernel_initializer=kernel_initializer(name),
                name=name,
            )(x)
        x = _POOLING[pooling](2, data_format="channels_last", name=f"pool{stage}")(x)
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


def checked_width(width: float) -> float:
    """Returns a width multiplier; raises `ValueError` unless it is in (0, 1]."""
    share = checked_number("width", width, exclusive=True)
    if share > 1:
        raise invalid_argument("width", "a number in (0, 1]", width)
    return share


def narrowed(architecture: Architecture, width: float) -> Architecture:
    """Returns an architecture with a fraction of the filters and of the hidden units.

    Args:
        architecture: The full architecture.
        width: The fraction, in (0, 1].

    Raises:
        ValueError: `width` is not in (0, 1].
    """
    width = checked_width(width)
    *hidden, last = architecture.top
    return architecture._replace(
        name=f"narrow_{architecture.name}",
        stages=tuple((depth, math.ceil(width * filters)) for depth, filters in architecture.stages),
        top=(*((name, math.ceil(width * units)) for name, units in hidden), last),
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
