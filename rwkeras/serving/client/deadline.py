"""Deadlines of calls, and retries within them."""

import itertools
import time
from collections.abc import Callable
from typing import TypeVar

from rwkeras.serving.client.errors import ServingError

# The wait before the second attempt, which doubles from one attempt to the next.
_FIRST_WAIT = 0.5

_T = TypeVar("_T")


class Deadline:
    """The time by which a call must have ended, all its attempts together.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._end

    def left(self) -> float:
        """Returns the seconds that are left, more than 0; raises `ServingError` if none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.error()
        return left

    def error(self) -> ServingError:
        """Returns the error that the time has passed."""
        return ServingError(f"No answer within {self._seconds:g} seconds", "DEADLINE_EXCEEDED")

    def wait(self, seconds: float) -> bool:
        """Waits, unless the time would have passed then; returns whether it did."""
        if time.monotonic() + seconds >= self._end:
            return False
        time.sleep(seconds)
        return True


def retried(attempt: Callable[[], _T], deadline: Deadline, retries: int) -> _T:
    """Returns what a call returns, which is made again when its error says that it may be.

    Args:
        attempt: Makes the call once.
        deadline: Until when another attempt may begin; if the next would be later, the last one's
            error is raised at once.
        retries: How often it is made again at most.
    """
    for attempts in itertools.count():
        try:
            return attempt()
        except ServingError as error:
            if error.retry_after is None or attempts == retries:
                raise
            if not deadline.wait(max(error.retry_after, _FIRST_WAIT * 2**attempts)):
                raise
    raise AssertionError("the loop has no end")
