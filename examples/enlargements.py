"""Comparison of enlarged images with the originals: measures, a table and a contact sheet."""

from typing import Any

import numpy as np
import tensorflow as tf

import rwkeras
from rwkeras.backend import keras
from rwkeras.images.writing import contact_sheet

# Side of the crops that are shown, in pixels, and the factor by which they are magnified.
_SIZE, _SCALE = 80, 2

# Values by the name of the measure.
Measures = dict[str, float]


def high_frequencies(image: np.ndarray, factor: int) -> tf.Tensor:
    """Returns the high frequencies of a square image, which are lost by downsampling.

    Args:
        image: float32, [size, size, channels].
        factor: Downsampling factor.

    Returns:
        The orthonormal cosine transform of the image, of the same shape, with zeros where both
        frequencies are below one period in 2 `factor` pixels.
    """
    size = len(image)
    basis = tf.signal.dct(tf.eye(size), norm="ortho")
    is_high = np.arange(size) * factor >= size
    mask = np.logical_or.outer(is_high, is_high)[..., np.newaxis].astype(np.float32)
    return mask * tf.einsum("hwc,hk,wl->klc", image, basis, basis)


def measure(
    image: np.ndarray, truth: np.ndarray, factor: int, losses: dict[str, keras.losses.Loss]
) -> Measures:
    """Returns measures of an enlargement against the original.

    Args:
        image: The enlargement, float32 RGB in [0, 1], [size, size, 3].
        truth: The original, likewise.
        factor: Enlargement factor.
        losses: Losses by name.

    Returns:
        "psnr_db"; "ssim"; "detail_energy", the energy of its `high_frequencies` relative to the
        original's; "detail_correlation", the correlation of the high frequencies of both;
        "patch_distance"; and the values of `losses`. The two measures of detail are NaN if the
        original has no high frequencies.
    """
    fine, true_fine = (high_frequencies(x, factor) for x in (image, truth))
    energy, true_energy, product = (
        tf.reduce_sum(x).numpy() for x in (fine * fine, true_fine * true_fine, fine * true_fine)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        relative, correlation = energy / true_energy, product / np.sqrt(energy * true_energy)
    return {
        "psnr_db": float(rwkeras.psnr(image, truth)[0]),
        "ssim": float(rwkeras.ssim(image, truth)[0]),
        "detail_energy": float(relative),
        "detail_correlation": float(correlation),
        "patch_distance": float(rwkeras.patch_distance(image, truth)[0]),
        **{
            name: float(loss(truth[np.newaxis], image[np.newaxis])) for name, loss in losses.items()
        },
    }


def table(measured: dict[str, list[Measures]], names: list[str]) -> list[dict[str, Any]]:
    """Returns one row per image and method, followed by one row with the means of each method.

    Args:
        measured: Measures of each image, by method.
        names: Names of the images.
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


def comparison_sheet(pictures: dict[str, np.ndarray], names: list[str]) -> np.ndarray:
    """Returns a contact sheet of the crop of each image where the first method's error is largest.

    Args:
        pictures: float32 RGB in [0, 1], [batch, size, size, 3], by method; the originals last.
        names: Names of the images.

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
