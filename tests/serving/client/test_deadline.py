import pytest

from rwkeras.serving.client.deadline import Deadline, retried
from rwkeras.serving.client.errors import ServingError


def failing(*retry_after):
    """Returns a function that fails as often as there are arguments, and then returns "done"."""
    left = list(retry_after)

    def attempt():
        if left:
            raise ServingError("no", "UNAVAILABLE", left.pop(0))
        return "done"

    return attempt


def test_waits_double_or_are_as_long_as_asked_for(recorded_waits):
    assert retried(failing(0, 0, 10, 0), Deadline(100), 4) == "done"
    assert recorded_waits == [0.5, 1, 10, 4]


@pytest.mark.parametrize(
    ("failures", "seconds", "retries"),
    [([0, None], 100, 5), ([0, 0], 100, 1), ([0, 99.9], 99.9, 5)],
)
def test_the_last_error_is_raised(recorded_waits, failures, seconds, retries):
    with pytest.raises(ServingError) as error:
        retried(failing(*failures), Deadline(seconds), retries)
    assert str(error.value) == "no"
    assert recorded_waits == [0.5]


def test_time_passes(monkeypatch):
    now = [50.0]
    monkeypatch.setattr("rwkeras.serving.client.deadline.time.monotonic", lambda: now[0])
    deadline = Deadline(2.5)
    assert (deadline.remaining(), deadline.passed) == (2.5, False)
    now[0] = 52.5
    assert deadline.passed
    with pytest.raises(ServingError) as error:
        deadline.remaining()
    assert (error.value.code, str(error.value)) == (
        "DEADLINE_EXCEEDED",
        "No response within 2.5 seconds",
    )
