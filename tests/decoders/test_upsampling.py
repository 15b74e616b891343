import numpy as np
import pytest
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.decoders.upsampling import Bilinear

MAPS = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype(np.float32)


@pytest.mark.parametrize("factor", [2, 3])
def test_bilinear_growth_is_that_of_keras(factor):
    expected = keras.layers.UpSampling2D(factor, interpolation="bilinear")(MAPS)
    np.testing.assert_allclose(Bilinear(factor)(MAPS), expected, atol=1e-6)


def test_of_any_size_in_a_graph():
    layer = Bilinear(2)
    grown = tf.function(layer, input_signature=[tf.TensorSpec([None, None, None, 4])])
    np.testing.assert_array_equal(grown(MAPS), layer(MAPS))
    assert grown.get_concrete_function().output_shapes.as_list() == [None, None, None, 4]
    assert layer(keras.Input((3, None, 4))).shape == (None, 6, None, 4)


def test_in_half_precision():
    grown = Bilinear(2, dtype="mixed_bfloat16")(MAPS)
    assert grown.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(grown, tf.float32), Bilinear(2)(MAPS), atol=0.03)


def test_it_can_be_saved():
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(Bilinear(3, name="grow"))
    )
    assert (type(again), again.factor, again.name) == (Bilinear, 3, "grow")
