"""The main loop of an optimisation: from phase to phase, with a callback and checkpoints."""

from rwkeras.optimizers.checkpoint import Checkpoints
from rwkeras.optimizers.run import Run
from rwkeras.optimizers.settings import Callback, OptimizationResult


def minimize(
    run: Run, callback: Callback | None = None, checkpoints: Checkpoints | None = None
) -> OptimizationResult:
    """Takes a run to its end.

    Args:
        run: Where to begin.
        callback: Hears of the start, of every `report_every` iterations and of the end; may stop
            the run.
        checkpoints: Where the run's state is kept, and from where it goes on.
    """
    if checkpoints is not None:
        run.state = checkpoints.restored(run.state)
    kept, heard, stopped = run.state, None, False
    try:
        while True:
            due = heard is None or run.finished or run.iteration % run.settings.report_every == 0
            if callback is not None and due and heard != run.evaluations:
                heard = run.evaluations
                stopped = bool(callback(run.progress()))
            if stopped or run.finished:
                break
            run.advance()
            kept = run.state
            if checkpoints is not None:
                checkpoints.save_if_due(kept)
    finally:
        # Whatever ends it, an interruption as well: what was begun of a phase's change is left out,
        # or it would not be made when the run is resumed.
        if checkpoints is not None:
            checkpoints.save(kept)
    return run.result(stopped)
