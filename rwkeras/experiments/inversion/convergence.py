"""Convergence of inversions from a deep layer."""

from collections.abc import Mapping
from typing import Any

from rwkeras.experiments.conditions import (
    condition_jobs,
    efficientnet_conditions,
    rotation_rivals,
    stacked,
    trained_vgg_conditions,
)
from rwkeras.experiments.figures import ReportFigure, lines, picture_grid
from rwkeras.experiments.report import Report, trace_rows, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.sweeps.jobs import JobResult

# The iteration by which random networks converge according to the papers, and the factor of its
# final distance within which an inversion counts as converged.
EARLY, _CONVERGED_FACTOR = 100, 1.05
# Iterations of the pictures, and iterations that are kept in the table to limit its size.
_SNAPSHOTS, _KEPT_ITERATIONS = (10, 50, EARLY), (10, 20, 50, EARLY, 200, 500, 1000, 2000, 4000)
_STRIDE = 16


def convergence(study: Study) -> Report:
    """Convergence.

    Images are recovered from layers of stride 16, in VGGs the first layer of the fifth stage. The
    distance to the image is recorded over many iterations.
    """
    draws, last = study.draws(), study.settings.final_iterations
    deepest = {f"stride {2 ** (len(study.pools) - 1)}": study.first_layers[-1]}
    vgg = [stacked(study, deepest, draws), *trained_vgg_conditions(study, deepest)]
    conditions = rotation_rivals(study, deepest, draws)
    for condition in efficientnet_conditions(study):
        name = f"stride {max(s for s in study.settings.strides if s <= _STRIDE)}"
        conditions.append(condition._replace(layers={name: condition.layers[name]}))
    rows, figures = [], []
    for coordinates, suffix, compared in (
        ("adaptive", "", conditions),
        ("pixels", " (pixels)", [*vgg, *conditions]),  # VGG-19 over pixels only, as in the papers.
    ):
        given = {"parametrization": coordinates, "iterations": last}
        snapshots = tuple(iteration for iteration in _SNAPSHOTS if iteration < last)
        results = study.run(
            condition_jobs(compared, draws, study.inversion, snapshots=snapshots, **given)
        )
        distance_rows = trace_rows(results, "distance", suffix=suffix)
        rows += [each for each in distance_rows if each["iteration"] in _KEPT_ITERATIONS]
        rows += value_rows(results, "distance", suffix=suffix) + _convergence_rows(results, suffix)
        table = frame(distance_rows)
        figures.append(lines(table, f"distance{suffix}", x="iteration", log=True))
        figures.append(_pictures(results, coordinates))
    return Report(frame(rows), figures)


def _convergence_rows(results: Mapping[Sample, JobResult], suffix: str) -> list[dict[str, Any]]:
    """Returns rows with the iteration from which each inversion stays near its final distance.

    For inversions that ended before `EARLY`, the final distance is also that of `EARLY`.
    """
    rows = []
    for sample, result in results.items():
        end, count = result.values["distance"], result.values["iterations"]
        far = [
            each["iteration"] for each in result.trace if each["distance"] > _CONVERGED_FACTOR * end
        ]
        near = [each["iteration"] for each in result.trace if each["iteration"] > max([-1, *far])]
        rows.append(row(sample, f"iterations to the end{suffix}", min([count, *near])))
        if count < EARLY:
            rows.append(row(sample, f"distance{suffix}", end, iteration=EARLY))
    return rows


def _pictures(results: Mapping[Sample, JobResult], name: str) -> ReportFigure:
    """Draws the first image at several iterations, with a row for each condition."""
    first = {sample: result for sample, result in results.items() if sample.draw == 0}
    names = {name for result in first.values() for name in result.pictures}
    order = [*sorted(names - {"picture"}), "picture"]
    cells = {
        sample.network: [("", r.pictures[n]) if n in r.pictures else None for n in order]
        for sample, r in first.items()
    }
    headings = [each.replace("_", " ").replace("picture", "end") for each in order]
    caption = f"{next(iter(first)).image} during the run, {name} coordinates."
    return ReportFigure(name, caption, picture_grid(headings, cells))
