from rwkeras.experiments.inversion import convergence
from rwkeras.experiments.table import Sample
from rwkeras.sweeps.jobs import JobResult

SAMPLE = Sample(0, "a", 0, "p", "stride 16")


def run(distances, every):
    trace = [{"iteration": every * n, "distance": d} for n, d in enumerate(distances)]
    values = {"distance": distances[-1], "iterations": trace[-1]["iteration"]}
    return {SAMPLE: JobResult(values, {}, trace)}


def test_an_inversion_has_converged_when_it_stays_near_its_end():
    (row,) = convergence._convergence_rows(run([9, 1.04, 3, 1.06, 1.05, 1.0], 50), "")
    assert (row["measure"], row["value"]) == ("iterations to the end", 200)
    assert row["iteration"] is None


def test_one_that_ended_early_stays_where_it_was():
    rows = convergence._convergence_rows(run([9, 3, 2], 10), " (pixels)")
    assert [(r["measure"], r["iteration"], r["value"]) for r in rows] == [
        ("iterations to the end (pixels)", None, 20),
        ("distance (pixels)", convergence.EARLY, 2),
    ]
