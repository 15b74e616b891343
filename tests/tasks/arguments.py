"""Arguments of tasks by name, of which some are their settings."""

import dataclasses

from rwkeras.tasks.settings import INITS


def with_settings(kind, **given):
    """Returns arguments of a task, those that are fields of its settings as one object.

    Args:
        kind: The class of the settings.
        given: Settings and other arguments by name; a start that is no name is none of the former.
    """
    names = {field.name for field in dataclasses.fields(kind)}
    init = given.get("init")
    if not (isinstance(init, str) and init in INITS):
        names.discard("init")
    own = {name: value for name, value in given.items() if name in names}
    others = {name: value for name, value in given.items() if name not in names}
    return {"settings": kind(**own), **others}
