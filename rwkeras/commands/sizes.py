"""Flags of coarse-to-fine synthesis and of redrawn networks."""

import math
import warnings

from absl import flags

from rwkeras.backend import keras
from rwkeras.commands.flags import FLAGS
from rwkeras.networks.standardize import has_random_thresholds
from rwkeras.tasks.drawn import DRAWS
from rwkeras.tasks.scales import ScaleSettings


def define_coarse_to_fine(settings: ScaleSettings, more: str = "") -> None:
    """Defines the flag for a task.

    Args:
        settings: The sizes by which the task makes its pictures.
        more: What else is to be said of it.
    """
    flags.DEFINE_bool(
        "coarse_to_fine",
        True,
        f"Whether to begin with a small picture, of at least {settings.smallest} pixels, and to "
        f"add detail as it grows. --max_iterations are those of the smallest{more}.",
    )


def coarse_to_fine_scales(settings: ScaleSettings, side: int) -> ScaleSettings | None:
    """Returns the sizes unless the flag forbids, with a warning where it asks for one in vain.

    Args:
        settings: The sizes.
        side: The longer side of what is made small, in pixels.
    """
    if not FLAGS.coarse_to_fine:
        return None
    if FLAGS["coarse_to_fine"].present and len(settings.scales(side)) == 1:
        least = math.ceil(settings.smallest * settings.step)
        why = f"it takes a longer side of {least} pixels, not of {side}"
        warnings.warn(f"`coarse_to_fine` changes nothing: {why}.", stacklevel=2)
    return settings


def define_draws() -> None:
    """Defines the flag for how often a network is drawn anew."""
    flags.DEFINE_integer(
        "draws",
        None,
        f"By how many draws of the network each size is made; {DRAWS} if it is not given. Only of "
        "networks such as multiscale.",
    )


def draws(model: keras.Model) -> int | None:
    """Returns the draws of a network that the flags ask for, or None if it is not drawn anew."""
    if FLAGS.draws is None and not has_random_thresholds(model):
        return None
    return DRAWS if FLAGS.draws is None else FLAGS.draws
