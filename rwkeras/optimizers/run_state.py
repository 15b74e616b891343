"""State of an optimisation run, as saved in checkpoints."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.optimizers.problem import Coordinates


class RunState(NamedTuple):
    """State of an optimisation run: everything that determines how it continues.

    Attributes:
        phase: Index of the phase, int32, [].
        coordinates: Coordinates of the phase.
        optimizer: The optimiser's state.
        checked_loss: Loss at the last correction of bfloat16 in these coordinates, [batch]. Before
            the first, the initial loss; in later coordinates, the dtype's maximum.
        reference: Images at which bfloat16 was last corrected.
        initial_loss: Loss of the initial images in float32, [batch].
    """

    phase: tf.Tensor
    coordinates: Coordinates
    optimizer: Any
    checked_loss: tf.Tensor
    reference: tf.Tensor
    initial_loss: tf.Tensor

    @property
    def terminated(self) -> tf.Tensor:
        """Whether a member has converged or failed in this phase, bool, [batch]."""
        return self.optimizer.converged | self.optimizer.failed

    @property
    def progress_key(self) -> tuple[Any, ...]:
        """Counts and flags of which at least one changes whenever a run makes progress."""
        counts = self.optimizer.iterations, self.optimizer.evaluations, self.terminated
        return *(each.numpy().tolist() for each in counts), int(self.phase)

    def members(self, indices: Sequence[int]) -> "RunState":
        """Returns the state of some members of a batch of at least two, by their indices."""
        batch = self.initial_loss.shape[0]

        def select_members(value):
            # Shared values, such as a prior's filter, have no batch dimension or one of size 1.
            if value is None or value.shape.rank == 0 or value.shape[0] != batch:
                return value
            return tf.gather(value, list(indices))

        return tf.nest.map_structure(select_members, self)
