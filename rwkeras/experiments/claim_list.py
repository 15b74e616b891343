"""The claims of the papers, with the measure and margin of each, fixed before the runs."""

from collections.abc import Iterator, Mapping
from typing import Any

from rwkeras.experiments.claims import Claim, Contrast, Margin
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

# Distributions that are compared with the Gaussian.
_OTHERS = tuple(kind for kind in KINDS if kind != "gaussian")

_HE, _SHU, _USE = (
    "He et al. (2016), section 4",
    "Shu et al. (2017), abstract",
    "a reader's question",
)
_PIXELS = "distance (pixels)"

_LESS = Margin("below", 1.0, "none, as the claim states a direction but no amount")
_MORE = Margin("above", 0.0, _LESS.reason)
_SOONER = Margin("above", 0.5, _LESS.reason)
_TENTH = "10 % by convention, 0.8 dB of PSNR if all errors scale alike"
_ALIKE, _AS_GOOD = Margin("within", 1.1, _TENTH), Margin("below", 1.1, _TENTH)
_DB_ALIKE = Margin("within", 1.0, "1 dB by convention")
_DB_AS_GOOD = Margin("above", -1.0, _DB_ALIKE.reason)
_DONE = Margin("below", 1.05, "5 % by convention, 0.4 dB of PSNR if all errors scale alike")
_NO_MORE = Margin("above", 0.95, _DONE.reason)
_ACCURATE = Margin("above", 20.0, "20 dB by convention, an RMS error of a tenth of the range")
_SEEN = Margin("above", 0.5, "0.5 by convention, half of the image's correlation with itself")
_HALF_KEPT = Margin("above", 0.71, "a correlation of 0.71 explains half of the variance")
_HALF_GONE = Margin("below", 0.71, "0.71 times the RMS error is half of the squared error")
_MINORITY = Margin("below", 0.5, "half of the sum of squares")
_STAYS = Margin("above", 0.9, "0.9 by convention, a correlation that explains 81 % of the variance")


def _versus(
    measure: str, a: Any, b: Any, kind: str = "log_ratio", every: str = "", **where: Any
) -> Contrast:
    """Returns the contrast of a measure between two networks, or other selections of rows."""
    a, b = (side if isinstance(side, Mapping) else {"network": side} for side in (a, b))
    where = {"measure": measure, "iteration": None, **where}
    where = {name: value for name, value in where.items() if name not in a}
    return Contrast(kind, a, b, where, every)


def _between(a: str, b: str, kind: str, every: str = "", **where: Any) -> Contrast:
    """Returns the contrast of two measures of the same results."""
    return Contrast(kind, {"measure": a}, {"measure": b}, where, every)


def _every_layer(measure: str, **where: Any) -> Contrast:
    """Returns the contrast of a measure's own value, claimed for each layer."""
    return Contrast("value", {"measure": measure}, {}, {"iteration": None, **where}, "layer")


def _inversion() -> Iterator[tuple]:
    """Yields the claims on inversion, as arguments of `Claim`."""
    whole = "All conv and pooling layers retain photographically accurate information"
    accurate = _every_layer("psnr_db", network=STACKED)
    yield (
        "layers",
        "photographic",
        f"{whole}, by the best inverter.",
        _HE,
        accurate,
        _ACCURATE,
    )
    yield "distances", "photographic", f"{whole}, over pixels.", _HE, accurate, _ACCURATE
    contours = _between("contours", "contours_by_chance", "difference", "layer", network=RANDOM)
    rough = "Rough contours can still be seen from the first two fully connected layers."
    yield "layers", "contours", rough, _HE, contours, _SEEN
    for name, a, b, measure, rival in (
        ("twin", TWIN, IMAGENET, "distance", "its twin trained on ImageNet"),
        ("twin-pixels", TWIN, IMAGENET, _PIXELS, "its twin trained on ImageNet, over pixels"),
        ("shipped", TWIN, SHIPPED, "distance", "its trained twin as shipped"),
        ("rotations", NARROW, ROTATION, "distance", "the same that has learnt rotations"),
        ("vgg", STACKED, VGG_IMAGENET, "distance", "VGG-19 trained on ImageNet"),
    ):
        better = f"Images are recovered better from an untrained network than from {rival}."
        yield "rivals", name, better, _HE, _versus(measure, a, b), _LESS
    sides = {"network": STACKED, "measure": _PIXELS}, {"network": ALEXNET, "measure": "distance"}
    better = "Images are recovered better from a stacked network than from AlexNet with its prior."
    yield "rivals", "alexnet", better, _HE, Contrast("log_ratio", *sides), _LESS
    early: dict[str, Any] = {"iteration": EARLY}
    end: dict[str, Any] = {"iteration": None}
    done = f"Inversion from a deep layer of a stacked network converges in {EARLY} iterations."
    yield "convergence", "stacked", done, _HE, _versus(_PIXELS, early, end, network=STACKED), _DONE
    for name, a, b, measure, which in (
        ("twin", TWIN, IMAGENET, "distance", "on ImageNet"),
        ("twin-pixels", TWIN, IMAGENET, _PIXELS, "on ImageNet, over pixels"),
        ("rotations", NARROW, ROTATION, "distance", "on rotations"),
        ("vgg", STACKED, VGG_IMAGENET, _PIXELS, "on ImageNet, of VGG-19, over pixels"),
    ):
        better = (
            f"{EARLY} iterations untrained give a better picture than all of them trained {which}."
        )
        contrast = _versus(measure, {"network": a} | early, {"network": b} | end)
        yield "convergence", name, better, _HE, contrast, _LESS
    sooner = _versus("iterations to the end (pixels)", TWIN, IMAGENET, "earlier")
    yield "convergence", "sooner", "Untrained, it converges sooner.", _HE, sooner, _SOONER
    for name, a, b, kinds in (
        ("stacked", STACKED, RANDOM, "stacked networks than of purely random ones"),
        ("twin", TWIN, IMAGENET, "untrained networks than of a trained one"),
    ):
        better = f"Images are recovered better of {kinds}, over several networks and noises."
        yield "variation", name, better, _HE, _versus("distance", a, b), _LESS
        evenly = f"And more evenly: the distance varies less of {kinds}."
        spread = _versus("distance", a, b, "log_spread_ratio")
        yield "variation", f"{name}-spread", evenly, _HE, spread, _LESS
    any_image = "Any reference image will do to stack a network on."
    yield "transfer", "any", any_image, _HE, _versus("distance", OTHER, OWN), _ALIKE
    alike = "The kind of randomness does not matter to inversion, whichever it is."
    every_kind = _versus("distance", _OTHERS, "gaussian", every="network")
    yield "distributions", "alike", alike, _SHU, every_kind, _ALIKE
    resnet = _versus("psnr_db", "resnet50", "vgg19", "difference")
    as_well = "ResNet with its skip connections could be used as well as VGG-19."
    yield "architectures", "resnet", as_well, _USE, resnet, _DB_AS_GOOD


def _painting() -> Iterator[tuple]:
    """Yields the claims on textures and styles, as arguments of `Claim`."""
    patches = "relative_patch_distance"
    for top, before, sentence, margin in (
        ("conv2_1", "conv1_1", "The second stage improves textures.", _LESS),
        ("conv3_1", "conv2_1", "The third stage improves textures.", _LESS),
        ("conv4_1", "conv3_1", "The fourth stage improves textures slightly.", _LESS),
        ("conv5_1", "conv4_1", "The fifth stage improves them no more.", _NO_MORE),
    ):
        sides = _versus(patches, {"layer": top}, {"layer": before}, network=STACKED)
        yield "textures", top, sentence, _HE, sides, margin
    textures = _versus(patches, TWIN, IMAGENET, layer="block7a")
    good = "of an untrained network are as good as those of its twin trained on ImageNet."
    yield "textures", "twin", f"Textures {good}", _HE, textures, _AS_GOOD
    style, content = "patch_distance_style", "patch_distance_content"
    taken = _between(style, content, "log_ratio", network=STACKED)
    yield "styles", "taken", "Pictures take on the style.", _HE, taken, _LESS
    kept = _between("ssim_content", "ssim_by_chance", "difference", network=STACKED)
    yield "styles", "kept", "They keep the content, more than by chance.", _HE, kept, _MORE
    yield "styles", "twin", f"Styles {good}", _HE, _versus(style, TWIN, IMAGENET), _AS_GOOD


def _decoding() -> Iterator[tuple]:
    """Yields the claims on decoders, as arguments of `Claim`."""
    for name, a, b, rival in (
        ("twin", TWIN, IMAGENET, "its twin trained on ImageNet"),
        ("rotations", NARROW, ROTATION, "the same that has learnt rotations"),
    ):
        accurate = f"A decoder of an untrained network is more accurate than of {rival}."
        sooner = f"A decoder of an untrained network learns sooner than of {rival}."
        psnr = _versus("psnr_db", a, b, "difference")
        yield "decoders", f"accurate-{name}", accurate, _SHU, psnr, _MORE
        steps = _versus("steps to the mark", a, b, "earlier")
        yield "decoders", f"sooner-{name}", sooner, _SHU, steps, _SOONER
    each = "Every layer of a random network decodes to a photographically accurate picture."
    random = _every_layer("psnr_db", network=RANDOM)
    yield "decoders", "photographic", each, _SHU, random, _ACCURATE
    whichever = "whichever the distribution of its weights."
    trained = _versus("psnr_db", KINDS, IMAGENET, "difference", "network")
    better = (
        f"A decoder is more accurate of an untrained network than of a trained one, {whichever}"
    )
    yield "decoder_distributions", "accurate", better, _SHU, trained, _MORE
    alike = _versus("psnr_db", _OTHERS, "gaussian", "difference", "network")
    same = f"A decoder of an untrained network is as accurate, {whichever}"
    yield "decoder_distributions", "alike", same, _SHU, alike, _DB_ALIKE
    for name in ("encoder", "decoder"):
        few = _versus("psnr_db", WHOLE, f"an eighth of the {name}'s", "difference")
        more = f"More of the {name}'s maps keep more of the image."
        yield "feature_maps", name, more, f"{_SHU}, which names no direction", few, _MORE
    low, high = {"layer": ("conv1_1", "conv2_1")}, {"layer": ("conv4_1", "conv5_1")}
    edges = "Network and decoder both untrained, low layers keep all positions of edges."
    yield "untrained_decoders", "edges", edges, _SHU, _every_layer("edges", **low), _HALF_KEPT
    colors = "But colours change: a map of colours takes away half of the squared error."
    mapped = _between("error_mapped", "error", "log_ratio", "layer", **low)
    yield "untrained_decoders", "colors", colors, _SHU, mapped, _HALF_GONE
    contours = _between("contours", "contours_by_chance", "difference", "layer", **high)
    rough = "High layers keep rough contours, more than by chance."
    yield "untrained_decoders", "contours", rough, _SHU, contours, _MORE
    for name, measure, sentence, margin in (
        ("geometric", "error share", "What they make moves with the image.", _MINORITY),
        ("photometric", "alike", "It does not mind the light.", _STAYS),
        ("colors", "color_explained", "It discards colours.", _MINORITY),
    ):
        untrained = _every_layer(measure, network=UNTRAINED)
        yield "invariance", name, sentence, _SHU, untrained, margin
    sooner = "Inversion from a decoded image needs fewer evaluations than from noise."
    yield (
        "decoded_starts",
        "sooner",
        sooner,
        _USE,
        _versus(TIME, DECODED, NOISE, "earlier"),
        _SOONER,
    )
    nearer = _versus("distance", DECODED, NOISE)
    yield "decoded_starts", "nearer", "It ends nearer to the image.", _USE, nearer, _LESS


CLAIMS = tuple(Claim(*each) for part in (_inversion, _painting, _decoding) for each in part())
