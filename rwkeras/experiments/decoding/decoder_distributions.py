"""Decoders of networks whose weights have different distributions."""

from functools import partial

from rwkeras.experiments.conditions import IMAGENET, lite, over, trained_on_imagenet
from rwkeras.experiments.decoding.fits import decoded, fit, fitted
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import frame
from rwkeras.networks.initializers import INITIALIZERS

# Of "he" and "gaussian" the scale alone differs, which batch normalisation takes away.
KINDS = tuple(kind for kind in INITIALIZERS if kind != "he")
_STRIDE = "stride 4"


def decoder_distributions(study: Study) -> Report:
    """Decoders of several distributions of random weights.

    A DeCNN learns to decode a layer of stride 4 of EfficientNet-Lite0, whose weights are of every
    kind, or trained on ImageNet.
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
