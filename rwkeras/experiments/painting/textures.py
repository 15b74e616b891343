"""Texture synthesis with increasing numbers of layers of random and trained networks."""

from collections.abc import Iterable

from rwkeras.experiments.conditions import over, stacked, twins
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame

_DISTANCE = "relative_patch_distance"


def textures(study: Study) -> Report:
    """Textures from increasing numbers of layers.

    Textures are synthesised over pixels from the Gram matrices of the first layer of each stage of
    stacked networks, and of blocks of EfficientNet-Lite0, trained and untrained. Each is labelled
    by its deepest layer. Patch distances to the source are relative to that of noise.
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
    """Returns, for each layer, the tuple of layers up to and including it, by its name."""
    several = tuple(layers)
    return {top: several[: n + 1] for n, top in enumerate(several)}
