"""Texture synthesis and style transfer: the papers' figures."""

import dataclasses
import itertools
from collections.abc import Mapping

from rwkeras.experiments.figures import picture_grid
from rwkeras.experiments.jobs.syntheses import Style, Texture
from rwkeras.experiments.report import Claim, Report, Shown, above, below
from rwkeras.experiments.statistics import mean_interval, relative_difference
from rwkeras.experiments.study import Study, cell, rows
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture
from rwkeras.tasks.presets import STYLE_PRESETS
from rwkeras.tasks.settings import TextureSettings

_DISTANCE = "relative_patch_distance"
# A change of less than this share counts as none.
_SAME = 0.05
# The stage after which textures no longer improve, as the papers have it.
_LAST_STAGE = 4


def textures(study: Study) -> Report:
    """Synthesises textures from more and more layers."""
    network = study.stacked_network(subtract_mean=True)
    sources = study.images("textures")
    tops = study.first_layers
    optimizer = study.optimizer(parametrization="pixels")
    results = study.run(
        {
            (top, name, n): Texture(
                network,
                texture,
                TextureSettings(tops[: depth + 1], scales=None, seed=n),
                optimizer,
            )
            for depth, top in enumerate(tops)
            for name, texture in sources.items()
            for n in study.seeds
        }
    )
    first = study.settings.seed
    lines = {
        top if n == 0 else f"+ {top}": [
            cell(results.get((top, name, first)), _DISTANCE) for name in sources
        ]
        for n, top in enumerate(tops)
    }
    lines["source"] = [("", read_picture(texture, study.folder)) for texture in sources.values()]
    caption = (
        "Each row matches the Gram matrices of one layer more; below each texture its patches' "
        "distance to the source, relative to that of noise."
    )
    claims = [
        _adding(results, before, top, tops.index(top) >= _LAST_STAGE)
        for before, top in itertools.pairwise(tops)
    ]
    return Report(
        "Textures from more and more layers",
        "Textures are synthesised from the Gram matrices of the first layers of the stages of a "
        "stacked network.",
        [Shown("textures", caption, picture_grid(list(sources), lines))],
        {"textures": rows(results, ["top_layer", "texture", "sample"])},
        claims,
        study.notes,
    )


def _adding(results: Mapping[tuple, JobResult], before: str, top: str, beyond: bool) -> Claim:
    """Returns the claim that one layer more makes textures better, or no better any more."""
    shared = [label[1:] for label in results if label[0] == top and (before, *label[1:]) in results]
    values = [
        [results[(layer, *label)].values[_DISTANCE] for label in shared] for layer in (top, before)
    ]
    change = relative_difference(*values)
    if beyond:
        text = f"Textures stop improving after {before}: adding {top} makes them no better."
        verdict = above(change, -_SAME)
    else:
        text = f"Adding {top} to the layers up to {before} improves textures."
        verdict = below(change)
    evidence = (
        "Mean relative patch distance with the layer over that without it, less 1, textures and "
        f"seeds paired: {change}."
    )
    if beyond:
        evidence += f" Less than {_SAME} better counts as no better."
    return Claim(text, "both versions, section on textures", verdict, evidence, "textures")


def styles(study: Study) -> Report:
    """Repaints contents in styles."""
    network = study.stacked_network(subtract_mean=True)
    contents, paintings = study.images(), study.images("styles")
    optimizer = study.optimizer(parametrization="pixels")
    settings = dataclasses.replace(
        STYLE_PRESETS["painting"],
        style_layers=study.first_layers,
        scales=None,
        seed=study.settings.seed,
    )
    results = study.run(
        {
            (content, painting): Style(
                network, contents[content], paintings[painting], settings, optimizer
            )
            for content in contents
            for painting in paintings
        }
    )
    lines: dict[str, list] = {
        "": [None, *(("style", read_picture(m, study.folder)) for m in paintings.values())]
    }
    for content, image in contents.items():
        lines[content] = [("content", read_picture(image, study.folder))]
        for painting in paintings:
            result = results.get((content, painting))
            label = result and f"SSIM {result.values['ssim_content']:.2f}"
            lines[content].append(result and (label, result.pictures["picture"]))
    return Report(
        "Contents in styles",
        "Each photograph is repainted in each style by a stacked network.",
        [
            Shown(
                "styles",
                "Rows: contents. Columns: styles.",
                picture_grid(["content", *paintings], lines),
            )
        ],
        {"styles": rows(results, ["content", "style"])},
        _style_claims(results),
        study.notes,
    )


def _style_claims(results: Mapping[tuple, JobResult]) -> list[Claim]:
    """Returns the claims that pictures take on a style and keep their content."""
    nearer = mean_interval(
        [
            r.values["patch_distance_style"] - r.values["patch_distance_content"]
            for r in results.values()
        ]
    )
    kept = mean_interval([r.values["ssim_content"] for r in results.values()])
    return [
        Claim(
            "The pictures take on the style of the painting.",
            "both versions, section on style",
            below(nearer),
            "Distance of the picture's patches to the style's, less that of the content's own: "
            f"{nearer}.",
            "styles",
        ),
        Claim(
            "They keep the content of the photograph.",
            "both versions, section on style",
            above(kept, 0.2),
            f"SSIM with the photograph: {kept}; more than 0.2 counts as kept.",
            "styles",
        ),
    ]
