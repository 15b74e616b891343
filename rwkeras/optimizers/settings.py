"""Settings and results of the optimisers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.parametrizations.parametrization import PARAMETRIZATIONS
from rwkeras.validation import check_choice, check_number, invalid_argument, plain_numbers

OPTIMIZERS = ("lbfgs", "tfp", "adam")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class OptimizerSettings:
    """Settings of an optimisation.

    Attributes:
        optimizer: "lbfgs", "tfp" for the L-BFGS of TensorFlow Probability, or "adam", Keras's.
        max_iterations: The number of iterations of an image at most; 0 returns the start.
        max_evaluations: The number of evaluations of the gradient of an image at most, or None.
            It is exact, so that the cost is fixed; "tfp" cannot promise it and wants None.
        memory: How many (step, change of gradient) pairs L-BFGS keeps.
        first_step: The root mean square change of a pixel, of 1, by the first step. L-BFGS starts
            along the gradient with nothing to tell it a length. Of "adam" it is the learning rate.
        report_every: After how many iterations a callback hears of the progress, and may stop it.
        parametrization: The coordinates in which the image is varied: "adaptive" to the layers,
            "fourier", or "pixels" as in the paper; see `rwkeras.parametrizations`.
        fourier_exponent: The p of the prior f^-p on amplitudes, for "adaptive" and "fourier".
        decorrelate_colors: Whether the prior takes the channels of RGB to be correlated.
        precision: "float32", "bfloat16" for the network's weights and activations, or "auto":
            bfloat16 for as long as its loss is the true one but for little, then float32, and so
            for the last tenth in any case; float32 at once where bfloat16 is not faster. What
            bfloat16 takes from the activations is measured and added every 20 iterations, which
            costs an evaluation. "auto" turns for a whole batch at a time.
        tile_size: How much of an image is evaluated at a time along each axis, in pixels, for
            images whose activations do not fit in memory; None for the whole. The gradient is the
            same to rounding; see `rwkeras.tiling`. The image is then varied over pixels where the
            parametrisation is "adaptive", and bfloat16 is not made to agree with float32.
        max_memory: What the process may take at most, in GiB, or None: from it `tile_size` is
            chosen, and how many pairs L-BFGS keeps; see `rwkeras.tasks.memory`. Not of
            `optimize_image`, whose objective was made before.
        checkpoint_dir: A folder in which the state of the run is kept, or None. The same run begun
            again goes on from there, and ends as if it had never stopped. With more iterations or
            evaluations it goes on from there too, even if it had ended; when its stages and
            precisions change was then decided by the fewer. One that has converged stays as it is.
        checkpoint_seconds: How long to wait between saves; a run that is stopped is saved then.
    """

    optimizer: str = "lbfgs"
    max_iterations: int = 200
    max_evaluations: int | None = None
    memory: int = 20
    first_step: float = 0.05
    report_every: int = 10
    parametrization: str = "adaptive"
    fourier_exponent: float = 1.25
    decorrelate_colors: bool = True
    precision: str = "auto"
    tile_size: int | None = None
    max_memory: float | None = None
    checkpoint_dir: str | None = None
    checkpoint_seconds: float = 60.0

    def __post_init__(self):
        plain_numbers(self)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_number("max_iterations", self.max_iterations, integer=True)
        if self.max_evaluations is not None:
            check_number("max_evaluations", self.max_evaluations, integer=True, minimum=1)
            if self.optimizer == "tfp":
                raise invalid_argument(
                    "max_evaluations", "None with optimizer='tfp'", self.max_evaluations
                )
        check_number("memory", self.memory, integer=True, minimum=1)
        check_number("first_step", self.first_step, exclusive=True)
        check_number("report_every", self.report_every, integer=True, minimum=1)
        check_choice("parametrization", self.parametrization, PARAMETRIZATIONS)
        check_number("fourier_exponent", self.fourier_exponent)
        check_choice("precision", self.precision, PRECISIONS)
        if self.tile_size is not None:
            check_number("tile_size", self.tile_size, integer=True, minimum=1)
        if self.max_memory is not None:
            check_number("max_memory", self.max_memory, exclusive=True)
            if self.tile_size is not None:
                expected = "None with `max_memory`, which chooses it"
                raise invalid_argument("tile_size", expected, self.tile_size)
        check_number("checkpoint_seconds", self.checkpoint_seconds)


class Progress(NamedTuple):
    """Progress of a run, as passed to callbacks.

    Attributes:
        iteration: Iterations so far, of the image that has made the fewest and can go on.
        max_iterations: Iterations at most.
        evaluations: Evaluations of the objective's gradient so far, of the image that has most.
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
    """Result of an optimisation.

    Attributes:
        image: float32 RGB, clipped to [0, 1], [batch, height, width, 3].
        loss: The weighted sum of all terms, float32, [batch].
        initial_loss: The same at the start.
        losses: The weighted terms by name, each float32, [batch].
        iterations: How many iterations were made, int, [batch].
        evaluations: How many times the objective's gradient was evaluated, those that measured its
            curvature among them; int, [batch].
        converged: bool, [batch]: the gradient vanished or the loss stopped changing in float32,
            which need not mean that the point is stationary. So is a flat start.
        failed: bool, [batch]: the line search found no better point, or the loss is not finite.
        stopped: Whether the callback ended the run.
    """

    image: np.ndarray
    loss: np.ndarray
    initial_loss: np.ndarray
    losses: dict[str, np.ndarray]
    iterations: np.ndarray | int
    evaluations: np.ndarray | int
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
            iterations=int(np.asarray(self.iterations)[0]),
            evaluations=int(np.asarray(self.evaluations)[0]),
            converged=self.converged[0],
            failed=self.failed[0],
        )
