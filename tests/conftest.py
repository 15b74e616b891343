"""What many tests share: toy networks and small images."""

import ctypes
import gc
import hashlib
import os

# Before TensorFlow is imported: with oneDNN it never gives back what it has once taken.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

import rwkeras
from rwkeras.cache import CACHE
from rwkeras.networks.initializers import Gaussian
from rwkeras.networks.recipe import LayerRecipe, Recipe, kernel_digest
from rwkeras.networks.vgg import TOY_VGG

# What is imported stays, and tracing makes millions of objects that live for a moment: to look
# through all of them again and again was a fifth of the time.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 5, 5)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Compiles nothing in tests that are marked so, and of what they share with others.

    What makes a few iterations of a toy network takes many times as long to compile as to do.
    """
    compiled = item.get_closest_marker("compiled") or not item.get_closest_marker("eager")
    tf.config.run_functions_eagerly(not compiled)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(autouse=True, scope="module")
def _end_of_a_module():
    """Gives back what a module's networks have taken.

    What was compiled for the session's network seldom serves two modules. TensorFlow keeps each
    custom gradient, and each gradient of a function, that was ever traced, and with it the graph
    and its network, though only the trace that made one asks for it.
    """
    registry = ops.gradient_registry._registry
    before = set(registry)
    yield
    CACHE.clear()
    for name in set(registry) - before:
        if name.startswith(("CustomGradient-", "PartitionedCall-")):
            del registry[name]
    gc.collect()
    gc.freeze()
    if hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def waves(height: int, width: int) -> np.ndarray:
    """Returns a smooth picture with colour, float32 [height, width, 3] in [0, 1]."""
    y, x = np.mgrid[:height, :width] / 16
    channels = [np.sin(3 * x + y), np.cos(2 * y - x), np.sin(x * y + 1)]
    return (0.5 + 0.4 * np.stack(channels, axis=2)).astype(np.float32)


@pytest.fixture
def image() -> np.ndarray:
    return waves(32, 24)


@pytest.fixture
def square() -> np.ndarray:
    return waves(32, 32)


@pytest.fixture(scope="session")
def toy():
    """A calibrated network that no test changes: what it compiles serves many."""
    model = rwkeras.toy_vgg(seed=3)
    rwkeras.calibrate(model, waves(32, 32))
    _TOY_DIGEST[:] = [_digest(model)]
    return model


# Of the network's weights as they were made.
_TOY_DIGEST: list[str] = []


@pytest.fixture(autouse=True)
def _the_network_is_not_changed(request):
    yield
    if "toy" in request.fixturenames:
        model = request.getfixturevalue("toy")
        assert _digest(model) == _TOY_DIGEST[0], "this test changed the network that all share"


def _digest(model) -> str:
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()


@pytest.fixture
def batch() -> tf.Tensor:
    return tf.constant(np.stack([waves(16, 20), waves(20, 16).transpose(1, 0, 2)]))


@pytest.fixture(scope="session")
def toy_recipe() -> Recipe:
    """The recipe of a calibrated network of textures and styles."""
    model = rwkeras.toy_vgg(seed=3, subtract_mean=True)
    scales = rwkeras.calibrate(model, waves(32, 32))
    layers = {
        name: LayerRecipe(
            0, float(np.float32(scales[name])), kernel_digest(model.get_layer(name).kernel.numpy())
        )
        for name in TOY_VGG.conv_layers
    }
    return Recipe("toy_vgg", Gaussian(seed=3), subtract_mean=True, layers=layers)
