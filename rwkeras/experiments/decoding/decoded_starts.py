"""Inversions initialised with a decoder's output instead of noise."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rwkeras.experiments.conditions import by_name, over, purely_random
from rwkeras.experiments.decoding.fits import decoder_layers, fit, fitted
from rwkeras.experiments.figures import arrivals, lines, pictures
from rwkeras.experiments.report import Report, measured
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, chosen, frame, row
from rwkeras.sweeps.jobs import JobResult

NOISE, DECODED = "from noise", "from the decoded image"
TIME = "evaluations to noise's last loss"


def decoded_starts(study: Study) -> Report:
    """Inversions from decoded images.

    Each image is recovered from a layer of a random network twice: starting from noise, and
    starting from the image that a DeCNN trained for the layer decodes from the activations. The
    evaluation of the DeCNN is not counted. Runs that end above the final loss of the run from noise
    are censored.
    """
    draws = study.draws()
    network = purely_random(study, by_name(decoder_layers(study)))
    decoders = fitted(study, over([network], draws, partial(fit, study)))
    jobs = {}
    for sample, decoder in decoders.items():
        draw, layer = draws[sample.draw], sample.layer
        for start, file in ((NOISE, None), (DECODED, decoder.file)):
            job = study.inversion(network.network(draw), draw, layer, decoder=file, report_every=1)
            jobs[sample._replace(network=start)] = job
    results = study.run(jobs)
    table = frame(measured(results, "distance", "psnr_db") + _times(results))
    figures = [
        arrivals(chosen(table, {"layer": layer}), TIME, name=f"arrivals_{layer}")
        for layer in network.layers
    ]
    source = study.picture(draws[0])
    shown = [lines(table, "distance", log=True), pictures(results, "psnr_db", source)]
    return Report(table, [*figures, *shown])


def _times(results: Mapping[Sample, JobResult]) -> list[dict[str, Any]]:
    """Returns rows with the evaluations that each run takes to the final loss of that from noise.

    Runs that do not reach it are censored at their number of evaluations.
    """
    rows = []
    for sample, result in results.items():
        noise = results.get(sample._replace(network=NOISE))
        if noise is not None:
            time = evaluations_to(result.trace, noise.values["loss"])
            seen = result.values["evaluations"] if time is None else time
            rows.append(row(sample, TIME, seen, censored=time is None))
    return rows


def evaluations_to(trace: Sequence[Mapping[str, Any]], loss: float) -> int | None:
    """Returns the number of evaluations after which a run reached a loss, None if it never did.

    The evaluation of the start counts as one.
    """
    reached = (max(1, each["evaluations"]) for each in trace if each["loss"] <= loss)
    return next(reached, None)
