"""Decoders on shifted, rotated, scaled and relit images."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rwkeras.experiments.figures import line_plot, picture_grid
from rwkeras.experiments.fits import SOURCE, Fitted, fit, fitted
from rwkeras.experiments.jobs.equivariance import (
    GEOMETRIC,
    PHOTOMETRIC,
    TRANSFORMS,
    Equivariance,
    transformed,
)
from rwkeras.experiments.report import Claim, Report, Row, Shown, above, below, within
from rwkeras.experiments.statistics import Interval, mean_interval, relative_difference
from rwkeras.experiments.study import Study, column
from rwkeras.experiments.untrained_decoders import untrained, untrained_decodings
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

_TRAINED, _UNTRAINED = "trained", "untrained"
# What breaks a line between one transform and the next.
_GAP = Interval(math.nan, math.nan, math.nan)

# What counts as a picture that follows the image: the share of its change that is not as the
# transform has it. As structure that stays under other light: the correlation. As colours that
# are lost: the share of the source's that the best map of the picture's explains, and as colours
# that are none of the source's: the correlation of the two without a map.
_FOLLOWS, _STAYS, _LOST, _UNRELATED = 0.5, 0.9, 0.5, 0.2


def invariance(study: Study) -> Report:
    """Decodes transformed images, with and without training, and compares what comes out."""
    layers, images = study.first_layers[::2], study.images()
    network = study.random()
    trained: Mapping[str, Fitted] = fitted(
        study, {layer: fit(study, network, layer) for layer in layers}
    )
    jobs = {}
    for layer in layers:
        for name, image in images.items():
            if layer in trained:
                file = trained[layer].file
                jobs[_TRAINED, layer, study.settings.seed, name] = Equivariance(file, image)
            for n in study.seeds:
                given = untrained(study.random(n), layer, n)
                jobs[_UNTRAINED, layer, n, name] = Equivariance(given, image)
    results = study.run(jobs)
    table = [
        {"decoder": kind, "layer": layer, "seed": n, "image": name, **row}
        for (kind, layer, n, name), result in results.items()
        for row in result.trace
    ]
    claims = []
    for layer in layers:
        claims += [_geometric(table, layer), _photometric(table, layer)]
    plain = untrained_decodings(study, layers)
    for layer in layers:
        claims.append(_colors(plain, layer))
    return Report(
        "Geometric and photometric invariance",
        "f encodes an image with a random network and decodes it, with a trained DeCNN or with one "
        "of random weights. For each transform T of the image x, f(T x) is compared with T f(x), "
        "which it is where f follows T, and with f(x), in the middle half of each side. Errors are "
        "roots of mean squares over the standard deviation. Pixels of brighter images are not cut "
        "off at 1. What untrained decoders give is scaled to the source's standard deviation.",
        _figures(study, layers, results, table),
        {"invariance": table},
        claims,
        study.notes,
    )


def _chosen(table: Sequence[Row], value: str, **wanted: Any) -> list[float]:
    """Returns a value of those rows in which others are as they are wanted."""
    return [row[value] for row in table if all(row[name] == wish for name, wish in wanted.items())]


def _figures(
    study: Study, layers: Sequence[str], results: Mapping[tuple, JobResult], table: Sequence[Row]
) -> list[Shown]:
    """Returns pictures, and errors by the size of each transform."""
    name, image = next(iter(study.images().items()))
    source, seed = read_picture(image, study.folder), study.settings.seed
    largest = {key: transformed(source, key, t.sizes[-1]) for key, t in TRANSFORMS.items()}
    lines: dict[str, list] = {"x": [("", source), *(("", x) for x in largest.values())]}
    for kind in (_TRAINED, _UNTRAINED):
        for layer in layers:
            result = results.get((kind, layer, seed, name))
            names = ["picture", *(key.replace(" ", "_") for key in TRANSFORMS)]
            lines[f"{layer},\n{kind}"] = [result and ("", result.pictures[key]) for key in names]
    shown = [
        Shown(
            "pictures",
            f"{name} and what the largest of each transform makes of it, above; below, decoded.",
            picture_grid(["", *TRANSFORMS], lines),
        )
    ]
    for kind in (_TRAINED, _UNTRAINED):
        for layer in layers:
            shown += _plots(table, kind, layer)
    return shown


def _plots(table: Sequence[Row], kind: str, layer: str) -> list[Shown]:
    """Returns how far a decoder follows transforms, and how far they change image and output."""
    rows = [row for row in table if (row["decoder"], row["layer"]) == (kind, layer)]
    if not rows:
        return []
    names = {
        "f(T x) - T f(x)": "error",
        "f(T x) - f(x)": "output_change",
        "T x - x": "input_change",
    }
    places: list[tuple[str, float] | None] = []
    for key, transform in TRANSFORMS.items():
        places += [*((key, size) for size in transform.sizes), None]
    places.pop()
    lines = {
        label: (
            range(len(places)),
            [
                mean_interval(_chosen(rows, value, transform=place[0], size=place[1]))
                if place
                else _GAP
                for place in places
            ],
        )
        for label, value in names.items()
    }
    return [
        Shown(
            f"{kind}_{layer}",
            f"{layer}, {kind}: how much images change, how much pictures do, and how much of that "
            "is not as the transform has it. Over images and seeds, with 95 % intervals.",
            line_plot(
                lines,
                x="transform and its size",
                y="relative to the standard deviation",
                ticks=[f"{place[0]} {place[1]:.3g}" if place else "" for place in places],
            ),
        )
    ]


def _geometric(table: Sequence[Row], layer: str) -> Claim:
    """Returns the claim that pictures of an untrained decoder move as the image does."""

    def share(kind: str) -> Interval:
        rows = [row for row in table if row["transform"] in GEOMETRIC]
        values = [
            _chosen(rows, value, decoder=kind, layer=layer) for value in ("error", "output_change")
        ]
        return relative_difference(*values)

    interval = share(_UNTRAINED)
    return Claim(
        f"{layer}: the purely random CNN-DeCNN contributes to geometric invariance.",
        SOURCE,
        below(interval, _FOLLOWS - 1),
        f"Mean of f(T x) - T f(x) over that of f(T x) - f(x), less 1, over transforms, images and "
        f"seeds: {interval}; below {_FOLLOWS - 1} counts as following. "
        f"{_beside(table, layer, share)}",
        f"{_UNTRAINED}_{layer}",
    )


def _photometric(table: Sequence[Row], layer: str) -> Claim:
    """Returns the claim that structure stays when the light changes."""

    def kept(kind: str) -> Interval:
        rows = [row for row in table if row["transform"] in PHOTOMETRIC]
        return mean_interval(_chosen(rows, "alike", decoder=kind, layer=layer))

    interval = kept(_UNTRAINED)
    return Claim(
        f"{layer}: the purely random CNN-DeCNN contributes to photometric invariance.",
        SOURCE,
        above(interval, _STAYS),
        f"Correlation of f(T x) with f(x), each channel's mean apart, over transforms, images and "
        f"seeds: {interval}, of which {_STAYS} counts as staying. {_beside(table, layer, kept)}",
        f"{_UNTRAINED}_{layer}",
    )


def _beside(table: Sequence[Row], layer: str, measure: Callable[[str], Interval]) -> str:
    """Returns what was found of the trained decoder, as a sentence."""
    if any((row["decoder"], row["layer"]) == (_TRAINED, layer) for row in table):
        return f"Of the trained decoder: {measure(_TRAINED)}."
    return "Of the trained decoder there is nothing."


def _colors(plain: Mapping[tuple, JobResult], layer: str) -> Claim:
    """Returns the claim that untrained decoders discard colours."""
    explained = mean_interval(column(plain, "color_explained", p0=layer))
    unmapped = mean_interval(column(plain, "color_correlation", p0=layer))
    unrelated = within(unmapped, _UNRELATED)
    return Claim(
        f"{layer}: but it discards the colorimetric information.",
        SOURCE,
        below(explained, _LOST),
        f"Share of the source's differences between channels that the best affine map of the "
        f"picture's colours explains: {explained}; below {_LOST} counts as discarded. Without a "
        f"map, their correlation with the source's is {unmapped} (that it is within "
        f"{_UNRELATED} of none: {unrelated}).",
        "pictures",
    )
