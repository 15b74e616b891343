"""Reconstruction of images by one pass through encoder and decoder."""

from typing import Any

import numpy as np

from rwkeras.backend import keras
from rwkeras.decoders.decnn import encoder_and_decoder, load_decoder
from rwkeras.eager import eager_only
from rwkeras.images.batch import as_batch
from rwkeras.networks.features import check_image_shape


@eager_only
def decode(decoder: Any, image: Any) -> np.ndarray:
    """Encodes an image up to the decoder's layer and decodes the activations.

    Args:
        decoder: The path of a `.keras` file written by `tools/train_decoder.py`, or a network made
            by `decnn` or `load_decoder`.
        image: A path, a Pillow image, or an array or tensor, uint8 in [0, 255] or float in [0, 1],
            [height, width, 3] or a batch of these.

    Returns:
        float32 RGB, clipped to [0, 1], of the image's shape.

    Raises:
        ValueError: An argument is invalid.
    """
    model = load_decoder(decoder)
    given = as_batch(image)
    layer = encoder_and_decoder(model)[0].output_names[0]
    output = keras.Model(model.inputs[0], {layer: model.outputs[0]})
    check_image_shape(output, given.images.shape)
    decoded = np.clip(model(given.images, training=False).numpy(), 0, 1)
    return decoded if given.batched else decoded[0]
