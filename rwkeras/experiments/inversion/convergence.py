"""How soon inversions from a deep layer are done, and what they come to in the end."""

from collections.abc import Mapping
from typing import Any

from rwkeras.experiments.conditions import (
    over,
    rotation_rivals,
    stacked,
    twins,
    vgg_on_imagenet,
)
from rwkeras.experiments.figures import line_plot, picture_grid
from rwkeras.experiments.report import Report, Shown, measured, traced
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.sweeps.jobs import JobResult

# The iteration by which the papers have random networks converge.
EARLY = 100
# What is seen on the way, and how near to its own end an inversion has converged.
_MARKS, _NEAR = (10, 50, EARLY), 1.05
_STRIDE = 16
_MEASURES = {"adaptive": "distance", "pixels": "distance (pixels)"}


def convergence(study: Study) -> Report:
    """Follows inversions from a deep layer of random and trained networks to the end."""
    draws, last = study.draws(), study.settings.final_iterations
    deepest = {f"stride {2 ** (len(study.pools) - 1)}": study.first_layers[-1]}
    kinds = [
        stacked(study, deepest, draws),
        *vgg_on_imagenet(study, deepest),
        *rotation_rivals(study, deepest, draws),
    ]
    for kind in twins(study):
        strides = [s for s in kind.layers if int(s.split()[1]) <= _STRIDE]
        kinds.append(kind._replace(layers={strides[-1]: kind.layers[strides[-1]]}))
    snapshots = tuple(mark for mark in _MARKS if mark < last)
    rows, figures = [], []
    for coordinates, measure in _MEASURES.items():
        given = {"parametrization": coordinates, "iterations": last, "snapshots": snapshots}
        results = study.run(
            over([k._replace(arguments=given) for k in kinds], draws, study.inversion)
        )
        on_the_way = traced(results, {"distance": measure})
        rows += on_the_way + measured(results, {"distance": measure})
        rows += _stayed(results, measure) + _times(results, measure)
        figures += [
            Shown(
                coordinates,
                f"Means over draws in {coordinates} coordinates, with 95 % t intervals.",
                line_plot(frame(on_the_way), x="iteration", y="mean Euclidean distance", log=True),
            ),
            Shown(f"{coordinates}_pictures", f"{draws[0].name} on the way.", _pictures(results)),
        ]
    return Report(
        "Convergence",
        f"Images are recovered in {last} iterations from a layer of stride {_STRIDE}; the distance "
        "is followed from iteration to iteration.",
        frame([each for each in rows if _kept(each)]),
        figures,
    )


def _kept(row: Mapping[str, Any]) -> bool:
    """Returns whether a row is kept in the table, which is to be small."""
    return row["iteration"] is None or row["iteration"] in (10, 20, 50, 100, 200, 500, 1000, 2000)


def _stayed(results: Mapping[Sample, JobResult], measure: str) -> list[dict[str, Any]]:
    """Returns rows at `EARLY` of inversions that had ended before, and stay where they were."""
    return [
        row(sample, measure, result.values["distance"], iteration=EARLY)
        for sample, result in results.items()
        if result.values["iterations"] < EARLY
    ]


def _times(results: Mapping[Sample, JobResult], measure: str) -> list[dict[str, Any]]:
    """Returns after how many iterations each inversion had all but come to its own end."""
    rows = []
    for sample, result in results.items():
        mark = _NEAR * result.values["distance"]
        late = [each["iteration"] for each in result.trace if each["distance"] > mark]
        after = [n["iteration"] for n in result.trace if n["iteration"] > max(late, default=-1)]
        time = min(after, default=result.values["iterations"])
        rows.append(row(sample, measure.replace("distance", "iterations to the end"), time))
    return rows


def _pictures(results: Mapping[Sample, JobResult]) -> Any:
    """Draws the first image on the way, a row for each kind of network."""
    first = {s.network: r for s, r in results.items() if s.draw == 0}
    names = list(dict.fromkeys(name for r in first.values() for name in r.pictures))
    names = [*sorted(name for name in names if name != "picture"), "picture"]
    headings = [n.replace("iteration_", "iteration ").replace("picture", "end") for n in names]
    cells = {
        kind: [("", r.pictures[name]) if name in r.pictures else None for name in names]
        for kind, r in first.items()
    }
    return picture_grid(headings, cells)
