"""Driver of an optimisation run: budget, changes of precision and stage, result."""

from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.optimizers.descent import UNBOUNDED, Descent, DescentState
from rwkeras.optimizers.minimizer import Minimizer
from rwkeras.optimizers.settings import OptimizationResult, OptimizerSettings, Progress
from rwkeras.optimizers.stages import COST, Stages

# How far bfloat16 goes is checked after this many iterations, and then every so many.
_FIRST_CHECK, _CHECK_EVERY = 10, 20
# It is left once the loss in float32 has fallen by less than this share from check to check or its
# own is off by more than this one, once a search takes so many trials, and for the last tenth of a
# run.
_PROGRESS, _ERROR, _MAX_TRIALS, _LAST_SHARE = 0.02, 0.1, 6, 10


class Run:
    """An optimisation run that can be resumed at any iteration.

    How often it is looked at decides nothing: marks at which stages or precisions change depend on
    the settings alone.

    Args:
        minimizer: The compiled functions.
        images: The start, float32, [batch, height, width, 3], static in shape.
        data: What the problem's functions take.
        values: How many values of an image the objective compares; see `adaptive_filter`.
        settings: The optimiser's settings.
        state: Where it stands, instead of at the start.
    """

    def __init__(
        self,
        minimizer: Minimizer,
        images: tf.Tensor,
        data: Any,
        values: int,
        settings: OptimizerSettings,
        state: DescentState | None = None,
    ):
        self.settings = settings
        self._max_evaluations = settings.max_evaluations or UNBOUNDED
        self._stages = Stages(minimizer, values, images.shape, settings)
        self._descent = Descent(minimizer, images, data, self._stages, settings, state)

    @property
    def state(self) -> DescentState:
        """Everything that decides how the run goes on; it may be replaced by another's."""
        return self._descent.state

    @state.setter
    def state(self, state: DescentState) -> None:
        self._descent.state = state

    @property
    def iteration(self) -> int:
        """Iterations so far, of the member that has made the fewest and can go on."""
        return self._descent.iteration

    @property
    def evaluations(self) -> int:
        """Evaluations so far, of the member that has had most."""
        return self._descent.evaluations

    @property
    def _affordable(self) -> int:
        """How many more evaluations every member may have."""
        return self._max_evaluations - self.evaluations

    @property
    def finished(self) -> bool:
        """Whether no member can go on, in any stage or precision."""
        optimizer = self.state.optimizer
        staged = int(self.state.stage) + 1 < len(self._stages) and self._affordable > COST
        precise = self._auto_low & (self._max_evaluations - optimizer.evaluations > COST)
        active = (
            (optimizer.iterations < self.settings.max_iterations)
            & ~self._descent.spent
            & (~self._descent.stuck | staged | precise)
        )
        return not bool(tf.reduce_any(active))

    @property
    def _auto_low(self) -> bool:
        """Whether evaluations are in bfloat16 until they make no progress."""
        return self._descent.low and self.settings.precision == "auto"

    @property
    def _last(self) -> int:
        """The iteration from which evaluations are in float32 in any case."""
        return self.settings.max_iterations - self.settings.max_iterations // _LAST_SHARE

    def advance(self) -> None:
        """Goes on until the next iteration at which someone wants to hear or something changes.

        Raises:
            RuntimeError: Nothing changed, and never would.
        """
        before = self._standing
        self._advance()
        if self._standing == before and not self.finished:
            raise RuntimeError(
                f"The optimisation goes nowhere after {self.iteration} iterations and "
                f"{self.evaluations} evaluations. This is a fault of rwkeras."
            )

    @property
    def _standing(self) -> tuple[Any, ...]:
        """What differs between any two places of a run."""
        state, optimizer = self.state, self.state.optimizer
        counts = optimizer.iterations.numpy().tolist(), optimizer.evaluations.numpy().tolist()
        return *counts, self._descent.stuck.numpy().tolist(), int(state.stage), bool(state.low)

    def _advance(self) -> None:
        """Goes on; see `advance`."""
        settings = self.settings
        now, until = self.iteration, self._stages.until(int(self.state.stage))
        limit = settings.max_iterations
        if until is not None and self._affordable > COST:
            limit = min(limit, until)
        marks = [limit, (now // settings.report_every + 1) * settings.report_every]
        if settings.tile_size is not None:
            # The state at the last mark is kept until the next: the pairs of both, were it far.
            marks.append(now + 1)
        if self._descent.low:
            every = _FIRST_CHECK if now < _FIRST_CHECK else _CHECK_EVERY
            marks.append((now // every + 1) * every)
        if self._auto_low:
            marks.append(max(self._last, now + 1))
        trials = _MAX_TRIALS if self._auto_low else UNBOUNDED
        self._descent.advance([min(marks), limit, self._max_evaluations, trials])
        self._change(now, min(marks))

    def _change(self, begun: int, mark: int) -> None:
        """Changes the precision or the stage, where it is time to.

        Args:
            begun: The iteration before.
            mark: The iteration that was to be reached.
        """
        if bool(tf.reduce_all(self._descent.spent)):
            return
        now, done = self.iteration, bool(tf.reduce_all(self._descent.stuck | self._descent.spent))
        if self._auto_low and (done or now < mark or now >= self._last):
            self._descent.leave_bfloat16()
            return
        until = self._stages.until(int(self.state.stage))
        more = until is not None and now < self.settings.max_iterations and (done or now >= until)
        # Where nothing was gained since bfloat16 was last corrected, it would be for ever.
        due = now > begun and (now == _FIRST_CHECK or now % _CHECK_EVERY == 0)
        if more and self._affordable > COST:
            self._descent.next_stage(self._affordable)
        elif self._descent.low and due and not self._correct() and self._auto_low:
            self._descent.leave_bfloat16()

    def _correct(self) -> bool:
        """Corrects bfloat16 and returns whether it is good for any member still.

        It is while it lowers the true loss, and while its own was not far from that.
        """
        low = self.state.optimizer.loss
        self._descent.correct()
        exact, before = self.state.optimizer.loss, self.state.checked
        self.state = self.state._replace(checked=exact)
        describes = tf.abs(exact - low) < _ERROR * exact
        falls = exact < (1 - _PROGRESS) * before
        ended = self._descent.stuck | self._descent.spent
        return bool(tf.reduce_any(describes & falls & ~ended))

    def progress(self, *, exact: bool = False) -> Progress:
        """Returns what there is to say.

        Args:
            exact: Whether losses are to be in float32, whatever the run's precision is.
        """
        images, losses = self._descent.best(self._descent.low and not exact)
        values = {name: loss.numpy() for name, loss in losses.items()}
        return Progress(
            iteration=self.iteration,
            max_iterations=self.settings.max_iterations,
            evaluations=self.evaluations,
            loss=np.sum(list(values.values()), axis=0),
            losses=values,
            images=images,
        )

    def result(self, stopped: bool) -> OptimizationResult:
        """Returns where the run stands, its losses in float32."""
        end, optimizer = self.progress(exact=True), self.state.optimizer
        return OptimizationResult(
            image=np.clip(end.images.numpy(), 0, 1),
            loss=end.loss,
            initial_loss=self.state.initial_loss.numpy(),
            losses=end.losses,
            iterations=optimizer.iterations.numpy(),
            evaluations=optimizer.evaluations.numpy(),
            converged=optimizer.converged.numpy(),
            failed=optimizer.failed.numpy() | ~np.isfinite(end.loss),
            stopped=stopped,
        )
