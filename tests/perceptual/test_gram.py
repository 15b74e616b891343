import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(2, 5, 6, 3)).astype(np.float32)


def numpy_gram(features):
    return np.einsum("bhwi,bhwj->bij", features, features) / np.prod(features.shape[1:3])


def test_values():
    found = rwkeras.GramMatrix()(FEATURES)
    np.testing.assert_allclose(found, numpy_gram(FEATURES.astype(np.float64)), rtol=1e-5, atol=1e-6)


def test_shapes_are_known_beforehand():
    maps = keras.layers.Conv2D(4, 3)(keras.Input((None, None, 3)))
    assert rwkeras.GramMatrix()(maps).shape == (None, 4, 4)
    assert rwkeras.GramMatrix()(keras.Input((7, 5))).shape == (None, 5, 5)


def test_in_a_model_that_learns_and_is_saved(tmp_path):
    layers = [keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3, activation="relu")]
    layers += [rwkeras.GramMatrix(name="gram"), keras.layers.Flatten(), keras.layers.Dense(1)]
    keras.utils.set_random_seed(0)
    model = keras.Sequential(layers)
    model.compile("adam", "mse")
    losses = model.fit(FEATURES, np.ones([2, 1]), epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("gram").get_config() == model.get_layer("gram").get_config()
    np.testing.assert_array_equal(loaded(FEATURES), model(FEATURES))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16"])
def test_half_precision_does_not_run_over(dtype):
    # 65792 positions, of which float16 cannot count the last: it ends at 65504.
    features = np.full([1, 256, 257, 2], 2.0)
    layer = rwkeras.GramMatrix(dtype=dtype)
    found = layer(features)
    assert found.dtype == layer.compute_dtype
    np.testing.assert_array_equal(tf.cast(found, tf.float32), np.full([1, 2, 2], 4.0))


@pytest.mark.parametrize(
    ("shape", "shown"), [((4,), "(None, 4)"), ((8, 8, None), "(None, 8, 8, None)")]
)
def test_what_has_no_matrix(shape, shown):
    with pytest.raises(ValueError) as error:
        rwkeras.GramMatrix()(keras.Input(shape))
    assert str(error.value) == (
        "Invalid value for argument `inputs`. Expected feature maps, [batch, height, width, "
        f"maps], with a known number of maps. Received: inputs={shown}"
    )
