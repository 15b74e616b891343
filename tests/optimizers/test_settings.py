import numpy as np
import pytest

import rwkeras


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            {"max_iterations": -1},
            "`max_iterations`. Expected an integer of at least 0. Received: max_iterations=-1",
        ),
        ({"memory": 0}, "`memory`. Expected an integer of at least 1. Received: memory=0"),
        (
            {"first_step": 0.0},
            "`first_step`. Expected a finite number greater than 0. Received: first_step=0.0",
        ),
        (
            {"report_every": 2.5},
            "`report_every`. Expected an integer of at least 1. Received: report_every=2.5",
        ),
        (
            {"max_evaluations": 0},
            "`max_evaluations`. Expected an integer of at least 1. Received: max_evaluations=0",
        ),
        (
            {"max_evaluations": 9, "optimizer": "tfp"},
            "`max_evaluations`. Expected None with optimizer='tfp'. Received: max_evaluations=9",
        ),
        (
            {"optimizer": "sgd"},
            "`optimizer`. Expected one of 'lbfgs', 'tfp', 'adam'. Received: optimizer=sgd",
        ),
        (
            {"parametrization": "wavelets"},
            "`parametrization`. Expected one of 'adaptive', 'fourier', 'pixels'. "
            "Received: parametrization=wavelets",
        ),
        (
            {"precision": "half"},
            "`precision`. Expected one of 'auto', 'float32', 'bfloat16'. Received: precision=half",
        ),
        ({"tile_size": 0}, "`tile_size`. Expected an integer of at least 1. Received: tile_size=0"),
        (
            {"max_memory": 0},
            "`max_memory`. Expected a finite number greater than 0. Received: max_memory=0",
        ),
        (
            {"max_memory": 4, "tile_size": 64},
            "`tile_size`. Expected None with `max_memory`, which determines it. Received: "
            "tile_size=64",
        ),
        (
            {"tile_size": 64.0},
            "`tile_size`. Expected an integer of at least 1. Received: tile_size=64.0",
        ),
        (
            {"fourier_exponent": -1.0},
            "`fourier_exponent`. Expected a finite number of at least 0. "
            "Received: fourier_exponent=-1.0",
        ),
        (
            {"checkpoint_seconds": -1.0},
            "`checkpoint_seconds`. Expected a finite number of at least 0. "
            "Received: checkpoint_seconds=-1.0",
        ),
    ],
)
def test_errors(setting, message):
    with pytest.raises(ValueError) as error:
        rwkeras.OptimizerSettings(**setting)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_the_whole_image_unless_there_is_a_tile_size():
    assert rwkeras.OptimizerSettings().tile_size is None
    assert rwkeras.OptimizerSettings(tile_size=1).tile_size == 1


def make_result():
    return rwkeras.OptimizationResult(
        image=np.zeros((2, 4, 4, 3)),
        loss=np.array([1.0, 0.0]),
        initial_loss=np.array([4.0, 0.0]),
        losses={"a": np.array([1.0, 0.0])},
        iterations=np.array([3, 2]),
        evaluations=np.array([10, 4]),
        converged=np.array([False, True]),
        failed=np.array([False, False]),
        stopped=False,
    )


def test_relative_loss():
    np.testing.assert_array_equal(make_result().relative_loss, [0.25, 0])


def test_unbatched():
    single = make_result().unbatched()
    assert single.image.shape == (4, 4, 3)
    assert (single.loss, single.relative_loss, single.losses["a"]) == (1, 0.25, 1)
    assert (single.iterations, single.evaluations) == (3, 10)
    assert not single.converged
