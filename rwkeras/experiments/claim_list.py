"""The claims of the papers, with the measure and margin of each, fixed before the runs."""

from collections.abc import Iterator, Mapping
from typing import Any

from rwkeras.experiments.claims import Claim, Contrast, Margin
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
from rwkeras.experiments.decoding.decoded_starts import EVALUATIONS, FROM_DECODED_IMAGE, FROM_NOISE
from rwkeras.experiments.decoding.decoder_distributions import DISTRIBUTIONS
from rwkeras.experiments.decoding.feature_maps import ALL_MAPS
from rwkeras.experiments.decoding.invariance import UNTRAINED_DECODER
from rwkeras.experiments.inversion.convergence import EARLY
from rwkeras.experiments.inversion.transfer import OTHER_IMAGE, SAME_IMAGE

# Distributions that are compared with the Gaussian.
_OTHER_DISTRIBUTIONS = tuple(kind for kind in DISTRIBUTIONS if kind != "gaussian")

_HE_2016, _SHU_2017, _READER_QUESTION = (
    "He et al. (2016), section 4",
    "Shu et al. (2017), abstract",
    "a reader's question",
)
_PIXEL_DISTANCE = "distance (pixels)"

_MARGIN_RATIO_BELOW_1 = Margin("below", 1.0, "none, as the claim states a direction but no amount")
_MARGIN_DIFFERENCE_ABOVE_0 = Margin("above", 0.0, _MARGIN_RATIO_BELOW_1.reason)
_MARGIN_SHARE_ABOVE_HALF = Margin("above", 0.5, _MARGIN_RATIO_BELOW_1.reason)
_TEN_PERCENT = "10 % by convention, 0.8 dB of PSNR if all errors scale alike"
_MARGIN_RATIO_WITHIN_1_1, _MARGIN_RATIO_BELOW_1_1 = (
    Margin("within", 1.1, _TEN_PERCENT),
    Margin("below", 1.1, _TEN_PERCENT),
)
_MARGIN_WITHIN_1_DB = Margin("within", 1.0, "1 dB by convention")
_MARGIN_ABOVE_MINUS_1_DB = Margin("above", -1.0, _MARGIN_WITHIN_1_DB.reason)
_MARGIN_RATIO_BELOW_1_05 = Margin(
    "below", 1.05, "5 % by convention, 0.4 dB of PSNR if all errors scale alike"
)
_MARGIN_RATIO_ABOVE_0_95 = Margin("above", 0.95, _MARGIN_RATIO_BELOW_1_05.reason)
_MARGIN_PSNR_ABOVE_20_DB = Margin(
    "above", 20.0, "20 dB by convention, an RMS error of a tenth of the range"
)
_MARGIN_DIFFERENCE_ABOVE_HALF = Margin(
    "above", 0.5, "0.5 by convention, half of the image's correlation with itself"
)
_MARGIN_CORRELATION_ABOVE_0_71 = Margin(
    "above", 0.71, "a correlation of 0.71 explains half of the variance"
)
_MARGIN_RATIO_BELOW_0_71 = Margin(
    "below", 0.71, "0.71 times the RMS error is half of the squared error"
)
_MARGIN_SHARE_BELOW_HALF = Margin("below", 0.5, "half of the sum of squares")
_MARGIN_CORRELATION_ABOVE_0_9 = Margin(
    "above", 0.9, "0.9 by convention, a correlation that explains 81 % of the variance"
)


def _contrast(
    measure: str, a: Any, b: Any, kind: str = "log_ratio", for_each: str = "", **where: Any
) -> Contrast:
    """Returns the contrast of a measure between two networks, or other selections of rows."""
    a, b = (side if isinstance(side, Mapping) else {"network": side} for side in (a, b))
    where = {"measure": measure, "iteration": None, **where}
    where = {name: value for name, value in where.items() if name not in a}
    return Contrast(kind, a, b, where, for_each)


def _measure_contrast(a: str, b: str, kind: str, for_each: str = "", **where: Any) -> Contrast:
    """Returns the contrast of two measures of the same results."""
    return Contrast(kind, {"measure": a}, {"measure": b}, where, for_each)


def _value_of_each_layer(measure: str, **where: Any) -> Contrast:
    """Returns the contrast of a measure's own value, claimed for each layer."""
    return Contrast("value", {"measure": measure}, {}, {"iteration": None, **where}, "layer")


def _inversion() -> Iterator[tuple]:
    """Yields the claims on inversion, as arguments of `Claim`."""
    whole = "All conv and pooling layers retain photographically accurate information"
    accurate = _value_of_each_layer("psnr_db", network=STACKED)
    yield (
        "layers",
        "photographic",
        f"{whole}, by the best inverter.",
        _HE_2016,
        accurate,
        _MARGIN_PSNR_ABOVE_20_DB,
    )
    yield (
        "distances",
        "photographic",
        f"{whole}, over pixels.",
        _HE_2016,
        accurate,
        _MARGIN_PSNR_ABOVE_20_DB,
    )
    contours = _measure_contrast(
        "contours", "contours_by_chance", "difference", "layer", network=RANDOM
    )
    rough = "Rough contours can still be seen from the first two fully connected layers."
    yield "layers", "contours", rough, _HE_2016, contours, _MARGIN_DIFFERENCE_ABOVE_HALF
    for name, a, b, measure, rival in (
        ("twin", UNTRAINED_TWIN, IMAGENET, "distance", "its twin trained on ImageNet"),
        (
            "twin-pixels",
            UNTRAINED_TWIN,
            IMAGENET,
            _PIXEL_DISTANCE,
            "its twin trained on ImageNet, over pixels",
        ),
        ("shipped", UNTRAINED_TWIN, ORIGINAL_STATISTICS, "distance", "its trained twin as shipped"),
        (
            "rotations",
            UNTRAINED_NARROW,
            ROTATION_TRAINED,
            "distance",
            "the same that has learnt rotations",
        ),
        ("vgg", STACKED, VGG_IMAGENET, "distance", "VGG-19 trained on ImageNet"),
    ):
        better = f"Images are recovered better from an untrained network than from {rival}."
        yield "rivals", name, better, _HE_2016, _contrast(measure, a, b), _MARGIN_RATIO_BELOW_1
    sides = (
        {"network": STACKED, "measure": _PIXEL_DISTANCE},
        {"network": ALEXNET, "measure": "distance"},
    )
    better = "Images are recovered better from a stacked network than from AlexNet with its prior."
    yield (
        "rivals",
        "alexnet",
        better,
        _HE_2016,
        Contrast("log_ratio", *sides),
        _MARGIN_RATIO_BELOW_1,
    )
    early: dict[str, Any] = {"iteration": EARLY}
    end: dict[str, Any] = {"iteration": None}
    done = f"Inversion from a deep layer of a stacked network converges in {EARLY} iterations."
    yield (
        "convergence",
        "stacked",
        done,
        _HE_2016,
        _contrast(_PIXEL_DISTANCE, early, end, network=STACKED),
        _MARGIN_RATIO_BELOW_1_05,
    )
    for name, a, b, measure, which in (
        ("twin", UNTRAINED_TWIN, IMAGENET, "distance", "on ImageNet"),
        ("twin-pixels", UNTRAINED_TWIN, IMAGENET, _PIXEL_DISTANCE, "on ImageNet, over pixels"),
        ("rotations", UNTRAINED_NARROW, ROTATION_TRAINED, "distance", "on rotations"),
        ("vgg", STACKED, VGG_IMAGENET, _PIXEL_DISTANCE, "on ImageNet, of VGG-19, over pixels"),
    ):
        better = (
            f"{EARLY} iterations untrained give a better picture than all of them trained {which}."
        )
        contrast = _contrast(measure, {"network": a} | early, {"network": b} | end)
        yield "convergence", name, better, _HE_2016, contrast, _MARGIN_RATIO_BELOW_1
    sooner = _contrast("iterations to the end (pixels)", UNTRAINED_TWIN, IMAGENET, "earlier")
    yield (
        "convergence",
        "sooner",
        "Untrained, it converges sooner.",
        _HE_2016,
        sooner,
        _MARGIN_SHARE_ABOVE_HALF,
    )
    for name, a, b, kinds in (
        ("stacked", STACKED, RANDOM, "stacked networks than of purely random ones"),
        ("twin", UNTRAINED_TWIN, IMAGENET, "untrained networks than of a trained one"),
    ):
        better = f"Images are recovered better of {kinds}, over several networks and noises."
        yield (
            "variation",
            name,
            better,
            _HE_2016,
            _contrast("distance", a, b),
            _MARGIN_RATIO_BELOW_1,
        )
        evenly = f"And more evenly: the distance varies less of {kinds}."
        spread = _contrast("distance", a, b, "log_spread_ratio")
        yield "variation", f"{name}-spread", evenly, _HE_2016, spread, _MARGIN_RATIO_BELOW_1
    any_image = "Any reference image will do to stack a network on."
    yield (
        "transfer",
        "any",
        any_image,
        _HE_2016,
        _contrast("distance", OTHER_IMAGE, SAME_IMAGE),
        _MARGIN_RATIO_WITHIN_1_1,
    )
    alike = "The kind of randomness does not matter to inversion, whichever it is."
    each_distribution = _contrast("distance", _OTHER_DISTRIBUTIONS, "gaussian", for_each="network")
    yield "distributions", "alike", alike, _SHU_2017, each_distribution, _MARGIN_RATIO_WITHIN_1_1
    resnet = _contrast("psnr_db", "resnet50", "vgg19", "difference")
    as_well = "ResNet with its skip connections could be used as well as VGG-19."
    yield "architectures", "resnet", as_well, _READER_QUESTION, resnet, _MARGIN_ABOVE_MINUS_1_DB


def _painting() -> Iterator[tuple]:
    """Yields the claims on textures and styles, as arguments of `Claim`."""
    patches = "relative_patch_distance"
    for top, before, sentence, margin in (
        ("conv2_1", "conv1_1", "The second stage improves textures.", _MARGIN_RATIO_BELOW_1),
        ("conv3_1", "conv2_1", "The third stage improves textures.", _MARGIN_RATIO_BELOW_1),
        (
            "conv4_1",
            "conv3_1",
            "The fourth stage improves textures slightly.",
            _MARGIN_RATIO_BELOW_1,
        ),
        ("conv5_1", "conv4_1", "The fifth stage improves them no more.", _MARGIN_RATIO_ABOVE_0_95),
    ):
        sides = _contrast(patches, {"layer": top}, {"layer": before}, network=STACKED)
        yield "textures", top, sentence, _HE_2016, sides, margin
    textures = _contrast(patches, UNTRAINED_TWIN, IMAGENET, layer="block7a")
    good = "of an untrained network are as good as those of its twin trained on ImageNet."
    yield "textures", "twin", f"Textures {good}", _HE_2016, textures, _MARGIN_RATIO_BELOW_1_1
    style, content = "patch_distance_style", "patch_distance_content"
    taken = _measure_contrast(style, content, "log_ratio", network=STACKED)
    yield "styles", "taken", "Pictures take on the style.", _HE_2016, taken, _MARGIN_RATIO_BELOW_1
    kept = _measure_contrast("ssim_content", "ssim_by_chance", "difference", network=STACKED)
    yield (
        "styles",
        "kept",
        "They keep the content, more than by chance.",
        _HE_2016,
        kept,
        _MARGIN_DIFFERENCE_ABOVE_0,
    )
    yield (
        "styles",
        "twin",
        f"Styles {good}",
        _HE_2016,
        _contrast(style, UNTRAINED_TWIN, IMAGENET),
        _MARGIN_RATIO_BELOW_1_1,
    )


def _decoding() -> Iterator[tuple]:
    """Yields the claims on decoders, as arguments of `Claim`."""
    for name, a, b, rival in (
        ("twin", UNTRAINED_TWIN, IMAGENET, "its twin trained on ImageNet"),
        ("rotations", UNTRAINED_NARROW, ROTATION_TRAINED, "the same that has learnt rotations"),
    ):
        accurate = f"A decoder of an untrained network is more accurate than of {rival}."
        sooner = f"A decoder of an untrained network learns sooner than of {rival}."
        psnr = _contrast("psnr_db", a, b, "difference")
        yield "decoders", f"accurate-{name}", accurate, _SHU_2017, psnr, _MARGIN_DIFFERENCE_ABOVE_0
        steps = _contrast("steps to the mark", a, b, "earlier")
        yield "decoders", f"sooner-{name}", sooner, _SHU_2017, steps, _MARGIN_SHARE_ABOVE_HALF
    each = "Every layer of a random network decodes to a photographically accurate picture."
    random = _value_of_each_layer("psnr_db", network=RANDOM)
    yield "decoders", "photographic", each, _SHU_2017, random, _MARGIN_PSNR_ABOVE_20_DB
    whichever = "whichever the distribution of its weights."
    trained = _contrast("psnr_db", DISTRIBUTIONS, IMAGENET, "difference", "network")
    better = (
        f"A decoder is more accurate of an untrained network than of a trained one, {whichever}"
    )
    yield (
        "decoder_distributions",
        "accurate",
        better,
        _SHU_2017,
        trained,
        _MARGIN_DIFFERENCE_ABOVE_0,
    )
    alike = _contrast("psnr_db", _OTHER_DISTRIBUTIONS, "gaussian", "difference", "network")
    same = f"A decoder of an untrained network is as accurate, {whichever}"
    yield "decoder_distributions", "alike", same, _SHU_2017, alike, _MARGIN_WITHIN_1_DB
    for name in ("encoder", "decoder"):
        few = _contrast("psnr_db", ALL_MAPS, f"an eighth of the {name}'s", "difference")
        more = f"More of the {name}'s maps keep more of the image."
        yield (
            "feature_maps",
            name,
            more,
            f"{_SHU_2017}, which names no direction",
            few,
            _MARGIN_DIFFERENCE_ABOVE_0,
        )
    low, high = {"layer": ("conv1_1", "conv2_1")}, {"layer": ("conv4_1", "conv5_1")}
    edges = "Network and decoder both untrained, low layers keep all positions of edges."
    yield (
        "untrained_decoders",
        "edges",
        edges,
        _SHU_2017,
        _value_of_each_layer("edges", **low),
        _MARGIN_CORRELATION_ABOVE_0_71,
    )
    colors = "But colours change: a map of colours takes away half of the squared error."
    mapped = _measure_contrast("error_mapped", "error", "log_ratio", "layer", **low)
    yield "untrained_decoders", "colors", colors, _SHU_2017, mapped, _MARGIN_RATIO_BELOW_0_71
    contours = _measure_contrast("contours", "contours_by_chance", "difference", "layer", **high)
    rough = "High layers keep rough contours, more than by chance."
    yield "untrained_decoders", "contours", rough, _SHU_2017, contours, _MARGIN_DIFFERENCE_ABOVE_0
    for name, measure, sentence, margin in (
        (
            "geometric",
            "error share",
            "What they make moves with the image.",
            _MARGIN_SHARE_BELOW_HALF,
        ),
        ("photometric", "alike", "It does not mind the light.", _MARGIN_CORRELATION_ABOVE_0_9),
        ("colors", "color_explained", "It discards colours.", _MARGIN_SHARE_BELOW_HALF),
    ):
        untrained = _value_of_each_layer(measure, network=UNTRAINED_DECODER)
        yield "invariance", name, sentence, _SHU_2017, untrained, margin
    sooner = "Inversion from a decoded image needs fewer evaluations than from noise."
    yield (
        "decoded_starts",
        "sooner",
        sooner,
        _READER_QUESTION,
        _contrast(EVALUATIONS, FROM_DECODED_IMAGE, FROM_NOISE, "earlier"),
        _MARGIN_SHARE_ABOVE_HALF,
    )
    nearer = _contrast("distance", FROM_DECODED_IMAGE, FROM_NOISE)
    yield (
        "decoded_starts",
        "nearer",
        "It ends nearer to the image.",
        _READER_QUESTION,
        nearer,
        _MARGIN_RATIO_BELOW_1,
    )


CLAIMS = tuple(Claim(*each) for part in (_inversion, _painting, _decoding) for each in part())
