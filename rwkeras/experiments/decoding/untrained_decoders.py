"""Random networks with random decoders: what of an image survives both."""

from collections.abc import Iterable

from rwkeras.experiments.conditions import by_name, over, purely_random
from rwkeras.experiments.decoding.fits import untrained
from rwkeras.experiments.figures import line_plot, result_grid
from rwkeras.experiments.jobs.decodings import UntrainedDecoding
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, chosen, frame
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

MEASURES = (
    "edges",
    "edges_by_chance",
    "brightness",
    "contours",
    "contours_by_chance",
    "error",
    "error_mapped",
    "color_correlation",
    "color_explained",
)


def untrained_decodings(study: Study, layers: Iterable[str]) -> dict[Sample, JobResult]:
    """Returns the images as untrained decoders make them of some layers."""
    return study.run(
        over(
            [purely_random(study, by_name(layers))],
            study.draws(),
            lambda network, draw, layer: UntrainedDecoding(
                untrained(network, draw, layer), draw.image
            ),
        )
    )


def untrained_decoders(study: Study) -> Report:
    """Decodes images with random weights alone, and measures what of them is left."""
    pairs = zip(study.first_layers, study.pools, strict=True)
    results = untrained_decodings(study, [layer for pair in pairs for layer in pair])
    table = frame(measured(results, {name: name for name in MEASURES}))
    first = study.draws()[0]
    source = read_picture(first.image, study.folder)
    over_draws = "Means over draws, with 95 % t intervals."

    def plot(*measures: str, y: str):
        return line_plot(chosen(table, {"measure": measures}), x="layer", y=y, series="measure")

    return Report(
        "Decoders without training",
        "Images pass through a random network up to a layer and through a DeCNN of random weights "
        "that mirrors it. What comes out has any scale; it is shown and compared with the mean and "
        "the standard deviation of the source, by one scale and one offset for all channels, and "
        "after the affine map of colours that brings it nearest to the source. Borders, an eighth "
        "of each side, are not counted.",
        table,
        [
            Shown(
                "pictures",
                f"{first.name}; below each the correlation of its edges with the source's.",
                result_grid(results, "edges", source=source),
            ),
            Shown(
                "mapped",
                f"{first.name}, colours mapped; below each the correlation of contours.",
                result_grid(results, "contours", source=source, picture="mapped"),
            ),
            Shown("kept", over_draws, plot(*MEASURES[:5], y="correlation with the source")),
            Shown("errors", over_draws, plot("error", "error_mapped", y="error")),
        ],
    )
