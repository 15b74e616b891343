"""The requests with which a server warms up before it says that a version is available.

Of each signature the first request has TensorFlow rewrite the whole graph, which takes seconds and
heeds no deadline.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from rwkeras.serving.graph.task import ServedTask
from rwkeras.validation import invalid_argument

# Sides of the images in pixels, unless the network needs more: small, to take no time. Requests of
# the signature without options cannot ask for fewer iterations than usual, and so are smaller.
_SIDE, _SIDE_WITHOUT_OPTIONS = 32, 8
_BUDGET = {"max_iterations": np.int32(2), "max_evaluations": np.int32(4)}


def _picture(side: int) -> np.ndarray:
    """Returns a picture with something to see, uint8, [side, side, 3]."""
    ramp = np.arange(side * side * 3, dtype=np.uint32).reshape(side, side, 3)
    return (ramp * 37 % 251).astype(np.uint8)


def _requests(task: ServedTask, smallest_side: int) -> dict[str, dict[str, Any]]:
    """Returns the inputs of a request of each signature, of few iterations where it may say so."""

    def files(side: int) -> dict[str, Any]:
        buffer = io.BytesIO()
        Image.fromarray(_picture(max(side, smallest_side))).save(buffer, "PNG")
        return {f"{name}_bytes": np.array([buffer.getvalue()], object) for name in task.layers}

    pixels = _picture(max(_SIDE, smallest_side))[np.newaxis].astype(np.float32) / 255
    budget = _BUDGET if task.answers else {}  # A task without answers does not optimise.
    return {
        "serving_default": {**files(_SIDE), **budget},
        "rest": files(_SIDE_WITHOUT_OPTIONS),
        "tensors": {**dict.fromkeys(task.layers, pixels), **budget},
    }


def write_warmup(path: Path, name: str, task: ServedTask, smallest_side: int) -> None:
    """Writes a TFRecord of `PredictionLog`s, a request of each signature on small images.

    Args:
        path: The file.
        name: The model's.
        task: What it does.
        smallest_side: Of the images that it takes, in pixels.

    Raises:
        ValueError: TensorFlow Serving's messages are not installed.
    """
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ModuleNotFoundError as error:
        raise invalid_argument(
            "warmup", "False without TensorFlow Serving's API: pip install 'rwkeras[serving]'", True
        ) from error
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in _requests(task, smallest_side).items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name = name
            request.model_spec.signature_name = signature
            for key, value in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictLog(request=request)
            record = prediction_log_pb2.PredictionLog(predict_log=log)
            writer.write(record.SerializeToString(deterministic=True))
