"""Checks that a tool's outputs overwrite neither its inputs nor each other."""

import os
from collections.abc import Iterable
from pathlib import Path

from absl import flags

from rwkeras.images.outputs import Input, Output, check_apart
from rwkeras.validation import invalid_argument

# The flags that name folders of pictures, and whether those of folders in them are read. Another's
# value is a folder by chance only, such as the name of a network.
_FOLDERS = {"images": True, "rescale_images": False, "textures": False, "styles": False}


def inputs(reads: Iterable[str]) -> list[Input]:
    """Returns the files and folders that flags name, some of which may not be there.

    Args:
        reads: The flags.
    """
    found = []
    for name in reads:
        value = flags.FLAGS[name].value
        for path in value if isinstance(value, list) else [value]:
            if path is not None and (name in _FOLDERS or not os.path.isdir(path)):
                found.append(Input(name, path, _FOLDERS.get(name, False)))
    return found


def check_named_outputs(reads: Iterable[str], **outputs: Path | None) -> None:
    """Raises `ValueError` if flags name a file to write that is read, or written by another.

    Args:
        reads: The flags that name what the tool reads.
        outputs: What it will write, by flag; see `check_apart`.
    """
    named = [Output(name, path) for name, path in outputs.items() if path is not None]
    check_outputs(named, reads)


def check_logdir(folder: str | None) -> None:
    """Raises `ValueError` if the folder for TensorBoard is a file.

    Args:
        folder: The value of `--logdir`.
    """
    if folder is not None and os.path.exists(folder) and not os.path.isdir(folder):
        raise invalid_argument("logdir", "a folder", folder)


def check_outputs(outputs: Iterable[Output], reads: Iterable[str]) -> None:
    """Raises `ValueError` if a tool would write over what it reads, or twice to one file.

    Args:
        outputs: What it will write; see `check_apart`.
        reads: The flags that name what it reads.
    """
    check_apart(outputs, inputs(reads))
