"""The network of a task, drawn anew and brought to its source from step to step.

A single draw of a few dozen filters leaves directions in which an image may differ from its source
unseen. Gram matrices of many draws, one after another, see what one of as many maps would, at the
cost of a few.
"""

from collections.abc import Sequence

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.cache import CACHE, LIMIT
from rwkeras.networks.loading import NETWORKS, load_network, make_ready, takes
from rwkeras.networks.precision import weights_size
from rwkeras.networks.standardize import (
    can_standardize,
    has_random_thresholds,
    redraw,
    standardize,
)
from rwkeras.tasks.scales import Step
from rwkeras.tasks.tileable import mirrored_network
from rwkeras.validation import check_choice, checked_number, invalid_argument

# How many networks make each size, by trial.
DRAWS = 4
# A network by name weighs at least so much in the cache, for few to be kept.
_LEAST_WEIGHT = LIMIT // 8


def _named(name: str, seed: int) -> keras.Model:
    subtract_mean = True if takes(name, "subtract_mean") else None
    return load_network(name, seed=seed, subtract_mean=subtract_mean)


class TaskNetwork:
    """The network by which a task measures its pictures, a context while it does.

    A network by name is kept after that, so that what was compiled for it serves the next call.
    Until then no other call has it, of another thread or of a callback: its weights change.

    Attributes:
        model: The network as it is now.
        draws: By how many networks each size is made.
        drawn: Whether the task draws the network anew.

    Args:
        network: A model, or a name in `NETWORKS`.
        seed: Of a network by name.
        draws: At each step the network is drawn anew and standardised on the source, and each size
            is made by so many steps. It has to be one that `standardize` takes, and its weights
            change. None: `DRAWS` of a network by name whose biases are drawn too, as those of
            "multiscale" are; any other by name is made ready on the source once, and a model is
            used as it is.

    Raises:
        ValueError: There is no such network, or it cannot be drawn anew.
    """

    def __init__(self, network: keras.Model | str, seed: int, draws: int | None):
        self._key = None
        if isinstance(network, str):
            check_choice("model", network, NETWORKS)
            self._key = "network", network, seed
            network = CACHE.take(self._key) or _named(network, seed)
        self.model = network
        if draws is not None:
            draws = checked_number("draws", draws, integer=True, minimum=1)
            if not isinstance(network, keras.Model) or not can_standardize(network):
                expected = "None with a network that cannot be drawn anew"
                raise invalid_argument("draws", expected, draws)
        self.drawn = draws is not None or (self._by_name and has_random_thresholds(network))
        self.draws = draws or (DRAWS if self.drawn else 1)

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
        """Makes a network by name ready on a source, where that is done once.

        Args:
            layers: The layers that will be asked for.
            images: float32 RGB in [0, 1], [batch, height, width, 3].
            name: The argument that they are of, for messages.
        """
        if self._by_name and not self.drawn:
            make_ready(self.model, images, layers, name=name)

    def draw(self, step: Step, images: tf.Tensor, name: str) -> None:
        """Draws the network of a step, if the task draws it, and standardises it on the source.

        Args:
            step: Each has a draw of its own.
            images: The source as the step has it, float32 RGB in [0, 1], [batch, height, width, 3].
            name: The argument that they are of, for messages.
        """
        if self.drawn:
            redraw(self.model, step.number)
            standardize(self.model, images, draw=step.number, name=name)

    def measuring(self, layers: tuple[str, ...], tile: int | None) -> keras.Model:
        """Returns the network that measures pictures, mirrored at their borders if it is drawn.

        Zeros beyond the border are a frame that a picture without one imitates. Evaluated by tiles,
        a picture has them all the same.

        Args:
            layers: The layers that are asked for.
            tile: See `OptimizerSettings.tile_size`.
        """
        if not self.drawn or tile is not None:
            return self.model
        return mirrored_network(self.model, layers)
