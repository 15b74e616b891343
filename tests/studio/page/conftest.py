"""Fixtures: a studio in a process of its own, and a browser on its page."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import rwkeras
from tests.conftest import waves
from tests.tools import path_of

CHROMIUM = shutil.which("chromium")
# As root, and in a container whose shared memory is small.
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]
_START_SECONDS = 30


class Studio:
    """A studio in a process of its own.

    Args:
        folder: Folder of the studio.
        arguments: Further command-line arguments.
    """

    def __init__(self, folder: Path, *arguments: str):
        self.folder, self._arguments = folder, arguments
        with socket.socket() as free_socket:
            free_socket.bind(("127.0.0.1", 0))
            self.port = free_socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._log = folder.with_suffix(".log")
        self.start()

    def start(self) -> None:
        """Starts the process and waits until it serves the page."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        flags = (f"--folder={self.folder}", f"--port={self.port}", "--noopen")
        with open(self._log, "a") as log:
            self.process = subprocess.Popen(
                [sys.executable, path_of("studio"), *flags, *self._arguments],
                env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        started_at = time.monotonic()
        while True:
            try:
                with urllib.request.urlopen(self.url, timeout=10) as page:
                    page.read()
                break
            except urllib.error.HTTPError:
                break  # The page is served, and requires a token.
            except OSError:
                assert self.process.poll() is None, self.log_text()
                assert time.monotonic() - started_at < _START_SECONDS, self.log_text()
                time.sleep(0.05)
        self.seconds = time.monotonic() - started_at

    def log_text(self) -> str:
        return self._log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stops the process by a signal."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(40)


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("needs a browser: apt-get install chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    pytest.importorskip("nicegui")
    started = Studio(tmp_path_factory.mktemp("studio") / "studio")
    yield started
    started.stop()


@pytest.fixture
def page(browser, studio):
    """The page in a browser context of its own, with the URLs that it requested."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(240_000)
    page = context.new_page()
    page.requested_urls, page.script_errors = [], []
    page.on("request", lambda request: page.requested_urls.append(request.url))
    page.on("pageerror", lambda error: page.script_errors.append(str(error)))
    page.goto(studio.url)
    page.get_by_role("heading", name="rwkeras studio").wait_for()
    page.get_by_role("tab", name="Style").click()
    yield page
    assert page.script_errors == []
    context.close()


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A photograph and a painting, as files."""
    folder = tmp_path_factory.mktemp("dropped")
    rwkeras.write_image(folder / "photograph.png", waves(48, 64))
    grain = np.random.default_rng(3).random((48, 48, 3)).astype(np.float32)
    rwkeras.write_image(folder / "painting.jpg", 0.5 * waves(48, 48)[:, ::-1] + 0.5 * grain)
    return folder
