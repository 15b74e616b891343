"""Effect of the number and shape of feature maps on decoders, trained and untrained."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rwkeras.decoders.levels import encoder_to
from rwkeras.decoders.settings import DecoderSettings
from rwkeras.experiments.figures import bar_plot, line_plot, picture_grid
from rwkeras.experiments.fits import decoded, fit, fitted, layer_stage, middle_layer, paired
from rwkeras.experiments.jobs.decodings import UntrainedDecoding
from rwkeras.experiments.jobs.networks import NetworkSpec, network_bytes
from rwkeras.experiments.report import Claim, Report, Row, Shown, above
from rwkeras.experiments.statistics import mean_difference, mean_interval
from rwkeras.experiments.study import Study, cell, column, rows
from rwkeras.experiments.untrained_decoders import untrained
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.networks.vgg import Architecture, build_vgg, narrowed, random_kernels
from rwkeras.sweeps.files import put_file
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

ENCODER, DECODER, GROWTH, FILTERS = "encoder's maps", "decoder's maps", "growth", "filters"
_TRAINED, _UNTRAINED = "trained", "untrained"
_SOURCE = "Shu et al. (2017), abstract, which names no direction"

# The shares of the architecture's maps, the ways from stride 4 to 1, and the sides of filters.
_WIDTHS = (1 / 8, 1 / 4, 1 / 2, 1.0)
_GROWTHS = ((4,), (2, 2))
_FILTERS = (1, 3, 5)


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


def _variants(architecture: Architecture, layer: str) -> dict[tuple[str, str], _Variant]:
    """Returns what is tried, by what is varied and how it is called there."""
    stages = architecture.stages[: layer_stage(layer)]
    maps = tuple(filters for _, filters in reversed(stages))
    found = {}
    for width in _WIDTHS:
        narrow, number = _Variant(width), str(round(width * maps[0]))
        if width < 1:  # Else the decoder would be narrower as well.
            narrow = _Variant(width, {"maps": maps[:1]}, {"maps": maps})
        found[ENCODER, number] = narrow
        changes = {} if width == 1 else {"width": width}
        found[DECODER, number] = _Variant(1.0, changes, changes)
    for factors in _GROWTHS:
        way = " x ".join(map(str, factors))
        trained = {} if factors == _GROWTHS[0] else {"factors": factors}
        plain = {} if factors == _GROWTHS[1] else {"factors": factors}
        found[GROWTH, way] = _Variant(1.0, trained, plain)
    for side in _FILTERS:
        changes = {} if side == DecoderSettings.kernel_size else {"kernel_size": side}
        found[FILTERS, f"{side} x {side}"] = _Variant(1.0, changes, changes)
    return found


def narrow_network(
    study: Study,
    architecture: Architecture,
    width: float,
    layer: str,
    seed: int,
    kind: str = "gaussian",
) -> NetworkSpec:
    """Returns a random network with a share of the maps, as a file below the study's folder.

    Args:
        study: For the folder, and for the image on which the network is made ready.
        architecture: The whole one.
        width: The share, in (0, 1].
        layer: Where the network ends.
        seed: Of the weights.
        kind: A name of `INITIALIZERS`.
    """
    narrow = narrowed(architecture, width)
    model = build_vgg(narrow, random_kernels(kind, seed))
    content = network_bytes(encoder_to(model, layer))
    path = f"networks/{narrow.name}-{width:g}-{layer}-{kind}-{seed}.keras"
    reference = next(iter(study.images().values()))
    return NetworkSpec(file=put_file(study.folder, path, content), reference=reference)


def feature_maps(study: Study) -> Report:
    """Varies number and shape of the feature maps of encoders and decoders."""
    images, layer = study.images(), middle_layer(study)
    architecture = ARCHITECTURES[study.settings.architecture]
    variants = _variants(architecture, layer)
    fits, plain = {}, {}
    for n in study.seeds:
        encoders = {
            width: narrow_network(study, architecture, width, layer, n) for width in _WIDTHS[:-1]
        }
        encoders[1.0] = study.random(n)
        for label, variant in variants.items():
            network = encoders[variant.width]
            fits[(*label, n)] = fit(study, network, layer, n, **variant.trained)
            given = untrained(network, layer, n, **variant.untrained)
            for name, image in images.items():
                plain[(*label, n, name)] = UntrainedDecoding(given, image)
    results = {
        _TRAINED: decoded(study, fitted(study, fits), images),
        _UNTRAINED: study.run(plain),
    }
    columns = ["varied", "value", "seed", "image"]
    return Report(
        "Number and shape of feature maps",
        f"A DeCNN decodes {layer} of a random network, once trained in "
        f"{study.settings.decoder_steps} steps and once with weights as they are drawn. Of either "
        "network the number of maps is varied while the other's stays; so is the way in which the "
        "decoder's maps grow, and the side of its filters.",
        _figures(study, variants, results),
        {kind: rows(found, columns) for kind, found in results.items()}
        | {"means": _means(results)},
        [
            _more(results, variants, kind, varied, value)
            for kind, value in ((_TRAINED, "psnr_db"), (_UNTRAINED, "edges"))
            for varied in (ENCODER, DECODER)
        ],
        study.notes,
    )


def _means(results: Mapping[str, Mapping[tuple, JobResult]]) -> list[Row]:
    """Returns what each variant comes to, with its interval over seeds and images."""
    values = {"psnr_db": _TRAINED, "edges": _UNTRAINED, "contours": _UNTRAINED}
    labels = dict.fromkeys(label[:2] for found in results.values() for label in found)
    return [
        {
            "varied": varied,
            "value": value,
            **{
                f"{kind}_{name}": str(mean_interval(found)) if found else ""
                for name, kind in values.items()
                for found in [column(results[kind], name, p0=varied, p1=value)]
            },
        }
        for varied, value in labels
    ]


def _figures(
    study: Study,
    variants: Mapping[tuple[str, str], _Variant],
    results: Mapping[str, Mapping[tuple, JobResult]],
) -> list[Shown]:
    """Returns what numbers and shapes do, and pictures."""

    def lines(kind: str, value: str) -> dict[str, tuple]:
        drawn = {}
        for varied in (ENCODER, DECODER):
            numbers = [number for series, number in variants if series == varied]
            found = {n: column(results[kind], value, p0=varied, p1=n) for n in numbers}
            known = {int(n): mean_interval(values) for n, values in found.items() if values}
            drawn[varied] = list(known), list(known.values())
        return drawn

    shapes = {
        f"{varied} {value}": mean_interval(found)
        for varied, value in variants
        if varied in (GROWTH, FILTERS)
        and (found := column(results[_TRAINED], "psnr_db", p0=varied, p1=value))
    }
    first, (name, image) = study.settings.seed, next(iter(study.images().items()))
    width = max(sum(varied == series for varied, _ in variants) for series, _ in variants)
    pictures: dict[str, list] = {"source": [("", read_picture(image, study.folder))]}
    for kind, value, digits in ((_TRAINED, "psnr_db", 1), (_UNTRAINED, "edges", 2)):
        for series in dict.fromkeys(varied for varied, _ in variants):
            cells = []
            for number in (n for varied, n in variants if varied == series):
                shown = cell(results[kind].get((series, number, first, name)), value, digits)
                cells.append(shown and (f"{number}: {shown[0]}", shown[1]))
            pictures[f"{kind},\n{series}"] = cells
    over = "over seeds and images, with its 95 % interval"
    return [
        Shown(
            "numbers",
            f"Trained decoders: PSNR by the number of the deepest maps, {over}.",
            line_plot(lines(_TRAINED, "psnr_db"), x="maps", y="PSNR, dB"),
        ),
        Shown(
            "untrained_numbers",
            f"Untrained decoders: correlation of edges with the source, {over}.",
            line_plot(lines(_UNTRAINED, "edges"), x="maps", y="correlation of edges"),
        ),
        Shown("shapes", f"Trained decoders: PSNR, {over}.", bar_plot(shapes, x="PSNR, dB")),
        Shown(
            "pictures",
            f"{name}, decoded. Below each what was chosen, and PSNR, dB, or correlation of edges.",
            picture_grid([""] * width, pictures),
        ),
    ]


def _more(
    results: Mapping[str, Mapping[tuple, JobResult]],
    variants: Mapping[tuple[str, str], _Variant],
    kind: str,
    varied: str,
    value: str,
) -> Claim:
    """Returns the claim that more maps keep more, judged by the most and the fewest."""
    numbers = [number for series, number in variants if series == varied]
    few, many = numbers[0], numbers[-1]
    pair = paired(results[kind], (varied, many), (varied, few), value)
    interval = mean_difference(*pair)
    measure = "PSNR, dB" if value == "psnr_db" else "correlation of edges"
    return Claim(
        f"More of the {varied} keep more of the image, with a decoder that is {kind}.",
        _SOURCE,
        above(interval),
        f"Difference of the {measure}, between {many} and {few} maps, over seeds and images: "
        f"{interval}.",
        "numbers" if kind == _TRAINED else "untrained_numbers",
    )
