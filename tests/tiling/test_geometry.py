import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import rwkeras
from rwkeras.networks.features import feature_extractor
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

    All weights are 1 and all pixels 0 but for one, so that nothing cancels and nothing rounds.
    """
    for each in model.layers:
        each.set_weights([np.full_like(w, w.ndim > 1) for w in each.get_weights()])
    shape = [side, 16, 16, 3]
    shape[axis] = side
    images = np.zeros(shape, np.float32)
    for pixel in range(side):
        images[(pixel, pixel, 8) if axis == 1 else (pixel, 8, pixel)] = 1
    activations = feature_extractor(model, [layer])(tf.constant(images))[layer].numpy()
    return (activations > 0).any(axis=(3 - axis, 3))


def check_fields(model, names, side):
    for name, (stride, before, after) in receptive_fields(model, names).items():
        for axis in (1, 2):
            changes = seen(model, name, side, axis)
            assert changes.shape == (side, side // stride)
            inside = 0
            for n, column in enumerate(changes.T):
                first, last = stride * n - before, stride * n + after
                pixels = np.flatnonzero(column)
                # At the borders there are zeros, and a pooling leaves pixels out.
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
    model = rwkeras.narrow_vgg19(width=0.005)
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
            layers.Rescaling(2.0, name="a"),
            layers.Dropout(0.5, name="b"),
            conv("c"),
            layers.ReLU(name="d"),
            layers.MaxPooling2D(4, name="e"),
            layers.Activation("tanh", name="f"),
        ),
    ],
    ids=["sizes", "dilated", "even", "poolings", "pointwise"],
)
def test_what_layers_of_other_networks_see(parts):
    check_fields(chain(*parts), [part.name for part in parts], 31)


def branching():
    images = keras.Input((None, None, 3))
    first, second = conv("first")(images), conv("second", 5)(images)
    return keras.Model(images, layers.Add(name="sum")([first, second]), name="branching")


NONE_OF_THEM = (
    "Invalid value for argument `model`. Expected convolutions of stride 1 that keep the size, "
    "poolings that do not overlap, and layers that work on each pixel by itself, but 'odd' is none "
    "of them. Received: model=chain"
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
        layers.AveragePooling2D(2, padding="same", name="odd"),
        layers.AveragePooling2D((1, 2), name="odd"),
        layers.UpSampling2D(name="odd"),
        layers.BatchNormalization(name="odd"),
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


def test_branches_cannot_be_tiled():
    with pytest.raises(ValueError) as error:
        receptive_fields(branching(), ["sum"])
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a chain, but 'second' does not follow the "
        "layer before it. Received: model=branching"
    )


def test_a_filter_bank_can_be_tiled_a_size_at_a_time():
    bank = rwkeras.filter_bank(sizes=(3, 7), filters=2)
    assert receptive_fields(feature_extractor(bank, ["conv7"]), ["conv7"]) == {
        "conv7": Field(1, 3, 3)
    }
    with pytest.raises(ValueError) as error:
        receptive_fields(feature_extractor(bank, ["maps"]), ["maps"])
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a chain, but 'conv7' does not follow the "
        "layer before it. Received: model=filter_bank_features"
    )


def test_the_spans_of_an_axis():
    assert spans(53, 17, [Field(4, 6, 9), Field(1, 7, 2)]) == [
        Span(0, 28, 0, 16),
        Span(8, 44, 16, 32),
        Span(24, 53, 32, 53),
    ]
    assert spans(64, 32, [Field(8, 14, 21)]) == [Span(0, 56, 0, 32), Span(16, 64, 32, 64)]
    assert spans(20, 64, [Field(8, 14, 21)]) == [Span(0, 20, 0, 20)]


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
