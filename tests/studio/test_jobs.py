import dataclasses
import json

import pytest

from rwkeras.studio.jobs import STATES, Job, parse_job
from rwkeras.studio.names import new_job_name
from tests.studio.support import DIGESTS, recipe


def test_a_job_round_trips_through_json():
    job = Job(
        new_job_name(), recipe(stop=(3, 4)), "stopped", "g", (DIGESTS[0], "jpg"), "d", "e", 2.5
    )
    assert parse_job(job.to_json()) == job


def test_json_keys():
    assert list(json.loads(Job(new_job_name(), recipe()).to_json())) == [
        "name", "recipe", "state", "group", "wanted", "digest", "error", "seconds",
    ]  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_ended_states(state):
    job = dataclasses.replace(Job(new_job_name(), recipe()), state=state)
    assert job.ended is (state in ("done", "stopped", "failed"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "../../etc"}, "`job`. Expected the JSON of a job. Received: job="),
        ({"state": "lost"}, "`state`. Expected one of 'waiting', 'running', 'done', 'stopped', "),
    ],
)
def test_errors(changes, message):
    values = json.loads(Job(new_job_name(), recipe()).to_json())
    with pytest.raises(ValueError) as error:
        parse_job(json.dumps({**values, **changes}))
    assert str(error.value).startswith(f"Invalid value for argument {message}")
