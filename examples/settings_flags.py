"""Settings as flags: of a frozen dataclass, each field with its default and what it means."""

import dataclasses
from typing import Any, TypeVar

from absl import flags

_Settings = TypeVar("_Settings")
_DEFINE: dict[type, Any] = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    tuple: flags.DEFINE_list,
}


def setting(default: Any, text: str) -> Any:
    """Returns a field of a dataclass, by its default and what the flag says of it."""
    return dataclasses.field(default=default, metadata={"help": text})


def define_flags(settings: type) -> None:
    """Defines a flag for each field of a dataclass of `setting`s, of the type of its default."""
    for field in dataclasses.fields(settings):
        kind = type(field.default)
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        define = _DEFINE.get(kind, flags.DEFINE_string)
        define(field.name, default, field.metadata["help"])


def given_settings(settings: type[_Settings]) -> _Settings:
    """Returns the settings as the flags give them."""
    names = [field.name for field in dataclasses.fields(settings)]  # type: ignore[arg-type]
    return settings(**{name: flags.FLAGS[name].value for name in names})
