"""Keras and TensorFlow, imported once and refused if they cannot work together.

Every other module takes `keras` from here, so that none can run on another
Keras backend unnoticed. TensorFlow's GPU memory is set to grow on demand, so
that a run shares its device with others; set `TF_FORCE_GPU_ALLOW_GROWTH` to
decide otherwise. Its start-up chatter is left out, but not its warnings; set
`TF_CPP_MIN_LOG_LEVEL` to 0 to see it.
"""

import os


def _import_keras():
    """Returns the `keras` module, or raises `ValueError` for a wrong backend."""
    message = (
        "Invalid Keras backend. Expected 'tensorflow' (the environment variable KERAS_BACKEND "
        "or the file ~/.keras/keras.json sets it). Received: backend='{}'"
    )
    try:
        import keras
    except ModuleNotFoundError as error:
        if error.name in ("jax", "torch", "openvino"):
            raise ValueError(message.format(error.name)) from error
        raise
    if keras.backend.backend() != "tensorflow":
        raise ValueError(message.format(keras.backend.backend()))
    return keras


def _grow_gpu_memory() -> None:
    import tensorflow as tf

    if "TF_FORCE_GPU_ALLOW_GROWTH" in os.environ:
        return
    for gpu in tf.config.list_physical_devices("GPU"):
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow runs already: its owner has decided.
            return


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
keras = _import_keras()
_grow_gpu_memory()
