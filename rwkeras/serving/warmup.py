"""Warm-up requests, which a server runs before it declares a version available.

On the first request of each signature, TensorFlow optimises the whole graph, which takes seconds
and ignores deadlines.
"""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from rwkeras.images.writing import png
from rwkeras.serving.graph.task import ServedTask
from rwkeras.validation import invalid_argument

# Sides of the images in pixels, unless the network needs more: small, for speed. Requests of the
# signature without options cannot limit the iterations, and so are smaller.
_SIDE, _SIDE_WITHOUT_OPTIONS = 32, 8
_BUDGET = {"max_iterations": np.int32(2), "max_evaluations": np.int32(4)}


def _picture(side: int) -> np.ndarray:
    """Returns a test image that is not uniform, uint8, [side, side, 3]."""
    ramp = np.arange(side * side * 3, dtype=np.uint32).reshape(side, side, 3)
    return (ramp * 37 % 251).astype(np.uint8)


def _requests(task: ServedTask, smallest_side: int) -> dict[str, dict[str, Any]]:
    """Returns the inputs of one request per signature, with few iterations if it has options."""

    def files(side: int) -> dict[str, Any]:
        content = png(_picture(max(side, smallest_side)).astype(np.float32) / 255)
        return {f"{name}_bytes": np.array([content], object) for name in task.layers}

    pixels = _picture(max(_SIDE, smallest_side))[np.newaxis].astype(np.float32) / 255
    budget = _BUDGET if task.output_specs else {}  # A task of one pass has no further outputs.
    return {
        "serving_default": {**files(_SIDE), **budget},
        "rest": files(_SIDE_WITHOUT_OPTIONS),
        "tensors": {**dict.fromkeys(task.layers, pixels), **budget},
    }


def write_warmup(path: Path, name: str, task: ServedTask, smallest_side: int) -> None:
    """Writes one request per signature, on small images, as a TFRecord of `PredictionLog`s.

    Args:
        path: The file.
        name: Name of the model.
        task: The model's task.
        smallest_side: Minimum side of the task's images, in pixels.

    Raises:
        ValueError: TensorFlow Serving's API is not installed.
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
