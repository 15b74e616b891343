"""State of an optimisation run: coordinates, precision and the optimiser's own state."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.optimizers.minimizer import Minimizer
from rwkeras.optimizers.problem import Coordinates
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.optimizers.stages import Stages

# More evaluations than any run makes.
UNBOUNDED = 2**31 - 1
# How long the first step of a later stage or precision is, compared with the run's first.
_LATER_STEP = 0.2


class DescentState(NamedTuple):
    """Complete state of a run.

    Attributes:
        coordinates: Those of the stage.
        optimizer: The optimiser's own state.
        stage: The index of the stage, int32, [].
        low: Whether evaluations are in bfloat16, bool, [].
        checked: The loss when bfloat16 was last made to agree with float32, [batch].
        reference: The images at which bfloat16 was last made to agree with float32.
        initial_loss: The loss of the start in float32, [batch].
    """

    coordinates: Coordinates
    optimizer: Any
    stage: tf.Tensor
    low: tf.Tensor
    checked: tf.Tensor
    reference: tf.Tensor
    initial_loss: tf.Tensor

    def members(self, places: Sequence[int]) -> "DescentState":
        """Returns the state of some members of the batch, of at least two, by their places."""
        batch = self.initial_loss.shape[0]

        def of_members(value):
            # What all share, such as the filter of a prior, has no batch or one of 1.
            if value is None or value.shape.rank == 0 or value.shape[0] != batch:
                return value
            return tf.gather(value, list(places))

        return tf.nest.map_structure(of_members, self)


class Descent:
    """Operations of a run on its state; `Run` decides when they happen.

    Args:
        minimizer: The compiled functions.
        images: The start, float32, [batch, height, width, 3], static in shape.
        data: What the problem's functions take.
        stages: The stages.
        settings: The optimiser's settings.
        state: Where it stands, instead of at the start.
    """

    def __init__(
        self,
        minimizer: Minimizer,
        images: tf.Tensor,
        data: Any,
        stages: Stages,
        settings: OptimizerSettings,
        state: DescentState | None = None,
    ):
        self._minimizer = minimizer
        self._data = data
        self._corrected: tuple[Any, Any] = None, None
        self._stages = stages
        self._first_step = settings.first_step
        self._max_evaluations = settings.max_evaluations or UNBOUNDED
        minimizer.prepare(images.shape)
        self.state = self._started(images, settings) if state is None else state

    def _started(self, images: tf.Tensor, settings: OptimizerSettings) -> DescentState:
        """Returns the state at the start."""
        minimizer, stages = self._minimizer, self._stages
        low = settings.precision != "float32" and "bfloat16" in minimizer.problem.losses
        coordinates, optimizer = self._begin(
            0, images, low, stages.probes(settings.max_evaluations), self._first_step
        )
        # Here bfloat16 agrees with float32.
        loss = optimizer.loss
        return DescentState(
            coordinates, optimizer, tf.constant(0), tf.constant(low), loss, images, loss
        )

    def _begin(
        self, stage: int, images: tf.Tensor, low: bool, probes: int, first_step: float
    ) -> tuple[Coordinates, Any]:
        """Returns coordinates of a stage that begins at images, and the optimiser's state."""
        precision, data = self._functions(low, images)
        coordinates = self._stages.coordinates(stage, images, probes, precision, data)
        optimizer = self._minimizer.start(precision, coordinates, tf.constant(first_step), data)
        return coordinates, optimizer._replace(evaluations=optimizer.evaluations + probes)

    def _functions(self, low: bool, reference: tf.Tensor) -> tuple[str, Any]:
        """Returns a precision and what functions take in it; see `Problem.correct`."""
        if not low:
            return "float32", self._data
        if self._corrected[0] is not reference:
            self._corrected = reference, self._minimizer.correct(reference, self._data)
        return "bfloat16", self._corrected[1]

    @property
    def low(self) -> bool:
        """Whether evaluations are in bfloat16."""
        return bool(self.state.low)

    @property
    def stuck(self) -> tf.Tensor:
        """Whether a member can go no further as it is, bool, [batch]."""
        return self.state.optimizer.converged | self.state.optimizer.failed

    @property
    def spent(self) -> tf.Tensor:
        """Whether a member has had all its evaluations, bool, [batch]."""
        return self.state.optimizer.evaluations >= self._max_evaluations

    @property
    def iteration(self) -> int:
        """Iterations so far, of the member that has made the fewest and can go on."""
        made = self.state.optimizer.iterations.numpy()
        open_ = ~(self.stuck | self.spent).numpy()
        return int(made[open_].min() if open_.any() else made.max())

    @property
    def evaluations(self) -> int:
        """Evaluations so far, of the member that has had most."""
        return int(tf.reduce_max(self.state.optimizer.evaluations))

    def _images(self) -> tf.Tensor:
        """Returns the best images so far, not clipped."""
        return self._minimizer.images(self.state.coordinates, self.state.optimizer)

    def best(self, low: bool) -> tuple[tf.Tensor, Mapping[str, tf.Tensor]]:
        """Returns the best images so far, not clipped, and their terms in a precision."""
        state = self.state
        precision, data = self._functions(low, state.reference)
        return self._minimizer.losses(precision, state.coordinates, state.optimizer, data)

    def advance(self, limits: list[int]) -> None:
        """Goes on; see `lbfgs.advance` for the limits."""
        state = self.state
        precision, data = self._functions(self.low, state.reference)
        tensors = [tf.convert_to_tensor(limit) for limit in limits]
        optimizer = self._minimizer.advance(
            precision, state.coordinates, state.optimizer, tensors, data
        )
        self.state = state._replace(optimizer=optimizer)

    def correct(self) -> None:
        """Has bfloat16 agree with float32 at the best images so far.

        It costs an evaluation of each member that has one left; the others stay as they are.
        """
        self._revise(self.state._replace(reference=self._images()))

    def leave_bfloat16(self) -> None:
        """Goes on in float32; costs as much."""
        self._revise(self.state._replace(low=tf.constant(False)))

    def _revise(self, state: DescentState) -> None:
        """Takes the optimiser to the objective as it is from now on."""
        precision, data = self._functions(bool(state.low), state.reference)
        first_step = tf.constant(self._first_step * _LATER_STEP)
        optimizer = self._minimizer.revise(
            precision, state.coordinates, state.optimizer, first_step, data
        )
        spent = self.spent
        if bool(tf.reduce_any(spent)):
            optimizer = tf.nest.map_structure(
                lambda old, new: _rows_where(spent, old, new), state.optimizer, optimizer
            )
        self.state = state._replace(optimizer=optimizer)

    def next_stage(self, budget: int) -> None:
        """Begins the next stage at the best images so far, in coordinates measured there."""
        images = self._images()
        old, stage = self.state.optimizer, int(self.state.stage) + 1
        probes = self._stages.probes(budget)
        coordinates, new = self._begin(
            stage, images, self.low, probes, self._first_step * _LATER_STEP
        )
        self.state = self.state._replace(
            coordinates=coordinates,
            optimizer=new._replace(
                iterations=old.iterations, evaluations=old.evaluations + new.evaluations
            ),
            stage=tf.constant(stage),
            checked=tf.fill(new.loss.shape, new.loss.dtype.max),
            reference=images,
        )


def _rows_where(members: tf.Tensor, rows: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Returns rows of some members of a batch, others of the rest; `others` where there is none."""
    if rows.shape.rank == 0:
        return others
    return tf.where(tf.reshape(members, [-1] + [1] * (rows.shape.rank - 1)), rows, others)
