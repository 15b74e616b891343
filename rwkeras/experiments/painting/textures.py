"""Texture synthesis with increasing numbers of layers of random and trained networks."""

from collections.abc import Iterable

from rwkeras.experiments.conditions import condition_jobs, efficientnet_conditions, stacked
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.report import Report, value_rows
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
    vgg = stacked(study, _cumulative(study.first_layers), draws, subtract_mean=True)
    lite = [
        condition._replace(layers=_cumulative(condition.layers.values()))
        for condition in efficientnet_conditions(study)
    ]
    rows, figures = [], []
    for name, conditions in (("vgg", [vgg]), ("lite", lite)):
        results = study.run(condition_jobs(conditions, draws, study.texture))
        own = value_rows(results, _DISTANCE)
        figures.append(lines(frame(own), _DISTANCE, name=name))
        source = study.picture(draws[0])
        figures.append(pictures(results, _DISTANCE, source, name=f"{name}_pictures"))
        rows += own
    return Report(frame(rows), figures)


def _cumulative(layers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Returns, for each layer, the tuple of layers up to and including it, by its name."""
    several = tuple(layers)
    return {top: several[: n + 1] for n, top in enumerate(several)}
