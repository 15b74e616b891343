"""Opens a page in the browser that makes styles, textures and inversions, and keeps them.

The page is on this machine alone unless --host says otherwise; then it asks for a token, which is
printed with the address.

Example:
    rwkeras-studio
    rwkeras-studio --folder=pictures --endpoint=localhost:8500
"""

from typing import Any

from absl import flags

from rwkeras.studio.settings import StudioSettings

try:
    from rwkeras.studio.page.serve import serve
except ModuleNotFoundError as error:
    raise ValueError(
        f"The studio needs {error.name}, which is not installed: pip install 'rwkeras[studio]'"
    ) from error

FLAGS = flags.FLAGS
_STUDIO = StudioSettings()

flags.DEFINE_string(
    "folder", _STUDIO.folder, "Where pictures, jobs and results are kept; made if it is missing."
)
flags.DEFINE_string(
    "host", _STUDIO.host, "The address to bind to: this machine's alone, or with a token any."
)
flags.DEFINE_integer("port", _STUDIO.port, "The port.")
flags.DEFINE_string(
    "endpoint",
    _STUDIO.endpoint,
    "A TensorFlow Serving server that does the work: http://HOST:PORT for REST, HOST:PORT for "
    "gRPC; by default this machine does.",
)
flags.DEFINE_integer("max_bytes", _STUDIO.max_bytes, "Larger files are refused, in bytes.")
flags.DEFINE_integer("max_pictures", _STUDIO.max_pictures, "How many pictures are kept at most.")
flags.DEFINE_integer("max_waiting", _STUDIO.max_waiting, "How many jobs wait at most.")
flags.DEFINE_integer("max_side", _STUDIO.max_side, "The longer side of results at most, in pixels.")
flags.DEFINE_integer(
    "max_kept", _STUDIO.max_kept, "What all takes on the disk: the oldest results give way. Bytes."
)
flags.DEFINE_bool("open", True, "Whether to open a browser.")

_NAMES = (
    "folder", "host", "port", "endpoint", "max_bytes", "max_pictures", "max_waiting", "max_side",
    "max_kept",
)  # fmt: skip


def main() -> None:
    """Runs the tool."""
    given: dict[str, Any] = {name: FLAGS[name].value for name in _NAMES}
    if FLAGS.max_megapixels is not None:
        given["max_pixels"] = round(FLAGS.max_megapixels * 1e6)
    serve(StudioSettings(**given), show=FLAGS.open)
