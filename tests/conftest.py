"""Fixtures shared by many tests: toy networks and small images."""

import ctypes
import gc
import hashlib
import os

# Must be set before TensorFlow is imported: otherwise oneDNN never frees its memory.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

import rwkeras
from rwkeras.cache import CACHE
from rwkeras.networks.initializers import Gaussian
from rwkeras.networks.recipe import LayerRecipe, Recipe, kernel_digest
from rwkeras.networks.vgg_architecture import TOY_VGG

# Tracing makes millions of short-lived objects, and imported objects are never freed: repeated
# garbage collection took a fifth of the time.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 5, 5)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Runs functions eagerly in tests marked `eager`, unless they are marked `compiled`.

    For a few iterations of a toy network, compilation takes many times as long as execution.
    """
    compiled = item.get_closest_marker("compiled") or not item.get_closest_marker("eager")
    tf.config.run_functions_eagerly(not compiled)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(autouse=True, scope="module")
def _free_memory_after_module():
    """Frees the memory of a module's networks and compiled functions.

    Functions compiled for the session's network seldom serve two modules. TensorFlow keeps every
    custom gradient and function gradient ever traced, with its graph and network, although only
    the trace that registered it looks it up.
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
    """Returns a smooth colour image, float32 [height, width, 3] in [0, 1]."""
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
    """A calibrated network, not to be changed: its compiled functions are shared by many tests."""
    model = rwkeras.toy_vgg(seed=3)
    rwkeras.calibrate(model, waves(32, 32))
    _TOY_DIGEST[:] = [_digest(model)]
    return model


# Digest of the toy network's original weights.
_TOY_DIGEST: list[str] = []


@pytest.fixture(autouse=True)
def _check_toy_is_unchanged(request):
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
    """The recipe of a calibrated toy network for textures and styles."""
    model = rwkeras.toy_vgg(seed=3, subtract_mean=True)
    scales = rwkeras.calibrate(model, waves(32, 32))
    layers = {
        name: LayerRecipe(
            0, float(np.float32(scales[name])), kernel_digest(model.get_layer(name).kernel.numpy())
        )
        for name in TOY_VGG.conv_layers
    }
    return Recipe("toy_vgg", Gaussian(seed=3), subtract_mean=True, layers=layers)
