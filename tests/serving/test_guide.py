"""The examples of docs/serving.md, run on small pictures; containers and metrics are not there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap

import pytest

import rwkeras
from rwkeras.networks.loading import load_network
from rwkeras.serving import Client, export_decoder
from rwkeras.serving.versions import versions
from tests.conftest import waves
from tests.serving import model_server as servers
from tests.tools import ROOT, path_of, run_here

GUIDE = (ROOT / "docs" / "serving.md").read_text()
COMMANDS = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
(PYTHON,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def commands(name):
    """Returns the arguments of a tool's examples."""
    return [shlex.split(each)[1:] for each in COMMANDS if each.split()[0] == name]


DOCKERS = ["--server=docker", "--print_config"]
EXPORTS, SERVERS, QUERIES = map(commands, ("rwkeras-export", "rwkeras-serve", "rwkeras-query"))


@pytest.fixture(scope="module")
def work_folder(tmp_path_factory):
    """Where the examples find their files, and leave theirs."""
    folder = tmp_path_factory.mktemp("guide")
    for name in ("photo", "texture"):
        rwkeras.write_image(folder / f"{name}.jpg", waves(40, 48))
    rwkeras.write_image(folder / "painting.jpg", waves(48, 40))
    toy = rwkeras.toy_vgg()
    rwkeras.decnn(toy, "conv2_1", rwkeras.decoder(toy, "conv2_1")).save(folder / "decoder.keras")
    return folder


@pytest.fixture(scope="module")
def addresses(work_folder, exported):
    """By what a person's words for an address are to be replaced."""
    shutil.copytree(exported, work_folder / "models" / "painter")
    export_decoder(
        load_network(str(work_folder / "decoder.keras")), work_folder / "models" / "decoder"
    )
    program = servers.find() or servers.stand_in_program(work_folder / "server")
    port, rest_port = servers.free_ports(2)
    flags = [f"--server={program}", f"--port={port}", f"--rest_port={rest_port}"]
    tool = subprocess.Popen(
        [sys.executable, path_of("serve"), *SERVERS[-1], *flags],
        cwd=work_folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        servers.wait_until_available(f"http://localhost:{rest_port}", "painter", tool)
        with Client(f"localhost:{port}", model="painter") as client:
            assert [each.state for each in client.status()] == ["AVAILABLE", "AVAILABLE"]
        yield {"localhost:8500": f"localhost:{port}", "localhost:8501": f"localhost:{rest_port}"}
    finally:
        tool.terminate()
        tool.wait()


@pytest.fixture
def in_work_folder(work_folder, monkeypatch):
    (work_folder / "painted.png").unlink(missing_ok=True)
    monkeypatch.chdir(work_folder)
    return work_folder


def replace_addresses(text, addresses):
    for address, replacement in addresses.items():
        text = text.replace(address, replacement)
    return text


def test_there_are_examples():
    assert (len(EXPORTS), len(SERVERS), len(QUERIES)) == (4, 4, 3)
    assert len(EXPORTS + SERVERS + QUERIES) == len(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_models_are_exported(work_folder, tmp_path, monkeypatch, number):
    for name in ("photo.jpg", "texture.jpg", "painting.jpg", "decoder.keras"):
        shutil.copy(work_folder / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    process = run_here("export", [*EXPORTS[number], "--nowarmup"])
    assert process.returncode == 0, process.stderr
    (folder,) = (each.partition("=")[2] for each in EXPORTS[number] if "output_dir" in each)
    assert versions(folder) == [1]
    assert sum(path.stat().st_size for path in (tmp_path / folder / "1").rglob("*")) < 10**6


@pytest.mark.parametrize("number", range(4))
def test_the_server_is_told_of_them(tmp_path, monkeypatch, number):
    for version in ("1", "2"):
        (tmp_path / "models" / "painter" / version).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    given = [each for each in SERVERS[number] if each not in DOCKERS]
    process = run_here("serve", [*given, *DOCKERS])
    assert process.returncode == 0, process.stderr
    assert 'base_path: "/models/painter"' in process.stdout
    assert ('key: "canary" value: 2' in process.stdout) == (number == 3)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_it_is_asked_with_curl(addresses, in_work_folder):
    blocks = re.findall(r"(?:^    .*\n|^\n)+", GUIDE, re.MULTILINE)
    (block,) = [block for block in blocks if ":predict" in block]
    for label in ("", "/labels/canary"):
        command = replace_addresses(textwrap.dedent(block), addresses)
        command = command.replace("painter:predict", f"painter{label}:predict")
        subprocess.run(command, shell=True, check=True, timeout=300)
        assert rwkeras.read_image(in_work_folder / "painted.png").shape == (40, 48, 3)
        (in_work_folder / "painted.png").unlink()
    assert "painter/labels/canary:predict" in GUIDE


@pytest.mark.slow
def test_it_is_asked_in_python(addresses, in_work_folder):
    names: dict = {}
    exec(
        replace_addresses(PYTHON, addresses).replace("max_iterations=50", "max_iterations=5"), names
    )
    assert names["reply"].iterations.tolist() == [5]
    assert rwkeras.read_image(in_work_folder / "painted.png").shape == (40, 48, 3)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_it_is_asked_with_the_tool(addresses, in_work_folder, number):
    arguments = [replace_addresses(each, addresses) for each in QUERIES[number]]
    decodes = "--kind=decoder" in arguments
    process = run_here("query", arguments + ([] if decodes else ["--option=max_iterations=5"]))
    assert process.returncode == 0, process.stderr
    name = "decoded.png" if decodes else "painted.png"
    assert rwkeras.read_image(in_work_folder / name).shape == (40, 48, 3)
