"""Every example of the README, run as it stands on small pictures."""

import functools
import re
import shlex

import pytest

import rwkeras
from tests.conftest import waves
from tests.tools import ROOT, run_here

README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
# A command's picture is as large as its default, and this many iterations are enough to run it.
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
    "rwkeras-export": ["--iterations=2"],
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


def test_there_are_examples():
    assert len(PYTHON) == 6
    assert [command.split()[0] for command in COMMANDS] == [
        "rwkeras-invert",
        "rwkeras-texture",
        "rwkeras-style",
        "rwkeras-stack",
        "rwkeras-experiment",
        "rwkeras-sweep",
        "rwkeras-train-decoder",
        "rwkeras-decode",
        "rwkeras-demo",
        "rwkeras-export",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("example", range(3))
def test_python(folder, example):
    names: dict = {}
    exec(PYTHON[example], names)
    assert names["result"].loss < names["result"].initial_loss
    if example == 0:
        assert rwkeras.psnr(rwkeras.read_image("recovered.png"), names["photo"])[0] > 20


@pytest.mark.slow
def test_python_trains(folder):
    names: dict = {}
    exec(PYTHON[3], names)
    first, second = names["history"].history["loss"]
    assert second < first


@pytest.mark.slow
def test_python_stacks(folder, monkeypatch):
    # The real one takes minutes.
    toy = functools.partial(rwkeras.stack, architecture="toy_vgg", max_iterations=2)
    monkeypatch.setattr(rwkeras, "stack", toy)
    names: dict = {}
    exec(PYTHON[4], names)
    assert names["model"].layers[-1].name == "pool3"
    assert names["result"].recipe == rwkeras.read_recipe("recipe.json")


@pytest.mark.slow
def test_python_decodes(folder, monkeypatch):
    # The real one takes minutes.
    quick = rwkeras.DecoderTraining(photo_size=48, crop_size=32, steps=2, epoch_steps=1)
    settings = rwkeras.DecoderSettings(width=1 / 16, depth=1)
    train = functools.partial(rwkeras.train_decoder, decoder=settings, training=quick)
    monkeypatch.setattr(rwkeras, "train_decoder", train)
    names: dict = {}
    exec(PYTHON[5], names)
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


def test_every_command_is_installed():
    setup = (ROOT / "setup.py").read_text()
    tools = {path.stem for path in (ROOT / "tools").glob("*.py")}
    installed = re.findall(r"rwkeras-([\w-]+)=rwkeras.commands:run_(\w+)", setup)
    assert {(tool.replace("_", "-"), tool) for tool in tools} == set(installed)


def test_table_has_every_layer():
    depths = enumerate((2, 2, 4, 4, 4), 1)
    layers = {f"conv{stage}_{i}" for stage, depth in depths for i in range(1, depth + 1)}
    layers |= {f"pool{stage}" for stage in range(1, 6)} | {"fc6", "fc7", "fc8"}
    assert set(re.findall(r"^\| (\w+) \| [\d.e+-]+ \|", README, re.MULTILINE)) == layers


def test_style_default_is_as_the_text_says():
    default = rwkeras.STYLE_PRESETS["painting"]
    assert (default.content_weight, default.style_weight, default.tv_weight) == (1, 100, 1)
    assert "1 : 100 : 1" in README
