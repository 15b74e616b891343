"""Requests to a served model, drawn at random, and what may not come of them."""

import io
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from rwkeras.serving.export import export_decoder
from rwkeras.serving.settings import ServingSettings
from tests.fuzz.files import Drawn, Random, any_file, whole
from tests.fuzz.running import bounded

_SETTINGS = ServingSettings(max_side=64, max_pixels=10**6)
_SENT = ("PNG", "JPEG", ".png of 16 bits")


class Mirror:
    """An exported network that gives back what it is given.

    Args:
        folder: Where it is exported to.
    """

    def __init__(self, folder: Path):
        inputs = keras.Input((None, None, 3))
        same = keras.layers.Conv2D(3, 1, use_bias=False)
        model = keras.Model(inputs, same(inputs))
        same.set_weights([np.eye(3, dtype=np.float32)[np.newaxis, np.newaxis]])
        path = export_decoder(model, folder, settings=_SETTINGS, warmup=False)
        self._loaded = tf.saved_model.load(str(path))
        self._signature = self._loaded.signatures["serving_default"]
        (self._name,) = self._signature.structured_input_signature[1]

    def check(self, random: Random, folder: Path) -> str:
        """Sends a batch that is drawn; returns what came of it.

        Raises:
            AssertionError: That is neither right pictures nor an error that says which is wrong.
        """
        draw = _sent if random.random() < 0.5 else any_file
        batch = [draw(random) for _ in range(random.integers(0, 4))]
        files = tf.constant([drawn.content for drawn in batch], tf.string)
        kinds = ", ".join(drawn.kind for drawn in batch)
        with bounded():
            answers, message = self._answers(files)
        if message is not None:
            assert f"Invalid value for `{self._name}`. Expected " in message, kinds
            assert not batch or not all(_is_right(drawn) for drawn in batch), kinds
            return "refused"
        for drawn, answer in zip(batch, answers, strict=True):
            _check_answer(drawn, answer)
        return f"answered: {kinds}"

    def _answers(self, files: tf.Tensor) -> tuple[list[bytes], str | None]:
        """Returns what is answered, or why nothing is."""
        try:
            outputs = self._signature(**{self._name: files})
        except tf.errors.InvalidArgumentError as error:
            return [], error.message
        return outputs["image_bytes"].numpy().tolist(), None


def _sent(random: Random) -> Drawn:
    """Returns a file that a server has to take."""
    while not _is_right(drawn := whole(random)):
        pass
    return drawn


def _is_right(drawn: Drawn) -> bool:
    """Returns whether a server has to take a file."""
    return (
        drawn.expected is not None
        and min(drawn.expected.shape[:2]) > 1
        and drawn.kind.startswith(_SENT)
        and "frames" not in drawn.kind
    )


def _check_answer(drawn: Drawn, answer: bytes) -> None:
    image = np.asarray(Image.open(io.BytesIO(answer)), float) / 255
    assert image.ndim == 3
    assert image.shape[2] == 3
    if drawn.expected is not None and max(drawn.expected.shape) <= _SETTINGS.max_side:
        assert image.shape == drawn.expected.shape, drawn.kind
        assert np.abs(image - drawn.expected).mean() <= max(drawn.tolerance, 0.01), drawn.kind
