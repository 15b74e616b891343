"""Checks that a tool's outputs overwrite neither its inputs nor each other."""

import os
from collections.abc import Iterable
from pathlib import Path

from absl import flags

from rwkeras.images.outputs import Input, Output, check_no_overwrite
from rwkeras.validation import invalid_argument

# Flags that may name folders of pictures, and whether these are read recursively. The value of any
# other flag is a folder only by coincidence, for example one named like a network.
_FOLDERS = {"images": True, "rescale_images": False, "textures": False, "styles": False}


def inputs(reads: Iterable[str]) -> list[Input]:
    """Returns the input files and folders that flags name; they need not exist.

    Args:
        reads: Names of the flags.
    """
    found = []
    for name in reads:
        value = flags.FLAGS[name].value
        for path in value if isinstance(value, list) else [value]:
            if path is not None and (name in _FOLDERS or not os.path.isdir(path)):
                found.append(Input(name, path, _FOLDERS.get(name, False)))
    return found


def check_named_outputs(reads: Iterable[str], **outputs: Path | None) -> None:
    """Raises `ValueError` if an output coincides with an input or with another output.

    Args:
        reads: Names of the flags with input files.
        outputs: Output paths by flag; see `check_no_overwrite`.
    """
    named = [Output(name, path) for name, path in outputs.items() if path is not None]
    check_outputs(named, reads)


def check_logdir(folder: str | None) -> None:
    """Raises `ValueError` if the TensorBoard folder exists and is not a folder.

    Args:
        folder: The value of `--logdir`.
    """
    if folder is not None and os.path.exists(folder) and not os.path.isdir(folder):
        raise invalid_argument("logdir", "a folder", folder)


def check_outputs(outputs: Iterable[Output], reads: Iterable[str]) -> None:
    """Raises `ValueError` if an output coincides with an input or with another output.

    Args:
        outputs: The outputs; see `check_no_overwrite`.
        reads: Names of the flags with input files.
    """
    check_no_overwrite(outputs, inputs(reads))
