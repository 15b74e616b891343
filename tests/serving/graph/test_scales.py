import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.networks.standardize import standardize
from rwkeras.serving.graph.descent import Budget
from rwkeras.serving.graph.interrupt import interruptible
from rwkeras.serving.graph.scales import AtScale, make_plan, resized
from rwkeras.serving.graph.tasks import ServedStyle, ServedTexture
from rwkeras.serving.settings import ServingSettings
from rwkeras.tasks import scales as python
from rwkeras.tasks.presets import STYLE_PRESETS
from rwkeras.tasks.scales import ScaleSettings
from rwkeras.tasks.settings import TextureSettings
from tests.conftest import waves

SCALES = ScaleSettings(smallest=10, least_iterations=2, memory=5)
LAYERS = ("level0", "level1")
CONTENT, STYLE = waves(44, 30)[np.newaxis], waves(28, 36)[np.newaxis, ::-1]
# Above this side content weighs less: between those of the tests.
CONTENT_SIDE = 20
# Evaluations that bound no size: the task has no bound of its own.
MANY = 900
PIXELS = tf.TensorSpec([1, None, None, 3])


@pytest.fixture(scope="module")
def model():
    model = rwkeras.multiscale(filters=3, sizes=(3, 5))
    standardize(model, STYLE)
    return with_mirrored_padding(model)


def optimizer(iterations, evaluations=None):
    return rwkeras.OptimizerSettings(
        max_iterations=iterations,
        max_evaluations=evaluations,
        parametrization="pixels",
        precision="float32",
    )


def traced(task, model):
    """Returns a task as a graph for images of any size and any budget."""
    layers = dict.fromkeys(layer for layers in task.layers.values() for layer in layers)
    network = interruptible(rwkeras.feature_extractor(model, layers))

    def run(images, options):
        defaults = {n: o.default for n, o in task.options(ServingSettings()).items()}
        return dict(task.run(network, images, {**defaults, **options}))

    number = tf.TensorSpec([], tf.int32)
    budget = {"max_iterations": number, "max_evaluations": number}
    images = dict.fromkeys(task.layers, PIXELS)
    function = tf.function(run, autograph=False)
    return function.get_concrete_function(images, budget)


def asked(function, images, iterations, evaluations):
    given = {name: tf.constant(value) for name, value in images.items()}
    budget = {
        "max_iterations": tf.constant(iterations),
        "max_evaluations": tf.constant(evaluations),
    }
    found = function(*tf.nest.flatten((given, budget)))
    return {name: value.numpy() for name, value in found.items()}


@pytest.fixture(scope="module")
def style(model):
    settings = dataclasses.replace(
        STYLE_PRESETS["multiscale"], content_side=CONTENT_SIDE, scales=SCALES
    )
    return traced(ServedStyle(settings), model)


def check(found, expected, sizes):
    assert rwkeras.psnr(found["image"][np.newaxis], expected.image) > 60
    np.testing.assert_allclose(found["loss"], expected.loss[0], rtol=1e-3)
    np.testing.assert_allclose(found["initial_loss"], expected.initial_loss[0], rtol=1e-3)
    losses = np.stack(list(expected.losses.values()))[:, 0]
    np.testing.assert_allclose(found["losses"], losses, rtol=1e-3, atol=1e-6)
    assert found["iterations"] == expected.iterations[0] >= sizes
    assert found["evaluations"] == expected.evaluations[0]
    assert (found["converged"], found["failed"]) == (False, False)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(44, 30), (17, 21), (9, 12)])
def test_styles_are_those_of_the_task_with_that_network(model, style, size):
    content = waves(*size)[np.newaxis]
    found = asked(style, {"content": content, "style": STYLE}, 6, MANY)
    expected = rwkeras.transfer_style(
        model,
        content,
        STYLE,
        rwkeras.StyleSettings(content_side=CONTENT_SIDE, scales=SCALES),
        optimizer=optimizer(6),
    )
    check(found, expected, 6)


@pytest.mark.slow
def test_styles_may_begin_with_noise(model):
    settings = dataclasses.replace(STYLE_PRESETS["multiscale"], init="noise", scales=SCALES)
    function = traced(ServedStyle(settings), model)
    found = asked(function, {"content": CONTENT, "style": STYLE}, 5, MANY)
    expected = rwkeras.transfer_style(
        model,
        CONTENT,
        STYLE,
        rwkeras.StyleSettings(init="noise", scales=SCALES),
        optimizer=optimizer(5),
    )
    check(found, expected, 9)


@pytest.mark.slow
@pytest.mark.parametrize("size", [None, (50, 24)])
def test_textures_are_those_of_the_task_with_that_network(model, size):
    task = ServedTexture(TextureSettings(LAYERS, output_size=size, scales=SCALES))
    found = asked(traced(task, model), {"texture": STYLE}, 6, MANY)
    expected = rwkeras.synthesize_texture(
        model, STYLE, rwkeras.TextureSettings(LAYERS, size, scales=SCALES), optimizer=optimizer(6)
    )
    check(found, expected, 8)


@pytest.mark.slow
@pytest.mark.parametrize("evaluations", [1, 2, 3, 5, 9, 40])
def test_evaluations_of_all_sizes_are_bounded(style, evaluations):
    found = asked(style, {"content": CONTENT, "style": STYLE}, 30, evaluations)
    assert found["evaluations"] == evaluations
    assert found["image"].shape == CONTENT.shape[1:]


@pytest.mark.slow
def test_without_iterations_it_is_the_start(style):
    found = asked(style, {"content": CONTENT, "style": STYLE}, 0, 0)
    start = python.scaled(tf.constant(CONTENT), 0.25)
    for size in ((22, 15), (44, 30)):
        start = python.resized(start, size)
    np.testing.assert_allclose(found["image"], start[0], atol=1e-5)
    assert (found["iterations"], found["evaluations"]) == (0, 3)


def nodes(function):
    definition = function.graph.as_graph_def()
    inner = sum(len(each.node_def) for each in definition.library.function)
    return len(definition.node) + inner


@pytest.mark.slow
def test_the_graph_does_not_grow_with_the_sizes(model, style):
    at_once = dataclasses.replace(STYLE_PRESETS["multiscale"], scales=None)
    once = nodes(traced(ServedStyle(at_once), model))
    finer = ScaleSettings(smallest=2, step=1.2, memory=5)
    assert nodes(style) == nodes(
        traced(ServedStyle(dataclasses.replace(at_once, scales=finer)), model)
    )
    assert nodes(style) < 1.5 * once


@pytest.mark.parametrize("step", [1.3, 2.0, 3.0])
@pytest.mark.parametrize("side", [7, 10, 63, 64, 81, 640, 1024])
@pytest.mark.parametrize("iterations", [0, 1, 100])
def test_plans_are_those_of_the_settings(step, side, iterations):
    settings = ScaleSettings(smallest=10, step=step, least_iterations=40)
    plan = make_plan(
        tf.constant(side), [], settings, Budget(tf.constant(iterations), tf.constant(0))
    )
    scales = settings.scales(side)
    np.testing.assert_allclose(plan.scales, scales, rtol=1e-12)
    assert plan.iterations.numpy().tolist() == settings.iterations(scales, iterations)
    for number in range(len(scales)):
        assert plan.budget(tf.constant(number), tf.constant(0)).max_evaluations == 0


def test_a_plan_begins_where_the_smallest_of_its_pictures_is_small():
    settings = ScaleSettings(smallest=10)
    budget = Budget(tf.constant(8), tf.constant(0))
    plan = make_plan(tf.constant(160), [tf.constant(40), tf.constant(90)], settings, budget)
    assert plan.scales.numpy().tolist() == [0.25, 0.5, 1.0]


def test_evaluations_are_shared_out_as_iterations_are():
    settings = ScaleSettings(smallest=10, least_iterations=1)
    plan = make_plan(tf.constant(40), [], settings, Budget(tf.constant(40), tf.constant(35)))
    assert plan.iterations.numpy().tolist() == [40, 20, 10]
    spent, shares = 0, []
    for number in range(3):
        shares.append(int(plan.budget(tf.constant(number), tf.constant(spent)).max_evaluations))
        spent += shares[-1]
    assert shares == [20, 10, 5]
    # What a size leaves goes on.
    assert plan.budget(tf.constant(2), tf.constant(12)).max_evaluations == 23


def test_the_smallest_sizes_are_left_out_for_few_evaluations():
    settings = ScaleSettings(smallest=10)
    plan = make_plan(tf.constant(80), [], settings, Budget(tf.constant(40), tf.constant(2)))
    assert plan.scales.numpy().tolist() == [0.5, 1.0]


def test_sizes_at_a_scale():
    images = tf.constant(waves(30, 5)[np.newaxis])
    at = AtScale(tf.constant(0.25, tf.float64), 2)
    np.testing.assert_array_equal(at.images(images), python.scaled(images, 0.25))
    assert at.images(images).shape[1:3] == (8, 2)
    # What is too small already is left so.
    assert AtScale(tf.constant(0.25, tf.float64), 8).size([30, 5]).numpy().tolist() == [8, 5]
    whole = AtScale(None, 1)
    assert whole.images(images) is images
    assert whole.size([30, 5]) == [30, 5]


def test_images_of_that_size_are_left_as_they_are():
    images = tf.constant(waves(12, 9)[np.newaxis])
    np.testing.assert_array_equal(resized(images, tf.constant([12, 9])), images)
    larger = resized(images, tf.constant([20, 31]))
    np.testing.assert_array_equal(larger, python.resized(images, (20, 31)))
