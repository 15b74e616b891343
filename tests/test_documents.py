"""Runs every example of the README and the guides, unchanged, on small pictures.

Those on serving are run in `tests/serving/test_guide.py`.
"""

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

import rwkeras
from rwkeras.experiments.registry import EXPERIMENTS
from tests.conftest import waves
from tests.tools import ROOT, run_here

README = (ROOT / "README.md").read_text()
PAGES = {
    path.name: path.read_text()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if path.name != "serving.md"
}
TEXT = "".join(PAGES.values())


def examples(language):
    """Returns the examples in a language, in order, without duplicates."""
    return list(dict.fromkeys(re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)))


PYTHON, COMMANDS = examples("python"), examples("sh")
# Replaces the default image size; a few iterations are enough to run a command.
QUICK = ["--image_size=48", "--max_iterations=4"]
OWN_QUICK = {
    "rwkeras-stack": ["--image_size=32", "--max_iterations=2", "--architecture=toy_vgg"],
    "rwkeras-experiment": ["--quick", "--max_iterations=2", "--training_steps=2"],
    "rwkeras-train-decoder": [
        "--network=toy_vgg",
        "--crop_size=32",
        "--steps=10",
        "--epoch_steps=5",
    ],
    "rwkeras-decode": [],
    "rwkeras-sweep": [*QUICK, "--networks=toy_vgg"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("photo", "texture"):
        rwkeras.write_image(tmp_path / f"{name}.jpg", waves(48, 48))
    rwkeras.write_image(tmp_path / "painting.jpg", waves(48, 48)[:, ::-1] ** 2)
    (tmp_path / "photos").mkdir()
    for name in ("one", "two"):
        rwkeras.write_image(tmp_path / "photos" / f"{name}.jpg", waves(48, 48))
    toy = rwkeras.toy_vgg()
    rwkeras.decnn(toy, "conv2_1", rwkeras.decoder(toy, "conv2_1")).save(tmp_path / "decoder.keras")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def example(word):
    """Returns the only Python example that contains a word."""
    (found,) = (each for each in PYTHON if word in each)
    return found


def test_there_are_examples():
    words = ("synthesize_texture", ".invert(", "optimize_image", "fit(", "stack(", "train_decoder(")
    assert sorted(PYTHON) == sorted(map(example, words))
    assert sorted(command.split()[0] for command in COMMANDS) == [
        "rwkeras-decode",
        "rwkeras-demo",
        "rwkeras-experiment",
        "rwkeras-invert",
        "rwkeras-stack",
        "rwkeras-style",
        "rwkeras-style",
        "rwkeras-sweep",
        "rwkeras-texture",
        "rwkeras-train-decoder",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("word", ["synthesize_texture", ".invert(", "optimize_image"])
def test_python(folder, word):
    names: dict = {}
    exec(example(word), names)
    assert names["result"].loss < names["result"].initial_loss
    if word == ".invert(":
        assert rwkeras.psnr(rwkeras.read_image("recovered.png"), names["photo"])[0] > 20


@pytest.mark.slow
def test_python_trains(folder):
    names: dict = {}
    exec(example("fit("), names)
    first, second = names["history"].history["loss"]
    assert second < first


@pytest.mark.slow
def test_python_stacks(folder, monkeypatch):
    # The real one takes minutes.
    toy = functools.partial(rwkeras.stack, architecture="toy_vgg")
    quick = functools.partial(rwkeras.StackSettings, max_iterations=2)
    monkeypatch.setattr(rwkeras, "stack", toy)
    monkeypatch.setattr(rwkeras, "StackSettings", quick)
    names: dict = {}
    exec(example("stack("), names)
    assert names["model"].layers[-1].name == "pool3"
    assert names["result"].recipe == rwkeras.read_recipe("recipe.json")


@pytest.mark.slow
def test_python_decodes(folder, monkeypatch):
    # The real function takes minutes.
    quick = rwkeras.DecoderTraining(photo_size=48, crop_size=32, steps=2, epoch_steps=1)
    settings = rwkeras.DecoderSettings(width=1 / 16, depth=1)
    train = functools.partial(rwkeras.train_decoder, decoder=settings, training=quick)
    monkeypatch.setattr(rwkeras, "train_decoder", train)
    names: dict = {}
    exec(example("train_decoder("), names)
    assert names["result"].shape == (48, 48, 3)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_command(folder, command):
    name, *arguments = shlex.split(command)
    tool = name.removeprefix("rwkeras-").replace("-", "_")
    process = run_here(tool, [*arguments, *OWN_QUICK.get(name, QUICK)])
    assert process.returncode == 0, process.stderr
    for argument in arguments:
        flag, value = argument.split("=")
        if flag in ("--output", "--report", "--output_dir"):
            assert (folder / value).exists()


# First words of lines in indented blocks that are not run: they need a network, Docker or a server,
# or are the server's configuration.
_NOT_RUN = ("pip", "docker", "curl", "prometheus_config", ".ci/run")


def shell_lines():
    """Yields the commands of blocks that are too long to run, without comments."""
    pages = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for page in [*pages, ROOT / "saved_models" / "README.md"]:
        text = page.read_text()
        blocks = re.findall(r"^```shell\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
        blocks += re.findall(r"(?:^ {4}.*\n)+", rest, re.MULTILINE)
        for block in blocks:
            if not block.lstrip().startswith(("(printf", "options:")):  # Run with the server; YAML.
                yield from re.sub(r"\\\n", " ", block).splitlines()


def documented_commands():
    """Returns the arguments of each command in `shell_lines`."""
    lines = (re.sub(r"\s+#.*| > .*|\[.*?\]", "", line).strip() for line in shell_lines())
    found = dict.fromkeys(line for line in lines if line.startswith(("python ", "rwkeras-")))
    # The module that writes the claims has no flags; its documents are compared with it elsewhere.
    return [
        shlex.split(line.replace("$name", "layers").replace("=PID", "=1"))
        for line in found
        if line != "python -m rwkeras.experiments.results"
    ]


def test_blocks_that_are_not_run_are_known():
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    programs = set()
    for line in filter(str.strip, shell_lines()):
        program, *arguments = line.split()
        if program == "make":
            assert arguments[0] in targets, line
        programs.add(program)
    loop = {"for", "architectures", "invariance", "done"}
    assert programs - loop - {"make", "python"} - set(_NOT_RUN) == {
        program for program in programs if program.startswith("rwkeras-")
    }


def test_the_full_run_has_every_experiment():
    (names,) = re.findall(r"^for name in (.*?); do", PAGES["experiments.md"], re.DOTALL | re.M)
    assert sorted(names.replace("\\", "").split()) == sorted(EXPERIMENTS)


@pytest.mark.slow
@pytest.mark.parametrize("command", documented_commands(), ids=" ".join)
def test_flags_of_commands_that_are_not_run_exist(command, tmp_path):
    program, *arguments = command
    if program.startswith("rwkeras-"):
        tool = program.removeprefix("rwkeras-").replace("-", "_")
        start = [str(ROOT / "tools" / f"{tool}.py")]
    elif arguments[0] == "-m":
        start, arguments = arguments[:2], arguments[2:]
    elif arguments[0] == "-c":
        compile(arguments[1], "-c", "exec")
        return
    else:
        start, arguments = [str(ROOT / arguments[0])], arguments[1:]
    process = subprocess.run(
        [sys.executable, *start, *arguments, "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    # absl's help ends with 1, as an error does, but goes to stdout.
    assert "--help" in process.stdout or "usage" in process.stdout.lower(), process.stderr
    assert "FATAL Flags parsing error" not in process.stderr


def test_the_readme_is_a_page():
    assert len(README.splitlines()) < 150


def test_links_lead_to_files_and_every_guide_is_reached():
    linked = set()
    for page in ("README.md", "CONTRIBUTING.md", *(f"docs/{n}" for n in PAGES if n != "README.md")):
        text = (ROOT / page).read_text()
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            target = (ROOT / page).parent / link
            assert target.exists(), (page, link)
            linked.add(target.resolve())
    listed = re.findall(r"[\w/]+\.md", (ROOT / "mkdocs.yml").read_text())
    guides = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert set(listed) == guides
    reached = {path.name for path in linked}
    assert guides - {"index.md"} <= reached


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_lists_its_targets():
    # As the child of a make that runs the tests, this make would also print its directory.
    environment = {
        k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    process = subprocess.run(
        ["make", "help"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {line.split(":")[0] for line in process.stdout.splitlines()} == set(phony.split())


def test_every_command_is_installed_and_named():
    setup = (ROOT / "setup.py").read_text()
    tools = {path.stem for path in (ROOT / "tools").glob("*.py")}
    installed = re.findall(r"rwkeras-([\w-]+)=rwkeras.commands:run_(\w+)", setup)
    assert {(tool.replace("_", "-"), tool) for tool in tools} == set(installed)
    assert {name for name, _ in installed} == set(re.findall(r"`rwkeras-([a-z-]+)`", README))


def test_table_has_every_layer():
    depths = enumerate((2, 2, 4, 4, 4), 1)
    layers = {f"conv{stage}_{i}" for stage, depth in depths for i in range(1, depth + 1)}
    layers |= {f"pool{stage}" for stage in range(1, 6)} | {"fc6", "fc7", "fc8"}
    page = PAGES["inversion.md"]
    assert set(re.findall(r"^\| (\w+) \| [\d.e+-]+ \|", page, re.MULTILINE)) == layers


def test_style_default_is_as_the_text_says():
    default = rwkeras.STYLE_PRESETS["painting"]
    assert (default.content_weight, default.style_weight, default.tv_weight) == (1, 100, 1)
    assert "1 : 100 : 1" in PAGES["departures.md"]
