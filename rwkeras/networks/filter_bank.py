"""A single layer of random filters of many sizes (Ustyuzhaninov et al., 2017).

The network is one convolution per filter size, all applied to the image. The Gram matrix of all
maps, within and across sizes, suffices for texture synthesis. Layers are named `conv3`, `conv5`
and so on after the filter size; `maps` is their concatenation.

References:
    Ustyuzhaninov, Brendel, Gatys and Bethge (2017), What does it take to generate natural textures?
"""

from collections.abc import Sequence

from rwkeras.backend import float32_layers, keras
from rwkeras.networks.initializers import RandomInitializer, get_initializer
from rwkeras.networks.input_shape import checked_input_shape
from rwkeras.networks.vgg import MEAN_RGB
from rwkeras.validation import check_choice, checked_number, invalid_argument, python_number

# Filter heights and widths of the paper's multi-scale model, in pixels.
FILTER_SIZES = (3, 5, 7, 11, 15, 23, 37, 55)

_ACTIVATIONS = ("relu", "linear")


def checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Returns sizes as a tuple; raises `ValueError` unless they are distinct integers >= 1."""
    several = tuple(map(python_number, sizes)) if isinstance(sizes, list | tuple) else ()
    if not several or len(set(several)) < len(several):
        raise invalid_argument("sizes", "one or more different filter sizes", sizes)
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
    """Returns a single multi-scale layer with random weights and zero biases.

    Inputs are RGB images in [0, 1], [batch, height, width, 3], which the model scales to [0, 255].
    Convolutions have stride 1 and zero padding, so maps have the size of the image:

        maps = concatenate(relu(W_3 * x), relu(W_5 * x), ..., relu(W_55 * x)).

    The distribution decides how much each size contributes. The mean squared response of a k x k
    filter of weights with mean 0 and standard deviation s to a patch x is s^2 ||x||^2, however the
    pixels are correlated, and ||x||^2 grows with k^2: sizes contribute equally if s falls as 1 / k.
    This holds for the default, s = sqrt(2 / (3 k^2)), and for the authors' choice, a uniform
    distribution with Glorot's s = sqrt(2 / ((3 + filters) k^2)). The two differ by a constant
    factor, which changes no result, and by the shape of the distribution, which matters little to
    sums over a filter. With the same s for all sizes, as for "gaussian", activations grow with k
    and filters of 55 pixels dominate.

    Args:
        input_shape: (height, width, 3); None means any size.
        sizes: Height and width of the filters of each convolution, in pixels.
        filters: Number of maps of each convolution.
        activation: "relu" or "linear". With "linear" the Gram matrix holds only autocorrelations
            of the image, which are far from sufficient for texture synthesis.
        subtract_mean: Whether to subtract the mean colour of ImageNet's training set, as the
            authors do.
        initializer: Distribution of the kernels: a name in `INITIALIZERS` or a distribution, whose
            own seed is ignored.
        seed: Each layer draws from its own random stream, derived from this seed and its name.

    Returns:
        A functional `keras.Model` with the layers `preprocess`, `conv3` ... `conv55` and `maps`.

    Raises:
        ValueError: An argument is invalid.
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
