import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import rwkeras
from rwkeras.networks.borders import CircularPyramidReduce
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.multiscale import multiscale
from rwkeras.networks.octaves import PyramidReduce, octave_layers, with_octaves
from rwkeras.networks.vgg import narrow_vgg19
from rwkeras.tiling.geometry import Field, Span, receptive_fields, spans


def chain(*parts):
    """A network of the parts in a row."""
    images = keras.Input((None, None, 3))
    x = images
    for part in parts:
        x = part(x)
    return keras.Model(images, x, name="chain")


def conv(name, size=3, **arguments):
    return layers.Conv2D(2, size, name=name, **{"padding": "same", **arguments})


def seen(model, layer, side, axis):
    """Which pixels along an axis change which activations, bool, [pixel, activation].

    All weights are 1 and all pixels 0 but for one, which is large enough for nothing to cancel.
    """
    for each in model.layers:
        each.set_weights([np.full_like(w, w.ndim > 1) for w in each.get_weights()])
    shape = [side, 16, 16, 3]
    shape[axis] = side
    images = np.zeros(shape, np.float32)
    for pixel in range(side):
        images[(pixel, pixel, 8) if axis == 1 else (pixel, 8, pixel)] = 1e6
    activations = feature_extractor(model, [layer])(tf.constant(images))[layer].numpy()
    return (activations > 0).any(axis=(3 - axis, 3))


def check_fields(model, names, side):
    for name, (stride, before, after) in receptive_fields(model, names).items():
        for axis in (1, 2):
            changes = seen(model, name, side, axis)
            # A pooling leaves the last pixels out; a pyramid does not.
            assert changes.shape in {(side, side // stride), (side, -(-side // stride))}
            inside = 0
            for n, column in enumerate(changes.T):
                first, last = stride * n - before, stride * n + after
                pixels = np.flatnonzero(column)
                # At the borders there are zeros or mirrored pixels.
                assert first <= pixels[0] <= pixels[-1] <= last
                if first >= 0 and last < side:
                    assert (pixels[0], pixels[-1]) == (first, last)
                    inside += 1
            assert inside


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_what_each_layer_of_a_network_sees(pooling):
    model = rwkeras.toy_vgg(pooling=pooling)
    names = [layer.name for layer in model.layers[1:]]
    assert names[-1] == "pool3"
    check_fields(model, names, 61)


def test_what_the_deepest_layers_of_a_vgg19_see():
    model = narrow_vgg19(width=0.005)
    fields = receptive_fields(model, ["conv5_1", "conv1_1"])
    assert fields == {"conv5_1": Field(16, 70, 85), "conv1_1": Field(1, 1, 1)}
    assert list(fields) == ["conv5_1", "conv1_1"]
    assert receptive_fields(rwkeras.vgg19(), ["conv5_1"]) == {"conv5_1": Field(16, 70, 85)}
    check_fields(model, ["conv5_1"], 197)


@pytest.mark.parametrize(
    "parts",
    [
        (conv("a", 1), conv("b", 5)),
        (conv("a", dilation_rate=3), layers.MaxPooling2D(2, name="b")),
        # Its two taps are a pixel to the left and one to the right.
        (conv("a", 2, dilation_rate=2), conv("b")),
        (layers.AveragePooling2D(3, name="a"), conv("b"), layers.MaxPooling2D(2, name="c")),
        (
            layers.AveragePooling2D(2, padding="same", name="a"),
            conv("b"),
            layers.MaxPooling2D(2, padding="same", name="c"),
        ),
        (
            layers.Rescaling(2.0, name="a"),
            layers.Dropout(0.5, name="b"),
            conv("c"),
            layers.ReLU(name="d"),
            layers.MaxPooling2D(4, name="e"),
            layers.Activation("tanh", name="f"),
        ),
    ],
    ids=["sizes", "dilated", "even", "poolings", "padded", "pointwise"],
)
def test_what_layers_of_other_networks_see(parts):
    check_fields(chain(*parts), [part.name for part in parts], 31)


def test_what_a_pyramid_sees():
    model = multiscale(levels=3, filters=2, depth=2)
    names = ["level2", "conv0_1", "level1", "octave2", "level0", "conv2_1_7"]
    fields = receptive_fields(model, names)
    assert list(fields) == names
    assert fields["level0"] == Field(1, 4, 4)
    assert fields["level1"] == Field(2, 10, 10)
    assert fields["level2"] == Field(4, 6 + 12 + 4, 6 + 12 + 4)
    for side in (61, 62):
        check_fields(model, names, side)


def test_what_layers_at_the_octaves_see():
    names = ["conv1_2", "conv2_1"]
    model = with_octaves(rwkeras.toy_vgg(), names, 3)
    names = octave_layers(names, 3)
    fields = receptive_fields(model, names)
    # The layers are shared: at each octave the same behind another image.
    assert fields["conv1_2"] == Field(1, 2, 2)
    assert fields["conv1_2_octave2"] == Field(4, 6 + 8, 6 + 8)
    assert fields["conv2_1_octave1"] == Field(4, 2 + 2 * 4, 2 + 2 * 5)
    check_fields(model, names, 62)


def branching(join, *branches):
    """A network of branches of several layers each, which are joined."""
    images = keras.Input((None, None, 3))
    ends = []
    for branch in branches:
        x = images
        for part in branch:
            x = part(x)
        ends.append(x)
    return keras.Model(images, join(ends), name="branching")


@pytest.mark.parametrize("join", [layers.Add(name="all"), layers.Concatenate(name="all")])
def test_branches_see_what_any_of_them_sees(join):
    pool, wide = layers.MaxPooling2D(2, name="pool"), conv("wide", 7)
    model = branching(
        join, (layers.Identity(name="same"), conv("a", 1), pool), (wide, PyramidReduce())
    )
    assert receptive_fields(model, ["all", "pool"]) == {
        "all": Field(2, 5, 5),
        "pool": Field(2, 0, 1),
    }
    check_fields(model, ["all"], 30)


NONE_OF_THEM = (
    "Invalid value for argument `model`. Expected stride-1 convolutions with padding, "
    "non-overlapping pooling and pixel-wise layers, but 'odd' is another layer. Received: "
    "model=chain"
)


@pytest.mark.parametrize(
    "part",
    [
        conv("odd", strides=2),
        conv("odd", padding="valid"),
        conv("odd", 4),
        conv("odd", (3, 5)),
        layers.MaxPooling2D(3, strides=2, name="odd"),
        layers.MaxPooling2D(2, strides=1, padding="same", name="odd"),
        layers.AveragePooling2D(3, padding="same", name="odd"),
        layers.AveragePooling2D((1, 2), name="odd"),
        layers.UpSampling2D(name="odd"),
        layers.BatchNormalization(name="odd"),
        CircularPyramidReduce(name="odd"),
        pytest.param(
            conv("odd", dilation_rate=(1, 2)),
        ),
    ],
    ids=lambda part: type(part).__name__,
)
def test_layers_that_cannot_be_tiled(part):
    model = chain(conv("a"), part, conv("b"))
    with pytest.raises(ValueError) as error:
        receptive_fields(model, ["b"])
    assert str(error.value) == NONE_OF_THEM
    # What comes behind the last of the layers does not matter.
    assert receptive_fields(model, ["a"]) == {"a": Field(1, 1, 1)}


def test_branches_of_several_strides_cannot_be_tiled():
    deep = layers.MaxPooling2D(2, name="b"), layers.MaxPooling2D(2, name="c")
    model = branching(layers.Add(name="sum"), (layers.ReLU(name="a"),), deep)
    with pytest.raises(ValueError) as error:
        receptive_fields(model, ["sum"])
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected branches with equal strides, but 'sum' "
        "joins branches with different ones. Received: model=branching"
    )
    assert receptive_fields(model, ["b"]) == {"b": Field(2, 0, 1)}


@pytest.mark.parametrize(
    "odd", [layers.Concatenate(axis=1, name="odd"), layers.Multiply(name="odd")]
)
def test_branches_that_are_joined_otherwise(odd):
    model = branching(odd, (conv("a"),), (conv("b"),))
    with pytest.raises(ValueError) as error:
        receptive_fields(model, ["odd"])
    assert str(error.value) == NONE_OF_THEM.replace("=chain", "=branching")


def test_a_filter_bank_can_be_tiled():
    bank = rwkeras.filter_bank(sizes=(3, 7), filters=2)
    fields = receptive_fields(bank, ["conv3", "maps"])
    assert fields == {"conv3": Field(1, 1, 1), "maps": Field(1, 3, 3)}


def test_the_spans_of_an_axis():
    assert spans(53, 17, [Field(4, 6, 9), Field(1, 7, 2)]) == [
        Span(0, 28, 0, 16),
        Span(8, 44, 16, 32),
        Span(24, 53, 32, 53),
    ]
    assert spans(64, 32, [Field(8, 14, 21)]) == [Span(0, 56, 0, 32), Span(16, 64, 32, 64)]
    assert spans(20, 64, [Field(8, 14, 21)]) == [Span(0, 20, 0, 20)]
    # Neither stride is a multiple of the other.
    assert spans(24, 15, [Field(2, 0, 1), Field(3, 0, 2)]) == [
        Span(0, 18, 0, 12),
        Span(12, 24, 12, 24),
    ]


@pytest.mark.parametrize("tile", [1, 8, 13, 24, 200])
@pytest.mark.parametrize("side", [2, 16, 53, 61, 64, 100])
@pytest.mark.parametrize(
    "fields",
    [[Field(1, 0, 0)], [Field(2, 6, 7), Field(1, 1, 1)], [Field(8, 14, 21)], [Field(16, 70, 85)]],
)
def test_spans_cover_every_pixel_once_and_all_that_it_takes(side, tile, fields):
    found = spans(side, tile, fields)
    stride = max(field.stride for field in fields)
    step = max(stride, tile // stride * stride)
    inner = [pixel for span in found for pixel in range(span.inner_start, span.inner_stop)]
    assert inner == list(range(side))
    for span in found:
        assert span.start % stride == span.inner_start % stride == 0
        for field in fields:
            assert span.start <= max(0, span.inner_start - field.before)
            last = (span.inner_stop // field.stride - 1) * field.stride + field.after
            assert span.stop >= min(side, last + 1)
        assert 0 <= span.start <= span.inner_start < span.inner_stop <= span.stop <= side
    lengths = [span.inner_stop - span.inner_start for span in found]
    assert set(lengths[:-1]) <= {step}
    if len(found) > 1:
        assert max(step / 2, stride) <= lengths[-1] <= max(1.5 * step, step + stride - 1)
    else:
        assert side <= max(1.5 * step, step + stride - 1)


def test_errors_of_spans():
    with pytest.raises(ValueError) as error:
        spans(64, 0, [Field(1, 0, 0)])
    assert str(error.value) == (
        "Invalid value for argument `tile_size`. Expected an integer of at least 1. "
        "Received: tile_size=0"
    )
