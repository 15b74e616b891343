import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.objectives.joining import JOINS, join_grams, joined_gram
from rwkeras.objectives.losses import texture_loss
from rwkeras.objectives.objective import gram_term


def sources(*sizes, maps=4, batch=2):
    """Activations of sources of some heights and widths, rectified."""
    generator = np.random.default_rng(3)
    return [
        tf.constant(generator.normal(size=(batch, *size, maps)).clip(0), tf.float32)
        for size in sizes
    ]


def grams(features):
    flat = [np.reshape(f, (f.shape[0], -1, f.shape[-1])).astype(np.float64) for f in features]
    return [np.swapaxes(rows, 1, 2) @ rows / rows.shape[1] for rows in flat]


def test_mean_is_the_gram_matrix_of_the_union():
    several = sources((4, 6), (3, 5), (7, 2))
    rows = [tf.reshape(features, [2, -1, 4]) for features in several]
    union = rwkeras.gram_matrix(tf.concat(rows, axis=1))
    np.testing.assert_allclose(joined_gram(several, "mean"), union, rtol=1e-5)


def test_max_is_the_largest_of_each_entry():
    several = sources((4, 6), (3, 5))
    np.testing.assert_allclose(joined_gram(several, "max"), np.maximum(*grams(several)), rtol=1e-5)


def test_log_euclidean_against_numpy():
    several = sources((4, 6), (8, 9))

    def of_eigenvalues(matrices, function):
        values, vectors = np.linalg.eigh(matrices)
        return np.einsum("bij,bj,bkj->bik", vectors, function(values), vectors)

    logarithms = [of_eigenvalues(gram, np.log) for gram in grams(several)]
    expected = of_eigenvalues((24 * logarithms[0] + 72 * logarithms[1]) / 96, np.exp)
    np.testing.assert_allclose(joined_gram(several, "log_euclidean"), expected, rtol=1e-4)


def test_log_euclidean_of_maps_apart_is_their_geometric_mean():
    first, second = (np.eye(3) * scales for scales in ([1.0, 4, 9], [4.0, 4, 1]))
    several = [tf.constant(rows[np.newaxis], tf.float32) for rows in (first, second)]
    np.testing.assert_allclose(
        joined_gram(several, "log_euclidean")[0], np.diag([4, 16, 9]) / 3, rtol=1e-5, atol=1e-6
    )


def test_log_euclidean_where_a_map_is_silent():
    loud, half_silent = (np.eye(2, dtype=np.float32) * scales for scales in ([1, 1], [1, 0]))
    joined = joined_gram([loud[np.newaxis], half_silent[np.newaxis]], "log_euclidean")[0]
    np.testing.assert_allclose(joined, np.diag([1, 1e-3]) / 2, rtol=1e-4, atol=1e-6)
    silent = tf.zeros([1, 5, 2])
    np.testing.assert_array_equal(joined_gram([silent, silent], "log_euclidean") < 1e-30, True)


@pytest.mark.parametrize("join", JOINS)
def test_joining_a_source_with_itself_changes_nothing(join):
    (features,) = sources((4, 6))
    gram = rwkeras.gram_matrix(features)
    np.testing.assert_array_equal(joined_gram([features], join), gram)
    np.testing.assert_allclose(joined_gram([features] * 3, join), gram, rtol=1e-5)


@pytest.mark.parametrize("join", JOINS)
def test_a_source_for_all_is_joined_with_one_for_each(join):
    many, one = sources((4, 6)) + sources((5, 7), batch=1)
    joined = joined_gram([many, one], join)
    assert joined.shape == (2, 4, 4)
    for member in range(2):
        alone = joined_gram([many[member : member + 1], one], join)
        np.testing.assert_allclose(joined[member : member + 1], alone, rtol=1e-5)


def test_term_of_several_sources():
    several = sources((4, 6), (3, 5), maps=3)
    mean, largest = (
        rwkeras.texture_term("a", several, **arguments).terms[0]
        for arguments in ({}, {"join": "max"})
    )
    np.testing.assert_array_equal(mean.target, joined_gram(several, "mean"))
    np.testing.assert_array_equal(largest.target, joined_gram(several, "max"))
    assert mean.name == "texture/a"


def test_errors_of_joining():
    with pytest.raises(ValueError) as error:
        rwkeras.texture_term("a", tf.ones([1, 4, 5, 3]), join="average")
    assert str(error.value) == (
        "Invalid value for argument `join`. Expected one of 'mean', 'max', 'log_euclidean'. "
        "Received: join=average"
    )
    with pytest.raises(ValueError) as error:
        rwkeras.texture_term("a", [])
    assert str(error.value) == (
        "Invalid value for argument `features`. Expected the activations of at least one source. "
        "Received: features=[]"
    )


def test_sources_count_as_they_are_told():
    several = sources((4, 6), (3, 5), (7, 2))
    weights = (0.5, 2, 0)
    first, second, _ = grams(several)
    expected = 0.2 * first + 0.8 * second
    np.testing.assert_allclose(joined_gram(several, "mean", weights), expected, rtol=1e-5)
    matrices = [tf.constant(gram, tf.float32) for gram in grams(several)]
    np.testing.assert_allclose(join_grams(matrices, weights), expected, rtol=1e-5)
    # The largest entry is the largest, whatever counts.
    largest = np.maximum.reduce(grams(several))
    np.testing.assert_allclose(joined_gram(several, "max", weights), largest, rtol=1e-5)


def test_a_weighted_geometric_mean():
    matrices = [tf.constant(np.diag(row)[np.newaxis], tf.float32) for row in ([1.0, 16], [16.0, 1])]
    joined = join_grams(matrices, (3, 1), "log_euclidean")
    np.testing.assert_allclose(joined[0], np.diag([2, 8]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("join", ["mean", "log_euclidean"])
def test_only_the_ratio_of_weights_matters(join):
    several = sources((4, 6), (3, 5))
    matrices = [rwkeras.gram_matrix(features) for features in several]
    joined = join_grams(matrices, (1, 3), join)
    np.testing.assert_allclose(join_grams(matrices, (20, 60), join), joined, rtol=1e-5)
    np.testing.assert_array_equal(joined_gram(several, join, (24, 15)), joined_gram(several, join))
    assert not np.allclose(joined, joined_gram(several, join), rtol=1e-2)


@pytest.mark.parametrize("join", ["mean", "log_euclidean"])
def test_a_source_that_alone_counts(join):
    first, second = (rwkeras.gram_matrix(features) for features in sources((4, 6), (3, 5)))
    np.testing.assert_allclose(join_grams([first, second], (0, 2), join), second, rtol=1e-4)


def test_a_gram_matrix_by_itself_is_joined_with_nothing():
    (features,) = sources((4, 6))
    gram = rwkeras.gram_matrix(features)
    for join in JOINS:
        assert join_grams([gram], [24.0], join) is gram


def test_term_of_a_gram_matrix():
    (features,) = sources((4, 6))
    gram = rwkeras.gram_matrix(features)
    (term,) = gram_term("a", gram).terms
    assert (term.name, term.layer, term.loss, term.weight) == ("texture/a", "a", texture_loss, 1)
    assert term.target is gram
    assert gram_term("a", gram, name="mine").terms[0].name == "mine"
    (same,) = rwkeras.texture_term("a", features).terms
    other = features + 1
    np.testing.assert_array_equal(term(other), same(other))
    assert (term(other).numpy() > 0.1).all()
    np.testing.assert_array_equal(term(features), [0, 0])


@pytest.mark.parametrize(
    "weights",
    [
        (1,),
        (1, 2, 3),
        (),
        (2, -1),
        (0, 0),
        (float("nan"), 1),
        (float("inf"), 1),
    ],
)
def test_errors_of_weights(weights):
    message = (
        "Invalid value for argument `weights`. Expected 2 numbers of at least 0, not all 0. "
        f"Received: weights={list(weights)}"
    )
    several = sources((4, 6), (3, 5))
    for join in JOINS:
        with pytest.raises(ValueError) as error:
            join_grams([rwkeras.gram_matrix(features) for features in several], weights, join)
        assert str(error.value) == message
    with pytest.raises(ValueError) as error:
        joined_gram(several, "mean", weights)
    assert str(error.value) == message


def test_errors_of_join_grams():
    with pytest.raises(ValueError) as error:
        join_grams([tf.eye(2)[tf.newaxis]], [1.0], "average")
    assert str(error.value) == (
        "Invalid value for argument `join`. Expected one of 'mean', 'max', 'log_euclidean'. "
        "Received: join=average"
    )
