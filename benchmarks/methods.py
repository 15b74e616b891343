"""Methods of the optimiser benchmark: this package's optimisers, SciPy's and PyTorch's.

Each is a function of a case and a recorder, to which it passes its intermediate images: this
package's optimisers one per report, SciPy's and PyTorch's one per evaluation. Recording and
compilation are not timed.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
import tensorflow as tf

import rwkeras
from benchmarks.cases import Case
from rwkeras.objectives.losses import content_loss, texture_loss, total_variation
from rwkeras.optimizers.problem import total
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.tasks.synthesis import begin_run


class RunFinishedError(Exception):
    """Raised when all targets are reached or the evaluations are used up."""


class RunRecorder:
    """Clock and record of one run of a method.

    Attributes:
        reached: Seconds and evaluations at each target reached, by name.
        trace: (evaluations, seconds, PSNR, relative loss) of each image.
        seconds: Seconds on the clock so far.
    """

    def __init__(self, case: Case, targets, limit: int):
        self._case = case
        self._targets = dict(targets)
        self._limit = limit
        self.reached: dict[str, tuple[float, int]] = {}
        self.trace: list[tuple[int, float, float, float]] = []
        self.seconds = 0.0
        self._initial = float(exact_loss(case, case.start))

    def start(self) -> None:
        """Starts the clock."""
        self._since = time.perf_counter()

    def stop(self) -> None:
        """Stops the clock."""
        self.seconds += time.perf_counter() - self._since

    def record(self, images: np.ndarray, loss: float, evaluations: int) -> None:
        """Records an image while the clock is stopped; raises `RunFinishedError` at the end."""
        psnr = np.nan
        if self._case.source is not None:
            psnr = float(rwkeras.psnr(np.clip(images, 0, 1), self._case.source)[0])
        relative = loss / self._initial
        self.trace.append((evaluations, self.seconds, psnr, relative))
        for name, is_reached in self._targets.items():
            if name not in self.reached and is_reached(psnr, relative):
                self.reached[name] = self.seconds, evaluations
        if len(self.reached) == len(self._targets) or evaluations >= self._limit:
            raise RunFinishedError


def exact_loss(case: Case, images) -> tf.Tensor:
    """Returns the objective in float32, outside any compiled function."""
    features = rwkeras.feature_extractor(case.model, case.objective.layers)(images)
    return total(case.objective({**features, "input": images}))[0]


def tensorflow_function(case: Case) -> Callable:
    """Returns a `tf.function` from images to the objective and its gradient."""
    extractor = rwkeras.feature_extractor(case.model, case.objective.layers)

    @tf.function(autograph=False)
    def value_and_gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            features = {**extractor(images), "input": images}
            value = total(case.objective(features))
        return value, tape.gradient(value, images)

    return value_and_gradient


def rwkeras_optimizer(**settings) -> Callable[[Case, RunRecorder], None]:
    """Returns one of this package's optimisers as a method."""

    def run_method(case: Case, recorder: RunRecorder) -> None:
        def begin(**changes):
            chosen = {"max_iterations": 1000, "report_every": 1, **settings, **changes}
            return begin_run(case.model, case.objective, case.start, OptimizerSettings(**chosen))

        # A short run compiles everything, including the bfloat16 phase and the switch to float32.
        warm = begin(max_iterations=12)
        while not warm.finished:
            warm.advance()
        warm.progress(exact=True)
        recorder.start()
        run = begin()
        recorder.stop()
        while not run.finished:
            recorder.start()
            run.advance()
            recorder.stop()
            progress = run.progress(exact=True)
            recorder.record(progress.images.numpy(), float(progress.loss[0]), run.evaluations)

    return run_method


def scipy_lbfgs(case: Case, recorder: RunRecorder) -> None:
    """Runs SciPy's L-BFGS-B on the same `tf.function`."""
    function = tensorflow_function(case)
    shape = case.start.shape
    function(case.start)
    count = 0

    def scalar(position):
        nonlocal count
        value, gradient = function(tf.constant(position.reshape(shape), tf.float32))
        value, gradient = float(value[0]), gradient.numpy().ravel().astype(np.float64)
        count += 1
        recorder.stop()
        recorder.record(position.reshape(shape), value, count)
        recorder.start()
        return value, gradient

    options = {"maxcor": 20, "maxiter": 10**6, "maxfun": 10**6, "ftol": 0, "gtol": 0}
    start = case.start.numpy().ravel().astype(np.float64)
    recorder.start()
    scipy.optimize.minimize(scalar, start, jac=True, method="L-BFGS-B", options=options)
    recorder.stop()


def torch_function(case: Case) -> Callable:
    """Returns the objective in PyTorch, channels last, with equal weights and targets."""
    import torch

    device = _torch_device(case)
    extractor = rwkeras.feature_extractor(case.model, case.objective.layers)
    steps: list[tuple[str, str, Any]] = []
    for layer in extractor.layers:
        kind = type(layer).__name__
        if kind == "Conv2D":
            kernel, bias = (torch.tensor(w, device=device) for w in layer.get_weights())
            kernel = kernel.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
            steps.append((layer.name, "conv", (kernel, bias)))
        elif kind == "AveragePooling2D":
            steps.append((layer.name, "pool", None))
        elif kind == "Rescaling":
            offset = torch.tensor(
                np.broadcast_to(layer.offset, 3), dtype=torch.float32, device=device
            )
            steps.append((layer.name, "scale", (float(layer.scale), offset.view(1, 3, 1, 1))))

    def loss_of(term, features):
        weight = float(np.asarray(term.weight).ravel()[0])
        if term.loss is total_variation:
            down = (features[:, :, 1:] - features[:, :, :-1]).square().sum()
            right = (features[:, :, :, 1:] - features[:, :, :, :-1]).square().sum()
            return weight * (down + right)
        if term.loss is content_loss:
            return weight * (features - targets[term.name]).square().mean() / 2
        flat = features.flatten(2)[0]
        gram = flat @ flat.T / flat.shape[1]
        return weight * (gram - targets[term.name]).square().mean() / 4

    targets = {}
    for term in case.objective.terms:
        if term.loss is content_loss:
            target = torch.tensor(term.target.numpy(), device=device)
            targets[term.name] = target.permute(0, 3, 1, 2)
        elif term.loss is texture_loss:
            targets[term.name] = torch.tensor(term.target.numpy()[0], device=device)

    def value(images):
        features = {"input": images}
        x = images.contiguous(memory_format=torch.channels_last)
        for name, kind, values in steps:
            if kind == "conv":
                x = torch.relu(torch.nn.functional.conv2d(x, *values, padding=1))
            elif kind == "pool":
                x = torch.nn.functional.avg_pool2d(x, 2)
            else:
                x = x * values[0] + values[1]
            features[name] = x
        return sum(loss_of(term, features[term.layer]) for term in case.objective.terms)

    return value


def torch_start(case: Case) -> Any:
    """Returns a case's initial image as a PyTorch tensor, [1, 3, height, width]."""
    import torch

    start = torch.tensor(case.start.numpy(), device=_torch_device(case))
    return start.permute(0, 3, 1, 2).contiguous().requires_grad_(True)


def torch_synchronize() -> None:
    """Waits for PyTorch's pending GPU work."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _torch_device(case: Case) -> str:
    """Returns PyTorch's device for a case, which is always the CPU with its CPU build."""
    import torch

    return "cuda" if case.device == "GPU" and torch.cuda.is_available() else "cpu"


def torch_lbfgs(line_search: str | None) -> Callable[[Case, RunRecorder], None]:
    """Returns PyTorch's L-BFGS as a method, with or without its line search."""

    def run_method(case: Case, recorder: RunRecorder) -> None:
        import torch

        function = torch_function(case)
        images = torch_start(case)
        function(images).backward()
        optimizer = torch.optim.LBFGS(
            [images],
            max_iter=10**6,
            max_eval=10**6,
            history_size=20,
            tolerance_grad=0,
            tolerance_change=0,
            line_search_fn=line_search,
        )
        count = 0

        def closure():
            nonlocal count
            optimizer.zero_grad()
            value = function(images)
            value.backward()
            count += 1
            torch_synchronize()
            recorder.stop()
            image = images.detach().permute(0, 2, 3, 1).cpu().numpy()
            recorder.record(image, value.item(), count)
            recorder.start()
            return value

        recorder.start()
        optimizer.step(closure)
        recorder.stop()

    return run_method


METHODS: dict[str, Callable[[Case, RunRecorder], None]] = {
    "ours": rwkeras_optimizer(),
    "ours, float32": rwkeras_optimizer(precision="float32"),
    "ours, float32, pixels": rwkeras_optimizer(precision="float32", parametrization="pixels"),
    "TFP": rwkeras_optimizer(precision="float32", parametrization="pixels", optimizer="tfp"),
    "SciPy": scipy_lbfgs,
    "PyTorch": torch_lbfgs(None),
    "PyTorch, strong Wolfe": torch_lbfgs("strong_wolfe"),
}
BASELINES = ("TFP", "SciPy", "PyTorch", "PyTorch, strong Wolfe")
