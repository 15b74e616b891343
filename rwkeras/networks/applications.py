"""Architectures of keras.applications with random weights, for comparisons of untrained networks.

Inputs are RGB images in [0, 1], as for `vgg19`. The first layer, `preprocess`, is equivalent to
the architecture's own `preprocess_input` on [0, 255], except for the channel order, which does not
matter to random weights.
"""

import contextlib
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rwkeras.backend import float32_layers, keras
from rwkeras.networks.initializers import RandomInitializer
from rwkeras.networks.input_shape import checked_input_shape
from rwkeras.networks.randomize import randomize
from rwkeras.networks.vgg import MEAN_RGB
from rwkeras.validation import check_choice, invalid_argument

# Serialises changes of Keras's global image data format.
_BUILDING = threading.Lock()

# Colour statistics of ImageNet's training set for images in [0, 1], as in PyTorch.
_TORCH_MEAN = (0.485, 0.456, 0.406)
_TORCH_STDDEV = (0.229, 0.224, 0.225)

# (scale, offset) per channel for images in [0, 1], keyed by Keras's name of the mode.
_PREPROCESSING = {
    "caffe": ([255.0] * 3, [-mean for mean in MEAN_RGB]),
    "tf": ([2.0] * 3, [-1.0] * 3),
    "torch": (
        [1 / stddev for stddev in _TORCH_STDDEV],
        [-mean / stddev for mean, stddev in zip(_TORCH_MEAN, _TORCH_STDDEV, strict=True)],
    ),
}


class _Application(NamedTuple):
    """An architecture of keras.applications.

    Attributes:
        builder: Name of its function in keras.applications.
        preprocessing: Mode of its `preprocess_input`: "caffe" for 255 x - mean, "tf" for 2 x - 1,
            "torch" for (x - mean) / stddev, with the mean and stddev of ImageNet's colours.
        minimum_size: Minimum height and width of images, in pixels.
        scale: Factor that the network applies to its input, compensated by `preprocess`.
    """

    builder: str
    preprocessing: str
    minimum_size: int = 32
    scale: float = 1.0


# EfficientNet starts with a division by 255 and a normalisation that is the identity if untrained.
APPLICATIONS: Mapping[str, _Application] = {
    "densenet121": _Application("DenseNet121", "torch"),
    "efficientnet_b0": _Application("EfficientNetB0", "torch", scale=1 / 255),
    "inception_v3": _Application("InceptionV3", "tf", minimum_size=75),
    "mobilenet": _Application("MobileNet", "tf"),
    "mobilenet_v2": _Application("MobileNetV2", "tf"),
    "resnet50": _Application("ResNet50", "caffe"),
    "vgg16": _Application("VGG16", "caffe"),
    "xception": _Application("Xception", "tf", minimum_size=71),
}

# For each architecture one layer at each of the strides 2, 4, 8, 16 and 32 pixels, for comparisons
# between architectures: the last rectified layer, or sum or concatenation of such layers, before
# the resolution drops. For VGGs the last one is the last pooling.
LAYERS_BY_STRIDE: Mapping[str, Mapping[int, str]] = {
    name: dict(zip((2, 4, 8, 16, 32), layers, strict=True))
    for name, layers in {
        "densenet121": ("conv1_relu", "pool2_relu", "pool3_relu", "pool4_relu", "relu"),
        "efficientnet_b0": (
            "block2a_expand_activation",
            "block3a_expand_activation",
            "block4a_expand_activation",
            "block6a_expand_activation",
            "top_activation",
        ),
        "inception_v3": ("activation_2", "activation_4", "mixed2", "mixed7", "mixed10"),
        "mobilenet": (
            "conv_pw_1_relu",
            "conv_pw_3_relu",
            "conv_pw_5_relu",
            "conv_pw_11_relu",
            "conv_pw_13_relu",
        ),
        "mobilenet_v2": (
            "block_1_expand_relu",
            "block_3_expand_relu",
            "block_6_expand_relu",
            "block_13_expand_relu",
            "out_relu",
        ),
        "resnet50": (
            "conv1_relu",
            "conv2_block3_out",
            "conv3_block4_out",
            "conv4_block6_out",
            "conv5_block3_out",
        ),
        "vgg16": (
            "block2_conv2",
            "block3_conv3",
            "block4_conv3",
            "block5_conv3",
            "block5_pool",
        ),
        "vgg19": ("conv2_2", "conv3_4", "conv4_4", "conv5_4", "pool5"),
        "xception": (
            "block1_conv2_act",
            "block3_sepconv1_act",
            "block4_sepconv1_act",
            "block13_sepconv1_act",
            "block14_sepconv2_act",
        ),
    }.items()
}


@float32_layers()
def keras_application(
    name: str,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    initializer: str | RandomInitializer = "he",
    seed: int = 0,
) -> keras.Model:
    """Returns an architecture of keras.applications with random weights and zero biases.

    The classifier is left out. Layers are numbered within the model, as Keras does in a process
    that has built no other network, so a layer's weights depend only on the seed and its name.

    Batch normalisation is the identity until `adapt_batch_normalization` sets its statistics from
    images. Call that first, and again for images of a different kind.

    Args:
        name: A key of `APPLICATIONS`.
        input_shape: (height, width, 3); None means any size.
        initializer: Distribution of the weights; see `randomize`. "he" preserves the magnitude of
            rectified activations between normalisations.
        seed: Seed of the random streams of all layers.

    Returns:
        A functional `keras.Model` without nested models.

    Raises:
        ValueError: An argument is invalid.
    """
    check_choice("name", name, APPLICATIONS)
    application = APPLICATIONS[name]
    size = application.minimum_size
    input_shape = checked_input_shape(input_shape)
    if any(side is not None and side < size for side in input_shape[:2]):
        raise invalid_argument("input_shape", f"sides of at least {size} pixels", input_shape)
    inputs = keras.Input(input_shape, name="image", dtype="float32")
    x = _preprocess(application)(inputs)
    builder = getattr(keras.applications, application.builder)
    with _channels_last():
        built = builder(weights=None, include_top=False, input_tensor=x, input_shape=input_shape)
    model = _renamed(built, name)
    randomize(model, initializer, seed=seed)
    return model


@contextlib.contextmanager
def _channels_last() -> Iterator[None]:
    """Sets the image data format to "channels_last" within the context.

    The builders of keras.applications take no data format argument. The setting is global to the
    process, so only one thread at a time may change it.
    """
    with _BUILDING:
        given = keras.config.image_data_format()
        keras.config.set_image_data_format("channels_last")
        try:
            yield
        finally:
            keras.config.set_image_data_format(given)


def _preprocess(application: _Application) -> keras.layers.Layer:
    scale, offset = (
        [value / application.scale for value in values]
        for values in _PREPROCESSING[application.preprocessing]
    )
    # Shape [1, 1, 3]: Keras would reshape a 1-D scale to the channel axis of its data format.
    return keras.layers.Rescaling([[scale]], offset=offset, name="preprocess")


def _renamed(model: keras.Model, name: str) -> keras.Model:
    """Returns a copy whose unnamed layers are numbered within the model: conv2d, conv2d_1, ...

    Keras numbers layers across the whole process, in order of creation.
    """
    numbers = defaultdict(list)
    for layer in model.layers:
        base, number = _numbered(layer)
        if number is not None:
            numbers[base].append(number)

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        base, number = _numbered(layer)
        if number is not None:
            index = sorted(numbers[base]).index(number)
            config["name"] = f"{base}_{index}" if index else base
        return type(layer).from_config(config)

    copied = keras.models.clone_model(model, clone_function=copy)
    return keras.Model(copied.inputs[0], copied.outputs[0], name=name)


def _numbered(layer: keras.layers.Layer) -> tuple[str, int | None]:
    """Splits an automatic layer name into base and number; the number is None for other names.

    Keras names MaxPooling2D layers max_pooling2d, max_pooling2d_1, ...
    """
    base = re.sub(r"_\d+$", "", layer.name)
    if base.replace("_", "") != type(layer).__name__.lower():
        return layer.name, None
    return base, int(layer.name[len(base) + 1 :] or 0)
