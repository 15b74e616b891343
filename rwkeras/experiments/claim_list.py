"""The claims, stated before they are tested: what the papers say, and what would refute it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from rwkeras.experiments.claims import Claim, Contrast
from rwkeras.experiments.conditions import (
    ALEXNET,
    IMAGENET,
    NARROW,
    RANDOM,
    ROTATION,
    SHIPPED,
    STACKED,
    TWIN,
    VGG_IMAGENET,
)
from rwkeras.experiments.decoding.decoded_starts import DECODED, NOISE, TIME
from rwkeras.experiments.decoding.decoder_distributions import KINDS
from rwkeras.experiments.decoding.feature_maps import WHOLE
from rwkeras.experiments.decoding.invariance import UNTRAINED
from rwkeras.experiments.inversion.convergence import EARLY
from rwkeras.experiments.inversion.transfer import OTHER, OWN
from rwkeras.networks.initializers import INITIALIZERS

_HE, _SHU = "He, Wang and Hopcroft (2016)", "Shu et al. (2017), abstract"
_INVERSION, _FIGURE_5, _FIGURE_6 = (
    f"{_HE}, {part}" for part in ("on inversion, figures 3 and 4", "figure 5", "figure 6")
)
_DISTANCE, _PIXELS = "distance", "distance, over pixels"

# Reasons of margins.
_NONE = "none: the sentence says better or worse, and not by how much"
_HALF = "half of the variance, which as a correlation is 0.71"
_DB = "1 dB, by convention"
_TENTH = "10 %, by convention: 0.9 dB, if errors grow in proportion"
_TWENTIETH = "5 %, by convention: 0.4 dB, if errors grow in proportion"
_TWENTY_DB = "20 dB, by convention: a root mean squared error of a tenth of the range"

_FIXED = "draws: an image, a noise and an untrained network each; the trained network is one"


def _versus(measure: str, a: Any, b: Any, kind: str = "log_ratio", **where: Any) -> Contrast:
    """Returns the contrast of a measure between kinds of networks, or other selections of rows."""
    sides = [side if isinstance(side, Mapping) else {"network": side} for side in (a, b)]
    where = {"measure": measure, "iteration": None, **where}
    return Contrast(kind, *sides, {k: v for k, v in where.items() if k not in sides[0]})


def _every(contrast: Contrast, column: str) -> Contrast:
    return dataclasses.replace(contrast, every=column)


def _value(measure: str, *, every: str = "", **where: Any) -> Contrast:
    return Contrast("value", {"measure": measure}, {}, {"iteration": None, **where}, every)


def _nearer(
    key: str, experiment: str, a: Any, b: Any, sentence: str, source: str, measure: str = _DISTANCE
) -> Claim:
    """Returns the claim that what is recovered is nearer to the image with a than with b."""
    estimand = f"factor of the {measure}, the geometric mean over layers"
    fixed = {IMAGENET, SHIPPED, VGG_IMAGENET, ALEXNET}
    other = b["network"] if isinstance(b, Mapping) else b
    unit = _FIXED if other in fixed else Claim.unit
    contrast = _versus(measure, a, b)
    return Claim(
        key, experiment, sentence, source, estimand, contrast, "below", 1.0, _NONE, unit
    )


def _inversion() -> Sequence[Claim]:
    """Returns the claims on what can be recovered."""
    better = "Images are recovered better from an untrained network than from "
    trained = better + "its twin trained on ImageNet"
    early, end = {"iteration": EARLY}, {"iteration": None}
    sooner = f"What is recovered untrained after {EARLY} iterations is better than trained in the end"
    return (
        Claim(
            "layers-photographic",
            "layers",
            "All conv and pooling layers of a stacked network retain photographically accurate "
            "information, by the best inverter.",
            f"{_HE}, figure 2",
            "PSNR from the worst layer, dB",
            _value("psnr_db", network=STACKED, every="layer"),
            "above",
            20.0,
            _TWENTY_DB,
        ),
        Claim(
            "layers-photographic-pixels",
            "distances",
            "The same, over pixels as in the paper.",
            f"{_HE}, figure 2",
            "PSNR from the worst layer, dB",
            _value("psnr_db", network=STACKED, every="layer"),
            "above",
            20.0,
            _TWENTY_DB,
        ),
        Claim(
            "layers-contours",
            "layers",
            "Rough contours can still be seen from the first two fully connected layers.",
            f"{_HE}, figure 2",
            "correlation of brightness on a grid of 16 x 16, less that with the other images",
            _every(
                Contrast(
                    "difference",
                    {"measure": "contours"},
                    {"measure": "contours_by_chance"},
                    {"network": RANDOM},
                ),
                "layer",
            ),
            "above",
            0.5,
            "half of what a perfect picture has over chance, by convention",
        ),
        _nearer("rivals-twin", "rivals", TWIN, IMAGENET, f"{trained}.", _INVERSION),
        _nearer(
            "rivals-twin-pixels",
            "rivals",
            TWIN,
            IMAGENET,
            f"{trained}, over pixels as in the paper.",
            _INVERSION,
            _PIXELS,
        ),
        _nearer(
            "rivals-shipped",
            "rivals",
            TWIN,
            SHIPPED,
            f"{trained} with its own statistics in batch normalisation.",
            _INVERSION,
        ),
        _nearer(
            "rivals-rotations",
            "rivals",
            NARROW,
            ROTATION,
            f"{better}the same after it has learnt rotations.",
            _INVERSION,
        ),
        _nearer(
            "rivals-vgg",
            "rivals",
            STACKED,
            VGG_IMAGENET,
            f"{better}VGG-19 trained on ImageNet.",
            _INVERSION,
        ),
        Claim(
            "rivals-alexnet",
            "rivals",
            f"{better}trained AlexNet with its prior.",
            f"{_HE}, figure 3",
            "factor of the distance over pixels, the geometric mean over layers",
            Contrast(
                "log_ratio",
                {"network": STACKED, "measure": _PIXELS},
                {"network": ALEXNET, "measure": _DISTANCE},
                end,
            ),
            "below",
            1.0,
            _NONE,
            _FIXED,
        ),
        Claim(
            "convergence-stacked",
            "convergence",
            f"Inversion of conv5_1 of a stacked network converges within {EARLY} iterations.",
            _FIGURE_5,
            "factor of the distance, over pixels, to that in the end",
            _versus(_PIXELS, early, end, network=STACKED),
            "below",
            1.05,
            _TWENTIETH,
        ),
        *(
            _nearer(
                f"convergence-{key}",
                "convergence",
                {"network": a, **early},
                {"network": b, **end},
                f"{sooner}{how}.",
                _FIGURE_5,
                measure,
            )
            for key, a, b, how, measure in (
                ("twin", TWIN, IMAGENET, " on ImageNet", _DISTANCE),
                ("twin-pixels", TWIN, IMAGENET, " on ImageNet, over pixels", _PIXELS),
                ("rotations", NARROW, ROTATION, " on rotations", _DISTANCE),
                ("vgg", STACKED, VGG_IMAGENET, ", of VGG-19", _DISTANCE),
            )
        ),
        Claim(
            "convergence-sooner",
            "convergence",
            "Inversion converges sooner untrained than trained on ImageNet.",
            _FIGURE_5,
            "share of draws in which it is sooner within 5 % of its own end, over pixels",
            _versus("iterations to the end, over pixels", TWIN, IMAGENET, "earlier"),
            "above",
            0.5,
            _NONE,
            _FIXED,
        ),
        _nearer(
            "variation-stacked",
            "variation",
            STACKED,
            RANDOM,
            "A stacked network recovers images better than a purely random one.",
            _FIGURE_6,
        ),
        _nearer(
            "variation-twin",
            "variation",
            TWIN,
            IMAGENET,
            "Over several networks, images are recovered better untrained than trained.",
            _FIGURE_6,
        ),
        *(
            Claim(
                f"variation-spread-{key}",
                "variation",
                f"What is recovered varies less {between}.",
                _FIGURE_6,
                "factor of the standard deviation of the distance over networks and noises of an "
                "image, the geometric mean over layers",
                _versus(_DISTANCE, a, b, "log_spread_ratio"),
                "below",
                1.0,
                _NONE,
                "draws: an image with several networks of both kinds each",
            )
            for key, a, b, between in (
                ("stacked", STACKED, RANDOM, "among stacked than among purely random networks"),
                ("twin", TWIN, IMAGENET, "among untrained networks than with a trained one"),
            )
        ),
        Claim(
            "transfer-any",
            "transfer",
            "Any reference image will do to stack a network on.",
            f"{_HE}, footnote 3",
            "factor of the distance, of another reference to the image itself",
            _versus(_DISTANCE, OTHER, OWN),
            "within",
            1.1,
            _TENTH,
        ),
        Claim(
            "distributions-alike",
            "distributions",
            "The kind of randomness does not matter to inversion, whichever it is.",
            f"{_SHU}, of decoders",
            "factor of the distance to that of Gaussian weights, of the most different kind",
            _every(_versus(_DISTANCE, tuple(kind for kind in INITIALIZERS if kind not in ("gaussian", "he")), "gaussian"), "network"),
            "within",
            1.1,
            _TENTH,
        ),
        Claim(
            "architectures-resnet",
            "architectures",
            "ResNet with its skip connections could be used as well as VGG-19.",
            "a reader's question",
            "difference of the PSNR, dB, the mean over strides",
            _versus("psnr_db", "resnet50", "vgg19", "difference"),
            "above",
            -1.0,
            _DB,
        ),
    )


def _painting() -> Sequence[Claim]:
    """Returns the claims on textures and styles."""
    patches = "relative_patch_distance"
    return (
        *(
            Claim(
                f"textures-{top}",
                "textures",
                sentence,
                f"{_HE}, figure 8",
                f"factor of the patch distance by adding {top}",
                _versus(patches, {"layer": top}, {"layer": before}, network=STACKED),
                direction,
                margin,
                reason,
            )
            for top, before, sentence, direction, margin, reason in (
                ("conv2_1", "conv1_1", "The second stage improves textures.", "below", 1.0, _NONE),
                ("conv3_1", "conv2_1", "The third stage improves textures.", "below", 1.0, _NONE),
                ("conv4_1", "conv3_1", "The fourth improves them slightly.", "below", 1.0, _NONE),
                ("conv5_1", "conv4_1", "The fifth no more.", "above", 0.95, _TWENTIETH),
            )
        ),
        Claim(
            "textures-twin",
            "textures",
            "Textures of an untrained network are as good as those of its trained twin.",
            f"{_HE}, figure 8",
            "factor of the patch distance from all layers",
            _versus(patches, TWIN, IMAGENET, layer="block7a"),
            "below",
            1.1,
            _TENTH,
            _FIXED,
        ),
        Claim(
            "styles-taken",
            "styles",
            "Pictures take on the style.",
            f"{_HE}, figure 9",
            "factor of the distance of patches to the style's, of the picture to the content",
            Contrast(
                "log_ratio",
                {"measure": "patch_distance_style"},
                {"measure": "patch_distance_content"},
                {"network": STACKED},
            ),
            "below",
            1.0,
            _NONE,
        ),
        Claim(
            "styles-kept",
            "styles",
            "They keep the content.",
            f"{_HE}, figure 9",
            "SSIM with the content, less that with the other contents",
            Contrast(
                "difference",
                {"measure": "ssim_content"},
                {"measure": "ssim_by_chance"},
                {"network": STACKED},
            ),
            "above",
            0.0,
            "chance",
        ),
        Claim(
            "styles-twin",
            "styles",
            "Styles of an untrained network are as good as those of its trained twin.",
            f"{_HE}, figure 9",
            "factor of the distance of patches to the style's",
            _versus("patch_distance_style", TWIN, IMAGENET),
            "below",
            1.1,
            _TENTH,
            _FIXED,
        ),
    )


def _decoding() -> Sequence[Claim]:
    """Returns the claims on decoders."""
    accurate, quick = "A decoder of an untrained network is more accurate than of ", "learns sooner than of "
    pairs = (
        ("twin", TWIN, IMAGENET, "its twin trained on ImageNet", _FIXED),
        ("rotations", NARROW, ROTATION, "the same after it has learnt rotations", Claim.unit),
    )
    return (
        *(
            Claim(
                f"decoders-accurate-{key}",
                "decoders",
                f"{accurate}{name}.",
                _SHU,
                "difference of the PSNR, dB, the mean over layers",
                _versus("psnr_db", a, b, "difference"),
                "above",
                0.0,
                _NONE,
                unit,
            )
            for key, a, b, name, unit in pairs
        ),
        *(
            Claim(
                f"decoders-quick-{key}",
                "decoders",
                f"A decoder of an untrained network {quick}{name}.",
                _SHU,
                "share of draws in which it is sooner within 1 dB of where the least accurate ends",
                _versus("steps to the mark", a, b, "earlier"),
                "above",
                0.5,
                _NONE,
                unit,
            )
            for key, a, b, name, unit in pairs
        ),
        Claim(
            "decoders-photographic",
            "decoders",
            "Every layer of a random network decodes to a photographically accurate picture.",
            _SHU,
            "PSNR from the worst layer, dB",
            _value("psnr_db", network=RANDOM, every="layer"),
            "above",
            20.0,
            _TWENTY_DB,
        ),
        Claim(
            "decoder-distributions-accurate",
            "decoder_distributions",
            "Whatever the distribution of random weights, a decoder is more accurate than of a "
            "network trained on ImageNet.",
            _SHU,
            "difference of the PSNR, dB, of the worst kind",
            _every(_versus("psnr_db", KINDS, IMAGENET, "difference"), "network"),
            "above",
            0.0,
            _NONE,
            _FIXED,
        ),
        Claim(
            "decoder-distributions-alike",
            "decoder_distributions",
            "The distribution of random weights does not matter to decoders, whichever it is.",
            _SHU,
            "difference of the PSNR to that of Gaussian weights, dB, of the most different kind",
            _every(
                _versus("psnr_db", tuple(k for k in KINDS if k != "gaussian"), "gaussian", "difference"),
                "network",
            ),
            "within",
            1.0,
            _DB,
        ),
        *(
            Claim(
                f"feature-maps-{key}",
                "feature_maps",
                f"More of the {whose} maps keep more of the image.",
                "Shu et al. (2017), abstract, which names no direction",
                "difference of the PSNR between all maps and an eighth of them, dB",
                _versus("psnr_db", WHOLE, f"an eighth of the {whose}", "difference"),
                "above",
                0.0,
                _NONE,
            )
            for key, whose in (("encoder", "encoder's"), ("decoder", "decoder's"))
        ),
        Claim(
            "untrained-positions",
            "untrained_decoders",
            "Without any training, low layers keep all positions.",
            _SHU,
            "correlation of edges with the source's from conv1_1 and conv2_1, whichever is less",
            _value("edges", every="layer", layer=("conv1_1", "conv2_1")),
            "above",
            0.71,
            _HALF,
        ),
        Claim(
            "untrained-colors",
            "untrained_decoders",
            "But the colours change: most of the error is one of colours.",
            _SHU,
            "factor of the error by the best map of colours, from conv1_1 and conv2_1",
            _every(
                Contrast(
                    "log_ratio",
                    {"measure": "error_mapped"},
                    {"measure": "error"},
                    {"layer": ("conv1_1", "conv2_1")},
                ),
                "layer",
            ),
            "below",
            0.71,
            "half of the squared error",
        ),
        Claim(
            "untrained-contours",
            "untrained_decoders",
            "High layers keep rough contours.",
            _SHU,
            "correlation of brightness on a coarse grid from conv4_1 and conv5_1, less that with "
            "the mirrored source",
            _every(
                Contrast(
                    "difference",
                    {"measure": "contours"},
                    {"measure": "contours_by_chance"},
                    {"layer": ("conv4_1", "conv5_1")},
                ),
                "layer",
            ),
            "above",
            0.0,
            "chance",
        ),
        *(
            Claim(
                f"invariance-{key}",
                "invariance",
                sentence,
                _SHU,
                estimand,
                _value(measure, every="layer", network=UNTRAINED),
                direction,
                margin,
                reason,
            )
            for key, sentence, estimand, measure, direction, margin, reason in (
                (
                    "geometric",
                    "What an untrained network and decoder make moves with the image.",
                    "share of the squared change that is not as the transform has it, at worst",
                    "error share",
                    "below",
                    0.5,
                    "half of the squared change",
                ),
                (
                    "photometric",
                    "It does not mind the light.",
                    "correlation with the picture under other light, at worst",
                    "alike",
                    "above",
                    0.9,
                    "0.9, by convention: four fifths of the variance",
                ),
                (
                    "colors",
                    "It discards colours.",
                    "share of the source's differences between channels that the best map of the "
                    "picture's colours explains, at worst",
                    "color_explained",
                    "below",
                    0.5,
                    "half of the variance",
                ),
            )
        ),
        Claim(
            "decoded-starts-sooner",
            "decoded_starts",
            "Inversion from the decoded image needs fewer evaluations than from noise.",
            "a use for the decoders of Shu et al. (2017)",
            "share of draws in which it comes sooner, at most layers, to noise's last loss",
            _versus(TIME, DECODED, NOISE, "earlier"),
            "above",
            0.5,
            _NONE,
        ),
        Claim(
            "decoded-starts-nearer",
            "decoded_starts",
            "It ends nearer to the image.",
            "a use for the decoders of Shu et al. (2017)",
            "factor of the distance, the geometric mean over layers",
            _versus(_DISTANCE, DECODED, NOISE),
            "below",
            1.0,
            _NONE,
        ),
    )


CLAIMS = (*_inversion(), *_painting(), *_decoding())
