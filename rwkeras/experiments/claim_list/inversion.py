"""Claims on inversion."""

from typing import Any

from rwkeras.experiments.claim_list import margins
from rwkeras.experiments.claim_list.contrasts import (
    HE_2016,
    READER_QUESTION,
    SHU_2017,
    between,
    between_measures,
    claims,
    value_of_each_layer,
)
from rwkeras.experiments.claims import Contrast
from rwkeras.experiments.conditions import (
    ALEXNET,
    IMAGENET,
    ORIGINAL_STATISTICS,
    RANDOM,
    ROTATION_TRAINED,
    STACKED,
    UNTRAINED_NARROW,
    UNTRAINED_TWIN,
    VGG_IMAGENET,
)
from rwkeras.experiments.decoding.decoder_distributions import OTHER_DISTRIBUTIONS
from rwkeras.experiments.inversion.convergence import EARLY
from rwkeras.experiments.inversion.transfer import OTHER_IMAGE, SAME_IMAGE

_OVER_PIXELS = "distance (pixels)"
_EARLY: dict[str, Any] = {"iteration": EARLY}
_END: dict[str, Any] = {"iteration": None}

_RETAIN = "All conv and pooling layers retain photographically accurate information"
_RECOVERED = "Images are recovered better from"
_BETTER_EARLY = f"{EARLY} iterations untrained give a better picture than all of them trained on"


def _early_against_end(measure: str, untrained: str, trained: str) -> Contrast:
    return between(measure, {"network": untrained} | _EARLY, {"network": trained} | _END)


CLAIMS = (
    *claims(
        "layers",
        HE_2016,
        (
            "photographic",
            f"{_RETAIN}, by the best inverter.",
            value_of_each_layer("psnr_db", network=STACKED),
            margins.PHOTOGRAPHIC,
        ),
    ),
    *claims(
        "distances",
        HE_2016,
        (
            "photographic",
            f"{_RETAIN}, over pixels.",
            value_of_each_layer("psnr_db", network=STACKED),
            margins.PHOTOGRAPHIC,
        ),
    ),
    *claims(
        "layers",
        HE_2016,
        (
            "contours",
            "Rough contours can still be seen from the first two fully connected layers.",
            between_measures(
                "contours", "contours_by_chance", "difference", "layer", network=RANDOM
            ),
            margins.HALF_OF_CORRELATION,
        ),
    ),
    *claims(
        "rivals",
        HE_2016,
        (
            "twin",
            f"{_RECOVERED} an untrained network than from its twin trained on ImageNet.",
            between("distance", UNTRAINED_TWIN, IMAGENET),
            margins.LOWER,
        ),
        (
            "twin-pixels",
            f"{_RECOVERED} an untrained network than from its twin trained on ImageNet, "
            "over pixels.",
            between(_OVER_PIXELS, UNTRAINED_TWIN, IMAGENET),
            margins.LOWER,
        ),
        (
            "shipped",
            f"{_RECOVERED} an untrained network than from its trained twin as shipped.",
            between("distance", UNTRAINED_TWIN, ORIGINAL_STATISTICS),
            margins.LOWER,
        ),
        (
            "rotations",
            f"{_RECOVERED} an untrained network than from the same that has learnt rotations.",
            between("distance", UNTRAINED_NARROW, ROTATION_TRAINED),
            margins.LOWER,
        ),
        (
            "vgg",
            f"{_RECOVERED} an untrained network than from VGG-19 trained on ImageNet.",
            between("distance", STACKED, VGG_IMAGENET),
            margins.LOWER,
        ),
        (
            "alexnet",
            f"{_RECOVERED} a stacked network than from AlexNet with its prior.",
            Contrast(
                "log_ratio",
                {"network": STACKED, "measure": _OVER_PIXELS},
                {"network": ALEXNET, "measure": "distance"},
            ),
            margins.LOWER,
        ),
    ),
    *claims(
        "convergence",
        HE_2016,
        (
            "stacked",
            f"Inversion from a deep layer of a stacked network converges in {EARLY} iterations.",
            between(_OVER_PIXELS, _EARLY, _END, network=STACKED),
            margins.AT_MOST_5_PERCENT_HIGHER,
        ),
        (
            "twin",
            f"{_BETTER_EARLY} ImageNet.",
            _early_against_end("distance", UNTRAINED_TWIN, IMAGENET),
            margins.LOWER,
        ),
        (
            "twin-pixels",
            f"{_BETTER_EARLY} ImageNet, over pixels.",
            _early_against_end(_OVER_PIXELS, UNTRAINED_TWIN, IMAGENET),
            margins.LOWER,
        ),
        (
            "rotations",
            f"{_BETTER_EARLY} rotations.",
            _early_against_end("distance", UNTRAINED_NARROW, ROTATION_TRAINED),
            margins.LOWER,
        ),
        (
            "vgg",
            f"{_BETTER_EARLY} ImageNet, of VGG-19, over pixels.",
            _early_against_end(_OVER_PIXELS, STACKED, VGG_IMAGENET),
            margins.LOWER,
        ),
        (
            "sooner",
            "Untrained, it converges sooner.",
            between("iterations to the end (pixels)", UNTRAINED_TWIN, IMAGENET, "earlier"),
            margins.MAJORITY,
        ),
    ),
    *claims(
        "variation",
        HE_2016,
        (
            "stacked",
            "Images are recovered better of stacked networks than of purely random ones, over "
            "several networks and noises.",
            between("distance", STACKED, RANDOM),
            margins.LOWER,
        ),
        (
            "stacked-spread",
            "And more evenly: the distance varies less of stacked networks than of purely random "
            "ones.",
            between("distance", STACKED, RANDOM, "log_spread_ratio"),
            margins.LOWER,
        ),
        (
            "twin",
            "Images are recovered better of untrained networks than of a trained one, over "
            "several networks and noises.",
            between("distance", UNTRAINED_TWIN, IMAGENET),
            margins.LOWER,
        ),
        (
            "twin-spread",
            "And more evenly: the distance varies less of untrained networks than of a trained "
            "one.",
            between("distance", UNTRAINED_TWIN, IMAGENET, "log_spread_ratio"),
            margins.LOWER,
        ),
    ),
    *claims(
        "transfer",
        HE_2016,
        (
            "any",
            "Any reference image will do to stack a network on.",
            between("distance", OTHER_IMAGE, SAME_IMAGE),
            margins.EQUAL_TO_10_PERCENT,
        ),
    ),
    *claims(
        "distributions",
        SHU_2017,
        (
            "alike",
            "The kind of randomness does not matter to inversion, whichever it is.",
            between("distance", OTHER_DISTRIBUTIONS, "gaussian", for_each="network"),
            margins.EQUAL_TO_10_PERCENT,
        ),
    ),
    *claims(
        "architectures",
        READER_QUESTION,
        (
            "resnet",
            "ResNet with its skip connections could be used as well as VGG-19.",
            between("psnr_db", "resnet50", "vgg19", "difference"),
            margins.AT_MOST_1_DB_LOWER,
        ),
    ),
)
