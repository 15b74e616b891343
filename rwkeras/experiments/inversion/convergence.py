"""Convergence of inversions from a deep layer."""

from collections.abc import Mapping
from typing import Any

from rwkeras.experiments.conditions import (
    over,
    rotation_rivals,
    stacked,
    twins,
    vgg_on_imagenet,
)
from rwkeras.experiments.figures import Shown, lines, picture_grid
from rwkeras.experiments.report import Report, measured, traced
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.sweeps.jobs import JobResult

# The iteration by which random networks converge according to the papers, and the factor of its
# final distance within which an inversion counts as converged.
EARLY, _NEAR = 100, 1.05
# Iterations of the pictures, and iterations that are kept in the table to limit its size.
_MARKS, _KEPT = (10, 50, EARLY), (10, 20, 50, EARLY, 200, 500, 1000, 2000, 4000)
_STRIDE = 16


def convergence(study: Study) -> Report:
    """Convergence.

    Images are recovered from layers of stride 16, in VGGs the first layer of the fifth stage. The
    distance to the image is recorded over many iterations.
    """
    draws, last = study.draws(), study.settings.final_iterations
    deepest = {f"stride {2 ** (len(study.pools) - 1)}": study.first_layers[-1]}
    vgg = [stacked(study, deepest, draws), *vgg_on_imagenet(study, deepest)]
    kinds = rotation_rivals(study, deepest, draws)
    for kind in twins(study):
        name = f"stride {max(s for s in study.settings.strides if s <= _STRIDE)}"
        kinds.append(kind._replace(layers={name: kind.layers[name]}))
    rows, figures = [], []
    for coordinates, suffix, several in (
        ("adaptive", "", kinds),
        ("pixels", " (pixels)", [*vgg, *kinds]),  # VGG-19 over pixels only, as in the papers.
    ):
        given = {"parametrization": coordinates, "iterations": last}
        snapshots = tuple(mark for mark in _MARKS if mark < last)
        results = study.run(over(several, draws, study.inversion, snapshots=snapshots, **given))
        on_the_way = traced(results, "distance", suffix=suffix)
        rows += [each for each in on_the_way if each["iteration"] in _KEPT]
        rows += measured(results, "distance", suffix=suffix) + _ended(results, suffix)
        table = frame(on_the_way)
        figures.append(lines(table, f"distance{suffix}", x="iteration", log=True))
        figures.append(_pictures(results, coordinates))
    return Report(frame(rows), figures)


def _ended(results: Mapping[Sample, JobResult], suffix: str) -> list[dict[str, Any]]:
    """Returns rows with the iteration from which each inversion stays near its final distance.

    For inversions that ended before `EARLY`, the final distance is also that of `EARLY`.
    """
    rows = []
    for sample, result in results.items():
        end, count = result.values["distance"], result.values["iterations"]
        far = [each["iteration"] for each in result.trace if each["distance"] > _NEAR * end]
        near = [each["iteration"] for each in result.trace if each["iteration"] > max([-1, *far])]
        rows.append(row(sample, f"iterations to the end{suffix}", min([count, *near])))
        if count < EARLY:
            rows.append(row(sample, f"distance{suffix}", end, iteration=EARLY))
    return rows


def _pictures(results: Mapping[Sample, JobResult], name: str) -> Shown:
    """Draws the first image at several iterations, with a row for each condition."""
    first = {sample: result for sample, result in results.items() if sample.draw == 0}
    names = {name for result in first.values() for name in result.pictures}
    order = [*sorted(names - {"picture"}), "picture"]
    cells = {
        sample.network: [("", r.pictures[n]) if n in r.pictures else None for n in order]
        for sample, r in first.items()
    }
    headings = [each.replace("_", " ").replace("picture", "end") for each in order]
    caption = f"{next(iter(first)).image} on the way, {name} coordinates."
    return Shown(name, caption, picture_grid(headings, cells))
