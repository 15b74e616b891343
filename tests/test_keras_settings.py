"""Networks set their own dtype and data format, whatever the program has set in Keras."""

import contextlib
import threading

import keras
import numpy as np
import pytest

import rwkeras
from rwkeras.backend import float32_layers
from rwkeras.networks.applications import keras_application
from rwkeras.networks.circular import with_circular_padding, with_mirrored_padding
from rwkeras.networks.joint import with_joint_maps
from rwkeras.networks.octaves import with_octaves
from rwkeras.networks.regions import with_regions
from rwkeras.networks.vgg import narrow_vgg19
from rwkeras.rotation.rival import untrained_twin
from rwkeras.rotation.settings import RotationSettings
from tests.conftest import waves

SETTINGS = ["mixed_bfloat16", "mixed_float16", "float64", "floatx", "channels_first", "all"]
BRIEF = rwkeras.OptimizerSettings(max_iterations=3, precision="float32")


@contextlib.contextmanager
def surroundings(name):
    """Context manager that changes Keras's global settings, one or all of them."""
    policy = keras.config.dtype_policy()
    try:
        if name in ("mixed_bfloat16", "mixed_float16", "float64"):
            keras.config.set_dtype_policy(name)
        if name in ("floatx", "all"):
            keras.config.set_floatx("float64")
            keras.config.set_dtype_policy("float64")
        if name in ("channels_first", "all"):
            keras.config.set_image_data_format("channels_first")
        if name == "all":
            keras.config.set_dtype_policy("mixed_float16")
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.set_floatx("float32")
        keras.config.set_image_data_format("channels_last")


def decoders():
    model = rwkeras.toy_vgg()
    for upsampling in ("nearest", "bilinear", "subpixel", "transposed"):
        decoder = rwkeras.decoder(
            model, "conv2_1", rwkeras.DecoderSettings(width=0.2, upsampling=upsampling)
        )
        yield rwkeras.decnn(model, "conv2_1", decoder)
    top = rwkeras.toy_vgg(include_top=True)
    yield rwkeras.decnn(top, "fc7", rwkeras.decoder(top, "fc7", rwkeras.DecoderSettings(width=0.1)))


def derived_networks():
    model = rwkeras.toy_vgg()
    yield rwkeras.feature_extractor(model, ["conv1_1", "pool2"])
    yield with_octaves(model, ["conv1_1"], 2)
    yield with_joint_maps(model, ["conv1_1", "conv2_1"])
    yield with_regions(model, ["conv1_1"], {"left": np.eye(4, dtype=np.float32)})
    yield with_circular_padding(model)
    yield with_mirrored_padding(rwkeras.multiscale(filters=2))


def networks_by_name():
    yield rwkeras.toy_vgg(include_top=True)
    yield rwkeras.toy_vgg(pooling="max", subtract_mean=True)
    yield narrow_vgg19(width=0.05)
    yield untrained_twin(RotationSettings(width=0.05))
    yield rwkeras.filter_bank(filters=2, sizes=(3, 5))
    yield rwkeras.multiscale(filters=2, depth=2)
    yield rwkeras.alexnet()


def large():
    yield rwkeras.efficientnet_lite0(include_top=True)
    for name in ("mobilenet", "efficientnet_b0"):
        yield keras_application(name)


def describe(model):
    """Returns the configurations of a model's layers, without names, and its weights."""
    nested = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    layers = [
        (type(layer).__name__, {k: v for k, v in layer.get_config().items() if k != "name"})
        for layer in model.layers
        if layer not in nested
    ]
    return [layers, *(describe(each)[0] for each in nested)], model.get_weights()


@pytest.mark.slow
@pytest.mark.parametrize("builder", [networks_by_name, derived_networks, decoders])
@pytest.mark.parametrize("setting", SETTINGS)
def test_networks_are_the_same_in_all_surroundings(builder, setting):
    expected = list(builder())
    with surroundings(setting):
        found = list(builder())
        for one, other in zip(found, expected, strict=True):
            (layers, weights), (as_usual, usual_weights) = describe(one), describe(other)
            assert layers == as_usual
            # Some Keras layers have integer weights.
            assert {w.dtype for w in weights if w.dtype.kind == "f"} <= {np.dtype("float32")}
            for a, b in zip(weights, usual_weights, strict=True):
                np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["all"])
def test_large_networks_are_the_same_in_all_surroundings(setting):
    test_networks_are_the_same_in_all_surroundings(large, setting)


@pytest.mark.parametrize("builder", [networks_by_name, derived_networks, decoders])
def test_networks_do_the_same_in_all_surroundings(builder):
    images = waves(96, 96)[np.newaxis]

    def outputs(model):
        sides = [side or 96 for side in model.input_shape[1:3]]
        found = keras.tree.flatten(model(images[:, : sides[0], : sides[1]]))
        assert all(np.size(each) for each in found)
        return found

    models = [model for model in builder() if model.input_shape[1] in (None, 32, 64)]
    expected = [outputs(model) for model in models]
    with surroundings("all"):
        found = [outputs(model) for model in models]
    for one, other in zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True):
        assert one.dtype == "float32"
        np.testing.assert_array_equal(one, other)


def inverted(**settings):
    model = rwkeras.toy_vgg(seed=3)
    rwkeras.calibrate(model, waves(16, 16))
    optimizer = rwkeras.OptimizerSettings(max_iterations=3, precision="float32", **settings)
    return rwkeras.invert(
        model, waves(16, 16), rwkeras.InversionSettings("conv2_1"), optimizer=optimizer
    )


@pytest.mark.slow
def test_the_first_lines_of_the_readme_give_the_same_bytes(tmp_path):
    expected = inverted()
    with surroundings("all"):
        found = inverted()
        rwkeras.write_image(tmp_path / "recovered.png", found.image)
    assert found.image.tobytes() == expected.image.tobytes()
    assert not found.failed


def test_adam_ignores_floatx():
    usual = inverted(optimizer="adam", parametrization="pixels")
    with surroundings("all"):
        found = inverted(optimizer="adam", parametrization="pixels")
    np.testing.assert_allclose(found.image, usual.image, atol=1e-6)
    assert found.iterations == 3


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["mixed_bfloat16", "float64"])
def test_a_network_of_another_dtype_is_used_as_it_is(setting):
    with surroundings(setting):
        inputs = keras.Input((None, None, 3))
        maps = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="maps")(inputs)
        model = keras.Model(inputs, maps)
    rwkeras.randomize(model, "he")
    image = waves(16, 16)
    result = rwkeras.invert(model, image, rwkeras.InversionSettings("maps"), optimizer=BRIEF)
    assert result.loss < result.initial_loss
    result = rwkeras.synthesize_texture(
        model, image, rwkeras.TextureSettings(["maps"], scales=None), optimizer=BRIEF
    )
    assert result.loss < result.initial_loss
    features = rwkeras.extract(model, ["maps"], rwkeras.as_batch(image).images)
    assert features["maps"].dtype == "float32"


def test_a_network_of_channels_first_is_named_as_the_fault():
    inputs = keras.Input((3, None, None))
    maps = keras.layers.Conv2D(4, 3, data_format="channels_first", name="maps")(inputs)
    model = keras.Model(inputs, maps, name="turned")
    with pytest.raises(ValueError) as error:
        rwkeras.invert(model, waves(16, 16), rwkeras.InversionSettings("maps"))
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a network of images, [batch, height, width, "
        "channels], with channels last. Received: model='turned' of (3, None, None)"
    )


def test_layers_of_other_threads_keep_their_policy():
    def build():
        found.append(keras.layers.Dense(1).dtype_policy.name)

    found = []
    with surroundings("mixed_float16"), float32_layers():
        build()
        keras.config.set_dtype_policy("float64")  # Set within the block.
        build()
        other = threading.Thread(target=build)
        other.start()
        other.join()
    assert found == ["float32", "float64", "float32"]
    with surroundings("mixed_bfloat16"):
        with pytest.raises(ZeroDivisionError), float32_layers():
            1 / 0  # noqa: B018
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
