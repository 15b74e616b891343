"""The feed-forward style network: trained on toys, saved, loaded, exported, compared."""

import dataclasses
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from examples.feed_forward_style import run
from examples.style_comparison import compare
from examples.style_network import init_output_colors, style_network
from examples.style_training import StyleTraining, pyramid, train
from rwkeras.decoders.photographs import read_photographs
from rwkeras.images.painting import painting
from rwkeras.serving.export import export_decoder
from tests.conftest import waves

ROOT = Path(__file__).parents[2]
TOY = StyleTraining(
    photo_size=32,
    image_size=16,
    style_size=40,
    batch_size=2,
    steps=90,
    epoch_steps=30,
    maps=4,
    blocks=1,
    width=0.2,
    style_weight=100.0,
)
STYLE = painting(40)[:32]


def trained(settings=TOY):
    photos = [waves(32, 40), waves(48, 32)[:, ::-1]]
    squares = read_photographs(photos, settings.photo_size, settings.image_size).squares
    return train(STYLE, squares, settings)


@pytest.fixture(scope="module")
def training():
    return trained()


@pytest.fixture(scope="module")
def network(training):
    return training[0]


def painted(network, image):
    return network(image[np.newaxis], training=False).numpy()[0]


@pytest.mark.slow
def test_it_learns_the_style(training):
    _, history = training
    # The finest grain is beyond a few maps and steps.
    for name, share in (("loss", 0.9), ("style1_loss", 0.85), ("style_loss", 1.0)):
        assert history[name][-1] < share * history[name][0]


@pytest.mark.slow
def test_a_style_is_compared_at_each_octave(training):
    _, history = training
    assert set(history) == {"loss", "content_loss", "style_loss", "style1_loss"}
    layers = [TOY.style_loss(octave) for octave in (0, 1)]
    assert layers[0].style_layers == layers[1].style_layers == ("level0", "joint")
    assert layers[0].seed != layers[1].seed
    assert TOY.feature_loss().feature_layers == ("level1",)


@pytest.mark.slow
def test_by_a_vgg():
    toy = {"architecture": "toy_vgg", "style_layers": ("conv1_1", "conv2_1"), "octaves": 1}
    settings = dataclasses.replace(TOY, **toy, steps=2, epoch_steps=1)
    assert settings.feature_loss().feature_layers == ("conv2_2",)
    network, history = trained(settings)
    assert set(history) == {"loss", "content_loss", "style_loss"}
    assert np.all(np.isfinite(history["loss"]))
    assert painted(network, waves(16, 20)).shape == (16, 20, 3)


def test_pyramid():
    pictures = tf.constant(waves(9, 16)[np.newaxis])
    found = pyramid(pictures, 3)
    assert [tuple(picture.shape[1:3]) for picture in found] == [(9, 16), (5, 8), (3, 4)]
    assert found[0] is pictures


def test_untrained_it_is_the_photograph_in_the_colors_of_the_style():
    network = style_network(maps=4, blocks=1, seed=0)
    style = 0.2 + 0.2 * STYLE
    init_output_colors(network, style)
    photo = waves(24, 36)
    picture = painted(network, photo)
    np.testing.assert_allclose(picture.mean((0, 1)), style.mean((0, 1)), atol=0.03)
    for channel in range(3):
        assert np.corrcoef(picture[..., channel].ravel(), photo.mean(-1).ravel())[0, 1] > 0.95


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(network):
    again, other = (trained(dataclasses.replace(TOY, seed=seed))[0] for seed in (0, 1))
    for weight, same in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)
    changed = zip(network.get_weights(), other.get_weights(), strict=True)
    assert not any(np.array_equal(a, b) for a, b in changed)


@pytest.mark.parametrize("size", [(1, 1), (2, 6), (17, 30), (64, 48)])
def test_pictures_of_any_size(network, size):
    picture = painted(network, waves(*size))
    assert picture.shape == (*size, 3)
    assert picture.min() >= 0
    assert picture.max() <= 1


def test_saved_and_loaded(network, tmp_path):
    path = tmp_path / "style.keras"
    network.save(path)
    loaded = keras.saving.load_model(path)
    image = waves(20, 26)
    np.testing.assert_array_equal(painted(loaded, image), painted(network, image))
    # Nothing of this example's is needed to load it.
    with zipfile.ZipFile(path) as archive:
        assert "examples" not in archive.read("config.json").decode()


@pytest.mark.slow
def test_exported(network, tmp_path):
    folder = export_decoder(network, tmp_path / "style")
    served = tf.saved_model.load(str(folder)).signatures["tensors"]
    for size in ((16, 16), (21, 34)):
        image = waves(*size)
        answer = served(source=tf.constant(image[np.newaxis]))["image"].numpy()[0]
        np.testing.assert_allclose(answer, painted(network, image), atol=1e-5)


@pytest.mark.slow
def test_compared(network):
    optimizer = rwkeras.OptimizerSettings(max_iterations=3)
    photo = waves(32, 48)
    both = compare(network, photo, STYLE, optimizer=optimizer, pairs=2)
    assert both.painted.shape == both.optimized.shape == photo.shape
    np.testing.assert_allclose(both.painted, painted(network, photo), atol=1e-5)
    assert len(both.seconds) == 2
    ratios = [slow / fast for fast, slow in both.seconds]
    assert both.ratio == pytest.approx(np.mean(ratios))


def test_a_painting_is_drawn_from_a_seed():
    drawn, again, other = (painting(32, seed) for seed in (0, 0, 1))
    assert drawn.shape == (32, 32, 3)
    assert drawn.dtype == np.float32
    assert 0 <= drawn.min() < 0.2 < 0.8 < drawn.max() <= 1
    np.testing.assert_array_equal(drawn, again)
    assert np.abs(drawn - other).mean() > 0.05


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"image_size": 600},
            "Invalid value for argument `image_size`. Expected at most `photo_size`, 512. "
            "Received: image_size=600",
        ),
        (
            {"maps": 0},
            "Invalid value for argument `maps`. Expected an integer of at least 1. "
            "Received: maps=0",
        ),
        (
            {"octaves": 0},
            "Invalid value for argument `octaves`. Expected an integer of at least 1. "
            "Received: octaves=0",
        ),
        (
            {"steps": 70},
            "Invalid value for argument `steps`. Expected a multiple of `epoch_steps`, 50. "
            "Received: steps=70",
        ),
    ],
)
def test_refused(arguments, message):
    with pytest.raises(ValueError) as error:
        StyleTraining(**arguments)
    assert str(error.value) == message


def ran(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "examples.feed_forward_style", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_a_wrong_style_is_refused(tmp_path):
    style = tmp_path / "style.jpg"
    style.write_text("not a picture")
    process = ran(f"--style={style}", f"--output={tmp_path / 'style.keras'}")
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == (
        "error: Invalid value for argument `style`. Expected a picture in a format that Pillow "
        f"supports. Received: style={style}"
    )
    assert list(tmp_path.iterdir()) == [style]


@pytest.mark.slow
def test_on_the_command_line(tmp_path):
    (tmp_path / "photos").mkdir()
    rwkeras.write_image(tmp_path / "photos" / "photo.png", waves(32, 40))
    rwkeras.write_image(tmp_path / "style.png", STYLE)
    toy = {**dataclasses.asdict(TOY), "steps": 2, "epoch_steps": 1}
    toy |= {"style": tmp_path / "style.png", "images": tmp_path / "photos"}
    toy |= {"output": tmp_path / "network.keras", "compared_size": 32, "iterations": 2}
    listed = {name: value for name, value in toy.items() if isinstance(value, tuple)}
    toy |= {name: ",".join(value) for name, value in listed.items()}
    process = ran(*(f"--{name}={value}" for name, value in toy.items()))
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1].startswith("one pass: ")
    network = keras.saving.load_model(tmp_path / "network.keras")
    served = tf.saved_model.load(str(tmp_path / "network" / "1")).signatures["tensors"]
    image = waves(32, 24)
    answer = served(source=tf.constant(image[np.newaxis]))["image"].numpy()[0]
    np.testing.assert_allclose(answer, painted(network, image), atol=1e-5)
    assert rwkeras.read_image(tmp_path / "network.png").shape[1] > 4 * 32


def test_nothing_is_written_over_what_is_read(tmp_path):
    rwkeras.write_image(tmp_path / "style.png", STYLE)
    given = {"output": str(tmp_path / "style.keras"), "style": str(tmp_path / "style.png")}
    with pytest.raises(ValueError) as error:
        run(TOY, {**given, "picture": None, "images": None, "photo": None, "export_dir": None})
    assert str(error.value) == (
        "Invalid value for argument `picture`. Expected a different file from that of `style`. "
        f"Received: picture={tmp_path / 'style.png'}"
    )
