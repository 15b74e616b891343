"""Networks in bfloat16, and whether this device computes faster in it."""

import functools
from pathlib import Path

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.cache import megabytes

# What Linux calls the instructions that multiply bfloat16; without them it is emulated, slowly.
_INSTRUCTIONS = {"amx_bf16", "avx512_bf16"}
_PROCESSORS = Path("/proc/cpuinfo")
# NVIDIA's first with tensor cores for it.
_COMPUTE_CAPABILITY = (8, 0)


def lower_precision(model: keras.Model, dtype: str = "bfloat16") -> keras.Model:
    """Returns a copy of a functional model whose weights and activations are of a lower precision.

    Args:
        model: The model. It is not changed, nor does the copy follow its changes.
        dtype: The copy's dtype.
    """

    def copy(layer):
        return type(layer).from_config({**layer.get_config(), "dtype": dtype})

    lowered = keras.models.clone_model(model, clone_function=copy)
    lowered.set_weights(model.get_weights())
    return lowered


def weights_size(model: keras.Model) -> int:
    """Returns what a model's weights weigh in the cache, of four bytes each."""
    return megabytes(4 * model.count_params())


def _processor_can() -> bool:
    """Returns whether the processor has instructions for bfloat16, as far as Linux tells."""
    try:
        text = _PROCESSORS.read_text()
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return not _INSTRUCTIONS.isdisjoint(flags.split())


@functools.cache
def fast_bfloat16() -> bool:
    """Returns whether convolutions are clearly faster in bfloat16 on what computes here.

    It goes by what the processor or the GPU can do. A measurement could turn out differently in two
    processes, which would then make different pictures from one seed. Of a VGG's convolutions,
    processors with AMX are two to four times as fast in it, those with AVX-512's instructions alone
    1.6 times.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return details.get("compute_capability", (0, 0)) >= _COMPUTE_CAPABILITY
    return _processor_can()
