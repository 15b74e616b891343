"""The request with which a server warms up before it says that a version is available."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from rwkeras.serving.graph.tasks import ServedTask
from rwkeras.validation import invalid_argument

# Large enough for every layer of a VGG, small enough to take no time.
_SIDE = 64
_BUDGET = {"max_iterations": 2, "max_evaluations": 4}


def _picture() -> bytes:
    """Returns a picture with something to see, as PNG."""
    ramp = np.arange(_SIDE * _SIDE * 3, dtype=np.uint32).reshape(_SIDE, _SIDE, 3)
    buffer = io.BytesIO()
    Image.fromarray((ramp * 37 % 251).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_warmup(path: Path, name: str, task: ServedTask) -> None:
    """Writes a TFRecord of one `PredictionLog`, a request of two iterations on small images.

    Args:
        path: The file.
        name: The model's.
        task: What it does.

    Raises:
        ValueError: TensorFlow Serving's messages are not installed.
    """
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ModuleNotFoundError as error:
        raise invalid_argument(
            "warmup", "False without TensorFlow Serving's API: pip install 'rwkeras[serving]'", True
        ) from error
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = "serving_default"
    inputs: dict[str, Any] = {
        f"{image}_bytes": np.array([_picture()], object) for image in task.layers
    }
    if task.answers:  # It optimises.
        inputs |= {option: np.int32(value) for option, value in _BUDGET.items()}
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    log = prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=request)
    )
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(log.SerializeToString())
