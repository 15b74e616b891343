"""Decoders of networks whose weights have different distributions."""

from rwkeras.experiments.conditions import IMAGENET, lite, over, trained_on_imagenet
from rwkeras.experiments.decoding.fits import decoded, fit, fitted
from rwkeras.experiments.figures import bar_plot, result_grid
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import chosen, frame
from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.sweeps.pictures import read_picture

# Of "he" and "gaussian" the scale alone differs, which batch normalisation takes away.
KINDS = tuple(kind for kind in INITIALIZERS if kind != "he")
_STRIDE = "stride 4"


def decoder_distributions(study: Study) -> Report:
    """Trains decoders on untrained networks of every kind of randomness, and on a trained one."""
    draws = study.draws()
    kinds = [lite(study, initializer=kind, name=kind) for kind in KINDS]
    kinds += [kind for kind in trained_on_imagenet(study) if kind.name == IMAGENET]
    kinds = [kind._replace(layers={_STRIDE: kind.layers[_STRIDE]}) for kind in kinds]
    trained = fitted(
        study, over(kinds, draws, lambda network, draw, layer: fit(study, network, draw, layer))
    )
    results = decoded(study, trained)
    # A column for each kind.
    side_by_side = {
        sample._replace(network="", layer=sample.network): result
        for sample, result in results.items()
    }
    table = frame(measured(results, {"psnr_db": "psnr_db"}))
    return Report(
        "Decoders of several distributions of random weights",
        f"A DeCNN learns to decode a layer of {_STRIDE} of EfficientNet-Lite0, whose weights are "
        "of every kind, or trained on ImageNet.",
        table,
        [
            Shown(
                "accuracy",
                "Means over draws, with 95 % t intervals.",
                bar_plot(chosen(table, {"measure": "psnr_db"}), x="PSNR, dB"),
            ),
            Shown(
                "pictures",
                f"{draws[0].name}, decoded; below each its PSNR, dB.",
                result_grid(
                    side_by_side, "psnr_db", source=read_picture(draws[0].image, study.folder)
                ),
            ),
        ],
    )
