"""TensorFlow Serving's REST interface."""

import contextlib
import json
import os
import socket
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np
import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from rwkeras.serving.client.columns import from_columns, to_columns
from rwkeras.serving.client.deadline import Deadline, retried
from rwkeras.serving.client.errors import ServingError
from rwkeras.serving.client.messages import read_metadata, read_status
from rwkeras.serving.client.metadata import Metadata, Signature, VersionStatus
from rwkeras.serving.client.transport import ModelSpec

# gRPC's names of the statuses that TensorFlow Serving answers with.
_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_BUSY = (429, 503)

_T = TypeVar("_T")


class Rest:
    """A `Transport` over HTTP.

    Args:
        address: "http://HOST:PORT", a path before "/v1" included.
        model: The model.
        retries: How often a request is sent again at most.
    """

    # This signature has no options, which over REST, unlike gRPC, could not be omitted.
    signature_name = "rest"

    def __init__(self, address: str, model: ModelSpec, retries: int):
        self._url = f"{address.rstrip('/')}/v1/models/{quote(model.name, safe='')}"
        if model.version is not None:
            self._url += f"/versions/{model.version}"
        if model.label is not None:
            self._url += f"/labels/{quote(model.label, safe='')}"
        self._retries = retries
        self._sessions = _Sessions()

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """See `Transport`."""
        body = json.dumps({"signature_name": name, "inputs": to_columns(inputs)}).encode()
        return self._request(
            ":predict",
            lambda answer: from_columns(answer["outputs"], signature.outputs),
            deadline,
            body,
        )

    def metadata(self, deadline: Deadline) -> Metadata:
        """See `Transport`."""
        return self._request("/metadata", read_metadata, deadline)

    def status(self, deadline: Deadline) -> list[VersionStatus]:
        """See `Transport`."""
        return self._request("", read_status, deadline)

    def close(self) -> None:
        """See `Transport`."""
        self._sessions.close()

    def _request(
        self, path: str, read: Callable[[Any], _T], deadline: Deadline, body: bytes | None = None
    ) -> _T:
        """Sends a request and returns its JSON answer as converted by `read`."""
        url = self._url + path
        answer = retried(lambda: self._send(url, deadline, body), deadline, self._retries)
        try:
            return read(json.loads(answer))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ServingError(f"The server at {url} is not TensorFlow Serving") from error

    def _send(self, url: str, deadline: Deadline, body: bytes | None) -> bytes:
        """Sends a GET or, with a body, a POST, and returns the content of the answer."""
        try:
            with (
                self._sessions.own().request(
                    "GET" if body is None else "POST",
                    url,
                    data=body,
                    headers={"Content-Type": "application/json"},
                    timeout=deadline.remaining(),
                    allow_redirects=False,  # A redirected POST would become a GET.
                    stream=True,
                ) as response,
                _close_at_deadline(response, deadline),
            ):
                content = response.content
        except requests.RequestException as error:
            if isinstance(error, requests.Timeout) or deadline.passed:
                raise deadline.error() from error
            raise ServingError(
                f"No response from {url}: {_reason(error)}", "UNAVAILABLE"
            ) from error
        deadline.remaining()
        if response.status_code == 200:
            return content
        code = _CODES.get(response.status_code, "UNKNOWN")
        retry_after = _retry_after(response) if response.status_code in _BUSY else None
        raise ServingError(_message(response, content), code, retry_after)


class _Sessions:
    """A session of requests per thread, as sessions are not thread-safe.

    Each keeps its connections open for the thread's next request, until the thread ends.
    """

    def __init__(self):
        self._local = threading.local()
        self._lock = threading.Lock()
        self._all = weakref.WeakSet[requests.Session]()

    def own(self) -> requests.Session:
        """Returns the calling thread's session."""
        if not hasattr(self._local, "session"):
            session = requests.Session()
            with self._lock:
                self._all.add(session)
            self._local.session = session
        return self._local.session

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            sessions = list(self._all)
        for session in sessions:
            session.close()


@contextlib.contextmanager
def _close_at_deadline(response: requests.Response, deadline: Deadline) -> Iterator[None]:
    """Shuts down a connection at the deadline, as the timeout of requests restarts on each read."""
    if response.raw.closed:  # No content, or short content that has already been read.
        yield
        return
    with socket.socket(fileno=os.dup(response.raw.fileno())) as connection:

        def end() -> None:
            with contextlib.suppress(OSError):  # Already closed by the server.
                connection.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(deadline.remaining(), end)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _message(response: requests.Response, content: bytes) -> str:
    """Returns the error message in TensorFlow Serving's answer, or else the HTTP status."""
    try:
        return str(json.loads(content)["error"])
    except (KeyError, TypeError, ValueError):
        return f"HTTP {response.status_code} {response.reason}"


def _retry_after(response: requests.Response) -> float:
    """Returns the seconds in the Retry-After header; 0 without one."""
    try:
        return float(Retry().parse_retry_after(response.headers.get("Retry-After", "")))
    except InvalidHeader:
        return 0.0


def _reason(error: BaseException) -> str:
    """Returns the operating system's message for a failed connection, or else the error's."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error)
