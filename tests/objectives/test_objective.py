import numpy as np
import pytest
import tensorflow as tf

import rwkeras

RANDOM = np.random.default_rng(1)
FEATURES = {
    "a": tf.constant(RANDOM.normal(size=(2, 4, 4, 3)), tf.float32),
    "b": tf.constant(RANDOM.normal(size=(2, 2, 2, 5)), tf.float32),
    "input": tf.constant(RANDOM.normal(size=(2, 8, 8, 3)), tf.float32),
}
SOURCE = {name: 2 * value for name, value in FEATURES.items()}


def make():
    content = rwkeras.content_term("a", SOURCE["a"])
    texture = rwkeras.texture_term("b", SOURCE["b"])
    return 100 * content + texture * 2 + 1000 * rwkeras.tv_term()


def test_reads_like_equation_9():
    losses = make()(FEATURES)
    assert list(losses) == ["content/a", "texture/b", "tv"]
    content = rwkeras.content_loss(FEATURES["a"], SOURCE["a"])
    texture = rwkeras.texture_loss(FEATURES["b"], rwkeras.gram_matrix(SOURCE["b"]))
    np.testing.assert_allclose(losses["content/a"], 100 * content)
    np.testing.assert_allclose(losses["texture/b"], 2 * texture)
    np.testing.assert_allclose(losses["tv"], 1000 * rwkeras.total_variation(FEATURES["input"]))


def test_scaling_a_sum_scales_every_term():
    for name, loss in (3 * make())(FEATURES).items():
        np.testing.assert_allclose(loss, 3 * make()(FEATURES)[name], rtol=1e-6)


def test_layers_leave_the_image_out():
    assert make().layers == ("a", "b")
    assert rwkeras.tv_term().layers == ()


def test_structure_and_data_make_the_objective_again():
    objective = make()
    again = objective.structure.with_data(objective.data)
    for name, loss in again(FEATURES).items():
        np.testing.assert_array_equal(loss, objective(FEATURES)[name])


def test_structures_are_equal_whatever_their_data():
    assert make().structure == (5 * make()).structure
    assert hash(make().structure) == hash((5 * make()).structure)
    assert make().structure != rwkeras.tv_term().structure


def test_terms_of_one_name_are_refused():
    with pytest.raises(ValueError) as error:
        rwkeras.tv_term() + rwkeras.tv_term()
    assert str(error.value) == (
        "Invalid value for argument `terms`. Expected terms with different names. Received: "
        "terms=['tv', 'tv']"
    )
    assert len((rwkeras.tv_term() + rwkeras.tv_term(name="more")).terms) == 2


def test_adding_other_types_is_refused():
    with pytest.raises(TypeError):
        rwkeras.tv_term() + 3


def test_values_are_those_of_the_targets_of_one_image():
    batch = tf.zeros([2, 4, 5, 3])
    objective = rwkeras.content_term("a", batch) + rwkeras.texture_term("b", batch)
    objective += rwkeras.tv_term()
    assert objective.values == 4 * 5 * 3 + 3 * 3
