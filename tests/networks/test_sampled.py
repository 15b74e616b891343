import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.backend import keras
from rwkeras.networks import sampled
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.networks.precision import lower_precision
from rwkeras.networks.sampled import can_sample, copy_weights, set_phase, with_sampled_positions
from tests.conftest import waves

LAYERS = rwkeras.multiscale_layers()


@pytest.fixture
def network(monkeypatch):
    monkeypatch.setattr(sampled, "SAMPLED_FROM", 16)
    return rwkeras.multiscale(filters=2, sizes=(3, 4, 5), seed=3)


@pytest.mark.parametrize("size", [(32, 40), (33, 41)])
@pytest.mark.parametrize("number", range(5))
def test_activations_are_those_of_a_grid_of_positions(network, size, number):
    images = tf.constant(waves(*size)[np.newaxis])
    every = with_mirrored_padding(network)(images)
    copy = with_sampled_positions(network)
    set_phase(copy, number)
    found = copy(images)
    row, column = ((0, 0), (1, 1), (0, 1), (1, 0))[number % 4]
    for name in LAYERS:
        height, width = (side // 2 for side in every[name].shape[1:3])
        expected = every[name][:, row::2, column::2][:, :height, :width]
        np.testing.assert_allclose(found[name], expected, atol=1e-6)


def test_four_phases_see_every_position(network):
    copy, seen = with_sampled_positions(network), np.zeros((32, 32))
    for number in range(4):
        set_phase(copy, number)
        row, column = copy.get_layer("conv0_1_3").phase.numpy()
        seen[row::2, column::2] += 1
    np.testing.assert_array_equal(seen, 1)


def test_small_inputs_are_seen_everywhere(network):
    copy, whole = with_sampled_positions(network), with_mirrored_padding(network)
    set_phase(copy, 1)
    images = tf.constant(waves(15, 40)[np.newaxis])
    for name in LAYERS:
        np.testing.assert_array_equal(copy(images)[name], whole(images)[name])
    # Of larger ones, the smaller levels.
    images = tf.constant(waves(24, 24)[np.newaxis])
    assert copy(images)["level0"].shape[1:3] == (12, 12)
    np.testing.assert_array_equal(copy(images)["level1"], whole(images)["level1"])


def test_gradients_are_those_of_the_grid(network):
    images = tf.constant(waves(20, 20)[np.newaxis])
    copy, whole = with_sampled_positions(network), with_mirrored_padding(network)
    set_phase(copy, 2)
    gradients = []
    for cut in (lambda: copy(images)["level0"], lambda: whole(images)["level0"][:, ::2, 1::2]):
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.reduce_sum(tf.square(cut()))
        gradients.append(tape.gradient(loss, images))
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-4)


def test_the_phase_moves_without_another_trace(network):
    copy, traces = with_sampled_positions(network), []

    @tf.function
    def level(images):
        traces.append(images.shape)
        return copy(images)["level0"]

    images = tf.constant(waves(32, 32)[np.newaxis])
    found = []
    for number in (0, 1):
        set_phase(copy, number)
        found.append(level(images).numpy())
    assert len(traces) == 1
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_weights_follow_and_the_phase_stays(network):
    copy = with_sampled_positions(network)
    set_phase(copy, 1)
    rwkeras.redraw(network, 4)
    copy_weights(network, copy)
    layer = copy.get_layer("conv1_1_5")
    np.testing.assert_array_equal(layer.kernel, network.get_layer("conv1_1_5").kernel)
    np.testing.assert_array_equal(layer.phase, (1, 1))
    # Copies of another precision have it too.
    np.testing.assert_array_equal(lower_precision(copy).get_layer("conv1_1_5").phase, (1, 1))
    again = type(layer).from_config(layer.get_config())
    assert again.compute_output_shape((None, 64, 66, 3)) == (None, 32, 33, 2)
    assert again.compute_output_shape((1, None, 66, 3)) == (1, None, 66, 2)


def convolved(**settings):
    image = keras.Input((None, None, 3), name="image")
    return keras.Model(image, keras.layers.Conv2D(2, 3, padding="same", **settings)(image))


def test_what_can_be_sampled():
    assert can_sample(rwkeras.multiscale(filters=1))
    assert can_sample(convolved())
    assert not can_sample(rwkeras.multiscale(filters=1, depth=2))
    assert not can_sample(convolved(strides=2))
    assert not can_sample(convolved(dilation_rate=2))


def test_what_cannot_is_refused(network):
    with pytest.raises(ValueError) as error:
        with_sampled_positions(rwkeras.multiscale(filters=1, depth=2))
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected convolutions that see the image or its "
        "pyramid. Received: model=multiscale"
    )
    with pytest.raises(ValueError) as error:
        set_phase(with_sampled_positions(network), -1)
    assert "`number`. Expected an integer of at least 0. Received: number=-1" in str(error.value)
