"""The multi-scale network as a recipe: the same bits from a file of a few hundred bytes."""

import dataclasses
import json

import numpy as np
import pytest

import rwkeras
from rwkeras.networks.multiscale_recipe import MultiscaleRecipe, read_multiscale_recipe

RECIPE = MultiscaleRecipe(
    rwkeras.Sparse(density=0.5, seed=3), levels=3, filters=4, sizes=(3, 5), depth=2,
    bias_stddev=0.25, activation="linear",
)  # fmt: skip


def assert_same(model, expected):
    assert [layer.name for layer in model.layers] == [layer.name for layer in expected.layers]
    for one, same in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, same)


def test_it_is_the_network_as_it_is_drawn():
    expected = rwkeras.multiscale(
        levels=3, filters=4, sizes=(3, 5), depth=2, bias_stddev=0.25, activation="linear",
        initializer=rwkeras.Sparse(density=0.5), seed=3,
    )  # fmt: skip
    assert_same(RECIPE.build(), expected)
    assert RECIPE.build().get_layer("level0").activation.__name__ == "linear"


def test_defaults_are_those_of_the_network():
    assert_same(MultiscaleRecipe().build(), rwkeras.multiscale())


@pytest.mark.parametrize("recipe", [RECIPE, MultiscaleRecipe()], ids=["small", "defaults"])
def test_file_is_small_and_gives_the_same_network(tmp_path, recipe):
    path = tmp_path / "recipe.json"
    recipe.save(path)
    assert path.stat().st_size < 1000
    assert read_multiscale_recipe(path) == recipe
    assert_same(rwkeras.load_network(str(path)), recipe.build())


def test_standardised_again_it_is_the_same(tmp_path, square):
    RECIPE.save(tmp_path / "recipe.json")
    models = [RECIPE.build(), rwkeras.load_network(str(tmp_path / "recipe.json"))]
    rwkeras.standardize(models[0], square)
    rwkeras.make_ready(models[1], square)
    assert_same(*models)


def test_bits_are_pinned_whatever_the_machine_is():
    assert MultiscaleRecipe().sha256 == DIGEST


DIGEST = "cfed7b242f6dea37c67332fde2a237259ba7329785013b533ed351f8737c1384"


def test_other_bits_are_refused():
    wrong = dataclasses.replace(RECIPE, bias_stddev=0.5)
    with pytest.raises(ValueError) as error:
        wrong.build()
    found = dataclasses.replace(wrong, sha256="").sha256
    assert str(error.value) == (
        "Invalid value for argument `recipe`. Expected weights that are bit-identical to the "
        f"original's, with SHA-256 {RECIPE.sha256[:12]}: save the network as a .keras file on the "
        f"original machine. Received: recipe={found[:12]}"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: r.pop("seed"), "missing 'seed'"),
        (lambda r: r.pop("sha256"), "missing 'sha256'"),
        (
            lambda r: r.update(sha256="ab"),
            "Invalid value for argument `sha256`. Expected 64 hexadecimal digits. "
            "Received: sha256=ab",
        ),
        (
            lambda r: r.update(format="x"),
            "Invalid value for argument `format`. Expected 'rwkeras multiscale recipe 1'. "
            "Received: format=x",
        ),
        (
            lambda r: r.update(levels=0),
            "Invalid value for argument `levels`. Expected an integer of at least 1. "
            "Received: levels=0",
        ),
        (
            lambda r: r["initializer"].update(name="x"),
            "Invalid value for argument `initializer`. Expected one of 'gaussian', 'he', "
            "'uniform', 'laplace', 'orthogonal', 'binary', 'sparse'. Received: initializer=x",
        ),
    ],
)
def test_nonsense_is_refused(tmp_path, change, reason):
    values = RECIPE.as_dict()
    change(values)
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(values))
    with pytest.raises(ValueError) as error:
        read_multiscale_recipe(path)
    assert str(error.value) == (
        "Invalid value for argument `recipe`. Expected a recipe, 'rwkeras multiscale recipe 1'. "
        f"Received: recipe={path} ({reason})"
    )


def test_an_unknown_field_is_refused(tmp_path):
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({**RECIPE.as_dict(), "poolings": 3}))
    with pytest.raises(ValueError, match="unexpected keyword argument 'poolings'"):
        rwkeras.load_network(str(path))


def test_no_json_and_no_file(tmp_path):
    path = tmp_path / "recipe.json"
    with pytest.raises(ValueError) as error:
        read_multiscale_recipe(path, "network")
    assert str(error.value) == (
        "Invalid value for argument `network`. Expected the path of an existing recipe. Received: "
        f"network={path}"
    )
    path.write_text("{")
    with pytest.raises(ValueError, match="Expected a recipe, 'rwkeras multiscale recipe 1'"):
        read_multiscale_recipe(path)


def test_a_distribution_of_ones_own_is_refused():
    with pytest.raises(ValueError) as error:
        MultiscaleRecipe(rwkeras.ZeroSum(rwkeras.He()))
    assert str(error.value).startswith(
        "Invalid value for argument `initializer`. Expected one of gaussian, he, uniform, laplace, "
        "orthogonal, binary, sparse. Received: initializer=<"
    )
