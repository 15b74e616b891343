"""The multi-scale network in a loss: its equations, in `fit`, saved, and what it refuses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.perceptual.multiscale import MultiscaleFeatures
from rwkeras.perceptual.reference import reference_images

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((4, 16, 18, 3)).astype(np.float32)
TARGETS = (0.5 * IMAGES + 0.5 * RANDOM.random(IMAGES.shape)).astype(np.float32)
LAYERS = ("level0", "level1", "joint")


def make(**arguments):
    given = {"feature_layers": ["level0"], "style_layers": LAYERS, "reduction": "none"}
    return rwkeras.RandomPerceptualLoss("multiscale", **{**given, **arguments})


@pytest.mark.parametrize("layers", [LAYERS, ("level1",), ("level0",), ("level0", "joint")])
def test_activations_are_those_of_the_standardised_network(batch, layers):
    features = MultiscaleFeatures(layers, "he", 5, filters=4)
    model = rwkeras.multiscale(filters=4, initializer="he", seed=5)
    rwkeras.make_ready(model, reference_images(5))
    expected = rwkeras.extract(model, layers, batch)
    found = features(batch)
    assert tuple(found) == layers
    for name, maps in found.items():
        np.testing.assert_allclose(maps, expected[name], rtol=1e-3, atol=1e-3)
    assert features.smallest_side == (1 if layers == ("level0",) else 2)


def test_one_is_the_distance_of_two_unrelated_pictures():
    images = reference_images(7)
    for layers in ({"style_layers": ()}, {"feature_layers": (), "style_layers": ["level1"]}):
        loss = make(seed=7, width=0.2, **layers)
        distances = [loss(tf.roll(images, shift, 0), images) for shift in range(1, 16)]
        np.testing.assert_allclose(np.mean(distances), 1, rtol=1e-5)


@pytest.mark.slow
def test_equal_images_have_no_distance_and_other_seeds_another():
    np.testing.assert_array_equal(make()(IMAGES, IMAGES), [0] * 4)
    first, again, other = (make(seed=seed)(TARGETS, IMAGES).numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, make(seed=1, width=0.5)(TARGETS, IMAGES))


def test_the_size_of_the_kernels_is_of_no_matter():
    usual, large = (make(initializer=rwkeras.Gaussian(stddev)) for stddev in (0.015, 1.5))
    np.testing.assert_allclose(usual(TARGETS, IMAGES), large(TARGETS, IMAGES), rtol=1e-3)


def test_gradient_against_finite_differences():
    loss = make(dtype="float64", width=0.2, pixel_weight=0.1)
    x = tf.constant(IMAGES, tf.float64)
    direction = RANDOM.normal(size=IMAGES.shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(TARGETS, x)
    expected = np.sum(tape.gradient(value, x) * direction, axis=(1, 2, 3))
    step = 1e-7  # Short, for few rectifiers to switch on the way.
    difference = loss(TARGETS, x + step * direction) - loss(TARGETS, x - step * direction)
    np.testing.assert_allclose(difference / (2 * step), expected, rtol=1e-4)


@pytest.mark.slow
def test_a_model_learns_by_it_and_is_saved_with_it(tmp_path):
    blurred = keras.ops.average_pool(IMAGES, 3, 1, "same").numpy()
    layers = [
        keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
        keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid"),
    ]
    for seed, layer in enumerate(layers):
        layer.kernel_initializer = rwkeras.He(seed=seed)
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.compile(keras.optimizers.Adam(0.01), loss=make(width=0.2, reduction="sum"))
    variables = len(model.variables)
    history = model.fit(blurred, IMAGES, batch_size=4, epochs=40, shuffle=False, verbose=0)
    assert history.history["loss"][-1] < 0.7 * history.history["loss"][0]
    assert len(model.trainable_variables) == 4
    assert len(model.variables) == variables
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == model.loss.get_config()
    np.testing.assert_array_equal(
        loaded.evaluate(blurred, IMAGES, verbose=0), model.evaluate(blurred, IMAGES, verbose=0)
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_in_half_precision(dtype):
    exact, rough = (make(dtype=kind)(TARGETS, IMAGES) for kind in ("float32", dtype))
    assert rough.dtype == dtype
    np.testing.assert_allclose(rough, exact, rtol=0.1)


def test_under_a_policy_of_half_precision_it_is_the_same():
    expected = make()(TARGETS, IMAGES)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        np.testing.assert_array_equal(make()(TARGETS, IMAGES), expected)
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"feature_layers": ("conv2_2",)},
            "`feature_layers`. Expected one of 'level0', 'level1', 'joint'. Received: "
            "feature_layers=conv2_2",
        ),
        (
            {"pooling": "max"},
            "`pooling`. Expected 'avg', the only value that 'multiscale' supports. Received: "
            "pooling=max",
        ),
        (
            {"subtract_mean": True},
            "`subtract_mean`. Expected False, the only value that 'multiscale' supports. "
            "Received: subtract_mean=True",
        ),
        ({"width": 2}, "`width`. Expected a number in (0, 1]. Received: width=2"),
        ({"seed": 1.5}, "`seed`. Expected an integer. Received: seed=1.5"),
        (
            {"initializer": rwkeras.Sparse(density=1e-5)},
            "`seed`. Expected a seed for which all filters have finite, non-zero responses to "
            "noise. Received: seed=0",
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        make(**arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_images_that_are_too_small():
    with pytest.raises(ValueError) as error:
        make()(IMAGES[:, :1], IMAGES[:, :1])
    assert str(error.value) == (
        "Invalid value for argument `y_true`. Expected images of at least 2 x 2 pixels for these "
        "layers. Received: y_true=(4, 1, 18, 3)"
    )
    alone = make(feature_layers=["level0"], style_layers=())
    assert np.all(np.isfinite(alone(TARGETS[:, :1], IMAGES[:, :1])))
