"""Copies of networks in bfloat16, and detection of fast bfloat16 hardware."""

import functools
from pathlib import Path

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.cache import megabytes

# Linux CPU flags of bfloat16 multiplication; without it, bfloat16 is emulated slowly.
_INSTRUCTIONS = {"amx_bf16", "avx512_bf16"}
_PROCESSORS = Path("/proc/cpuinfo")
# First NVIDIA generation with bfloat16 tensor cores.
_COMPUTE_CAPABILITY = (8, 0)


def lower_precision(model: keras.Model, dtype: str = "bfloat16") -> keras.Model:
    """Returns a copy of a functional model with weights and activations of a lower precision.

    Args:
        model: The model, which is not changed; later changes to it do not affect the copy.
        dtype: The copy's dtype.
    """

    def copy(layer):
        return type(layer).from_config({**layer.get_config(), "dtype": dtype})

    lowered = keras.models.clone_model(model, clone_function=copy)
    lowered.set_weights(model.get_weights())
    return lowered


def weights_size(model: keras.Model) -> int:
    """Returns the size of a model's weights for the cache, in MiB, at four bytes per weight."""
    return megabytes(4 * model.count_params())


def _cpu_supports_bfloat16() -> bool:
    """Returns whether Linux reports bfloat16 instructions of the processor."""
    try:
        text = _PROCESSORS.read_text()
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return not _INSTRUCTIONS.isdisjoint(flags.split())


@functools.cache
def fast_bfloat16() -> bool:
    """Returns whether convolutions are clearly faster in bfloat16 on this device.

    The answer follows from the capabilities of the GPU or processor. A measurement could differ
    between processes, which would then produce different images from one seed. Convolutions of a
    VGG are two to four times faster in bfloat16 on processors with AMX, and 1.6 times faster with
    AVX-512 instructions only.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return details.get("compute_capability", (0, 0)) >= _COMPUTE_CAPABILITY
    return _cpu_supports_bfloat16()
