import dataclasses
import json

import pytest

import rwkeras
from tests.commands.conftest import TOY, check_refused

QUICK = ["--architecture=toy_vgg", "--image_size=32", "--max_iterations=4", "--candidates=2"]


@pytest.mark.slow
def test_recipe_and_report_and_every_tool_takes_it(run, photo, tmp_path):
    process = run(
        "stack", f"--reference={photo}", "--output=recipe.json", "--report=report.json", *QUICK
    )
    assert process.returncode == 0, process.stderr
    assert "conv3_2: candidate" in process.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    recipe = json.loads((tmp_path / "recipe.json").read_text())
    assert [layer["layer"] for layer in report["layers"]] == list(recipe["layers"])
    for layer in report["layers"]:
        assert recipe["layers"][layer["layer"]]["candidate"] == layer["chosen"]
        assert len(layer["losses"]) == 2
        assert layer["gain"] >= 1
    assert report["flags"]["candidates"] == 2
    assert report["settings"] == dataclasses.asdict(
        rwkeras.StackSettings(candidates=2, max_iterations=4)
    )
    assert report["seconds"] > 0

    arguments = [f"--image={photo}", "--layer=conv2_2", *TOY, "--network=recipe.json"]
    assert run("invert", *arguments, "--output=a.png").returncode == 0
    rwkeras.load_network(str(tmp_path / "recipe.json")).save(tmp_path / "model.keras")
    arguments[-1] = "--network=model.keras"
    assert run("invert", *arguments, "--output=b.png").returncode == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.slow
def test_resume(run, photo, tmp_path):
    whole = rwkeras.stack(
        rwkeras.read_image(photo),
        rwkeras.StackSettings(candidates=2, max_iterations=4),
        architecture="toy_vgg",
        callback=lambda recipe, choice: choice.layer == "conv2_1",
    ).recipe
    whole.save(tmp_path / "recipe.json")
    process = run("stack", f"--reference={photo}", "--output=recipe.json", "--resume", *QUICK)
    assert process.returncode == 0, process.stderr
    assert "conv2_1:" not in process.stderr
    assert "conv2_2:" in process.stderr
    again = json.loads((tmp_path / "recipe.json").read_text())["layers"]
    assert list(again)[-1] == "conv3_2"
    assert again["conv2_1"] == whole.layers["conv2_1"]._asdict()


def test_nonsense_is_refused(run, photo):
    given = [f"--reference={photo}", *QUICK]
    check_refused(
        run("stack", *given, "--output=recipe.txt"), "`output`", "a file name that ends in .json"
    )
    check_refused(run("stack", *given, "--output=none.json", "--resume"), "an existing recipe")
    check_refused(run("stack", *QUICK, "--reference=no.png", "--output=r.json"), "`reference`")
    check_refused(run("stack", *given, "--output=r.json", "--candidates=0"), "`candidates`")
