"""Optimisation run: advances within a phase and changes phases."""

from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.optimizers.compiled_problem import PROBES, CompiledProblem
from rwkeras.optimizers.phases import Phase, float32_from, is_check, next_limits, planned_phases
from rwkeras.optimizers.problem import UNBOUNDED, make_coordinates
from rwkeras.optimizers.rows import select
from rwkeras.optimizers.run_state import RunState
from rwkeras.optimizers.settings import OptimizationResult, OptimizerSettings, Progress

# Number of evaluations to measure the curvature and to start in the new coordinates.
_PHASE_COST = PROBES + 1
# Length of the first step of a later phase, relative to that of the run.
_LATER_STEP_FACTOR = 0.2
# "auto" leaves bfloat16 once the float32 loss falls by less than the fraction _MIN_DECREASE from
# check to check, or the bfloat16 loss differs from it by more than the fraction _MAX_ERROR.
_MIN_DECREASE, _MAX_ERROR = 0.02, 0.1


class Run:
    """An optimisation run: its phases and its current state, from which it can be resumed.

    Args:
        problem: The compiled functions.
        images: Initial images, float32, [batch, height, width, 3], of static shape.
        data: Argument of the problem's functions.
        values: Number of target values per image; see `stages`.
        settings: The optimiser's settings.
        state: State to continue from; None for the start.

    Attributes:
        settings: The optimiser's settings.
        state: Current state; may be replaced, for example by one from a checkpoint.
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
        self.state = self._begin_phase(0, images) if state is None else state

    def advance(self) -> None:
        """Advances to the next iteration at which to report or possibly change phase.

        Raises:
            RuntimeError: The run made no progress although it is not finished, which is a bug.
        """
        state, precision, previous_iteration = self.state, self.phase.precision, self.iteration
        limits = next_limits(self.phase, previous_iteration, self.settings)
        data = self._data_in(precision, state.reference)
        optimizer = self._problem.advance(
            precision, state.coordinates, state.optimizer, limits.tensors(), data
        )
        self.state = state._replace(optimizer=optimizer)
        self._change_phase(previous_iteration, int(limits.until))
        if self.state.progress_key == state.progress_key and not self.finished:
            raise RuntimeError(
                f"The optimisation makes no progress after {self.iteration} iterations and "
                f"{self.evaluations} evaluations. This is a bug in rwkeras."
            )

    def _change_phase(self, previous_iteration: int, target_iteration: int) -> None:
        """Enters another phase or corrects bfloat16, if due.

        Args:
            previous_iteration: Iteration before the last call of the optimiser.
            target_iteration: Iteration that the call was to reach.
        """
        if bool(tf.reduce_all(self._out_of_evaluations)):
            return  # No member has an evaluation left for a change.
        phase, now, max_iterations = self.phase, self.iteration, self.settings.max_iterations
        all_ended = bool(tf.reduce_all(self._ended))
        # The target is missed if a member's line search takes too many trials.
        if phase.float32 is not None and (
            all_ended or now < target_iteration or now >= float32_from(max_iterations)
        ):
            self._revise(phase.float32)
        elif (
            phase.following is not None
            and now < max_iterations
            and (all_ended or now >= phase.until)
        ):
            self.state = self._begin_phase(phase.following, self._images(), self.state)
        # Without progress since the last correction, corrections would repeat for ever.
        elif phase.precision == "bfloat16" and now > previous_iteration and is_check(now):
            self._correct()

    def _begin_phase(
        self, index: int, images: tf.Tensor, before: RunState | None = None
    ) -> RunState:
        """Returns the initial state of a phase, in coordinates adapted to given images.

        If too few evaluations remain to continue after it, the curvature is not measured but taken
        to be zero.

        Args:
            index: Index of the phase.
            images: Origin of the coordinates.
            before: Current state of the run; None at its start.
        """
        settings, problem, phase = self.settings, self._problem, self._phases[index]
        first_step, affordable = settings.first_step, self._max_evaluations
        if before is not None:
            first_step, affordable = first_step * _LATER_STEP_FACTOR, affordable - self.evaluations
        data = self._data_in(phase.precision, images)
        measures_curvature = (
            settings.parametrization == "adaptive"
            and bool(problem.problem.random_gradients)
            and settings.max_iterations > 0
            and affordable > _PHASE_COST
        )
        curvature = problem.curvature(phase.precision, images, data) if measures_curvature else None
        coordinates = make_coordinates(images, curvature, phase.degrees_of_freedom, settings)
        new = problem.start(phase.precision, coordinates, tf.constant(first_step), data)
        new = new._replace(evaluations=new.evaluations + (PROBES if measures_curvature else 0))
        if before is None:
            # The data are corrected at these images, so `new.loss` is the float32 loss.
            return RunState(tf.constant(index), coordinates, new, new.loss, images, new.loss)
        old = before.optimizer
        new = new._replace(iterations=old.iterations, evaluations=old.evaluations + new.evaluations)
        max_loss = tf.fill(new.loss.shape, new.loss.dtype.max)
        return RunState(tf.constant(index), coordinates, new, max_loss, images, before.initial_loss)

    def _correct(self) -> None:
        """Corrects bfloat16; changes to float32, if allowed, once bfloat16 helps no member.

        It helps a member as long as the float32 loss falls and the bfloat16 loss stays close to it.
        """
        low, before = self.state.optimizer.loss, self.state.checked_loss
        self.state = self.state._replace(reference=self._images())
        self._revise(int(self.state.phase))
        exact = self.state.optimizer.loss
        self.state = self.state._replace(checked_loss=exact)
        agrees = tf.abs(exact - low) < _MAX_ERROR * exact
        decreases = exact < (1 - _MIN_DECREASE) * before
        is_useful = bool(tf.reduce_any(agrees & decreases & ~self._ended))
        if self.phase.float32 is not None and not is_useful:
            self._revise(self.phase.float32)

    def _revise(self, index: int) -> None:
        """Changes to the phase of an index, which has the same coordinates, and re-evaluates.

        Costs one evaluation of each member that has one left; the others stay unchanged.
        """
        state, precision = self.state, self._phases[index].precision
        first_step = tf.constant(self.settings.first_step * _LATER_STEP_FACTOR)
        data, old = self._data_in(precision, state.reference), state.optimizer
        new = self._problem.revise(precision, state.coordinates, old, first_step, data)
        new = select(self._out_of_evaluations, old, new)
        self.state = state._replace(phase=tf.constant(index), optimizer=new)

    @property
    def phase(self) -> Phase:
        """The current phase; without `following` if a member lacks the evaluations to enter it."""
        phase = self._phases[int(self.state.phase)]
        affordable = self._max_evaluations - self.evaluations > _PHASE_COST
        return phase if affordable else phase._replace(following=None)

    @property
    def iteration(self) -> int:
        """Smallest number of iterations of the members that can continue; if none can, largest."""
        iterations = self.state.optimizer.iterations.numpy()
        can_continue = ~self._ended.numpy()
        return int(iterations[can_continue].min() if can_continue.any() else iterations.max())

    @property
    def evaluations(self) -> int:
        """Largest number of evaluations of any member."""
        return int(tf.reduce_max(self.state.optimizer.evaluations))

    @property
    def finished(self) -> bool:
        """Whether no member can continue, in any phase."""
        phase, optimizer = self.phase, self.state.optimizer
        affordable = self._max_evaluations - optimizer.evaluations > _PHASE_COST
        can_refine = (phase.float32 is not None) & affordable
        active = (
            (optimizer.iterations < self.settings.max_iterations)
            & ~self._out_of_evaluations
            & (~self.state.terminated | (phase.following is not None) | can_refine)
        )
        return not bool(tf.reduce_any(active))

    @property
    def _out_of_evaluations(self) -> tf.Tensor:
        """Whether a member has used all its evaluations, bool, [batch]."""
        return self.state.optimizer.evaluations >= self._max_evaluations

    @property
    def _ended(self) -> tf.Tensor:
        """Whether a member cannot continue in this phase, bool, [batch]."""
        return self.state.terminated | self._out_of_evaluations

    def _data_in(self, precision: str, reference: tf.Tensor) -> Any:
        """Returns the data for the functions of a precision; see `Problem.correct`."""
        if precision == "float32":
            return self._data
        if self._corrected[0] is not reference:
            self._corrected = reference, self._problem.correct(reference, self._data)
        return self._corrected[1]

    def _images(self) -> tf.Tensor:
        """Returns the best images so far, not clipped."""
        return self._problem.images(self.state.coordinates, self.state.optimizer)

    def progress(self, *, exact: bool = False) -> Progress:
        """Returns the progress, for callbacks.

        Args:
            exact: Whether to compute losses in float32 whatever the run's precision.
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
        """Returns the result so far, with losses in float32."""
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
