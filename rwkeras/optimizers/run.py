"""A run of a minimiser: its stages and precisions, its budget, and who hears of it."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.optimizers.minimizer import Minimizer
from rwkeras.optimizers.problem import Coordinates, total
from rwkeras.optimizers.settings import OptimizationResult, OptimizerSettings, Progress
from rwkeras.optimizers.stages import COST, Stages

_UNBOUNDED = 2**31 - 1
# How far bfloat16 goes is checked after this many iterations, and then every so many.
_FIRST_CHECK, _CHECK_EVERY = 10, 20
# It is left once the loss in float32 has fallen by less than this share from check to check or its
# own is off by more than this one, once a search takes so many trials, and for the last tenth of a
# run.
_PROGRESS, _ERROR, _MAX_TRIALS, _LAST_SHARE = 0.02, 0.1, 6, 10
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
        reference: The images at which bfloat16 was last made to agree with float32.
        initial_loss: The loss of the start, [batch].
    """

    coordinates: Coordinates
    optimizer: Any
    stage: tf.Tensor
    low: tf.Tensor
    checked: tf.Tensor
    reference: tf.Tensor
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
        self._corrected: tuple[Any, Any] = None, None
        self.settings = settings
        self._max_evaluations = settings.max_evaluations or _UNBOUNDED
        self._stages = Stages(minimizer, values, images.shape, settings)
        low = settings.precision != "float32" and "bfloat16" in minimizer.problem.losses
        probes = self._stages.probes(settings.max_evaluations)
        minimizer.prepare(images.shape)
        precision = self._precision(low)
        given = self._data_of(precision, images)
        coordinates = self._stages.coordinates(0, images, probes, precision, given)
        first_step = tf.constant(settings.first_step)
        optimizer = minimizer.start(precision, coordinates, first_step, given)
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
            images,
            initial_loss,
        )

    def _precision(self, low) -> str:
        return "bfloat16" if bool(low) else "float32"

    def _data_of(self, precision: str, reference: tf.Tensor) -> Any:
        """Returns what functions in a precision take; see `Problem.correct`."""
        if precision == "float32":
            return self._data
        if self._corrected[0] is not reference:
            self._corrected = reference, self._minimizer.correct(reference, self._data)
        return self._corrected[1]

    @property
    def _now(self) -> tuple[str, Any]:
        """The precision of the run as it stands, and what functions take in it."""
        precision = self._precision(self.state.low)
        return precision, self._data_of(precision, self.state.reference)

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
        if bool(state.low):
            every = _FIRST_CHECK if now < _FIRST_CHECK else _CHECK_EVERY
            marks.append((now // every + 1) * every)
        if self._auto_low:
            marks.append(max(self._last, now + 1))
        trials = _MAX_TRIALS if self._auto_low else _UNBOUNDED
        limits = [min(marks), limit, self._max_evaluations, trials]
        precision, data = self._now
        optimizer = self._minimizer.advance(
            precision,
            state.coordinates,
            state.optimizer,
            [tf.convert_to_tensor(limit) for limit in limits],
            data,
        )
        self.state = state._replace(optimizer=optimizer)
        self._change(min(marks))

    def _change(self, mark: int) -> None:
        """Changes the precision or the stage, where it is time to.

        Args:
            mark: The iteration that was to be reached.
        """
        now, done = self.iteration, bool(tf.reduce_all(self._stuck))
        auto = self._auto_low and self._affordable > 0
        if auto and (done or now < mark or now >= self._last):
            self._leave_bfloat16()
            return
        due = now == _FIRST_CHECK or now % _CHECK_EVERY == 0
        due = due and bool(self.state.low) and self._affordable > 0
        if due and not self._progresses() and auto:
            self._leave_bfloat16()
            return
        until = self._stages.until(int(self.state.stage))
        more = until is not None and now < self.settings.max_iterations and (done or now >= until)
        if more and self._affordable > COST:
            self._next_stage()
        elif due:
            self._correct()

    def _progresses(self) -> bool:
        """Returns whether bfloat16 is good for any member still.

        It is while it lowers the true loss, and while its own is not far from that.
        """
        _, losses = self._best("float32")
        exact, before = total(losses), self.state.checked
        self.state = self.state._replace(checked=exact)
        describes = tf.abs(exact - self.state.optimizer.loss) < _ERROR * exact
        falls = exact < (1 - _PROGRESS) * before
        return bool(tf.reduce_any(describes & falls & ~self._stuck))

    def _correct(self) -> None:
        """Has bfloat16 agree with float32 where the run stands."""
        if self._minimizer.problem.correct is None:
            return
        reference, _ = self._best()
        self.state = self.state._replace(reference=reference)
        self._revise()

    def _revise(self) -> None:
        """Takes the optimiser to the objective as it is from now on."""
        precision, data = self._now
        first_step = tf.constant(self.settings.first_step * _LATER_STEP)
        optimizer = self._minimizer.revise(
            precision, self.state.coordinates, self.state.optimizer, first_step, data
        )
        self.state = self.state._replace(optimizer=optimizer)

    def _best(self, precision: str | None = None) -> tuple[tf.Tensor, Any]:
        """Returns the best images so far and their terms, in the run's precision by default."""
        precision = precision or self._precision(self.state.low)
        data = self._data_of(precision, self.state.reference)
        return self._minimizer.losses(precision, self.state.coordinates, self.state.optimizer, data)

    def _leave_bfloat16(self) -> None:
        self.state = self.state._replace(low=tf.constant(False))
        self._revise()

    def _next_stage(self) -> None:
        """Begins the next stage at the image so far, in coordinates measured there."""
        images, _ = self._best()
        self.state = self.state._replace(reference=images)
        precision, data = self._now
        probes, stage = self._stages.probes(self._affordable), int(self.state.stage) + 1
        coordinates = self._stages.coordinates(stage, images, probes, precision, data)
        first_step = tf.constant(self.settings.first_step * _LATER_STEP)
        old = self.state.optimizer
        new = self._minimizer.start(precision, coordinates, first_step, data)
        new = new._replace(
            iterations=old.iterations, evaluations=old.evaluations + new.evaluations + probes
        )
        self.state = self.state._replace(
            coordinates=coordinates,
            optimizer=new,
            stage=tf.constant(stage),
            checked=tf.fill(new.loss.shape, float("inf")),
        )

    def progress(self, precision: str | None = None) -> Progress:
        """Returns what there is to say, with losses in the precision of the run by default."""
        images, losses = self._best(precision)
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
