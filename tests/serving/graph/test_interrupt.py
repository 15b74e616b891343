import numpy as np
import tensorflow as tf

import rwkeras
from rwkeras.serving.graph.interrupt import Interruptible, interruptible
from tests.conftest import waves


def test_the_same_is_computed(toy):
    image = tf.constant(waves(20, 28)[np.newaxis])
    extractor = rwkeras.feature_extractor(toy, ["conv2_1", "conv3_1"])
    copy = interruptible(extractor)
    for name in ("conv1_1", "conv2_2"):
        assert copy.get_layer(name).get_config() == toy.get_layer(name).get_config()

    @tf.function(autograph=False)
    def gradient(model, image):
        with tf.GradientTape() as tape:
            tape.watch(image)
            features = model(image)
            loss = tf.add_n([tf.reduce_sum(value**2) for value in features.values()])
        return features, tape.gradient(loss, image)

    found, expected = (gradient(model, image) for model in (copy, extractor))
    tf.nest.map_structure(np.testing.assert_array_equal, found, expected)
    again = interruptible(copy)
    np.testing.assert_array_equal(again(image)["conv3_1"], found[0]["conv3_1"])


def test_models_in_it_are_entered(toy):
    image = tf.constant(waves(21, 28)[np.newaxis])
    decoder = rwkeras.decnn(toy, "conv2_1", rwkeras.decoder(toy, "conv2_1"))
    copy = interruptible(decoder)
    for name in ("toy_vgg", "decoder"):
        layers = copy.get_layer(name).layers
        stops = [n for n, layer in enumerate(layers) if type(layer) is Interruptible]
        assert stops == [n + 1 for n, layer in enumerate(layers) if layer.weights] != []
    np.testing.assert_array_equal(copy(image), decoder(image))


def test_shapes_are_kept(toy):
    copy = interruptible(rwkeras.feature_extractor(toy, ["pool3"]))
    assert copy.output["pool3"].shape == (None, None, None, 16)
    assert copy.compute_output_shape((1, 24, 32, 3)) == {"pool3": (1, 3, 4, 16)}
