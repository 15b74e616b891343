"""Decoders for encoders with different distributions of random weights."""

from functools import partial

from rwkeras.experiments.conditions import (
    IMAGENET,
    condition_jobs,
    trained_efficientnet_conditions,
    untrained_efficientnet,
)
from rwkeras.experiments.decoding.fits import decode_images, fit_job, train_decoders
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame
from rwkeras.networks.initializers import INITIALIZERS

# "he" and "gaussian" differ only in scale, which batch normalisation removes.
DISTRIBUTIONS = tuple(kind for kind in INITIALIZERS if kind != "he")
# Those that are compared with the Gaussian.
OTHER_DISTRIBUTIONS = tuple(kind for kind in DISTRIBUTIONS if kind != "gaussian")
_STRIDE = "stride 4"


def decoder_distributions(study: Study) -> Report:
    """Decoders for distributions of random weights.

    DeCNNs are trained to decode a layer of stride 4 of EfficientNet-Lite0, with random weights of
    each distribution and with weights trained on ImageNet.
    """
    draws = study.draws()
    conditions = [
        untrained_efficientnet(study, initializer=kind, name=kind) for kind in DISTRIBUTIONS
    ]
    conditions += [kind for kind in trained_efficientnet_conditions(study) if kind.name == IMAGENET]
    conditions = [kind._replace(layers={_STRIDE: kind.layers[_STRIDE]}) for kind in conditions]
    results = decode_images(
        study, train_decoders(study, condition_jobs(conditions, draws, partial(fit_job, study)))
    )
    table = frame(value_rows(results, "psnr_db"))
    source = study.picture(draws[0])
    shown = pictures(results, "psnr_db", source, columns="network")
    return Report(table, [bars(table, "psnr_db"), shown])
