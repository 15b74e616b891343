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
        '"lbfgs", "tfp" for the L-BFGS of TensorFlow Probability, or "adam" for that of Keras.',
        choices=OPTIMIZERS,
    )
    max_iterations: int = setting(
        200, "Maximum number of iterations per image; 0 returns the initial image."
    )
    max_evaluations: int | None = setting(
        None,
        "Maximum number of gradient evaluations per image, which bounds the run time and is never "
        'exceeded; None for no limit. "tfp" has no such limit and requires None.',
        minimum=1,
    )
    memory: int = setting(
        20, "Number of (step, gradient difference) pairs that L-BFGS keeps.", minimum=1
    )
    first_step: float = setting(
        0.05,
        "Root mean square change of the pixels, in [0, 1], by the first step of L-BFGS, which is "
        'along the gradient and has no curvature estimate yet. With "adam", the learning rate.',
        exclusive=True,
    )
    report_every: int = setting(
        10,
        "Number of iterations between callbacks, which report the progress and may stop the run.",
        minimum=1,
    )
    parametrization: str = setting(
        "adaptive",
        'Coordinates of the optimisation: "adaptive" to the layers, "fourier", or "pixels" as in '
        "the paper; see `rwkeras.parametrizations`.",
        choices=PARAMETRIZATIONS,
    )
    fourier_exponent: float = setting(
        1.25,
        'Exponent p of the prior f^-p on the amplitude at frequency f, for "adaptive" and '
        '"fourier".',
    )
    decorrelate_colors: bool = setting(True, "Whether that prior has correlated RGB channels.")
    precision: str = setting(
        "auto",
        '"float32", "bfloat16" for the network\'s weights and activations, or "auto": '
        "bfloat16 while its loss agrees with that of float32, then float32, at the latest for the "
        "last tenth of the run; float32 throughout where bfloat16 is not faster. The rounding "
        "error of the activations in bfloat16 is measured and compensated every 20 iterations, at "
        'the cost of an evaluation. "auto" switches the whole batch at once.',
        choices=PRECISIONS,
    )
    tile_size: int | None = setting(
        None,
        "Side in pixels of the tiles by which an image is evaluated, for images whose activations "
        "do not fit in memory; None for the whole image. The gradient is the same up to rounding; "
        'see `rwkeras.tiling`. With "adaptive", the image is then optimised in pixels, and '
        "bfloat16 is not corrected to agree with float32.",
        minimum=1,
    )
    max_memory: float | None = setting(
        None,
        "Maximum memory of the process in GiB, from which `tile_size` and the number of pairs of "
        "L-BFGS are chosen; None for no limit. See `rwkeras.tasks.memory`. Not supported by "
        "`optimize_image`, whose objective exists beforehand.",
        exclusive=True,
    )
    checkpoint_dir: str | None = setting(
        None,
        "Folder for checkpoints, or None. The same run resumes from its checkpoint and ends as if "
        "it had not been interrupted. A run with a higher limit on iterations or evaluations "
        "resumes too, even from a finished one; the lower limit then has determined when stages "
        "and precision changed. A converged run is not continued.",
    )
    checkpoint_seconds: float = setting(
        60.0, "Seconds between checkpoints; a stopped run is saved at once."
    )

    def __post_init__(self):
        super().__post_init__()
        if self.max_evaluations is not None and self.optimizer == "tfp":
            expected = "None with optimizer='tfp'"
            raise invalid_argument("max_evaluations", expected, self.max_evaluations)
        if self.max_memory is not None and self.tile_size is not None:
            expected = "None with `max_memory`, which determines it"
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
