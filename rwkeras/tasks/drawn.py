"""The network of a task, drawn anew and brought to its source from step to step.

A single draw of a few dozen filters leaves directions in which an image may differ from its source
unseen. Gram matrices of many draws, one after another, see what one of as many maps would, at the
cost of a few.
"""

import functools
from collections.abc import Sequence

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.loading import NETWORKS, load_network, make_ready, takes
from rwkeras.networks.standardize import can_standardize, redraw, standardize
from rwkeras.tasks.scales import Step
from rwkeras.tasks.tileable import mirrored_network
from rwkeras.validation import check_choice, check_number, invalid_argument

# How many networks make each size, by trial: more share the same iterations and gain little.
DRAWS = 2
# Networks by name and seed, kept so that what was compiled for one serves the next call.
_KEPT = 4


@functools.lru_cache(maxsize=_KEPT)
def _named(name: str, seed: int) -> keras.Model:
    centred = {"subtract_mean": True} if takes(name, "subtract_mean") else {}
    return load_network(name, seed=seed, **centred)


class TaskNetwork:
    """The network by which a task measures its pictures.

    Attributes:
        model: The network as it is now.
        draws: By how many draws of it each size is made.
        own: Whether the task draws the network itself.

    Args:
        network: A model, which is used as it is, or a name in `NETWORKS`: a network of random filters
            whose moments can be standardised is drawn anew at every step and standardised on the
            source there; any other is made ready on the source once.
        seed: Of a network by name.
        draws: How many, or None: `DRAWS` where the network is drawn anew.

    Raises:
        ValueError: There is no such network, or `draws` does not fit it.
    """

    def __init__(self, network: keras.Model | str, seed: int, draws: int | None):
        if isinstance(network, str):
            check_choice("model", network, NETWORKS)
            self.model = _named(network, seed)
        else:
            self.model = network
        self._named = isinstance(network, str)
        self.own = self._named and can_standardize(self.model)
        if draws is not None:
            check_number("draws", draws, integer=True, minimum=1)
            if not self.own and draws != 1:
                expected = "1, or None, with a network that the task does not draw itself"
                raise invalid_argument("draws", expected, draws)
        self.draws = draws or (DRAWS if self.own else 1)

    def prepare(self, layers: Sequence[str], images: tf.Tensor) -> None:
        """Makes a network by name ready on a source, where that is done once.

        Args:
            layers: The layers that will be asked for.
            images: float32 RGB in [0, 1], [batch, height, width, 3].
        """
        if self._named and not self.own:
            feature_extractor(self.model, layers)
            make_ready(self.model, images, layers)

    def draw(self, step: Step, images: tf.Tensor) -> None:
        """Draws the network of a step, if the task draws it, and standardises it on the source.

        Args:
            step: Each has a draw of its own.
            images: The source at the step's scale, float32 RGB in [0, 1], [batch, height, width, 3].
        """
        if self.own:
            redraw(self.model, step.number)
            standardize(self.model, images, draw=step.number)

    def measuring(self, layers: tuple[str, ...], tile: int | None) -> keras.Model:
        """Returns the network that measures a picture: of one's own, mirrored at its borders.

        Zeros beyond the border are a frame that a picture without one imitates. Evaluated by tiles,
        a picture has them all the same.

        Args:
            layers: The layers that are asked for.
            tile: See `OptimizerSettings.tile_size`.
        """
        if not self.own or tile is not None:
            return self.model
        return mirrored_network(self.model, layers)
