"""Compares this package's optimisers with SciPy's and PyTorch's: time and evaluations to a target.

All methods have the same weights, targets, initial image and objective, which is verified
first. Their runs alternate; the table gives medians and is written after every run.

Example:
    python -m benchmarks.time_to_image --output_dir=benchmarks/results
"""

import contextlib
import json
import platform
import statistics
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import app, flags

import rwkeras
from benchmarks.cases import CASES, SMALL_CASES, Case
from benchmarks.methods import (
    BASELINES,
    METHODS,
    RunFinishedError,
    RunRecorder,
    scipy_lbfgs,
    tensorflow_function,
    torch_function,
    torch_start,
)
from rwkeras.commands.report import versions
from rwkeras.images.files import whole_file
from rwkeras.networks.precision import fast_bfloat16

FLAGS = flags.FLAGS
flags.DEFINE_string("output_dir", None, "Folder for the table and the measurements.", required=True)
flags.DEFINE_list("cases", list(CASES), "Cases to run.")
flags.DEFINE_list("contestants", None, "Contestants whose names start with these; default: all.")
flags.DEFINE_list("devices", None, "Devices: CPU, GPU; default: all that are available.")
flags.DEFINE_bool("tf32", True, "Whether a GPU may use TF32 arithmetic.")
flags.DEFINE_integer("repeats", 3, "Number of repetitions of each contestant.")
flags.DEFINE_integer("limit", 1000, "Number of evaluations after which a contestant is stopped.")

# Allowed relative difference between frameworks, from the rounding of float32 and of TF32.
_TOLERANCE = {"CPU": 2e-3, "GPU": 2e-2}


def check_losses_agree(case: Case) -> dict[str, float]:
    """Returns the relative differences of PyTorch's initial loss and gradient to TensorFlow's.

    Raises:
        ValueError: A difference exceeds the tolerance.
    """
    value, gradient = tensorflow_function(case)(case.start)
    images = torch_start(case)
    torch_value = torch_function(case)(images)
    torch_value.backward()
    torch_gradient = images.grad.permute(0, 2, 3, 1).cpu().numpy()
    differences = {
        "loss": abs(torch_value.item() / float(value[0]) - 1),
        "gradient": float(np.linalg.norm(torch_gradient - gradient) / np.linalg.norm(gradient)),
    }
    if max(differences.values()) > _TOLERANCE[case.device]:
        raise ValueError(f"PyTorch's objective differs from TensorFlow's: {differences}")
    return differences


def scipy_target(case: Case, evaluations: int) -> float:
    """Returns the smallest relative loss of SciPy within a number of evaluations."""
    recorder = RunRecorder(case, {"never": lambda psnr, loss: False}, evaluations)
    with contextlib.suppress(RunFinishedError):
        scipy_lbfgs(case, recorder)
    return min(loss for *_, loss in recorder.trace)


def evaluation_seconds(case: Case, repeats: int = 5) -> dict[str, float]:
    """Returns median seconds of the network's forward and backward pass, and of an evaluation."""
    extractor = rwkeras.feature_extractor(case.model, case.objective.layers)

    @tf.function(autograph=False)
    def bare(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.add_n([tf.reduce_sum(features) for features in extractor(images).values()])
        return tape.gradient(total, images)

    whole = tensorflow_function(case)
    times: dict[str, list[float]] = {"bare": [], "evaluation": []}
    for repeat in range(repeats + 1):
        for name, function in (("bare", bare), ("evaluation", whole)):
            started = time.perf_counter()
            tf.nest.flatten(function(case.start))[-1].numpy()
            if repeat:
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def run_case(case: Case, names: list[str], results: dict, save) -> None:
    """Runs all methods alternately and records when they reach each target."""
    results["alike"] = check_losses_agree(case)
    results["seconds"] = evaluation_seconds(case)
    targets = dict(case.targets)
    if case.reference is not None:
        target = scipy_target(case, case.reference)
        results["mark"] = target
        targets[f"loss {target:.1e}"] = lambda psnr, loss: loss <= target
    results["turns"] = {name: [] for name in names}
    for _ in range(FLAGS.repeats):
        for name in names:
            recorder = RunRecorder(case, targets, FLAGS.limit)
            with contextlib.suppress(RunFinishedError):
                METHODS[name](case, recorder)
            best = max((psnr for _, _, psnr, _ in recorder.trace), default=float("nan"))
            turn = {"reached": recorder.reached, "best_psnr": best, "last": recorder.trace[-1:]}
            results["turns"][name].append(turn)
            print(name, turn, flush=True)
            save()


def table(results: dict) -> str:
    """Returns a Markdown table of seconds relative to "ours", and evaluations."""
    lines = ["| case | mark | contestant | time | evaluations |", "| --- | --- | --- | --- | --- |"]
    for case, result in results.items():
        turns = result.get("turns", {})
        marks = dict.fromkeys(m for t in turns.values() for turn in t for m in turn["reached"])
        for mark in marks:
            first = _medians(turns.get("ours", []), mark)
            for name, of in turns.items():
                medians = _medians(of, mark)
                if medians is None:
                    lines.append(f"| {case} | {mark} | {name} | never | |")
                    continue
                ratio = f"{medians[0] / first[0]:.1f}" if first else "-"
                lines.append(f"| {case} | {mark} | {name} | {ratio} | {medians[1]:.0f} |")
    return "\n".join(lines) + "\n"


def _medians(turns: list[dict], mark: str) -> tuple[float, float] | None:
    reached = [turn["reached"][mark] for turn in turns if mark in turn["reached"]]
    if len(reached) < len(turns) or not turns:
        return None
    seconds, evaluations = zip(*reached, strict=True)
    return statistics.median(seconds), statistics.median(evaluations)


def set_tf32(allowed: bool) -> None:
    """Allows or forbids TF32 on GPUs in both frameworks."""
    import torch

    tf.config.experimental.enable_tensor_float_32_execution(allowed)
    torch.backends.cudnn.allow_tf32 = allowed
    torch.backends.cuda.matmul.allow_tf32 = allowed


def available_methods(names: list[str], device: str) -> list[str]:
    """Returns the methods that can run on a device; PyTorch's CPU build has no GPU."""
    import torch

    supported = device == "CPU" or torch.cuda.is_available()
    return [name for name in names if supported or not name.startswith("PyTorch")]


def main(argv: list[str]) -> None:
    """Runs the benchmark."""
    set_tf32(FLAGS.tf32)
    folder = Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = FLAGS.contestants
    names = [n for n in METHODS if not wanted or any(n.startswith(w) for w in wanted)]
    results: dict[str, dict] = {}
    machine = {
        "processor": platform.processor() or platform.machine(),
        "threads": tf.config.threading.get_inter_op_parallelism_threads() or None,
        "gpus": [gpu.name for gpu in tf.config.list_physical_devices("GPU")],
        "fast_bfloat16": fast_bfloat16(),
        "tf32": FLAGS.tf32,
        "peers": list(BASELINES),
        "versions": versions(),
    }

    def save() -> None:
        with whole_file(folder / "time_to_image.json") as path:
            path.write_text(json.dumps({"machine": machine, "cases": results}, indent=2) + "\n")
        with whole_file(folder / "time_to_image.md") as path:
            path.write_text(table(results))

    for device in FLAGS.devices or (["CPU", "GPU"] if machine["gpus"] else ["CPU"]):
        for name in FLAGS.cases:
            key = name if device == "CPU" else f"{name} on the GPU"
            results[key] = {}
            with tf.device(f"/{device}:0"):
                case = {**CASES, **SMALL_CASES}[name]()._replace(device=device)
                run_case(case, available_methods(names, device), results[key], save)
    print(table(results))


if __name__ == "__main__":
    app.run(main)
