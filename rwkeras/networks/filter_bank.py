"""A single layer of random filters of many sizes (Ustyuzhaninov et al., 2017).

One convolution for each size, all of the image itself, side by side: the Gram matrix of all maps
together, within a size and across sizes, is enough of a texture to synthesise it. Layers are called
`conv3`, `conv5` and so on by their filters' size, and all maps together `maps`.

References:
    Ustyuzhaninov, Brendel, Gatys and Bethge (2017), What does it take to generate natural textures?
"""

from collections.abc import Sequence

from rwkeras.backend import float32_layers, keras
from rwkeras.networks.initializers import RandomInitializer, get_initializer
from rwkeras.networks.input_shape import checked_input_shape
from rwkeras.networks.vgg import MEAN_RGB
from rwkeras.validation import check_choice, checked_number, invalid_argument, python_number

# The height and width of filters, in pixels, of the paper's multi-scale model.
FILTER_SIZES = (3, 5, 7, 11, 15, 23, 37, 55)

_ACTIVATIONS = ("relu", "linear")


def checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Returns sizes as a tuple, or raises `ValueError` unless they are integers that differ."""
    several = tuple(map(python_number, sizes)) if isinstance(sizes, list | tuple) else ()
    if not several or len(set(several)) < len(several):
        raise invalid_argument("sizes", "one or more different sizes of filters", sizes)
    return tuple(checked_number("sizes", size, integer=True, minimum=1) for size in several)


@float32_layers()
def filter_bank(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    sizes: Sequence[int] = FILTER_SIZES,
    filters: int = 128,
    activation: str = "relu",
    subtract_mean: bool = True,
    initializer: str | RandomInitializer = "he",
    seed: int = 0,
) -> keras.Model:
    """Returns the single multi-scale layer with random weights and zero biases.

    It takes RGB images in [0, 1], [batch, height, width, 3], and scales them to [0, 255] itself.
    Convolutions have stride 1 and borders of zeros, so that maps are as large as the image:

        maps = concatenate(relu(W_3 * x), relu(W_5 * x), ..., relu(W_55 * x)).

    How much a size counts is the distribution's affair. A filter of k x k weights of mean zero and
    standard deviation s answers to a patch x with a mean square of s^2 ||x||^2, however the pixels
    of the patch are correlated, and ||x||^2 grows with k^2: sizes count alike if s falls as 1 / k.
    It does with the default, sqrt(2 / (3 k^2)), and with the authors', which is uniform with
    Glorot's sqrt(2 / ((3 + filters) k^2)). Maps of the two differ by one factor, which changes no
    result, and by the shape of the distribution, of which sums over a filter keep little. With one
    standard deviation for all, as "gaussian" has, activations grow with k and filters of 55 pixels
    decide alone.

    Args:
        input_shape: (height, width, 3); None stands for any size.
        sizes: The height and width of the filters of each convolution, in pixels.
        filters: The number of maps of each convolution.
        activation: "relu", or "linear", with which the Gram matrix is a table of the image's
            autocorrelations, and far from enough.
        subtract_mean: Whether to subtract the mean colour of ImageNet's training set first, as
            the authors do.
        initializer: The distribution of the kernels: a name of `INITIALIZERS` or a distribution,
            whose own seed is not used.
        seed: Every layer draws from a stream of its own, derived from this and its name.

    Returns:
        A `keras.Model`, functional, of the layers `preprocess`, `conv3` ... `conv55` and `maps`.

    Raises:
        ValueError: An argument is none of the above.
    """
    input_shape = checked_input_shape(input_shape)
    several = checked_sizes(sizes)
    filters = checked_number("filters", filters, integer=True, minimum=1)
    check_choice("activation", activation, _ACTIVATIONS)
    distribution = get_initializer(initializer, seed)
    inputs = keras.Input(input_shape, name="image", dtype="float32")
    offset = [-mean if subtract_mean else 0.0 for mean in MEAN_RGB]
    x = keras.layers.Rescaling(255.0, offset=offset, name="preprocess")(inputs)
    maps = [
        keras.layers.Conv2D(
            filters,
            size,
            padding="same",
            data_format="channels_last",
            activation=activation,
            kernel_initializer=distribution.stream(f"conv{size}", "kernel"),
            name=f"conv{size}",
        )(x)
        for size in several
    ]
    return keras.Model(inputs, keras.layers.Concatenate(name="maps")(maps), name="filter_bank")
