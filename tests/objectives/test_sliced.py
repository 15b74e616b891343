import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.objectives.sliced import (
    directions,
    resampled_quantiles,
    sliced_wasserstein_loss,
    sliced_wasserstein_term,
    sorted_projections,
)
from tests.objectives.differences import assert_descends, assert_gradient, assert_not_tiled

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(1, 2, size=(2, 4, 5, 3))
SOURCE = RANDOM.normal(size=(1, 4, 5, 3))
LARGER = RANDOM.normal(size=(1, 6, 7, 3))


def numpy_sorted(image, projections):
    rows = image.reshape(-1, image.shape[-1])
    if projections is not None:
        rows = rows @ directions(3, projections, 4).astype(np.float64)
    return np.sort(rows, axis=0).T


@pytest.mark.parametrize("projections", [None, 5])
@pytest.mark.parametrize("source", [SOURCE, LARGER, LARGER[:, :2]], ids=["same", "more", "fewer"])
def test_loss(projections, source):
    target = numpy_sorted(source[0], projections)
    places = (np.arange(20) + 0.5) / 20
    known = (np.arange(target.shape[1]) + 0.5) / target.shape[1]
    quantiles = np.stack([np.interp(places, known, row) for row in target])
    expected = [np.mean((numpy_sorted(x, projections) - quantiles) ** 2) for x in FEATURES]
    found = sliced_wasserstein_loss(
        tf.constant(FEATURES),
        sorted_projections(tf.constant(source), projections, 4),
        projections,
        4,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_quantiles_of_sizes_that_are_not_known_yet():
    values = tf.constant(np.sort(RANDOM.normal(size=(1, 3, 42))))
    known = resampled_quantiles(values, 20)

    @tf.function(
        input_signature=[tf.TensorSpec([1, 3, None], tf.float64), tf.TensorSpec([], tf.int32)]
    )
    def unknown(values, count):
        return resampled_quantiles(values, count)

    np.testing.assert_allclose(unknown(values, 20), known)
    np.testing.assert_allclose(unknown(values, 42), values)


def test_in_a_graph_of_unknown_sizes():
    target = sorted_projections(tf.constant(LARGER), 5, 4)
    signature = [tf.TensorSpec([None, None, None, 3], tf.float64)]
    graph = tf.function(
        lambda x: sliced_wasserstein_loss(x, target, 5, 4), input_signature=signature
    )
    expected = sliced_wasserstein_loss(tf.constant(FEATURES), target, 5, 4)
    np.testing.assert_allclose(graph(FEATURES), expected)


def test_positions_are_of_no_matter():
    shuffled = RANDOM.permutation(FEATURES[0].reshape(20, 3)).reshape(1, 5, 4, 3)
    target = sorted_projections(tf.constant(FEATURES[:1]), 6, 1)
    np.testing.assert_allclose(
        sliced_wasserstein_loss(tf.constant(shuffled), target, 6, 1), [0], atol=1e-20
    )


def test_of_a_shift_along_one_direction_it_is_the_square():
    target = sorted_projections(tf.constant(FEATURES))
    shifted = tf.constant(FEATURES + np.array([0, 0, 3]))
    np.testing.assert_allclose(sliced_wasserstein_loss(shifted, target), [3, 3])


def test_directions_are_unit_vectors_of_their_seed():
    vectors = directions(7, 9, 2)
    assert vectors.shape == (7, 9)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=0), 1, rtol=1e-6)
    np.testing.assert_array_equal(vectors, directions(7, 9, 2))
    assert not np.array_equal(vectors, directions(7, 9, 3))


@pytest.mark.parametrize("projections", [None, 5])
@pytest.mark.parametrize("source", [SOURCE, LARGER], ids=["same", "more"])
def test_gradient_against_finite_differences(projections, source):
    target = sorted_projections(tf.constant(source), projections)
    assert_gradient(lambda x: sliced_wasserstein_loss(x, target, projections), FEATURES)


@pytest.mark.slow
@pytest.mark.parametrize("projections", [None, 8])
def test_term(toy, square, projections):
    source = rwkeras.extract(toy, ["conv1_2"], square[np.newaxis])["conv1_2"]
    objective = sliced_wasserstein_term("conv1_2", source, projections=projections, seed=2)
    name = "sliced_wasserstein/conv1_2"
    assert [term.name for term in objective.terms] == [name]
    np.testing.assert_allclose(objective({"conv1_2": source})[name], [0], atol=1e-8)
    again = sliced_wasserstein_term("conv1_2", 2 * source, projections=projections, seed=2)
    assert again.structure == objective.structure
    assert again.structure != sliced_wasserstein_term("conv1_2", source, seed=3).structure
    assert_descends(toy, objective, (20, 24))
    assert_not_tiled(toy, objective)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"projections": 0},
            "`projections`. Expected an integer of at least 1. Received: projections=0",
        ),
        ({"seed": 0.5}, "`seed`. Expected an integer. Received: seed=0.5"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        sliced_wasserstein_term("a", tf.constant(SOURCE), **arguments)
    assert str(error.value) == f"Invalid value for argument {message}"
