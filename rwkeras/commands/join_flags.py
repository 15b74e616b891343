"""Flags of results made from several source images."""

from rwkeras.commands.settings_flags import define_flags
from rwkeras.tasks.settings import StyleSettings

define_flags(StyleSettings, "join", "source_weights")
