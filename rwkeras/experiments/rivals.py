"""Comparison of random networks with trained ones."""

from collections.abc import Mapping

from rwkeras.experiments.figures import line_plot, picture_grid
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.report import Claim, Report, Shown, below
from rwkeras.experiments.statistics import (
    mean_difference,
    mean_interval,
    mean_relative_difference,
)
from rwkeras.experiments.study import Study, cell, rows

STACKED = "stacked"
TRAINED, UNTRAINED = "narrow, trained on rotations", "narrow, untrained"
IMAGENET, ALEXNET = "trained on ImageNet", "AlexNet, regularised"

# AlexNet's layers beside the poolings of a VGG, as the papers compare them.
_ALEXNET_LAYERS = ("pool1", "pool2", "conv3", "conv4", "pool5")
# The iteration by which the papers have random networks converge, and what counts as converged.
_EARLY, _CONVERGED = 100, 0.05


def trained_networks(study: Study) -> dict[str, NetworkSpec]:
    """Returns the trained networks there are, and the untrained twin of the one made here."""
    networks = study.rotation_rivals()
    found = {TRAINED: networks["trained"], UNTRAINED: networks["untrained"]}
    if "pretrained_vgg19" in study.weights:
        weights = study.weights["pretrained_vgg19"]
        found[IMAGENET] = NetworkSpec("pretrained_vgg19", weights=weights)
    else:
        study.notes.append(
            "No ImageNet weights were given: trained against untrained is a VGG-19 of a quarter "
            "of the filters, trained here to tell the rotation of crops, and the same as it was "
            "drawn. It has seen a handful of photographs, not a million."
        )
    return found


def rivals(study: Study) -> Report:
    """Inverts images from the poolings of random and trained networks, and of AlexNet."""
    networks = {STACKED: study.stacked_network(), **trained_networks(study)}
    images = study.images()
    jobs = {
        (kind, layer, name): study.inversion(network, image, layer)
        for kind, network in networks.items()
        for layer in study.pools
        for name, image in images.items()
    }
    alexnet = NetworkSpec("alexnet", weights=study.weights.get("alexnet"))
    if alexnet.weights is None:
        study.notes.append("AlexNet has random weights here: no trained ones were given.")
    large = study.images(size=max(study.settings.image_size, 96))
    jobs |= {
        (ALEXNET, layer, name): study.inversion(alexnet, image, beside, regularized=True)
        for layer, beside in zip(study.pools, _ALEXNET_LAYERS, strict=False)
        for name, image in large.items()
    }
    results = study.run(jobs)
    name = next(iter(images))
    lines = {}
    for kind in (*networks, ALEXNET):
        lines[kind] = [cell(results.get((kind, layer, name)), "distance") for layer in study.pools]
    figure = picture_grid(study.pools, lines)
    caption = f"{name}, recovered from poolings; below each its mean Euclidean distance."
    shown = Shown("rivals", caption, figure)
    pairs = [(STACKED, kind) for kind in (IMAGENET, ALEXNET) if kind in lines]
    pairs.append((UNTRAINED, TRAINED))
    claims = [_better(study, results, images, *pair) for pair in pairs]
    return Report(
        "Random networks and their rivals",
        "The same images, recovered from pooling layers of a stacked random network, of trained "
        "networks, and of AlexNet with the prior of Mahendran and Vedaldi.",
        [shown],
        {"rivals": rows(results, ["network", "layer", "image"])},
        claims,
        study.notes,
    )


def _better(study: Study, results: Mapping, images: Mapping, first: str, second: str) -> Claim:
    """Returns the claim that one kind of network recovers images better than another."""
    shared = [
        (layer, name)
        for layer in study.pools
        for name in images
        if (first, layer, name) in results and (second, layer, name) in results
    ]
    values = [
        [results[(kind, *label)].values["distance"] for label in shared] for kind in (first, second)
    ]
    interval = mean_difference(*values)
    return Claim(
        f"Images are recovered better with '{first}' than with '{second}'.",
        "both versions, section on inversion",
        below(interval),
        f"Difference of the mean distance, over layers and images: {interval}.",
        "rivals",
    )


def convergence(study: Study) -> Report:
    """Follows inversions from the deepest stage of random and trained networks."""
    layer, last = study.first_layers[-1], study.settings.max_iterations
    early = min(_EARLY, max(1, last // 2 // 10 * 10))
    marks = tuple(sorted({10, early // 2 // 10 * 10 or 10, early, last // 10 * 10}))
    networks = {STACKED: study.stacked_network(), **trained_networks(study)}
    images = study.images()
    results = study.run(
        {
            (kind, name): study.inversion(network, image, layer, snapshots=marks)
            for kind, network in networks.items()
            for name, image in images.items()
        }
    )
    lines, at = {}, {}
    for kind in networks:
        courses = [
            _distances(result.trace) for label, result in results.items() if label[0] == kind
        ]
        iterations = sorted(set.intersection(*(set(course) for course in courses)))
        lines[kind] = (
            iterations,
            [mean_interval([course[n] for course in courses]) for n in iterations],
        )
        at[kind] = [_until(course, early) for course in courses], [*map(_end, courses)]
    figure = line_plot(lines, x="iteration", y="mean Euclidean distance")
    name = next(iter(images))
    pictures = picture_grid(
        [f"iteration {mark}" for mark in marks],
        {
            kind: [
                (f"{mark}", results[kind, name].pictures[f"iteration_{mark:05d}"])
                if f"iteration_{mark:05d}" in results[kind, name].pictures
                else None
                for mark in marks
            ]
            for kind in networks
        },
    )
    claims = _convergence_claims(layer, early, last, at)
    return Report(
        "Convergence",
        f"Images are recovered from {layer}; the distance is followed from iteration to iteration.",
        [
            Shown("convergence", f"Mean over {len(images)} images.", figure),
            Shown("pictures", f"{name} on the way.", pictures),
        ],
        {
            "convergence": [
                {"network": kind, "image": image, **row}
                for (kind, image), result in results.items()
                for row in result.trace
            ]
        },
        claims,
        study.notes,
    )


def _convergence_claims(layer: str, early: int, last: int, at: Mapping) -> list[Claim]:
    """Returns the claims on how soon inversions are done.

    Args:
        layer: What is inverted.
        early: The iteration by which it should be.
        last: The iterations in all.
        at: For each kind of network, the images' distances at `early` and in the end.
    """
    rest = mean_relative_difference(*at[STACKED])
    return [
        Claim(
            f"Inversion of {layer} on the stacked network converges within {early} iterations.",
            "version 2, figure 5",
            below(rest, _CONVERGED),
            f"The distance after {early} iterations over that after {last}, less 1: {rest}; up to "
            f"{_CONVERGED} counts as converged.",
            "convergence",
        ),
        *(
            Claim(
                f"What is recovered with '{first}' after {early} iterations is better than the "
                f"final result with '{second}'.",
                "version 2, figure 5",
                below(interval),
                f"Difference of the distances: {interval}.",
                "convergence",
            )
            for first, second in ((STACKED, IMAGENET), (UNTRAINED, TRAINED))
            if first in at and second in at
            for interval in [mean_difference(at[first][0], at[second][1])]
        ),
    ]


def _distances(trace) -> dict[int, float]:
    return {row["iteration"]: row["distance"] for row in trace}


def _end(course: dict[int, float]) -> float:
    return course[max(course)]


def _until(course: dict[int, float], iteration: int) -> float:
    """Returns the distance at an iteration; a run that ended before stayed where it was."""
    return course[max(n for n in course if n <= iteration)]
