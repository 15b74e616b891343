import numpy as np
import pytest

import rwkeras
from rwkeras.backend import keras
from rwkeras.decoders.levels import encoder_to
from rwkeras.decoders.network import build_decoder
from rwkeras.decoders.settings import UPSAMPLINGS, DecoderSettings
from rwkeras.decoders.upsampling import Bilinear, DepthToSpace
from rwkeras.networks.vgg import build_vgg
from rwkeras.networks.vgg_architecture import VGG19

FEW = {"width": 1 / 64, "depth": 1}


class Zeros(rwkeras.RandomInitializer):
    def draw(self, shape):
        return np.zeros(shape, np.float32)


def layer_names(model):
    return [layer.name for layer in model.layers[1:]]


def decoded_shape(model, layer, size, **arguments):
    """Returns the shape of what a decoder makes of an image's activations."""
    activations = encoder_to(model, layer).compute_output_shape((1, *size, 3))
    made = rwkeras.decoder(model, layer, DecoderSettings(**arguments))
    return tuple(made.compute_output_shape(activations))


def outline(decoder):
    """Returns the name of each layer and how many maps or units it has."""
    return [(layer.name, layer.output.shape[-1]) for layer in decoder.layers[1:]]


def nearest(model, layer, **arguments):
    """Returns a decoder whose maps grow by repetition, unless told otherwise."""
    return rwkeras.decoder(model, layer, DecoderSettings(**{"upsampling": "nearest", **arguments}))


@pytest.fixture(scope="module")
def vgg19():
    return rwkeras.vgg19(initializer=Zeros())


@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_shape_for_every_layer_of_the_toy(upsampling):
    model = rwkeras.toy_vgg(include_top=True)
    assert len(layer_names(model)) == 14
    for name in layer_names(model):
        decoder = rwkeras.decoder(model, name, DecoderSettings(upsampling=upsampling))
        assert decoder.name == "decoder"
        assert decoder.input_shape == model.get_layer(name).output.shape
        assert decoder.output_shape == (None, 32, 32, 3)
        assert decoder.output.dtype == "float32"


@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_shape_for_every_layer_of_vgg19(vgg19, upsampling):
    assert len(layer_names(vgg19)) == 22
    for name in layer_names(vgg19):
        shape = decoded_shape(vgg19, name, (64, 96), upsampling=upsampling, width=1 / 16, depth=1)
        assert shape == (1, 64, 96, 3)
    whole = rwkeras.decoder(vgg19, "conv5_4", DecoderSettings(upsampling=upsampling, width=1 / 16))
    assert whole.input_shape == (None, None, None, 512)
    assert whole.output_shape == (None, None, None, 3)


@pytest.mark.slow
def test_shape_for_the_fully_connected_layers_of_vgg19():
    model = build_vgg(VGG19, lambda name: "zeros", include_top=True)
    units = {"flatten": [], "fc6": [], "fc7": [64], "fc8": [64, 64]}
    for name, expected in units.items():
        decoder = rwkeras.decoder(model, name, DecoderSettings(**FEW))
        assert decoder.output_shape == (None, 256, 256, 3)
        dense = [layer.units for layer in decoder.layers if isinstance(layer, keras.layers.Dense)]
        assert dense == [*expected, 8 * 8 * 8]


def test_shape_for_every_layer_of_alexnet():
    model = rwkeras.alexnet(include_top=True, initializer=Zeros())
    sizes = {
        "preprocess": 227,
        "conv1": 220,
        "pool1": 216,
        "norm1": 216,
        "conv2": 216,
        "pool2": 208,
        "norm2": 208,
        "conv3": 208,
        "conv4": 208,
        "conv5": 208,
        "pool5": 192,
        "flatten": 192,
        "fc6": 192,
        "fc7": 192,
        "fc8": 192,
    }
    assert layer_names(model) == list(sizes)
    for name, size in sizes.items():
        assert rwkeras.decoder(model, name, DecoderSettings(**FEW)).output_shape == (
            None,
            size,
            size,
            3,
        )


def test_shape_for_layers_of_resnet50():
    model = rwkeras.keras_application("resnet50", initializer=Zeros())
    for name in ("conv1_relu", "pool1_pool", "conv2_block1_out", "conv4_block2_1_conv"):
        assert decoded_shape(model, name, (64, 96), **FEW) == (1, 64, 96, 3)


def test_is_the_mirror(toy):
    assert outline(nearest(toy, "conv3_1")) == [
        ("conv_4_1", 16),
        ("conv_4_2", 16),
        ("grow_4", 16),
        ("conv_2_1", 12),
        ("conv_2_2", 12),
        ("grow_2", 12),
        ("conv_1_1", 8),
        ("conv_1_2", 8),
        ("image", 3),
    ]


def test_growth_by_a_transposed_convolution(toy):
    decoder = rwkeras.decoder(
        toy, "pool1", DecoderSettings(upsampling="transposed", depth=1, factors=[2])
    )
    assert outline(decoder) == [("conv_2_1", 8), ("grow_2", 8), ("conv_1_1", 8), ("image", 3)]
    grow = decoder.get_layer("grow_2")
    assert isinstance(grow, keras.layers.Conv2DTranspose)
    assert (grow.kernel_size, grow.strides) == ((4, 4), (2, 2))


def test_growth_by_interpolation(toy):
    nearest = rwkeras.decoder(toy, "conv2_1", DecoderSettings(upsampling="nearest")).get_layer(
        "grow_2"
    )
    assert isinstance(nearest, keras.layers.UpSampling2D)
    assert (nearest.interpolation, nearest.size) == ("nearest", (2, 2))
    bilinear = rwkeras.decoder(toy, "conv2_1", DecoderSettings(upsampling="bilinear")).get_layer(
        "grow_2"
    )
    assert isinstance(bilinear, Bilinear)
    assert bilinear.factor == 2


def test_growth_of_maps_that_become_pixels(toy):
    decoder = rwkeras.decoder(toy, "conv3_1", DecoderSettings(upsampling="subpixel", depth=1))
    assert outline(decoder) == [
        ("conv_4_1", 16),
        ("grow_4", 12 * 4),
        ("grow_4_pixels", 12),
        ("conv_2_1", 12),
        ("grow_2", 3 * 4),
        ("grow_2_pixels", 3),
    ]
    # Where nothing grows there is a convolution, as elsewhere.
    assert outline(
        rwkeras.decoder(toy, "conv1_1", DecoderSettings(upsampling="subpixel", depth=1))
    ) == [
        ("conv_1_1", 8),
        ("image", 3),
    ]


@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_all_but_the_last_convolution_are_rectified(toy, upsampling):
    decoder = rwkeras.decoder(toy, "conv2_1", DecoderSettings(upsampling=upsampling))
    *hidden, last = (layer for layer in decoder.layers if layer.weights)
    assert {layer.activation for layer in hidden} == {keras.activations.relu}
    assert last.activation is keras.activations.linear
    images = decoder(keras.random.normal((2, 8, 8, 12), seed=1)).numpy()
    assert images.min() < 0 < images.max()


def test_depth(toy):
    for depth in (1, 3):
        names = [name for name, _ in outline(nearest(toy, "conv2_1", depth=depth))]
        assert [name for name in names if name.startswith("conv_2")] == [
            f"conv_2_{n}" for n in range(1, depth + 1)
        ]
        assert len(names) == 2 * depth + 2
    mirrored = nearest(toy, "conv2_1", depth=None)
    assert [name for name, _ in outline(mirrored)] == [
        "conv_2_1",
        "grow_2",
        "conv_1_1",
        "conv_1_2",
        "image",
    ]
    # A level that is a pooling alone has one all the same.
    assert layer_names(nearest(toy, "pool1", depth=None))[:2] == ["conv_2_1", "grow_2"]


def test_width(toy):
    for width, maps in ((0.5, [8, 6, 4]), (2, [32, 24, 16]), (0.01, [1, 1, 1])):
        made = dict(outline(nearest(toy, "conv3_1", width=width)))
        assert [made[f"conv_{stride}_2"] for stride in (4, 2, 1)] == maps


def test_maps(toy):
    made = dict(outline(nearest(toy, "conv3_1", maps=[5, 6, 7], width=9.0)))
    assert [made[f"conv_{stride}_2"] for stride in (4, 2, 1)] == [5, 6, 7]
    made = nearest(toy, "conv3_1", maps=[5, 6], upsampling="subpixel", depth=1)
    assert outline(made)[:4] == [
        ("conv_4_1", 5),
        ("grow_4", 24),
        ("grow_4_pixels", 6),
        ("conv_2_1", 6),
    ]


@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_factors(toy, upsampling):
    decoder = rwkeras.decoder(toy, "pool3", DecoderSettings(upsampling=upsampling, factors=[4, 2]))
    grown = [name for name, _ in outline(decoder) if name.startswith("grow")]
    assert [name for name in grown if not name.endswith("pixels")] == ["grow_8", "grow_2"]
    assert decoder(np.zeros((1, 3, 2, 16))).shape == (1, 24, 16, 3)
    at_once = rwkeras.decoder(toy, "pool3", DecoderSettings(upsampling=upsampling, factors=[8]))
    assert at_once(np.zeros((1, 3, 2, 16))).shape == (1, 24, 16, 3)


def test_maps_of_sizes_that_the_encoder_has_are_its_own(toy):
    made = dict(outline(nearest(toy, "conv3_1", factors=[4])))
    assert (made["conv_4_1"], made["conv_1_1"]) == (16, 8)
    # At a stride of 2, which this network leaves out, it is like the image's size.
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(20, 4, strides=4, padding="same", name="conv")(inputs)
    made = dict(outline(nearest(keras.Model(inputs, x), "conv", factors=[2, 2])))
    assert [made[f"conv_{stride}_1"] for stride in (4, 2, 1)] == [20, 10, 10]


def test_kernel_size(toy):
    for size in (1, 5):
        decoder = nearest(toy, "conv2_1", kernel_size=size)
        sizes = {x.kernel_size for x in decoder.layers if isinstance(x, keras.layers.Conv2D)}
        assert sizes == {(size, size)}
        assert decoder(np.zeros((1, 4, 4, 12))).shape == (1, 8, 8, 3)


def test_fully_connected_layers_are_mirrored():
    model = rwkeras.toy_vgg(include_top=True)
    assert outline(nearest(model, "fc8", width=0.5))[:5] == [
        ("dense_1", 16),
        ("dense_2", 16),
        ("grid", 4 * 4 * 8),
        ("maps", 8),
        ("conv_8_1", 8),
    ]
    assert outline(nearest(model, "fc6"))[:2] == [("grid", 4 * 4 * 16), ("maps", 16)]
    assert nearest(model, "fc8")(np.zeros((2, 10))).shape == (2, 32, 32, 3)


@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_same_seed_same_bytes(toy, upsampling):
    first, again, other = (
        rwkeras.decoder(toy, "conv2_1", DecoderSettings(upsampling=upsampling, seed=seed))
        for seed in (5, 5, -5)
    )
    assert len(first.weights) > 0
    for weights in zip(first.weights, again.weights, other.weights, strict=True):
        one, same, another = (np.asarray(weight) for weight in weights)
        assert one.tobytes() == same.tobytes()
        assert (one.tobytes() == another.tobytes()) == (weights[0].name == "bias")
        assert one.any() == (weights[0].name == "kernel")


def test_kernels_are_streams_of_the_initializer(toy):
    decoder = nearest(toy, "conv2_1", initializer="uniform", seed=7)
    for layer in decoder.layers:
        if layer.weights:
            drawn = rwkeras.Uniform(seed=7).stream(layer.name, "kernel").draw(layer.kernel.shape)
            np.testing.assert_array_equal(layer.kernel, drawn)
            assert not layer.bias.numpy().any()


def test_built_in_another_precision(toy):
    for upsampling in UPSAMPLINGS:
        settings = DecoderSettings(upsampling=upsampling)
        decoder = build_decoder(encoder_to(toy, "conv2_1"), settings, "mixed_bfloat16")
        assert decoder.output.dtype == "float32"
        assert {weight.dtype for weight in decoder.weights} == {"float32"}
        assert decoder.get_layer("conv_2_1").compute_dtype == "bfloat16"
        *_, last = (layer for layer in decoder.layers if layer.weights)
        assert last.compute_dtype == "float32"
        plain = build_decoder(encoder_to(toy, "conv2_1"), settings)
        for one, other in zip(decoder.get_weights(), plain.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"factors": [2]},
            "Invalid value for argument `factors`. Expected factors whose product is the "
            "encoder's stride, 4. Received: factors=(2,)",
        ),
        (
            {"factors": [3]},
            "Invalid value for argument `factors`. Expected factors whose product is the "
            "encoder's stride, 4. Received: factors=(3,)",
        ),
        (
            {"factors": [2, 2, 2]},
            "Invalid value for argument `factors`. Expected factors whose product is the "
            "encoder's stride, 4. Received: factors=(2, 2, 2)",
        ),
        (
            {"factors": []},
            "Invalid value for argument `factors`. Expected factors whose product is the "
            "encoder's stride, 4. Received: factors=()",
        ),
        (
            {"maps": [4, 5]},
            "Invalid value for argument `maps`. Expected one number for each of 3 resolutions. "
            "Received: maps=(4, 5)",
        ),
        (
            {"maps": [4, 5, 6], "upsampling": "subpixel"},
            "Invalid value for argument `maps`. Expected one number for each of 2 resolutions. "
            "Received: maps=(4, 5, 6)",
        ),
        (
            {"maps": [4, 5, 6], "factors": [4]},
            "Invalid value for argument `maps`. Expected one number for each of 2 resolutions. "
            "Received: maps=(4, 5, 6)",
        ),
        (
            {"kernel_size": 2},
            "Invalid value for argument `kernel_size`. Expected an odd integer. "
            "Received: kernel_size=2",
        ),
        (
            {"upsampling": "cubic"},
            "Invalid value for argument `upsampling`. Expected one of 'transposed', 'nearest', "
            "'bilinear', 'subpixel'. Received: upsampling=cubic",
        ),
    ],
)
def test_nonsense_is_refused(toy, arguments, message):
    with pytest.raises(ValueError) as info:
        nearest(toy, "conv3_1", **arguments)
    assert str(info.value) == message


def test_no_such_layer(toy):
    with pytest.raises(ValueError) as info:
        rwkeras.decoder(toy, "pool4")
    assert str(info.value) == (
        "Invalid value for argument `layer`. Expected a layer of 'toy_vgg': preprocess, conv1_1, "
        "conv1_2, pool1, conv2_1, conv2_2, pool2, conv3_1, conv3_2, pool3 (did you mean 'pool3'?). "
        "Received: layer=pool4"
    )


@pytest.mark.parametrize("factor", [2, 3])
def test_depth_to_space(factor, tmp_path):
    maps = np.random.default_rng(1).normal(size=(2, 4, 5, 2 * factor**2)).astype(np.float32)
    expected = np.zeros((2, 4 * factor, 5 * factor, 2), np.float32)
    for row in range(factor):
        for column in range(factor):
            start = 2 * (row * factor + column)
            expected[:, row::factor, column::factor] = maps[..., start : start + 2]
    layer = DepthToSpace(factor, name="pixels")
    np.testing.assert_array_equal(layer(maps), expected)
    shape = layer.compute_output_shape((None, None, 5, 2 * factor**2))
    assert shape == (None, None, 5 * factor, 2)
    inputs = keras.Input((None, None, 2 * factor**2))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("pixels").factor == factor
    np.testing.assert_array_equal(loaded(maps), expected)
