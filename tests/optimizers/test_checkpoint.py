import errno
import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.optimizers.checkpoint import Checkpoints, saved_bounds
from rwkeras.optimizers.compiled_problem import CompiledProblem
from rwkeras.optimizers.loop import minimize
from rwkeras.optimizers.problem import Problem
from rwkeras.optimizers.run import Run
from tests.conftest import waves


def settings(folder, **changes):
    return rwkeras.OptimizerSettings(
        **{
            "max_iterations": 75,
            "memory": 4,
            "report_every": 5,
            "checkpoint_dir": None if folder is None else str(folder),
            "checkpoint_seconds": 0,
            **changes,
        }
    )


def invert(model, image, optimizer, callback=None, layer="conv2_2", seed=0):
    return rwkeras.invert(
        model,
        image,
        rwkeras.InversionSettings(layer, seed=seed),
        optimizer=optimizer,
        callback=callback,
    )


@pytest.mark.parametrize(
    ("optimizer", "precision", "stop"),
    [
        ("lbfgs", "auto", 25),
        ("lbfgs", "float32", 70),
        ("lbfgs", "bfloat16", 15),
        pytest.param("tfp", "auto", 25, marks=pytest.mark.slow),
        pytest.param("tfp", "auto", 70, marks=pytest.mark.slow),
        ("adam", "auto", 25),
    ],
)
def test_a_stopped_run_ends_as_if_it_had_never_stopped(
    toy, image, tmp_path, optimizer, precision, stop
):
    options = {"optimizer": optimizer, "precision": precision}
    whole = invert(toy, image, settings(None, **options))
    first = invert(toy, image, settings(tmp_path, **options), lambda p: p.iteration >= stop)
    assert first.stopped
    reported = []
    second = invert(toy, image, settings(tmp_path, **options), reported.append)
    assert reported[0].iteration >= stop
    np.testing.assert_array_equal(second.image, whole.image)
    assert second.evaluations == whole.evaluations
    np.testing.assert_array_equal(second.initial_loss, whole.initial_loss)


def test_an_exception_loses_nothing(toy, image, tmp_path):
    def interrupt(progress):
        if progress.iteration >= 20:
            raise KeyboardInterrupt

    slow = settings(tmp_path, checkpoint_seconds=1e6)
    with pytest.raises(KeyboardInterrupt):
        invert(toy, image, slow, interrupt)
    reported = []
    invert(toy, image, slow, reported.append)
    assert reported[0].iteration == 20


def test_an_interruption_while_bfloat16_is_corrected_changes_nothing(
    toy, image, tmp_path, monkeypatch
):
    options = {"precision": "bfloat16", "parametrization": "fourier"}
    whole = invert(toy, image, settings(None, **options))

    def interrupt(run):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Run, "_correct", interrupt)
        with pytest.raises(KeyboardInterrupt):
            invert(toy, image, settings(tmp_path, **options))
    resumed = invert(toy, image, settings(tmp_path, **options))
    np.testing.assert_array_equal(resumed.image, whole.image)
    assert resumed.evaluations == whole.evaluations


def test_a_finished_run_is_returned_as_it_was(toy, image, tmp_path):
    first = invert(toy, image, settings(tmp_path))
    reported = []
    second = invert(toy, image, settings(tmp_path), reported.append)
    np.testing.assert_array_equal(second.image, first.image)
    assert [progress.iteration for progress in reported] == [75]


def refusal_message(folder, act):
    with pytest.raises(ValueError) as error:
        act()
    start = (
        "Invalid value for argument `checkpoint_dir`. Expected a folder with a checkpoint of this "
        f"same run, or without checkpoints. Received: checkpoint_dir={folder}, where "
    )
    assert str(error.value).startswith(start)
    return str(error.value)[len(start) :]


def test_a_checkpoint_of_another_run_is_refused(toy, image, tmp_path):
    invert(toy, image, settings(tmp_path, max_iterations=5))

    def refused(model=toy, picture=image, layer="conv2_2", seed=0, **changes):
        optimizer = settings(tmp_path, **{"max_iterations": 5, **changes})
        return refusal_message(
            tmp_path, lambda: invert(model, picture, optimizer, None, layer, seed)
        )

    assert refused(max_iterations=4) == "max_iterations was 5 and is now 4"
    assert refused(optimizer="adam") == "optimizer was 'lbfgs' and is now 'adam'"
    assert refused(layer="conv3_1").startswith(
        "terms was ['content/conv2_2'] and is now ['content/conv3_1']; network was"
    )
    assert refused(seed=1).startswith("start was")
    assert "network was" in refused(model=rwkeras.toy_vgg(seed=9))
    assert refused(picture=waves(24, 32).transpose(1, 0, 2)[:, ::-1].copy()).startswith("objective")


CURVATURE = np.geomspace(1, 100, 48).reshape(4, 4, 3).astype(np.float32)


def quadratic(images, data):
    return {"loss": tf.reduce_sum(CURVATURE * tf.square(images - 0.3), (1, 2, 3))}


def noise(images, data, seed):
    white = tf.random.stateless_normal(images.shape[1:], [seed, 0])
    return tf.sqrt(2 * CURVATURE) * white + 0 * images


@functools.cache
def compiled(optimizer):
    """Returns compiled functions, shared by all runs."""
    return CompiledProblem(Problem({"float32": quadratic}, {"float32": noise}), optimizer, memory=3)


def minimize_small(folder, callback=None, **changes):
    """Runs a small problem with checkpoints after every report."""
    given = {"max_iterations": 10, "report_every": 2, "parametrization": "pixels", **changes}
    optimizer = rwkeras.OptimizerSettings(**given)
    run = Run(compiled(optimizer.optimizer), tf.fill([1, 4, 4, 3], 0.5), None, 48, optimizer)
    bounds = {name: getattr(optimizer, name) for name in ("max_iterations", "max_evaluations")}
    checkpoints = folder and Checkpoints(run.state, str(folder), bounds, 0)
    return minimize(run, callback, checkpoints)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["lbfgs", "tfp", "adam"])
def test_a_finished_run_is_taken_further(tmp_path, optimizer):
    first = minimize_small(tmp_path, optimizer=optimizer, max_iterations=6)
    reported = []
    second = minimize_small(tmp_path, reported.append, optimizer=optimizer)
    assert reported[0].iteration == 6
    np.testing.assert_array_equal(np.clip(reported[0].images, 0, 1), first.image)
    # Nothing here depends on the maximum number of iterations, so the longer run is reproduced.
    whole = minimize_small(None, optimizer=optimizer)
    np.testing.assert_array_equal(second.image, whole.image)
    assert second.evaluations == whole.evaluations
    # The folder now belongs to the longer run.
    np.testing.assert_array_equal(minimize_small(tmp_path, optimizer=optimizer).image, second.image)
    assert saved_bounds(str(tmp_path)) == (10, None)
    refused = refusal_message(
        tmp_path, lambda: minimize_small(tmp_path, optimizer=optimizer, max_iterations=6)
    )
    assert refused == "max_iterations was 10 and is now 6"


def test_a_run_of_several_stages_is_taken_further(tmp_path):
    options = {"parametrization": "adaptive", "first_step": 1e-3}
    first = minimize_small(tmp_path, max_iterations=4, **options)
    second = minimize_small(tmp_path, max_iterations=9, **options)
    assert (first.iterations, second.iterations) == (4, 9)
    assert second.loss < first.loss


def test_more_evaluations(tmp_path):
    assert minimize_small(tmp_path, max_evaluations=5).evaluations == 5
    assert minimize_small(tmp_path, max_evaluations=8).evaluations == 8
    refused = refusal_message(tmp_path, lambda: minimize_small(tmp_path, max_evaluations=7))
    assert refused == "max_evaluations was 8 and is now 7"
    # None means no bound.
    assert minimize_small(tmp_path).iterations == 10
    refused = refusal_message(tmp_path, lambda: minimize_small(tmp_path, max_evaluations=200))
    assert refused == "max_evaluations was None and is now 200"


def test_a_stopped_run_is_given_more(tmp_path):
    minimize_small(tmp_path, lambda progress: progress.iteration >= 4, max_iterations=8)
    reported = []
    result = minimize_small(tmp_path, reported.append)
    assert reported[0].iteration == 4
    np.testing.assert_array_equal(result.image, minimize_small(None).image)


def raise_disk_full(manager, *args, **kwargs):
    (Path(manager.directory) / "ckpt-9_temp").mkdir()
    message = "{{function_node save}} part-0; No space left on device [Op:SaveV2]"
    raise tf.errors.ResourceExhaustedError(None, None, message)


def test_a_full_disk_is_a_warning_once(tmp_path, monkeypatch):
    monkeypatch.setattr(tf.train.CheckpointManager, "save", raise_disk_full)
    with pytest.warns(UserWarning, match="No space") as warned:
        result = minimize_small(tmp_path)
    np.testing.assert_array_equal(result.image, minimize_small(None).image)
    assert [str(each.message) for each in warned] == [
        f"The checkpoint cannot be saved in {tmp_path}; the run continues without: part-0; No "
        "space left on device"
    ]
    assert not list(tmp_path.iterdir())


def test_a_disk_that_was_full_for_a_while(tmp_path, monkeypatch):
    save = tf.train.CheckpointManager.save
    saves = []

    def sometimes(manager):
        saves.append(manager)
        return save(manager) if len(saves) > 2 else raise_disk_full(manager)

    monkeypatch.setattr(tf.train.CheckpointManager, "save", sometimes)
    with pytest.warns(UserWarning, match="cannot be saved"):
        first = minimize_small(tmp_path)
    reported = []
    second = minimize_small(tmp_path, reported.append)
    assert [progress.iteration for progress in reported] == [10]
    np.testing.assert_array_equal(second.image, first.image)


def test_a_folder_for_which_there_is_no_room(tmp_path, monkeypatch):
    def no_room(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", no_room)
    monkeypatch.setattr(tf.train.CheckpointManager, "save", no_room)
    with pytest.warns(UserWarning, match="No space left on device"):
        assert minimize_small(tmp_path / "state").iterations == 10


def test_a_folder_of_something_else(toy, image, tmp_path):
    other = tf.train.Checkpoint(variable=tf.Variable(1.0))
    tf.train.CheckpointManager(other, str(tmp_path), 1).save()
    with pytest.raises(ValueError) as error:
        invert(toy, image, settings(tmp_path))
    assert str(error.value) == (
        "Invalid value for argument `checkpoint_dir`. Expected a folder with checkpoints of "
        f"rwkeras. Received: checkpoint_dir={tmp_path}"
    )


def test_a_state_of_another_version_is_refused(tmp_path):
    state = Run(compiled("lbfgs"), tf.fill([1, 4, 4, 3], 0.5), None, 48, settings(None)).state
    # The state's structure in an earlier version, which began with the origin of its coordinates.
    before = state.coordinates.origin, *state, tf.constant(False)
    Checkpoints(before, str(tmp_path), {}, 0).save(before)
    with pytest.raises(ValueError) as error:
        Checkpoints(state, str(tmp_path), {}, 0).restore(state)
    assert str(error.value) == (
        "Invalid value for argument `checkpoint_dir`. Expected a folder with an intact "
        f"checkpoint. Received: checkpoint_dir={tmp_path}"
    )


@pytest.mark.parametrize("broken", ["checkpoint", "data"])
def test_what_is_broken_is_said(tmp_path, broken):
    minimize_small(tmp_path)
    for path in tmp_path.glob("*"):
        if path.name == "checkpoint" and broken == "checkpoint":
            path.write_bytes(b"\x89PNG\r\n")
        if ".data-" in path.name and broken == "data":
            path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match="Invalid value for argument `checkpoint_dir`"):
        minimize_small(tmp_path, max_iterations=20)


def test_a_folder_that_cannot_be_made(toy, image, tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ValueError) as error:
        invert(toy, image, settings(file))
    assert str(error.value) == (
        "Invalid value for argument `checkpoint_dir`. Expected a writable folder. Received: "
        f"checkpoint_dir={file}"
    )


def test_a_folder_that_is_not_to_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(ValueError) as error:
        minimize_small(tmp_path)
    assert str(error.value) == (
        "Invalid value for argument `checkpoint_dir`. Expected a writable folder. Received: "
        f"checkpoint_dir={tmp_path}"
    )


SCRIPT = """
import sys, numpy as np, rwkeras
from tests.conftest import waves
model = rwkeras.toy_vgg(seed=3)
rwkeras.calibrate(model, waves(32, 32))
optimizer = rwkeras.OptimizerSettings(
    max_iterations=1000, report_every=5, precision="float32", parametrization="fourier",
    checkpoint_dir=sys.argv[1], checkpoint_seconds=0,
)
def stop(progress):
    print(progress.iteration, flush=True)
layer = rwkeras.InversionSettings("conv2_2")
result = rwkeras.invert(model, waves(32, 24), layer, optimizer=optimizer, callback=stop)
np.save(sys.argv[2], result.image)
"""


def launch(*arguments):
    command = [sys.executable, "-c", SCRIPT, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)


@pytest.mark.slow
def test_killed_at_any_moment(tmp_path):
    whole, resumed = tmp_path / "whole.npy", tmp_path / "resumed.npy"
    end = launch(tmp_path / "a", whole)
    reached = []
    for delay in (0.05, 0.4):
        process = launch(tmp_path / "b", resumed)
        for line in process.stdout:
            if int(line) >= (reached[-1] if reached else 0) + 60:
                break
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        rest = [int(line) for line in process.stdout]
        process.wait()
        reached.append(max([int(line), *rest]))
    process = launch(tmp_path / "b", resumed)
    lines = [int(line) for line in process.stdout]
    end.communicate()
    assert process.wait() == end.wait() == 0
    # Only iterations since the last save were lost, here those of one report.
    assert reached[0] < reached[1] - 50 < lines[-1]
    assert lines[0] >= reached[-1] - 5
    np.testing.assert_array_equal(np.load(resumed), np.load(whole))
