"""Argument validation with a uniform error message."""

import dataclasses
import difflib
import numbers
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np


class InvalidArgumentError(ValueError):
    """Error for an invalid argument.

    Attributes:
        name: The argument, as the caller spells it.
        expected: Description of valid values.
        received: The value received.
    """

    name = expected = ""
    received: Any = None


def invalid_argument(
    name: str, expected: str, received: Any, kind: type[InvalidArgumentError] = InvalidArgumentError
) -> InvalidArgumentError:
    """Returns the error for an invalid argument.

    Args:
        name: The argument, as the caller spells it.
        expected: Description of valid values, without a full stop.
        received: The value received.
        kind: The class of the error.

    Returns:
        A `ValueError` to raise, whose message is one line.
    """
    shown = received if isinstance(received, str) else repr(received)
    # Keras re-creates exceptions from their message alone.
    error = kind(
        f"Invalid value for argument `{name}`. Expected {expected}. Received: {name}={shown}"
    )
    error.name, error.expected, error.received = name, expected, received
    return error


def suggestion(value: Any, known: Iterable[str]) -> str:
    """Returns " (did you mean 'x'?)" for the closest known name, or "" if none is close."""
    near = difflib.get_close_matches(str(value), list(known), n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def check_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    """Raises `ValueError` unless `value` is one of `choices`; suggests a near miss."""
    known = list(choices)
    if value in known:
        return
    expected = "one of " + ", ".join(f"'{choice}'" for choice in known)
    raise invalid_argument(name, expected + suggestion(value, known), value)


def python_number(value: Any) -> Any:
    """Converts NumPy scalars and 0-d arrays to Python numbers; returns other values unchanged."""
    if isinstance(value, np.generic | np.ndarray) and value.ndim == 0:
        return value.item()
    return value


def checked_number(
    name: str,
    value: Any,
    *,
    minimum: float | None = 0,
    maximum: float | None = None,
    integer: bool = False,
    exclusive: bool = False,
) -> Any:
    """Returns a Python number; raises `ValueError` unless it is finite and within the limits.

    Args:
        name: The argument, as the caller spells it.
        value: A Python or NumPy number, or a 0-d array.
        minimum: Smallest value allowed; None for any.
        maximum: Largest value allowed; None for any.
        integer: Whether the number must be an integer.
        exclusive: Whether `minimum` itself is excluded.
    """
    kinds = (int,) if integer else (int, float)
    plain = python_number(value)
    number = isinstance(plain, kinds) and not isinstance(plain, bool)
    number = number and (integer or abs(plain) <= sys.float_info.max)
    if number and (minimum is None or (plain > minimum if exclusive else plain >= minimum)):
        if maximum is not None and plain > maximum:
            raise invalid_argument(name, f"at most {maximum}", value)
        return plain
    expected = "an integer" if integer else "a finite number"
    if minimum is not None:
        expected += f" {'greater than' if exclusive else 'of at least'} {minimum}"
    raise invalid_argument(name, expected, value)


def check_number(
    name: str,
    value: Any,
    *,
    minimum: float | None = 0,
    maximum: float | None = None,
    integer: bool = False,
    exclusive: bool = False,
) -> None:
    """Raises `ValueError` like `checked_number`, but returns nothing."""
    checked_number(
        name, value, minimum=minimum, maximum=maximum, integer=integer, exclusive=exclusive
    )


def plain_numbers(settings: Any) -> None:
    """Converts NumPy numbers in a frozen dataclass to Python numbers, before validation.

    NumPy numbers are not JSON serialisable, and 0-d arrays are not hashable.

    Args:
        settings: The dataclass under construction; tuples and lists in its fields are converted
            element by element.
    """
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, tuple | list) and type(value) in (tuple, list):
            plain = type(value)(python_number(each) for each in value)
        else:
            plain = python_number(value)
        object.__setattr__(settings, field.name, plain)


def checked_seed(seed: Any) -> int:
    """Returns a seed as a Python int; raises `ValueError` unless it is an integer."""
    plain = python_number(seed)
    if isinstance(plain, numbers.Integral) and not isinstance(plain, bool):
        return int(plain)
    raise invalid_argument("seed", "an integer", seed)
