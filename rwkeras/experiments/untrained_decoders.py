"""Random networks with random decoders: what of an image survives both."""

from collections.abc import Mapping, Sequence
from typing import Any

from rwkeras.decoders.settings import DecoderSettings
from rwkeras.experiments.figures import line_plot, picture_grid
from rwkeras.experiments.fits import SOURCE, layer_stride
from rwkeras.experiments.jobs.decodings import UntrainedDecoder, UntrainedDecoding
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.report import SUPPORTED, Claim, Report, Shown, above, below
from rwkeras.experiments.statistics import (
    mean_difference,
    mean_interval,
    mean_relative_difference,
)
from rwkeras.experiments.study import Study, cell, column, rows
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

# Layers up to this stride are low, the last two of either kind are high.
_LOW_STRIDE, _HIGH = 2, 2
# What counts as edges, or contours, that are kept: the correlation with the source's.
_KEPT = 0.5
# What counts as colours that changed: the share of the error that a map of colours takes away.
_CHANGED = 0.5


def untrained(network: NetworkSpec, layer: str, seed: int, **changes: Any) -> UntrainedDecoder:
    """Returns a decoder without training.

    It mirrors the encoder with one convolution at each size: with more, and with transposed
    convolutions, less can be seen.

    Args:
        network: The encoder.
        layer: The layer's name.
        seed: Of the decoder's weights.
        **changes: Other settings than these; see `DecoderSettings`.
    """
    given = {"upsampling": "nearest", "depth": 1, "seed": seed}
    return UntrainedDecoder(network, layer, DecoderSettings(**{**given, **changes}))


def untrained_decodings(study: Study, layers: Sequence[str]) -> dict[tuple, JobResult]:
    """Returns the images as untrained decoders make them, by layer, seed and image."""
    return study.run(
        {
            (layer, n, name): UntrainedDecoding(untrained(study.random(n), layer, n), image)
            for n in study.seeds
            for layer in layers
            for name, image in study.images().items()
        }
    )


def untrained_decoders(study: Study) -> Report:
    """Decodes images with random weights alone, and measures what of them is left."""
    firsts, pools = study.first_layers, study.pools
    layers = [layer for pair in zip(firsts, pools, strict=True) for layer in pair]
    results = untrained_decodings(study, layers)
    return Report(
        "Decoders without training",
        "Images pass through a random network up to a layer and through a DeCNN of random weights "
        "that mirrors it. What comes out has any scale; it is shown and compared with the mean and "
        "the standard deviation of the source, by one scale and one offset for all channels, and "
        "after the affine map of colours that brings it nearest to the source. Borders, an eighth "
        "of each side, are not counted.",
        _figures(study, results, layers),
        {"untrained_decoders": rows(results, ["layer", "seed", "image"])},
        [
            *(
                _positions(results, layer)
                for layer in layers
                if layer in firsts and layer_stride(layer) <= _LOW_STRIDE
            ),
            *(
                _colors(results, layer)
                for layer in layers
                if layer in firsts and layer_stride(layer) <= _LOW_STRIDE
            ),
            *(_contours(results, layer) for layer in firsts[-_HIGH:]),
        ],
        study.notes,
    )


def _figures(
    study: Study, results: Mapping[tuple, JobResult], layers: Sequence[str]
) -> list[Shown]:
    """Returns pictures, and what is kept by layer."""
    name, image = next(iter(study.images().items()))
    source = [("source", read_picture(image, study.folder))]
    lines: dict[str, list] = {}
    for n in list(study.seeds)[:2]:
        found = [results.get((layer, n, name)) for layer in layers]
        lines[f"seed {n}"] = source + [cell(result, "edges", 2) for result in found]
        lines[f"seed {n},\ncolours mapped"] = source + [
            result and (f"{result.values['contours']:.2f}", result.pictures["mapped"])
            for result in found
        ]

    def by_layer(values: Mapping[str, str]) -> dict[str, tuple]:
        return {
            label: (
                range(len(layers)),
                [mean_interval(column(results, value, p0=layer)) for layer in layers],
            )
            for label, value in values.items()
        }

    over = f"Over {len(study.images())} images and {len(study.seeds)} seeds, with 95 % intervals."
    kept = {
        "edges": "edges",
        "edges, mirrored source": "edges_by_chance",
        "contours, colours mapped": "contours",
        "contours, mapped to mirrored source": "contours_by_chance",
        "brightness": "brightness",
    }
    errors = {"as it is": "error", "colours mapped": "error_mapped"}
    return [
        Shown(
            "pictures",
            f"{name}, decoded without training. Below each the correlation of edges with the "
            "source, and of contours where colours are mapped.",
            picture_grid(["", *layers], lines),
        ),
        Shown(
            "kept",
            f"Correlation with the source. {over}",
            line_plot(by_layer(kept), x="layer", y="correlation", ticks=layers),
        ),
        Shown(
            "errors",
            f"Root of the mean squared difference from the source. {over}",
            line_plot(by_layer(errors), x="layer", y="error", ticks=layers),
        ),
    ]


def _positions(results: Mapping[tuple, JobResult], layer: str) -> Claim:
    """Returns the claim that a low layer keeps positions."""
    found, chance = (column(results, x, p0=layer) for x in ("edges", "edges_by_chance"))
    interval = mean_interval(found)
    return Claim(
        f"{layer}: all position information can be reconstructed without training.",
        SOURCE,
        above(interval, _KEPT),
        f"Correlation of edges with the source, to 1/32 of the side: {interval}, of which {_KEPT} "
        f"counts as kept; with the mirrored source: {mean_interval(chance)}.",
        "kept",
    )


def _colors(results: Mapping[tuple, JobResult], layer: str) -> Claim:
    """Returns the claim that a low layer changes colours, which is most of the error."""
    before, after = (column(results, x, p0=layer) for x in ("error", "error_mapped"))
    interval = mean_relative_difference(after, before)
    return Claim(
        f"{layer}: but the colours change.",
        SOURCE,
        below(interval, -_CHANGED),
        f"Error after the best map of colours, {mean_interval(after)}, over that before, "
        f"{mean_interval(before)}, less 1: {interval}; {-_CHANGED} counts as colours that changed.",
        "errors",
    )


def _contours(results: Mapping[tuple, JobResult], layer: str) -> Claim:
    """Returns the claim that a high layer keeps rough contours."""
    found, chance = (column(results, x, p0=layer) for x in ("contours", "contours_by_chance"))
    interval, gain = mean_interval(found), mean_difference(found, chance)
    verdict = above(interval, _KEPT)
    if verdict == SUPPORTED:  # Mirrored photographs are alike too, in that skies are bright.
        verdict = above(gain)
    return Claim(
        f"{layer}: rough contours can still be captured without training.",
        SOURCE,
        verdict,
        f"Correlation of brightness with the source on a coarse grid, after the best map of "
        f"colours: {interval}, of which {_KEPT} counts as seen; above that with the mirrored "
        f"source by {gain}.",
        "kept",
    )
