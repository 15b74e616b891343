"""Batch normalisation of untrained networks: its statistics, taken from reference images.

Batch normalisation that was never trained is the identity, and what it was there to hold back
explodes along residual sums or vanishes along deep chains. With the statistics of images that the
network is to see, activations have a healthy size at any depth, without any training.

References:
    Ioffe and Szegedy (2015), Batch normalization.
"""

from typing import Any

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.batch import as_batch
from rwkeras.networks.features import check_image_shape
from rwkeras.validation import invalid_argument


class _Adapting(keras.layers.BatchNormalization):
    """Batch normalisation that takes its moving statistics from each batch it is called on."""

    def call(self, inputs, training=None, mask=None):
        """Returns the normalised inputs, as inference will from now on."""
        inputs = keras.ops.cast(inputs, "float32")
        axes = [axis for axis in range(len(inputs.shape)) if axis != self.axis % len(inputs.shape)]
        mean, variance = keras.ops.moments(inputs, axes)
        self.moving_mean.assign(mean)
        self.moving_variance.assign(variance)
        return super().call(inputs, training=False)


@eager_only
def adapt_batch_normalization(model: keras.Model, images: Any, *, name: str = "images") -> None:
    """Sets the statistics of every batch normalisation to those of its input on images, in place.

    Moving mean and variance become the mean and the variance over images and positions, all in
    one forward pass: each layer sees what those before it make of their new statistics. On these
    images an output y of a layer of scale 1 and offset 0 then has, in each channel, mean 0 and
    variance v / (v + epsilon) for an input of variance v. Layers that behave differently in
    training, such as dropout, are as in inference. A network without batch normalisation stays as
    it is.

    Args:
        model: A functional `keras.Model`; models inside it are entered.
        images: A path, a Pillow image, or an array or tensor, uint8 in [0, 255] or float in
            [0, 1], [height, width, 3] or a batch of it. They must be so large that deep layers
            have several positions: a single one has no variance.
        name: The argument, as the caller spells it, for messages.

    Raises:
        ValueError: `model` is not such a model, the images do not fit it, or activations are not
            finite.
    """
    if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        raise invalid_argument("model", "a functional `keras.Model` with one input", model)
    batch = as_batch(images, name).images
    ends = dict(zip(model.output_names, model.outputs, strict=True))
    check_image_shape(keras.Model(model.inputs[0], ends), batch.shape, name)

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = type(layer)
        if isinstance(layer, keras.layers.BatchNormalization):
            kind = _Adapting
        return kind.from_config(layer.get_config())

    adapting = keras.models.clone_model(model, clone_function=copy, recursive=True)
    adapting.set_weights(model.get_weights())
    adapting(batch, training=False)
    weights = adapting.get_weights()
    if not all(keras.ops.all(keras.ops.isfinite(weight)) for weight in weights):
        raise invalid_argument(name, "images with finite activations", "NaN or infinity")
    model.set_weights(weights)
