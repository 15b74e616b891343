"""Settings: frozen dataclasses that declare each field's default, meaning and limits."""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from rwkeras.validation import (
    check_choice,
    check_number,
    invalid_argument,
    plain_numbers,
    python_number,
)

_PLURALS = {int: "integers", float: "numbers", str: "words"}


def setting(
    default: Any,
    text: str,
    *,
    choices: Iterable[str] | None = None,
    minimum: float | None = 0,
    maximum: float | None = None,
    exclusive: bool = False,
    check: Callable[[str, Any], Any] | None = None,
) -> Any:
    """Returns a field of `Settings`: a number, a string, a tuple of either, or nested settings.

    Args:
        default: Default value.
        text: Description, for documentation and `--help`.
        choices: Allowed strings; None for any.
        minimum: Smallest number allowed; None for any.
        maximum: Largest number allowed; None for any.
        exclusive: Whether `minimum` itself is excluded.
        check: Replaces the checks of type and limits: called with the field's name and value,
            except with None for an optional field; returns the value to store or raises
            `ValueError`.
    """
    metadata = {
        "text": text,
        "choices": None if choices is None else tuple(choices),
        "limits": {"minimum": minimum, "maximum": maximum, "exclusive": exclusive},
        "check": check,
    }
    return dataclasses.field(default=default, metadata=metadata)


class Setting(NamedTuple):
    """Description of a field of `Settings`.

    Attributes:
        name: The field's name.
        default: Default value.
        kind: The type of its values, or of the values in its tuples.
        several: Whether it holds tuples.
        optional: Whether it may be None.
        text: Description.
        choices: Allowed strings; None for any.
        limits: Limits of a number, as keyword arguments of `check_number`.
        check: See `setting`.
    """

    name: str
    default: Any
    kind: type
    several: bool
    optional: bool
    text: str
    choices: tuple[str, ...] | None
    limits: dict[str, Any]
    check: Callable[[str, Any], Any] | None

    def checked(self, value: Any) -> Any:
        """Returns the value to store; raises `ValueError` if it is invalid."""
        if value is None and self.optional:
            return None
        if self.check is not None:
            return self.check(self.name, value)
        if not self.several:
            self._check_one(value)
            return value
        if not isinstance(value, list | tuple | np.ndarray):
            expected = f"a list or tuple of {_PLURALS[self.kind]}"
            raise invalid_argument(self.name, expected + ", or None" * self.optional, value)
        for each in value:
            self._check_one(each)
        return tuple(map(python_number, value))

    def _check_one(self, value: Any) -> None:
        if issubclass(self.kind, Settings) and not isinstance(value, self.kind):
            expected = self.kind.__name__ + " or None" * self.optional
            raise invalid_argument(self.name, expected, value)
        if self.choices is not None:
            check_choice(self.name, value, self.choices)
        elif self.kind in (int, float):
            check_number(self.name, value, integer=self.kind is int, **self.limits)


class Settings:
    """Base class of frozen dataclasses whose fields are declared with `setting`."""

    def __init_subclass__(cls):
        fields = [(name, cls.__dict__.get(name)) for name in cls.__annotations__]
        texts = [f"    {n}: {f.metadata['text']}" for n, f in fields if f is not None]
        cls.__doc__ = "\n".join([cls.__doc__ or "", "", "Attributes:", *texts])

    def __post_init__(self):
        plain_numbers(self)
        for each in settings_fields(type(self)):
            object.__setattr__(self, each.name, each.checked(getattr(self, each.name)))


def check_settings(settings: Any, kind: type[Settings]) -> None:
    """Raises `ValueError` unless the argument `settings` is an instance of `kind`."""
    if not isinstance(settings, kind):
        raise invalid_argument("settings", kind.__name__, settings)


def settings_fields(settings: type[Settings]) -> Iterator[Setting]:
    """Yields the fields of a settings class, in order."""
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        kind, optional = _without_none(field.type)
        several = typing.get_origin(kind) in (tuple, Sequence)
        kind = typing.get_args(kind)[0] if several else kind
        yield Setting(field.name, field.default, kind, several, optional, **field.metadata)


def _without_none(kind: Any) -> tuple[Any, bool]:
    """Returns a type without None, and whether it included None."""
    if not isinstance(kind, types.UnionType):
        return kind, False
    (one,) = (each for each in typing.get_args(kind) if each is not types.NoneType)
    return one, True
