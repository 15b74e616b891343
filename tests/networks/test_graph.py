import itertools

import keras

from rwkeras.networks.graph import calls
from rwkeras.networks.multiscale import multiscale
from rwkeras.networks.octaves import with_octaves


def names(model):
    return [call.layer.name for call in calls(model)]


def test_a_chain(toy):
    assert names(toy) == [layer.name for layer in toy.layers]
    found = list(calls(toy))
    assert found[0].inputs == ()
    for before, after in itertools.pairwise(found):
        assert after.inputs[0] is before.outputs[0]
    assert found[-1].outputs[0] is toy.outputs[0]


def test_each_call_follows_those_whose_outputs_it_takes():
    model = multiscale(levels=3, depth=2)
    assert sorted(names(model)) == sorted(layer.name for layer in model.layers)
    known = set()
    for call in calls(model):
        assert {id(x) for x in call.inputs} <= known
        known.update(id(x) for x in call.outputs)


def test_a_shared_layer_is_there_at_each_call(toy):
    found = names(with_octaves(toy, ["conv1_2"], 3))
    assert found.count("conv1_2") == found.count("preprocess") == 3
    assert found.count("conv2_1") == 1


def test_layers_without_a_path_to_an_output_are_left_out():
    x = keras.Input((None, None, 3), name="image")
    first = keras.layers.Conv2D(2, 3, name="first")(x)
    keras.layers.Conv2D(2, 3, name="second")(first)
    assert names(keras.Model(x, [first, first])) == ["image", "first"]
