import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.precision import lower_precision
from rwkeras.stacking.candidates import candidate_network

SIZE = 32


@pytest.fixture
def model():
    return rwkeras.toy_vgg(include_top=True, initializer="he", seed=1)


@pytest.mark.parametrize("layer", ["conv1_1", "conv2_2", "fc6", "fc8"])
def test_each_member_has_its_own_kernel(model, layer):
    target = model.get_layer(layer)
    shape = tuple(target.kernel.shape)
    kernels = np.stack([rwkeras.He(seed=n).draw(shape) for n in range(3)])
    images = tf.constant(np.random.default_rng(0).random((3, SIZE, SIZE, 3), np.float32))
    network = candidate_network(model, layer, kernels)
    found = rwkeras.extract(network, [layer], images)[layer].numpy()
    for n in range(3):
        target.kernel.assign(kernels[n])
        expected = rwkeras.extract(model, [layer], images[n : n + 1])[layer].numpy()
        np.testing.assert_allclose(found[n : n + 1], expected, rtol=1e-4, atol=1e-3)
    assert (found.min() < 0) == (layer == "fc8")


def test_in_bfloat16_and_from_a_file(model, tmp_path):
    kernels = np.stack([rwkeras.He(seed=n).draw((3, 3, 8, 12)) for n in range(2)])
    network = candidate_network(model, "conv2_1", kernels)
    images = tf.constant(np.random.default_rng(0).random((2, SIZE, SIZE, 3), np.float32))
    exact = network(images).numpy()
    low = tf.cast(lower_precision(network)(images), tf.float32).numpy()
    np.testing.assert_allclose(low, exact, atol=0.03 * exact.max())
    network.save(tmp_path / "candidates.keras")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "candidates.keras")(images), exact
    )
