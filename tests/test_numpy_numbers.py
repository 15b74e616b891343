"""NumPy scalars and zero-dimensional arrays are accepted wherever numbers are."""

import dataclasses
import inspect
import json

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.decoders.network import decoder
from rwkeras.networks.multiscale_recipe import MultiscaleRecipe
from rwkeras.networks.octaves import octave_layers, with_octaves
from rwkeras.networks.standardize import redraw
from rwkeras.networks.vgg import narrow_vgg19
from rwkeras.objectives.natural import alpha_norm_term, tv_beta_term
from rwkeras.rotation.settings import RotationSettings
from rwkeras.serving.client.client import Client
from rwkeras.serving.settings import ServingSettings
from rwkeras.stacking.settings import StackSettings
from tests.conftest import waves

KINDS = {
    "scalar": {int: np.int64, float: np.float64},
    "short": {int: np.uint8, float: np.float32},
    "array": {int: lambda n: np.array(n), float: lambda x: np.array(x, np.float32)},
}
SETTINGS = [
    rwkeras.DecoderSettings,
    rwkeras.DecoderTraining,
    rwkeras.FileSettings,
    rwkeras.InversionSettings,
    rwkeras.OptimizerSettings,
    rwkeras.RegularizedInversionSettings,
    RotationSettings,
    rwkeras.ScaleSettings,
    rwkeras.StyleSettings,
    rwkeras.TextureSettings,
    MultiscaleRecipe,
    ServingSettings,
    StackSettings,
]


def of_numpy(value, kind):
    """Converts a number, or the numbers in a tuple, to NumPy; returns other values unchanged."""
    if type(value) is tuple:
        return tuple(of_numpy(each, kind) for each in value)
    if type(value) is int and value > 255:
        return np.int64(value)
    return KINDS[kind].get(type(value), lambda x: x)(value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SETTINGS)
def test_settings(settings, kind):
    usual = settings()
    given = {f.name: getattr(usual, f.name) for f in dataclasses.fields(usual)}
    optional = {
        "max_evaluations": 7,
        "tile_size": 8,
        "output_size": (8, 9),
        "depth": 2,
        "patience": 3,
        "content_weight": 0.5,
        "style_weight": 2.0,
        "tv_weight": 0.25,
        "content_side": 9,
        "draws": 2,
    }
    given |= {name: value for name, value in optional.items() if name in given}
    made = settings(**{name: of_numpy(value, kind) for name, value in given.items()})
    for name, value in given.items():
        found = getattr(made, name)
        assert type(found) is type(value), name
        if type(value) is not float:
            assert found == value, name
        else:
            np.testing.assert_allclose(found, value, rtol=1e-6)
    assert hash(made) == hash(dataclasses.replace(made))
    if settings is not MultiscaleRecipe:
        json.dumps(dataclasses.asdict(made))


def weights(model):
    return [w.tobytes() for w in model.get_weights()]


@pytest.mark.parametrize("kind", KINDS)
def test_networks(kind):
    def n(value):
        return of_numpy(value, kind)

    pairs = [
        (
            rwkeras.toy_vgg(n((32, 48, 3)), initializer=rwkeras.Binary(n(0.5)), seed=n(3)),
            rwkeras.toy_vgg((32, 48, 3), initializer=rwkeras.Binary(0.5), seed=3),
        ),
        (
            rwkeras.multiscale(levels=n(2), filters=n(3), sizes=n((3, 5)), bias_stddev=n(0.5)),
            rwkeras.multiscale(levels=2, filters=3, sizes=(3, 5), bias_stddev=0.5),
        ),
        (
            rwkeras.filter_bank(n((16, 16, 3)), filters=n(2), sizes=n((3, 5))),
            rwkeras.filter_bank((16, 16, 3), filters=2, sizes=(3, 5)),
        ),
        (narrow_vgg19(width=n(0.0625)), narrow_vgg19(width=0.0625)),
        (
            rwkeras.toy_vgg(initializer=rwkeras.Sparse(n(0.25), n(0.5))),
            rwkeras.toy_vgg(initializer=rwkeras.Sparse(0.25, 0.5)),
        ),
    ]
    for found, expected in pairs:
        assert weights(found) == weights(expected)
        json.dumps(found.get_config(), default=str)
    model = pairs[1][0]
    redraw(model, n(1))
    rwkeras.standardize(model, waves(16, 16), draw=n(1))
    toy = rwkeras.toy_vgg()
    assert octave_layers(["a"], n(2)) == ("a", "a_octave1")
    with_octaves(toy, ["conv1_1"], n(2))
    arguments = {"width": n(0.25), "maps": n((3,)), "kernel_size": n(3), "seed": n(1)}
    decoder(toy, "conv2_1", rwkeras.DecoderSettings(**arguments))


@pytest.mark.parametrize("kind", KINDS)
def test_objectives(kind, batch):
    def n(value):
        return of_numpy(value, kind)

    def objective(n):
        return (
            n(2.0) * rwkeras.tv_term() * n(3)
            + tv_beta_term(n(1.5))
            + n(2) * alpha_norm_term(n(4.0), mean=n((0.5, 0.25, 0.5)), name="four")
            + alpha_norm_term(n(6.0), mean=n(0.5))
            + rwkeras.sliced_wasserstein_term("input", batch, projections=n(3), seed=n(1))
            + rwkeras.shifted_gram_term("input", batch, [n((1, 0))])
        )

    found, expected = objective(n), objective(lambda value: value)
    assert isinstance(found, rwkeras.Objective)
    # Keys of the cache of compiled functions.
    assert found == expected
    assert hash(found) == hash(expected)
    images = {"input": batch * 0.5}
    for name, loss in found(images).items():
        np.testing.assert_allclose(loss, expected(images)[name], rtol=1e-6)
    size = rwkeras.spectrum_term(batch, size=n((18, 22))).terms[0].target.shape[1:3]
    assert tuple(size) == (18, 22)


@pytest.mark.parametrize("kind", KINDS)
def test_the_rest(kind, image):
    def n(value):
        return of_numpy(value, kind)

    distances = [
        rwkeras.patch_distance(
            image, image[::-1], patch_size=f(5), directions=f(4), quantiles=f(9), seed=f(2)
        )
        for f in (n, lambda value: value)
    ]
    np.testing.assert_array_equal(*distances)
    noise = rwkeras.white_noise((1, n(4), 4, 3), n(1), stddev=n(0.5), mean=n(0.25))
    np.testing.assert_array_equal(
        noise, rwkeras.white_noise((1, 4, 4, 3), 1, stddev=0.5, mean=0.25)
    )
    assert noise.dtype == tf.float32
    loss = rwkeras.RandomPerceptualLoss(
        "toy_vgg",
        width=n(0.5),
        seed=n(1),
        feature_layers=["conv1_1"],
        feature_weight=n(2.0),
        style_layers=["conv1_1"],
        style_weight=n(3.0),
        pixel_weight=n(1),
    )
    json.dumps(loss.get_config())
    json.dumps(rwkeras.TotalVariation(n(0.5)).get_config())
    Client("localhost:1", version=n(2), timeout=n(3.0), retries=n(1)).close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["array"])
def test_runs(kind, toy, image, tmp_path):
    def n(value):
        return of_numpy(value, kind)

    def settings(n, folder):
        return rwkeras.OptimizerSettings(
            max_iterations=n(2),
            max_evaluations=n(9),
            first_step=n(0.0625),
            report_every=n(1),
            checkpoint_dir=str(tmp_path / folder),
        )

    found, expected = (
        rwkeras.synthesize_texture(
            toy,
            image,
            rwkeras.TextureSettings(
                ["conv1_1"], f((16, 18)), noise_stddev=f(0.125), seed=f(5), scales=None
            ),
            optimizer=settings(f, str(place)),
        )
        for place, f in enumerate((n, lambda value: value))
    )
    np.testing.assert_array_equal(found.image, expected.image)


def test_every_public_class_of_settings_is_among_them():
    public = [getattr(rwkeras, name) for name in rwkeras.__all__]
    named = {x for x in public if inspect.isclass(x) and dataclasses.is_dataclass(x)}
    # Recipes have their own test.
    assert named - {rwkeras.Recipe, MultiscaleRecipe} <= set(SETTINGS)


def test_a_recipe_of_numbers_of_numpy_is_saved(toy_recipe, tmp_path):
    layers = {
        name: made._replace(candidate=np.int64(made.candidate), scale=np.float32(made.scale))
        for name, made in toy_recipe.layers.items()
    }
    flag = np.bool_(toy_recipe.subtract_mean)
    recipe = dataclasses.replace(toy_recipe, layers=layers, subtract_mean=flag)
    assert recipe == toy_recipe
    recipe.save(tmp_path / "recipe.json")
    assert rwkeras.read_recipe(tmp_path / "recipe.json") == toy_recipe
