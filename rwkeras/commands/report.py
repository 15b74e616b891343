"""The JSON report of a run."""

import json
import math
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from rwkeras.commands.peak import peak_memory
from rwkeras.images.files import whole_file
from rwkeras.optimizers.settings import OptimizationResult

_PACKAGES = ("rwkeras", "tensorflow", "tensorflow-probability", "keras", "numpy", "pillow")


def _plain(value: Any) -> Any:
    """Converts a value to JSON-serialisable types; non-finite numbers become None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that affect a result."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def write_json(path: Path, values: dict[str, Any], flags: dict[str, Any]) -> None:
    """Writes a tool's report with its flags and the versions, atomically."""
    report = {**values, "flags": flags, "versions": versions()}
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(_plain(report), indent=2, allow_nan=False) + "\n")


def run_report(
    result: OptimizationResult, seconds: float, measures: dict[str, Any]
) -> dict[str, Any]:
    """Returns the report of a run.

    Args:
        result: Result of the run, for one image.
        seconds: Duration of the run, without building the network.
        measures: Further measures of the result, such as "psnr_db".
    """
    return {
        "loss": result.loss,
        "initial_loss": result.initial_loss,
        "relative_loss": result.relative_loss,
        "losses": result.losses,
        "iterations": result.iterations,
        "evaluations": result.evaluations,
        "seconds": round(seconds, 3),
        "peak_memory_gib": peak_memory(),
        "converged": result.converged,
        "failed": result.failed,
        "stopped": result.stopped,
        **measures,
    }
