"""Keras and TensorFlow, imported once and refused if they cannot work together.

Every other module takes `keras` from here, so that none can run on another
Keras backend unnoticed. TensorFlow's GPU memory is set to grow on demand, so
that a run shares its device with others; set `TF_FORCE_GPU_ALLOW_GROWTH` to
decide otherwise.

What is built of Keras's layers states its own dtype and data format, whatever
the program around it has set; see `float32_layers`.
"""

import contextlib
import os
from collections.abc import Iterator

_MESSAGE = (
    "Invalid Keras backend. Expected 'tensorflow' (the environment variable KERAS_BACKEND or the "
    "file ~/.keras/keras.json sets it). Received: backend='{}'"
)

try:
    import keras
except ModuleNotFoundError as error:
    if error.name not in ("jax", "torch", "openvino"):
        raise
    raise ValueError(_MESSAGE.format(error.name)) from error
if keras.backend.backend() != "tensorflow":
    raise ValueError(_MESSAGE.format(keras.backend.backend()))


def _grow_gpu_memory() -> None:
    import tensorflow as tf

    if "TF_FORCE_GPU_ALLOW_GROWTH" in os.environ:
        return
    for gpu in tf.config.list_physical_devices("GPU"):
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow runs already: its owner has decided.
            return


_grow_gpu_memory()


@contextlib.contextmanager
def float32_layers() -> Iterator[None]:
    """Makes float32 Keras's global dtype policy, for the layers that are built within.

    A layer keeps the policy of when it was made, in its configuration too. Keras has one global
    policy a thread, so that others notice nothing. `floatx` and `image_data_format`, of which it
    has one a process, are not touched: who builds layers gives inputs a `dtype`, and convolutions,
    poolings and `Flatten` a `data_format`.
    """
    given = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(given)


__all__ = ["float32_layers", "keras"]
