import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf

from rwkeras.optimizers import line_search
from rwkeras.optimizers.compiled_problem import PROBES, CompiledProblem
from rwkeras.optimizers.loop import minimize
from rwkeras.optimizers.problem import Problem
from rwkeras.optimizers.run import Run
from rwkeras.optimizers.settings import OPTIMIZERS, OptimizerSettings

SHAPE = (2, 6, 8, 3)
CENTRE = np.random.default_rng(0).uniform(0.2, 0.8, SHAPE).astype(np.float32)
CURVATURE = np.geomspace(1, 30, 144).reshape(SHAPE[1:]).astype(np.float32)
START = tf.fill(SHAPE, 0.5)
ONES = tf.constant([1.0, 1.0])


def quadratic(images, scale):
    residual = CURVATURE * tf.square(images - CENTRE)
    loss = scale * tf.reduce_sum(residual, (1, 2, 3))
    return {"left": 0.25 * loss, "right": 0.75 * loss}


def inexact(images, data):
    """The quadratic with activations that are too large, to simulate errors of bfloat16."""
    scale, correction = data
    return quadratic(1.002 * images + correction, scale)


def correct(images, scale):
    return scale, -0.002 * images


def noise(images, data, seed):
    """A random image whose covariance is the quadratic's Hessian."""
    white = tf.random.stateless_normal(images.shape[1:], [seed, 0])
    return tf.sqrt(2 * CURVATURE) * white + 0 * images


# Compiled problems, as tracing takes seconds. Keys have the id of what is minimised, which may not
# be hashable; the values keep it alive.
_COMPILED: dict = {}


def compiled_problem(minimized, optimizer, memory):
    """Returns compiled losses or a compiled problem, cached."""
    key = id(minimized), optimizer, memory
    if key not in _COMPILED:
        problem = minimized
        if not isinstance(problem, Problem):
            problem = Problem({"float32": minimized})
        _COMPILED[key] = minimized, CompiledProblem(problem, optimizer, memory)
    return _COMPILED[key][1]


@pytest.fixture(scope="module", autouse=True)
def _clear_compiled():
    yield
    _COMPILED.clear()


def make_run(losses, data, start=START, values=0, **settings):
    # Few pairs, as each is traced.
    few = {"parametrization": "pixels", "precision": "float32", "memory": 6}
    settings = OptimizerSettings(**{**few, **settings})
    problem = compiled_problem(losses, settings.optimizer, settings.memory)
    return Run(problem, start, data, values, settings)


def run(losses, data=ONES, callback=None, **kwargs):
    return minimize(make_run(losses, data, **kwargs), callback)


LOSSES = {"float32": quadratic, "bfloat16": inexact}
BOTH = Problem(LOSSES, {"float32": noise, "bfloat16": noise}, correct)


@pytest.mark.parametrize(
    ("optimizer", "parametrization"),
    [
        ("lbfgs", "pixels"),
        pytest.param("lbfgs", "fourier", marks=pytest.mark.slow),
        pytest.param("lbfgs", "adaptive", marks=pytest.mark.slow),
        pytest.param("tfp", "pixels", marks=pytest.mark.slow),
        pytest.param("tfp", "fourier", marks=pytest.mark.slow),
        pytest.param("tfp", "adaptive", marks=pytest.mark.slow),
    ],
)
def test_finds_the_minimum_of_each_member(optimizer, parametrization):
    result = run(
        BOTH,
        optimizer=optimizer,
        parametrization=parametrization,
        max_iterations=800,
        memory=20,
        values=144,
        report_every=200,
    )
    np.testing.assert_allclose(result.image, CENTRE, atol=5e-3)
    assert set(result.losses) == {"left", "right"}
    np.testing.assert_allclose(result.losses["right"], 3 * result.losses["left"], rtol=1e-5)
    np.testing.assert_allclose(result.loss, sum(result.losses.values()))


def test_adam_comes_near_the_minimum():
    result = run(BOTH, optimizer="adam", max_iterations=150, first_step=0.02)
    np.testing.assert_allclose(result.image, CENTRE, atol=5e-3)
    assert result.iterations.tolist() == [150, 150]
    assert result.evaluations.tolist() == [151, 151]


def test_adams_first_step_is_the_learning_rate():
    result = run(BOTH, optimizer="adam", max_iterations=1, first_step=0.02)
    moved = np.abs(result.image - START)
    np.testing.assert_allclose(moved[np.abs(CENTRE - 0.5) > 0.01], 0.02, rtol=1e-3)


def test_rosenbrock_as_scipy():
    def rosenbrock(images, offset):
        x = 4 * tf.reshape(images, [images.shape[0], -1]) - offset
        steps = 100 * tf.square(x[:, 1:] - x[:, :-1] ** 2) + tf.square(1 - x[:, :-1])
        return {"rosenbrock": tf.reduce_sum(steps, 1)}

    start = tf.fill((1, 2, 2, 3), 0.3)
    result = run(rosenbrock, tf.constant(1.0), start=start, max_iterations=200)

    def value(x):
        x = 4 * x - 1
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    found = scipy.optimize.minimize(value, np.full(12, 0.3), method="L-BFGS-B", tol=1e-14)
    np.testing.assert_allclose(result.image.ravel(), found.x, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["lbfgs", "tfp"])
@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_the_scale_of_the_loss_does_not_matter(scale, optimizer):
    result = run(BOTH, scale * ONES, optimizer=optimizer, max_iterations=80)
    np.testing.assert_allclose(result.image, CENTRE, atol=5e-3)


@pytest.mark.parametrize("parametrization", ["pixels", "fourier"])
def test_first_step_changes_pixels_by_as_much_as_was_asked_for(parametrization):
    def slope(images, data):
        return {"slope": data * tf.reduce_sum(images * CENTRE, (1, 2, 3))}

    result = run(
        slope,
        tf.constant([1.0, 50.0]),
        max_evaluations=2,
        first_step=0.01,
        parametrization=parametrization,
    )
    step = np.sqrt(np.mean(np.square(result.image - START), (1, 2, 3)))
    np.testing.assert_allclose(step, 0.01, rtol=1e-4)


# Tracing TensorFlow Probability's L-BFGS takes three times as long as ours.
LONG_TRACED = {"tfp": [pytest.mark.slow]}


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer", [pytest.param(name, marks=LONG_TRACED.get(name, [])) for name in OPTIMIZERS]
)
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "auto"])
def test_in_chunks_bit_for_bit_as_in_one_run(optimizer, precision):
    settings = {
        "optimizer": optimizer,
        "precision": precision,
        "parametrization": "adaptive",
        "max_iterations": 75,
        "values": 144,
    }
    whole = run(BOTH, report_every=75, **settings)
    chunks = run(BOTH, report_every=4, **settings)
    np.testing.assert_array_equal(whole.image, chunks.image)
    np.testing.assert_array_equal(whole.evaluations, chunks.evaluations)
    np.testing.assert_array_equal(whole.iterations, chunks.iterations)


def test_callback_hears_of_start_and_chunks_and_end():
    reported = []
    result = run(BOTH, ONES, reported.append, max_iterations=12, report_every=5)
    assert [progress.iteration for progress in reported] == [0, 5, 10, 12]
    assert reported[0].evaluations == 1
    assert reported[0].max_iterations == 12
    assert reported[-1].evaluations == max(result.evaluations)
    np.testing.assert_allclose(reported[0].loss, result.initial_loss, rtol=1e-5)
    np.testing.assert_array_equal(reported[0].images, START)
    assert (reported[-1].loss < reported[0].loss).all()
    assert not result.stopped


def test_callback_stops():
    result = run(BOTH, ONES, lambda progress: progress.iteration >= 10, report_every=5)
    assert result.stopped
    assert min(result.iterations) == 10


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("parametrization", ["pixels", "adaptive"])
def test_no_iterations_return_the_start(optimizer, parametrization):
    settings = {"max_iterations": 0, "parametrization": parametrization}
    result = run(BOTH, optimizer=optimizer, **settings)
    np.testing.assert_array_equal(result.image, START)
    assert result.iterations.tolist() == [0, 0]
    assert result.evaluations.tolist() == [1, 1]
    assert not result.converged.any()


@pytest.mark.parametrize("bound", [1, 2, 4, 5, 62, 64, 66, 70])
def test_the_bound_on_evaluations_is_exact(bound):
    start = tf.constant(np.random.default_rng(1).uniform(size=SHAPE), tf.float32)
    settings = {"parametrization": "adaptive", "values": 1, "max_iterations": 10**6}
    result = run(BOTH, start=start, max_evaluations=bound, **settings)
    assert result.evaluations.tolist() == [bound, bound]


def test_adaptive_measures_the_curvature_again_in_its_second_stage():
    settings = {"parametrization": "adaptive", "values": 1, "memory": 2, "report_every": 1}
    reported = []
    run(BOTH, ONES, reported.append, max_iterations=62, **settings)
    cost = {p.iteration: p.evaluations for p in reported}
    assert cost[0] == 1 + PROBES
    assert cost[60] >= 60 + 2 * (1 + PROBES)


def test_nothing_is_traced_from_run_to_run():
    traces = []

    def counted(images, scale):
        traces.append(images.shape)
        return quadratic(images, scale)

    problem = CompiledProblem(Problem({"float32": counted}, {"float32": noise}), "lbfgs", 5)
    for scale, iterations in ((1.0, 70), (2.0, 83)):
        settings = OptimizerSettings(max_iterations=iterations, report_every=4, memory=5)
        minimize(Run(problem, START + 0.1, scale * ONES, 144, settings))
        if scale == 1.0:
            first = len(traces)
    assert len(traces) == first <= 3
    assert set(traces) == {tf.TensorShape(SHAPE)}


def test_a_loss_that_is_not_finite_from_the_start():
    result = run(BOTH, tf.constant([np.nan, 1.0]), max_iterations=100)
    assert result.failed.tolist() == [True, False]
    np.testing.assert_array_equal(result.image[0], START[0])
    np.testing.assert_allclose(result.image[1], CENTRE[1], atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["lbfgs", "tfp"])
def test_a_region_where_the_loss_is_not_finite_is_avoided(optimizer):
    def walled(images, data):
        distance = tf.reduce_sum(tf.square(images - CENTRE), (1, 2, 3))
        inside = tf.reduce_all(images < 0.7, (1, 2, 3))
        return {"walled": tf.where(inside, data * distance, np.nan)}

    result = run(walled, ONES, optimizer=optimizer, max_iterations=30)
    assert np.isfinite(result.loss).all()
    assert (result.loss < result.initial_loss).all()
    assert (result.image < 0.7).all()


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_flat_start_is_converged(optimizer):
    def flat(images, data):
        return {"flat": data + 0 * tf.reduce_sum(images, (1, 2, 3))}

    result = run(flat, optimizer=optimizer, max_iterations=10)
    assert result.converged.all()
    assert not result.failed.any()
    np.testing.assert_array_equal(result.image, START)


@pytest.mark.slow
def test_auto_begins_in_bfloat16_and_ends_in_float32():
    calls = {"float32": 0, "bfloat16": 0}

    def counted(name, losses):
        def count(images, data):
            tf.py_function(lambda: calls.__setitem__(name, calls[name] + 1), [], [])
            return losses(images, data)

        return count

    losses = {name: counted(name, function) for name, function in LOSSES.items()}
    auto = run(Problem(losses, {}, correct), precision="auto", max_iterations=40, report_every=40)
    assert calls["bfloat16"] > 30
    assert 4 <= calls["float32"] < 10
    np.testing.assert_allclose(auto.image, CENTRE, atol=5e-3)


def misleading(images, data):
    """Correct at the images of the last correction, and wrong around them."""
    scale, (correction, reference) = data
    slope = tf.reduce_sum(CENTRE * (images - reference), (1, 2, 3))
    return {"left": correction + scale * slope, "right": 0 * slope}


@pytest.mark.slow
def test_auto_leaves_a_bfloat16_that_misleads():
    def start_of(images, scale):
        return scale, (tf.add_n(list(quadratic(images, scale).values())), images)

    problem = Problem({"float32": quadratic, "bfloat16": misleading}, {}, start_of)
    current_run = make_run(problem, ONES, precision="auto", report_every=1)
    in_bfloat16 = []
    while not current_run.finished:
        in_bfloat16.append(current_run.phase.precision == "bfloat16")
        current_run.advance()
    assert in_bfloat16[0]
    assert not any(in_bfloat16[10:])
    np.testing.assert_allclose(current_run.result(False).image, CENTRE, atol=5e-3)


def test_bfloat16_is_corrected_at_the_start_and_now_and_then():
    current_run = make_run(BOTH, ONES, precision="bfloat16", report_every=1)
    agree = {}
    while current_run.iteration < 22:
        low, exact = current_run.progress(), current_run.progress(exact=True)
        agree[current_run.iteration] = np.allclose(low.loss, exact.loss, rtol=1e-5)
        current_run.advance()
    assert [iteration for iteration, agrees in agree.items() if agrees] == [0, 10, 20]
    result = minimize(current_run)
    np.testing.assert_allclose(result.image, CENTRE, atol=5e-3)


def test_bfloat16_that_is_stuck_where_it_was_corrected_ends():
    current_run = make_run(BOTH, ONES, precision="bfloat16")
    while current_run.iteration < 10:
        current_run.advance()
    # The next trial is the last of a search along steepest descent, and much too long.
    optimizer = current_run.state.optimizer
    none = tf.zeros_like(optimizer.history.stored)
    search = optimizer.search._replace(
        step=1e30 * tf.ones_like(optimizer.search.step), trials=none + line_search.MAX_TRIALS - 1
    )
    history = optimizer.history._replace(stored=none)
    hopeless = optimizer._replace(search=search, history=history)
    current_run.state = current_run.state._replace(optimizer=hopeless)
    current_run.advance()
    assert current_run.iteration == 10
    assert np.all(current_run.state.optimizer.failed)
    assert current_run.finished


def test_losses_of_the_result_are_in_float32():
    result = run(BOTH, precision="bfloat16", max_iterations=5)
    expected = quadratic(tf.constant(result.image), ONES)
    np.testing.assert_allclose(result.losses["left"], expected["left"], rtol=1e-5)
    np.testing.assert_allclose(result.initial_loss, sum(quadratic(START, ONES).values()), rtol=1e-5)


def uneven(images, scale):
    """A quadratic for the first member; for the second, a loss that needs many trials per step."""
    residual = images - CENTRE
    smooth = tf.reduce_sum(CURVATURE * tf.square(residual), (1, 2, 3))
    kinked = tf.reduce_sum(CURVATURE * tf.abs(residual), (1, 2, 3))
    return {"left": scale * tf.where([True, False], smooth, kinked)}


def wrong_for(member):
    """Returns `uneven` with a bfloat16 loss that is wrong for a member except where corrected."""

    def corrected(images, scale):
        return scale, (uneven(images, scale)["left"], images)

    def wrong(images, data):
        scale, (correction, reference) = data
        change = images - reference
        slope = tf.reduce_sum(CENTRE * change, (1, 2, 3))
        cone = 1e3 * tf.sqrt(tf.reduce_sum(tf.square(change), (1, 2, 3)) + 1e-12)
        error = slope if member == 0 else cone
        right = uneven(images, scale)["left"]
        return {"left": tf.where(tf.range(2) == member, correction + scale * error, right)}

    return Problem({"float32": uneven, "bfloat16": wrong}, {}, corrected)


@pytest.mark.parametrize(
    ("member", "bounds"),
    [(0, [1, 2, 8, 12, 90]), pytest.param(1, [40, 90], marks=pytest.mark.slow)],
)
def test_a_batch_ends_though_one_member_has_spent_its_evaluations(member, bounds):
    problem = CompiledProblem(wrong_for(member), "lbfgs", 20)
    for bound in bounds:
        settings = OptimizerSettings(
            parametrization="pixels", max_evaluations=bound, max_iterations=10**6
        )
        current_run = Run(problem, START, ONES, 0, settings)
        for _ in range(100):
            if current_run.finished:
                break
            current_run.advance()
        assert current_run.finished
        result = current_run.result(False)
        assert (result.evaluations <= bound).all()
        # Each member continues until it has converged, failed or used its evaluations.
        ended = result.converged | result.failed | (result.evaluations == bound)
        assert ended.all()


def test_a_run_that_goes_nowhere_is_an_error(monkeypatch):
    current_run = make_run(BOTH, ONES, max_iterations=10)
    monkeypatch.setattr(current_run._problem, "advance", lambda _, __, state, *rest: state)
    with pytest.raises(RuntimeError) as error:
        current_run.advance()
    assert str(error.value) == (
        "The optimisation makes no progress after 0 iterations and 1 evaluations. This is a bug "
        "in rwkeras."
    )
