"""Training of a feed-forward style network with Keras's `fit` and losses of random networks."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

import rwkeras
from examples.style_network import init_output_colors, style_network
from rwkeras.backend import keras
from rwkeras.decoders.random_crops import random_crops
from rwkeras.networks.multiscale import gram_layers, multiscale_layers
from rwkeras.networks.octaves import PyramidReduce
from rwkeras.random import derive_seed
from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument

_MULTISCALE = "multiscale"


@dataclasses.dataclass(frozen=True)
class StyleTraining(Settings):
    """Settings of the network and its training; each field is a flag."""

    photo_size: int = setting(
        512, "Side in pixels of the squares to which photographs are cropped and resampled."
    )
    image_size: int = setting(96, "Side of the training crops, in pixels.", minimum=1)
    style_size: int = setting(
        256, "Longer side that the style is resampled to, in pixels.", minimum=1
    )
    batch_size: int = setting(2, "Crops per step.")
    steps: int = setting(1500, "Number of training steps.")
    epoch_steps: int = setting(50, "Number of steps between reports of the losses.")
    learning_rate: float = setting(
        1e-2, "Initial learning rate of Adam, with cosine decay to zero."
    )
    maps: int = setting(
        16,
        "Number of maps at full size; twice and four times as many at half and quarter size.",
        minimum=1,
    )
    blocks: int = setting(5, "Number of residual blocks, at quarter size.", minimum=1)
    architecture: str = setting(
        _MULTISCALE, "Architecture of the random networks: multiscale, vgg19 or toy_vgg."
    )
    width: float = setting(
        1.0, "Ratio of the numbers of filters of the random networks to the architecture's."
    )
    feature_layers: tuple[str, ...] = setting(
        (), "Layers of the content loss; default: those for the architecture."
    )
    style_layers: tuple[str, ...] = setting(
        (), "Layers of the style loss; default: those for the architecture."
    )
    octaves: int = setting(
        2,
        "Number of octaves of the style loss, each at half the size of the one before.",
        minimum=1,
    )
    style_weight: float = setting(
        1.0, "Weight of the style loss at each octave; the content loss has weight 1."
    )
    tv_weight: float = setting(
        0.0, "Weight of the total variation, the mean squared difference of neighbouring pixels."
    )
    seed: int = setting(0, "Seed of all random numbers.")

    def __post_init__(self):
        super().__post_init__()
        if self.image_size > self.photo_size:
            expected = f"at most `photo_size`, {self.photo_size}"
            raise invalid_argument("image_size", expected, self.image_size)
        self.crops()  # Validates the remaining settings.

    def feature_loss(self) -> rwkeras.RandomPerceptualLoss:
        """Returns the content loss."""
        # Without the finest level, which would fix every pixel.
        usual = multiscale_layers()[1:] if self._multiscale() else ("conv2_2",)
        layers = self.feature_layers or usual
        return self._loss("content", self.seed, feature_layers=layers)

    def style_loss(self, octave: int) -> rwkeras.RandomPerceptualLoss:
        """Returns the style loss of an octave, which has a random network of its own."""
        usual = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")
        layers = self.style_layers or (gram_layers() if self._multiscale() else usual)
        seed = derive_seed(self.seed, f"octave{octave}") if octave else self.seed
        return self._loss("style", seed, feature_layers=(), style_layers=layers)

    def _multiscale(self) -> bool:
        return self.architecture == _MULTISCALE

    def _loss(self, name: str, seed: int, **layers: Any) -> rwkeras.RandomPerceptualLoss:
        return rwkeras.RandomPerceptualLoss(
            self.architecture,
            width=self.width,
            subtract_mean=not self._multiscale(),
            seed=seed,
            name=name,
            **layers,
        )

    def crops(self) -> rwkeras.DecoderTraining:
        """Returns the settings of the random crops, which are those of decoder training."""
        names = ("photo_size", "batch_size", "steps", "epoch_steps", "learning_rate", "seed")
        shared = {name: getattr(self, name) for name in names}
        return rwkeras.DecoderTraining(crop_size=self.image_size, **shared)


def pyramid(pictures: tf.Tensor, octaves: int) -> list[tf.Tensor]:
    """Returns images, [batch, height, width, 3], at `octaves` sizes, each half of the previous."""
    found = [pictures]
    while len(found) < octaves:
        found.append(PyramidReduce()(found[-1]))
    return found


def compiled(network: keras.Model, settings: StyleTraining) -> keras.Model:
    """Returns the network as a compiled model with several outputs and one loss for each.

    Outputs are "content" and "style", both the image, and "style1", "style2", ..., the image at
    half size, quarter size and so on.
    """
    # Not part of the network itself, which would evaluate it at inference too.
    smooth = rwkeras.TotalVariation(settings.tv_weight / settings.image_size**2)
    painted = keras.layers.Activation("linear", activity_regularizer=smooth)(network.outputs[0])
    outputs, weights = {"content": painted}, {"content": 1.0}
    losses = {"content": settings.feature_loss()}
    for octave, picture in enumerate(pyramid(painted, settings.octaves)):
        name = _style_name(octave)
        outputs[name], weights[name] = picture, settings.style_weight
        losses[name] = settings.style_loss(octave)
    model = keras.Model(network.inputs[0], outputs)
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    model.compile(keras.optimizers.Adam(rate), losses, loss_weights=weights, jit_compile=False)
    return model


def _style_name(octave: int) -> str:
    return f"style{octave}" if octave else "style"


def train(
    style: np.ndarray, squares: tf.data.Dataset, settings: StyleTraining
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Trains a network for a style.

    Args:
        style: float32 RGB in [0, 1], [height, width, 3].
        squares: Training photographs, uint8 RGB, [photo_size, photo_size, 3].
        settings: Settings of the network and its training.

    Returns:
        The network, and per epoch the "loss", "content_loss", "style_loss" and so on.
    """
    sizes = pyramid(tf.constant(style[np.newaxis]), settings.octaves)
    styles = {_style_name(octave): picture for octave, picture in enumerate(sizes)}
    batches = random_crops(squares, settings.crops(), "style").map(
        lambda crops, _: (crops, {"content": crops, **styles})
    )
    network = style_network(settings.maps, settings.blocks, settings.seed)
    init_output_colors(network, style)
    history = compiled(network, settings).fit(
        batches,
        epochs=settings.steps // settings.epoch_steps,
        steps_per_epoch=settings.epoch_steps,
        shuffle=False,  # The dataset is shuffled already.
        verbose=2,
    )
    return network, history.history
