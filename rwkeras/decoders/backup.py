"""The state of a training, kept in a folder by Keras's `BackupAndRestore`, and whose it is."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from rwkeras.backend import keras
from rwkeras.decoders.photographs import Photographs
from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
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
        "network": [encoder.name, encoder.output_names[0], _digest(encoder.get_weights())],
        "photographs": [photographs.total, _digest(some)],
        "decoder": dataclasses.asdict(decoder),
        "training": dataclasses.asdict(training),
    }
    return json.dumps(described, indent=1) + "\n"


def _digest(arrays: Iterable[np.ndarray]) -> str:
    """Returns the SHA-256 of arrays' bits."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def backup_in(folder: str, described: str) -> list[keras.callbacks.BackupAndRestore]:
    """Returns what saves the state in a folder, which must not hold that of another training."""
    backup = Path(folder) / _BACKUP
    said = backup / _DESCRIPTION
    try:
        backup.mkdir(parents=True, exist_ok=True)
        if not (backup / _STATE).exists():
            said.write_text(described)
    except OSError as error:
        expected = "a folder that can be written to"
        raise invalid_argument("backup_dir", expected, f"{folder} ({error.strerror})") from error
    if not said.exists() or said.read_text() != described:
        raise invalid_argument("backup_dir", "a folder without another training's state", folder)
    return [keras.callbacks.BackupAndRestore(str(backup), double_checkpoint=True)]


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
