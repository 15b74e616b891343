import functools

import keras
import numpy as np
import pytest

import rwkeras
from rwkeras.networks.applications import APPLICATIONS, LAYERS_BY_STRIDE, keras_application
from rwkeras.networks.batch_normalization import adapt_batch_normalization
from rwkeras.networks.precision import lower_precision
from tests.conftest import waves

pytestmark = pytest.mark.eager

IMAGES = np.stack([waves(160, 160), waves(160, 160)[::-1] ** 2])


@functools.cache
def adapted(name):
    model = keras_application(name, seed=1)
    adapt_batch_normalization(model, IMAGES)
    return model


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LAYERS_BY_STRIDE))
def test_layers_have_the_stride_that_the_table_says(name):
    model = rwkeras.vgg19(initializer="he") if name == "vgg19" else adapted(name)
    for stride, layer in LAYERS_BY_STRIDE[name].items():
        extractor = rwkeras.feature_extractor(model, [layer])
        small, large = (
            extractor.compute_output_shape((1, size, size, 3))[layer][1] for size in (299, 619)
        )
        assert (large - small) * stride == 320


def keras_model(name, weights):
    """Returns Keras's own model with the same function of what its `preprocess_input` gives."""
    builder = getattr(keras.applications, APPLICATIONS[name].builder)
    model = builder(weights=None, include_top=False, input_shape=(None, None, 3))
    if name in ("resnet50", "vgg16"):  # Of blue, green, red.
        weights = [weights[0][:, :, ::-1], *weights[1:]]
    model.set_weights(weights)
    if name == "efficientnet_b0":  # It normalises colours itself, once it has learned them.
        normalization = next(x for x in model.layers if isinstance(x, keras.layers.Normalization))
        normalization.mean = np.float32([0.485, 0.456, 0.406])
        normalization.variance = np.float32([0.229, 0.224, 0.225]) ** 2
    return model


FAMILIES = {
    "densenet121": keras.applications.densenet,
    "efficientnet_b0": keras.applications.efficientnet,
    "inception_v3": keras.applications.inception_v3,
    "mobilenet": keras.applications.mobilenet,
    "mobilenet_v2": keras.applications.mobilenet_v2,
    "resnet50": keras.applications.resnet50,
    "vgg16": keras.applications.vgg16,
    "xception": keras.applications.xception,
}


@pytest.mark.parametrize(
    "name",
    [
        name if name == "mobilenet_v2" else pytest.param(name, marks=pytest.mark.slow)
        for name in sorted(APPLICATIONS)
    ],
)
def test_against_keras_with_the_same_weights(name):
    model = adapted(name)
    reference = keras_model(name, model.get_weights())
    expected = reference(FAMILIES[name].preprocess_input(255 * IMAGES.copy()))
    got = model(IMAGES)
    error = np.linalg.norm(got - expected) / np.linalg.norm(expected)
    assert error < 1e-3
    assert np.std(got) > 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("name", "unnamed"), [("inception_v3", 94), ("xception", 4)])
def test_names_and_weights_do_not_depend_on_what_was_built_before(name, unnamed):
    first, second = adapted(name), keras_application(name, seed=1)
    names = [layer.name for layer in first.layers]
    assert [layer.name for layer in second.layers] == names
    for kind in ("conv2d", "batch_normalization"):
        found = {known for known in names if known.startswith(kind)}
        assert found == {f"{kind}_{i}" if i else kind for i in range(unnamed)}
    for x, y in zip(first.trainable_weights, second.trainable_weights, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.slow
def test_weights_depend_on_the_layer_name():
    conv = adapted("resnet50").get_layer("conv2_block1_1_conv")
    expected = rwkeras.He(seed=1).stream("conv2_block1_1_conv", "kernel")(conv.kernel.shape)
    np.testing.assert_array_equal(conv.kernel, expected)
    assert not conv.bias.numpy().any()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet", "resnet50", "efficientnet_b0"])
def test_activations_neither_vanish_nor_explode(name):
    features = rwkeras.extract(adapted(name), LAYERS_BY_STRIDE[name].values(), IMAGES)
    assert all(0.1 < np.std(x) < 10 for x in features.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet", "efficientnet_b0", "densenet121"])
def test_in_bfloat16(name):
    layer = LAYERS_BY_STRIDE[name][2]
    extractor = rwkeras.feature_extractor(adapted(name), [layer])
    exact, rough = extractor(IMAGES)[layer], lower_precision(extractor)(IMAGES)[layer]
    assert rough.dtype == "bfloat16"
    assert np.linalg.norm(np.float32(rough) - exact) < 0.03 * np.linalg.norm(exact)


def test_saved_and_loaded(tmp_path):
    adapted("mobilenet").save(tmp_path / "mobilenet.keras")
    loaded = rwkeras.load_network(str(tmp_path / "mobilenet.keras"))
    np.testing.assert_array_equal(loaded(IMAGES), adapted("mobilenet")(IMAGES))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"name": "resnet5"},
            "Invalid value for argument `name`. Expected one of 'densenet121', 'efficientnet_b0', "
            "'inception_v3', 'mobilenet', 'mobilenet_v2', 'resnet50', 'vgg16', 'xception' (did "
            "you mean 'resnet50'?). Received: name=resnet5",
        ),
        (
            {"name": "resnet50", "input_shape": (None, None, 1)},
            "Invalid value for argument `input_shape`. Expected (height, width, 3). "
            "Received: input_shape=(None, None, 1)",
        ),
        (
            {"name": "inception_v3", "input_shape": (64, None, 3)},
            "Invalid value for argument `input_shape`. Expected sides of at least 75 pixels. "
            "Received: input_shape=(64, None, 3)",
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        keras_application(**arguments)
    assert str(error.value) == message
