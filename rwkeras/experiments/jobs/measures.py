"""What jobs measure of a run."""

from typing import Any

from rwkeras.optimizers.settings import OptimizationResult


def course(result: OptimizationResult) -> dict[str, Any]:
    """Returns how an optimisation of one image ended."""
    return {
        "relative_loss": float(result.relative_loss),
        "iterations": int(result.iterations),
        "evaluations": int(result.evaluations),
        "failed": bool(result.failed),
    }
