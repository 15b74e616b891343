"""A shallow random network on a Gaussian pyramid, for the statistics of textures and styles.

Each level of the pyramid has its own bank of random filters and at most a few layers: small filters
on a downsampled image cover as much as large ones on the image itself, at a fraction of the cost.
Every random rectified layer makes activation vectors more alike in direction, so that Gram matrices
deep in a random network hold little else; here they are taken from shallow layers.

As the power of photographs falls with frequency, a filter responds mostly to the mean of its patch.
All sizes but the largest therefore have zero-sum kernels, which respond to fine grain that would
otherwise contribute next to nothing to a Gram matrix.

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
# Height and width of the filters of each bank, in pixels of its level.
BANK_SIZES = (3, 5, 7)
# Number of maps per filter size.
FILTERS = 22
# Standard deviation of the biases, relative to the response of a standardised filter.
BIAS_STDDEV = 0.5
# Name of the layer with the maps of all levels.
JOINT = "joint"
# Added to images, so that mid-grey is 0.
OFFSET = -0.5
_ACTIVATIONS = ("relu", "linear")


def multiscale_layers(levels: int = LEVELS) -> tuple[str, ...]:
    """Returns the names of the layers of `multiscale` with the maps of each level."""
    levels = checked_number("levels", levels, integer=True, minimum=1)
    return tuple(f"level{level}" for level in range(levels))


def gram_layers(levels: int = LEVELS) -> tuple[str, ...]:
    """Returns the names of the layers of `multiscale` used for textures.

    Of several levels, the coarsest is replaced by "joint", which includes its maps.
    """
    names = multiscale_layers(levels)
    return names if len(names) == 1 else (*names[:-1], JOINT)


def kernel_distribution(
    distribution: RandomInitializer, name: str, summing_to_zero: bool
) -> RandomInitializer:
    """Returns the distribution of the kernel of a layer."""
    kernel = distribution.stream(name, "kernel")
    return ZeroSum(kernel) if summing_to_zero else kernel


def bias_distribution(stddev: float, seed: int, name: str) -> Gaussian:
    """Returns the distribution of the biases of a layer."""
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

    Inputs are RGB images in [0, 1], [batch, height, width, 3], from which the model subtracts 1/2.
    Level l is the image x_l, blurred and halved l times (see `PyramidReduce`), with the maps

        level_l = concatenate over sizes k of relu(W_lk * x_l + b_lk),

    which have the size of x_l. With several levels, the layer `joint` has all maps on the coarsest
    grid,

        joint_0 = level_0,    joint_l = concatenate (averages of 2 x 2 of joint_(l-1), level_l),

    so that its Gram matrix includes correlations between levels, such as which grain occurs with
    which shape (see `with_joint_maps`). With `depth` above 1 each further layer is a bank of 3 x 3
    filters with as many maps. Kernels of all sizes but the largest sum to zero. Use `standardize`
    to scale the filters on a source; biases are then added to responses of mean 0 and variance 1.

    Args:
        input_shape: (height, width, 3); None means any size.
        levels: Number of levels of the pyramid, including the image itself.
        filters: Number of maps per filter size.
        sizes: Height and width of the filters of each bank, in pixels of the level.
        depth: Number of layers of each level.
        bias_stddev: Standard deviation of the Gaussian biases; 0 for zero biases.
        activation: "relu" or "linear".
        initializer: Distribution of the kernels: a name in `INITIALIZERS` or a distribution, whose
            own seed is ignored.
        seed: Each layer draws from its own random stream, derived from this seed and its name.

    Returns:
        A functional `keras.Model` with the layers `preprocess`; for each level l `conv{l}_1_{k}` of
        k x k filters and their concatenation, which is `level{l}` if `depth` is 1, or otherwise
        `conv{l}_1`, followed by `conv{l}_2` and so on up to `level{l}`; the downsampled images
        `octave1`, `octave2`, ...; for several levels `joint` and the averages `pool1`, ...; and for
        more than two levels the intermediate `joint1`, ...

    Raises:
        ValueError: An argument is invalid.
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
    """Returns the maps of all levels on the grid of the coarsest.

    Uses poolings, as evaluation by tiles and `with_circular_padding` do not support `JointMaps`.
    """
    joint = maps[0]
    for level, own in enumerate(maps[1:], start=1):
        # n positions become ceil(n / 2), as in the pyramid.
        averages = keras.layers.AveragePooling2D(
            2, padding="same", data_format="channels_last", name=f"pool{level}"
        )(joint)
        name = JOINT if level == len(maps) - 1 else f"{JOINT}{level}"
        joint = keras.layers.Concatenate(name=name)([averages, own])
    return joint
