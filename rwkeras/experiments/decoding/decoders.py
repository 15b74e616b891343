"""Speed of training and accuracy of decoders for random and trained encoders."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from rwkeras.experiments.conditions import (
    by_stride,
    condition_jobs,
    efficientnet_conditions,
    purely_random,
    rotation_rivals,
)
from rwkeras.experiments.decoding.fits import (
    DecoderResult,
    decode_images,
    decoder_layers,
    fit_job,
    train_decoders,
)
from rwkeras.experiments.figures import lines, pictures
from rwkeras.experiments.report import Report, trace_rows, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame, row

# The target to which trainings are timed lies this far, in dB, below the best PSNR of the least
# accurate of them: the last dB takes most of the steps and says little about speed.
_TARGET_MARGIN_DB = 1.0
# Strides of EfficientNet-Lite0 that are decoded, if they are in the settings; and the interval of
# the measurements during training that are kept, to limit the size of the table.
_STRIDES, _TRACE_INTERVAL = (4, 16), 4


def decoders(study: Study) -> Report:
    """Decoders of random and trained networks.

    DeCNNs are trained to decode the activations of fixed networks, and tested on photographs that
    they were not trained on. The activations of VGGs are scaled to a mean of 1 on the test image.
    """
    draws = study.draws()
    names = by_stride(study.first_layers, 1)
    layers = {name: layer for name, layer in names.items() if layer in decoder_layers(study)}
    conditions = [purely_random(study, layers), *rotation_rivals(study, layers, draws, scaled=True)]
    for condition in efficientnet_conditions(study):
        strides = [f"stride {stride}" for stride in _STRIDES if stride in study.settings.strides]
        conditions.append(
            condition._replace(layers={name: condition.layers[name] for name in strides})
        )
    trained = train_decoders(study, condition_jobs(conditions, draws, partial(fit_job, study)))
    results = decode_images(study, trained)
    training_rows = trace_rows(
        {s: f.result for s, f in trained.items()}, "held_out_psnr_db", at="step"
    )
    rows = (
        value_rows(results, "psnr_db")
        + training_rows[_TRACE_INTERVAL - 1 :: _TRACE_INTERVAL]
        + _step_rows(trained)
    )
    deep = [each for each in training_rows if each["layer"] == list(layers)[-1]]
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


def _step_rows(trained: Mapping[Sample, DecoderResult]) -> list[dict[str, Any]]:
    """Returns rows with the steps after which each decoder reaches a common target.

    The target is `_TARGET_MARGIN_DB` below the best held-out PSNR of the least accurate decoder
    for the same draw and layer.
    """
    best = {
        sample: max(each["held_out_psnr_db"] for each in decoder.result.trace)
        for sample, decoder in trained.items()
    }
    rows = []
    for sample, decoder in trained.items():
        same_layer = [s for s in best if (s.draw, s.layer) == (sample.draw, sample.layer)]
        target = min(best[s] for s in same_layer) - _TARGET_MARGIN_DB
        steps = [
            each["step"] for each in decoder.result.trace if each["held_out_psnr_db"] >= target
        ]
        rows.append(row(sample, "steps to the mark", steps[0]))
    return rows
