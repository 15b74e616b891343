"""Import of Keras, which must run on the TensorFlow backend.

Every other module imports `keras` from here, so that none runs on another Keras
backend unnoticed. TensorFlow's GPU memory grows on demand, so that other
processes can share the device, unless the environment variable
`TF_FORCE_GPU_ALLOW_GROWTH` is set.

Networks state their own dtype and data format, whatever Keras's global settings
are; see `float32_layers`.
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
        except RuntimeError:  # TensorFlow is initialised already.
            return


_grow_gpu_memory()


@contextlib.contextmanager
def float32_layers() -> Iterator[None]:
    """Sets Keras's global dtype policy to float32 while layers are built.

    A layer keeps the policy of its construction, also in its configuration. The policy is per
    thread, so other threads are unaffected. `floatx` and `image_data_format` are per process and
    are left alone: code that builds layers passes a `dtype` to inputs, and a `data_format` to
    convolutions, poolings and `Flatten`.
    """
    given = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(given)


__all__ = ["float32_layers", "keras"]
