import pytest

import rwkeras
from rwkeras.backend import keras
from rwkeras.decoders.levels import EncoderStructure, Level, encoder_structure, encoder_to

TOP = ("fc6", "fc7", "fc8")


def structure_of(model, layer):
    return encoder_structure(encoder_to(model, layer))


def chain(*layers, shape=(None, None, 3)):
    """Returns a network of layers, one after the other."""
    inputs = x = keras.Input(shape, name="image")
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x, name="chain")


def test_encoder_shares_its_weights_and_ends_at_the_layer(toy, image):
    encoder = encoder_to(toy, "conv2_1")
    assert encoder.name == "toy_vgg"
    assert encoder.layers[-1].name == "conv2_1"
    assert encoder.get_layer("conv1_1") is toy.get_layer("conv1_1")
    features = rwkeras.extract(toy, ["conv2_1"], image[None])["conv2_1"]
    assert (encoder(image[None]).numpy() == features.numpy()).all()


def test_no_such_layer(toy):
    with pytest.raises(ValueError) as info:
        encoder_to(toy, "conv2_3")
    assert str(info.value) == (
        "Invalid value for argument `layer`. Expected a layer of 'toy_vgg': preprocess, conv1_1, "
        "conv1_2, pool1, conv2_1, conv2_2, pool2, conv3_1, conv3_2, pool3 (did you mean "
        "'conv2_2'?). Received: layer=conv2_3"
    )


def test_no_model():
    with pytest.raises(ValueError) as info:
        encoder_to("vgg19", "conv1_1")
    assert str(info.value) == (
        "Invalid value for argument `model`. Expected a functional `keras.Model` with one input. "
        "Received: model=vgg19"
    )


def test_vgg19():
    model = rwkeras.vgg19(initializer="binary")
    levels = (Level(1, 64, 2), Level(2, 128, 2), Level(2, 256, 1))
    assert structure_of(model, "conv3_1") == EncoderStructure(levels, None, ())
    assert structure_of(model, "pool5").levels == (
        Level(1, 64, 2),
        Level(2, 128, 2),
        Level(2, 256, 4),
        Level(2, 512, 4),
        Level(2, 512, 4),
        Level(2, 512, 0),
    )
    strides = {"conv1_1": 1, "pool1": 2, "conv3_4": 4, "conv4_1": 8, "conv5_4": 16, "pool5": 32}
    assert {name: structure_of(model, name).stride for name in strides} == strides


@pytest.mark.parametrize(
    ("layer", "levels"),
    [
        ("preprocess", (Level(1, 3, 0),)),
        ("conv1_1", (Level(1, 8, 1),)),
        ("conv1_2", (Level(1, 8, 2),)),
        ("pool1", (Level(1, 8, 2), Level(2, 8, 0))),
        ("conv2_1", (Level(1, 8, 2), Level(2, 12, 1))),
        ("pool2", (Level(1, 8, 2), Level(2, 12, 2), Level(2, 12, 0))),
        ("conv3_1", (Level(1, 8, 2), Level(2, 12, 2), Level(2, 16, 1))),
    ],
)
def test_toy_vgg(toy, layer, levels):
    assert structure_of(toy, layer) == EncoderStructure(levels, None, ())
    # Of an image whose size is told it is the same.
    assert structure_of(rwkeras.toy_vgg((24, 40, 3)), layer) == EncoderStructure(levels, None, ())


def test_fully_connected_layers():
    model = rwkeras.toy_vgg(include_top=True)
    levels = (Level(1, 8, 2), Level(2, 12, 2), Level(2, 16, 2), Level(2, 16, 0))
    assert structure_of(model, "flatten") == EncoderStructure(levels, (4, 4), ())
    units = {name: structure_of(model, name).units for name in TOP}
    assert units == {"fc6": (), "fc7": (32,), "fc8": (32, 32)}
    assert {structure_of(model, name)[:2] for name in TOP} == {(levels, (4, 4))}


def test_an_average_over_all_positions():
    conv = keras.layers.Conv2D(4, 3, strides=2, padding="same", name="conv")
    model = chain(conv, keras.layers.GlobalAveragePooling2D(name="mean"), shape=(24, 40, 3))
    assert structure_of(model, "mean") == EncoderStructure(
        (Level(1, 2, 0), Level(2, 4, 1)), (12, 20), ()
    )


def test_alexnet_whose_convolutions_are_not_padded():
    levels = (
        Level(1, 48, 0),
        Level(4, 96, 1),
        Level(2, 256, 1),
        Level(2, 384, 3),
        Level(2, 256, 0),
    )
    for shape in ((None, None, 3), (227, 227, 3)):
        model = rwkeras.alexnet(shape)
        assert structure_of(model, "pool5") == EncoderStructure(levels, None, ())
        # One convolution of five pixels, of three levels that remain.
        assert structure_of(model, "conv2").levels == (*levels[:2], Level(2, 256, 1))
    assert structure_of(model, "pool5").stride == 32


def test_sizes_that_differ_by_less_than_a_half_count_as_one():
    model = chain(
        keras.layers.Conv2D(4, 7, name="conv"),
        keras.layers.MaxPooling2D(2, name="pool"),
        keras.layers.Conv2D(6, 3, name="last"),
        shape=(30, 30, 3),
    )
    assert structure_of(model, "conv").levels == (Level(1, 4, 1),)
    assert structure_of(model, "last").levels == (Level(1, 4, 1), Level(2, 6, 1))


def test_a_large_stride_is_one_level():
    conv = keras.layers.Conv2D(10, 8, strides=8, padding="same", name="conv")
    assert structure_of(chain(conv), "conv").levels == (Level(1, 5, 0), Level(8, 10, 1))


def test_resnet50():
    model = rwkeras.keras_application("resnet50", initializer="binary")
    levels = (Level(1, 32, 0), Level(2, 64, 1), Level(2, 256, 4))
    assert structure_of(model, "conv2_block1_out") == EncoderStructure(levels, None, ())
    assert structure_of(model, "conv5_block3_out").stride == 32


def test_branches_over_all_positions_are_not_on_the_way():
    network = rwkeras.keras_application("efficientnet_b0")
    structure = encoder_structure(encoder_to(network, "block2a_expand_activation"))
    assert [level.factor for level in structure.levels] == [1, 2]
