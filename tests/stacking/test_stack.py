"""ranVGG on the toy network."""

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.random import derive_seed
from rwkeras.stacking import stack as stack_module
from rwkeras.stacking.inversions import Inversions, relative_objective
from rwkeras.stacking.settings import StackSettings
from rwkeras.tasks.synthesis import starting_noise
from tests.conftest import waves

pytestmark = pytest.mark.eager


def settings(candidates, **changes):
    return StackSettings(candidates, **{"max_iterations": 6, "precision": "float32", **changes})


class Copies(rwkeras.RandomInitializer):
    """Kernels whose maps are all one: so little to match that nothing else comes as near."""

    def draw(self, shape):
        first = rwkeras.Gaussian(seed=1).draw(shape)[..., :1]
        return np.abs(np.repeat(first, shape[-1], axis=-1))


def stop_after(last):
    return lambda recipe, choice: choice.layer == last


@pytest.mark.parametrize("planted", [0, 3])
def test_a_planted_candidate_is_found(monkeypatch, square, planted):
    true = stack_module.candidate_kernel
    monkeypatch.setattr(
        stack_module,
        "candidate_kernel",
        lambda *given: Copies() if given[2] == planted else true(*given),
    )
    result = rwkeras.stack(
        square, settings(4), architecture="toy_vgg", callback=stop_after("conv1_1")
    )
    choice = result.choices[0]
    assert choice.chosen == planted
    assert result.recipe.layers["conv1_1"].candidate == planted
    assert [rung.iterations for rung in choice.rungs] == [2, 6]
    assert [len(rung.losses) for rung in choice.rungs] == [4, 2]
    assert len(choice.losses) == 4
    assert choice.gain == 1 if planted == 0 else choice.gain > 1


def test_a_silent_candidate_loses(monkeypatch, square):
    true = stack_module.candidate_kernel

    class Silent(rwkeras.RandomInitializer):
        def draw(self, shape):
            return np.full(shape, -1, np.float32)

    monkeypatch.setattr(
        stack_module, "candidate_kernel", lambda *given: true(*given) if given[2] else Silent()
    )
    choice = rwkeras.stack(
        square, settings(3), architecture="toy_vgg", callback=lambda *_: True
    ).choices[0]
    assert choice.losses[0] == np.inf
    assert choice.chosen > 0
    assert choice.gain == np.inf


@pytest.fixture(scope="module")
def stacked():
    return rwkeras.stack(
        waves(32, 32), settings(3), architecture="toy_vgg", seed=4, callback=stop_after("conv2_1")
    )


@pytest.mark.slow
def test_every_layer_is_chosen_and_calibrated():
    result = rwkeras.stack(waves(32, 32), settings(2), architecture="toy_vgg", include_top=True)
    layers = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "fc6", "fc7", "fc8"]
    assert [choice.layer for choice in result.choices] == layers
    features = rwkeras.extract(result.model, layers, waves(32, 32)[np.newaxis])
    for activations in features.values():
        np.testing.assert_allclose(np.mean(np.abs(activations)), 1, rtol=1e-5)
    for choice in result.choices:
        assert choice.losses[choice.chosen] == min(choice.losses)
        assert result.recipe.layers[choice.layer].candidate == choice.chosen
        assert choice.gain >= 1
    assert len({choice.chosen for choice in result.choices}) > 1


def test_losses_are_those_of_inversions(stacked):
    """The loss of a layer is that of its network, inverted alone from the same noise."""
    choice = stacked.choices[-1]
    model = stacked.model
    objective = relative_objective(model, choice.layer, tf.constant(waves(32, 32)[np.newaxis]))
    settings = rwkeras.OptimizerSettings(
        max_iterations=6, parametrization="pixels", precision="float32"
    )
    seed = derive_seed(4, choice.layer)
    noise = starting_noise(objective, (1, 32, 32, 3), seed, stddev=0.02, optimizer=settings)
    result = rwkeras.optimize_image(model, objective, noise, optimizer=settings)
    np.testing.assert_allclose(result.loss[0], choice.losses[choice.chosen], rtol=0.02)


def test_loss_is_relative(square):
    """No rescaling of a layer changes the loss, which at an image of zeros is 1."""
    model = rwkeras.toy_vgg(seed=1)
    images = tf.constant(square[np.newaxis])
    losses = []
    for factor in (1, 1000):
        layer = model.get_layer("conv2_1")
        layer.kernel.assign(factor * layer.kernel)
        objective = relative_objective(model, "conv2_1", images)
        for x in (tf.zeros_like(images), 0.5 * images):
            losses.append(float(sum(objective(rwkeras.extract(model, ["conv2_1"], x)).values())[0]))
    np.testing.assert_allclose(losses, [1, 0.25, 1, 0.25], rtol=1e-5)


def test_losses_do_not_depend_on_batch_position(square):
    model = rwkeras.toy_vgg(seed=1)
    kernels = np.stack([rwkeras.He(seed=n % 2).draw((3, 3, 8, 8)) for n in range(6)])
    settings = StackSettings(candidates=6, max_iterations=9, precision="float32")
    reference = tf.constant(square[np.newaxis])
    losses = Inversions(model, "conv1_2", kernels, reference, 0, settings).advance(9)
    for first in (0, 1):
        np.testing.assert_allclose(losses[first::2], losses[first], rtol=1e-3)
    assert abs(losses[0] / losses[1] - 1) > 0.02


def test_selected_candidates_continue_from_their_state(square):
    model = rwkeras.toy_vgg(seed=1)
    kernels = np.stack([rwkeras.He(seed=n).draw((3, 3, 8, 8)) for n in range(4)])
    reference = tf.constant(square[np.newaxis])
    given = settings(4, max_iterations=12)
    whole, half = (Inversions(model, "conv1_2", kernels, reference, 0, given) for _ in range(2))
    half.advance(4)
    selected = half.select([1, 3]).advance(12)
    np.testing.assert_allclose(selected, whole.advance(12)[[1, 3]], rtol=1e-3)


def test_the_same_seed_gives_the_same_recipe_and_resuming_too(stacked):
    arguments = {
        "reference_image": waves(32, 32),
        "settings": settings(3),
        "architecture": "toy_vgg",
        "seed": 4,
    }
    early = rwkeras.stack(**arguments, callback=stop_after("conv1_1"))
    assert list(early.recipe.layers) == ["conv1_1"]
    late = rwkeras.stack(**arguments, resume=early.recipe, callback=stop_after("conv2_1"))
    assert late.recipe == stacked.recipe
    assert early.choices + late.choices == stacked.choices


def test_one_candidate_is_the_network_without_a_selection(square):
    recipe = rwkeras.stack(
        square, settings(1), architecture="toy_vgg", seed=2, callback=stop_after("conv1_2")
    ).recipe
    model = rwkeras.toy_vgg(seed=2)
    scales = rwkeras.calibrate(model, square)
    for name, layer in recipe.layers.items():
        assert layer.candidate == 0
        np.testing.assert_allclose(layer.scale, scales[name], rtol=1e-5)
        kernel = recipe.build().get_layer(name).kernel
        np.testing.assert_allclose(kernel, model.get_layer(name).kernel, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"settings": 3},
            "Invalid value for argument `settings`. Expected StackSettings. Received: settings=3",
        ),
        (
            {"reference_image": np.stack([waves(8, 8)] * 2)},
            "Invalid value for argument `reference_image`. Expected one image. "
            "Received: reference_image=2 images",
        ),
        (
            {"reference_image": np.zeros((32, 32, 3), np.float32)},
            "Invalid value for argument `reference_image`. Expected an image on which layer "
            "'conv1_1' has finite, non-zero activations. Received: reference_image=silence",
        ),
        (
            {"include_top": True, "reference_image": waves(16, 16)},
            "Invalid value for argument `image`. Expected an image of shape (32, 32, 3) for this "
            "network. Received: image=(16, 16, 3)",
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        rwkeras.stack(**{"reference_image": waves(32, 32), "architecture": "toy_vgg", **arguments})
    assert str(error.value) == message


def test_resuming_from_another_networks_recipe_is_refused(stacked, square):
    with pytest.raises(ValueError) as error:
        rwkeras.stack(square, settings(3), architecture="toy_vgg", seed=5, resume=stacked.recipe)
    assert str(error.value).startswith(
        "Invalid value for argument `resume`. Expected a recipe made with the same arguments. "
        "Received: resume={'format': 'rwkeras recipe 1', 'architecture': 'toy_vgg'"
    )
