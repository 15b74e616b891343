import pytest
import tensorflow as tf

from rwkeras.optimizers.phases import Phase, float32_from, is_check, next_limits, planned_phases
from rwkeras.optimizers.problem import UNBOUNDED
from rwkeras.optimizers.settings import OptimizerSettings

SHAPE = tf.TensorShape([2, 16, 16, 3])
BOTH = ("float32", "bfloat16")
ONE = Phase(0.0, "float32", UNBOUNDED, None, None)


def planned(precisions=BOTH, **settings):
    return planned_phases(OptimizerSettings(**settings), precisions, SHAPE, 192)


def test_pixels_in_one_precision_are_one_phase():
    assert planned(parametrization="pixels", precision="float32") == [ONE]
    assert planned(parametrization="pixels", precisions=["float32"]) == [ONE]
    low = planned(parametrization="pixels", precision="bfloat16")
    assert low == [ONE._replace(precision="bfloat16")]


def test_auto_goes_on_in_float32():
    first, second = planned(parametrization="fourier")
    assert first == ONE._replace(precision="bfloat16", float32=1)
    assert second == ONE


def test_adaptive_changes_its_coordinates_in_either_precision():
    phases = planned()
    assert [phase.precision for phase in phases] == ["bfloat16", "float32"] * 2
    assert [phase.until for phase in phases] == [60, 60, UNBOUNDED, UNBOUNDED]
    assert [phase.float32 for phase in phases] == [1, None, 3, None]
    assert [phase.following for phase in phases] == [2, 3, None, None]
    assert (
        phases[0].degrees_of_freedom
        == phases[1].degrees_of_freedom
        < phases[2].degrees_of_freedom
        == phases[3].degrees_of_freedom
    )


@pytest.mark.parametrize("precision", ["auto", "bfloat16", "float32"])
def test_more_iterations_leave_the_indices_of_phases(precision):
    few, more = (planned(precision=precision, max_iterations=n) for n in (3, 100))
    assert len(more) == 2 * len(few)
    for phase, longer in zip(few, more, strict=False):
        assert (phase.precision, phase.float32) == (longer.precision, longer.float32)
    # Stages are planned for the number of iterations that the evaluations allow.
    assert planned(precision=precision, max_evaluations=3) == few


def test_limits():
    settings = OptimizerSettings(max_iterations=100, report_every=7, max_evaluations=50)
    low, *_, last = planned_phases(settings, BOTH, SHAPE, 192)
    assert low.until == 15

    def limits(phase, iteration, settings=settings):
        return next_limits(phase, iteration, settings)

    assert limits(last, 0) == (7, 100, 50, UNBOUNDED)
    assert limits(last, 7) == (14, 100, 50, UNBOUNDED)
    assert limits(last, 98) == (100, 100, 50, UNBOUNDED)
    # In bfloat16: the next check, the maximum number of trials, and the last tenth.
    assert limits(low, 8) == (10, 15, 50, 6)
    assert limits(low, 14) == (15, 15, 50, 6)
    low = low._replace(following=None)
    assert limits(low, 14) == (20, 100, 50, 6)
    assert limits(low, 88).until == 90
    assert float32_from(100) == 90
    tiled = OptimizerSettings(max_iterations=100, tile_size=64)
    assert limits(last, 3, settings=tiled) == (4, 100, UNBOUNDED, UNBOUNDED)


def test_checks():
    assert [n for n in range(1, 50) if is_check(n)] == [10, 20, 40]
