"""Runs the three tasks on photographs of scikit-image; takes a few minutes on two cores.

Example:
    rwkeras-demo --output_dir=demo
"""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from absl import flags

from rwkeras.commands.launch import Signalled
from rwkeras.commands.monitor import Monitor, report_interval
from rwkeras.images.painting import painting
from rwkeras.images.photographs import TISSUE
from rwkeras.images.reading import fit_longer_side, from_array
from rwkeras.images.writing import check_image_output, contact_sheet, write_image
from rwkeras.metrics import patch_distance, psnr
from rwkeras.networks.calibrate import calibrate
from rwkeras.networks.vgg import vgg19
from rwkeras.optimizers.settings import OptimizationResult, OptimizerSettings
from rwkeras.tasks.invert import invert
from rwkeras.tasks.settings import InversionSettings, StyleSettings, TextureSettings
from rwkeras.tasks.style import transfer_style
from rwkeras.tasks.synthesis import white_noise
from rwkeras.tasks.texture import synthesize_texture

try:
    from skimage import data
except ModuleNotFoundError as error:
    raise ValueError(
        "The demo needs photographs from scikit-image: pip install 'rwkeras[demo]'"
    ) from error

FLAGS = flags.FLAGS
flags.DEFINE_string("output_dir", "demo", "Folder for the pictures; created if it is missing.")
flags.DEFINE_integer("image_size", 256, "Length of the longer side of the pictures, in pixels.")
flags.DEFINE_integer(
    "max_iterations",
    100,
    "Maximum number of iterations per task; with coarse-to-fine synthesis, at the first size.",
)
flags.DEFINE_integer("seed", 0, "Seed of the weights and the initial noise.")

_DEEP_LAYER = "conv3_1"
_NETWORK = "multiscale"
# Fewer than the default, to save time.
_DRAWS = 2
# At a layer this shallow, more iterations make no visible difference.
_INVERSION_ITERATIONS = 40

Row = list[tuple[str, np.ndarray]]


def _run(
    name: str, task: Callable[..., OptimizationResult], iterations: int | None = None
) -> np.ndarray:
    """Runs a task with a progress bar, writes its picture and returns it."""
    output = Path(FLAGS.output_dir) / f"{name}.png"
    most = FLAGS.max_iterations if iterations is None else min(FLAGS.max_iterations, iterations)
    with Monitor(output, most, save_every=0, logdir=None) as monitor:
        settings = OptimizerSettings(
            max_iterations=most, report_every=report_interval(save_every=0)
        )
        result = task(optimizer=settings, callback=monitor)
    write_image(output, result.image)
    if monitor.interrupted:
        raise Signalled(monitor.interrupted)
    return result.image


def _invert(photo: np.ndarray) -> Row:
    model = vgg19(seed=FLAGS.seed)
    calibrate(model, photo)
    settings = InversionSettings(_DEEP_LAYER, seed=FLAGS.seed)
    task = functools.partial(invert, model, photo, settings)
    image = _run("inversion", task, _INVERSION_ITERATIONS)
    decibels = psnr(image, photo)[0]
    return [("photograph", photo), (f"from {_DEEP_LAYER}: {decibels:.1f} dB", image)]


def _texture(texture: np.ndarray) -> Row:
    settings = TextureSettings(draws=_DRAWS, seed=FLAGS.seed)
    image = _run("texture", functools.partial(synthesize_texture, _NETWORK, texture, settings))
    noise = white_noise((1, *texture.shape), FLAGS.seed, stddev=settings.noise_stddev)
    fall = patch_distance(noise, texture)[0] / patch_distance(image, texture)[0]
    return [("texture", texture), (f"{fall:.0f} times closer than noise", image)]


def _style(photo: np.ndarray, style: np.ndarray) -> Row:
    settings = StyleSettings(draws=_DRAWS, seed=FLAGS.seed)
    image = _run("style", functools.partial(transfer_style, _NETWORK, photo, style, settings))
    return [("content", photo), ("style", style), ("repainted", image)]


def main() -> None:
    """Runs the three tasks and writes a contact sheet."""
    folder = Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("texture.png", "style.png", "inversion.png", "contact_sheet.jpg"):
        check_image_output(folder / name, "output_dir")
    astronaut, tissue, coffee = (
        fit_longer_side(from_array(photo), FLAGS.image_size)
        for photo in (data.astronaut(), data.immunohistochemistry()[TISSUE], data.coffee())
    )
    rows = [_texture(tissue), _style(coffee, painting(FLAGS.image_size)), _invert(astronaut)]
    write_image(folder / "contact_sheet.jpg", contact_sheet(rows))
    print(f"pictures: {folder}/contact_sheet.jpg")
