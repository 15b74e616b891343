"""Validation of a network's input shape."""

from typing import Any

from rwkeras.validation import invalid_argument, python_number

# (height, width, 3); None means any size.
InputShape = tuple[int | None, int | None, int]


def checked_input_shape(shape: Any) -> InputShape:
    """Returns the shape of RGB images as a tuple of Python integers.

    Args:
        shape: (height, width, 3); None means any size.

    Raises:
        ValueError: `shape` is not of that form.
    """
    sides = tuple(map(python_number, shape)) if isinstance(shape, tuple | list) else ()
    whole = all(side is None or type(side) is int for side in sides[:2])
    if len(sides) != 3 or sides[2] != 3 or not whole:
        raise invalid_argument("input_shape", "(height, width, 3)", shape)
    return sides
