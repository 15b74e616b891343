import dataclasses
import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rwkeras.experiments.jobs.inversions import Inversion
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps import jobs
from rwkeras.sweeps.jobs import Manifest, job_key
from tests.sweeps.works import HERE, JOBS, NETWORK, OTHER, THERE, Number

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Anything:
    thing: Any


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_jobs_can_be_pickled(job):
    again = pickle.loads(pickle.dumps(job))
    assert again == job
    assert job_key(again) == job_key(job)
    hash(again.affinity)


def test_keys_are_the_same_in_every_process():
    job = Anything((HERE, 0.1, None, True, "word"))
    code = (
        "from rwkeras.sweeps.jobs import job_key; from tests.sweeps.works import HERE, Number;"
        "from tests.sweeps.test_jobs import Anything;"
        "print(job_key(Number(1)), job_key(Anything((HERE, 0.1, None, True, 'word'))))"
    )
    # With another hash seed, so that sets have another order.
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    keys = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert keys.split() == [job_key(Number(1)), job_key(job)]


def test_keys_are_of_the_code_that_is_run(monkeypatch):
    key = job_key(Number(1))
    monkeypatch.setattr(jobs, "code_digest", lambda module: f"other {module}")
    assert job_key(Number(1)) != key


def test_keys_are_of_what_is_in_files_and_not_of_where_they_are():
    def key(file):
        return job_key(Inversion(NetworkSpec(file=file), file, "conv1_1"))

    assert key(HERE) == key(THERE)
    assert key(HERE) != key(OTHER)


def test_every_field_and_the_kind_of_job_make_another_key():
    others = [
        JOBS[0],
        dataclasses.replace(JOBS[0], seed=4),
        dataclasses.replace(JOBS[0], regularized=True),
        dataclasses.replace(JOBS[0], optimizer=OptimizerSettings(max_iterations=3)),
        dataclasses.replace(JOBS[0], network=dataclasses.replace(NETWORK, seed=1)),
        *JOBS[1:],
    ]
    assert len({job_key(job) for job in others}) == len(others)


def test_what_has_no_key_is_refused():
    with pytest.raises(ValueError) as error:
        Manifest((Anything({1, 2}),))
    assert str(error.value) == (
        "Invalid value for argument `job`. Expected a dataclass of numbers, strings, files, and "
        "tuples and dataclasses of them. Received: job=Anything (Object of type set is not JSON "
        "serializable)"
    )


def test_without_a_file_of_code_there_is_no_key(monkeypatch):
    monkeypatch.setattr(Anything, "__module__", "builtins")
    with pytest.raises(ValueError) as error:
        job_key(Anything(1))
    assert str(error.value).endswith(
        "Received: job=Anything (the module builtins has no source file)"
    )


def test_a_manifest_has_each_job_once():
    manifest = Manifest((Number(2), Number(1), Number(2)))
    assert manifest.jobs == (Number(2), Number(1))
    assert len(manifest) == 2
