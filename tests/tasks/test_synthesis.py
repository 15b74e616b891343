import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.cache import Cache
from rwkeras.optimizers.compiled_problem import CompiledProblem
from rwkeras.tasks import image_problem
from rwkeras.tasks.synthesis import begin_run

pytestmark = pytest.mark.eager

FEW = rwkeras.OptimizerSettings(memory=8, max_iterations=3)


def test_white_noise():
    noise = rwkeras.white_noise((2, 64, 64, 3), 1, stddev=0.2, mean=0.4).numpy()
    np.testing.assert_allclose(noise.mean(), 0.4, atol=0.01)
    np.testing.assert_allclose(noise.std(), 0.2, atol=0.01)
    np.testing.assert_array_equal(
        noise, rwkeras.white_noise((2, 64, 64, 3), 1, stddev=0.2, mean=0.4)
    )


def test_an_objective_of_ones_own(toy, square):
    def darkness(images):
        return tf.reduce_sum(tf.square(images), (1, 2, 3))

    objective = rwkeras.Objective(rwkeras.Term("darkness", "input", darkness))
    result = rwkeras.optimize_image(toy, objective, square[np.newaxis])
    np.testing.assert_allclose(result.image, 0, atol=1e-3)


@pytest.mark.compiled
def test_nothing_is_traced_again_from_call_to_call(square, monkeypatch):
    toy, built, traces = rwkeras.toy_vgg(), [], []
    original = CompiledProblem.__init__

    def counting(self, problem, optimizer, memory):
        built.append(memory)

        def counted(losses):
            return lambda images, data: traces.append(images.shape) or losses(images, data)

        losses = {name: counted(function) for name, function in problem.losses.items()}
        original(self, problem._replace(losses=losses), optimizer, memory)

    monkeypatch.setattr(CompiledProblem, "__init__", counting)
    some = rwkeras.OptimizerSettings(memory=8, max_iterations=12)
    rwkeras.invert(toy, square, rwkeras.InversionSettings("conv1_2"), optimizer=some)
    first = len(traces)
    more = rwkeras.OptimizerSettings(memory=8, max_iterations=27, report_every=2)
    rwkeras.invert(
        toy,
        np.flip(square, 0),
        rwkeras.InversionSettings("conv1_2", weighting="rms"),
        optimizer=more,
    )
    assert len(built) == 1
    assert len(traces) == first > 0
    rwkeras.invert(toy, square, rwkeras.InversionSettings("conv1_1"), optimizer=FEW)
    assert len(built) == 2


def test_weights_that_change_are_seen(square):
    model, images = rwkeras.toy_vgg(), []
    for seed in (3, 4):
        rwkeras.randomize(model, "he", seed=seed)
        images.append(
            rwkeras.invert(model, square, rwkeras.InversionSettings("conv3_1"), optimizer=FEW).image
        )
    fresh = rwkeras.toy_vgg(initializer="he", seed=4)
    expected = rwkeras.invert(
        fresh, square, rwkeras.InversionSettings("conv3_1"), optimizer=FEW
    ).image
    np.testing.assert_array_equal(images[1], expected)
    assert not np.array_equal(images[0], images[1])


def graphs():
    """Returns how many of TensorFlow's graphs there are."""
    gc.collect()
    return sum(type(x).__name__ == "FuncGraph" for x in gc.get_objects())


def brightened(images):
    return tf.reduce_sum(tf.square(1 - images), (1, 2, 3))


SIZES = range(8, 18)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize(
    ("losses", "sizes"),
    [
        ([brightened] * len(SIZES), SIZES),
        ([lambda x: brightened(x) for _ in SIZES], [8] * len(SIZES)),
    ],
    ids=["sizes", "lambdas"],
)
def test_cached_graphs_are_bounded(toy, optimizer, losses, sizes, monkeypatch):
    monkeypatch.setattr(image_problem, "CACHE", cache := Cache(100))
    settings = rwkeras.OptimizerSettings(
        optimizer=optimizer, max_iterations=1, memory=1, parametrization="pixels"
    )
    counts = []
    for loss, side in zip(losses, sizes, strict=True):
        objective = rwkeras.Objective(rwkeras.Term("own", "input", loss))
        rwkeras.optimize_image(toy, objective, tf.zeros([1, side, side, 3]), optimizer=settings)
        counts.append(graphs())
        assert len(cache) <= 3
    # What is gone is gone from memory too, those of gradients among them.
    assert counts[-1] == counts[4]


def test_graphs_of_gram_gradients_are_freed(toy, batch, monkeypatch):
    monkeypatch.setattr(image_problem, "CACHE", Cache(1))
    settings = rwkeras.OptimizerSettings(max_iterations=1, memory=1)
    counts = []
    for side in (12, 13, 14):
        objective = rwkeras.texture_term("input", batch)
        rwkeras.optimize_image(toy, objective, tf.zeros([1, side, side, 3]), optimizer=settings)
        counts.append(graphs())
    assert counts[2] == counts[1]


@pytest.mark.compiled
def test_compiled_functions_are_freed_with_the_model(square):
    model = rwkeras.toy_vgg()
    rwkeras.invert(model, square, rwkeras.InversionSettings("conv1_1"), optimizer=FEW)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_bfloat16_begins_with_the_losses_of_float32(toy, square):
    features = rwkeras.feature_extractor(toy, ["conv1_1", "conv2_1"])(square[np.newaxis])
    objective = rwkeras.texture_term("conv1_1", features["conv1_1"])
    objective += rwkeras.content_term("conv2_1", features["conv2_1"])
    start = rwkeras.white_noise((2, *square.shape), 0, stddev=0.1)
    settings = rwkeras.OptimizerSettings(precision="bfloat16")
    run = begin_run(toy, objective, start, settings)
    low, exact = run.progress(), run.progress(exact=True)
    for name in exact.losses:
        np.testing.assert_allclose(low.losses[name], exact.losses[name], rtol=1e-5)
    run.advance()
    assert not np.array_equal(run.progress(exact=True).images, start)


def test_an_objective_without_terms(toy, square):
    with pytest.raises(ValueError) as error:
        rwkeras.optimize_image(toy, rwkeras.Objective(), square[np.newaxis])
    assert str(error.value) == (
        "Invalid value for argument `objective`. Expected an objective with at least one term. "
        "Received: objective=()"
    )
