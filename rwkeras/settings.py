"""Settings: frozen dataclasses that state each field's default, meaning and limits once."""

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
    exclusive: bool = False,
    check: Callable[[str, Any], Any] | None = None,
) -> Any:
    """Returns a field of `Settings`: a number, a word, a tuple of either, or other settings.

    Args:
        default: The value if none is given.
        text: What it means, for documentation and for `--help`.
        choices: The words that are allowed; None for any.
        minimum: The smallest number allowed; None for any.
        exclusive: Whether `minimum` itself is refused.
        check: Returns the value to keep by the field's name and a value that is not None, or
            raises `ValueError`; instead of what follows from the field's type and its limits.
    """
    metadata = {
        "text": text,
        "choices": None if choices is None else tuple(choices),
        "limits": {"minimum": minimum, "exclusive": exclusive},
        "check": check,
    }
    return dataclasses.field(default=default, metadata=metadata)


class Setting(NamedTuple):
    """A field of `Settings`.

    Attributes:
        name: The field's name.
        default: Its default.
        kind: The type of its values, or of the values in its tuples.
        several: Whether it holds tuples.
        optional: Whether it may be None.
        text: What it means.
        choices: The words that are allowed; None for any.
        limits: Of a number, as `check_number` takes them.
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
        """Returns a value as it is kept; raises `ValueError` if it cannot be."""
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
    """Base class of frozen dataclasses whose fields are made by `setting`."""

    def __init_subclass__(cls):
        fields = [(name, cls.__dict__.get(name)) for name in cls.__annotations__]
        texts = [f"    {n}: {f.metadata['text']}" for n, f in fields if f is not None]
        cls.__doc__ = "\n".join([cls.__doc__ or "", "", "Attributes:", *texts])

    def __post_init__(self):
        plain_numbers(self)
        for each in settings_fields(type(self)):
            object.__setattr__(self, each.name, each.checked(getattr(self, each.name)))


def check_settings(settings: Any, kind: type[Settings]) -> None:
    """Raises `ValueError` unless the argument `settings` is of a class of settings."""
    if not isinstance(settings, kind):
        raise invalid_argument("settings", kind.__name__, settings)


def settings_fields(settings: type[Settings]) -> Iterator[Setting]:
    """Yields the fields of a class of settings, in order."""
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        kind, optional = _without_none(field.type)
        several = typing.get_origin(kind) in (tuple, Sequence)
        kind = typing.get_args(kind)[0] if several else kind
        yield Setting(field.name, field.default, kind, several, optional, **field.metadata)


def _without_none(kind: Any) -> tuple[Any, bool]:
    """Returns a type and whether it was its union with None."""
    if not isinstance(kind, types.UnionType):
        return kind, False
    (one,) = (each for each in typing.get_args(kind) if each is not types.NoneType)
    return one, True
