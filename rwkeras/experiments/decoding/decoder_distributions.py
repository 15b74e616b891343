"""Decoders for encoders with different distributions of random weights."""

from functools import partial

from rwkeras.experiments.conditions import IMAGENET, lite, over, trained_on_imagenet
from rwkeras.experiments.decoding.fits import decoded, fit, fitted
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame
from rwkeras.networks.initializers import INITIALIZERS

# "he" and "gaussian" differ only in scale, which batch normalisation removes.
KINDS = tuple(kind for kind in INITIALIZERS if kind != "he")
_STRIDE = "stride 4"


def decoder_distributions(study: Study) -> Report:
    """Decoders for distributions of random weights.

    DeCNNs are trained to decode a layer of stride 4 of EfficientNet-Lite0, with random weights of
    each distribution and with weights trained on ImageNet.
    """
    draws = study.draws()
    kinds = [lite(study, initializer=kind, name=kind) for kind in KINDS]
    kinds += [kind for kind in trained_on_imagenet(study) if kind.name == IMAGENET]
    kinds = [kind._replace(layers={_STRIDE: kind.layers[_STRIDE]}) for kind in kinds]
    results = decoded(study, fitted(study, over(kinds, draws, partial(fit, study))))
    table = frame(measured(results, "psnr_db"))
    source = study.picture(draws[0])
    shown = pictures(results, "psnr_db", source, columns="network")
    return Report(table, [bars(table, "psnr_db"), shown])
