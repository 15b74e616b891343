"""Inversions initialised with a decoder's output instead of noise."""

from collections.abc import Mapping, Sequence
from typing import Any

from rwkeras.experiments.conditions import by_name, over, purely_random
from rwkeras.experiments.decoding.fits import decoder_layers, fit, fitted
from rwkeras.experiments.figures import arrival_plot, line_plot, result_grid
from rwkeras.experiments.jobs.decodings import StartedInversion
from rwkeras.experiments.report import Report, Shown, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, chosen, frame, row
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture

NOISE, DECODED = "from noise", "from the decoded image"
TIME = "evaluations to noise's last loss"


def decoded_starts(study: Study) -> Report:
    """Compares inversions from noise with those from the decoded image."""
    draws = study.draws()
    network = purely_random(study, by_name(decoder_layers(study)))
    decoders = fitted(
        study, over([network], draws, lambda net, draw, layer: fit(study, net, draw, layer))
    )
    files = {(sample.draw, sample.layer): each.file for sample, each in decoders.items()}
    jobs: dict[Sample, Any] = {}
    for start in (NOISE, DECODED):
        jobs |= over(
            [network._replace(name=start)],
            draws,
            lambda net, draw, layer, start=start: StartedInversion(
                net,
                draw.image,
                layer,
                files[draw.number, layer] if start == DECODED else None,
                draw.seed,
                study.optimizer(),
            ),
        )
    results = study.run(jobs)
    rows = measured(results, {"distance": "distance", "psnr_db": "psnr_db"})
    table = frame([*rows, *_times(results)])
    figures = [
        Shown(
            f"arrivals_{layer}",
            f"{layer}: the share of inversions that have come to the loss that inversion from "
            "noise has after its last iteration; those that ended before are censored.",
            arrival_plot(chosen(table, {"measure": TIME, "layer": layer}), x="evaluations"),
        )
        for layer in network.layers
    ]
    return Report(
        "Inversions from decoded images",
        "Each image is recovered from a layer of a random network in "
        f"{study.settings.max_iterations} iterations, once from noise, and once from what a DeCNN "
        "that was trained on that layer makes of the activations in one pass, which is not "
        "counted.",
        table,
        [
            *figures,
            Shown(
                "distances",
                "Means over draws after all iterations, with 95 % t intervals.",
                line_plot(
                    chosen(table, {"measure": "distance"}),
                    x="layer",
                    y="mean Euclidean distance",
                    log=True,
                ),
            ),
            Shown(
                "pictures",
                f"{draws[0].name} after all iterations; below each its PSNR, dB.",
                result_grid(results, "psnr_db", source=read_picture(draws[0].image, study.folder)),
            ),
        ],
    )


def _times(results: Mapping[Sample, JobResult]) -> list[dict[str, Any]]:
    """Returns after how many evaluations either start came to noise's last loss, or was seen."""
    rows = []
    for sample, result in results.items():
        mark = results.get(sample._replace(network=NOISE))
        if mark is not None:
            reached = evaluations_to(result.trace, mark.values["loss"])
            time = result.values["evaluations"] if reached is None else reached
            rows.append(row(sample, TIME, time, censored=reached is None))
    return rows


def evaluations_to(trace: Sequence[Mapping[str, Any]], loss: float) -> int | None:
    """Returns after how many evaluations a run had at most a loss, or None if it never had.

    That of the start counts as one.
    """
    reached = (max(1, each["evaluations"]) for each in trace if each["loss"] <= loss)
    return next(reached, None)
