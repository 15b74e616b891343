"""The real tensorflow_model_server, where there is one."""

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

_ROOT = Path(__file__).parents[2]
_NAME, _VARIABLE = "tensorflow_model_server", "TENSORFLOW_MODEL_SERVER"


class Addresses(NamedTuple):
    """Where a server is reached."""

    rest: str
    rpc: str
    pid: int


def find() -> str | None:
    """Returns the program's path, or None if there is none."""
    return os.environ.get(_VARIABLE) or shutil.which(_NAME)


def require() -> str:
    """Returns the program's path; skips the test if there is none."""
    program = find()
    if program is None:
        pytest.skip(f"needs {_NAME} on PATH or in {_VARIABLE}")
    return program


@pytest.fixture
def model_server():
    """Returns `running`; skips the test where there is no server to run."""
    require()
    return running


def program_of(path: Path, *command: object) -> Path:
    """Writes a program that hands on its arguments to a command; returns its path."""
    path.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n')
    path.chmod(0o755)
    return path


def stand_in_program(path: Path) -> Path:
    """Writes a program that takes the server's place, and its flags; returns its path."""
    return program_of(path, sys.executable, "-m", "tests.serving.stand_in")


def wait_until_available(
    rest: str, name: str, process: subprocess.Popen, seconds: float = 120
) -> None:
    """Waits until all versions of a model are available.

    Args:
        rest: The server's address, "http://...".
        name: The model's.
        process: Which must not end before.
        seconds: How long to wait.

    Raises:
        RuntimeError: It ended, or has taken longer.
    """
    end = time.monotonic() + seconds
    while not _available(f"{rest}/v1/models/{name}"):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args[0]} serves nothing")
        time.sleep(0.1)


def free_ports(count: int) -> list[int]:
    """Returns ports that nothing listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [sock.getsockname()[1] for sock in sockets]


@contextlib.contextmanager
def running(
    folder: str | os.PathLike[str], name: str, seconds: float = 120, *, stand_in: bool = False
) -> Iterator[Addresses]:
    """Runs a server until the block ends.

    Args:
        folder: The model's, which has a folder for each version.
        name: The model's name.
        seconds: How long to wait until a version is available.
        stand_in: Whether `tests.serving.stand_in` takes the place of a server that is not there.

    Yields:
        Where it is reached.

    Raises:
        RuntimeError: It ended, or no version has become available; with what it wrote.
    """
    rest, rpc = free_ports(2)
    program = [str(find())]
    if stand_in and find() is None:
        program = [sys.executable, "-m", "tests.serving.stand_in"]
    command = [
        *program,
        f"--port={rpc}",
        f"--rest_api_port={rest}",
        "--rest_api_timeout_in_ms=600000",
        "--tensorflow_inter_op_parallelism=8",
        f"--model_name={name}",
        f"--model_base_path={Path(folder).absolute()}",
    ]
    with tempfile.TemporaryFile("w+") as log:
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        try:
            try:
                wait_until_available(f"http://127.0.0.1:{rest}", name, process, seconds)
            except RuntimeError as error:
                log.seek(0)
                raise RuntimeError(f"{error}:\n{log.read()[-4000:]}") from error
            yield Addresses(f"http://127.0.0.1:{rest}", f"127.0.0.1:{rpc}", process.pid)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _available(url: str) -> bool:
    try:
        answer = requests.get(url, timeout=5)
    except requests.RequestException:
        return False
    versions = answer.json()["model_version_status"] if answer.ok else []
    return bool(versions) and all(version["state"] == "AVAILABLE" for version in versions)
