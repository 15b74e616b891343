"""A SavedModel in a process of its own, which never imports Python's TensorFlow.

The tests have imported it already, and two TensorFlows do not share a process.
"""

import os
import pickle
import subprocess
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import numpy as np

from tests.serving.c_api import StatusError
from tests.serving.served import ServedModel

ROOT = Path(__file__).parents[2]


class Remote:
    """A `ServedModel` in another process.

    Its methods raise what raises there: StatusError as it is, all else as a RuntimeError with the
    traceback.

    Attributes:
        patience: After how many seconds without an answer the process is killed.
    """

    def __init__(
        self,
        export_dir: str | Path,
        tags: Sequence[str] = ("serve",),
        config: bytes | None = None,
        *,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Starts the process and loads the SavedModel.

        Args:
            export_dir: The SavedModel's folder.
            tags: All the tags of the graph to load.
            config: A serialized ConfigProto, or None for TensorFlow's own settings.
            env: Environment variables to change.

        Raises:
            StatusError: The SavedModel cannot be loaded, or its initialization failed.
        """
        # A bare server has neither the log nor the accelerators that happen to be here.
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}
        path = os.pathsep.join([str(ROOT), *sys.path])
        self.patience: float = 300
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.serving.c_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **quiet, "PYTHONPATH": path, **(env or {})},
        )
        try:
            self._ask("load", str(export_dir), tuple(tags), config)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def predict(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """See `ServedModel.predict`."""
        return self._ask("predict", signature_name, dict(inputs), timeout)

    def predict_often(
        self,
        times: int,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        timeout: float | None = None,
        threads: int = 1,
    ) -> dict[str, int]:
        """Answers one request many times, so many at a time as `threads`; the answers are dropped.

        Returns:
            How often each status came, "OK" among them.
        """
        return self._ask("predict_often", times, threads, signature_name, dict(inputs), timeout)

    def run(
        self,
        feeds: Mapping[str, np.ndarray],
        fetches: Sequence[str],
        timeout: float | None = None,
    ) -> list[np.ndarray]:
        """See `tests.serving.c_api.Session.run`."""
        return self._ask("run", dict(feeds), list(fetches), timeout)

    def memory(self) -> int:
        """Returns the bytes of memory that the process keeps resident."""
        return self._ask("memory")

    def threads(self) -> int:
        """Returns how many threads the process has."""
        return self._ask("threads")

    def tensorflow_imported(self) -> bool:
        """Returns whether the process has imported Python's TensorFlow."""
        return self._ask("tensorflow_imported")

    def close(self) -> None:
        """Ends the process."""
        # It ends by itself at the end of its input.
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(self.patience)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        finally:
            self._process.stdout.close()

    def __enter__(self) -> "Remote":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, *request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = threading.Timer(self.patience, self._process.kill)
        timer.start()
        try:
            pickle.dump(request, self._process.stdin)
            self._process.stdin.flush()
            outcome, *answer = pickle.load(self._process.stdout)
        except (EOFError, BrokenPipeError):
            code = self._process.wait()
            raise RuntimeError(f"the worker ended with exit code {code}") from None
        finally:
            timer.cancel()
        if outcome == "status":
            raise StatusError(*answer)
        if outcome == "exception":
            raise RuntimeError(*answer)
        return answer[0]


class Worker:
    """What answers the requests: each method is a kind of request."""

    def load(self, export_dir: str, tags: Sequence[str], config: bytes | None) -> None:
        self._model = ServedModel(export_dir, tags, config)

    def predict(self, *arguments: Any) -> dict[str, np.ndarray]:
        return self._model.predict(*arguments)

    def predict_often(self, times: int, threads: int, *arguments: Any) -> dict[str, int]:
        def code(_: int) -> str:
            try:
                self._model.predict(*arguments)
            except StatusError as error:
                return error.code
            return "OK"

        with ThreadPoolExecutor(threads) as pool:
            return dict(Counter(pool.map(code, range(times))))

    def run(self, *arguments: Any) -> list[np.ndarray]:
        return self._model.session.run(*arguments)

    def memory(self) -> int:
        return _proc_status("VmRSS") * 1024  # it is in kB

    def threads(self) -> int:
        return _proc_status("Threads")

    def tensorflow_imported(self) -> bool:
        return "tensorflow" in sys.modules

    def close(self) -> None:
        if hasattr(self, "_model"):
            self._model.close()


def _proc_status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0])
    raise KeyError(field)


def answer_all(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answers requests until there are no more."""
    worker = Worker()
    while True:
        try:
            kind, *arguments = pickle.load(requests)
        except EOFError:
            break
        answer: tuple[Any, ...]
        try:
            answer = ("value", getattr(worker, kind)(*arguments))
        except StatusError as error:
            answer = ("status", error.code, error.message)
        except Exception:
            answer = ("exception", traceback.format_exc())
        pickle.dump(answer, answers)
        answers.flush()
    worker.close()


if __name__ == "__main__":
    # Whatever else is printed goes with the errors.
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer_all(sys.stdin.buffer, channel)
