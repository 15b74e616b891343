"""Textures from more and more layers, of random and of trained networks."""

from collections.abc import Iterable

from rwkeras.experiments.conditions import over, stacked, twins
from rwkeras.experiments.figures import line_plot, result_grid
from rwkeras.experiments.jobs.syntheses import Texture
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import chosen, frame
from rwkeras.sweeps.pictures import read_picture

_DISTANCE = "relative_patch_distance"


def textures(study: Study) -> Report:
    """Synthesises textures from the Gram matrices of more and more layers."""
    draws = study.draws("textures")
    kinds = [stacked(study, _cumulated(study.first_layers), draws, subtract_mean=True)]
    for kind in twins(study):
        kinds.append(kind._replace(layers=_cumulated(kind.layers.values())))
    optimizer = study.optimizer(parametrization="pixels")

    def job(network, draw, layers):
        return Texture(network, draw.image, layers, draw.seed, optimizer)

    source = read_picture(draws[0].image, study.folder)
    figures, rows = [], []
    for name, several in (("vgg", kinds[:1]), ("lite", kinds[1:])):
        results = study.run(over(several, draws, job))
        rows += measured(results, {_DISTANCE: _DISTANCE})
        figures.append(
            Shown(
                f"{name}_pictures",
                f"{draws[0].name}: from left to right a layer more; below each its patches' "
                "distance to the source, relative to that of noise.",
                result_grid(results, _DISTANCE, source=source),
            )
        )
    table = frame(rows)
    for name, several in (("vgg", kinds[:1]), ("lite", kinds[1:])):
        shown = chosen(table, {"network": tuple(kind.name for kind in several)})
        figures.append(
            Shown(
                name,
                "Means over draws, with 95 % t intervals.",
                line_plot(shown, x="layer", y="relative patch distance"),
            )
        )
    return Report(
        "Textures from more and more layers",
        "Textures are synthesised over pixels from the Gram matrices of the first layers of the "
        "stages of stacked networks, and of the blocks of EfficientNet-Lite0, trained and "
        "untrained. Each is named by the deepest of its layers.",
        table,
        figures,
    )


def _cumulated(layers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Returns all layers up to each, by its name."""
    several = tuple(layers)
    return {top: several[: n + 1] for n, top in enumerate(several)}
