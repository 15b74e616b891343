"""Inversion from every layer of one network."""

import dataclasses

import numpy as np

from rwkeras.experiments.figures import line_plot, picture_grid
from rwkeras.experiments.report import REFUTED, SUPPORTED, Claim, Report, Shown
from rwkeras.experiments.statistics import mean_interval
from rwkeras.experiments.study import Study, column, rows
from rwkeras.images.reading import resize
from rwkeras.networks.recipe import ARCHITECTURES
from rwkeras.sweeps.pictures import read_picture

# What counts as photographically accurate, in dB, and as contours that can be seen: the
# correlation of brightness on a grid of so many squares a side. The papers judge by eye.
_ACCURATE, _SEEN, _GRID = 20.0, 0.5, 16


def layers(study: Study) -> Report:
    """Inverts one image from every conv, pooling and fully connected layer."""
    architecture = ARCHITECTURES[study.settings.architecture]
    images = study.images(size=architecture.top_size)
    name, image = next(iter(images.items()))
    network = study.stacked_network(size=architecture.top_size, include_top=True)
    top = dataclasses.replace(network, top=True)
    jobs = {(layer,): study.inversion(network, image, layer) for layer in study.layers}
    jobs |= {(layer,): study.inversion(top, image, layer) for layer in architecture.top_layers}
    results = study.run(jobs)
    source = read_picture(image, study.folder)
    cells = {
        layer: (f"{layer}: {result.values['psnr_db']:.1f} dB", result.pictures["picture"])
        for (layer,), result in results.items()
    }
    stages = [f"{n + 1}_" for n in range(len(study.pools))]
    lines = {"source": [(name, source)]}
    for stage, pool in zip(stages, study.pools, strict=True):
        found = [layer for layer in cells if layer.startswith(f"conv{stage}") or layer == pool]
        lines[f"stage {stage[0]}"] = [cells[layer] for layer in found]
    lines["top"] = [cells[layer] for layer in architecture.top_layers if layer in cells]
    width = max(len(line) for line in lines.values())
    figure = picture_grid([""] * width, lines)
    shown = Shown("layers", f"{name}, recovered from each layer of a stacked network.", figure)
    accurate = {layer[0]: result.values["psnr_db"] for layer, result in results.items()}
    spatial = {layer: accurate[layer] for layer in study.layers if layer in accurate}
    worst = min(spatial, key=spatial.__getitem__)
    claims = [
        Claim(
            "All convolutional and pooling layers retain photographically accurate information.",
            "version 2, section 4",
            SUPPORTED if spatial[worst] >= _ACCURATE else REFUTED,
            f"Taking {_ACCURATE:.0f} dB for accurate, "
            f"{sum(value >= _ACCURATE for value in spatial.values())} of {len(spatial)} are; "
            f"the worst is {worst} with {spatial[worst]:.1f} dB. One image, so no interval.",
            "layers",
        )
    ]
    for layer in architecture.top_layers[:2]:
        if layer in cells:
            claims.append(_contours(layer, cells[layer][1], source))
    return Report(
        "Inversion from every layer",
        "One image is recovered, from noise, from the activations of each layer of a random "
        "network that was stacked on it.",
        [shown],
        {"layers": rows(results, ["layer"])},
        claims,
        study.notes,
    )


def _contours(layer: str, picture: np.ndarray, source: np.ndarray) -> Claim:
    """Returns the claim that contours are seen from a fully connected layer."""
    coarse = [resize(x, (_GRID, _GRID)).mean(axis=2).ravel() for x in (picture, source)]
    correlation = float(np.corrcoef(*coarse)[0, 1])
    return Claim(
        f"Rough contours can still be seen from {layer}.",
        "version 2, figure 2",
        SUPPORTED if correlation >= _SEEN else REFUTED,
        f"Correlation of brightness with the source on a grid of {_GRID} x {_GRID}: "
        f"{correlation:.2f}, of which {_SEEN} counts as seen.",
        "layers",
    )


def distances(study: Study) -> Report:
    """Measures the mean Euclidean distance of inversions from each layer, over images."""
    network = study.stacked_network()
    images = study.images()
    results = study.run(
        {
            (layer, name): study.inversion(network, image, layer)
            for layer in study.layers
            for name, image in images.items()
        }
    )
    intervals = [mean_interval(column(results, "distance", p0=layer)) for layer in study.layers]
    figure = line_plot(
        {"stacked network": (range(len(study.layers)), intervals)},
        x="layer",
        y="mean Euclidean distance",
        ticks=study.layers,
    )
    caption = f"Mean over {len(images)} images, with its 95 % interval."
    return Report(
        "Distance by layer",
        "The mean Euclidean distance of pixels in [0, 1] between images and what is recovered of "
        "them from each layer of a stacked network.",
        [Shown("distances", caption, figure)],
        {"distances": rows(results, ["layer", "image"])},
        notes=study.notes,
    )
