"""How enlargements are measured and shown."""

import numpy as np
import pytest

import rwkeras
from examples.enlargements import comparison_sheet, high_frequencies, measure, table
from tests.conftest import waves

SIZE, FACTOR = 16, 4


def cosine(rows: int, columns: int) -> np.ndarray:
    """Returns a picture of one frequency, float32 [SIZE, SIZE, 3]."""
    places = (np.arange(SIZE) + 0.5) / SIZE
    picture = np.outer(np.cos(np.pi * rows * places), np.cos(np.pi * columns * places))
    return np.repeat(picture[..., np.newaxis], 3, 2).astype(np.float32)


@pytest.mark.parametrize(
    ("rows", "columns", "kept"),
    [(0, 0, 0), (3, 3, 0), (4, 0, 1), (0, 4, 1), (3, 15, 1)],
)
def test_detail_is_what_small_copies_cannot_hold(rows, columns, kept):
    picture = cosine(rows, columns)
    energy = np.sum(np.square(high_frequencies(picture, FACTOR)))
    np.testing.assert_allclose(energy, kept * np.sum(np.square(picture)), atol=1e-3)


@pytest.fixture
def losses():
    loss = rwkeras.RandomPerceptualLoss("toy_vgg", feature_layers=["conv1_2"], seed=1)
    return {"feature_distance": loss}


def test_measures_of_true_pictures(losses):
    truth = waves(32, 32)
    measured = measure(truth, truth, FACTOR, losses)
    perfect = {
        "psnr_db": np.inf,
        "ssim": 1,
        "detail_energy": 1,
        "detail_correlation": 1,
        "patch_distance": 0,
        "feature_distance": 0,
    }
    assert list(measured) == list(perfect)
    for name, expected in perfect.items():
        np.testing.assert_allclose(measured[name], expected, atol=1e-5)


def test_measures_of_detail(losses):
    truth = 0.5 + 0.2 * cosine(0, 8)
    blurred, moved = (0.5 + 0.1 * cosine(0, 8), 0.5 + 0.2 * cosine(8, 0))
    measured = [measure(images, truth, FACTOR, losses) for images in (blurred, moved)]
    np.testing.assert_allclose([m["detail_energy"] for m in measured], [0.25, 1], atol=1e-4)
    np.testing.assert_allclose([m["detail_correlation"] for m in measured], [1, 0], atol=1e-4)


def test_table_has_a_row_for_each_picture_and_method_and_their_means():
    measured = {
        "one": [{"psnr_db": 1.0}, {"psnr_db": 2.0}],
        "other": [{"psnr_db": 3.0}, {"psnr_db": 5.0}],
    }
    assert table(measured, ["a", "b"]) == [
        {"photograph": "a", "method": "one", "psnr_db": 1.0},
        {"photograph": "a", "method": "other", "psnr_db": 3.0},
        {"photograph": "b", "method": "one", "psnr_db": 2.0},
        {"photograph": "b", "method": "other", "psnr_db": 5.0},
        {"photograph": "mean", "method": "one", "psnr_db": 1.5},
        {"photograph": "mean", "method": "other", "psnr_db": 4.0},
    ]


def test_the_part_that_is_most_wrong_is_shown():
    truth = np.full((1, 120, 120, 3), 0.5, np.float32)
    truth[0, 90:, 90:, 0] = 1  # The only part that is red.
    sheet = comparison_sheet({"bicubic": np.full_like(truth, 0.5), "photograph": truth}, ["one"])
    red = (np.round(sheet, 2) == [1, 0.5, 0.5]).all(-1)
    assert red.sum() == 60 * 60
    assert red[-8 - 60 : -8].any(1).all()  # In the lower corner of what is shown.
