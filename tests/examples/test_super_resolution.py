"""The example that enlarges photographs: its network, its data, its trainings, its program."""

import csv
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import rwkeras
from examples.super_resolution import (
    SuperResolutionSettings,
    downsample,
    pairs,
    read_split,
    super_resolution_network,
    train,
)
from examples.super_resolution import run as example
from rwkeras.backend import keras
from rwkeras.decoders.photographs import read_photographs
from rwkeras.images.photographs import TEST_NAMES, TRAINING_NAMES
from tests.conftest import waves

ROOT = Path(__file__).parents[2]
SMALL = SuperResolutionSettings(
    photo_size=32,
    crop_size=16,
    batch_size=4,
    steps=20,
    maps=8,
    depth=2,
    architecture="toy_vgg",
    width=1.0,
    feature_layers=("conv1_2", "conv2_1"),
)


def noisy(number: int) -> np.ndarray:
    """Returns a picture with fine grain, float32 [40, 48, 3] in [0, 1]."""
    grain = np.random.default_rng(number).uniform(-0.1, 0.1, (40, 48, 1))
    return np.clip(waves(40, 48) + grain, 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("photographs")
    for n in range(5):
        rwkeras.write_image(path / f"{n}.png", noisy(n))
    return path


@pytest.fixture(scope="module")
def squares(folder):
    return read_photographs(folder, 32, 32).squares


def each(dataset) -> list[bytes]:
    return [square.tobytes() for square in dataset.as_numpy_iterator()]


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_untrained_it_is_bicubic_interpolation(factor):
    image = waves(10, 7)[np.newaxis]
    enlarged = super_resolution_network(
        dataclasses.replace(SMALL, factor=factor, photo_size=96, crop_size=48)
    )
    expected = tf.image.resize(image, (factor * 10, factor * 7), "bicubic")
    np.testing.assert_allclose(enlarged(image), expected, atol=1e-5)


def test_small_pictures_are_averages_of_large_ones():
    row = np.linspace(0, 1, 32, dtype=np.float32)
    images = np.broadcast_to(row[np.newaxis, np.newaxis, :, np.newaxis], (1, 32, 32, 3))
    small = downsample(images, 4)
    assert small.shape == (1, 8, 8, 3)
    means = row.reshape(8, 4).mean(1)
    np.testing.assert_allclose(small[0, 4, 2:-2, 0], means[2:-2], atol=1e-5)


def test_pairs_are_the_same_for_the_same_seed(squares):
    first, again = (next(pairs(squares, SMALL).as_numpy_iterator()) for _ in range(2))
    small, large = first
    assert small.shape == (4, 4, 4, 3)
    assert large.shape == (4, 16, 16, 3)
    np.testing.assert_array_equal(small, downsample(large, 4))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    _, others = next(pairs(squares, dataclasses.replace(SMALL, seed=1)).as_numpy_iterator())
    assert not np.array_equal(large, others)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse", "perceptual"])
def test_losses_fall(squares, loss):
    settings = dataclasses.replace(SMALL, steps=100)
    _, losses = train(squares, settings, settings.loss() if loss == "perceptual" else loss)
    assert len(losses) == 10
    assert losses[-1] < 0.97 * losses[0]


@pytest.mark.slow
def test_same_seed_same_weights(squares):
    def weights(**changes):
        settings = dataclasses.replace(SMALL, **changes)
        return [w.tobytes() for w in train(squares, settings, settings.loss())[0].get_weights()]

    first = weights()
    assert weights() == first
    assert weights(seed=1) != first


def test_the_loss_has_the_settings():
    settings = dataclasses.replace(
        SMALL,
        width=0.5,
        pooling="max",
        subtract_mean=True,
        feature_layers=("conv1_1",),
        feature_weight=2.0,
        style_layers=("conv2_1",),
        style_weight=3.0,
        pixel_weight=4.0,
        seed=5,
    )
    config = settings.loss().get_config()
    given = dataclasses.asdict(settings)
    names = set(config) & set(given)
    assert len(names) == 10
    for name in names:
        found = tuple(config[name]) if isinstance(config[name], list) else config[name]
        assert found == given[name]


def test_held_out_photographs_of_scikit_image_are_not_trained_on():
    assert not set(TRAINING_NAMES) & set(TEST_NAMES)
    divided = read_split(dataclasses.replace(SMALL, photo_size=256))
    training, held_out = each(divided.training), each(divided.held_out)
    assert len(held_out) == len(TEST_NAMES)
    # All but two that are smaller than 256 pixels.
    assert len(training) == len(TRAINING_NAMES) - 2
    assert not set(training) & set(held_out)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_held_out_photographs_of_a_folder_are_not_trained_on(folder, squares, seed):
    divided = read_split(dataclasses.replace(SMALL, images=str(folder), seed=seed, held_out=0.4))
    training, held_out = each(divided.training), each(divided.held_out)
    assert (len(training), len(held_out)) == (3, 2)
    assert sorted(training + held_out) == sorted(each(squares))
    assert len(set(each(squares))) == 5


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "examples.super_resolution", f"--output_dir={folder}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def flags(settings):
    """Returns what the program has to be told for settings."""
    changed = {
        name: ",".join(value) if isinstance(value, tuple) else value
        for name, value in dataclasses.asdict(settings).items()
        if value is not None
    }
    return [f"--{name}={value}" for name, value in changed.items()]


@pytest.mark.slow
def test_program(folder, tmp_path):
    settings = dataclasses.replace(SMALL, images=str(folder), held_out=0.4, steps=2)
    process = run(tmp_path / "results", *flags(settings))
    assert process.returncode == 0, process.stderr
    results = tmp_path / "results"
    with (results / "measures.csv").open() as file:
        rows = list(csv.DictReader(file))
    methods = ["bicubic", "mse", "perceptual"]
    assert [(row["photograph"], row["method"]) for row in rows] == [
        (name, method) for name in ("1", "2", "mean") for method in methods
    ]
    # What is measured is what the networks make of photographs that are held out.
    truth = np.stack(list(read_split(settings).held_out.as_numpy_iterator())) / np.float32(255)
    for n, method in enumerate(methods[1:], 1):
        model = keras.saving.load_model(results / f"{method}.keras")
        made = np.clip(model.predict(downsample(truth, 4), verbose=0), 0, 1)
        found = [float(rows[n + 3 * picture]["psnr_db"]) for picture in range(2)]
        np.testing.assert_allclose(found, rwkeras.psnr(made, truth), atol=1e-3)
        np.testing.assert_allclose(float(rows[6 + n]["psnr_db"]), np.mean(found), rtol=1e-5)
    lines = process.stdout.splitlines()[-3:]
    assert [line.split(":")[0] for line in lines] == methods
    assert Image.open(results / "details.png").width > 4 * 64


@pytest.mark.slow
def test_program_with_an_empty_folder(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    process = run(tmp_path / "results", f"--images={empty}")
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == (
        "error: Invalid value for argument `images`. Expected a folder that contains pictures. "
        f"Received: images={empty}"
    )
    assert not (tmp_path / "results").exists()


def test_small_photographs_are_refused(folder):
    with pytest.raises(ValueError) as caught:
        read_split(SuperResolutionSettings(images=str(folder), photo_size=48, crop_size=48))
    assert str(caught.value) == (
        "Invalid value for argument `images`. Expected pictures of at least 48 x 48 pixels, the "
        f"size of a crop. Received: images={folder}/0.png of 48 x 40, and 4 more"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"factor": 1},
            "Invalid value for argument `factor`. Expected an integer of at least 2. "
            "Received: factor=1",
        ),
        (
            {"depth": 0},
            "Invalid value for argument `depth`. Expected an integer of at least 1. "
            "Received: depth=0",
        ),
        (
            {"crop_size": 18},
            "Invalid value for argument `crop_size`. Expected a multiple of `factor`, 4. "
            "Received: crop_size=18",
        ),
        (
            {"held_out": 0.0},
            "Invalid value for argument `held_out`. Expected a finite number greater than 0. "
            "Received: held_out=0.0",
        ),
        (
            {"crop_size": 64},
            "Invalid value for argument `crop_size`. Expected at most `photo_size`, 32. "
            "Received: crop_size=64",
        ),
        (
            {"steps": 0},
            "Invalid value for argument `steps`. Expected an integer of at least 1. "
            "Received: steps=0",
        ),
    ],
)
def test_settings_are_checked(changes, message):
    with pytest.raises(ValueError) as caught:
        dataclasses.replace(SMALL, **changes)
    assert str(caught.value) == message


def test_nothing_is_written_over_what_is_read(tmp_path):
    rwkeras.write_image(tmp_path / "details.png", waves(32, 32))
    with pytest.raises(ValueError) as error:
        example(dataclasses.replace(SMALL, images=str(tmp_path)), tmp_path)
    assert str(error.value) == (
        "Invalid value for argument `output_dir`. Expected a value for which details.png does not "
        f"overwrite the file of `images`. Received: output_dir={tmp_path}"
    )
