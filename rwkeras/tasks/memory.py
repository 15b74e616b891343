"""Memory planning: tile size and L-BFGS pairs for a bound on memory.

The memory of a run is estimated, not measured, so that the same bound gives the same result. It is
the sum of

    the process with TensorFlow, the network's weights and the graphs compiled for smaller sizes,
    the optimiser's state and temporaries, in multiples of the result,
    with checkpoints, the state last written,
    the result and the source images, and
    the activations of a tile with their gradients.

The constants below are peaks measured on CPUs, rounded up, with freed memory returned to the system
at once. The command-line tools set this up; otherwise TensorFlow retains freed memory and uses
more.
"""

import dataclasses
import functools
import math
from collections.abc import Iterable, Sequence

from rwkeras.backend import keras
from rwkeras.networks.features import check_image_shape, feature_extractor
from rwkeras.networks.graph import calls
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.tasks.terms import BALANCE_SIDE
from rwkeras.tiling.geometry import Field, receptive_fields, spans
from rwkeras.validation import invalid_argument

_GIB = 2**30
_PROCESS = 1.3 * _GIB
# Overhead of the graphs compiled for each earlier size.
_SIZE = 0.15 * _GIB
# Copies of each image: converted, resampled and clipped.
_PICTURE = 3
# Memory of an optimiser without pairs and per pair, in multiples of the result.
_OPTIMIZERS = {"lbfgs": (14.0, 2.5), "tfp": (20.0, 12.0), "adam": (14.0, 0.0)}
# The same for its state in checkpoints, and for the filters of the coordinates.
_STATES = {"lbfgs": (6.0, 2.0), "tfp": (4.0, 2.0), "adam": (6.0, 0.0)}
_FILTERS = {"pixels": 0.0, "fourier": 3.0, "adaptive": 3.0}
# Memory of the coordinates for Fourier transforms, in multiples of the result.
_COORDINATES = {"pixels": 0.0, "fourier": 50.0, "adaptive": 50.0}
# Memory of an evaluation, with gradients and workspace, in multiples of the activations.
_ACTIVATIONS = 2.0
_BYTES = 4

# With fewer pairs, L-BFGS is little better than gradient descent. Pairs are given up for tiles of
# the good size, as smaller ones consist mostly of overlap with their neighbours.
_LEAST_PAIRS = 3
_GOOD_TILE, _LEAST_TILE = 512, 128


def fit_to_memory(
    model: keras.Model,
    layers: Sequence[str],
    result: Sequence[int],
    sources: Iterable[Sequence[int]],
    settings: OptimizerSettings,
    *,
    sizes: int = 1,
    whole: str | None = None,
    adapts: bool = False,
) -> OptimizerSettings:
    """Returns settings that keep a run within `max_memory`, with `max_memory` itself removed.

    The image is evaluated as a whole if that fits, otherwise by the largest tiles that fit. L-BFGS
    keeps fewer pairs if these would leave no room for tiles of 512 pixels.

    Args:
        model: A functional `keras.Model`.
        layers: Names of the layers that will be used.
        result: Shape of the result, [batch, height, width, 3].
        sources: Shapes of the source images, each [batch, height, width, 3].
        settings: Settings of the optimiser.
        sizes: Number of image sizes; see `coarse_to_fine`.
        whole: What makes tiling impossible, for the error message, such as "a tileable texture";
            None if tiling is possible.
        adapts: Whether "adaptive" coordinates differ from pixels; see `parametrization`.

    Raises:
        ValueError: The bound is too low.
    """
    if settings.max_memory is None:
        return settings
    bound, settings = settings.max_memory, dataclasses.replace(settings, max_memory=None)
    extractor = feature_extractor(model, layers)
    check_image_shape(extractor, result)
    pixels = settings.parametrization == "adaptive" and not adapts
    coordinates = "pixels" if pixels else settings.parametrization
    budget = _Budget(extractor, result, list(sources), settings, coordinates, sizes)
    if budget.whole() <= bound * _GIB:
        return settings
    if whole is not None:
        raise _too_low(budget.whole(), f"{whole}, which cannot be tiled", bound)
    try:
        _ = budget.fields
    except ValueError as error:
        why = f"the whole image, as '{model.name}' cannot be evaluated by tiles"
        raise _too_low(budget.whole(), why, bound) from error
    for least, pairs in budget.choices():
        tile = budget.largest_tile(pairs, bound * _GIB)
        if tile >= least:
            return dataclasses.replace(settings, tile_size=tile, memory=pairs)
    pairs = min(settings.memory, _LEAST_PAIRS)
    raise _too_low(budget.tiled(_LEAST_TILE, pairs), "an image of this size", bound)


def _too_low(needed: float, what: str, bound: float) -> ValueError:
    least = math.ceil(needed / _GIB * 10) / 10
    return invalid_argument("max_memory", f"at least {least:.1f} GiB for {what}", bound)


class _Budget:
    """Memory of a run, in bytes.

    Args:
        extractor: The result of `feature_extractor`.
        result: Shape of the result, [batch, height, width, 3].
        sources: Shapes of the source images, each [batch, height, width, 3].
        settings: Settings of the optimiser.
        coordinates: The parametrisation when the whole image is evaluated.
        sizes: Number of image sizes.
    """

    def __init__(
        self,
        extractor: keras.Model,
        result: Sequence[int],
        sources: Sequence[Sequence[int]],
        settings: OptimizerSettings,
        coordinates: str = "pixels",
        sizes: int = 1,
    ):
        self._extractor, self._coordinates = extractor, coordinates
        self._result, self._settings = tuple(result), settings
        self._pictures = [self._result, *map(tuple, sources)]
        outputs = [output for call in calls(extractor) for output in call.outputs]
        shapes = keras.Model(extractor.inputs, outputs).compute_output_shape(self._result)
        values = sum(math.prod(shape) for shape in shapes)
        self._of_pixel = _ACTIVATIONS * _BYTES * values / math.prod(self._result[:3])
        # In float32, in bfloat16, and as temporaries of the conversion.
        weights = 2.5 * _BYTES * extractor.count_params()
        pictures = _PICTURE * _BYTES * sum(math.prod(shape) for shape in self._pictures)
        self._fixed = _PROCESS + _SIZE * (sizes - 1) + weights + pictures

    @functools.cached_property
    def fields(self) -> list[Field]:
        """Receptive fields of the layers; raises `ValueError` if the network cannot be tiled."""
        return list(receptive_fields(self._extractor, self._extractor.output).values())

    def _vectors(self, pairs: int, parametrization: str) -> float:
        fixed, each = _OPTIMIZERS[self._settings.optimizer]
        images = fixed + each * pairs + _COORDINATES[parametrization]
        if self._settings.checkpoint_dir is not None:
            fixed, each = _STATES[self._settings.optimizer]
            images += fixed + each * pairs + _FILTERS[parametrization]
        return images * _BYTES * math.prod(self._result)

    def whole(self) -> float:
        """Returns the memory of a run that evaluates the whole image."""
        settings = self._settings
        pixels = max(math.prod(shape[:3]) for shape in self._pictures)
        images = self._vectors(settings.memory, self._coordinates)
        return self._fixed + images + self._of_pixel * pixels

    def tiled(self, tile: int, pairs: int) -> float:
        """Returns the memory of a run with a tile size and a number of L-BFGS pairs."""
        pixels = 0
        for batch, *sides, _ in self._pictures:
            tile_sides = [
                max(span.stop - span.start for span in spans(n, tile, self.fields)) for n in sides
            ]
            # Weights are computed on a reduced copy; see `content_terms`.
            copy = [math.ceil(n * min(1, BALANCE_SIDE / min(sides))) for n in sides]
            pixels = max(pixels, batch * math.prod(tile_sides), batch * math.prod(copy))
        # Tiled objectives provide no curvature, so "adaptive" means pixels.
        name = "fourier" if self._coordinates == "fourier" else "pixels"
        images = self._vectors(pairs, name)
        return self._fixed + images + self._of_pixel * pixels

    def choices(self) -> Iterable[tuple[int, int]]:
        """Yields candidates in order of preference: minimum tile size, number of pairs."""
        most = self._settings.memory
        least = min(most, _LEAST_PAIRS)
        pairs = range(most, least - 1, -1) if self._settings.optimizer != "adam" else (most,)
        for count in pairs:
            yield min(_GOOD_TILE, max(self._result[1:3])), count
        yield _LEAST_TILE, least

    def largest_tile(self, pairs: int, bound: float) -> int:
        """Returns the largest tile size, a multiple of 64, within the bound; 0 if none fits."""
        longest = max(max(shape[1:3]) for shape in self._pictures)
        for tile in range(math.ceil(longest / 64) * 64, 0, -64):
            if self.tiled(tile, pairs) <= bound:
                return tile
        return 0
