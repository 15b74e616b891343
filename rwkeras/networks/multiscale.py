"""A shallow random network on a Gaussian pyramid, for the statistics of textures and styles.

Each level of the pyramid has a bank of random filters of its own, and at most a few layers: small
filters on a reduced image see as much as large ones on the image itself, at a fraction of the cost.
Random rectified layers bring all activation vectors nearer to one direction, so that Gram matrices
deep in a random network hold little else; here they are taken where they still differ.

A filter of k x k weights answers mostly to the mean of its patch, as the power of photographs
falls with frequency. All sizes but the largest therefore have kernels whose weights sum to zero:
these see the grain, which else makes up next to nothing of a Gram matrix.

References:
    Portilla and Simoncelli (2000), A parametric texture model based on joint statistics of complex
    wavelet coefficients: statistics within levels of a pyramid.
    Ustyuzhaninov, Brendel, Gatys and Bethge (2017), What does it take to generate natural
    textures?: one random layer of filters of many sizes.
    Snelgrove (2017), High-resolution multi-scale neural texture synthesis: Gram matrices over the
    octaves of a Gaussian pyramid.
"""

from collections.abc import Sequence

from rwkeras.backend import float32_layers, keras
from rwkeras.networks.filter_bank import checked_sizes
from rwkeras.networks.initializers import Gaussian, RandomInitializer, ZeroSum, get_initializer
from rwkeras.networks.input_shape import checked_input_shape
from rwkeras.networks.octaves import PyramidReduce
from rwkeras.validation import check_choice, checked_number

LEVELS = 2
# The height and width of the filters of each bank, in pixels of its level.
BANK_SIZES = (3, 5, 7)
# The maps of each size of filters.
FILTERS = 22
# The standard deviation of the thresholds, in those of what a standardised filter answers.
BIAS_STDDEV = 0.5
# The layer that has the maps of all levels.
JOINT = "joint"
# What is added to images: grey is 0.
OFFSET = -0.5
_ACTIVATIONS = ("relu", "linear")


def multiscale_layers(levels: int = LEVELS) -> tuple[str, ...]:
    """Returns the names of the layers of `multiscale` that hold each level's maps."""
    levels = checked_number("levels", levels, integer=True, minimum=1)
    return tuple(f"level{level}" for level in range(levels))


def gram_layers(levels: int = LEVELS) -> tuple[str, ...]:
    """Returns the names of the layers of `multiscale` whose Gram matrices make textures.

    The maps of the coarsest level are among those of "joint", with all of the others.
    """
    names = multiscale_layers(levels)
    return names if len(names) == 1 else (*names[:-1], JOINT)


def kernel_distribution(
    distribution: RandomInitializer, name: str, summing_to_zero: bool
) -> RandomInitializer:
    """Returns from what the kernel of a layer of that name is drawn."""
    kernel = distribution.stream(name, "kernel")
    return ZeroSum(kernel) if summing_to_zero else kernel


def bias_distribution(stddev: float, seed: int, name: str) -> Gaussian:
    """Returns from what the biases of a layer of that name are drawn."""
    return Gaussian(stddev, seed).stream(name, "bias")


@float32_layers()
def multiscale(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    levels: int = LEVELS,
    filters: int = FILTERS,
    sizes: Sequence[int] = BANK_SIZES,
    depth: int = 1,
    bias_stddev: float = BIAS_STDDEV,
    activation: str = "relu",
    initializer: str | RandomInitializer = "he",
    seed: int = 0,
) -> keras.Model:
    """Returns a multi-scale network of random filters.

    It takes RGB images in [0, 1], [batch, height, width, 3], and subtracts 1/2. Level l is the
    image blurred and halved l times (see `PyramidReduce`), and has the maps

        level_l = concatenate over sizes k of relu(W_lk * x_l + b_lk),

    as large as the level's image. Where there are several levels, all maps on the coarsest grid,

        joint_0 = level_0,    joint_l = concatenate (averages of 2 x 2 of joint_(l-1), level_l),

    are the layer `joint`: its Gram matrix has the products of maps of different levels, which say
    what grain goes with what shape (see `with_joint_maps`). With `depth` above 1 each further layer
    is a bank of 3 x 3 filters with as many maps. Kernels of all sizes but the largest sum to zero.
    What matters of kernels and biases is their size on a source, which `standardize` brings to 1: a
    bias is then the threshold of its rectifier, in standard deviations of what the filter answers.

    Args:
        input_shape: (height, width, 3); None stands for any size.
        levels: The levels of the pyramid, the image itself among them.
        filters: The maps of each size of filters.
        sizes: The height and width of the filters of each bank, in pixels of the level.
        depth: The layers of each level.
        bias_stddev: The standard deviation of the biases, which are Gaussian; 0 for none.
        activation: "relu" or "linear".
        initializer: The distribution of the kernels: a name of `INITIALIZERS` or a distribution,
            whose own seed is not used.
        seed: Every layer draws from a stream of its own, derived from this and its name.

    Returns:
        A `keras.Model`, functional, whose layers are `preprocess`; for each level l
        `conv{l}_1_{k}` of k x k filters and all of them together, `level{l}`, or, where there are
        more layers, `conv{l}_1`, then `conv{l}_2` and so on, of which the last is `level{l}`; the
        smaller images `octave1`, `octave2`, ...; and `joint`, before which are, of more than two
        levels, `joint1`, ..., and the averages `pool1`, ...

    Raises:
        ValueError: An argument is none of the above.
    """
    input_shape = checked_input_shape(input_shape)
    names = multiscale_layers(levels)
    several = checked_sizes(sizes)
    filters = checked_number("filters", filters, integer=True, minimum=1)
    depth = checked_number("depth", depth, integer=True, minimum=1)
    bias_stddev = checked_number("bias_stddev", bias_stddev)
    check_choice("activation", activation, _ACTIVATIONS)
    distribution = get_initializer(initializer, seed)

    def conv(maps: int, size: int, name: str) -> keras.layers.Conv2D:
        summing_to_zero = size < max(several)
        biases = bias_distribution(bias_stddev, seed, name) if bias_stddev else "zeros"
        return keras.layers.Conv2D(
            maps,
            size,
            padding="same",
            data_format="channels_last",
            activation=activation,
            kernel_initializer=kernel_distribution(distribution, name, summing_to_zero),
            bias_initializer=biases,
            name=name,
        )

    inputs = keras.Input(input_shape, name="image", dtype="float32")
    image = keras.layers.Rescaling(1.0, offset=OFFSET, name="preprocess")(inputs)
    outputs = {}
    for level, name in enumerate(names):
        if level:
            image = PyramidReduce(name=f"octave{level}")(image)
        maps = [conv(filters, size, f"conv{level}_1_{size}")(image) for size in several]
        x = keras.layers.Concatenate(name=name if depth == 1 else f"conv{level}_1")(maps)
        for layer in range(2, depth + 1):
            last = name if layer == depth else f"conv{level}_{layer}"
            x = conv(filters * len(several), 3, last)(x)
        outputs[name] = x
    if levels > 1:
        outputs[JOINT] = _joint(list(outputs.values()))
    return keras.Model(inputs, outputs, name="multiscale")


def _joint(maps: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    """Returns the maps of all levels on the grid of the last.

    By poolings, which tiles and wrapped borders know, and not by `JointMaps`, which takes maps of
    any sizes and is refused there.
    """
    joint = maps[0]
    for level, own in enumerate(maps[1:], start=1):
        # As the pyramid does, n places become ceil(n / 2).
        averages = keras.layers.AveragePooling2D(
            2, padding="same", data_format="channels_last", name=f"pool{level}"
        )(joint)
        name = JOINT if level == len(maps) - 1 else f"{JOINT}{level}"
        joint = keras.layers.Concatenate(name=name)([averages, own])
    return joint
