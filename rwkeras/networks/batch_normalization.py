"""Batch normalisation statistics from reference images, for untrained networks.

Untrained batch normalisation is the identity, so activations explode along residual sums or vanish
along deep chains. With statistics taken from reference images, activations are well scaled at any
depth, without training.

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
    """Batch normalisation that sets its moving statistics from each batch it is called on."""

    def call(self, inputs, training=None, mask=None):
        """Sets the moving statistics and returns the inputs normalised by them."""
        inputs = keras.ops.cast(inputs, "float32")
        axes = [axis for axis in range(len(inputs.shape)) if axis != self.axis % len(inputs.shape)]
        mean, variance = keras.ops.moments(inputs, axes)
        self.moving_mean.assign(mean)
        self.moving_variance.assign(variance)
        return super().call(inputs, training=False)


@eager_only
def adapt_batch_normalization(model: keras.Model, images: Any, *, name: str = "images") -> None:
    """Sets the moving statistics of every batch normalisation from images, in place.

    The moving mean and variance of each layer become those of its input over images and positions,
    in one forward pass: the input of each layer is computed with the new statistics of the layers
    before it. With scale 1 and offset 0, a channel whose input has variance v then has output of
    mean 0 and variance v / (v + epsilon) on these images. Layers with a training mode, such as
    dropout, run in inference mode. A network without batch normalisation is unchanged.

    Args:
        model: A functional `keras.Model`; nested models are included.
        images: A path, a Pillow image, or an array or tensor, uint8 in [0, 255] or float in
            [0, 1], [height, width, 3] or a batch of these. They must be large enough that deep
            layers have several positions, as a single position has no variance.
        name: Name of the `images` argument in error messages.

    Raises:
        ValueError: `model` is not a functional model with one input, the images do not fit it, or
            activations are not finite.
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
