"""Flags from the fields of settings classes, with their types, defaults and help texts."""

from collections.abc import Mapping
from typing import Any, TypeVar

from absl import flags

from rwkeras.settings import Setting, Settings, settings_fields
from rwkeras.validation import invalid_argument

# Flags belong to the modules that call `define_flags`.
flags.disclaim_key_flags()

_Settings = TypeVar("_Settings", bound=Settings)
_NOTHING: Mapping[str, Any] = {}
_DEFINE: dict[type, Any] = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}
_NUMBERS = {int: "integers", float: "numbers"}


def define_flags(
    settings: type[Settings],
    *names: str,
    defaults: Mapping[str, Any] = _NOTHING,
    more: Mapping[str, str] = _NOTHING,
) -> None:
    """Defines flags for fields of settings.

    Args:
        settings: The settings class.
        names: Names of the fields; all if empty.
        defaults: Defaults that differ from the fields', by name.
        more: Additions to the help texts, by name.
    """
    for field in _chosen(settings, names):
        default = defaults.get(field.name, field.default)
        text = f"{field.text} {more.get(field.name, '')}".rstrip()
        if field.several:
            listed = None if default is None else [str(each) for each in default]
            flags.DEFINE_list(field.name, listed, text)
        elif field.choices is not None:
            flags.DEFINE_enum(field.name, default, list(field.choices), text)
        else:
            _DEFINE[field.kind](field.name, default, text)


def flag_values(settings: type[Settings], *names: str) -> dict[str, Any]:
    """Returns the values of flags for fields of settings, by name, without those that are None.

    Args:
        settings: The settings class.
        names: Names of the fields; all if empty.

    Raises:
        ValueError: An element of a list is not a number.
    """
    values = {field.name: _value(field) for field in _chosen(settings, names)}
    return {name: value for name, value in values.items() if value is not None}


def settings_from_flags(settings: type[_Settings], *names: str, **others: Any) -> _Settings:
    """Returns settings from flags; raises `ValueError` if a value is invalid.

    Args:
        settings: The settings class.
        names: Names of the fields with flags; all if empty.
        others: Values of other fields.
    """
    return settings(**{**flag_values(settings, *names), **others})


def _chosen(settings: type[Settings], names: tuple[str, ...]) -> list[Setting]:
    fields = {field.name: field for field in settings_fields(settings)}
    return [fields[name] for name in names or fields]


def _value(field: Setting) -> Any:
    """Returns the value of a field's flag, converted to the field's type."""
    given = flags.FLAGS[field.name].value
    if given is None or not field.several:
        return given
    try:
        return tuple(field.kind(text) for text in given)
    except ValueError as error:
        expected = f"comma-separated {_NUMBERS[field.kind]}, such as 2,1"
        raise invalid_argument(field.name, expected, ",".join(given)) from error
