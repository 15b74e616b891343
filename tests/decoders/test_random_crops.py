import dataclasses
import itertools

import numpy as np
import pytest
import tensorflow as tf

from rwkeras import DecoderTraining
from rwkeras.decoders.photographs import Photographs
from rwkeras.decoders.random_crops import random_crops, split

SIZE, CROP = 24, 8
TRAINING = DecoderTraining(photo_size=SIZE, crop_size=CROP, batch_size=4, vary_colors=False, seed=5)


def numbered(total):
    """Returns squares whose pixels tell the square's number, their row and their column."""
    row, column = np.mgrid[:SIZE, :SIZE]
    squares = [np.stack([np.full_like(row, n), row, column], axis=2) for n in range(total)]
    dataset = tf.data.Dataset.from_tensor_slices(np.stack(squares).astype(np.uint8))
    return Photographs(dataset, total, ())


def numbers(squares):
    """Returns the squares' numbers."""
    return [int(x[0, 0, 0]) for x in squares.as_numpy_iterator()]


def batches(count, *, total=5, stream="training", first_step=0, **changes):
    """Returns the first batches, as whole numbers, [count, batch, crop, crop, 3]."""
    training = dataclasses.replace(TRAINING, **changes)
    dataset = random_crops(numbered(total).squares, training, stream, first_step)
    found = []
    for images, targets in dataset.take(count).as_numpy_iterator():
        np.testing.assert_array_equal(images, targets)
        found.append(np.round(255 * images).astype(int))
    return np.stack(found)


def test_what_they_are():
    dataset = random_crops(numbered(3).squares, TRAINING, "training")
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    for images, targets in dataset.take(3):
        for given in (images, targets):
            assert given.shape == (4, CROP, CROP, 3)
            assert given.dtype == tf.float32
        np.testing.assert_array_equal(images, targets)
        assert 0 <= images.numpy().min() < images.numpy().max() <= (SIZE - 1) / 255
        scaled = 255 * images.numpy().astype(np.float64)
        np.testing.assert_allclose(scaled, np.round(scaled), atol=1e-4)


def test_are_parts_of_the_squares_and_half_of_them_mirrored():
    crops = batches(50).reshape(200, CROP, CROP, 3)
    mirrored, corners = 0, set()
    for crop in crops:
        number, top = crop[0, 0, 0], crop[0, 0, 1]
        left = crop[..., 2].min()
        corners.add((top, left))
        row, column = np.mgrid[top : top + CROP, left : left + CROP]
        expected = np.stack([np.full_like(row, number), row, column], axis=2)
        if crop[0, 0, 2] > crop[0, -1, 2]:
            mirrored += 1
            expected = expected[:, ::-1]
        np.testing.assert_array_equal(crop, expected)
    # Of 200 crops with 17^2 corners, as many are mirrored as not, but for chance.
    assert 70 < mirrored < 130
    assert len(corners) > 100
    for side in zip(*corners, strict=True):
        assert set(side) == set(range(SIZE - CROP + 1))


def test_every_photograph_comes_before_one_comes_again():
    order = batches(10, total=5)[:, :, 0, 0, 0].ravel()
    rounds = [tuple(x) for x in order.reshape(8, 5)]
    assert {tuple(sorted(x)) for x in rounds} == {tuple(range(5))}
    assert len(set(rounds)) > 4


def test_crops_of_one_photograph_differ():
    crops = batches(4, total=1)
    assert (crops[..., 0] == 0).all()
    assert len({crop.tobytes() for crop in crops.reshape(16, -1)}) > 12


def test_fewer_photographs_than_a_batch():
    assert batches(2, total=3, batch_size=7).shape == (2, 7, CROP, CROP, 3)


def test_crops_of_a_whole_square():
    crops = batches(3, crop_size=SIZE)
    assert (np.sort(crops[..., 2], axis=-1) == np.arange(SIZE)).all()


def test_varied_colours():
    plain, varied = batches(20), batches(20, vary_colors=True)
    assert 0 <= varied.min() < varied.max() <= 255
    changed = (plain != varied).any(axis=(2, 3, 4))
    assert changed.mean() > 0.9
    # In half of the crops alone the colours' value, the largest channel, is another.
    other_value = np.abs(varied.max(axis=-1) - plain.max(axis=-1)).max(axis=(2, 3)) > 1
    assert 0.3 < other_value.mean() < 0.7
    brightest = varied[~other_value][:, -1, -1].argmax(axis=-1)
    assert set(brightest) == {0, 1, 2}


def test_grey_photographs_get_two_colours():
    grey = np.repeat(np.random.default_rng(1).integers(0, 256, (3, SIZE, SIZE, 1)), 3, axis=3)
    squares = tf.data.Dataset.from_tensor_slices(grey.astype(np.uint8))
    plain, varied = (
        np.concatenate(
            [
                images
                for images, _ in random_crops(
                    squares, dataclasses.replace(TRAINING, vary_colors=vary), "training"
                )
                .take(25)
                .as_numpy_iterator()
            ]
        )
        for vary in (False, True)
    )
    as_they_were, colours = 0, []
    for before, after in zip(plain, varied, strict=True):
        if np.allclose(before, after, atol=1e-5):
            as_they_were += 1
            continue
        # Black and white, and what is between them in between.
        level = before[..., 0].ravel()
        basis = np.stack([1 - level, level], axis=1)
        two, *_ = np.linalg.lstsq(basis, after.reshape(-1, 3), rcond=None)
        np.testing.assert_allclose(basis @ two, after.reshape(-1, 3), atol=1e-5)
        colours.extend(two)
    assert 30 < as_they_were < 70
    assert np.min(colours) >= -1e-4
    assert np.max(colours) <= 1 + 1e-4
    assert (np.std(colours, axis=0) > 0.2).all()


@pytest.mark.parametrize("changes", [{}, {"vary_colors": True}])
@pytest.mark.parametrize("first_step", [1, 3, 8])
def test_begun_at_a_step(first_step, changes):
    whole = batches(10, **changes)
    rest = batches(10 - first_step, first_step=first_step, **changes)
    np.testing.assert_array_equal(rest, whole[first_step:])


def test_the_same_each_time():
    dataset = random_crops(numbered(5).squares, TRAINING, "training").take(7)
    first, again = (list(dataset.as_numpy_iterator()) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(batches(3), batches(3))


@pytest.mark.parametrize("total", [1, 5])
def test_crops_depend_on_seed_and_stream(total):
    changes = [{}, {"seed": 6}, {"seed": -5}, {"stream": "held_out"}]
    given = [batches(3, total=total, **change) for change in changes]
    for one, other in itertools.combinations(given, 2):
        assert (one[..., 1:] != other[..., 1:]).any()
        assert (one[..., 0] != other[..., 0]).any() == (total > 1)


@pytest.mark.parametrize(
    ("share", "total", "held_out"),
    [(0.1, 20, 2), (0.1, 3, 1), (0.5, 5, 2), (0.9, 20, 18), (1e-9, 2, 1)],
)
def test_photographs_are_held_out(share, total, held_out):
    training = dataclasses.replace(TRAINING, held_out=share)
    parts = split(numbered(total), training)
    assert len(parts.held_out) == held_out
    assert len(parts.training) == total - held_out
    first, second = numbers(parts.held_out), numbers(parts.training)
    assert not set(first) & set(second)
    assert sorted(first + second) == list(range(total))
    assert len(first) == held_out


def test_none_are_held_out():
    parts = split(numbered(4), dataclasses.replace(TRAINING, held_out=0))
    assert parts.held_out is None
    assert numbers(parts.training) == list(range(4))
    assert numbers(split(numbered(1), dataclasses.replace(TRAINING, held_out=0)).training) == [0]


def test_which_are_held_out_depends_on_the_seed():
    def chosen(seed):
        training = dataclasses.replace(TRAINING, held_out=0.3, seed=seed)
        return tuple(numbers(split(numbered(20), training).held_out))

    assert chosen(1) == chosen(1)
    assert len({chosen(seed) for seed in range(5)}) == 5


@pytest.mark.parametrize(("share", "total", "held_out"), [(0.1, 1, 1), (0.9, 4, 4), (0.99, 9, 9)])
def test_too_few_photographs(share, total, held_out):
    with pytest.raises(ValueError) as info:
        split(numbered(total), dataclasses.replace(TRAINING, held_out=share))
    assert str(info.value) == (
        f"Invalid value for argument `images`. Expected at least {held_out + 1} photographs, as "
        f"{held_out} are held out. Received: images={total}"
    )


def test_tensorflows_own_seed_is_of_no_matter():
    expected = batches(3)
    tf.random.set_seed(1)
    try:
        np.testing.assert_array_equal(batches(3), expected)
    finally:
        tf.random.set_seed(None)
