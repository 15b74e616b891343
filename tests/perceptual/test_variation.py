import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((2, 6, 5, 3)).astype(np.float32)


def numpy_variation(images):
    images = images.astype(np.float64)
    return np.sum(np.diff(images, axis=-3) ** 2) + np.sum(np.diff(images, axis=-2) ** 2)


@pytest.mark.parametrize("images", [IMAGES, IMAGES[0]], ids=["batch", "one"])
def test_value(images):
    expected = 0.5 * numpy_variation(images)
    np.testing.assert_allclose(rwkeras.TotalVariation(0.5)(images), expected, rtol=1e-6)


def test_gradient_against_finite_differences():
    regularizer = rwkeras.TotalVariation(0.5)
    x = tf.constant(IMAGES, tf.float64)
    direction = RANDOM.normal(size=x.shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = regularizer(x)
    expected = np.sum(tape.gradient(value, x) * direction)
    step = 1e-5
    difference = regularizer(x + step * direction) - regularizer(x - step * direction)
    np.testing.assert_allclose(difference / (2 * step), expected, rtol=1e-8)


def activity_loss(regularizer):
    """Returns the activations of a layer with an activity regulariser, and its loss."""
    model = keras.Sequential([keras.Input((None, None, 3))])
    model.add(keras.layers.Conv2D(3, 1, activity_regularizer=regularizer))
    images = model(IMAGES).numpy()
    return images, float(model.losses[0])


def test_as_an_activity_regularizer_it_is_weighted_as_any_other():
    # Keras divides by the size of the batch, but for some releases.
    _, weight = activity_loss(lambda x: 1.0 + 0.0 * keras.ops.sum(x))
    images, loss = activity_loss(rwkeras.TotalVariation(0.5))
    np.testing.assert_allclose(loss, 0.5 * numpy_variation(images) * weight, rtol=1e-5)


def test_on_an_image_variable_it_makes_it_smooth():
    class Picture(keras.layers.Layer):
        def build(self, shape):
            self.image = self.add_weight(
                shape=IMAGES.shape[1:],
                initializer=keras.initializers.RandomUniform(seed=0),
                regularizer=rwkeras.TotalVariation(0.5),
            )

        def call(self, inputs):
            return inputs + self.image

    model = keras.Sequential([keras.Input(IMAGES.shape[1:]), Picture()])
    image = model.layers[0].image
    before = numpy_variation(image.numpy())
    np.testing.assert_allclose(model.losses, [0.5 * before], rtol=1e-5)
    model.compile(keras.optimizers.SGD(0.1), loss=lambda y_true, y_pred: 0 * y_pred)
    model.fit(IMAGES, IMAGES, epochs=10, verbose=0)
    assert numpy_variation(image.numpy()) < 0.2 * before


def test_saved_with_its_layer(tmp_path):
    model = keras.Sequential([keras.Input((None, None, 3))])
    model.add(keras.layers.Conv2D(3, 1, activity_regularizer=rwkeras.TotalVariation(0.25)))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    model(IMAGES)
    loaded(IMAGES)
    assert loaded.layers[0].activity_regularizer.get_config() == {"factor": 0.25}
    np.testing.assert_array_equal(loaded.losses, model.losses)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_does_not_run_over(dtype):
    # The sum of 2 x 256 x 255 differences of 1 is beyond what float16 holds.
    images = tf.cast(np.indices([256, 256]).sum(0)[np.newaxis, :, :, np.newaxis] % 2, dtype)
    found = rwkeras.TotalVariation(1.0)(images)
    assert found.dtype == tf.float32
    assert float(found) == 2 * 256 * 255


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_under_a_mixed_policy(policy):
    layer = keras.layers.Conv2D(
        3, 1, dtype=policy, activity_regularizer=rwkeras.TotalVariation(1e-3)
    )
    model = keras.Sequential([keras.Input((64, 64, 3)), layer])
    model.compile("sgd", "mse")
    images = RANDOM.random((2, 64, 64, 3))
    before = model.get_weights()[0]
    losses = model.fit(images, images, epochs=2, verbose=0).history["loss"]
    after = model.get_weights()[0]
    assert np.isfinite([*losses, *after.ravel()]).all()
    assert np.any(after != before)


@pytest.mark.parametrize("factor", [-1, float("nan"), "1"])
def test_factor_that_is_none(factor):
    with pytest.raises(ValueError) as error:
        rwkeras.TotalVariation(factor)
    shown = factor if isinstance(factor, str) else repr(factor)
    assert str(error.value) == (
        "Invalid value for argument `factor`. Expected a finite number of at least 0. "
        f"Received: factor={shown}"
    )


def test_what_is_no_image():
    with pytest.raises(ValueError) as error:
        rwkeras.TotalVariation()(np.zeros([4, 4], np.float32))
    assert str(error.value) == (
        "Invalid value for argument `x`. Expected images, [batch, height, width, channels] or "
        "[height, width, channels]. Received: x=(4, 4)"
    )
