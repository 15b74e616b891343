"""Training state saved by Keras's `BackupAndRestore`, with the settings that it belongs to."""

import contextlib
import dataclasses
import json
import os
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path

from rwkeras.backend import keras
from rwkeras.decoders.photographs import Photographs
from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
from rwkeras.digests import digest
from rwkeras.images.files import is_disk_full, whole_file
from rwkeras.validation import invalid_argument

# A subfolder of the user's folder, since Keras removes it at the end of training.
_BACKUP, _DESCRIPTION = "backup", "training.json"
# Written by Keras, after the rest of the state.
_STATE = "training_metadata.json"
# Number of photographs that are hashed to identify a set.
_DIGESTED = 16


def description(
    encoder: keras.Model,
    photographs: Photographs,
    decoder: DecoderSettings,
    training: DecoderTraining,
) -> str:
    """Returns what determines the result of a training, as JSON."""
    some = photographs.squares.take(_DIGESTED).as_numpy_iterator()
    values = {
        "network": [encoder.name, encoder.output_names[0], digest(encoder.get_weights())],
        "photographs": [photographs.total, digest(some)],
        "decoder": dataclasses.asdict(decoder),
        "training": dataclasses.asdict(training),
    }
    return json.dumps(values, indent=1) + "\n"


class _Backup(keras.callbacks.BackupAndRestore):
    """`BackupAndRestore` that lets training continue if the state cannot be written.

    Nothing is written after the first failure. The previous state remains usable, as Keras keeps a
    second copy of it.
    """

    def __init__(self, folder: str, keep: bool):
        super().__init__(folder, double_checkpoint=True, delete_checkpoint=not keep)
        self._failed = False

    def on_epoch_end(self, epoch, logs=None):
        """Saves the state; warns at the first failure."""
        if self._failed:
            return
        try:
            super().on_epoch_end(epoch, logs)
        except (OSError, RuntimeError) as error:  # HDF5 raises either.
            self._failed = True
            _warn(self.backup_dir, error)


def _warn(folder: str, error: Exception) -> None:
    warnings.warn(
        f"The training state cannot be saved in {folder}; the run continues without: {error}",
        stacklevel=3,
    )


def check_no_backup(folder: str, **files: Path | None) -> None:
    """Raises `ValueError` if an output file is inside the backup, which is removed after training.

    Args:
        folder: The backup folder given by the user.
        files: Output files by argument name.
    """
    backup = Path(os.path.realpath(Path(folder) / _BACKUP))
    for name, path in files.items():
        if path is not None and backup in Path(os.path.realpath(path)).parents:
            expected = f"a file outside the training state, {Path(folder) / _BACKUP}"
            raise invalid_argument(name, expected, str(path))


def remove_backup(folder: str) -> None:
    """Removes the state of a training from its folder, and the folder if that is then empty."""
    shutil.rmtree(Path(folder) / _BACKUP, ignore_errors=True)
    with contextlib.suppress(OSError):
        Path(folder).rmdir()


def backup_callbacks(
    folder: str, description_text: str, *, keep: bool = False
) -> list[keras.callbacks.BackupAndRestore]:
    """Returns the callbacks that save the state in a folder: one, or none if the disk is full.

    Args:
        folder: The folder.
        description_text: The result of `description`.
        keep: Whether to keep the state after training.

    Raises:
        ValueError: The folder cannot be written, or holds the state of another training or files
            that are not a training's.
    """
    backup = Path(folder) / _BACKUP
    description_file = backup / _DESCRIPTION
    has_state = (backup / _STATE).exists()
    if not (has_state or description_file.exists()) and backup.is_dir() and any(backup.iterdir()):
        # Keras would remove the folder at the end, with all its contents.
        expected = f"a folder without '{_BACKUP}', or with one that holds a training state"
        raise invalid_argument("backup_dir", expected, folder)
    try:
        backup.mkdir(parents=True, exist_ok=True)
        if not has_state:
            with whole_file(description_file) as temporary:
                temporary.write_text(description_text)
    except OSError as error:
        if is_disk_full(error):
            _warn(folder, error)
            return []
        expected = "a writable folder"
        raise invalid_argument("backup_dir", expected, f"{folder} ({error.strerror})") from error
    if not description_file.exists() or description_file.read_text() != description_text:
        raise invalid_argument(
            "backup_dir", "a folder without the state of a different training", folder
        )
    return [_Backup(str(backup), keep)]


def restore(joint: keras.Model, backup: Sequence[keras.callbacks.BackupAndRestore]) -> int:
    """Restores the saved state, if any, and returns the number of completed epochs."""
    for callback in backup:
        state = Path(callback.backup_dir) / _STATE
        callback.set_model(joint)
        try:
            callback.on_train_begin()
            if state.exists():
                return int(json.loads(state.read_text())["epoch"])
        except (OSError, ValueError, KeyError) as error:  # From Keras and JSON.
            found = f"{state.parent} ({type(error).__name__})"
            raise invalid_argument("backup_dir", "an intact training state", found) from error
    return 0
