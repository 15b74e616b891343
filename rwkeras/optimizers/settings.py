"""Settings and results of the optimisers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.parametrizations.parametrization import PARAMETRIZATIONS
from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument

OPTIMIZERS = ("lbfgs", "tfp", "adam")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class OptimizerSettings(Settings):
    """Settings of an optimisation."""

    optimizer: str = setting(
        "lbfgs",
        '"lbfgs", "tfp" for the L-BFGS of TensorFlow Probability, or "adam", Keras\'s.',
        choices=OPTIMIZERS,
    )
    max_iterations: int = setting(
        200, "The number of iterations of an image at most; 0 returns the start."
    )
    max_evaluations: int | None = setting(
        None,
        "The number of evaluations of the gradient of an image at most, which bounds the time; "
        'None for any. It is exact; "tfp" cannot promise it and wants None.',
        minimum=1,
    )
    memory: int = setting(20, "How many (step, change of gradient) pairs L-BFGS keeps.", minimum=1)
    first_step: float = setting(
        0.05,
        "The root mean square change of a pixel, of 1, by the first step. L-BFGS starts along the "
        'gradient with nothing to tell it a length. Of "adam" it is the learning rate.',
        exclusive=True,
    )
    report_every: int = setting(
        10,
        "After how many iterations a callback hears of the progress, and may stop it.",
        minimum=1,
    )
    parametrization: str = setting(
        "adaptive",
        'The coordinates in which the image is varied: "adaptive" to the layers, "fourier", or '
        '"pixels" as in the paper; see `rwkeras.parametrizations`.',
        choices=PARAMETRIZATIONS,
    )
    fourier_exponent: float = setting(
        1.25,
        "How fast amplitudes are expected to fall with frequency: the p of the prior f^-p, for "
        '"adaptive" and "fourier".',
    )
    decorrelate_colors: bool = setting(
        True, "Whether that prior takes the channels of RGB to be correlated."
    )
    precision: str = setting(
        "auto",
        '"float32", "bfloat16" for the network\'s weights and activations, or "auto": bfloat16 for '
        "as long as its loss is the true one but for little, then float32, and so for the last "
        "tenth in any case; float32 at once where bfloat16 is not faster. What bfloat16 takes from "
        "the activations is measured and added every 20 iterations, which costs an evaluation. "
        '"auto" turns for a whole batch at a time.',
        choices=PRECISIONS,
    )
    tile_size: int | None = setting(
        None,
        "How much of an image is evaluated at a time along each axis, in pixels, for images whose "
        "activations do not fit in memory; None for the whole. The gradient is the same to "
        "rounding; see `rwkeras.tiling`. The image is then varied over pixels where the "
        'parametrisation is "adaptive", and bfloat16 is not made to agree with float32.',
        minimum=1,
    )
    max_memory: float | None = setting(
        None,
        "What the process may take at most, in GiB, or None: from it `tile_size` is chosen, and "
        "how many pairs L-BFGS keeps; see `rwkeras.tasks.memory`. Not of `optimize_image`, whose "
        "objective was made before.",
        exclusive=True,
    )
    checkpoint_dir: str | None = setting(
        None,
        "A folder in which the state of the run is kept, or None. The same run begun again goes on "
        "from there, and ends as if it had never stopped. With more iterations or evaluations it "
        "goes on from there too, even if it had ended; when its stages and precisions change was "
        "then decided by the fewer. One that has converged stays as it is.",
    )
    checkpoint_seconds: float = setting(
        60.0, "How long to wait between saves; a run that is stopped is saved then."
    )

    def __post_init__(self):
        super().__post_init__()
        if self.max_evaluations is not None and self.optimizer == "tfp":
            expected = "None with optimizer='tfp'"
            raise invalid_argument("max_evaluations", expected, self.max_evaluations)
        if self.max_memory is not None and self.tile_size is not None:
            expected = "None with `max_memory`, which chooses it"
            raise invalid_argument("tile_size", expected, self.tile_size)


class Progress(NamedTuple):
    """Progress of a run, as passed to callbacks.

    Attributes:
        iteration: Smallest number of iterations of the images that can continue.
        max_iterations: Maximum number of iterations.
        evaluations: Largest number of evaluations of the objective's gradient of any image.
        loss: The weighted sum of all terms, float32, [batch].
        losses: The weighted terms by name, each float32, [batch].
        images: The best images so far, a float32 tensor, [batch, height, width, 3], not clipped.
    """

    iteration: int
    max_iterations: int
    evaluations: int
    loss: np.ndarray
    losses: dict[str, np.ndarray]
    images: tf.Tensor


# Returns true to stop the run, which then returns its best images so far.
Callback = Callable[[Progress], bool | None]


class OptimizationResult(NamedTuple):
    """Result of an optimisation.

    Attributes:
        image: float32 RGB, clipped to [0, 1], [batch, height, width, 3].
        loss: The weighted sum of all terms, float32, [batch].
        initial_loss: The same at the start.
        losses: The weighted terms by name, each float32, [batch].
        iterations: Number of iterations, int, [batch].
        evaluations: Number of evaluations of the objective's gradient, including those that
            measured its curvature; int, [batch].
        converged: bool, [batch]: the gradient vanished, also at the start, or the loss stopped
            changing in float32, which does not imply that the point is stationary.
        failed: bool, [batch]: the line search found no better point, or the loss is not finite.
        stopped: Whether the callback stopped the run.
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
        """`loss / initial_loss`, [batch]; 0 where the initial loss is 0."""
        start = np.asarray(self.initial_loss)
        return np.where(start == 0, 0, self.loss / np.where(start == 0, 1, start))

    def unbatched(self) -> "OptimizationResult":
        """Returns the result of a batch of one without the batch dimension."""
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
