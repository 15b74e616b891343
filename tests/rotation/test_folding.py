import numpy as np

import rwkeras
from rwkeras.networks.batch_normalization import adapt_batch_normalization
from rwkeras.rotation.folding import fold, with_batch_normalization


def test_the_folded_network_is_the_normalised_one(batch):
    network = rwkeras.toy_vgg(initializer="he", subtract_mean=True, seed=2)
    kernels = network.get_weights()[::2]
    normalized = with_batch_normalization(network)
    for index, kernel in enumerate(kernels):
        np.testing.assert_array_equal(normalized.trainable_weights[3 * index], kernel)
    adapt_batch_normalization(normalized, batch)
    for layer in normalized.layers:
        if layer.name.endswith("_bn"):
            layer.gamma.assign(np.linspace(-1, 2, layer.gamma.shape[0]))
            layer.beta.assign(np.linspace(1, -1, layer.beta.shape[0]))
    fold(normalized, network)
    others = batch[:, ::-1] ** 2
    np.testing.assert_allclose(network(others), normalized(others), rtol=1e-3, atol=1e-4)
    relu, conv = (
        rwkeras.extract(model, [name], others)[name]
        for model, name in ((normalized, "conv2_2_relu"), (network, "conv2_2"))
    )
    assert np.std(conv) > 0.1
    np.testing.assert_allclose(conv, relu, rtol=1e-3, atol=1e-4)
