"""Sends pictures to a model on a TensorFlow Serving server and saves the result.

The address selects the protocol: http://HOST:8501 for REST, HOST:8500 for gRPC.

Example:
    rwkeras-query --address=localhost:8500 --content=photo.jpg --style=painting.jpg --output=out.png
"""

from collections.abc import Callable
from typing import Any

from absl import flags

from rwkeras.commands.outputs import check_named_outputs
from rwkeras.commands.settings_flags import define_flags
from rwkeras.serving.client.client import Client
from rwkeras.serving.client.models import MODELS
from rwkeras.serving.client.reply import Reply, check_png_output
from rwkeras.serving.client.settings import ClientSettings
from rwkeras.validation import invalid_argument

FLAGS = flags.FLAGS
# Flags of the input pictures, by kind of model.
_PICTURES = {
    "style": ("content", "style"),
    "texture": ("texture",),
    "invert": ("source",),
    "decoder": ("source",),
}
_CALLS: dict[str, Callable[..., Reply]] = {
    "style": Client.transfer_style,
    "texture": Client.synthesize_texture,
    "invert": Client.invert,
    "decoder": Client.invert,
}
_REPORTED = ("loss", "initial_loss", "iterations", "evaluations", "converged")

flags.DEFINE_string(
    "address", None, "Address of the server: http://HOST:PORT for REST, HOST:PORT for gRPC."
)
flags.DEFINE_string(
    "model",
    None,
    f"Name of the model; default by --kind: {', '.join(MODELS.values())}.",
)
flags.DEFINE_integer("version", None, "Version of the model; default: the latest.")
flags.DEFINE_string("label", None, "Label of a version, instead of its number.")
define_flags(ClientSettings)
flags.DEFINE_bool("status", False, "Print the versions of the model and exit.")
flags.DEFINE_enum("kind", "style", list(_PICTURES), "Task of the model.")
flags.DEFINE_string("content", None, "For --kind=style: picture of the content.")
flags.DEFINE_string("style", None, "For --kind=style: picture of the style.")
flags.DEFINE_string("texture", None, "For --kind=texture: picture of the texture.")
flags.DEFINE_string("source", None, "For --kind=invert or decoder: picture to reconstruct.")
flags.DEFINE_multi_string("option", [], "NAME=NUMBER, an option of the model; repeatable.")
flags.DEFINE_string("output", None, "Output picture, a .png file.")
flags.mark_flag_as_required("address")


def _pictures() -> dict[str, Any]:
    """Returns the paths of the input pictures; raises `ValueError` for missing or extra flags."""
    wanted = _PICTURES[FLAGS.kind]
    for name in (name for names in _PICTURES.values() for name in names):
        path = FLAGS[name].value
        if name in wanted and path is None:
            raise invalid_argument(name, f"a picture, with --kind={FLAGS.kind}", "nothing")
        if name not in wanted and path is not None:
            raise invalid_argument(name, f"None with --kind={FLAGS.kind}", path)
    return {name: FLAGS[name].value for name in wanted}


def _options() -> dict[str, int | float]:
    options: dict[str, int | float] = {}
    for text in FLAGS.option:
        name, _, value = text.partition("=")
        try:
            options[name] = int(value) if value.lstrip("+-").isdecimal() else float(value)
        except ValueError as error:
            raise invalid_argument("option", "NAME=NUMBER", text) from error
    return options


def _describe(reply: Reply) -> str:
    """Returns the reply's values for its first image as text."""
    values = {name: getattr(reply, name) for name in _REPORTED}
    items = {name: value[0].item() for name, value in values.items() if value is not None}
    return ", ".join(
        f"{name}={item:.6g}" if isinstance(item, float) else f"{name}={item}"
        for name, item in items.items()
    )


def _show_status(client: Client) -> None:
    for version in client.status():
        reason = f" ({version.error})" if version.error else ""
        print(f"version {version.version}: {version.state}{reason}")


def main() -> None:
    """Runs the tool."""
    if not FLAGS.status:
        if FLAGS.output is None:
            raise invalid_argument("output", "a file name that ends in .png", "nothing")
        output = check_png_output(FLAGS.output, "output")
        pictures, options = _pictures(), _options()
        check_named_outputs(pictures, output=output)
    with Client(
        FLAGS.address,
        model=MODELS[FLAGS.kind] if FLAGS.model is None else FLAGS.model,
        version=FLAGS.version,
        label=FLAGS.label,
        timeout=FLAGS.timeout,
        retries=FLAGS.retries,
    ) as client:
        if FLAGS.status:
            _show_status(client)
            return
        reply = _CALLS[FLAGS.kind](client, **pictures, **options)
    reply.save(output)
    print(": ".join(filter(None, [str(output), _describe(reply)])))
