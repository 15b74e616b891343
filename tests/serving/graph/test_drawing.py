import pytest
import tensorflow as tf

from rwkeras.networks.initializers import INITIALIZERS
from rwkeras.serving.graph.drawing import can_draw, draw

KNOWN = {name: kind for name, kind in INITIALIZERS.items() if name != "orthogonal"}


@pytest.mark.parametrize("kind", KNOWN.values(), ids=list(KNOWN))
def test_kernels_have_the_same_bits(kind):
    distribution, shape = kind(seed=7), (3, 3, 5, 40)
    assert can_draw(distribution)
    function = tf.function(lambda: draw(distribution, shape), autograph=False)
    assert function().numpy().tobytes() == distribution.draw(shape).tobytes()


def test_a_factorisation_is_not_drawn():
    assert not can_draw(INITIALIZERS["orthogonal"]())
