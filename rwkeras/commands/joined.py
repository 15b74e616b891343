"""Flags of results made from several source images."""

from absl import flags

from rwkeras.commands.flags import FLAGS
from rwkeras.objectives.joining import JOINS
from rwkeras.tasks.settings import StyleSettings
from rwkeras.tasks.texture import check_source_weights
from rwkeras.validation import invalid_argument

flags.DEFINE_enum("join", StyleSettings.join, list(JOINS), "How several pictures are joined.")
flags.DEFINE_list(
    "source_weights",
    None,
    "How much each of several pictures counts, such as 2,1; by default as much as its size.",
)


def source_weights(count: int) -> tuple[float, ...] | None:
    """Returns the weights that the flag gives, or raises `ValueError`.

    Args:
        count: How many pictures there are.
    """
    given = FLAGS.source_weights
    if given is None:
        return None
    try:
        weights = tuple(float(text) for text in given)
    except ValueError as error:
        expected = "numbers with commas between them, such as 2,1"
        raise invalid_argument("source_weights", expected, ",".join(given)) from error
    check_source_weights(weights, count)
    return weights
