import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.perceptual.reference import reference_images
from tests.perceptual.numpy_loss import toy_loss

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((2, 16, 18, 3))
TARGETS = 0.5 * IMAGES + 0.5 * RANDOM.random((2, 16, 18, 3))


def make(**arguments):
    """Returns a loss on a toy network that gives the loss of each image."""
    return rwkeras.RandomPerceptualLoss(
        **{"architecture": "toy_vgg", "reduction": "none", **arguments}
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"feature_layers": ["conv1_1"]}, {"feature": (1, ["conv1_1"])}),
        (
            {"feature_layers": ("conv2_1", "pool2"), "feature_weight": 3.0},
            {"feature": (3, ["conv2_1", "pool2"])},
        ),
        (
            {"feature_layers": (), "style_layers": ("conv1_2", "conv3_1"), "style_weight": 0.5},
            {"style": (0.5, ["conv1_2", "conv3_1"])},
        ),
        (
            {"style_layers": ("conv1_1",), "style_weight": 2, "pixel_weight": 7.0},
            {"feature": (1, ["conv2_2"]), "style": (2, ["conv1_1"]), "pixel_weight": 7},
        ),
        ({"feature_weight": 0, "pixel_weight": 1}, {"pixel_weight": 1}),
    ],
    ids=["a layer", "features", "styles", "all", "pixels"],
)
def test_it_is_the_equation(arguments, expected):
    found = make(seed=5, dtype="float64", **arguments)(TARGETS, IMAGES)
    assert found.shape == (2,)
    # The scales are found in float32.
    np.testing.assert_allclose(found, toy_loss(TARGETS, IMAGES, seed=5, **expected), rtol=1e-5)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_gradient_against_finite_differences(pooling):
    loss = make(
        dtype="float64", pooling=pooling, subtract_mean=True, style_layers=("conv1_1", "pool2"),
        pixel_weight=0.1,
    )  # fmt: skip
    x = tf.constant(IMAGES)
    direction = RANDOM.normal(size=IMAGES.shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(TARGETS, x)
    expected = np.sum(tape.gradient(value, x) * direction, axis=(1, 2, 3))
    step = 1e-7  # Short, for few rectifiers to switch on the way.
    difference = loss(TARGETS, x + step * direction) - loss(TARGETS, x - step * direction)
    np.testing.assert_allclose(difference / (2 * step), expected, rtol=1e-5)


@pytest.mark.parametrize("subtract_mean", [False, True])
@pytest.mark.parametrize("layer", ["conv1_1", "pool1", "conv3_2"])
def test_one_is_the_distance_of_two_unrelated_pictures(layer, subtract_mean):
    images = reference_images(7)
    for layers in ({"feature_layers": [layer]}, {"feature_layers": (), "style_layers": [layer]}):
        loss = make(seed=7, subtract_mean=subtract_mean, **layers)
        distances = [loss(tf.roll(images, shift, 0), images) for shift in range(1, 16)]
        np.testing.assert_allclose(np.mean(distances), 1, rtol=1e-5)


def test_equal_images_have_no_distance():
    loss = make(style_layers=("conv1_1", "conv3_1"), pixel_weight=1.0)
    np.testing.assert_array_equal(loss(IMAGES, IMAGES), [0, 0])


def test_members_of_a_batch_are_independent_and_a_single_target_serves_all():
    loss = make(style_layers=("conv1_1",), pixel_weight=1.0)
    both = loss(TARGETS[:1], IMAGES).numpy()
    alone = [loss(TARGETS[:1], IMAGES[i : i + 1])[0] for i in (0, 1)]
    np.testing.assert_allclose(both, alone, rtol=1e-5)


def test_styles_may_be_of_another_size():
    layers = ("conv1_1", "conv2_1")
    found = make(feature_layers=(), style_layers=layers)(TARGETS[:, :9, :8], IMAGES)
    expected = toy_loss(TARGETS[:, :9, :8], IMAGES, seed=0, style=(1, layers))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_reductions_and_sample_weights():
    each = make()(TARGETS, IMAGES).numpy()
    assert each.shape == (2,)
    for reduction, expected in (("sum", each.sum()), ("sum_over_batch_size", each.mean())):
        np.testing.assert_allclose(make(reduction=reduction)(TARGETS, IMAGES), expected, rtol=1e-6)
    weighted = make(reduction="sum")(TARGETS, IMAGES, sample_weight=[0.0, 3.0])
    np.testing.assert_allclose(weighted, 3 * each[1], rtol=1e-6)


def test_the_recipe_decides_the_bits():
    recipes = [{}, {"seed": 1}, {"pooling": "max"}, {"subtract_mean": True}, {"width": 0.5}]
    recipes += [{"initializer": "laplace"}, {"initializer": rwkeras.Sparse(density=0.5)}]
    values = [make(**recipe)(TARGETS, IMAGES).numpy() for recipe in recipes]
    for recipe, value in zip(recipes, values, strict=True):
        np.testing.assert_array_equal(make(**recipe)(TARGETS, IMAGES), value)
    assert len({tuple(value) for value in values}) == len(recipes)


def test_the_size_of_the_kernels_is_of_no_matter():
    usual, large = (make(initializer=rwkeras.Gaussian(stddev)) for stddev in (0.015, 1.5))
    np.testing.assert_allclose(usual(TARGETS, IMAGES), large(TARGETS, IMAGES), rtol=1e-4)


def test_from_its_config():
    loss = make(
        width=0.75, initializer=rwkeras.Sparse(density=0.5, seed=9), seed=4, pooling="max",
        subtract_mean=True, feature_layers=["pool1"], feature_weight=2.0, style_layers=["conv1_1"],
        style_weight=3.0, pixel_weight=4.0, reduction="sum", name="distance", dtype="float64",
    )  # fmt: skip
    config = keras.saving.serialize_keras_object(loss)
    assert config["registered_name"] == "rwkeras>RandomPerceptualLoss"
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == loss.get_config()
    assert again(TARGETS, IMAGES).dtype == tf.float64
    np.testing.assert_array_equal(again(TARGETS, IMAGES), loss(TARGETS, IMAGES))


def test_defaults():
    assert rwkeras.RandomPerceptualLoss().get_config() == {
        "name": "random_perceptual_loss",
        "reduction": "sum_over_batch_size",
        "architecture": "vgg19",
        "width": 1.0,
        "initializer": "gaussian",
        "seed": 0,
        "pooling": "avg",
        "subtract_mean": False,
        "feature_layers": ["conv2_2"],
        "feature_weight": 1.0,
        "style_layers": [],
        "style_weight": 1.0,
        "pixel_weight": 0.0,
        "dtype": "float32",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"architecture": "vgg16"},
            "`architecture`. Expected one of 'vgg19', 'toy_vgg', 'multiscale' (did you mean "
            "'vgg19'?). "
            "Received: architecture=vgg16",
        ),
        ({"width": 2}, "`width`. Expected a number in (0, 1]. Received: width=2"),
        (
            {"initializer": "gauss"},
            "`initializer`. Expected one of 'gaussian', 'he', 'uniform', 'laplace', 'orthogonal', "
            "'binary', 'sparse' (did you mean 'gaussian'?). Received: initializer=gauss",
        ),
        ({"seed": 1.5}, "`seed`. Expected an integer. Received: seed=1.5"),
        ({"pooling": "min"}, "`pooling`. Expected one of 'avg', 'max'. Received: pooling=min"),
        (
            {"subtract_mean": 1},
            "`subtract_mean`. Expected true or false. Received: subtract_mean=1",
        ),
        (
            {"feature_layers": "conv1_1"},
            "`feature_layers`. Expected different layer names. Received: feature_layers=conv1_1",
        ),
        (
            {"style_layers": ("conv1_1", "conv1_1")},
            "`style_layers`. Expected different layer names. Received: style_layers=('conv1_1', "
            "'conv1_1')",
        ),
        (
            {"style_layers": ("conv4_1",)},
            "`style_layers`. Expected one of 'conv1_1', 'conv1_2', 'pool1', 'conv2_1', 'conv2_2', "
            "'pool2', 'conv3_1', 'conv3_2', 'pool3' (did you mean 'conv3_1'?). Received: "
            "style_layers=conv4_1",
        ),
        (
            {"feature_weight": -1},
            "`feature_weight`. Expected a finite number of at least 0. Received: feature_weight=-1",
        ),
        (
            {"style_weight": None},
            "`style_weight`. Expected a finite number of at least 0. Received: style_weight=None",
        ),
        (
            {"feature_layers": ()},
            "`pixel_weight`. Expected a number greater than 0, as neither features nor styles are "
            "compared. Received: pixel_weight=0.0",
        ),
        (
            {"initializer": rwkeras.Sparse(density=1e-5), "seed": 1},
            "`seed`. Expected a seed for which 'conv1_1' has finite, non-zero activations on "
            "noise. Received: seed=1",
        ),
    ],
)
def test_arguments_that_cannot_be(arguments, message):
    with pytest.raises(ValueError) as error:
        make(**arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        (
            (2, 16, 16, 1),
            (2, 16, 16, 3),
            "`y_true`. Expected images, [batch, height, width, 3]. Received: y_true=(2, 16, 16, 1)",
        ),
        (
            (2, 16, 16, 3),
            (16, 16, 3),
            "`y_pred`. Expected images, [batch, height, width, 3]. Received: y_pred=(16, 16, 3)",
        ),
        (
            (2, 16, 16, 3),
            (2, 16, 1, 3),
            "`y_pred`. Expected images of at least 2 x 2 pixels for these layers. Received: "
            "y_pred=(2, 16, 1, 3)",
        ),
        (
            (2, 16, 8, 3),
            (2, 16, 16, 3),
            "`y_true`. Expected targets of the same size as `y_pred`, (16, 16). Received: "
            "y_true=(2, 16, 8, 3)",
        ),
    ],
)
def test_images_that_cannot_be_compared(y_true, y_pred, message):
    with pytest.raises(ValueError) as error:
        make()(np.zeros(y_true, np.float32), np.zeros(y_pred, np.float32))
    assert str(error.value) == f"Invalid value for argument {message}"
