"""Random networks with random decoders: what of an image survives both."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rwkeras.experiments.conditions import by_name, over, purely_random
from rwkeras.experiments.decoding.fits import untrained_decoding
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame
from rwkeras.sweeps.jobs import JobResult

_KEPT = ("edges", "edges_by_chance", "brightness", "contours", "contours_by_chance")
_ERRORS = ("error", "error_mapped")
_COLORS = ("color_correlation", "color_explained")


def untrained_decodings(study: Study, layers: Iterable[str]) -> dict[Sample, JobResult]:
    """Returns the images as untrained decoders make them of some layers."""
    kinds = [purely_random(study, by_name(layers))]
    return study.run(over(kinds, study.draws(), untrained_decoding))


def measured_colors(study: Study, results: Mapping[Sample, JobResult]) -> list[dict[str, Any]]:
    """Returns rows of a table of what colours are left, where the image is not grey."""
    colored = {draw.number for draw in study.draws() if np.ptp(study.picture(draw), axis=2).any()}
    return measured({s: r for s, r in results.items() if s.draw in colored}, *_COLORS)


def untrained_decoders(study: Study) -> Report:
    """Decoders without training.

    Images pass through a random network up to a layer and through a DeCNN of random weights that
    mirrors it. What comes out has any scale; it is shown and compared with the mean and the
    standard deviation of the source, by one scale and one offset for all channels, and after the
    affine map of colours that brings it nearest to the source. Borders, an eighth of each side, are
    not counted.
    """
    pairs = zip(study.first_layers, study.pools, strict=True)
    results = untrained_decodings(study, [layer for pair in pairs for layer in pair])
    table = frame(measured(results, *_KEPT, *_ERRORS) + measured_colors(study, results))
    source = study.picture(study.draws()[0])
    return Report(
        table,
        [
            pictures(results, "edges", source),
            pictures(results, "contours", source, name="mapped", picture="mapped"),
            lines(table, *_KEPT, name="kept"),
            lines(table, *_ERRORS, name="errors"),
        ],
    )
