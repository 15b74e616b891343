"""Textures from more and more layers, of random and of trained networks."""

from collections.abc import Iterable

from rwkeras.experiments.conditions import over, stacked, twins
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame

_DISTANCE = "relative_patch_distance"


def textures(study: Study) -> Report:
    """Textures from more and more layers.

    Textures are synthesised over pixels from the Gram matrices of the first layers of the stages of
    stacked networks, and of the blocks of EfficientNet-Lite0, trained and untrained. Each is named
    by the deepest of its layers; the distance of its patches to the source's is relative to that of
    noise.
    """
    draws = study.draws("textures")
    vgg = stacked(study, _cumulated(study.first_layers), draws, subtract_mean=True)
    lite = [kind._replace(layers=_cumulated(kind.layers.values())) for kind in twins(study)]
    rows, figures = [], []
    for name, kinds in (("vgg", [vgg]), ("lite", lite)):
        results = study.run(over(kinds, draws, study.texture))
        own = measured(results, _DISTANCE)
        figures.append(lines(frame(own), _DISTANCE, name=name))
        source = study.picture(draws[0])
        figures.append(pictures(results, _DISTANCE, source, name=f"{name}_pictures"))
        rows += own
    return Report(frame(rows), figures)


def _cumulated(layers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Returns all layers up to each, by its name."""
    several = tuple(layers)
    return {top: several[: n + 1] for n, top in enumerate(several)}
