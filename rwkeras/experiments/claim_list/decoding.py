"""Claims on decoders."""

from rwkeras.experiments.claim_list import margins
from rwkeras.experiments.claim_list.contrasts import (
    READER_QUESTION,
    SHU_2017,
    between,
    between_measures,
    claims,
    value_of_each_layer,
)
from rwkeras.experiments.claims import Claim
from rwkeras.experiments.conditions import (
    IMAGENET,
    RANDOM,
    ROTATION_TRAINED,
    UNTRAINED_NARROW,
    UNTRAINED_TWIN,
)
from rwkeras.experiments.decoding.decoded_starts import EVALUATIONS, FROM_DECODED_IMAGE, FROM_NOISE
from rwkeras.experiments.decoding.decoder_distributions import DISTRIBUTIONS, OTHER_DISTRIBUTIONS
from rwkeras.experiments.decoding.feature_maps import ALL_MAPS
from rwkeras.experiments.decoding.invariance import UNTRAINED_DECODER

_OF_UNTRAINED = "A decoder of an untrained network"
_WHICHEVER = "whichever the distribution of its weights."
_LOW, _HIGH = {"layer": ("conv1_1", "conv2_1")}, {"layer": ("conv4_1", "conv5_1")}


def _against(name: str, untrained: str, trained: str, rival: str) -> tuple[Claim, ...]:
    """Returns the claims on decoders of an untrained network and of a trained one."""
    return tuple(
        claims(
            "decoders",
            SHU_2017,
            (
                f"accurate-{name}",
                f"{_OF_UNTRAINED} is more accurate than of {rival}.",
                between("psnr_db", untrained, trained, "difference"),
                margins.HIGHER,
            ),
            (
                f"sooner-{name}",
                f"{_OF_UNTRAINED} learns sooner than of {rival}.",
                between("steps to the mark", untrained, trained, "earlier"),
                margins.MAJORITY,
            ),
        )
    )


CLAIMS = (
    *_against("twin", UNTRAINED_TWIN, IMAGENET, "its twin trained on ImageNet"),
    *_against(
        "rotations", UNTRAINED_NARROW, ROTATION_TRAINED, "the same that has learnt rotations"
    ),
    *claims(
        "decoders",
        SHU_2017,
        (
            "photographic",
            "Every layer of a random network decodes to a photographically accurate picture.",
            value_of_each_layer("psnr_db", network=RANDOM),
            margins.PHOTOGRAPHIC,
        ),
    ),
    *claims(
        "decoder_distributions",
        SHU_2017,
        (
            "accurate",
            f"A decoder is more accurate of an untrained network than of a trained one, "
            f"{_WHICHEVER}",
            between("psnr_db", DISTRIBUTIONS, IMAGENET, "difference", "network"),
            margins.HIGHER,
        ),
        (
            "alike",
            f"{_OF_UNTRAINED} is as accurate, {_WHICHEVER}",
            between("psnr_db", OTHER_DISTRIBUTIONS, "gaussian", "difference", "network"),
            margins.EQUAL_TO_1_DB,
        ),
    ),
    *claims(
        "feature_maps",
        f"{SHU_2017}, which names no direction",
        *(
            (
                name,
                f"More of the {name}'s maps keep more of the image.",
                between("psnr_db", ALL_MAPS, f"an eighth of the {name}'s", "difference"),
                margins.HIGHER,
            )
            for name in ("encoder", "decoder")
        ),
    ),
    *claims(
        "untrained_decoders",
        SHU_2017,
        (
            "edges",
            "Network and decoder both untrained, low layers keep all positions of edges.",
            value_of_each_layer("edges", **_LOW),
            margins.HALF_OF_VARIANCE,
        ),
        (
            "colors",
            "But colours change: a map of colours takes away half of the squared error.",
            between_measures("error_mapped", "error", "log_ratio", "layer", **_LOW),
            margins.HALF_OF_SQUARED_ERROR,
        ),
        (
            "contours",
            "High layers keep rough contours, more than by chance.",
            between_measures("contours", "contours_by_chance", "difference", "layer", **_HIGH),
            margins.HIGHER,
        ),
    ),
    *claims(
        "invariance",
        SHU_2017,
        (
            "geometric",
            "What they make moves with the image.",
            value_of_each_layer("error share", network=UNTRAINED_DECODER),
            margins.MINORITY,
        ),
        (
            "photometric",
            "It does not mind the light.",
            value_of_each_layer("alike", network=UNTRAINED_DECODER),
            margins.MOST_OF_VARIANCE,
        ),
        (
            "colors",
            "It discards colours.",
            value_of_each_layer("color_explained", network=UNTRAINED_DECODER),
            margins.MINORITY,
        ),
    ),
    *claims(
        "decoded_starts",
        READER_QUESTION,
        (
            "sooner",
            "Inversion from a decoded image needs fewer evaluations than from noise.",
            between(EVALUATIONS, FROM_DECODED_IMAGE, FROM_NOISE, "earlier"),
            margins.MAJORITY,
        ),
        (
            "nearer",
            "It ends nearer to the image.",
            between("distance", FROM_DECODED_IMAGE, FROM_NOISE),
            margins.LOWER,
        ),
    ),
)
