"""Decoders that are trained on random and on trained networks: how fast, and how accurate."""

from collections.abc import Mapping, Sequence

from rwkeras.experiments.figures import line_plot, picture_grid
from rwkeras.experiments.fits import (
    ACCURATE,
    SOURCE,
    Fitted,
    decoded,
    fit,
    fitted,
    middle_layer,
    paired,
    trained_encoders,
)
from rwkeras.experiments.report import Claim, Report, Row, Shown, above, below
from rwkeras.experiments.rivals import IMAGENET, TRAINED, UNTRAINED
from rwkeras.experiments.samples import RANDOM
from rwkeras.experiments.statistics import (
    Interval,
    mean_difference,
    mean_interval,
    mean_relative_difference,
)
from rwkeras.experiments.study import Study, cell, column, rows
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

# How far below the end of the less accurate of two trainings the mark lies that both are to reach,
# in dB: the last bit of the way takes most of the steps, and tells little.
_SHORT = 1.0


def decoders(study: Study) -> Report:
    """Trains decoders on random and trained networks, and compares how fast and how well."""
    networks = {RANDOM: study.random(), **trained_encoders(study)}
    images, layers = study.images(), study.first_layers
    trained = fitted(
        study,
        {
            (kind, layer): fit(study, network, layer)
            for kind, network in networks.items()
            for layer in layers
        },
    )
    results = decoded(study, trained, images)
    kinds = [kind for kind in networks if any(label[0] == kind for label in results)]
    study.notes.append(
        "Decoders learn from photographs of scikit-image that are not among those shown by "
        "default, and are measured on others that are held out. The network that was trained on "
        "rotations has seen the images shown."
    )
    pairs = [
        pair for pair in ((RANDOM, IMAGENET), (UNTRAINED, TRAINED)) if all(k in kinds for k in pair)
    ]
    return Report(
        "Decoders of random and trained networks",
        f"For the first layer of each stage, a DeCNN learns in {study.settings.decoder_steps} "
        "steps to make images of the activations of a network that stays as it is. All networks "
        "are scaled on the first image to activations of mean 1.",
        _figures(study, trained, results, kinds),
        {
            "means": _means(trained, results),
            "decodings": rows(results, ["network", "layer", "image"]),
            "trainings": [
                {"network": kind, "layer": layer, **row}
                for (kind, layer), decoder in trained.items()
                for row in decoder.trace
            ],
        },
        [
            *(_accurate(results, *pair) for pair in pairs),
            *(_fast(trained, layers, *pair) for pair in pairs),
            _photographic(results, layers),
        ],
        study.notes,
    )


def _figures(
    study: Study,
    trained: Mapping[tuple, Fitted],
    results: Mapping[tuple, JobResult],
    kinds: Sequence[str],
) -> list[Shown]:
    """Returns the trainings from one layer, the accuracy by layer, and the pictures."""
    layers, middle = study.first_layers, middle_layer(study)
    courses = {kind: _course(trained[kind, middle]) for kind in kinds if (kind, middle) in trained}
    accuracy = {}
    for kind in kinds:
        found = [
            n for n, layer in enumerate(layers) if column(results, "psnr_db", p0=kind, p1=layer)
        ]
        values = [column(results, "psnr_db", p0=kind, p1=layers[n]) for n in found]
        accuracy[kind] = found, [mean_interval(value) for value in values]
    name, image = next(iter(study.images().items()))
    source = "source", read_picture(image, study.folder)
    lines = {
        kind: [source, *(cell(results.get((kind, layer, name)), "psnr_db", 1) for layer in layers)]
        for kind in kinds
    }
    return [
        Shown(
            "courses",
            f"PSNR of crops of held-out photographs while decoders of {middle} learn.",
            line_plot(courses, x="step", y="PSNR of held-out crops, dB"),
        ),
        Shown(
            "accuracy",
            f"PSNR after training, over {len(study.images())} images, with its 95 % interval.",
            line_plot(accuracy, x="layer", y="PSNR, dB", ticks=layers),
        ),
        Shown(
            "pictures",
            f"{name}, decoded; below each its PSNR, dB.",
            picture_grid(["", *layers], lines),
        ),
    ]


def _course(decoder: Fitted) -> tuple[list[int], list[Interval]]:
    """Returns the steps and the PSNR of held-out crops at each."""
    return [row["step"] for row in decoder.trace], [Interval(v, v, v) for v in _held_out(decoder)]


def _held_out(decoder: Fitted) -> list[float]:
    return [row["held_out_psnr_db"] for row in decoder.trace]


def _means(trained: Mapping[tuple, Fitted], results: Mapping[tuple, JobResult]) -> list[Row]:
    """Returns the accuracy of each decoder over the images, and when it came to `ACCURATE`."""
    found: list[Row] = []
    for (kind, layer), decoder in trained.items():
        values = {name: column(results, name, p0=kind, p1=layer) for name in ("psnr_db", "ssim")}
        if values["psnr_db"]:
            steps = steps_to(decoder, ACCURATE)
            found.append(
                {
                    "network": kind,
                    "layer": layer,
                    **{name: mean_interval(value).estimate for name, value in values.items()},
                    "held_out_psnr_db": decoder.trace[-1]["held_out_psnr_db"],
                    f"steps_to_{ACCURATE:.0f}_db": "never" if steps is None else steps,
                }
            )
    return found


def steps_to(decoder: Fitted, mark: float) -> int | None:
    """Returns after how many steps held-out crops had a PSNR, as far as it was measured."""
    reached = (row["step"] for row in decoder.trace if row["held_out_psnr_db"] >= mark)
    return next(reached, None)


def _accurate(results: Mapping[tuple, JobResult], first: str, second: str) -> Claim:
    """Returns the claim that decoders of one kind of network are more accurate."""
    interval = mean_difference(*paired(results, (first,), (second,), "psnr_db"))
    return Claim(
        f"A DeCNN trained on '{first}' reconstructs images more accurately than one on '{second}'.",
        SOURCE,
        above(interval),
        f"Difference of the PSNR, dB, over layers and images: {interval}.",
        "accuracy",
    )


def _fast(trained: Mapping[tuple, Fitted], layers: Sequence[str], first: str, second: str) -> Claim:
    """Returns the claim that decoders of one kind of network learn faster."""
    steps: tuple[list, list] = [], []
    for layer in layers:
        if (first, layer) in trained and (second, layer) in trained:
            pair = trained[first, layer], trained[second, layer]
            mark = min(max(_held_out(decoder)) for decoder in pair) - _SHORT
            for found, decoder in zip(steps, pair, strict=True):
                found.append(steps_to(decoder, mark))
    interval = mean_relative_difference(*steps)
    return Claim(
        f"A DeCNN trained on '{first}' learns more quickly than one on '{second}'.",
        SOURCE,
        below(interval),
        "Steps of the one over those of the other, less 1, over layers, until held-out crops are "
        f"within {_SHORT:.0f} dB of the best that the less accurate of the two comes to: "
        f"{interval}.",
        "courses",
    )


def _photographic(results: Mapping[tuple, JobResult], layers: Sequence[str]) -> Claim:
    """Returns the claim that every layer of the random network retains an accurate image."""
    values = {layer: column(results, "psnr_db", p0=RANDOM, p1=layer) for layer in layers}
    intervals = {layer: mean_interval(found) for layer, found in values.items() if found}
    worst = min(intervals, key=lambda layer: intervals[layer].estimate)
    good = sum(interval.estimate >= ACCURATE for interval in intervals.values())
    return Claim(
        "Every layer of the random CNN retains photographically accurate information.",
        SOURCE,
        above(intervals[worst], ACCURATE),
        f"Taking {ACCURATE:.0f} dB for accurate, {good} of {len(intervals)} first layers of stages "
        f"are on average; the worst is {worst} with {intervals[worst]} dB.",
        "accuracy",
    )
