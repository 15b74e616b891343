"""A run of a minimiser: its stages and precisions, its budget, and who hears of it."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.optimizers.minimizer import Minimizer
from rwkeras.optimizers.problem import Coordinates, total
from rwkeras.optimizers.settings import OptimizationResult, OptimizerSettings, Progress
from rwkeras.optimizers.stages import COST, Stages

_UNBOUNDED = 2**31 - 1
# bfloat16 is left once so many iterations have lowered the loss by less than this share, or the
# loss is off by more than this one, and for the last tenth of a run.
_CHECK_EVERY, _PROGRESS, _ERROR = 10, 0.2, 0.3
_LAST_SHARE = 10
# So many evaluations without reaching the next check are no progress, either.
_PATIENCE = 15
# How long the first step of a later stage or precision is, compared with the run's first.
_LATER_STEP = 0.2


class RunState(NamedTuple):
    """Everything that decides how a run goes on.

    Attributes:
        coordinates: Those of the stage.
        optimizer: The optimiser's own state.
        stage: The index of the stage, int32, [].
        low: Whether evaluations are in bfloat16, bool, [].
        checked: The loss in float32 when its progress was last checked, [batch].
        patience: Until how many evaluations the next check may wait, int32, [batch].
        initial_loss: The loss of the start, [batch].
    """

    coordinates: Coordinates
    optimizer: Any
    stage: tf.Tensor
    low: tf.Tensor
    checked: tf.Tensor
    patience: tf.Tensor
    initial_loss: tf.Tensor


class Run:
    """A run that stands at some iteration and can be taken on.

    How often it is looked at decides nothing: marks at which stages or precisions change depend on
    the settings alone.

    Args:
        minimizer: The compiled functions.
        images: The start, float32, [batch, height, width, 3], static in shape.
        data: What the problem's functions take.
        values: How many values of an image the objective compares; see `adaptive_filter`.
        settings: The optimiser's settings.
    """

    def __init__(
        self,
        minimizer: Minimizer,
        images: tf.Tensor,
        data: Any,
        values: int,
        settings: OptimizerSettings,
    ):
        self._minimizer = minimizer
        self._data = data
        self.settings = settings
        self._max_evaluations = settings.max_evaluations or _UNBOUNDED
        self._stages = Stages(minimizer, data, values, images.shape, settings)
        low = settings.precision != "float32" and "bfloat16" in minimizer.problem.losses
        probes = self._stages.probes(settings.max_evaluations)
        minimizer.prepare(images.shape)
        coordinates = self._stages.coordinates(0, images, self._precision(low), probes)
        optimizer = minimizer.start(
            self._precision(low), coordinates, tf.constant(settings.first_step), data
        )
        optimizer = optimizer._replace(evaluations=optimizer.evaluations + probes)
        initial_loss = optimizer.loss
        if low:
            _, losses = minimizer.losses("float32", coordinates, optimizer, data)
            initial_loss = total(losses)
        self.state = RunState(
            coordinates,
            optimizer,
            tf.constant(0),
            tf.constant(low),
            initial_loss,
            optimizer.evaluations + _PATIENCE,
            initial_loss,
        )

    def _precision(self, low) -> str:
        return "bfloat16" if bool(low) else "float32"

    @property
    def _stuck(self) -> tf.Tensor:
        """Whether a member can go no further as it is, bool, [batch]."""
        return self.state.optimizer.converged | self.state.optimizer.failed

    @property
    def iteration(self) -> int:
        """Iterations so far, of the member that has made the fewest and can go on."""
        made = self.state.optimizer.iterations.numpy()
        open_ = ~self._stuck.numpy()
        return int(made[open_].min() if open_.any() else made.max())

    @property
    def evaluations(self) -> int:
        """Evaluations so far, of the member that has had most."""
        return int(tf.reduce_max(self.state.optimizer.evaluations))

    @property
    def _affordable(self) -> int:
        """How many more evaluations every member may have."""
        return self._max_evaluations - self.evaluations

    @property
    def finished(self) -> bool:
        """Whether no member can go on, in any stage."""
        optimizer, settings = self.state.optimizer, self.settings
        active = (
            (optimizer.iterations < settings.max_iterations)
            & (optimizer.evaluations < self._max_evaluations)
            & (~self._stuck | (self._more and self._affordable > COST))
        )
        return not bool(tf.reduce_any(active))

    @property
    def _auto_low(self) -> bool:
        """Whether evaluations are in bfloat16 until they make no progress."""
        return bool(self.state.low) and self.settings.precision == "auto"

    @property
    def _last(self) -> int:
        """The iteration from which evaluations are in float32 in any case."""
        return self.settings.max_iterations - self.settings.max_iterations // _LAST_SHARE

    @property
    def _more(self) -> bool:
        """Whether a member that is stuck may get on in float32 or in another stage."""
        return self._auto_low or int(self.state.stage) + 1 < len(self._stages)

    def advance(self) -> None:
        """Goes on until the next iteration at which someone wants to hear or something changes."""
        settings, state = self.settings, self.state
        now, until = self.iteration, self._stages.until(int(state.stage))
        limit = settings.max_iterations
        if until is not None and self._affordable > COST:
            limit = min(limit, until)
        marks = [limit, (now // settings.report_every + 1) * settings.report_every]
        if self._auto_low:
            marks += [(now // _CHECK_EVERY + 1) * _CHECK_EVERY, max(self._last, now + 1)]
        evaluations = self._max_evaluations
        if self._auto_low:
            evaluations = tf.minimum(evaluations, state.patience)
        limits = [tf.convert_to_tensor(n) for n in (min(marks), limit, evaluations)]
        optimizer = self._minimizer.advance(
            self._precision(state.low), state.coordinates, state.optimizer, limits, self._data
        )
        self.state = state._replace(optimizer=optimizer)
        self._change(min(marks))

    def _change(self, mark: int) -> None:
        """Leaves bfloat16, or goes to the next stage, where it is time to.

        Args:
            mark: The iteration that was to be reached.
        """
        settings, state = self.settings, self.state
        now, done = self.iteration, bool(tf.reduce_all(self._stuck))
        if self._auto_low and self._affordable > 0:
            over = done or now < mark or now >= self._last
            if over or not self._progresses(now):
                self._leave_bfloat16()
                return
        until = self._stages.until(int(state.stage))
        more = until is not None and (done or now >= until) and now < settings.max_iterations
        if more and self._affordable > COST:
            self._next_stage()

    def _progresses(self, now: int) -> bool:
        """Returns whether bfloat16 is good for any member still, checking it when it is due.

        It is while it lowers the true loss, and while its own is not far from that.
        """
        state, optimizer = self.state, self.state.optimizer
        if now % _CHECK_EVERY:
            return True
        _, losses = self._minimizer.losses("float32", state.coordinates, optimizer, self._data)
        exact = total(losses)
        self.state = state._replace(checked=exact, patience=optimizer.evaluations + _PATIENCE)
        describes = tf.abs(exact - optimizer.loss) < _ERROR * exact
        falls = exact < (1 - _PROGRESS) * state.checked
        return bool(tf.reduce_any(describes & falls & ~self._stuck))

    def _leave_bfloat16(self) -> None:
        state = self.state
        first_step = tf.constant(self.settings.first_step * _LATER_STEP)
        optimizer = self._minimizer.revise(
            "float32", state.coordinates, state.optimizer, first_step, self._data
        )
        self.state = state._replace(optimizer=optimizer, low=tf.constant(False))

    def _next_stage(self) -> None:
        """Begins the next stage at the image so far, in coordinates measured there."""
        state, minimizer = self.state, self._minimizer
        precision, old = self._precision(state.low), state.optimizer
        images, _ = minimizer.losses(precision, state.coordinates, old, self._data)
        probes, stage = self._stages.probes(self._affordable), int(state.stage) + 1
        coordinates = self._stages.coordinates(stage, images, precision, probes)
        first_step = tf.constant(self.settings.first_step * _LATER_STEP)
        new = minimizer.start(precision, coordinates, first_step, self._data)
        new = new._replace(
            iterations=old.iterations, evaluations=old.evaluations + new.evaluations + probes
        )
        self.state = state._replace(
            coordinates=coordinates,
            optimizer=new,
            stage=tf.constant(stage),
            checked=tf.fill(new.loss.shape, float("inf")),
            patience=new.evaluations + _PATIENCE,
        )

    def progress(self, precision: str | None = None) -> Progress:
        """Returns what there is to say, with losses in the precision of the run by default."""
        state = self.state
        precision = precision or self._precision(state.low)
        images, losses = self._minimizer.losses(
            precision, state.coordinates, state.optimizer, self._data
        )
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
        end, optimizer = self.progress("float32"), self.state.optimizer
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
