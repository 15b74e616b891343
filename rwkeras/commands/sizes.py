"""The flag by which a picture is made from coarse to fine."""

import math
import warnings

from absl import flags

from rwkeras.commands.flags import FLAGS
from rwkeras.tasks.scales import ScaleSettings


def define_coarse_to_fine(settings: ScaleSettings, more: str = "") -> None:
    """Defines the flag for a task.

    Args:
        settings: The sizes by which the task makes its pictures.
        more: What else is to be said of it.
    """
    flags.DEFINE_bool(
        "coarse_to_fine",
        False,
        f"Whether to begin with a small picture, of at least {settings.smallest} pixels, and to "
        f"add detail as it grows. --max_iterations are those of the smallest{more}.",
    )


def coarse_to_fine_scales(settings: ScaleSettings, side: int) -> ScaleSettings | None:
    """Returns the sizes if the flag asks for them, with a warning where there is but one.

    Args:
        settings: The sizes.
        side: The longer side of what is made small, in pixels.
    """
    if not FLAGS.coarse_to_fine:
        return None
    if len(settings.scales(side)) == 1:
        least = math.ceil(settings.smallest * settings.step)
        why = f"it takes a longer side of {least} pixels, not of {side}"
        warnings.warn(f"`coarse_to_fine` changes nothing: {why}.", stacklevel=2)
    return settings
