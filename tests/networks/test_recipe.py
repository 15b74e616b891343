"""Networks as recipes: the same bits from a file of a few kilobytes."""

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import rwkeras
from rwkeras.networks.recipe import LayerRecipe, Recipe, kernel_digest, read_recipe

CONV = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2")
TOP = ("fc6", "fc7", "fc8")


def made(layers, *, seed=3, **arguments) -> Recipe:
    """Returns a recipe of candidates 0, 1, 2, 0 ... and scales 1, 2, 3 ..."""
    recipe = Recipe("toy_vgg", rwkeras.Gaussian(seed=seed), **arguments)
    model = recipe.skeleton(include_top="fc6" in layers)
    entries = {}
    for n, name in enumerate(layers):
        entries[name] = LayerRecipe(n % 3, 1.0 + n, "")
        drawn = dataclasses.replace(recipe, layers=entries).kernel(
            name, tuple(model.get_layer(name).kernel.shape)
        )
        entries[name] = entries[name]._replace(sha256=kernel_digest(drawn / np.float32(1 + n)))
    return dataclasses.replace(recipe, layers=entries)


def test_kernels_are_the_candidates_over_the_scales():
    model = made(CONV).build()
    plain = rwkeras.toy_vgg(seed=3)
    for n, name in enumerate(CONV):
        kernel = model.get_layer(name).kernel.numpy()
        first = plain.get_layer(name).kernel.numpy() / np.float32(1 + n)
        assert np.array_equal(kernel, first) == (n % 3 == 0)
        stream = ["candidate1", "candidate2"][n % 3 - 1 : n % 3]
        expected = rwkeras.Gaussian(seed=3).stream(name, "kernel", *stream).draw(kernel.shape)
        np.testing.assert_array_equal(kernel, expected / np.float32(1 + n))
        assert not model.get_layer(name).bias.numpy().any()


def test_file_is_small_and_gives_the_same_network(tmp_path):
    recipe = made((*CONV, *TOP), pooling="max", subtract_mean=True)
    recipe.save(tmp_path / "recipe.json")
    assert (tmp_path / "recipe.json").stat().st_size < 4000
    again = read_recipe(tmp_path / "recipe.json")
    assert again == recipe
    for first, second in zip(recipe.build().weights, again.build().weights, strict=True):
        np.testing.assert_array_equal(first, second)
    assert again.build().get_layer("pool1").__class__.__name__ == "MaxPooling2D"


def test_depth():
    assert made(CONV[:3]).build().layers[-1].name == "conv2_1"
    assert made(CONV[:4]).build().layers[-1].name == "pool2"
    assert made(CONV).build().layers[-1].name == "pool3"
    whole = made((*CONV, *TOP))
    assert whole.build().layers[-1].name == "fc8"
    assert whole.build().input_shape == (None, 32, 32, 3)
    assert whole.build(include_top=False).input_shape == (None, None, None, 3)


@pytest.mark.slow
def test_vgg19_has_the_same_bits_in_another_process_and_by_other_instructions(tmp_path):
    model = rwkeras.vgg19(seed=0)
    first = {
        f"conv{n}_1": kernel_digest(model.get_layer(f"conv{n}_1").kernel.numpy())
        for n in range(1, 6)
    }
    # Pinned: whatever the machine is.
    assert first == DIGESTS
    scale = float(np.float32(0.3))
    layers = {
        layer.name: LayerRecipe(0, scale, kernel_digest(layer.kernel.numpy() / np.float32(scale)))
        for layer in model.layers
        if layer.weights
    }
    Recipe("vgg19", rwkeras.Gaussian(seed=0), layers=layers).save(tmp_path / "recipe.json")
    assert (tmp_path / "recipe.json").stat().st_size < 4000
    # As on a processor that has none of the instructions which NumPy uses where it finds them.
    fewer = " ".join(np._core._multiarray_umath.__cpu_dispatch__)
    code = "import sys, rwkeras; print(rwkeras.load_network(sys.argv[1]).count_params())"
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, tmp_path / "recipe.json"],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": fewer, "TF_ENABLE_ONEDNN_OPTS": "0"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert process.stdout == "20024384\n"


DIGESTS = {
    "conv1_1": "32b295e82cb7429c1bf4b3022b0cd0533dc923403e53f204b1170c1c1091abc4",
    "conv2_1": "6a244081dacd238b7c629e40a73863fd6ef9c21a7780f856d72ac28d21056d23",
    "conv3_1": "f6f8d52eaf82b0d09c19478e045bb76885f8017a9da2fdd7517e337002457978",
    "conv4_1": "f4bbdf8872dd4ea04d75b6a09561bbadc4397169688cb8e9574401fa1d324628",
    "conv5_1": "f1e6a3b859fc1c16e2333ca2cb08bdff1c19c479534a518b728273291fa2e852",
}


def test_other_bits_are_refused(tmp_path):
    recipe = made(CONV)
    wrong = recipe.layers["conv2_1"]._replace(scale=3.0000002)
    wrong = dataclasses.replace(recipe, layers={**recipe.layers, "conv2_1": wrong})
    with pytest.raises(ValueError) as error:
        wrong.build()
    expected, found = (
        kernel_digest(recipe.kernel("conv2_1", (3, 3, 8, 12)) / np.float32(scale))[:12]
        for scale in (3.0, 3.0000002)
    )
    assert str(error.value) == (
        "Invalid value for argument `recipe`. Expected weights of 'conv2_1' that are "
        f"bit-identical to the original's, with SHA-256 {expected}: recreate the recipe here with "
        "tools/stack.py, or save the network as a .keras file on the original machine. Received: "
        f"recipe={found}"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: r.pop("seed"), "missing 'seed'"),
        (
            lambda r: r.update(format="x"),
            "Invalid value for argument `format`. Expected 'rwkeras recipe 1'. Received: format=x",
        ),
        (
            lambda r: r.update(architecture="vgg20"),
            "Invalid value for argument `architecture`. Expected one of 'vgg19', 'toy_vgg' (did "
            "you mean 'vgg19'?). Received: architecture=vgg20",
        ),
        (
            lambda r: r.update(pooling="l2"),
            "Invalid value for argument `pooling`. Expected one of 'avg', 'max'. "
            "Received: pooling=l2",
        ),
        (
            lambda r: r.update(subtract_mean=1),
            "Invalid value for argument `subtract_mean`. Expected true or false. "
            "Received: subtract_mean=1",
        ),
        (
            lambda r: r["initializer"].update(stddev=-1),
            "Invalid value for argument `stddev`. Expected a finite number greater than 0. "
            "Received: stddev=-1",
        ),
        (
            lambda r: r["layers"]["conv1_1"].update(candidate=-1),
            "Invalid value for argument `candidate`. Expected an integer of at least 0. "
            "Received: candidate=-1",
        ),
        (
            lambda r: r["layers"]["conv1_1"].update(scale=0),
            "Invalid value for argument `scale`. Expected a finite number greater than 0. "
            "Received: scale=0",
        ),
        (
            lambda r: r["layers"].pop("conv1_2"),
            "Invalid value for argument `layers`. Expected conv1_1, conv1_2, conv2_1, conv2_2, "
            "conv3_1, conv3_2, fc6, fc7, fc8, or the first. "
            "Received: layers=['conv1_1', 'conv2_1']",
        ),
    ],
)
def test_nonsense_is_refused(tmp_path, change, reason):
    values = made(CONV[:3]).as_dict()
    change(values)
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(values))
    with pytest.raises(ValueError) as error:
        read_recipe(path)
    assert str(error.value) == (
        "Invalid value for argument `recipe`. Expected a recipe written by tools/stack.py, "
        f"'rwkeras recipe 1'. Received: recipe={path} ({reason})"
    )


def test_no_json_and_no_file(tmp_path):
    path = tmp_path / "recipe.json"
    with pytest.raises(ValueError) as error:
        read_recipe(path, "network")
    assert str(error.value) == (
        "Invalid value for argument `network`. Expected the path of an existing recipe. Received: "
        f"network={path}"
    )
    path.write_text("{")
    with pytest.raises(ValueError, match="Expected a recipe written by tools/stack.py"):
        read_recipe(path)


def test_a_distribution_of_ones_own_is_refused():
    class Own(rwkeras.RandomInitializer):
        def __repr__(self):
            return "Own()"

    with pytest.raises(ValueError) as error:
        Recipe("toy_vgg", Own(seed=1))
    assert str(error.value) == (
        "Invalid value for argument `initializer`. Expected one of gaussian, he, uniform, laplace, "
        "orthogonal, binary, sparse. Received: initializer=Own()"
    )
