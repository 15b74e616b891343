"""Effect of the number and shape of feature maps on decoders, trained and untrained."""

import functools
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from rwkeras.decoders.levels import encoder_to
from rwkeras.experiments.conditions import Condition, by_name, condition_jobs
from rwkeras.experiments.decoding.fits import (
    decode_images,
    fit_job,
    layer_stage,
    middle_layer,
    train_decoders,
    untrained_decoding_job,
)
from rwkeras.experiments.figures import bars, pictures
from rwkeras.experiments.jobs.networks import NetworkSpec, network_bytes
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import frame
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.networks.vgg import build_vgg, random_kernels
from rwkeras.networks.vgg_architecture import narrowed
from rwkeras.sweeps.files import put_file

# The default encoder and decoder, with which all variants are compared.
ALL_MAPS = "all maps"
# The share of feature maps in the narrow variants.
_NARROW_WIDTH = 1 / 8


class _Variant(NamedTuple):
    """A variant of encoder and decoder.

    Attributes:
        width: The share of the architecture's feature maps in the encoder.
        trained: Changes to the default settings of the trained decoder.
        untrained: Changes to the default settings of the untrained decoder.
    """

    width: float = 1.0
    trained: Mapping[str, Any] = {}
    untrained: Mapping[str, Any] = {}


def _variants(study: Study, layer: str) -> dict[str, _Variant]:
    """Returns the variants by name."""
    stages = ARCHITECTURES[study.settings.architecture].stages[: layer_stage(layer)]
    maps = tuple(filters for _, filters in reversed(stages))
    narrow, other = {"width": _NARROW_WIDTH}, {"factors": (2, 2)}
    return {
        ALL_MAPS: _Variant(),
        # The maps of the decoder are given, as by default they would shrink with the encoder's.
        "an eighth of the encoder's": _Variant(_NARROW_WIDTH, {"maps": maps[:1]}, {"maps": maps}),
        "an eighth of the decoder's": _Variant(1.0, narrow, narrow),
        "grown otherwise": _Variant(1.0, other, {"factors": (4,)}),
        "filters 1 x 1": _Variant(1.0, {"kernel_size": 1}, {"kernel_size": 1}),
        "filters 5 x 5": _Variant(1.0, {"kernel_size": 5}, {"kernel_size": 5}),
    }


def _encoder(study: Study, layer: str, width: float, draw: Draw) -> NetworkSpec:
    """Returns a random network with a share of the feature maps, stored in the study's folder."""
    if width == 1:
        return study.random(draw)
    narrow = narrowed(ARCHITECTURES[study.settings.architecture], width)
    model = build_vgg(narrow, random_kernels("gaussian", draw.seed))
    path = f"networks/{narrow.name}-{width:g}-{layer}-{draw.seed}.keras"
    file = put_file(study.folder, path, network_bytes(encoder_to(model, layer)))
    return NetworkSpec(file=file, reference=draw.image)


def feature_maps(study: Study) -> Report:
    """Number and shape of feature maps.

    Trained and untrained DeCNNs decode a layer of stride 4 of a random network. One property is
    varied at a time: the number of maps of the encoder, the number of maps of the decoder, the
    upsampling factors of the decoder, and the size of its filters.
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

    trained = decode_images(
        study,
        train_decoders(
            study, condition_jobs(conditions("trained"), draws, partial(fit_job, study))
        ),
    )
    untrained = study.run(condition_jobs(conditions("untrained"), draws, untrained_decoding_job))
    suffix = ", untrained"
    rows = value_rows(trained, "psnr_db") + value_rows(
        untrained, "edges", "contours", suffix=suffix
    )
    table, source = frame(rows), study.picture(draws[0])
    return Report(
        table,
        [
            bars(table, "psnr_db"),
            pictures(trained, "psnr_db", source, name="trained", columns="network"),
            bars(table, f"edges{suffix}"),
            pictures(untrained, "edges", source, name="untrained", columns="network"),
        ],
    )
