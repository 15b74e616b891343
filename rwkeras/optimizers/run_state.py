"""State of an optimisation run: what a checkpoint keeps."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.optimizers.problem import Coordinates


class RunState(NamedTuple):
    """Everything that decides how a run goes on.

    Attributes:
        phase: The index of the phase, int32, [].
        coordinates: Those of the phase.
        optimizer: The optimiser's own state.
        checked: The loss when bfloat16 was last made to agree with float32, [batch].
        reference: The images at which bfloat16 was last made to agree with float32.
        initial_loss: The loss of the start in float32, [batch].
    """

    phase: tf.Tensor
    coordinates: Coordinates
    optimizer: Any
    checked: tf.Tensor
    reference: tf.Tensor
    initial_loss: tf.Tensor

    @property
    def stuck(self) -> tf.Tensor:
        """Whether a member can go no further in this phase, bool, [batch]."""
        return self.optimizer.converged | self.optimizer.failed

    @property
    def standing(self) -> tuple[Any, ...]:
        """What differs between any two places of a run."""
        counts = self.optimizer.iterations, self.optimizer.evaluations, self.stuck
        return *(each.numpy().tolist() for each in counts), int(self.phase)

    def members(self, places: Sequence[int]) -> "RunState":
        """Returns the state of some members of the batch, of at least two, by their places."""
        batch = self.initial_loss.shape[0]

        def of_members(value):
            # What all share, such as the filter of a prior, has no batch or one of 1.
            if value is None or value.shape.rank == 0 or value.shape[0] != batch:
                return value
            return tf.gather(value, list(places))

        return tf.nest.map_structure(of_members, self)
