"""Network of a task, redrawn and standardised on the source at each step.

The Gram matrices of a few dozen random filters leave some differences between an image and its
source undetected. Successive draws constrain the image like one network with as many maps in total,
at the cost of a small one.
"""

from collections.abc import Sequence

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.cache import CACHE, LIMIT
from rwkeras.networks.loading import NETWORKS, accepts_argument, load_network, make_ready
from rwkeras.networks.precision import weights_size
from rwkeras.networks.standardize import (
    can_standardize,
    has_random_thresholds,
    redraw,
    standardize,
)
from rwkeras.tasks.scales import Step
from rwkeras.tasks.settings import DRAWS
from rwkeras.tasks.tileable import mirrored_network
from rwkeras.validation import check_choice, checked_number, invalid_argument

# Minimum cache weight, in MiB, of a network loaded by name: at most eight are kept.
_LEAST_WEIGHT = LIMIT // 8


def _load_named(name: str, seed: int) -> keras.Model:
    subtract_mean = True if accepts_argument(name, "subtract_mean") else None
    return load_network(name, seed=seed, subtract_mean=subtract_mean)


class TaskNetwork:
    """Context manager for the network of a task.

    On exit, a network loaded by name returns to the cache, so that the next call reuses its
    compiled functions. Until then no other thread or callback can get it, as its weights change.

    Attributes:
        model: The network.
        draws: Number of draws per image size.
        redrawn: Whether the network is redrawn at each step.

    Args:
        network: A model, or a name in `NETWORKS`.
        seed: Seed of a network given by name.
        draws: Number of steps per image size; at each, the network is redrawn and standardised on
            the source, in place. The network must be one that `standardize` supports. None: `DRAWS`
            for a network given by name whose biases are random too, such as "multiscale"; any
            other network given by name is prepared on the source once, and a model is used as is.

    Raises:
        ValueError: The name is unknown, or `draws` is invalid or given for a network that cannot be
            redrawn.
    """

    def __init__(self, network: keras.Model | str, seed: int, draws: int | None):
        self._key = None
        if isinstance(network, str):
            check_choice("model", network, NETWORKS)
            self._key = "network", network, seed
            network = CACHE.take(self._key) or _load_named(network, seed)
        self.model = network
        if draws is not None:
            draws = checked_number("draws", draws, integer=True, minimum=1)
            if not isinstance(network, keras.Model) or not can_standardize(network):
                expected = "None with a network that cannot be redrawn"
                raise invalid_argument("draws", expected, draws)
        self.redrawn = draws is not None or (self._by_name and has_random_thresholds(network))
        self.draws = draws or (DRAWS if self.redrawn else 1)

    @property
    def _by_name(self) -> bool:
        return self._key is not None

    def __enter__(self) -> "TaskNetwork":
        return self

    def __exit__(self, *error: object) -> None:
        if self._key is not None:
            weight = max(_LEAST_WEIGHT, weights_size(self.model))
            CACHE.put(self._key, self.model, weight)

    def prepare(self, layers: Sequence[str], images: tf.Tensor, name: str) -> None:
        """Applies `make_ready` to a network given by name that is not redrawn.

        Args:
            layers: Names of the layers that will be used.
            images: The source, float32 RGB in [0, 1], [batch, height, width, 3].
            name: Name of the argument with these images, for error messages.
        """
        if self._by_name and not self.redrawn:
            make_ready(self.model, images, layers, name=name)

    def draw(self, step: Step, images: tf.Tensor, name: str) -> None:
        """Redraws the network for a step and standardises it on the source, if `redrawn`.

        Args:
            step: The step, whose number is the index of the draw.
            images: The source at the step's size, float32 RGB in [0, 1], [batch, height, width, 3].
            name: Name of the argument with these images, for error messages.
        """
        if self.redrawn:
            redraw(self.model, step.number)
            standardize(self.model, images, draw=step.number, name=name)

    def evaluation_model(self, layers: tuple[str, ...], tile: int | None) -> keras.Model:
        """Returns the network to evaluate images with: with mirrored padding if `redrawn`.

        Zero padding acts as a frame around the source, which results then imitate. It is kept for
        tiled evaluation.

        Args:
            layers: Names of the layers that will be used.
            tile: See `OptimizerSettings.tile_size`.
        """
        if not self.redrawn or tile is not None:
            return self.model
        return mirrored_network(self.model, layers)
