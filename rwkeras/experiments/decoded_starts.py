"""Inversions initialised with a decoder's output instead of noise."""

from collections.abc import Mapping, Sequence

from rwkeras.experiments.figures import line_plot, picture_grid
from rwkeras.experiments.fits import fit, fitted, paired
from rwkeras.experiments.report import Claim, Report, Row, Shown, below
from rwkeras.experiments.statistics import (
    Interval,
    mean_difference,
    mean_interval,
    mean_relative_difference,
)
from rwkeras.experiments.study import Study, cell, column, rows
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

_NOISE, _DECODED = "noise", "decoded"
_SOURCE = "a use for the decoders of Shu et al. (2017)"


def decoded_starts(study: Study) -> Report:
    """Compares inversions from noise with those from the decoded image."""
    layers, images, network = study.first_layers, study.images(), study.random()
    decoders = fitted(study, {layer: fit(study, network, layer) for layer in layers})
    seed, optimizer = study.settings.seed, study.optimizer(report_every=1)
    jobs = {}
    for layer, decoder in decoders.items():
        for name, image in images.items():
            for start, file in ((_NOISE, None), (_DECODED, decoder.file)):
                jobs[start, layer, name] = study.inversion(
                    network, image, layer, seed=seed, optimizer=optimizer, decoder=file
                )
    results = study.run(jobs)
    table = _compared(results)
    known = [layer for layer in layers if any(row["layer"] == layer for row in table)]
    return Report(
        "Inversions from decoded images",
        "Each image is recovered from a layer of a random network in "
        f"{study.settings.max_iterations} iterations, once from noise, and once from what a DeCNN "
        "that was trained on that layer makes of the activations in one pass.",
        _figures(study, results, table, known),
        {"compared": table, "inversions": rows(results, ["start", "layer", "image"])},
        [_fewer(table, layer) for layer in known] + [_better(results)],
        study.notes,
    )


def _compared(results: Mapping[tuple, JobResult]) -> list[Row]:
    """Returns by layer and image after how many evaluations either start came to the same loss."""
    table: list[Row] = []
    for (start, layer, name), result in results.items():
        other = results.get((_DECODED, layer, name))
        if start == _NOISE and other is not None:
            target = result.values["loss"]
            reached = evaluations_to(other.trace, target)
            table.append(
                {
                    "layer": layer,
                    "image": name,
                    "loss": target,
                    "noise_evaluations": evaluations_to(result.trace, target)
                    or result.values["evaluations"],
                    "decoded_evaluations": reached or other.values["evaluations"],
                    "reached": reached is not None,
                    "start_loss_noise": result.trace[0]["loss"],
                    "start_loss_decoded": other.trace[0]["loss"],
                    "start_distance_decoded": other.trace[0]["distance"],
                }
            )
    return table


def evaluations_to(trace: Sequence[Row], loss: float) -> int | None:
    """Returns after how many evaluations a run had at most a loss, or None if it never had.

    That of the start counts as one.
    """
    reached = (max(1, row["evaluations"]) for row in trace if row["loss"] <= loss)
    return next(reached, None)


def _figures(
    study: Study, results: Mapping[tuple, JobResult], table: Sequence[Row], layers: Sequence[str]
) -> list[Shown]:
    """Returns evaluations by layer, the course of losses, and pictures."""
    evaluations = {
        start: (
            range(len(layers)),
            [
                mean_interval([r[f"{start}_evaluations"] for r in table if r["layer"] == layer])
                for layer in layers
            ],
        )
        for start in (_NOISE, _DECODED)
    }
    name, image = next(iter(study.images().items()))
    courses = {
        f"{layer}, {start}": _course(result, results[_NOISE, layer, name])
        for (start, layer, which), result in results.items()
        if which == name and layer in (layers[0], layers[-1]) and (_NOISE, layer, name) in results
    }
    source = "source", read_picture(image, study.folder)
    lines = {
        start: [
            source,
            *(cell(results.get((start, layer, name)), "psnr_db", 1) for layer in layers),
        ]
        for start in (_NOISE, _DECODED)
    }
    return [
        Shown(
            "evaluations",
            f"Evaluations until the loss is that of the last iteration from noise, over "
            f"{len(study.images())} images, with 95 % intervals.",
            line_plot(evaluations, x="layer", y="evaluations", ticks=layers, log=True),
        ),
        Shown(
            "courses",
            f"{name}: loss over that of noise.",
            line_plot(courses, x="evaluations", y="loss over that of noise", log=True),
        ),
        Shown(
            "pictures",
            f"{name} after all iterations; below each its PSNR, dB.",
            picture_grid(["", *layers], lines),
        ),
    ]


def _course(result: JobResult, noise: JobResult) -> tuple[list[int], list[Interval]]:
    """Returns evaluations, and the loss at each over that of noise."""
    first = noise.trace[0]["loss"]
    # A logarithm has no place for nothing.
    rows = [row for row in result.trace if row["loss"] > 0]
    shares = [row["loss"] / first for row in rows]
    return [row["evaluations"] for row in rows], [Interval(share, share, share) for share in shares]


def _fewer(table: Sequence[Row], layer: str) -> Claim:
    """Returns the claim that fewer evaluations are needed from the decoded image."""
    found = [row for row in table if row["layer"] == layer]
    values = [[row[f"{start}_evaluations"] for row in found] for start in (_DECODED, _NOISE)]
    interval = mean_relative_difference(*values)
    ratio = Interval(*(1 + part for part in interval))
    late = sum(not row["reached"] for row in found)
    never = f" Of {len(found)} runs {late} ended before, and count in full." if late else ""
    return Claim(
        f"{layer}: inversion from the decoded image needs fewer evaluations than from noise.",
        _SOURCE,
        below(ratio, 1.0),
        "Evaluations until the loss is that of the last iteration from noise, over those from "
        f"noise: {ratio}.{never} Encoding and decoding once is not counted.",
        "evaluations",
    )


def _better(results: Mapping[tuple, JobResult]) -> Claim:
    """Returns the claim that what is recovered in the end is nearer to the image."""
    interval = mean_difference(*paired(results, (_DECODED,), (_NOISE,), "distance"))
    means = {
        start: mean_interval(column(results, "psnr_db", p0=start)) for start in (_DECODED, _NOISE)
    }
    return Claim(
        "What is recovered from the decoded image is nearer to the source than from noise.",
        _SOURCE,
        below(interval),
        f"Difference of the mean Euclidean distance after all iterations, over layers and images: "
        f"{interval}; PSNR, dB: {means[_DECODED]} and {means[_NOISE]}.",
        "pictures",
    )
