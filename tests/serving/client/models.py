"""Models for clients to be tested against, which take no time."""

import io

import numpy as np
from PIL import Image

from rwkeras.serving import Client
from tests.serving.wire import Model, ServedError, rest_server, rpc_server, signature_def

SERVERS = {"rest": rest_server, "rpc": rpc_server}
_FILES = {"content_bytes": ("string", [None]), "style_bytes": ("string", [None])}
_OPTIONS = {
    "style_weight": ("float32", []),
    "seed": ("int64", []),
    "max_iterations": ("int32", []),
}
DEFAULTS = {
    "style_weight": np.float32(0.1),
    "seed": np.int64(2**40),
    "max_iterations": np.int32(100),
}
_OUTPUTS = {
    "image_bytes": ("string", [None]),
    "loss": ("float32", [None]),
    "losses": ("float32", [None, 2]),
    "iterations": ("int32", [None]),
    "converged": ("bool", [None]),
}
REFUSAL = (
    "Invalid value for `content_bytes`. Expected PNG or JPEG images. Received: other bytes [0]"
)


def _negative(name, inputs):
    """Returns the negatives of the contents, and the options as what it says of itself."""
    images = []
    for file in inputs["content_bytes"]:
        if file[:4] not in (b"\x89PNG", b"\xff\xd8\xff\xe0"):
            raise ServedError("INVALID_ARGUMENT", REFUSAL)
        pixels = 255 - np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
        target = io.BytesIO()
        Image.fromarray(pixels).save(target, "PNG")
        images.append(target.getvalue())
    batch = len(images)
    options = {**DEFAULTS, **inputs}
    return {
        "image_bytes": np.array(images, object),
        "loss": np.full([batch], np.nan, np.float32),
        "losses": np.array([[options["style_weight"], options["seed"]]] * batch, np.float32),
        "iterations": np.full([batch], options["max_iterations"], np.int32),
        "converged": np.full([batch], True),
    }


def style_model(**changes):
    signatures = {
        "serving_default": signature_def({**_FILES, **_OPTIONS}, _OUTPUTS, DEFAULTS),
        "rest": signature_def(_FILES, _OUTPUTS),
        "__saved_model_init_op": signature_def({}, {}),
    }
    # What TensorFlow writes for an operation that gives nothing.
    signatures["__saved_model_init_op"].outputs["init"].tensor_shape.unknown_rank = True
    return Model(_negative, signatures, **changes)


def echo_model(specs, **changes):
    """Returns a model that gives back what it takes."""
    signatures = {"serving_default": signature_def(specs, specs)}
    return Model(lambda name, inputs: inputs, signatures, name="echo", **changes)


def client_of(address, model, **options):
    return Client(address, model=model.name, **options)
