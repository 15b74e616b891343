import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.joint import reduced_maps, with_joint_maps
from rwkeras.networks.precision import lower_precision
from rwkeras.tiling.losses import TiledLosses

LAYERS = ("level0", "level1")
RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def base():
    return rwkeras.multiscale(filters=4, sizes=(3, 5))


@pytest.fixture(scope="module")
def joint(base):
    return with_joint_maps(base, LAYERS)


def averages(length, smaller):
    """Returns the matrix of means over areas, by a grid so fine that both sizes divide it."""
    fine = np.repeat(np.eye(length), smaller, axis=0)
    return fine.reshape(smaller, length, length).mean(axis=1)


@pytest.mark.parametrize("size", [(8, 6), (4, 3), (3, 5), (8, 3), (1, 1)])
def test_reduced_maps(size):
    maps = RANDOM.normal(size=(2, 8, 6, 3))
    expected = np.einsum("ih,bhwn,jw->bijn", averages(8, size[0]), maps, averages(6, size[1]))
    np.testing.assert_allclose(reduced_maps(tf.constant(maps), *size), expected, atol=1e-12)
    signature = [
        tf.TensorSpec([None, None, None, 3], tf.float64),
        *[tf.TensorSpec([], tf.int32)] * 2,
    ]
    graph = tf.function(reduced_maps, input_signature=signature)
    np.testing.assert_allclose(graph(maps, *size), expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 32, 24, 3), (2, 15, 17, 3)])
def test_maps_are_those_of_the_layers_on_one_grid(base, joint, shape):
    images = RANDOM.random(shape).astype(np.float32)
    layers = rwkeras.extract(base, LAYERS, images)
    found = rwkeras.extract(joint, ["joint_maps"], images)["joint_maps"]
    height, width = layers["level1"].shape[1:3]
    expected = [reduced_maps(layers["level0"], height, width), layers["level1"]]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=3), rtol=1e-5, atol=1e-6)


def test_in_a_graph_of_unknown_sizes(joint):
    images = RANDOM.random((1, 15, 17, 3)).astype(np.float32)
    extractor = feature_extractor(joint, ["joint_maps"])
    signature = [tf.TensorSpec([None, None, None, 3], tf.float32)]
    graph = tf.function(lambda x: extractor(x)["joint_maps"], input_signature=signature)
    found = graph(images)
    np.testing.assert_allclose(found, extractor(images)["joint_maps"], rtol=1e-4, atol=1e-5)


def test_layers_and_weights_are_the_networks_own(base, joint):
    names = [layer.name for layer in joint.layers]
    assert {layer.name for layer in base.layers} | {"joint_maps"} == set(names)
    assert {id(weight) for weight in joint.weights} == {id(weight) for weight in base.weights}
    assert joint.get_layer("joint_maps").output.shape == (None, None, None, 16)


def test_its_gram_matrix_has_those_of_the_layers(joint, square):
    features = rwkeras.extract(joint, ["joint_maps", "level1"], square[np.newaxis])
    gram = rwkeras.gram_matrix(features["joint_maps"])
    np.testing.assert_allclose(
        gram[:, 8:, 8:], rwkeras.gram_matrix(features["level1"]), rtol=1e-5, atol=1e-6
    )


def test_saved_and_loaded(joint, square, tmp_path):
    joint.save(tmp_path / "joint.keras")
    loaded = keras.saving.load_model(tmp_path / "joint.keras")
    expected = joint(square[np.newaxis])["joint_maps"]
    np.testing.assert_array_equal(loaded(square[np.newaxis])["joint_maps"], expected)


def test_in_bfloat16(joint, square):
    extractor = feature_extractor(joint, ["joint_maps"])
    exact, rough = (
        m(square[np.newaxis])["joint_maps"] for m in (extractor, lower_precision(extractor))
    )
    assert rough.dtype == tf.bfloat16
    error = np.linalg.norm(tf.cast(rough, tf.float32) - exact)
    assert error < 0.05 * np.linalg.norm(exact)


@pytest.mark.slow
def test_texture(square):
    model = with_joint_maps(rwkeras.multiscale(filters=4, sizes=(3, 5)), LAYERS, "all")
    rwkeras.standardize(model, square)
    optimizer = rwkeras.OptimizerSettings(memory=8, max_iterations=40)
    result = rwkeras.synthesize_texture(
        model, square, rwkeras.TextureSettings(["all"]), optimizer=optimizer
    )
    assert list(result.losses) == ["texture/all"]
    assert result.relative_loss < 0.01


def test_tiles_are_refused(joint, square):
    features = rwkeras.extract(joint, ["joint_maps"], square[np.newaxis])["joint_maps"]
    objective = rwkeras.texture_term("joint_maps", features)
    with pytest.raises(ValueError, match=r"Invalid value for argument `model`\. "):
        TiledLosses(feature_extractor(joint, ["joint_maps"]), objective.structure, 16)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("level0",),
            "`layers`. Expected two or more different layer names. Received: layers=level0",
        ),
        (
            (["level0"],),
            "`layers`. Expected two or more different layer names. Received: layers=['level0']",
        ),
        (
            (["level0", "level0"],),
            "`layers`. Expected two or more different layer names. Received: layers=['level0', "
            "'level0']",
        ),
        (
            (LAYERS, "octave1"),
            "`name`. Expected a name that is not the name of a layer of 'multiscale'. "
            "Received: name=octave1",
        ),
    ],
)
def test_errors(base, arguments, message):
    with pytest.raises(ValueError) as error:
        with_joint_maps(base, *arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_layers_without_maps_and_unknown_ones(base):
    with pytest.raises(ValueError) as error:
        with_joint_maps(rwkeras.toy_vgg(include_top=True), ["conv1_1", "fc6"])
    assert str(error.value) == (
        "Invalid value for argument `layers`. Expected layers of feature maps, [batch, height, "
        "width, maps]. Received: layers='fc6' of shape (None, 32)"
    )
    with pytest.raises(ValueError, match=r"did you mean 'level1'\?"):
        with_joint_maps(base, ["level0", "level11"])
