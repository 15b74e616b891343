"""Decoders that learn on random and on trained networks: how fast, and how accurate."""

from collections.abc import Mapping
from typing import Any

from rwkeras.experiments.conditions import by_stride, over, purely_random, rotation_rivals, twins
from rwkeras.experiments.decoding.fits import Fitted, decoded, decoder_layers, fit, fitted
from rwkeras.experiments.figures import line_plot, result_grid
from rwkeras.experiments.report import Report, Shown, measured, traced
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, chosen, frame, row
from rwkeras.sweeps.pictures import read_picture

# How far below the end of the least accurate training the mark lies that all are to reach, in dB:
# the last bit of the way takes most of the steps, and tells little.
_SHORT = 1.0
_STRIDES = (4, 16)
_HELD_OUT = {"held_out_psnr_db": "held-out psnr_db"}


def decoders(study: Study) -> Report:
    """Trains decoders on random and trained networks, and compares how fast and how well."""
    draws = study.draws()
    wanted = decoder_layers(study)
    names = by_stride(study.first_layers, 1)
    layers = {name: layer for name, layer in names.items() if layer in wanted}
    kinds = [purely_random(study, layers), *rotation_rivals(study, layers, draws, scaled=True)]
    for kind in twins(study):
        few = {f"stride {s}": kind.layers.get(f"stride {s}") for s in _STRIDES}
        kinds.append(kind._replace(layers={s: layer for s, layer in few.items() if layer}))
    trained = fitted(
        study, over(kinds, draws, lambda network, draw, layer: fit(study, network, draw, layer))
    )
    results = decoded(study, trained)
    courses = traced({s: each.result for s, each in trained.items()}, _HELD_OUT, at="step")
    table = frame([*measured(results, {"psnr_db": "psnr_db"}), *courses, *_steps(trained)])
    on_the_way = chosen(table, {"measure": _HELD_OUT["held_out_psnr_db"]})
    deep = on_the_way[on_the_way["layer"] == on_the_way["layer"].iloc[-1]]
    return Report(
        "Decoders of random and trained networks",
        f"A DeCNN learns in {study.settings.decoder_steps} steps, from photographs that are not "
        "those that it is measured on, to make images of the activations of a network that stays "
        "as it is. VGGs are scaled on the image to activations of mean 1.",
        table,
        [
            Shown(
                "accuracy",
                "Means over draws after training, with 95 % t intervals.",
                line_plot(chosen(table, {"measure": "psnr_db"}), x="layer", y="PSNR, dB"),
            ),
            Shown(
                "courses",
                f"Crops of held-out photographs at {deep['layer'].iloc[0]} while decoders learn.",
                line_plot(deep, x="iteration", y="PSNR of held-out crops, dB"),
            ),
            Shown(
                "pictures",
                f"{draws[0].name}, decoded; below each its PSNR, dB.",
                result_grid(results, "psnr_db", source=read_picture(draws[0].image, study.folder)),
            ),
        ],
    )


def _steps(trained: Mapping[Sample, Fitted]) -> list[dict[str, Any]]:
    """Returns after how many steps each decoder was where the least accurate of its draw ends."""
    best: dict[Sample, float] = {}
    for sample, decoder in trained.items():
        best[sample] = max(each["held_out_psnr_db"] for each in decoder.result.trace)
    rows = []
    for sample, decoder in trained.items():
        alike = [s for s in best if (s.draw, s.layer) == (sample.draw, sample.layer)]
        mark = min(best[s] for s in alike) - _SHORT
        steps = [n["step"] for n in decoder.result.trace if n["held_out_psnr_db"] >= mark]
        rows.append(row(sample, "steps to the mark", steps[0]))
    return rows
