import numpy as np
import pytest

from rwkeras.rotation.rotated_crops import rotated_crops, split
from rwkeras.rotation.settings import RotationSettings

SETTINGS = RotationSettings(crop_size=32, zoom=1, photo_size=0, batch_size=3)


def photo(height, width):
    """Returns a photograph whose pixels tell where they are: red the column, green the row."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x / 255, y / 255, np.full(x.shape, height / 255)], axis=2)


PHOTOS = [photo(60, 200), photo(100, 140)]


def collect(dataset):
    images, labels = zip(*dataset.as_numpy_iterator(), strict=True)
    return np.concatenate(images), np.concatenate(labels)


def test_every_crop_is_shown_in_four_rotations():
    images, labels = collect(rotated_crops(split(PHOTOS, SETTINGS)[0], SETTINGS, "x", range(10)))
    assert images.shape == (40, 32, 32, 3)
    np.testing.assert_array_equal(labels, np.tile(np.arange(4), 10))
    for index, (image, turns) in enumerate(zip(images, labels, strict=True)):
        np.testing.assert_array_equal(image, np.rot90(images[index // 4 * 4], turns))


def test_what_is_held_out_is_not_trained_on():
    training, held_out = split(PHOTOS, SETTINGS)
    mirrored = 0
    for regions, inside in ((training, False), (held_out, True)):
        images, _ = collect(rotated_crops(regions, SETTINGS, "x", range(60)))
        for crop in images[::4]:
            pixels = np.rint(255 * crop)
            columns, rows = pixels[0, :, 0], pixels[:, 0, 1]
            steps = set(np.diff(columns))
            assert steps in ({1}, {-1})
            mirrored += steps == {-1}
            assert set(np.diff(rows)) == {1}
            width = {60: 200, 100: 140}[int(pixels[0, 0, 2])]
            left, right = round(width * 0.375), width - round(width * 0.375)
            assert np.all((columns >= left) & (columns < right)) == inside
            assert np.all((columns < left) | (columns >= right)) != inside
    assert 40 < mirrored < 80


def test_a_crop_depends_on_its_number_alone():
    regions, _ = split(PHOTOS, SETTINGS)
    whole, _ = collect(rotated_crops(regions, SETTINGS, "x", range(10)))
    part, _ = collect(rotated_crops(regions, SETTINGS, "x", range(4, 6)))
    np.testing.assert_array_equal(part, whole[16:24])
    other, _ = collect(rotated_crops(regions, SETTINGS, "y", range(4, 6)))
    assert not np.array_equal(part, other)
    assert len({crop.tobytes() for crop in whole}) == 40


def test_zoom():
    settings = RotationSettings(crop_size=32, zoom=1.5, photo_size=0)
    images, _ = collect(
        rotated_crops(split([photo(90, 240)], settings)[0], settings, "x", range(50))
    )
    spans = np.abs(images[::4, 0, -1, 0] - images[::4, 0, 0, 0]) * 255 * 32 / 31
    assert 31 < spans.min() < 36
    assert 44 < spans.max() < 49


def test_errors():
    with pytest.raises(ValueError) as error:
        split([*PHOTOS, photo(100, 120)], SETTINGS)
    assert str(error.value) == (
        "Invalid value for argument `photos`. Expected photographs large enough for crops of 32 "
        "pixels in the middle 25% of their width and beside it. Received: photos=120 x 100 "
        "pixels, photograph 3"
    )
    with pytest.raises(ValueError) as error:
        split([], SETTINGS)
    assert str(error.value) == (
        "Invalid value for argument `photos`. Expected at least one photograph. "
        "Received: photos=none"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"width": 2},
            "Invalid value for argument `width`. Expected a number in (0, 1]. Received: width=2",
        ),
        (
            {"crop_size": 16},
            "Invalid value for argument `crop_size`. Expected an integer of at least 32. "
            "Received: crop_size=16",
        ),
        (
            {"held_out": 1.0},
            "Invalid value for argument `held_out`. Expected a number in (0, 1). "
            "Received: held_out=1.0",
        ),
        (
            {"steps": 0},
            "Invalid value for argument `steps`. Expected an integer of at least 1. "
            "Received: steps=0",
        ),
    ],
)
def test_settings_that_cannot_be(arguments, message):
    with pytest.raises(ValueError) as error:
        RotationSettings(**arguments)
    assert str(error.value) == message
