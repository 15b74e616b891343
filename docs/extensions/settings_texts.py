"""Extension of griffe: the text of a setting is the documentation of its attribute."""

import importlib
from typing import Any

import griffe

from rwkeras.settings import settings_fields


class SettingsTexts(griffe.Extension):
    """Documents the fields of settings, whose texts are arguments of `setting`."""

    def on_class_members(self, *, cls: griffe.Class, **kwargs: Any) -> None:
        """Gives the attributes of a class their texts, if it is one of settings."""
        if "Settings" not in map(str, cls.bases):
            return
        settings = getattr(importlib.import_module(cls.module.path), cls.name)
        for field in settings_fields(settings):
            cls.members[field.name].docstring = griffe.Docstring(
                field.text, parent=cls.members[field.name]
            )
