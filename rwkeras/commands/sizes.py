"""Flags of coarse-to-fine synthesis and of redrawn networks."""

import math
import warnings

from absl import flags

from rwkeras.backend import keras
from rwkeras.commands.flags import FLAGS
from rwkeras.networks.standardize import has_random_thresholds
from rwkeras.tasks.scales import ScaleSettings
from rwkeras.tasks.settings import DRAWS


def define_coarse_to_fine(settings: ScaleSettings, more: str = "") -> None:
    """Defines `--coarse_to_fine` for a task.

    Args:
        settings: The task's scales.
        more: Addition to the help text.
    """
    flags.DEFINE_bool(
        "coarse_to_fine",
        True,
        "Whether to synthesise from coarse to fine, starting at a longer side of at least "
        f"{settings.smallest} pixels. --max_iterations then applies to the first size{more}.",
    )


def coarse_to_fine_scales(settings: ScaleSettings, side: int) -> ScaleSettings | None:
    """Returns the scales, or None with `--nocoarse_to_fine`.

    Warns if the flag is given but the picture is too small for more than one scale.

    Args:
        settings: The task's scales.
        side: Longer side of the picture to scale, in pixels.
    """
    if not FLAGS.coarse_to_fine:
        return None
    if FLAGS["coarse_to_fine"].present and len(settings.scales(side)) == 1:
        least = math.ceil(settings.smallest * settings.step)
        why = f"the longer side must be at least {least} pixels, not {side}"
        warnings.warn(f"`coarse_to_fine` has no effect: {why}.", stacklevel=2)
    return settings


def draws(model: keras.Model) -> int | None:
    """Returns `--draws` or its default; None if it is not given and the network is not redrawn."""
    if FLAGS.draws is None and not has_random_thresholds(model):
        return None
    return DRAWS if FLAGS.draws is None else FLAGS.draws
