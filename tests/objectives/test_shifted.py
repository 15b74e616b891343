import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.objectives.shifted import shifted_gram, shifted_gram_loss, shifted_gram_term
from tests.objectives.differences import assert_descends, assert_gradient, assert_not_tiled

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(1, 2, size=(2, 4, 5, 3))
SOURCE = RANDOM.normal(size=(1, 7, 6, 3))
SHIFTS = ((0, 0), (0, 2), (3, 0), (-1, 2), (2, -3))


def numpy_gram(image, shift):
    height, width, maps = image.shape
    total, count = np.zeros((maps, maps)), 0
    for y in range(height):
        for x in range(width):
            there = y + shift[0], x + shift[1]
            if 0 <= there[0] < height and 0 <= there[1] < width:
                total += np.outer(image[y, x], image[there])
                count += 1
    return total / count


def numpy_grams(image):
    return np.stack([numpy_gram(image, shift) for shift in SHIFTS])


def test_matrices():
    found = shifted_gram(tf.constant(FEATURES), SHIFTS)
    np.testing.assert_allclose(found, [numpy_grams(image) for image in FEATURES])
    np.testing.assert_allclose(found[:, 0], rwkeras.gram_matrix(tf.constant(FEATURES)))


def test_opposite_shifts_are_transposes():
    one, other = shifted_gram(tf.constant(SOURCE), [(2, -1), (-2, 1)])[0].numpy()
    np.testing.assert_allclose(one, other.T)


def test_loss():
    target = numpy_grams(SOURCE[0])
    expected = [np.mean((numpy_grams(image) - target) ** 2) / 4 for image in FEATURES]
    found = shifted_gram_loss(
        tf.constant(FEATURES), shifted_gram(tf.constant(SOURCE), SHIFTS), SHIFTS
    )
    np.testing.assert_allclose(found, expected)


def test_without_a_shift_it_is_equation_6():
    target = shifted_gram(tf.constant(SOURCE), [(0, 0)])
    np.testing.assert_allclose(
        shifted_gram_loss(tf.constant(FEATURES), target, [(0, 0)]),
        rwkeras.texture_loss(tf.constant(FEATURES), target[:, 0]),
    )


def test_in_a_graph_of_unknown_sizes():
    signature = [tf.TensorSpec([None, None, None, 3], tf.float64)]
    graph = tf.function(lambda x: shifted_gram(x, SHIFTS), input_signature=signature)
    np.testing.assert_allclose(graph(FEATURES), shifted_gram(tf.constant(FEATURES), SHIFTS))


def test_gradient_against_finite_differences():
    target = shifted_gram(tf.constant(SOURCE), SHIFTS)
    assert_gradient(lambda x: shifted_gram_loss(x, target, SHIFTS), FEATURES)


@pytest.mark.slow
def test_term(toy, square):
    source = rwkeras.extract(toy, ["conv2_1"], square[np.newaxis])["conv2_1"]
    objective = shifted_gram_term("conv2_1", source, [[0, 3], (2, 0)])
    assert [term.name for term in objective.terms] == ["shifted/conv2_1"]
    np.testing.assert_allclose(objective({"conv2_1": source})["shifted/conv2_1"], [0], atol=1e-8)
    other = shifted_gram_term("conv2_1", source, [(0, 3)])
    assert objective.structure != other.structure
    again = shifted_gram_term("conv2_1", 2 * source, ((0, 3), (2, 0)))
    assert objective.structure == again.structure
    assert_descends(toy, objective, (20, 24))
    assert_not_tiled(toy, objective)


@pytest.mark.parametrize("shifts", [[], [(0, 1), (0, 1)], [(0,)], [(0, 1.5)], [3], [(0, True)]])
def test_shifts_that_are_none(shifts):
    with pytest.raises(ValueError) as error:
        shifted_gram_term("a", tf.constant(SOURCE), shifts)
    assert str(error.value) == (
        "Invalid value for argument `shifts`. Expected one or more different pairs of integers, "
        f"(rows, columns). Received: shifts={shifts}"
    )


def test_shifts_that_leave_nothing():
    with pytest.raises(ValueError) as error:
        shifted_gram_term("a", tf.constant(SOURCE), [(0, 1), (-7, 0)])
    assert str(error.value) == (
        "Invalid value for argument `shifts`. Expected shifts smaller than the feature maps, (7, "
        "6). Received: shifts=[(0, 1), (-7, 0)]"
    )
