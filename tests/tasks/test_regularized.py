import dataclasses
import inspect

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.alexnet import MEAN_RGB, alexnet
from rwkeras.objectives.natural import tv_beta
from rwkeras.tasks.regularized import (
    RegularizedInversionSettings,
    invert_regularized,
    regularized_inversion_objective,
)
from tests.conftest import waves

SIGMA = 27098.0
FEW = rwkeras.OptimizerSettings(
    memory=8, max_iterations=20, parametrization="pixels", precision="float32"
)


@pytest.fixture(scope="module")
def network():
    return alexnet(initializer="he", seed=1)


def papers_objective(features, target, image, alpha, beta, tv_weight):
    """Eq. 5 in the paper's units, in float64: x has norm 1 or so where the image's is SIGMA."""
    x = (255 * image.astype(np.float64) - MEAN_RGB) / SIGMA
    features, target = (np.asarray(f, np.float64) for f in (features, target))
    down, right = np.zeros_like(x), np.zeros_like(x)
    down[:-1], right[:, :-1] = np.diff(x, axis=0), np.diff(x, axis=1)
    return {
        "content": np.sum((features - target) ** 2) / np.sum(target**2),
        "alpha": 2.16e8 * np.sum(np.abs(x) ** alpha),
        "tv": tv_weight * np.sum((down**2 + right**2) ** (beta / 2)),
    }


@pytest.mark.parametrize(
    ("layer", "alpha", "beta", "tv_weight", "expected_weight"),
    [
        ("conv2", 6.0, 2.0, None, 0.5),
        ("conv4", 6.0, 2.0, None, 5.0),
        ("pool5", 6.0, 2.0, None, 50.0),
        ("conv1", 4.0, 1.0, 3.0, 3.0),
    ],
)
def test_the_objective_is_the_papers(network, layer, alpha, beta, tv_weight, expected_weight):
    source = tf.constant(np.stack([waves(227, 227), waves(227, 227)[::-1] ** 2]))
    images = rwkeras.white_noise(source.shape, 3, stddev=0.3)
    settings = RegularizedInversionSettings(layer, alpha, beta, tv_weight=tv_weight)
    target, features = (rwkeras.extract(network, [layer], x)[layer] for x in (source, images))
    objective = regularized_inversion_objective(network, source, settings)
    losses = objective({layer: features, "input": images})
    assert list(losses) == [f"content/{layer}", f"alpha_norm/{alpha:g}", f"tv_beta/{beta:g}"]
    for i in range(2):
        expected = papers_objective(
            features[i], target[i], images[i].numpy(), alpha, beta, expected_weight
        )
        got = [loss[i] for loss in losses.values()]
        np.testing.assert_allclose(got, list(expected.values()), rtol=1e-4)


def test_their_program_has_the_same_constants():
    """It weighs sums over x in [0, 255] by 4e-10 / sigma^2 and by lambda_V / sigma^2."""
    np.testing.assert_allclose(2.16e8 / SIGMA**6, 4e-10 / SIGMA**2, rtol=2e-3)
    np.testing.assert_allclose(0.27, SIGMA / (255 * np.sqrt(227 * 227 * 3)), rtol=2e-3)


def test_the_prior_weighs_as_much_whatever_the_size(network):
    small = waves(96, 96)
    large = np.tile(small, (2, 1, 1))
    settings = RegularizedInversionSettings("conv1", tv_weight=0)
    losses = []
    for image in (small, large):
        source = tf.constant(image[np.newaxis])
        objective = regularized_inversion_objective(network, source, settings)
        features = rwkeras.extract(network, ["conv1"], source)
        losses.append(objective({**features, "input": source})["alpha_norm/6"])
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_the_loss_falls_and_the_prior_takes_the_noise(network):
    photo = waves(96, 96)
    regularized = invert_regularized(
        network, photo, rwkeras.RegularizedInversionSettings("conv2"), optimizer=FEW
    )
    bare = invert_regularized(
        network,
        photo,
        rwkeras.RegularizedInversionSettings("conv2", alpha_weight=0.0, tv_weight=0.0),
        optimizer=FEW,
    )
    assert regularized.image.shape == photo.shape
    assert list(regularized.losses) == ["content/conv2", "alpha_norm/6", "tv_beta/2"]
    assert regularized.relative_loss < 0.1
    noise = [float(tv_beta(tf.constant(r.image[None]))[0]) for r in (regularized, bare)]
    assert noise[0] < 0.1 * noise[1]
    psnrs = [rwkeras.psnr(r.image, photo)[0] for r in (regularized, bare)]
    assert psnrs[0] > psnrs[1] + 2


def test_a_batch_and_another_network(toy, batch):
    result = invert_regularized(
        toy, batch, rwkeras.RegularizedInversionSettings("conv2_1", tv_weight=0.5), optimizer=FEW
    )
    assert result.image.shape == batch.shape
    assert result.loss.shape == (2,)
    assert (result.loss < result.initial_loss).all()


def test_same_seed_same_bytes(toy, image):
    brief = dataclasses.replace(FEW, max_iterations=5)
    first, again, other = (
        invert_regularized(
            toy,
            image,
            RegularizedInversionSettings("conv3_1", tv_weight=5.0, seed=seed),
            optimizer=brief,
        ).image
        for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_it_is_over_pixels_by_default():
    optimizer = inspect.signature(invert_regularized).parameters["optimizer"].default
    assert optimizer == rwkeras.OptimizerSettings(parametrization="pixels")


NUMBER = "Expected a finite number of at least"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0.5}, f"`alpha`. {NUMBER} 1. Received: alpha=0.5"),
        ({"beta": 0}, f"`beta`. {NUMBER} 1. Received: beta=0"),
        ({"alpha_weight": -1}, f"`alpha_weight`. {NUMBER} 0. Received: alpha_weight=-1"),
        ({"tv_weight": "5"}, f"`tv_weight`. {NUMBER} 0. Received: tv_weight=5"),
        (
            {"image_norm": 0},
            "`image_norm`. Expected a finite number greater than 0. Received: image_norm=0",
        ),
        ({"noise_stddev": -1}, f"`noise_stddev`. {NUMBER} 0. Received: noise_stddev=-1"),
        (
            {},
            "`tv_weight`. Expected a number for layer 'conv1_1', as the paper has values only for "
            "conv1, pool1, norm1, conv2, pool2, norm2, conv3, conv4, conv5, pool5, fc6, fc7, fc8. "
            "Received: tv_weight=None",
        ),
        (
            {"layer": "conv9", "tv_weight": 1},
            "`layer`. Expected a layer of 'toy_vgg': preprocess, conv1_1, conv1_2, pool1, conv2_1, "
            "conv2_2, pool2, conv3_1, conv3_2, pool3 (did you mean 'conv3_2'?). "
            "Received: layer=conv9",
        ),
    ],
)
def test_errors(toy, image, arguments, message):
    with pytest.raises(ValueError) as error:
        invert_regularized(
            toy, image, RegularizedInversionSettings(**{"layer": "conv1_1", **arguments})
        )
    assert str(error.value) == f"Invalid value for argument {message}"


def test_a_silent_layer_is_refused(image):
    silent = rwkeras.toy_vgg()
    silent.get_layer("conv1_1").set_weights([np.zeros((3, 3, 3, 8)), np.zeros(8)])
    with pytest.raises(ValueError) as error:
        invert_regularized(
            silent, image, rwkeras.RegularizedInversionSettings("conv1_1", tv_weight=1.0)
        )
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected an image on which layer 'conv1_1' has "
        "finite, non-zero activations. Received: image=a mean square of [0.0]"
    )
