"""Speed of training and accuracy of decoders for random and trained encoders."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from rwkeras.experiments.conditions import by_stride, over, purely_random, rotation_rivals, twins
from rwkeras.experiments.decoding.fits import Fitted, decoded, decoder_layers, fit, fitted
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.report import Report, measured, traced
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame, row

# The mark to which trainings are timed lies this far, in dB, below the best PSNR of the least
# accurate of them: the last dB takes most of the steps and says little about speed.
_SHORT = 1.0
# Strides of EfficientNet-Lite0 that are decoded, if they are in the settings; and the interval of
# the measurements during training that are kept, to limit the size of the table.
_STRIDES, _KEPT = (4, 16), 4


def decoders(study: Study) -> Report:
    """Decoders of random and trained networks.

    DeCNNs are trained to decode the activations of fixed networks, and tested on photographs that
    they were not trained on. The activations of VGGs are scaled to a mean of 1 on the test image.
    """
    draws = study.draws()
    names = by_stride(study.first_layers, 1)
    layers = {name: layer for name, layer in names.items() if layer in decoder_layers(study)}
    kinds = [purely_random(study, layers), *rotation_rivals(study, layers, draws, scaled=True)]
    for kind in twins(study):
        strides = [f"stride {stride}" for stride in _STRIDES if stride in study.settings.strides]
        kinds.append(kind._replace(layers={name: kind.layers[name] for name in strides}))
    trained = fitted(study, over(kinds, draws, partial(fit, study)))
    results = decoded(study, trained)
    on_the_way = traced({s: f.result for s, f in trained.items()}, "held_out_psnr_db", at="step")
    rows = measured(results, "psnr_db") + on_the_way[_KEPT - 1 :: _KEPT] + _steps(trained)
    deep = [each for each in on_the_way if each["layer"] == list(layers)[-1]]
    source = study.picture(draws[0])
    table = frame(rows)
    return Report(
        table,
        [
            lines(table, "psnr_db"),
            lines(frame(deep), "held_out_psnr_db", x="iteration"),
            pictures(results, "psnr_db", source),
        ],
    )


def _steps(trained: Mapping[Sample, Fitted]) -> list[dict[str, Any]]:
    """Returns rows with the steps after which each decoder reaches a common mark.

    The mark is `_SHORT` below the best held-out PSNR of the least accurate decoder for the same
    draw and layer.
    """
    best = {
        sample: max(each["held_out_psnr_db"] for each in decoder.result.trace)
        for sample, decoder in trained.items()
    }
    rows = []
    for sample, decoder in trained.items():
        alike = [s for s in best if (s.draw, s.layer) == (sample.draw, sample.layer)]
        mark = min(best[s] for s in alike) - _SHORT
        steps = [each["step"] for each in decoder.result.trace if each["held_out_psnr_db"] >= mark]
        rows.append(row(sample, "steps to the mark", steps[0]))
    return rows
