import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks import precision
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.multiscale import multiscale, multiscale_layers
from rwkeras.networks.precision import fast_bfloat16, lower_precision

pytestmark = pytest.mark.eager


def test_weights_and_activations_are_in_bfloat16(toy, square):
    extractor = feature_extractor(toy, ["conv1_1", "conv3_2"])
    lowered = lower_precision(extractor)
    assert {weight.dtype for weight in lowered.weights} == {"bfloat16"}
    exact, rough = extractor(square[np.newaxis]), lowered(square[np.newaxis])
    assert set(rough) == {"conv1_1", "conv3_2"}
    for name, features in rough.items():
        assert features.dtype == tf.bfloat16
        error = np.linalg.norm(tf.cast(features, tf.float32) - exact[name])
        assert 0 < error < 0.02 * np.linalg.norm(exact[name])
    assert {weight.dtype for weight in toy.weights} == {"float32"}


def test_a_pyramid_in_bfloat16(square):
    names = [*multiscale_layers(3), "octave1", "octave2"]
    extractor = feature_extractor(multiscale(levels=3, depth=2, filters=8), names)
    lowered = lower_precision(extractor)
    assert {weight.dtype for weight in lowered.weights} == {"bfloat16"}
    exact, rough = extractor(square[np.newaxis]), lowered(square[np.newaxis])
    for name, features in rough.items():
        assert features.dtype == tf.bfloat16
        error = np.linalg.norm(tf.cast(features, tf.float32) - exact[name])
        assert 0 < error < 0.01 * np.linalg.norm(exact[name])


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Returns a function that makes this another machine."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(precision, "_PROCESSORS", file)

    def is_now(flags, capability=None):
        if flags is not None:
            file.write_text(f"processor\t: 0\nflags\t\t: fpu sse {flags}\nbugs\t\t: amx_bf16\n")
        config = tf.config
        gpus = [] if capability is None else ["GPU:0"]
        monkeypatch.setattr(config, "list_physical_devices", lambda kind: gpus)
        details = {"compute_capability": capability}
        monkeypatch.setattr(config.experimental, "get_device_details", lambda gpu: details)
        fast_bfloat16.cache_clear()

    yield is_now
    fast_bfloat16.cache_clear()


@pytest.mark.parametrize(
    ("flags", "capability", "fast"),
    [
        ("avx512f avx512_bf16", None, True),
        ("amx_tile amx_bf16", None, True),
        ("avx2 avx512f", None, False),
        (None, None, False),
        ("amx_bf16", (7, 5), False),
        ("avx2", (8, 0), True),
        ("avx2", (12, 0), True),
    ],
)
def test_fast_bfloat16_detection(machine, flags, capability, fast):
    machine(flags, capability)
    assert fast_bfloat16() is fast


@pytest.mark.slow
def test_inversion_in_bfloat16_converges(toy, square):
    def relative_loss(precision):
        settings = rwkeras.OptimizerSettings(memory=8, max_iterations=20, precision=precision)
        return rwkeras.invert(
            toy, square, rwkeras.InversionSettings("conv2_2"), optimizer=settings
        ).relative_loss

    assert relative_loss("bfloat16") < 2 * relative_loss("float32") + 1e-3
