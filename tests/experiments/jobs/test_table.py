import csv
import io

from rwkeras.experiments.jobs.grid import inversion_grid
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.table import csv_bytes, results_table
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult, Manifest, job_key
from rwkeras.sweeps.store import Failure, Store
from tests.sweeps.works import Number

IMAGE = FileRef("images/a.png", "0" * 64)


def test_a_table_says_what_was_asked_and_what_came_of_it(tmp_path):
    store = Store(str(tmp_path))
    networks = [NetworkSpec("toy_vgg", seed=seed) for seed in (0, 1)]
    manifest = inversion_grid([IMAGE], ["conv1_1", "conv2_1"], [7], networks, OptimizerSettings())
    done, failed, waiting, _ = manifest.jobs
    store.write(done, JobResult({"psnr_db": 30.5}))
    store.record_failure(failed, Failure("no luck", "Traceback"))
    rows = results_table(manifest, store)
    assert rows[0] == {
        "key": job_key(done),
        "network": "toy_vgg",
        "network.seed": 0,
        "image": "images/a.png",
        "layer": "conv1_1",
        "seed": 7,
        "regularized": False,
        "state": "done",
        "reason": "",
        "psnr_db": 30.5,
    }
    assert {name: rows[1][name] for name in ("layer", "state", "reason", "psnr_db")} == {
        "layer": "conv2_1",
        "state": "failed",
        "reason": "no luck",
        "psnr_db": "",
    }
    assert [row["network.seed"] for row in rows] == [0, 0, 1, 1]
    assert [row["state"] for row in rows] == ["done", "failed", "waiting", "waiting"]
    assert rows[2]["key"] == job_key(waiting)
    assert len({tuple(row) for row in rows}) == 1


def test_networks_go_by_their_titles(tmp_path):
    file = FileRef("networks/mine.keras", "1" * 64)
    networks = [NetworkSpec("toy_vgg", reference=IMAGE), NetworkSpec(file=file)]
    manifest = inversion_grid([IMAGE], ["conv1_1"], [0], networks, OptimizerSettings())
    rows = results_table(manifest, Store(str(tmp_path)))
    found = {name: [row[name] for row in rows] for name in rows[0] if name.startswith("network")}
    assert found == {
        "network": ["toy_vgg", "mine"],
        "network.reference": ["images/a.png", None],
    }


def test_jobs_of_several_kinds_share_a_table(tmp_path):
    networks = [NetworkSpec("toy_vgg")]
    grid = inversion_grid([IMAGE], ["conv1_1"], [0], networks, OptimizerSettings())
    rows = results_table(Manifest((*grid.jobs, Number(3))), Store(str(tmp_path)))
    assert len({tuple(row) for row in rows}) == 1
    assert [row["number"] for row in rows] == ["", 3]
    assert [row["layer"] for row in rows] == ["conv1_1", ""]


def test_csv_is_read_as_it_was_written():
    rows = [{"a": 1, "reason": 'said "no", twice'}, {"a": 2.5, "reason": ""}]
    text = csv_bytes(rows).decode()
    assert list(csv.DictReader(io.StringIO(text))) == [
        {"a": "1", "reason": 'said "no", twice'},
        {"a": "2.5", "reason": ""},
    ]
