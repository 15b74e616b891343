"""Serves a browser page for style transfer, textures and inversions.

The page is reachable only from this machine unless --host is another address; it then requires a
token, which is printed with the address.

Example:
    rwkeras-studio
    rwkeras-studio --folder=pictures --endpoint=localhost:8500
"""

from absl import flags

from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.settings import settings_fields
from rwkeras.studio.settings import StudioSettings

try:
    from rwkeras.studio.page.serve import serve
except ModuleNotFoundError as error:
    raise ValueError(
        f"The studio needs {error.name}, which is not installed: pip install 'rwkeras[studio]'"
    ) from error

FLAGS = flags.FLAGS
# Settings whose flags have the same names; `max_pixels` is set by the common --max_megapixels.
_NAMES = [field.name for field in settings_fields(StudioSettings) if field.name != "max_pixels"]
define_flags(StudioSettings, *_NAMES)
flags.DEFINE_bool("open", True, "Whether to open a browser.")


def main() -> None:
    """Runs the tool."""
    others = {}
    if FLAGS.max_megapixels is not None:
        others["max_pixels"] = round(FLAGS.max_megapixels * 1e6)
    serve(settings_from_flags(StudioSettings, *_NAMES, **others), open_browser=FLAGS.open)
