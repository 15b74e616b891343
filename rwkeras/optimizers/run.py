"""An optimisation run: how it goes on from phase to phase."""

from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.optimizers.compiled_problem import PROBES, CompiledProblem
from rwkeras.optimizers.phases import Phase, float32_from, is_check, next_limits, planned_phases
from rwkeras.optimizers.problem import UNBOUNDED, Coordinates, Limits, parametrized
from rwkeras.optimizers.rows import chosen
from rwkeras.optimizers.run_state import RunState
from rwkeras.optimizers.settings import OptimizationResult, OptimizerSettings, Progress

# What measuring the curvature and starting from what was measured take.
_COST = PROBES + 1
# How long the first step of a later phase is, compared with the run's first.
_LATER_STEP = 0.2
# "auto" leaves bfloat16 once the loss in float32 has fallen by less than this share from check to
# check or its own is off by more than this one.
_PROGRESS, _ERROR = 0.02, 0.1


class Run:
    """An optimisation run that can be resumed at any iteration.

    Args:
        problem: The compiled functions.
        images: The start, float32, [batch, height, width, 3], static in shape.
        data: What the problem's functions take.
        values: How many values of an image the objective compares; see `adaptive_filter`.
        settings: The optimiser's settings.
        state: Where it stands, instead of at the start.

    Attributes:
        settings: The same.
        state: Where it stands; it may be replaced by another's.
    """

    def __init__(
        self,
        problem: CompiledProblem,
        images: tf.Tensor,
        data: Any,
        values: int,
        settings: OptimizerSettings,
        state: RunState | None = None,
    ):
        self.settings = settings
        self._problem = problem
        self._data = data
        self._corrected: tuple[Any, Any] = None, None
        self._max_evaluations = settings.max_evaluations or UNBOUNDED
        self._phases = planned_phases(settings, problem.problem.losses, images.shape, values)
        problem.prepare(images.shape)
        self.state = self._started(images) if state is None else state

    def _started(self, images: tf.Tensor) -> RunState:
        """Returns the state at the start."""
        coordinates, optimizer = self._enter(
            self._phases[0], images, self._max_evaluations, self.settings.first_step
        )
        # Here bfloat16 agrees with float32.
        loss = optimizer.loss
        return RunState(tf.constant(0), coordinates, optimizer, loss, images, loss)

    @property
    def phase(self) -> Phase:
        """The phase in which it is."""
        return self._phases[int(self.state.phase)]

    @property
    def iteration(self) -> int:
        """Iterations so far, of the member that has made the fewest and can go on."""
        made = self.state.optimizer.iterations.numpy()
        open_ = ~self._ended.numpy()
        return int(made[open_].min() if open_.any() else made.max())

    @property
    def evaluations(self) -> int:
        """Evaluations so far, of the member that has had most."""
        return self.state.evaluations

    @property
    def finished(self) -> bool:
        """Whether no member can go on, in any phase."""
        phase, optimizer = self.phase, self.state.optimizer
        staged = phase.following is not None and self._may_follow
        affordable = self._max_evaluations - optimizer.evaluations > _COST
        precise = (phase.float32 is not None) & affordable
        active = (
            (optimizer.iterations < self.settings.max_iterations)
            & ~self._spent
            & (~self.state.stuck | staged | precise)
        )
        return not bool(tf.reduce_any(active))

    @property
    def _spent(self) -> tf.Tensor:
        """Whether a member has had all its evaluations, bool, [batch]."""
        return self.state.optimizer.evaluations >= self._max_evaluations

    @property
    def _ended(self) -> tf.Tensor:
        """Whether a member can go no further in this phase or at all, bool, [batch]."""
        return self.state.stuck | self._spent

    @property
    def _may_follow(self) -> bool:
        """Whether every member has evaluations for other coordinates."""
        return self._max_evaluations - self.evaluations > _COST

    def advance(self) -> None:
        """Goes on until the next iteration at which someone wants to hear or something changes.

        Raises:
            RuntimeError: Nothing changed, and never would.
        """
        before, begun = self.state.standing, self.iteration
        limits = next_limits(self.phase, begun, self.settings, may_follow=self._may_follow)
        self._descend(limits)
        self._change_phase(begun, int(limits.until))
        if self.state.standing == before and not self.finished:
            raise RuntimeError(
                f"The optimisation goes nowhere after {self.iteration} iterations and "
                f"{self.evaluations} evaluations. This is a fault of rwkeras."
            )

    def _descend(self, limits: Limits) -> None:
        """Has the optimiser go on within limits."""
        state, precision = self.state, self.phase.precision
        data = self._data_in(precision, state.reference)
        optimizer = self._problem.advance(
            precision, state.coordinates, state.optimizer, limits.tensors(), data
        )
        self.state = state._replace(optimizer=optimizer)

    def _change_phase(self, begun: int, mark: int) -> None:
        """Enters another phase, or corrects bfloat16, where it is time to.

        Args:
            begun: The iteration before.
            mark: The iteration that was to be reached.
        """
        if bool(tf.reduce_all(self._spent)):
            return  # No evaluation is left to change with.
        phase, now, done = self.phase, self.iteration, bool(tf.reduce_all(self._ended))
        exact = now >= float32_from(self.settings)
        if phase.float32 is not None and (done or now < mark or exact):
            self._revise(phase.float32, self.state.reference)
            return
        over = now < self.settings.max_iterations and (done or now >= phase.until)
        # Where nothing was gained since bfloat16 was last corrected, it would be for ever.
        due = phase.precision == "bfloat16" and now > begun and is_check(now)
        if phase.following is not None and over and self._may_follow:
            self._enter_following(phase.following)
        elif due and not self._correct() and phase.float32 is not None:
            self._revise(phase.float32, self.state.reference)

    def _enter_following(self, index: int) -> None:
        """Begins a phase at the best images so far, in coordinates measured there."""
        images, old = self._images(), self.state.optimizer
        affordable = self._max_evaluations - self.evaluations
        step = self.settings.first_step * _LATER_STEP
        coordinates, new = self._enter(self._phases[index], images, affordable, step)
        self.state = self.state._replace(
            phase=tf.constant(index),
            coordinates=coordinates,
            optimizer=new._replace(
                iterations=old.iterations, evaluations=old.evaluations + new.evaluations
            ),
            checked=tf.fill(new.loss.shape, new.loss.dtype.max),
            reference=images,
        )

    def _enter(
        self, phase: Phase, images: tf.Tensor, affordable: int, first_step: float
    ) -> tuple[Coordinates, Any]:
        """Returns a phase's coordinates at images, and the optimiser's state there.

        Where evaluations do not suffice to go on from what was measured, nothing is: the layers are
        taken to be blind.
        """
        settings, problem = self.settings, self._problem
        data = self._data_in(phase.precision, images)
        measures = (
            settings.parametrization == "adaptive"
            and bool(problem.problem.random_gradients)
            and settings.max_iterations > 0
            and affordable > _COST
        )
        curvature = problem.curvature(phase.precision, images, data) if measures else None
        coordinates = parametrized(images, curvature, phase.seen, settings)
        optimizer = problem.start(phase.precision, coordinates, tf.constant(first_step), data)
        evaluations = optimizer.evaluations + (PROBES if measures else 0)
        return coordinates, optimizer._replace(evaluations=evaluations)

    def _correct(self) -> bool:
        """Corrects bfloat16 and returns whether it is good for any member still.

        It is while it lowers the true loss, and while its own was not far from that.
        """
        low, before = self.state.optimizer.loss, self.state.checked
        self._revise(int(self.state.phase), self._images())
        exact = self.state.optimizer.loss
        self.state = self.state._replace(checked=exact)
        describes = tf.abs(exact - low) < _ERROR * exact
        falls = exact < (1 - _PROGRESS) * before
        return bool(tf.reduce_any(describes & falls & ~self._ended))

    def _revise(self, index: int, reference: tf.Tensor) -> None:
        """Goes on in the same coordinates in a phase's precision.

        It costs an evaluation of each member that has one left; the others stay as they are.

        Args:
            index: Of the phase.
            reference: The images at which bfloat16 is to agree with float32.
        """
        state, precision = self.state, self._phases[index].precision
        data = self._data_in(precision, reference)
        first_step = tf.constant(self.settings.first_step * _LATER_STEP)
        optimizer = self._problem.revise(
            precision, state.coordinates, state.optimizer, first_step, data
        )
        self.state = state._replace(
            phase=tf.constant(index),
            optimizer=chosen(self._spent, state.optimizer, optimizer),
            reference=reference,
        )

    def _data_in(self, precision: str, reference: tf.Tensor) -> Any:
        """Returns what functions in a precision take; see `Problem.correct`."""
        if precision == "float32":
            return self._data
        if self._corrected[0] is not reference:
            self._corrected = reference, self._problem.correct(reference, self._data)
        return self._corrected[1]

    def _images(self) -> tf.Tensor:
        """Returns the best images so far, not clipped."""
        return self._problem.images(self.state.coordinates, self.state.optimizer)

    def progress(self, *, exact: bool = False) -> Progress:
        """Returns what there is to say.

        Args:
            exact: Whether losses are to be in float32, whatever the run's precision is.
        """
        state, precision = self.state, "float32" if exact else self.phase.precision
        data = self._data_in(precision, state.reference)
        images, losses = self._problem.losses(precision, state.coordinates, state.optimizer, data)
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
