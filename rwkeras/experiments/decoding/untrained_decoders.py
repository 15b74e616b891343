"""Edges, contours and colours of images decoded by untrained decoders of random networks."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rwkeras.experiments.conditions import by_name, condition_jobs, purely_random
from rwkeras.experiments.decoding.fits import untrained_decoding_job
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame
from rwkeras.sweeps.jobs import JobResult

_STRUCTURE_MEASURES = ("edges", "edges_by_chance", "brightness", "contours", "contours_by_chance")
_ERROR_MEASURES = ("error", "error_mapped")
_COLOR_MEASURES = ("color_correlation", "color_explained")


def untrained_decodings(study: Study, layers: Iterable[str]) -> dict[Sample, JobResult]:
    """Decodes each draw's image from layers of random networks with untrained decoders."""
    conditions = [purely_random(study, by_name(layers))]
    return study.run(condition_jobs(conditions, study.draws(), untrained_decoding_job))


def color_rows(study: Study, results: Mapping[Sample, JobResult]) -> list[dict[str, Any]]:
    """Returns table rows of the measures of colour, for draws whose image is not grey."""
    colored = {draw.number for draw in study.draws() if np.ptp(study.picture(draw), axis=2).any()}
    return value_rows({s: r for s, r in results.items() if s.draw in colored}, *_COLOR_MEASURES)


def untrained_decoders(study: Study) -> Report:
    """Untrained decoders.

    Images are encoded by a random network up to a layer and decoded by a DeCNN of random weights
    that mirrors it. As the output has an arbitrary scale, it is shown and compared with the source
    in two ways: scaled and shifted to the source's mean and standard deviation, equally in all
    channels; and after the affine map of colours that brings it closest to the source. Borders, an
    eighth of each side, are ignored.
    """
    pairs = zip(study.first_layers, study.pools, strict=True)
    results = untrained_decodings(study, [layer for pair in pairs for layer in pair])
    table = frame(
        value_rows(results, *_STRUCTURE_MEASURES, *_ERROR_MEASURES) + color_rows(study, results)
    )
    source = study.picture(study.draws()[0])
    return Report(
        table,
        [
            pictures(results, "edges", source),
            pictures(results, "contours", source, name="mapped", picture="mapped"),
            lines(table, *_STRUCTURE_MEASURES, name="kept"),
            lines(table, *_ERROR_MEASURES, name="errors"),
        ],
    )
