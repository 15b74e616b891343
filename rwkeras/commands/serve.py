"""Serves all models of a folder with TensorFlow Serving.

Uses tensorflow_model_server if it is on PATH, otherwise its Docker image. The server ends with this
program.

Example:
    rwkeras-serve --models_dir=saved_models
    rwkeras-serve --models_dir=models --label=painter:stable=1 --label=painter:canary=2
"""

from absl import flags

from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.serving.server import (
    DOCKER,
    PROGRAM,
    ServerSettings,
    find_server,
    folder_config,
    run,
    server_command,
)
from rwkeras.validation import invalid_argument

FLAGS = flags.FLAGS

flags.DEFINE_string(
    "models_dir", None, "Folder with one folder per model, as written by rwkeras-export."
)
flags.DEFINE_string(
    "server",
    None,
    f"Path or name of the server program; default: {PROGRAM}, or {DOCKER} if that is not found.",
)
define_flags(ServerSettings)
flags.DEFINE_multi_string(
    "label", [], "MODEL:LABEL=VERSION, a label for a version to serve; repeatable."
)
flags.DEFINE_multi_string("server_flag", [], "Additional flag of the server; repeatable.")
flags.DEFINE_bool(
    "print_config",
    False,
    "Print the list of models, a --model_config_file of the server, and exit.",
)
flags.mark_flag_as_required("models_dir")


def _labels() -> dict[str, dict[str, int]]:
    """Parses `--label`; returns versions by model and label."""
    labels: dict[str, dict[str, int]] = {}
    for text in FLAGS.label:
        path, _, version = text.rpartition("=")
        model, _, label = path.rpartition(":")
        if not (model and label and version.isdecimal()):
            raise invalid_argument("label", "MODEL:LABEL=VERSION", text)
        named = labels.setdefault(model, {})
        if named.setdefault(label, int(version)) != int(version):
            raise invalid_argument("label", f"one version for label '{label}'", text)
    return labels


def main() -> int:
    """Runs the tool."""
    settings = settings_from_flags(ServerSettings)
    folder, labels = FLAGS.models_dir, _labels()
    server = FLAGS.server or find_server()
    if FLAGS.print_config:
        print(folder_config(folder, server, labels), end="")
        return 0
    with server_command(folder, server, settings, labels) as command:
        return run([*command, *FLAGS.server_flag])
