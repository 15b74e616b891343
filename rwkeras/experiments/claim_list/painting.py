"""Claims on textures and styles."""

from rwkeras.experiments.claim_list import margins
from rwkeras.experiments.claim_list.contrasts import HE_2016, between, between_measures, claims
from rwkeras.experiments.claims import Contrast
from rwkeras.experiments.conditions import IMAGENET, STACKED, UNTRAINED_TWIN

_PATCHES = "relative_patch_distance"
_AS_GOOD = "of an untrained network are as good as those of its twin trained on ImageNet."


def _stage_added(layer: str, before: str) -> Contrast:
    return between(_PATCHES, {"layer": layer}, {"layer": before}, network=STACKED)


CLAIMS = (
    *claims(
        "textures",
        HE_2016,
        (
            "conv2_1",
            "The second stage improves textures.",
            _stage_added("conv2_1", "conv1_1"),
            margins.LOWER,
        ),
        (
            "conv3_1",
            "The third stage improves textures.",
            _stage_added("conv3_1", "conv2_1"),
            margins.LOWER,
        ),
        (
            "conv4_1",
            "The fourth stage improves textures slightly.",
            _stage_added("conv4_1", "conv3_1"),
            margins.LOWER,
        ),
        (
            "conv5_1",
            "The fifth stage improves them no more.",
            _stage_added("conv5_1", "conv4_1"),
            margins.AT_MOST_5_PERCENT_LOWER,
        ),
        (
            "twin",
            f"Textures {_AS_GOOD}",
            between(_PATCHES, UNTRAINED_TWIN, IMAGENET, layer="block7a"),
            margins.AT_MOST_10_PERCENT_HIGHER,
        ),
    ),
    *claims(
        "styles",
        HE_2016,
        (
            "taken",
            "Pictures take on the style.",
            between_measures(
                "patch_distance_style", "patch_distance_content", "log_ratio", network=STACKED
            ),
            margins.LOWER,
        ),
        (
            "kept",
            "They keep the content, more than by chance.",
            between_measures("ssim_content", "ssim_by_chance", "difference", network=STACKED),
            margins.HIGHER,
        ),
        (
            "twin",
            f"Styles {_AS_GOOD}",
            between("patch_distance_style", UNTRAINED_TWIN, IMAGENET),
            margins.AT_MOST_10_PERCENT_HIGHER,
        ),
    ),
)
