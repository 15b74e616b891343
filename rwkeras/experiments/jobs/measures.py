"""Measures of pictures and of optimisations."""

from typing import Any

import numpy as np

from rwkeras.metrics import mean_euclidean_distance, psnr, ssim
from rwkeras.optimizers.settings import OptimizationResult


def distance(image: np.ndarray, source: np.ndarray) -> float:
    """Returns the mean over pixels of the Euclidean distance between the colours of two images."""
    return float(mean_euclidean_distance(image, source)[0])


def similarity(image: np.ndarray, source: np.ndarray) -> dict[str, float]:
    """Returns measures of the similarity of an image to its source: PSNR, SSIM and distance."""
    return {
        "psnr_db": float(psnr(image, source)[0]),
        "ssim": float(ssim(image, source)[0]),
        "distance": distance(image, source),
    }


def run_summary(result: OptimizationResult) -> dict[str, Any]:
    """Returns the final loss, the counts and the outcome of an optimisation of one image."""
    return {
        "loss": float(result.loss),
        "relative_loss": float(result.relative_loss),
        "iterations": int(result.iterations),
        "evaluations": int(result.evaluations),
        "failed": bool(result.failed),
    }
