import json

import pytest

from rwkeras.networks.multiscale_recipe import MultiscaleRecipe
from rwkeras.networks.recipe import read_recipe
from tests.commands.conftest import check_refused


@pytest.fixture
def recipe(tmp_path, request):
    request.getfixturevalue("toy_recipe").save(tmp_path / "recipe.json")
    return tmp_path / "recipe.json"


@pytest.mark.slow
def test_a_recipe_is_exported(run, recipe, tmp_path):
    arguments = ["--kind=texture", "--layers=conv1_1,conv2_1", "--output_dir=models/texture"]
    process = run("export", *arguments, f"--network={recipe}", "--weights=generated")
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1] == "exported: models/texture/1"
    extra = tmp_path / "models" / "texture" / "1" / "assets.extra"
    said = json.loads((extra / "export.json").read_text())
    assert (said["task"], said["weights"]) == ("ServedTexture", "generated")
    assert said["serving"]["max_iterations"] == 100
    assert said["serving"]["max_evaluations"] == 0
    assert read_recipe(extra / "recipe.json") == read_recipe(recipe)


@pytest.mark.slow
def test_a_network_by_name_is_made_ready(run, photo, tmp_path):
    arguments = ["--kind=invert", "--layer=conv2_1", "--network=toy_vgg", "--output_dir=inversion"]
    arguments += ["--iterations=5", "--nowarmup", "--version=3"]
    process = run("export", *arguments, f"--reference={photo}")
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1] == "exported: inversion/3"
    check_refused(
        run("export", *arguments, f"--reference={photo}"),
        "Invalid value for argument `version`. Expected a new version. Received: version=3 of [3]",
    )


@pytest.mark.slow
def test_the_multi_scale_network_is_the_default(run, photo, tmp_path):
    arguments = [f"--reference={photo}", "--nowarmup"]
    process = run("export", *arguments, "--output_dir=style")
    assert process.returncode == 0, process.stderr
    said = json.loads((tmp_path / "style" / "1" / "assets.extra" / "export.json").read_text())
    assert (said["network"], said["settings"]["scales"]["smallest"]) == ("multiscale", 64)
    assert said["settings"]["content_weight"] == 0.2
    assert said["settings"]["style_layers"] == ["level0", "joint"]
    MultiscaleRecipe().save(tmp_path / "drawn.json")
    arguments += ["--network=drawn.json", "--kind=texture", "--nocoarse_to_fine"]
    process = run("export", *arguments, "--output_dir=texture")
    assert process.returncode == 0, process.stderr
    said = json.loads((tmp_path / "texture" / "1" / "assets.extra" / "export.json").read_text())
    assert (said["settings"]["layers"], said["settings"]["scales"]) == (["level0", "joint"], None)


def test_a_network_from_a_file_takes_no_reference(run, recipe, photo):
    arguments = [f"--network={recipe}", f"--reference={photo}", "--kind=invert"]
    check_refused(
        run("export", *arguments, "--layer=conv1_1", "--output_dir=model"),
        "Invalid value for argument `reference`. Expected None with a network whose file is "
        f"already calibrated. Received: reference={photo}",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--network=toy_vgg", "--kind=invert", "--layer=conv2_1"],
            "Invalid value for argument `reference`. Expected a picture, with a network given by "
            "name or by a multi-scale recipe. Received: reference=none",
        ),
        (
            ["--network=toy_vgg", "--kind=invert", "--layer=conv2_1", "--coarse_to_fine"],
            "Invalid value for argument `coarse_to_fine`. Expected None with --kind=invert. "
            "Received: coarse_to_fine=True",
        ),
        (
            [],
            "Invalid value for argument `reference`. Expected a picture, with a network given by "
            "name or by a multi-scale recipe. Received: reference=none",
        ),
        (
            ["--network=toy_vgg", "--weights=generated"],
            "Invalid value for argument `weights`. Expected stored, with a network that is not a "
            "VGG recipe. Received: weights=generated",
        ),
        (
            ["--network=no_such.json"],
            "Invalid value for argument `network`. Expected the path of an existing recipe. "
            "Received: network=no_such.json",
        ),
        (
            ["--kind=decoder"],
            "Invalid value for argument `network`. Expected a .keras file with --kind=decoder. "
            "Received: network=None",
        ),
        (
            ["--kind=decoder", "--network=vgg19"],
            "Invalid value for argument `network`. Expected a .keras file with --kind=decoder. "
            "Received: network=vgg19",
        ),
        (
            ["--iterations=-1"],
            "Invalid value for argument `max_iterations`. Expected an integer of at least 0. "
            "Received: max_iterations=-1",
        ),
    ],
)
def test_nonsense(run, tmp_path, arguments, message):
    check_refused(run("export", "--output_dir=model", *arguments), message)
    assert not (tmp_path / "model").exists()
