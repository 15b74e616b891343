import sys

import numpy as np
import pytest

from rwkeras.images.photographs import TEST_NAMES, TRAINING_NAMES, UPRIGHT, photographs


def test_training_and_test_sets_are_disjoint():
    assert not set(TEST_NAMES) & set(TRAINING_NAMES)
    assert set(TEST_NAMES) < set(UPRIGHT)
    for names in (TEST_NAMES, TRAINING_NAMES, UPRIGHT):
        assert len(set(names)) == len(names)


def test_all_are_colour_pictures():
    names = sorted({*UPRIGHT, *TEST_NAMES, *TRAINING_NAMES})
    photos = dict(zip(names, photographs(names), strict=True))
    for photo in photos.values():
        assert photo.dtype == np.float32
        assert photo.ndim == 3
        assert photo.shape[2] == 3
        assert min(photo.shape[:2]) >= 128
        assert 0 <= photo.min() < photo.max() <= 1
    # A grey one has three equal channels, one of a pair of pictures is taken for it.
    np.testing.assert_array_equal(photos["camera"][..., 0], photos["camera"][..., 2])
    assert photos["astronaut"].shape == (512, 512, 3)
    assert photos["stereo_motorcycle"].shape == (500, 741, 3)


def test_in_the_order_of_their_names():
    coins, astronaut = photographs(["coins", "astronaut"])
    assert coins.shape == (303, 384, 3)
    assert astronaut.shape == (512, 512, 3)
    assert photographs([]) == []


def test_without_scikit_image(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ValueError) as info:
        photographs(TEST_NAMES)
    assert str(info.value) == (
        "Training needs photographs, from a folder or from scikit-image: pip install "
        "'rwkeras[demo]'"
    )
