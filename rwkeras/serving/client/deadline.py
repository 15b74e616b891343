"""Deadlines of calls, and retries within them."""

import time
from collections.abc import Callable
from typing import TypeVar

from urllib3.exceptions import MaxRetryError
from urllib3.util import Retry

from rwkeras.serving.client.errors import ServingError

# Seconds before the second attempt; doubled before each further one.
_FIRST_WAIT = 0.5

_T = TypeVar("_T")


class Deadline:
    """Deadline of a call, including all its attempts.

    Args:
        seconds: Seconds from now.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._end

    def remaining(self) -> float:
        """Returns the seconds left, more than 0; raises `ServingError` if none are left."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise self.error()
        return seconds

    def error(self) -> ServingError:
        """Returns the error for a passed deadline."""
        return ServingError(f"No response within {self._seconds:g} seconds", "DEADLINE_EXCEEDED")

    def wait(self, seconds: float) -> bool:
        """Waits, unless the deadline would pass meanwhile; returns whether it waited."""
        if time.monotonic() + seconds >= self._end:
            return False
        time.sleep(seconds)
        return True


class _Backoff(Retry):
    """urllib3's count of retries, with waits from the first retry on."""

    def get_backoff_time(self) -> float:
        """Returns the seconds before the next attempt."""
        return self.backoff_factor * 2 ** (len(self.history) - 1)


def retried(attempt: Callable[[], _T], deadline: Deadline, retries: int) -> _T:
    """Calls a function, retrying after errors with `retry_after`, and returns its result.

    Args:
        attempt: Makes one attempt.
        deadline: Time by which an attempt must begin; if the next one would be later, the last
            error is raised at once.
        retries: Maximum number of retries.
    """
    policy = _Backoff(total=retries, backoff_factor=_FIRST_WAIT)
    while True:
        try:
            return attempt()
        except ServingError as error:
            if error.retry_after is None:
                raise
            try:
                policy = policy.increment(error=error)
            except MaxRetryError:
                raise error from None
            if not deadline.wait(max(error.retry_after, policy.get_backoff_time())):
                raise
