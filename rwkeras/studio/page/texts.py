"""Texts of the page."""

from collections.abc import Callable
from typing import Any

from rwkeras.studio.interface import RunProgress
from rwkeras.studio.jobs import Job
from rwkeras.studio.recipes import RECOVER, STYLE, TEXTURE

KIND_LABELS = {STYLE: "Style", TEXTURE: "Texture", RECOVER: "Recover"}
# Labels of the start button.
START_LABELS = {STYLE: "Paint", TEXTURE: "Synthesise", RECOVER: "Recover"}
ROLE_LABELS = {
    "content": "Photograph",
    "style": "Painting",
    "texture": "Texture",
    "image": "Photograph",
}
KIND_DESCRIPTIONS = {
    STYLE: "Repaints a photograph in the style of a painting.",
    TEXTURE: "Synthesises more of a texture from noise.",
    RECOVER: "Reconstructs a photograph from its activations in a random network.",
}
COLOR_LABELS = {
    "painting": "Those of the painting",
    "photograph": "Those of the photograph",
    "matched": "The painting's, matched to the photograph",
}
# Settings that the served model fixes, whatever the recipe says.
_FIXED_BY_SERVER = ("layer", "draws")
_ORDINALS = {1: "next", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}


def duration_text(seconds: float) -> str:
    """Returns a duration in words."""
    if seconds < 1:
        return "a moment"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def progress_text(run_progress: RunProgress | None) -> str:
    """Returns the progress of a run in words."""
    if run_progress is None:
        return "Preparing the network"
    text = f"Iteration {run_progress.iteration} of {run_progress.iterations}"
    return (
        text
        if run_progress.seconds_left is None
        else f"{text}, {duration_text(run_progress.seconds_left)} left"
    )


def position_text(jobs_ahead: int) -> str:
    """Returns a position in the queue in words.

    Args:
        jobs_ahead: Number of jobs ahead.
    """
    return f"{_ORDINALS.get(jobs_ahead, f'number {jobs_ahead}')} in the queue"


def job_description(job: Job) -> str:
    """Returns a short description of a job, used as alternative text."""
    recipe = job.recipe
    return f"{KIND_LABELS[recipe.kind]}, {recipe.size} pixels, seed {recipe.seed}, {job.state}"


def settings_texts(job: Job) -> dict[str, str]:
    """Returns the settings of a result for display: labels and values."""
    values = job.recipe.as_dict()
    labels = {
        "balance": "content weight",
        "style_scale": "style scale",
        "colors": "colours",
        "draws": "networks per size",
        "start": "continued from",
        "stop": "stopped at",
        "served": "served by",
    }
    formatters: dict[str, Callable[[Any], Any]] = {
        "balance": lambda balance: f"x {2.0**balance:g}",
        "start": lambda digest: digest[:12],
        "stop": lambda stop: f"iteration {stop[0]}",
    }
    return {
        labels.get(name, name): str(formatters.get(name, str)(value))
        for name, value in values.items()
        if value is not None
        and name not in ("pictures", "kind")
        and not (job.recipe.served is not None and name in _FIXED_BY_SERVER)
    } | {"time": duration_text(job.seconds)}
