"""What every optimiser is told and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.validation import check_number


@dataclass(frozen=True)
class OptimizerSettings:
    """How an objective is minimised.

    Attributes:
        max_iterations: The number of iterations at most; 0 returns the start.
        memory: How many (step, change of gradient) pairs L-BFGS keeps.
        first_step: The root mean square change of a pixel, of 1, by the first step. L-BFGS starts
            along the gradient with nothing to tell it a length, so the objective is scaled for it;
            the losses that are reported are not.
        report_every: After how many iterations a callback hears of the progress, and may stop it.
    """

    max_iterations: int = 200
    memory: int = 20
    first_step: float = 0.05
    report_every: int = 10

    def __post_init__(self):
        check_number("max_iterations", self.max_iterations, integer=True)
        check_number("memory", self.memory, integer=True, minimum=1)
        check_number("first_step", self.first_step, exclusive=True)
        check_number("report_every", self.report_every, integer=True, minimum=1)


class Progress(NamedTuple):
    """What a callback gets.

    Attributes:
        iteration: Iterations so far.
        max_iterations: Iterations at most.
        evaluations: Evaluations of the objective's gradient so far.
        loss: The weighted sum of all terms, float32, [batch].
        losses: The weighted terms by name, each float32, [batch].
        images: The images so far, a float32 tensor, [batch, height, width, 3], not clipped.
    """

    iteration: int
    max_iterations: int
    evaluations: int
    loss: np.ndarray
    losses: dict[str, np.ndarray]
    images: tf.Tensor


# Returns true to stop the optimisation, which then ends as if it had reached its last iteration.
Callback = Callable[[Progress], bool | None]


class OptimizationResult(NamedTuple):
    """Where an optimisation ended.

    Attributes:
        image: float32 RGB, clipped to [0, 1], [batch, height, width, 3].
        loss: The weighted sum of all terms, float32, [batch].
        initial_loss: The same at the start.
        losses: The weighted terms by name, each float32, [batch].
        iterations: How many iterations were made.
        evaluations: How many times the objective's gradient was evaluated.
        converged: bool, [batch]: the loss or its gradient stopped changing in float32, which need
            not mean that the point is stationary.
        failed: bool, [batch]: the line search found no better point, or the loss is not finite.
        stopped: Whether the callback ended the run.
    """

    image: np.ndarray
    loss: np.ndarray
    initial_loss: np.ndarray
    losses: dict[str, np.ndarray]
    iterations: int
    evaluations: int
    converged: np.ndarray
    failed: np.ndarray
    stopped: bool

    @property
    def relative_loss(self) -> np.ndarray:
        """`loss / initial_loss`, [batch]; 0 where the start was already without loss."""
        start = np.asarray(self.initial_loss)
        return np.where(start == 0, 0, self.loss / np.where(start == 0, 1, start))

    def unbatched(self) -> "OptimizationResult":
        """Returns the result for a batch of one without the batch dimension."""
        return self._replace(
            image=self.image[0],
            loss=self.loss[0],
            initial_loss=self.initial_loss[0],
            losses={name: loss[0] for name, loss in self.losses.items()},
            converged=self.converged[0],
            failed=self.failed[0],
        )
