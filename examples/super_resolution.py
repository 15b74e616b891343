"""Trains a small super-resolution network twice, with a pixel loss and a random-network loss.

Architecture, initial weights, crops and their order are the same in both trainings. Only the loss
differs: the mean squared error, or `rwkeras.RandomPerceptualLoss`. Both networks and bicubic
interpolation are then measured on held-out photographs and shown side by side.

Example:
    python -m examples.super_resolution --output_dir=DIR

References:
    Shi et al. (2016), Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network: the last layer.
    Kim, Lee and Lee (2016), Accurate image super-resolution using very deep convolutional
    networks: residuals of the bicubic enlargement.
    Liu et al. (2021), Generic perceptual loss for modeling structured output dependencies: random
    networks as losses.
    Sajjadi, Schoelkopf and Hirsch (2017), EnhanceNet: single image super-resolution through
    automated texture synthesis: Gram matrices in the loss.
"""

import csv
import dataclasses
import functools
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import app, flags

import rwkeras
from examples.enlargements import comparison_sheet, measure, table
from rwkeras.backend import keras
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.commands.streams import ignore_write_errors
from rwkeras.decoders.photographs import read_photographs
from rwkeras.decoders.random_crops import Split, random_crops, split
from rwkeras.decoders.upsampling import DepthToSpace
from rwkeras.images.files import whole_file
from rwkeras.images.outputs import Input, Output, check_no_overwrite
from rwkeras.images.photographs import TEST_NAMES, TRAINING_NAMES, photographs
from rwkeras.settings import Settings, setting
from rwkeras.validation import invalid_argument

# Layers of the network that measures results, which is not used in training.
_METRIC_LAYERS = ("conv1_2", "conv2_2", "conv3_2")


@dataclasses.dataclass(frozen=True)
class SuperResolutionSettings(Settings):
    """Settings of the network and its training; each field is a flag."""

    images: str | None = setting(None, "Folder of photographs; default: those of scikit-image.")
    held_out: float = setting(
        0.2, "Fraction of the photographs of a folder held out for validation.", exclusive=True
    )
    photo_size: int = setting(
        256, "Side in pixels of the squares to which photographs are cropped and resampled."
    )
    factor: int = setting(4, "Enlargement factor of width and height.", minimum=2)
    maps: int = setting(32, "Number of maps of each convolution.", minimum=1)
    depth: int = setting(5, "Number of convolutions before the last.", minimum=1)
    crop_size: int = setting(96, "Side of the training crops, in pixels.")
    batch_size: int = setting(16, "Crops per step.")
    steps: int = setting(1500, "Number of steps of each training.")
    learning_rate: float = setting(
        2e-3, "Initial learning rate of Adam, with cosine decay to zero."
    )
    architecture: str = setting("vgg19", "Architecture of the loss network: vgg19 or toy_vgg.")
    width: float = setting(
        0.25, "Ratio of the loss network's numbers of filters to the architecture's."
    )
    pooling: str = setting("avg", "Pooling of the loss network: avg or max.")
    subtract_mean: bool = setting(
        False, "Whether the loss network subtracts the mean colour from its input."
    )
    # The best trade-off found between Gram matrices close to the photographs' and pixel errors.
    feature_layers: tuple[str, ...] = setting((), "Layers whose activations are compared.")
    feature_weight: float = setting(1.0, "Weight of the activations.")
    style_layers: tuple[str, ...] = setting(
        ("conv1_1", "conv1_2", "conv2_1"), "Layers whose Gram matrices are compared."
    )
    style_weight: float = setting(3.0, "Weight of the Gram matrices.")
    pixel_weight: float = setting(10.0, "Weight of the mean squared error.")
    seed: int = setting(0, "Seed of all random numbers.")

    def __post_init__(self):
        super().__post_init__()
        for name in ("photo_size", "crop_size"):
            if getattr(self, name) % self.factor:
                expected = f"a multiple of `factor`, {self.factor}"
                raise invalid_argument(name, expected, getattr(self, name))
        self.crops()  # Validates the remaining settings.

    def crops(self) -> rwkeras.DecoderTraining:
        """Returns the settings of the split and the crops, which are those of decoder training."""
        names = ("photo_size", "crop_size", "held_out", "batch_size", "steps", "learning_rate")
        given = {name: getattr(self, name) for name in (*names, "seed")}
        return rwkeras.DecoderTraining(**given, epoch_steps=self.steps)

    def loss(self) -> rwkeras.RandomPerceptualLoss:
        """Returns the random-network loss, including its term of pixels."""
        weights = ("feature_weight", "style_weight", "pixel_weight")
        names = ("architecture", "width", "pooling", "subtract_mean", *weights, "seed")
        names += ("feature_layers", "style_layers")
        return rwkeras.RandomPerceptualLoss(**{name: getattr(self, name) for name in names})


def read_split(settings: SuperResolutionSettings) -> Split:
    """Returns square photographs for training and held-out ones, uint8 [size, size, 3].

    Raises:
        ValueError: There are too few, or one is smaller than `photo_size` and would be enlarged.
    """
    size = settings.photo_size
    if settings.images is not None:
        return split(read_photographs(settings.images, size, size), settings.crops())
    large = (
        [photo for photo in photographs(names) if min(photo.shape[:2]) >= size]
        for names in (TRAINING_NAMES, TEST_NAMES)
    )
    return Split(*(read_photographs(photos, size, size).squares for photos in large))


def downsample(images: tf.Tensor, factor: int) -> tf.Tensor:
    """Returns images downsampled by an antialiased bicubic filter, [batch, h / f, w / f, 3]."""
    sides = tf.shape(images)[1:3] // factor
    return tf.image.resize(images, sides, "bicubic", antialias=True)


def super_resolution_network(settings: SuperResolutionSettings) -> keras.Model:
    """Returns the untrained network, which is equivalent to bicubic interpolation.

    It consists of convolutions with ReLU at the small size and a sub-pixel convolution (Shi et al.,
    2016), whose output is added to the bicubic enlargement (Kim et al., 2016).

    Returns:
        A functional model of RGB in [0, 1], [batch, h, w, 3] -> [batch, f h, f w, 3], not clipped.
    """
    inputs = keras.Input((None, None, 3))
    x = inputs
    for n in range(settings.depth):
        kernel = rwkeras.He(settings.seed).stream("super_resolution", str(n))
        x = keras.layers.Conv2D(
            settings.maps, 3, padding="same", activation="relu", kernel_initializer=kernel
        )(x)
    maps = 3 * settings.factor**2
    x = keras.layers.Conv2D(maps, 3, padding="same", kernel_initializer="zeros")(x)
    x = DepthToSpace(settings.factor)(x)
    bicubic = keras.layers.UpSampling2D(settings.factor, interpolation="bicubic")(inputs)
    return keras.Model(inputs, keras.layers.Add()([bicubic, x]), name="super_resolution")


def pairs(squares: tf.data.Dataset, settings: SuperResolutionSettings) -> tf.data.Dataset:
    """Returns an infinite dataset of batches (small, large) of crops, float32 RGB in [0, 1].

    Args:
        squares: Photographs, uint8 RGB, [size, size, 3].
        settings: Sizes and seed.
    """
    return (
        random_crops(squares, settings.crops(), "training")
        .map(lambda crops, _: (downsample(crops, settings.factor), crops))
        .prefetch(tf.data.AUTOTUNE)
    )


def train(
    squares: tf.data.Dataset, settings: SuperResolutionSettings, loss: str | keras.losses.Loss
) -> tuple[keras.Model, list[float]]:
    """Trains the network with a loss in any form that `compile` accepts.

    Returns:
        The network and the mean loss of each of ten epochs; of one epoch if `steps` is not a
        multiple of 10.
    """
    epochs = 10 if settings.steps % 10 == 0 else 1
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    model = super_resolution_network(settings)
    model.compile(keras.optimizers.Adam(rate), loss)
    history = model.fit(
        pairs(squares, settings),
        steps_per_epoch=settings.steps // epochs,
        epochs=epochs,
        shuffle=False,  # The dataset is shuffled already.
        verbose=2,
    )
    return model, history.history["loss"]


def run(settings: SuperResolutionSettings, folder: Path) -> None:
    """Trains both networks and writes them, a table of measures and a contact sheet to a folder."""
    losses = {"mse": "mse", "perceptual": settings.loss()}
    if settings.images is not None:
        files = [*(f"{method}.keras" for method in losses), "measures.csv", "details.png"]
        written = [Output("output_dir", folder / file, folder) for file in files]
        check_no_overwrite(written, [Input("images", settings.images, deep=True)])
    photos = read_split(settings)
    folder.mkdir(parents=True, exist_ok=True)
    truth = np.stack(list(photos.held_out.as_numpy_iterator())).astype(np.float32) / 255
    names = list(TEST_NAMES) if settings.images is None else [f"{n + 1}" for n in range(len(truth))]
    small = downsample(truth, settings.factor)
    pictures = {"bicubic": super_resolution_network(settings).predict(small, verbose=0)}
    for method, loss in losses.items():
        model, _ = train(photos.training, settings, loss)
        with whole_file(folder / f"{method}.keras") as path:
            model.save(path)
        pictures[method] = model.predict(small, verbose=0)
    pictures = {method: np.clip(images, 0, 1) for method, images in pictures.items()}
    metric = functools.partial(
        rwkeras.RandomPerceptualLoss, settings.architecture, seed=settings.seed + 1
    )
    metrics = {
        "feature_distance": metric(feature_layers=_METRIC_LAYERS),
        "style_distance": metric(feature_layers=(), style_layers=_METRIC_LAYERS),
    }
    measured = {
        method: [
            measure(*pair, settings.factor, metrics) for pair in zip(images, truth, strict=True)
        ]
        for method, images in pictures.items()
    }
    rows = table(measured, names)
    with whole_file(folder / "measures.csv") as path, path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    rwkeras.write_image(
        folder / "details.png", comparison_sheet({**pictures, "photograph": truth}, names)
    )
    for row in rows[-len(measured) :]:
        means = ", ".join(f"{name} {row[name]:.4g}" for name in list(row)[2:])
        print(f"{row['method']}: {means}")


def _define_flags() -> None:
    define_flags(SuperResolutionSettings)
    flags.DEFINE_string(
        "output_dir", None, "Folder for networks, table and contact sheet.", required=True
    )


def main(arguments: list[str]) -> None:
    """Runs the example."""
    try:
        run(settings_from_flags(SuperResolutionSettings), Path(flags.FLAGS.output_dir))
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    ignore_write_errors("stdout", "stderr")
    _define_flags()
    app.run(main)
