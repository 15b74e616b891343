"""How far enlarged pictures are from the true ones: numbers, a table and a sheet."""

from typing import Any

import numpy as np
import tensorflow as tf

import rwkeras
from rwkeras.backend import keras
from rwkeras.images.writing import contact_sheet

# Side of the parts that are shown, in pixels, and by what they are enlarged to be seen.
_SIZE, _SCALE = 80, 2

# By the name of what was measured.
Measures = dict[str, float]


def detail(image: np.ndarray, factor: int) -> tf.Tensor:
    """Returns what of a square picture is finer than its small copy can hold.

    Args:
        image: float32, [size, size, channels].
        factor: How many times smaller the copy is.

    Returns:
        Its orthonormal cosine transform, of the same shape, with zeros where both frequencies are
        below one period in 2 `factor` pixels.
    """
    size = len(image)
    basis = tf.signal.dct(tf.eye(size), norm="ortho")
    fine = np.arange(size) * factor >= size
    kept = np.logical_or.outer(fine, fine)[..., np.newaxis].astype(np.float32)
    return kept * tf.einsum("hwc,hk,wl->klc", image, basis, basis)


def measure(
    image: np.ndarray, truth: np.ndarray, factor: int, judges: dict[str, keras.losses.Loss]
) -> Measures:
    """Returns how far an enlargement is from the true picture.

    Args:
        image: The enlargement, float32 RGB in [0, 1], [size, size, 3].
        truth: The true picture, the same.
        factor: By how much it was enlarged.
        judges: Losses by name.

    Returns:
        "psnr_db"; "ssim"; "detail_energy", the energy of its `detail` over that of the true
        picture; "detail_correlation", 1 where it is in its place and 0 where it is anywhere;
        "patch_distance"; and the judges'. Not a number where there is no detail.
    """
    own, true = (detail(x, factor) for x in (image, truth))
    energy, whole, shared = (tf.reduce_sum(x).numpy() for x in (own * own, true * true, own * true))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative, correlation = energy / whole, shared / np.sqrt(energy * whole)
    return {
        "psnr_db": float(rwkeras.psnr(image, truth)[0]),
        "ssim": float(rwkeras.ssim(image, truth)[0]),
        "detail_energy": float(relative),
        "detail_correlation": float(correlation),
        "patch_distance": float(rwkeras.patch_distance(image, truth)[0]),
        **{
            name: float(loss(truth[np.newaxis], image[np.newaxis])) for name, loss in judges.items()
        },
    }


def table(measured: dict[str, list[Measures]], names: list[str]) -> list[dict[str, Any]]:
    """Returns a row for each picture and method, and last one for each method's means.

    Args:
        measured: The measures of each picture, by the method's name.
        names: The pictures'.
    """
    rows: list[dict[str, Any]] = [
        {"photograph": name, "method": method, **measures[n]}
        for n, name in enumerate(names)
        for method, measures in measured.items()
    ]
    for method, measures in measured.items():
        means = {key: float(np.mean([m[key] for m in measures])) for key in measures[0]}
        rows.append({"photograph": "mean", "method": method, **means})
    return rows


def show(pictures: dict[str, np.ndarray], names: list[str]) -> np.ndarray:
    """Returns a sheet of that part of each picture which the first method gets most wrong.

    Args:
        pictures: float32 RGB in [0, 1], [batch, size, size, 3], by what was done with them; the
            last are the true pictures.
        names: The pictures'.

    Returns:
        float32 RGB in [0, 1], [height, width, 3].
    """
    first, *_, truth = pictures.values()
    side = min(_SIZE, truth.shape[1])
    errors = tf.reduce_mean((truth - first) ** 2, axis=-1, keepdims=True)
    means = tf.nn.avg_pool2d(errors, side, 1, "VALID")[..., 0].numpy()
    rows = []
    for n, name in enumerate(names):
        top, left = np.unravel_index(means[n].argmax(), means[n].shape)
        parts = {
            label: images[n, top : top + side, left : left + side].repeat(_SCALE, 0)
            for label, images in pictures.items()
        }
        shown = {f"{name}, {label}": part.repeat(_SCALE, 1) for label, part in parts.items()}
        rows.append(list(shown.items()))
    return contact_sheet(rows)
