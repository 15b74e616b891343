"""Settings as flags: a flag for each field, of its type, with its default and what it means."""

from collections.abc import Mapping
from typing import Any, TypeVar

from absl import flags

from rwkeras.settings import Setting, Settings, settings_fields
from rwkeras.validation import invalid_argument

# The flags are those of the modules that ask for them.
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
        settings: The class.
        names: The fields; if none are given, all.
        defaults: What flags have by default where it is not what the field has, by name.
        more: What else is to be said of fields, by name.
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


def given_values(settings: type[Settings], *names: str) -> dict[str, Any]:
    """Returns what flags have for fields of settings, by name, but for those that have None.

    Args:
        settings: The class.
        names: The fields; if none are given, all.

    Raises:
        ValueError: One is a list of what should be numbers.
    """
    values = {field.name: _value(field) for field in _chosen(settings, names)}
    return {name: value for name, value in values.items() if value is not None}


def given_settings(settings: type[_Settings], *names: str, **others: Any) -> _Settings:
    """Returns settings as flags give them; raises `ValueError` if they cannot be.

    Args:
        settings: The class.
        names: The fields that are flags; if none are given, all.
        others: The values of other fields.
    """
    return settings(**{**given_values(settings, *names), **others})


def _chosen(settings: type[Settings], names: tuple[str, ...]) -> list[Setting]:
    fields = {field.name: field for field in settings_fields(settings)}
    return [fields[name] for name in names or fields]


def _value(field: Setting) -> Any:
    """Returns what the flag of a field has, as the field takes it."""
    given = flags.FLAGS[field.name].value
    if given is None or not field.several:
        return given
    try:
        return tuple(field.kind(text) for text in given)
    except ValueError as error:
        expected = f"{_NUMBERS[field.kind]} with commas between them, such as 2,1"
        raise invalid_argument(field.name, expected, ",".join(given)) from error
