import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import rwkeras
from tests.commands.conftest import check_refused
from tests.conftest import waves
from tests.serving.client.models import REFUSAL, SERVERS, style_model
from tests.serving.wire import ServedError, rest_server
from tests.tools import ROOT


@pytest.fixture
def painting(tmp_path):
    rwkeras.write_image(tmp_path / "painting.jpg", waves(16, 16))
    return tmp_path / "painting.jpg"


@pytest.mark.parametrize("wire", SERVERS)
def test_a_picture_is_painted(run, photo, painting, tmp_path, wire):
    with SERVERS[wire](style_model()) as address:
        process = run(
            "query", f"--address={address}", f"--content={photo}", f"--style={painting}",
            "--option=max_iterations=7", "--option=style_weight=2.5", "--output=out.png",
        )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert process.stdout == "out.png: loss=nan, iterations=7, converged=True\n"
    found = np.asarray(Image.open(tmp_path / "out.png"))
    np.testing.assert_array_equal(found, 255 - np.asarray(Image.open(photo)))
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "painting.jpg", "out.png"}


def test_the_versions_of_a_model(run):
    with rest_server(style_model(versions=(1, 12))) as address:
        process = run("query", f"--address={address}", "--status")
        assert process.stdout == "version 1: AVAILABLE\nversion 12: AVAILABLE\n"
        check_refused(
            run("query", f"--address={address}", "--status", "--kind=texture"),
            "error: Servable not found for request: Latest(multiscale_texture)",
        )


def test_rest_does_without_tensorflow(photo, painting, tmp_path):
    code = """
import atexit, sys
from rwkeras.commands import run_query
atexit.register(lambda: print([m for m in ("tensorflow", "keras") if m in sys.modules]))
run_query()
"""
    with rest_server(style_model()) as address:
        arguments = [f"--address={address}", f"--content={photo}", f"--style={painting}"]
        process = subprocess.run(
            [sys.executable, "-c", code, *arguments, "--output=out.png"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
    assert process.stdout.endswith("\n[]\n"), process.stderr
    assert (tmp_path / "out.png").exists()


BAD = {
    "a folder": (["--output=."], "`output`", "a file, not a folder"),
    "another format": (["--output=out.jpg"], "`output`", "ends in .png", "out.jpg"),
    "no folder": (["--output=no/out.png"], "a file in an existing folder"),
    "no picture": (["--style=no.png"], "`style`", "the path of an existing file", "no.png"),
    "another kind's": (["--source=a.png"], "`source`", "None with --kind=style"),
    "missing": (["--kind=invert"], "`content`", "None with --kind=invert"),
    "not a number": (["--option=seed=x"], "`option`", "NAME=NUMBER", "seed=x"),
    "not an option": (["--option=sead=1"], "did you mean 'seed'?"),
    "another type": (["--option=seed=1.5"], "`seed`", "values of type int64"),
    "address": (["--address=localhost"], "`address`", '"HOST:PORT" for gRPC'),
    "version": (["--version=9"], "Specific(multiscale_style, 9)"),
    "version and label": (["--version=1", "--label=x"], "`label`"),
    "timeout": (["--timeout=0"], "`timeout`", "greater than 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_nonsense(run, photo, painting, tmp_path, case):
    arguments, *expected = BAD[case]
    given = [f"--content={photo}", f"--style={painting}", "--output=out.png"]
    (tmp_path / "out.png").write_text("precious")
    with rest_server(style_model()) as address:
        process = run("query", f"--address={address}", *given, *arguments)
    check_refused(process, *expected)
    assert (tmp_path / "out.png").read_text() == "precious"


def test_the_servers_own_words(run, photo, painting):
    failures = [ServedError("INVALID_ARGUMENT", REFUSAL + "\n\t [[{{node decode}}]]")]
    with rest_server(style_model(failures=failures)) as address:
        process = run(
            "query", f"--address={address}", f"--content={photo}", f"--style={painting}",
            "--output=out.png",
        )  # fmt: skip
    check_refused(process, REFUSAL + " [[{{node decode}}]]")


def test_usage(run):
    process = run("query", "--output=out.png")
    assert process.returncode == 1
    assert "--address" in process.stderr
