"""Decoder networks, from the activations of a layer to the image.

Shu, Zhu, He, Hopcroft and Zhou (2017) mirror the encoder with transposed convolutions and do not
give the numbers of maps. Here the mirrored encoder is the default, and all of it is configurable.

References:
    Shu et al. (2017), Understanding deep representations through random weights.
    Zeiler, Taylor and Fergus (2011), Adaptive deconvolutional networks: transposed convolutions.
    Odena, Dumoulin and Olah (2016), Deconvolution and checkerboard artifacts: why interpolating
    first makes smoother images.
    Shi et al. (2016), Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network.
"""

from typing import Any, NamedTuple

from rwkeras.backend import float32_layers, keras
from rwkeras.decoders.levels import EncoderStructure, encoder_structure, encoder_to
from rwkeras.decoders.settings import DecoderSettings
from rwkeras.decoders.upsampling import Bilinear, DepthToSpace
from rwkeras.networks.initializers import get_initializer
from rwkeras.settings import check_settings
from rwkeras.validation import invalid_argument

_CHANNELS = 3


class _Stage(NamedTuple):
    """Layers of a decoder at one resolution.

    Attributes:
        stride: Downsampling factor relative to the image.
        maps: Number of maps.
        convolutions: Number of convolutions.
        factor: Upsampling factor after the convolutions; 1 for none.
    """

    stride: int
    maps: int
    convolutions: int
    factor: int


def decoder(
    model: keras.Model, layer: str, settings: DecoderSettings = DecoderSettings()
) -> keras.Model:
    """Returns an untrained decoder that mirrors a network up to a layer.

    At each resolution of the encoder, from the deepest up, the decoder has convolutions with ReLU,
    followed by upsampling to the next resolution. The last convolution has no ReLU and makes the
    image. Fully connected layers are mirrored by fully connected layers.

    Args:
        model: A functional `keras.Model` of RGB images, the encoder.
        layer: Name of one of its layers.
        settings: Upsampling, sizes and weights. Biases are zero.

    Returns:
        A functional `keras.Model` named "decoder" from the layer's activations to images that are
        not clipped, float32 [batch, height, width, 3]. If the encoder rounds sizes down, these are
        smaller than the encoded images; see `decnn`.

    Raises:
        ValueError: An argument is invalid, or `model` has no such layer.
    """
    check_settings(settings, DecoderSettings)
    return build_decoder(encoder_to(model, layer), settings)


@float32_layers()
def build_decoder(
    encoder: keras.Model, settings: DecoderSettings, dtype: str = "float32"
) -> keras.Model:
    """Returns an untrained decoder for an encoder's output; see `decoder`.

    Args:
        encoder: A functional `keras.Model` of RGB images.
        settings: Settings of the decoder.
        dtype: Name of the dtype policy of all layers except the last convolution, which is float32.
    """
    structure = encoder_structure(encoder)
    stages = _stages(structure, settings)
    kernels = get_initializer(settings.initializer, settings.seed)

    def layer_arguments(
        name: str, activation: str | None = "relu", dtype: str = dtype
    ) -> dict[str, Any]:
        return {
            "name": name,
            "activation": activation,
            "kernel_initializer": kernels.stream(name, "kernel"),
            "dtype": dtype,
        }

    def convolve(x, maps: int, name: str, **changes: Any):
        return keras.layers.Conv2D(
            maps,
            settings.kernel_size,
            padding="same",
            data_format="channels_last",
            **layer_arguments(name, **changes),
        )(x)

    inputs = keras.Input(encoder.outputs[0].shape[1:], name="activations", dtype="float32")
    x = (
        inputs
        if structure.grid is None
        else _dense_maps(inputs, structure, stages[0].maps, settings, layer_arguments)
    )
    for stage, following in zip(stages, [*stages[1:], None], strict=True):
        for n in range(stage.convolutions):
            x = convolve(x, stage.maps, f"conv_{stage.stride}_{n + 1}")
        if stage.factor > 1:
            last = following is None
            maps = _CHANNELS if following is None else following.maps
            name, factor = f"grow_{stage.stride}", stage.factor
            if settings.upsampling == "subpixel":
                plain = {"activation": None, "dtype": "float32"} if last else {}
                x = convolve(x, maps * factor**2, name, **plain)
                x = DepthToSpace(factor, name=f"{name}_pixels", dtype=x.dtype)(x)
            elif settings.upsampling == "transposed":
                x = keras.layers.Conv2DTranspose(
                    maps,
                    2 * factor,
                    strides=factor,
                    padding="same",
                    data_format="channels_last",
                    **layer_arguments(name),
                )(x)
            elif settings.upsampling == "nearest":
                x = keras.layers.UpSampling2D(
                    factor, data_format="channels_last", name=name, dtype=dtype
                )(x)
            else:
                x = Bilinear(factor, name=name, dtype=dtype)(x)
    if stages[-1].factor == 1:
        x = convolve(x, _CHANNELS, "image", activation=None, dtype="float32")
    return keras.Model(inputs, x, name="decoder")


def _dense_maps(
    inputs, structure: EncoderStructure, maps: int, settings: DecoderSettings, layer_arguments
):
    """Returns maps computed from fully connected or pooled activations by dense layers."""
    x = inputs
    for n, units in enumerate(reversed(structure.units), 1):
        units = max(1, round(settings.width * units))
        x = keras.layers.Dense(units, **layer_arguments(f"dense_{n}"))(x)
    height, width = structure.grid or (1, 1)
    x = keras.layers.Dense(height * width * maps, **layer_arguments("grid"))(x)
    return keras.layers.Reshape((height, width, maps), name="maps")(x)


def _stages(structure: EncoderStructure, settings: DecoderSettings) -> list[_Stage]:
    """Returns the stages of a decoder, from the deepest up."""
    factors = settings.factors
    if factors is None:
        factors = tuple(level.factor for level in reversed(structure.levels[1:]))
    strides = [structure.stride]
    for factor in factors:
        strides.append(strides[-1] // factor if strides[-1] % factor == 0 else 0)
    if strides[-1] != 1:
        expected = f"factors whose product is the encoder's stride, {structure.stride}"
        raise invalid_argument("factors", expected, factors)
    if settings.upsampling == "subpixel" and factors:
        del strides[-1]  # The last upsampling makes the image directly.
    mirrored = [_level(structure, stride) for stride in strides]
    maps = settings.maps
    if maps is None:
        maps = tuple(max(1, round(settings.width * level.maps)) for level in mirrored)
    if len(maps) != len(strides):
        raise invalid_argument("maps", f"one number for each of {len(strides)} resolutions", maps)
    depths = [settings.depth or max(1, level.convolutions) for level in mirrored]
    return [_Stage(*stage) for stage in zip(strides, maps, depths, [*factors, 1], strict=False)]


def _level(structure: EncoderStructure, stride: int):
    """Returns the encoder's deepest level whose stride is at most `stride`."""
    found, reached = structure.levels[0], 1
    for level in structure.levels[1:]:
        reached *= level.factor
        if reached <= stride:
            found = level
    return found
