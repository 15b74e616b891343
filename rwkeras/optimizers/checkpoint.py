"""Checkpoints of optimisation runs: saves the whole state in a folder and restores it."""

import errno
import json
import os
import shutil
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.images.files import is_disk_full
from rwkeras.optimizers.run_state import RunState
from rwkeras.validation import invalid_argument

_DESCRIPTION = "description/.ATTRIBUTES/VARIABLE_VALUE"


class Bounds(NamedTuple):
    """Bounds of a run, which may be raised to continue it; see `OptimizerSettings`."""

    max_iterations: int
    max_evaluations: int | None


class Checkpoints:
    """A folder with the latest state of one run.

    TensorFlow writes a new checkpoint beside the previous one before it makes it the latest, so
    that one of them is complete even if the process is killed. A checkpoint that cannot be written
    does not end the run, but causes a warning, once per run.

    Args:
        state: The run's initial state; all its states have the same structure and shapes.
        directory: The folder; created if missing.
        description: JSON-serialisable values by name that identify the run. A checkpoint with
            another description is refused, unless only its `Bounds` differ and are lower.
        seconds: Minimum time between saves.
    """

    def __init__(
        self, state: RunState, directory: str, description: Mapping[str, Any], seconds: float
    ):
        self._directory = directory
        self._description = json.loads(json.dumps(description))
        self._seconds = seconds
        self._last_save_time = time.monotonic()
        self._variables = [tf.Variable(tensor) for tensor in _leaves(state)]
        self._description_variable = tf.Variable(json.dumps(self._description))
        self._checkpoint = tf.train.Checkpoint(
            description=self._description_variable, state=self._variables
        )
        self._warned = False
        try:
            _make_folder(directory)
            self._manager = tf.train.CheckpointManager(self._checkpoint, directory, max_to_keep=1)
        except (OSError, tf.errors.OpError) as error:
            raise invalid_argument("checkpoint_dir", "a writable folder", directory) from error
        except UnicodeDecodeError as error:  # The file that names the latest one is not text.
            raise _foreign_checkpoint_error(directory) from error

    def restore(self, state: RunState) -> RunState:
        """Returns the last saved state, or the given state if there is no checkpoint.

        Raises:
            ValueError: The checkpoint is of another run or corrupt.
        """
        latest = self._manager.latest_checkpoint
        if latest is None:
            return state
        self._check_description(latest)
        try:
            self._checkpoint.restore(latest).assert_consumed()
        except tf.errors.OpError as error:
            raise invalid_argument(
                "checkpoint_dir", "a folder with an intact checkpoint", self._directory
            ) from error
        self._description_variable.assign(json.dumps(self._description))
        leaves = [tf.identity(variable) for variable in self._variables]
        return _with_leaves(state, leaves)

    def _check_description(self, path: str) -> None:
        """Raises `ValueError` unless a checkpoint belongs to this run."""
        saved = _description(path, self._directory)
        keys = dict.fromkeys([*self._description, *saved])
        differences = [
            f"{name} was {saved.get(name)!r} and is now {self._description.get(name)!r}"
            for name in keys
            if not _is_compatible(name, saved.get(name), self._description.get(name))
        ]
        if differences:
            raise invalid_argument(
                "checkpoint_dir",
                "a folder with a checkpoint of this same run, or without checkpoints",
                f"{self._directory}, where {'; '.join(differences)}",
            )

    def save(self, state: RunState) -> None:
        """Saves a state; warns if that fails, the first time only."""
        for variable, tensor in zip(self._variables, _leaves(state), strict=True):
            variable.assign(tensor)
        try:
            self._manager.save()
        except (OSError, tf.errors.OpError) as error:
            # Partial checkpoints would take disk space that the result may need.
            for partial in Path(self._directory).glob("ckpt-*_temp"):
                shutil.rmtree(partial, ignore_errors=True)
            if not self._warned:
                warnings.warn(
                    f"The checkpoint cannot be saved in {self._directory}; the run continues "
                    f"without: {_short_message(error)}",
                    stacklevel=2,
                )
            self._warned = True
        self._last_save_time = time.monotonic()

    def save_if_due(self, state: RunState) -> None:
        """Saves a state if the last save was long enough ago."""
        if time.monotonic() - self._last_save_time >= self._seconds:
            self.save(state)


def _make_folder(directory: str) -> None:
    """Creates a folder; raises `OSError` if it cannot be written, unless the disk is just full."""
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if not is_disk_full(error):
            raise
    else:
        if not os.access(directory, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), directory)


def _description(path: str, directory: str) -> dict[str, Any]:
    """Returns the description in a checkpoint; raises `ValueError` if there is none."""
    try:
        return json.loads(tf.train.load_checkpoint(path).get_tensor(_DESCRIPTION))
    except (tf.errors.OpError, ValueError, IndexError, RuntimeError) as error:  # All occur.
        raise _foreign_checkpoint_error(directory) from error


def _foreign_checkpoint_error(directory: str) -> ValueError:
    return invalid_argument("checkpoint_dir", "a folder with checkpoints of rwkeras", directory)


def saved_bounds(directory: str) -> Bounds | None:
    """Returns the bounds of the run with checkpoints in a folder; None without a checkpoint.

    Raises:
        ValueError: The folder holds checkpoints of something else.
    """
    try:
        latest = tf.train.latest_checkpoint(directory)
    except UnicodeDecodeError as error:
        raise _foreign_checkpoint_error(directory) from error
    if latest is None:
        return None
    saved = _description(latest, directory)
    return Bounds(*(saved[name] for name in Bounds._fields))


def _is_compatible(name: str, saved: Any, current: Any) -> bool:
    """Returns whether a run may continue after a change of one value of its description."""
    if name not in Bounds._fields:
        return saved == current
    if saved is None or current is None:
        return current is None
    return current >= saved


def _short_message(error: Exception) -> str:
    """Returns the message of a write error without TensorFlow's node and op names."""
    return str(error).split("}} ")[-1].split(" [Op:")[0]


def _leaves(state: Any) -> list[tf.Tensor]:
    return [leaf for leaf in tf.nest.flatten(state) if leaf is not None]


def _with_leaves(state: Any, leaves: list[tf.Tensor]) -> Any:
    replaced = iter(leaves)
    flat = [None if leaf is None else next(replaced) for leaf in tf.nest.flatten(state)]
    return tf.nest.pack_sequence_as(state, flat)
