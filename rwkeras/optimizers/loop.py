"""Main loop of an optimisation, with a callback and checkpoints."""

from rwkeras.optimizers.checkpoint import Checkpoints
from rwkeras.optimizers.run import Run
from rwkeras.optimizers.settings import Callback, OptimizationResult


def minimize(
    run: Run, callback: Callback | None = None, checkpoints: Checkpoints | None = None
) -> OptimizationResult:
    """Advances a run to its end and returns the result.

    Args:
        run: The run, at its start or in any state.
        callback: Called at the start, every `report_every` iterations and at the end; returns true
            to stop the run.
        checkpoints: Where states are saved; an earlier state is restored first. None for no
            checkpoints.
    """
    if checkpoints is not None:
        run.state = checkpoints.restore(run.state)
    complete_state, last_reported, stopped = run.state, None, False
    try:
        while True:
            should_report = (
                last_reported is None
                or run.finished
                or run.iteration % run.settings.report_every == 0
            )
            if callback is not None and should_report and last_reported != run.evaluations:
                last_reported = run.evaluations
                stopped = bool(callback(run.progress()))
            if stopped or run.finished:
                break
            run.advance()
            complete_state = run.state
            if checkpoints is not None:
                checkpoints.save_if_due(complete_state)
    finally:
        # Also after an exception. `complete_state` excludes a phase change that was interrupted:
        # saved half done, it would not be completed when the run is resumed.
        if checkpoints is not None:
            checkpoints.save(complete_state)
    return run.result(stopped)
