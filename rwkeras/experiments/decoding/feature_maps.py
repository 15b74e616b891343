"""Effect of the number and shape of feature maps on decoders, trained and untrained."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rwkeras.decoders.levels import encoder_to
from rwkeras.experiments.conditions import Condition, by_name, over
from rwkeras.experiments.decoding.fits import (
    decoded,
    fit,
    fitted,
    layer_stage,
    middle_layer,
    untrained,
)
from rwkeras.experiments.figures import bar_plot, result_grid
from rwkeras.experiments.jobs.decodings import UntrainedDecoding
from rwkeras.experiments.jobs.makers import network_bytes
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Draw, Study
from rwkeras.experiments.table import chosen, frame
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.networks.vgg import build_vgg, narrowed, random_kernels
from rwkeras.sweeps.files import put_file
from rwkeras.sweeps.pictures import read_picture

# What all else is compared with: as decoders are by default.
WHOLE = "all maps"
# The shares of the architecture's maps, and the sides of filters beside 3.
_WIDTHS = {"an eighth of": 1 / 8, "half": 1 / 2}
_FILTERS = (1, 5)


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
    found = {WHOLE: _Variant()}
    for name, width in _WIDTHS.items():
        # Else the decoder would be narrower as well.
        found[f"{name} the encoder's"] = _Variant(width, {"maps": maps[:1]}, {"maps": maps})
        narrow = {"width": width}
        found[f"{name} the decoder's"] = _Variant(1.0, narrow, narrow)
    found["grown otherwise"] = _Variant(1.0, {"factors": (2, 2)}, {"factors": (4,)})
    for side in _FILTERS:
        found[f"filters {side} x {side}"] = _Variant(1.0, *[{"kernel_size": side}] * 2)
    return found


def _encoder(study: Study, width: float, layer: str, draw: Draw) -> NetworkSpec:
    """Returns a random network with a share of the maps, as a file below the study's folder."""
    if width == 1:
        return study.random(draw)
    narrow = narrowed(ARCHITECTURES[study.settings.architecture], width)
    model = build_vgg(narrow, random_kernels("gaussian", draw.seed))
    path = f"networks/{narrow.name}-{width:g}-{layer}-{draw.seed}.keras"
    file = put_file(study.folder, path, network_bytes(encoder_to(model, layer)))
    return NetworkSpec(file=file, reference=draw.image)


def feature_maps(study: Study) -> Report:
    """Varies number and shape of the feature maps of encoders and decoders."""
    draws, layer = study.draws(), middle_layer(study)
    variants = _variants(study, layer)
    made = {
        (width, draw.seed): _encoder(study, width, layer, draw)
        for draw in draws
        for width in (*_WIDTHS.values(), 1.0)
    }

    def conditions(which: str) -> list[Condition]:
        return [
            Condition(
                name,
                lambda draw, width=variant.width: made[width, draw.seed],
                by_name([layer]),
                getattr(variant, which),
            )
            for name, variant in variants.items()
        ]

    def training(network: NetworkSpec, draw: Draw, layer: str, **changes: Any):
        return fit(study, network, draw, layer, **changes)

    def plain(network: NetworkSpec, draw: Draw, layer: str, **changes: Any):
        return UntrainedDecoding(untrained(network, draw, layer, **changes), draw.image)

    trained = decoded(study, fitted(study, over(conditions("trained"), draws, training)))
    random = study.run(over(conditions("untrained"), draws, plain))
    names = {name: f"{name}, untrained" for name in ("edges", "contours")}
    table = frame(measured(trained, {"psnr_db": "psnr_db"}) + measured(random, names))
    figures = []
    for name, results, measure, value in (
        ("trained", trained, "psnr_db", "psnr_db"),
        ("untrained", random, "edges, untrained", "edges"),
    ):
        columns = {s._replace(network="", layer=s.network): result for s, result in results.items()}
        figures += [
            Shown(
                name,
                f"{name.capitalize()} decoders: means over draws, with 95 % t intervals.",
                bar_plot(chosen(table, {"measure": measure}), x=measure),
            ),
            Shown(
                f"{name}_pictures",
                f"{draws[0].name}, decoded; below each its {measure}.",
                result_grid(columns, value, source=read_picture(draws[0].image, study.folder)),
            ),
        ]
    return Report(
        "Number and shape of feature maps",
        f"A DeCNN decodes {layer} of a random network, once trained in "
        f"{study.settings.decoder_steps} steps and once with weights as they are drawn. Of either "
        "network the number of maps is varied while the other's stays; so is the way in which the "
        "decoder's maps grow, and the side of its filters.",
        table,
        figures,
    )
