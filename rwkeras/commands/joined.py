"""Flags of results made from several source images."""

from rwkeras.commands.settings_flags import define_flags, given_values
from rwkeras.tasks.settings import StyleSettings
from rwkeras.tasks.texture import check_source_weights

define_flags(StyleSettings, "join", "source_weights")


def source_weights(count: int) -> tuple[float, ...] | None:
    """Returns the weights that the flag gives, or raises `ValueError`.

    Args:
        count: How many pictures there are.
    """
    weights = given_values(StyleSettings, "source_weights").get("source_weights")
    check_source_weights(weights, count)
    return weights
