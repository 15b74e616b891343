"""Training state saved by Keras's `BackupAndRestore`, and the settings it belongs to."""

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

# Below the folder that the user names, since Keras removes it when the training has ended.
_BACKUP, _DESCRIPTION = "backup", "training.json"
# Keras's own file, written last.
_STATE = "training_metadata.json"
# So many photographs tell a set from another.
_DESCRIBED = 16


def description(
    encoder: keras.Model,
    photographs: Photographs,
    decoder: DecoderSettings,
    training: DecoderTraining,
) -> str:
    """Returns what decides a training, as text: two of one description end alike."""
    some = photographs.squares.take(_DESCRIBED).as_numpy_iterator()
    described = {
        "network": [encoder.name, encoder.output_names[0], digest(encoder.get_weights())],
        "photographs": [photographs.total, digest(some)],
        "decoder": dataclasses.asdict(decoder),
        "training": dataclasses.asdict(training),
    }
    return json.dumps(described, indent=1) + "\n"


class _Backup(keras.callbacks.BackupAndRestore):
    """Keras's backup, without which a training goes on where it cannot be written.

    What was written last is then left as it is: Keras finds it by the copy that it keeps.
    """

    def __init__(self, folder: str, keep: bool):
        super().__init__(folder, double_checkpoint=True, delete_checkpoint=not keep)
        self._failed = False

    def on_epoch_end(self, epoch, logs=None):
        """Saves the state; warns, once, if that cannot be done."""
        if self._failed:
            return
        try:
            super().on_epoch_end(epoch, logs)
        except (OSError, RuntimeError) as error:  # HDF5 raises either.
            self._failed = True
            _warn(self.backup_dir, error)


def _warn(folder: str, error: Exception) -> None:
    warnings.warn(
        f"The state of the training cannot be kept in {folder}, and it goes on without: {error}",
        stacklevel=3,
    )


def check_no_backup(folder: str, **files: Path | None) -> None:
    """Raises `ValueError` if a file is to be where the state of a training is, which is removed.

    Args:
        folder: The training's folder.
        files: What will be written, by argument.
    """
    backup = Path(os.path.realpath(Path(folder) / _BACKUP))
    for name, path in files.items():
        if path is not None and backup in Path(os.path.realpath(path)).parents:
            expected = f"a file outside of the training's state, {Path(folder) / _BACKUP}"
            raise invalid_argument(name, expected, str(path))


def forget_backup(folder: str) -> None:
    """Removes the state of a training from its folder, and the folder if nothing else is in it."""
    shutil.rmtree(Path(folder) / _BACKUP, ignore_errors=True)
    with contextlib.suppress(OSError):
        Path(folder).rmdir()


def backup_in(
    folder: str, described: str, *, keep: bool = False
) -> list[keras.callbacks.BackupAndRestore]:
    """Returns what saves the state in a folder, which must not hold that of another training.

    Args:
        folder: The folder.
        described: What `description` returned.
        keep: Whether the state stays when the training has ended.
    """
    backup = Path(folder) / _BACKUP
    said = backup / _DESCRIPTION
    begun = (backup / _STATE).exists()
    if not (begun or said.exists()) and backup.is_dir() and any(backup.iterdir()):
        # Keras would remove it at the end, whatever it holds.
        expected = f"a folder in which '{_BACKUP}' is a training's, or is not there yet"
        raise invalid_argument("backup_dir", expected, folder)
    try:
        backup.mkdir(parents=True, exist_ok=True)
        if not begun:
            with whole_file(said) as temporary:
                temporary.write_text(described)
    except OSError as error:
        if is_disk_full(error):
            _warn(folder, error)
            return []
        expected = "a folder that can be written to"
        raise invalid_argument("backup_dir", expected, f"{folder} ({error.strerror})") from error
    if not said.exists() or said.read_text() != described:
        raise invalid_argument("backup_dir", "a folder without another training's state", folder)
    return [_Backup(str(backup), keep)]


def restored(joint: keras.Model, backup: Sequence[keras.callbacks.BackupAndRestore]) -> int:
    """Restores the state that is there, and returns how many epochs it has behind it."""
    for callback in backup:
        state = Path(callback.backup_dir) / _STATE
        callback.set_model(joint)
        try:
            callback.on_train_begin()
            if state.exists():
                return int(json.loads(state.read_text())["epoch"])
        except (OSError, ValueError, KeyError) as error:  # What Keras and JSON raise.
            found = f"{state.parent} ({type(error).__name__})"
            raise invalid_argument("backup_dir", "a state that is whole", found) from error
    return 0
