"""Inversions initialised with a decoder's output instead of noise."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rwkeras.experiments.conditions import by_name, condition_jobs, purely_random
from rwkeras.experiments.decoding.fits import decoder_layers, fit_job, train_decoders
from rwkeras.experiments.figures import arrival_curves, lines, pictures
from rwkeras.experiments.report import Report, value_rows
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample, frame, row, select_rows
from rwkeras.sweeps.jobs import JobResult

FROM_NOISE, FROM_DECODED_IMAGE = "from noise", "from the decoded image"
EVALUATIONS = "evaluations to noise's last loss"


def decoded_starts(study: Study) -> Report:
    """Inversions from decoded images.

    Each image is recovered from a layer of a random network twice: starting from noise, and
    starting from the image that a DeCNN trained for the layer decodes from the activations. The
    evaluation of the DeCNN is not counted. Runs that end above the final loss of the run from noise
    are censored.
    """
    draws = study.draws()
    network = purely_random(study, by_name(decoder_layers(study)))
    decoders = train_decoders(study, condition_jobs([network], draws, partial(fit_job, study)))
    jobs = {}
    for sample, decoder in decoders.items():
        draw, layer = draws[sample.draw], sample.layer
        for start, file in ((FROM_NOISE, None), (FROM_DECODED_IMAGE, decoder.file)):
            job = study.inversion(network.network(draw), draw, layer, decoder=file, report_every=1)
            jobs[sample._replace(network=start)] = job
    results = study.run(jobs)
    table = frame(value_rows(results, "distance", "psnr_db") + _evaluation_rows(results))
    figures = [
        arrival_curves(select_rows(table, {"layer": layer}), EVALUATIONS, name=f"arrivals_{layer}")
        for layer in network.layers
    ]
    source = study.picture(draws[0])
    shown = [lines(table, "distance", log=True), pictures(results, "psnr_db", source)]
    return Report(table, [*figures, *shown])


def _evaluation_rows(results: Mapping[Sample, JobResult]) -> list[dict[str, Any]]:
    """Returns rows with the evaluations that each run takes to the final loss of that from noise.

    Runs that do not reach it are censored at their number of evaluations.
    """
    rows = []
    for sample, result in results.items():
        noise = results.get(sample._replace(network=FROM_NOISE))
        if noise is not None:
            time = evaluations_until(result.trace, noise.values["loss"])
            evaluations = result.values["evaluations"] if time is None else time
            rows.append(row(sample, EVALUATIONS, evaluations, censored=time is None))
    return rows


def evaluations_until(trace: Sequence[Mapping[str, Any]], loss: float) -> int | None:
    """Returns the number of evaluations after which a run reached a loss, None if it never did.

    The evaluation of the start counts as one.
    """
    reached = (max(1, each["evaluations"]) for each in trace if each["loss"] <= loss)
    return next(reached, None)
