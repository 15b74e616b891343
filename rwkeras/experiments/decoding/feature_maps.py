"""Effect of the number and shape of feature maps on decoders, trained and untrained."""

import functools
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from rwkeras.decoders.levels import encoder_to
from rwkeras.experiments.conditions import Condition, by_name, over
from rwkeras.experiments.decoding.fits import (
    decoded,
    fit,
    fitted,
    layer_stage,
    middle_layer,
    untrained_decoding,
)
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.jobs.networks import NetworkSpec, network_bytes
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import frame
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.networks.vgg import build_vgg, narrowed, random_kernels
from rwkeras.sweeps.files import put_file

# What all else is compared with: as decoders are by default.
WHOLE = "all maps"
# The share of the architecture's maps that it is compared with.
_NARROW = 1 / 8


class _Variant(NamedTuple):
    """An encoder with a decoder.

    Attributes:
        width: The share of the encoder's maps.
        trained: What differs from the usual decoder that is trained.
        untrained: What differs from the usual one that is not.
    """

    width: float = 1.0
    trained: Mapping[str, Any] = {}
    untrained: Mapping[str, Any] = {}


def _variants(study: Study, layer: str) -> dict[str, _Variant]:
    """Returns what is tried, by what is varied."""
    stages = ARCHITECTURES[study.settings.architecture].stages[: layer_stage(layer)]
    maps = tuple(filters for _, filters in reversed(stages))
    narrow, other = {"width": _NARROW}, {"factors": (2, 2)}
    return {
        WHOLE: _Variant(),
        # Else the decoder would be narrower as well.
        "an eighth of the encoder's": _Variant(_NARROW, {"maps": maps[:1]}, {"maps": maps}),
        "an eighth of the decoder's": _Variant(1.0, narrow, narrow),
        "grown otherwise": _Variant(1.0, other, {"factors": (4,)}),
        "filters 1 x 1": _Variant(1.0, {"kernel_size": 1}, {"kernel_size": 1}),
        "filters 5 x 5": _Variant(1.0, {"kernel_size": 5}, {"kernel_size": 5}),
    }


def _encoder(study: Study, layer: str, width: float, draw: Draw) -> NetworkSpec:
    """Returns a random network with a share of the maps, as a file below the study's folder."""
    if width == 1:
        return study.random(draw)
    narrow = narrowed(ARCHITECTURES[study.settings.architecture], width)
    model = build_vgg(narrow, random_kernels("gaussian", draw.seed))
    path = f"networks/{narrow.name}-{width:g}-{layer}-{draw.seed}.keras"
    file = put_file(study.folder, path, network_bytes(encoder_to(model, layer)))
    return NetworkSpec(file=file, reference=draw.image)


def feature_maps(study: Study) -> Report:
    """Number and shape of feature maps.

    A DeCNN decodes a layer of stride 4 of a random network, once trained and once with weights as
    they are drawn. Of either network the number of maps is varied while the other's stays; so is
    the way in which the decoder's maps grow, and the side of its filters.
    """
    draws, layer = study.draws(), middle_layer(study)
    variants = _variants(study, layer)
    encoder = functools.cache(partial(_encoder, study, layer))

    def conditions(which: str) -> list[Condition]:
        return [
            Condition(
                name, partial(encoder, variant.width), by_name([layer]), getattr(variant, which)
            )
            for name, variant in variants.items()
        ]

    trained = decoded(study, fitted(study, over(conditions("trained"), draws, partial(fit, study))))
    plain = study.run(over(conditions("untrained"), draws, untrained_decoding))
    suffix = ", untrained"
    rows = measured(trained, "psnr_db") + measured(plain, "edges", "contours", suffix=suffix)
    table, source = frame(rows), study.picture(draws[0])
    return Report(
        table,
        [
            bars(table, "psnr_db"),
            pictures(trained, "psnr_db", source, name="trained", columns="network"),
            bars(table, f"edges{suffix}"),
            pictures(plain, "edges", source, name="untrained", columns="network"),
        ],
    )
