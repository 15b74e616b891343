import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.features import INPUT, feature_extractor
from rwkeras.networks.multiscale import multiscale, multiscale_layers
from rwkeras.networks.octaves import octave_layers, with_octaves
from rwkeras.networks.precision import lower_precision
from rwkeras.objectives.objective import Objective
from rwkeras.tiling.losses import TiledLosses
from rwkeras.tiling.sums import image_content_loss
from tests.conftest import waves

LAYERS = ("conv1_1", "conv2_2", "pool3")


def pictures(height, width, batch=2):
    """Noisy pictures, of which no two activations are the same."""
    generator = np.random.default_rng(4)
    noise = generator.normal(scale=0.1, size=(batch, height, width, 3))
    return tf.constant(waves(height, width) + noise, tf.float32)


def sources(height, width, batch=2):
    return 1 - tf.reverse(pictures(height, width, batch), [1])


def objective_of(kinds, extractor, target, layers=LAYERS):
    features = extractor(target)
    terms = {
        "content": [rwkeras.content_term(layer, features[layer]) for layer in layers],
        "texture": [rwkeras.texture_term(layer, features[layer]) for layer in layers],
        "tv": [1e-3 * rwkeras.tv_term()],
    }
    return sum((term for kind in kinds for term in terms[kind]), Objective())


def weighted(objective, extractor, images):
    """An objective whose terms count alike at images, each image by another weight."""
    values = objective({**extractor(images), INPUT: images})
    counts = np.linspace(1, 2, images.shape[0], dtype=np.float32)
    return Objective(
        *(t._replace(weight=t.weight * counts / values[t.name]) for t in objective.terms)
    )


def reweighted(objective, other):
    """An objective with the weights of another one's terms."""
    pairs = zip(objective.terms, other.terms, strict=True)
    return Objective(*(term._replace(weight=given.weight) for term, given in pairs))


def by_images(objective, target, layers=LAYERS):
    """The objective with images for targets, in place of the activations of Eq. 1 on layers."""
    names = {f"content/{layer}" for layer in layers}
    replaced = {"loss": image_content_loss, "target": target}
    return Objective(*(t._replace(**replaced) if t.name in names else t for t in objective.terms))


def whole_losses(extractor, structure):
    return lambda images, data: structure.with_data(data)({**extractor(images), INPUT: images})


def evaluate(losses, images, objective, shares=None):
    """The terms and their gradient, in a graph; shares are how much each image counts."""
    ones = tf.ones(images.shape[:1]) if shares is None else tf.constant(shares)

    @tf.function(autograph=False)
    def function(images, data):
        if isinstance(losses, TiledLosses):
            alike = dict.fromkeys((term.name for term in objective.terms), ones)
            values, gradient = losses.value_and_gradient(images, data, alike)
            plain = losses(images, data)
            return values, gradient, plain
        with tf.GradientTape() as tape:
            tape.watch(images)
            values = losses(images, data)
            total = tf.add_n(list(values.values())) * ones
        return values, tape.gradient(total, images), values

    values, gradient, plain = function(images, objective.data)
    for name, value in plain.items():
        np.testing.assert_array_equal(values[name], value)
    return values, gradient


def relative_error(value, expected):
    return np.linalg.norm(value - expected) / np.linalg.norm(expected)


def check(extractor, images, objective, tile, tiled=None, shares=None):
    """Compares an objective by tiles with the same one of the whole image.

    What is tiled is the objective itself unless it is given.
    """
    whole = weighted(objective, extractor, images)
    tiled = whole if tiled is None else reweighted(tiled, whole)
    losses = TiledLosses(extractor, tiled.structure, tile)
    values, gradient = evaluate(losses, images, tiled, shares)
    losses = whole_losses(extractor, whole.structure)
    expected, expected_gradient = evaluate(losses, images, whole, shares)
    assert list(values) == list(expected) == [term.name for term in objective.terms]
    for name, value in values.items():
        np.testing.assert_allclose(expected[name], np.linspace(1, 2, len(value)), rtol=1e-4)
        np.testing.assert_allclose(value, expected[name], rtol=1e-5)
    for member, expected_member in zip(gradient, expected_gradient, strict=True):
        assert relative_error(member, expected_member) < 1e-5


@pytest.fixture(scope="module")
def extractor(toy):
    return feature_extractor(toy, LAYERS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kinds", "tile"),
    [
        (("content",), 20),
        (("texture",), 20),
        (("texture", "tv", "content"), 8),
        (("content", "texture", "tv"), 64),
    ],
)
def test_values_and_gradient_are_those_of_the_whole(extractor, kinds, tile):
    objective = objective_of(kinds, extractor, sources(53, 61))
    check(extractor, pictures(53, 61), objective, tile, shares=[1.0, 3.0])


@pytest.mark.slow
def test_activations_of_an_image_that_tiles_work_out(extractor):
    target = sources(61, 53)
    objective = objective_of(("content", "texture"), extractor, target)
    check(extractor, pictures(61, 53), objective, 20, by_images(objective, target))


def test_maximum_pooling():
    model = rwkeras.toy_vgg(pooling="max", seed=5)
    rwkeras.calibrate(model, waves(32, 32))
    extractor = feature_extractor(model, LAYERS)
    objective = objective_of(("content", "texture"), extractor, sources(37, 45))
    check(extractor, pictures(37, 45), objective, 16)


@pytest.mark.slow
def test_one_target_for_a_batch(extractor):
    target = sources(29, 35, batch=1)
    objective = objective_of(("content", "texture"), extractor, target)
    tiled = by_images(objective, target, ["conv2_2"])
    check(extractor, pictures(29, 35), objective, 16, tiled)


def test_a_texture_of_a_source_of_another_size(extractor):
    objective = objective_of(("texture",), extractor, sources(32, 24, batch=1))
    check(extractor, pictures(27, 50), objective, 16)


def test_filters_of_a_bank():
    bank = rwkeras.filter_bank(sizes=(11,), filters=6, seed=2)
    extractor = feature_extractor(bank, ["conv11"])
    objective = objective_of(("content", "texture"), extractor, sources(31, 40), ["conv11"])
    check(extractor, pictures(31, 40), objective, 12)


def test_a_bank_of_filters_of_all_sizes():
    extractor = feature_extractor(rwkeras.filter_bank(sizes=(3, 11), filters=3), ["maps", "conv3"])
    objective = objective_of(("content", "texture"), extractor, sources(31, 40), ["maps", "conv3"])
    check(extractor, pictures(31, 40), objective, 12)


@pytest.mark.parametrize(
    ("size", "depth", "tile"),
    [
        ((61, 54), 1, 8),
        pytest.param((52, 67), 2, 12, marks=pytest.mark.slow),
        ((49, 49), 1, 12),
        pytest.param((64, 48), 2, 8, marks=pytest.mark.slow),
    ],
)
def test_a_pyramid(size, depth, tile):
    layers = multiscale_layers(3)
    extractor = feature_extractor(multiscale(levels=3, depth=depth, filters=3), layers)
    objective = objective_of(("content", "texture", "tv"), extractor, sources(*size), layers)
    tiled = by_images(objective, sources(*size), ["level1"])
    check(extractor, pictures(*size), objective, tile, tiled, shares=[1.0, 3.0])


@pytest.mark.slow
@pytest.mark.parametrize("side", range(15, 23))
def test_whatever_the_last_tile_of_a_pyramid_has(side):
    extractor = feature_extractor(multiscale(levels=3, filters=2, sizes=(1, 3)), ["level2"])
    objective = objective_of(("content", "texture"), extractor, sources(9, side), ["level2"])
    check(extractor, pictures(9, side), objective, 4)


@pytest.mark.slow
def test_a_network_at_each_octave(toy):
    size = 51, 66
    layers = octave_layers(["conv1_2", "conv2_1", "pool2"], 3)
    extractor = feature_extractor(with_octaves(toy, ["conv1_2", "conv2_1", "pool2"], 3), layers)
    objective = objective_of(("content", "texture", "tv"), extractor, sources(*size), layers)
    check(extractor, pictures(*size), objective, 16)


@pytest.mark.slow
def test_a_vgg19():
    layers = ("conv1_1", "conv2_2", "conv5_1")
    model = rwkeras.vgg19(subtract_mean=True, seed=1)
    rwkeras.calibrate(model, waves(48, 48))
    extractor = feature_extractor(model, layers)
    # Long, for the tiles to be less than the image with what conv5_1 sees around them.
    target = sources(37, 215, batch=1)
    objective = objective_of(("content", "texture"), extractor, target, layers)
    tiled = by_images(objective, target, ["conv5_1"])
    check(extractor, pictures(37, 215, batch=1), objective, 48, tiled)


def test_a_term_by_itself(extractor):
    objective = objective_of(("content", "texture", "tv"), extractor, sources(24, 30))
    images, name = pictures(24, 30), "texture/conv2_2"

    def gradient(losses):
        with tf.GradientTape() as tape:
            tape.watch(images)
            value = losses(images, objective.data)[name]
        return tape.gradient(value, images)

    alone = {t.name: tf.fill([2], float(t.name == name)) for t in objective.terms}
    tiled = TiledLosses(extractor, objective.structure, 16)
    _, found = tiled.value_and_gradient(images, objective.data, alone)
    expected = gradient(whole_losses(extractor, objective.structure))
    assert relative_error(found, expected) < 1e-5


def float64_loss(extractor, target, layers):
    """The losses of images in float64, from their equations."""
    exact = lower_precision(extractor, "float64")

    def rows(images):
        found, x = {}, tf.constant(images)
        # By itself the network would take images in float32.
        for layer in exact.layers[1:]:
            x = layer(x)
            assert x.dtype == tf.float64
            if layer.name in layers:
                found[layer.name] = x.numpy().reshape(-1, x.shape[-1])
        return found

    wanted = rows(target)

    def loss(images):
        total = 1e-3 * sum(np.sum(np.diff(images, axis=axis) ** 2) for axis in (1, 2))
        for layer, found in rows(images).items():
            positions, maps = found.shape
            total += np.sum((found - wanted[layer]) ** 2) / (2 * positions * maps)
            grams = [each.T @ each / positions for each in (found, wanted[layer])]
            total += np.sum((grams[0] - grams[1]) ** 2) / (4 * maps**2)
        return total

    return loss


@pytest.mark.slow
def test_finite_differences_in_float64(extractor):
    images, target = pictures(21, 27, batch=1), sources(21, 27, batch=1)
    objective = objective_of(("content", "texture", "tv"), extractor, target)
    objective = by_images(objective, target, ["pool3"])
    losses = TiledLosses(extractor, objective.structure, 8)
    values, gradient = evaluate(losses, images, objective)
    loss = float64_loss(extractor, target.numpy().astype(np.float64), LAYERS)
    start = images.numpy().astype(np.float64)
    np.testing.assert_allclose(tf.add_n(list(values.values())), [loss(start)], rtol=1e-5)
    generator = np.random.default_rng(7)
    for _ in range(4):
        direction = generator.normal(size=start.shape)
        change = 1e-6 * direction
        slope = (loss(start + change) - loss(start - change)) / 2e-6
        scale = np.linalg.norm(gradient) * np.linalg.norm(direction)
        assert abs(slope - np.sum(gradient * direction)) < 1e-6 * scale


def mean_activation(features):
    return tf.reduce_mean(features, (1, 2, 3))


def test_losses_that_are_no_sums_over_positions(toy, square):
    term = rwkeras.Term("mine", "conv1_1", mean_activation)
    message = (
        "Invalid value for argument `objective`. Expected losses of Eq. 1 or 6 on 'conv1_1', "
        "which are sums over positions. Received: objective=mine"
    )
    one = feature_extractor(toy, ["conv1_1"])
    with pytest.raises(ValueError) as error:
        TiledLosses(one, Objective(term), 16)
    assert str(error.value) == message
    tiled = rwkeras.OptimizerSettings(max_iterations=1, tile_size=16)
    with pytest.raises(ValueError) as error:
        rwkeras.optimize_image(toy, Objective(term), square[np.newaxis], optimizer=tiled)
    assert str(error.value) == message
    # On the image itself anything will do.
    images = tf.constant(square[np.newaxis])
    objective = Objective(term._replace(layer=INPUT))
    objective += rwkeras.content_term("conv1_1", one(images)["conv1_1"] + 1)
    values = TiledLosses(one, objective.structure, 16)(images, objective.data)
    np.testing.assert_allclose(values["mine"], square.mean(), rtol=1e-5)
    np.testing.assert_allclose(values["content/conv1_1"], 0.5, rtol=1e-4)


def test_the_loss_towards_an_image_is_not_called():
    with pytest.raises(NotImplementedError) as error:
        image_content_loss(tf.ones([1, 2, 2, 3]), tf.ones([1, 2, 2, 3]))
    assert str(error.value) == "The target of this loss is an image; see `TiledLosses`."
