"""Variation among samples of random networks, and transfer between reference images."""

from collections.abc import Mapping

from rwkeras.experiments.figures import box_plot, picture_grid
from rwkeras.experiments.report import Claim, Report, Shown, below, within
from rwkeras.experiments.rivals import IMAGENET, STACKED, TRAINED, UNTRAINED, trained_networks
from rwkeras.experiments.statistics import (
    difference_of_means,
    mean_relative_difference,
    ratio_of_spreads,
    relative_difference,
)
from rwkeras.experiments.study import Study, cell, column, rows

RANDOM = "purely random"

# Distances that differ by less than this share count as the same.
_SAME = 0.05


def variation(study: Study) -> Report:
    """Compares how inversions vary over samples of stacked, random and trained networks."""
    images = study.images()
    name, image = list(images.items())[-1]
    reference = next(iter(images.values()))
    stacked = study.stacked({n: study.stacking(reference, n) for n in study.seeds})
    trained = trained_networks(study)
    layers = study.first_layers
    jobs = {}
    for layer in layers:
        for n in study.seeds:
            jobs[STACKED, layer, n] = study.inversion(stacked[n], image, layer, seed=n)
            jobs[RANDOM, layer, n] = study.inversion(study.random(n), image, layer, seed=n)
            for kind, network in trained.items():
                jobs[kind, layer, n] = study.inversion(network, image, layer, seed=n)
    results = study.run(jobs)
    kinds = [STACKED, RANDOM, *trained]
    samples = {
        layer: {kind: column(results, "distance", p0=kind, p1=layer) for kind in kinds}
        for layer in layers
    }
    figure = box_plot(samples, y="mean Euclidean distance")
    claims = []
    for second in (RANDOM, *(kind for kind in (IMAGENET, TRAINED) if kind in trained)):
        first = UNTRAINED if second == TRAINED else STACKED
        claims += _lower(samples, first, second)
    study.notes.append(
        "Samples of random and stacked networks differ in weights and starting noise, those of "
        "the trained ones and of the untrained twin in the noise alone."
    )
    return Report(
        "Variation over samples",
        f"{name} is recovered from samples of networks: how far on average, and how unevenly.",
        [Shown("variation", "Minimum, quartiles, mean and maximum over samples.", figure)],
        {"variation": rows(results, ["network", "layer", "sample"])},
        claims,
        study.notes,
    )


def _lower(samples: Mapping[str, Mapping], first: str, second: str) -> list[Claim]:
    """Returns the claims that one kind's mean and spread are below another's, at each layer."""
    claims = []
    for layer, kinds in samples.items():
        difference = difference_of_means(kinds[first], kinds[second])
        relative = relative_difference(kinds[first], kinds[second], paired=False)
        claims.append(
            Claim(
                f"{layer}: the mean distance with '{first}' is below that with '{second}'.",
                "version 2, figure 6",
                below(difference),
                f"Difference: {difference}; relative: {relative}.",
                "variation",
            )
        )
        if min(len(kinds[kind]) for kind in (first, second)) > 1:
            spread = ratio_of_spreads(kinds[first], kinds[second])
            claims.append(
                Claim(
                    f"{layer}: distances with '{first}' vary less than with '{second}'.",
                    "version 2, figure 6",
                    below(spread, 1.0),
                    f"Standard deviation of the one over that of the other: {spread}.",
                    "variation",
                )
            )
    return claims


def transfer(study: Study) -> Report:
    """Uses a network that was stacked on one image for others."""
    images = study.images()
    stacked = study.stacked(
        {name: study.stacking(image, study.settings.seed) for name, image in images.items()}
    )
    layer = study.first_layers[-1]
    results = study.run(
        {
            (reference, name): study.inversion(network, image, layer)
            for reference, network in stacked.items()
            for name, image in images.items()
        }
    )
    own, others = [], []
    for name in images:
        for reference in stacked:
            if reference != name and {(name, name), (reference, name)} <= set(results):
                own.append(results[name, name].values["distance"])
                others.append(results[reference, name].values["distance"])
    lines = {
        f"stacked on {reference}": [
            cell(results.get((reference, name)), "distance") for name in images
        ]
        for reference in stacked
    }
    claims = []
    if own:
        interval = mean_relative_difference(others, own)
        claims = [
            Claim(
                "Any reference image will do.",
                "version 2, footnote 3",
                within(interval, _SAME),
                f"The distance from {layer} of networks stacked on another image, over that of the "
                f"network stacked on the image itself, less 1: {interval}; {_SAME} either way "
                "counts as the same.",
                "transfer",
            )
        ]
    else:
        study.notes.append("The claim needs at least two images.")
    caption = f"Columns: the image recovered from {layer}. Rows: what the network was stacked on."
    return Report(
        "Transfer between reference images",
        "Each network is stacked on one image and used on all.",
        [Shown("transfer", caption, picture_grid(list(images), lines))],
        {"transfer": rows(results, ["reference", "image"])},
        claims,
        study.notes,
    )
