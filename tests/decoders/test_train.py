import dataclasses
import errno
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras import DecoderSettings, DecoderTraining
from rwkeras.backend import keras
from rwkeras.decoders import train as module
from rwkeras.decoders.backup import remove_backup
from rwkeras.decoders.decnn import encoder_and_decoder
from rwkeras.decoders.levels import encoder_to
from rwkeras.decoders.match import check_decoder
from rwkeras.decoders.photographs import read_photographs
from rwkeras.decoders.random_crops import random_crops, split
from rwkeras.decoders.train import TrainedDecoder
from rwkeras.images.photographs import TRAINING_NAMES
from rwkeras.images.writing import write_image
from rwkeras.networks.vgg import narrow_vgg19
from tests.conftest import waves

LAYER = "conv2_1"
SMALL = DecoderSettings(upsampling="nearest", width=0.5, depth=1)
# Three epochs of two steps.
SHORT = DecoderTraining(
    photo_size=32,
    crop_size=16,
    vary_colors=False,
    held_out=0.2,
    held_out_steps=2,
    batch_size=4,
    steps=6,
    epoch_steps=2,
    learning_rate=1e-3,
    precision="float32",
)
MEASURES = {"loss", "psnr_db", "val_loss", "val_psnr_db"}
PHOTOS = [waves(40, 48 + 4 * n) for n in range(5)]


class InterruptionError(Exception):
    pass


class StopAfter(keras.callbacks.Callback):
    """Interrupts a training after some steps."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            raise InterruptionError


class StopAtTheEnd(keras.callbacks.Callback):
    def on_train_end(self, logs=None):
        raise InterruptionError


def trained(network, training=SHORT, *, layer=LAYER, images=PHOTOS, **arguments) -> TrainedDecoder:
    return rwkeras.train_decoder(
        network, layer, images, **{"decoder": SMALL, "training": training, **arguments}
    )


def interrupted(network, folder, callback, training=SHORT):
    with pytest.raises(InterruptionError):
        trained(network, training, backup_dir=folder, callbacks=[callback])


def same(first: keras.Model, second: keras.Model) -> bool:
    """Returns whether two models have the same weights, bit for bit."""
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


@pytest.fixture(scope="module")
def uninterrupted(toy):
    """A training that nothing interrupts."""
    return trained(toy)


@pytest.fixture(scope="module")
def half_precision(toy):
    """The same in half precision, by its name."""
    names = ("mixed_bfloat16", "mixed_float16")
    return {name: trained(toy, dataclasses.replace(SHORT, precision=name)) for name in names}


def test_what_a_training_gives(uninterrupted, toy):
    assert uninterrupted.photographs == 5
    assert uninterrupted.unreadable == ()
    assert uninterrupted.seconds > 0
    assert set(uninterrupted.history) >= MEASURES
    for values in uninterrupted.history.values():
        assert len(values) == 3
        assert all(type(value) is float for value in values)
    assert uninterrupted.history["loss"][-1] < uninterrupted.history["loss"][0]
    assert uninterrupted.model.name == "decnn"
    encoder, decoder = encoder_and_decoder(uninterrupted.model)
    assert (encoder.name, decoder.name) == ("toy_vgg", "decoder")
    assert not same(
        decoder,
        rwkeras.decoder(
            toy, LAYER, rwkeras.DecoderSettings(upsampling="nearest", width=0.5, depth=1)
        ),
    )
    check_decoder(uninterrupted.model, toy, LAYER)


def test_the_network_stays_as_it_is():
    network = rwkeras.toy_vgg(seed=3)
    weights = network.get_weights()
    training = dataclasses.replace(SHORT, steps=2)
    encoder, _ = encoder_and_decoder(trained(network, training).model)
    for before, after in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    for before, after in zip(weights, encoder.get_weights(), strict=False):
        np.testing.assert_array_equal(before, after)
    assert all(layer.trainable for layer in network.layers)


def test_callbacks_and_backups_do_not_change_results(uninterrupted, toy, tmp_path):
    """With photographs that are read already, a backup, TensorBoard and callbacks."""
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((epoch, logs["loss"], logs["val_psnr_db"]))

    read = read_photographs(PHOTOS, SHORT.photo_size, SHORT.crop_size)
    again = trained(
        toy,
        images=read._replace(unreadable=("broken.png",)),
        backup_dir=tmp_path / "new" / "folder",
        logdir=str(tmp_path / "logs"),
        callbacks=[Watch()],
    )
    assert again.history == uninterrupted.history
    assert same(again.model, uninterrupted.model)
    assert again.unreadable == ("broken.png",)
    measures = (uninterrupted.history[name] for name in ("loss", "val_psnr_db"))
    assert seen == list(zip(range(3), *measures, strict=True))
    for part in ("train", "validation"):
        (events,) = (tmp_path / "logs" / part).glob("events.out.tfevents.*")
        assert events.stat().st_size > 100
    uninterrupted.model.save(tmp_path / "decoder.keras")
    decoded = rwkeras.decode(tmp_path / "decoder.keras", PHOTOS[0])
    np.testing.assert_array_equal(decoded, rwkeras.decode(again.model, PHOTOS[0]))


def test_another_seed(uninterrupted, toy):
    other = trained(toy, dataclasses.replace(SHORT, seed=1))
    assert other.history["loss"][0] != uninterrupted.history["loss"][0]
    assert not same(other.model, uninterrupted.model)


def held_out_crops(training=SHORT):
    """Returns the crops on which a training of `PHOTOS` is measured, [n, height, width, 3]."""
    squares = read_photographs(PHOTOS, training.photo_size, training.crop_size)
    crops = random_crops(split(squares, training).held_out, training, "held_out")
    taken = crops.take(training.held_out_steps).as_numpy_iterator()
    return np.concatenate([images for images, _ in taken])


def test_measures_are_those_of_the_decoder_it_returns(uninterrupted):
    images = held_out_crops()
    raw = uninterrupted.model(images).numpy()
    assert uninterrupted.history["val_loss"][-1] == pytest.approx(
        np.mean((raw - images) ** 2), rel=1e-4
    )
    decibels = np.mean(rwkeras.psnr(rwkeras.decode(uninterrupted.model, images), images))
    assert uninterrupted.history["val_psnr_db"][-1] == pytest.approx(decibels, rel=1e-4)


def test_varied_colours_are_learnt_but_not_measured(uninterrupted, toy):
    result = trained(toy, dataclasses.replace(SHORT, vary_colors=True))
    assert result.history["loss"][0] != uninterrupted.history["loss"][0]
    images = held_out_crops()
    raw = result.model(images).numpy()
    assert result.history["val_loss"][-1] == pytest.approx(np.mean((raw - images) ** 2), rel=1e-4)


@pytest.mark.slow
def test_overfits_one_photograph(toy, square):
    training = DecoderTraining(
        photo_size=32,
        crop_size=32,
        vary_colors=False,
        held_out=0,
        batch_size=2,
        steps=400,
        epoch_steps=200,
        learning_rate=3e-3,
        precision="float32",
    )
    decoder = DecoderSettings(width=4, depth=1, upsampling="transposed")
    result = trained(toy, training, images=[square], decoder=decoder)
    assert set(result.history).isdisjoint({"val_loss", "val_psnr_db"})
    assert result.photographs == 1
    assert result.history["psnr_db"][-1] > 25
    # As it is and mirrored, alone and with an edge.
    assert rwkeras.psnr(rwkeras.decode(result.model, square), square)[0] > 25
    assert rwkeras.psnr(rwkeras.decode(result.model, square[:, ::-1]), square[:, ::-1])[0] > 25
    assert rwkeras.psnr(rwkeras.decode(result.model, square[:27, :31]), square[:27, :31])[0] > 20


@pytest.mark.slow
def test_interrupted_in_each_epoch(uninterrupted, toy, tmp_path):
    for count in (1, 3, 3):
        interrupted(toy, tmp_path, StopAfter(count))
    result = trained(toy, backup_dir=str(tmp_path))
    # Of the last interruption nothing is kept but the two epochs before.
    assert result.history == {name: values[2:] for name, values in uninterrupted.history.items()}
    assert same(result.model, uninterrupted.model)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_interrupted_when_all_is_done(uninterrupted, toy, tmp_path):
    interrupted(toy, tmp_path, StopAtTheEnd())
    result = trained(toy, backup_dir=tmp_path)
    assert result.history == {}
    assert same(result.model, uninterrupted.model)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_interrupted_while_the_state_was_written(uninterrupted, toy, tmp_path):
    interrupted(toy, tmp_path, StopAfter(5))
    state = tmp_path / "backup" / "latest.weights.h5"
    state.write_bytes(state.read_bytes()[:1000])
    result = trained(toy, backup_dir=tmp_path)
    assert result.history == {name: values[1:] for name, values in uninterrupted.history.items()}
    assert same(result.model, uninterrupted.model)


@pytest.mark.slow
def test_interrupted_in_half_precision(half_precision, toy, tmp_path):
    training = dataclasses.replace(SHORT, precision="mixed_float16")
    expected = half_precision["mixed_float16"]
    interrupted(toy, tmp_path, StopAfter(3), training)
    result = trained(toy, training, backup_dir=tmp_path)
    assert result.history == {name: values[1:] for name, values in expected.history.items()}
    assert same(result.model, expected.model)


@pytest.mark.slow
def test_a_state_that_is_kept_until_it_is_forgotten(uninterrupted, toy, tmp_path):
    for _ in range(2):
        result = trained(toy, backup_dir=str(tmp_path / "state"), keep_backup=True)
        assert same(result.model, uninterrupted.model)
        assert (tmp_path / "state" / "backup").exists()
    assert result.history == {}
    remove_backup(str(tmp_path / "state"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_state_of_another_training_is_refused(uninterrupted, toy, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "photos").mkdir()
    interrupted(toy, tmp_path, StopAfter(3))
    described = json.loads((tmp_path / "backup" / "training.json").read_text())
    assert described["network"][:2] == ["toy_vgg", LAYER]
    assert described["training"]["steps"] == 6
    message = (
        "Invalid value for argument `backup_dir`. Expected a folder without the state of a "
        f"different training. Received: backup_dir={tmp_path}"
    )
    narrow = narrow_vgg19(width=1 / 16)
    for changes in (
        {"layer": "conv1_1"},
        {"network": narrow},
        {"network": rwkeras.toy_vgg(seed=4)},
        {"images": PHOTOS[::-1]},
        {"decoder": dataclasses.replace(SMALL, seed=1)},
        {"training": dataclasses.replace(SHORT, learning_rate=2e-3)},
        {"training": dataclasses.replace(SHORT, steps=8)},
    ):
        with pytest.raises(ValueError) as info:
            trained(**{"network": toy, "backup_dir": str(tmp_path), **changes})
        assert str(info.value) == message
    # The own state is still there, and the files that are others' stay.
    result = trained(toy, backup_dir=str(tmp_path))
    assert same(result.model, uninterrupted.model)
    assert len(result.history["loss"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "photos"]
    assert (tmp_path / "notes.txt").read_text() == "x"


def test_no_folder_for_the_state(toy, tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(ValueError) as info:
            trained(toy, backup_dir=str(path))
        assert str(info.value) == (
            "Invalid value for argument `backup_dir`. Expected a writable folder. Received: "
            f"backup_dir={path} (Not a directory)"
        )


class WorsenDecoder(keras.callbacks.Callback):
    """Spoils a decoder before an epoch, after which it is worse than before."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch
        self.weights = None

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            self.weights = self.model.get_weights()
            _, decoder = encoder_and_decoder(self.model)
            decoder.get_layer("image").bias.assign([9.0, 9.0, 9.0])


def test_patience(toy):
    training = dataclasses.replace(SHORT, steps=40, patience=2)
    spoil = WorsenDecoder(3)
    result = trained(toy, training, callbacks=[spoil])
    losses = result.history["val_loss"]
    # The third epoch was the best, of twenty that were allowed.
    assert len(losses) == 5
    assert min(losses) == losses[2]
    assert losses[2] < losses[3] > 10
    for best, weights in zip(spoil.weights, result.model.get_weights(), strict=True):
        np.testing.assert_array_equal(best, weights)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(uninterrupted, half_precision, precision):
    result = half_precision[precision]
    losses = result.history["loss"]
    assert losses[-1] < losses[0]
    assert losses != uninterrupted.history["loss"]
    # In float16 the first steps only find how large the gradients may be.
    same_steps = 3 if precision == "mixed_bfloat16" else 1
    np.testing.assert_allclose(
        losses[:same_steps], uninterrupted.history["loss"][:same_steps], rtol=0.05
    )
    for network in encoder_and_decoder(result.model):
        assert {weight.dtype for weight in network.weights} == {"float32"}
        assert {layer.compute_dtype for layer in network.layers} == {"float32"}
    assert rwkeras.decode(result.model, PHOTOS[0]).dtype == np.float32


@pytest.mark.parametrize("fast", [True, False])
def test_precision_is_chosen_by_the_machine(toy, monkeypatch, fast):
    built = []

    def build_decoder(encoder, settings, dtype="float32"):
        built.append(dtype)
        raise InterruptionError

    monkeypatch.setattr(module, "fast_bfloat16", lambda: fast)
    monkeypatch.setattr(module, "build_decoder", build_decoder)
    with pytest.raises(InterruptionError):
        trained(toy, dataclasses.replace(SHORT, precision="auto"))
    assert built == ["mixed_bfloat16" if fast else "float32"]


@pytest.mark.slow
def test_a_folder_of_photographs(uninterrupted, toy, tmp_path):
    (tmp_path / "more").mkdir()
    for n, photo in enumerate(PHOTOS):
        write_image(tmp_path / "more" / f"{n}.png", photo)
    (tmp_path / "broken.png").write_text("x")
    result = trained(toy, images=tmp_path)
    assert result.photographs == 5
    assert result.unreadable == ("broken.png",)
    # They are resampled by another filter.
    np.testing.assert_allclose(result.history["loss"], uninterrupted.history["loss"], rtol=0.01)


def test_photographs_of_scikit_image(toy, monkeypatch):
    asked = []

    def photographs(names):
        asked.append(names)
        return PHOTOS[:1]

    monkeypatch.setattr(module, "photographs", photographs)
    with pytest.raises(ValueError) as info:
        trained(toy, images=None)
    assert str(info.value) == (
        "Invalid value for argument `images`. Expected at least 2 photographs, as 1 are held out. "
        "Received: images=1"
    )
    assert asked == [TRAINING_NAMES]


def test_crops_that_poolings_do_not_divide(toy):
    training = dataclasses.replace(SHORT, steps=2, crop_size=19, held_out=0)
    result = trained(toy, training, layer="pool3")
    assert np.isfinite(result.history["loss"]).all()
    assert rwkeras.decode(result.model, waves(21, 34)).shape == (21, 34, 3)


@pytest.mark.slow
def test_fully_connected_layers(square):
    network = rwkeras.toy_vgg(include_top=True, seed=3)
    rwkeras.calibrate(network, square)
    training = dataclasses.replace(SHORT, crop_size=32)
    result = trained(network, training, layer="fc8")
    assert result.history["loss"][-1] < result.history["loss"][0]
    assert rwkeras.decode(result.model, square).shape == (32, 32, 3)
    with pytest.raises(ValueError) as info:
        trained(network, SHORT, layer="fc8")
    assert str(info.value) == (
        "Invalid value for argument `image`. Expected an image of shape (32, 32, 3) for this "
        "network. Received: image=(16, 16, 3)"
    )


def test_crops_that_are_too_small(toy):
    with pytest.raises(ValueError) as info:
        trained(toy, dataclasses.replace(SHORT, crop_size=4), layer="pool3")
    assert str(info.value) == (
        "Invalid value for argument `image`. Expected an image large enough for the pooling "
        "layers before pool3. Received: image=(4, 4, 3)"
    )


def test_photographs_that_are_too_small(toy):
    with pytest.raises(ValueError) as info:
        trained(toy, images=[waves(40, 40), waves(15, 40)])
    assert str(info.value) == (
        "Invalid value for argument `images`. Expected pictures of at least 16 x 16 pixels, the "
        "size of a crop. Received: images=40 x 15, image 2"
    )


def test_no_such_layer(toy):
    with pytest.raises(ValueError) as info:
        trained(toy, layer="fc6")
    assert str(info.value) == (
        "Invalid value for argument `layer`. Expected a layer of 'toy_vgg': preprocess, conv1_1, "
        "conv1_2, pool1, conv2_1, conv2_2, pool2, conv3_1, conv3_2, pool3. Received: layer=fc6"
    )


# Devices have to be made before TensorFlow begins.
TWO_DEVICES = """
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, 2 * [tf.config.LogicalDeviceConfiguration()])
import sys
import numpy as np
import rwkeras
from tests.conftest import waves
from tests.decoders.test_train import LAYER, MEASURES, PHOTOS, SHORT, SMALL
toy = rwkeras.toy_vgg(seed=3)
rwkeras.calibrate(toy, waves(32, 32))
strategies = None, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
one, two = (
    rwkeras.train_decoder(
        toy, LAYER, PHOTOS, decoder=SMALL, training=SHORT, strategy=strategy
    )
    for strategy in strategies
)
for name in MEASURES:
    np.testing.assert_allclose(one.history[name], two.history[name], rtol=1e-4)
    print(name, len(one.history[name]), strategies[1].num_replicas_in_sync)
for a, b in zip(one.model.get_weights(), two.model.get_weights(), strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
"""


@pytest.mark.slow
def test_two_devices_learn_as_one():
    folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TWO_DEVICES],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([folder, *sys.path])},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    assert set(process.stdout.splitlines()) == {f"{name} 3 2" for name in MEASURES}


def test_the_encoder_is_not_rounded(half_precision, toy):
    encoder, _ = encoder_and_decoder(half_precision["mixed_bfloat16"].model)
    for weight, given in zip(
        encoder.get_weights(), encoder_to(toy, LAYER).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weight, given)


def test_a_broken_state_is_refused(toy, tmp_path):
    interrupted(toy, tmp_path, StopAfter(3))
    (tmp_path / "backup" / "training_metadata.json").write_text('{"ep')
    with pytest.raises(ValueError) as info:
        trained(toy, backup_dir=str(tmp_path))
    assert str(info.value) == (
        "Invalid value for argument `backup_dir`. Expected an intact training state. Received: "
        f"backup_dir={tmp_path / 'backup'} (JSONDecodeError)"
    )


@pytest.mark.slow
def test_other_settings_where_nothing_was_saved(toy, tmp_path):
    interrupted(toy, tmp_path, StopAfter(1))
    result = trained(toy, training=dataclasses.replace(SHORT, steps=2), backup_dir=str(tmp_path))
    assert len(result.history["loss"]) == 1


@pytest.mark.slow
def test_a_state_that_cannot_be_written(uninterrupted, toy, tmp_path, monkeypatch):
    def full(callback):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(keras.callbacks.BackupAndRestore, "_save_model", full)
    with pytest.warns(UserWarning, match="cannot be saved") as warned:
        result = trained(toy, backup_dir=tmp_path)
    assert [str(each.message) for each in warned if "saved" in str(each.message)] == [
        f"The training state cannot be saved in {tmp_path / 'backup'}; the run continues without: "
        "[Errno 28] No space left on device"
    ]
    assert same(result.model, uninterrupted.model)


def test_a_disk_that_is_full_from_the_beginning(uninterrupted, toy, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def no_writer(*args):
        raise tf.errors.UnknownError(None, None, "no events writer")

    monkeypatch.setattr("rwkeras.decoders.backup.whole_file", full)
    monkeypatch.setattr(tf.summary, "create_file_writer", no_writer)
    with pytest.warns(UserWarning, match="cannot be") as warned:
        result = trained(toy, backup_dir=tmp_path, logdir=str(tmp_path / "logs"))
    assert [str(each.message) for each in warned if "cannot be" in str(each.message)] == [
        f"The training state cannot be saved in {tmp_path}; the run continues without: [Errno 28] "
        "No space left on device",
        "TensorBoard logs cannot be written",
    ]
    assert same(result.model, uninterrupted.model)


def test_a_folder_with_other_files_is_not_taken_for_the_state(toy, tmp_path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "photo.png").touch()
    with pytest.raises(ValueError) as info:
        trained(toy, backup_dir=str(tmp_path))
    assert str(info.value) == (
        "Invalid value for argument `backup_dir`. Expected a folder without 'backup', or with one "
        f"that holds a training state. Received: backup_dir={tmp_path}"
    )
    assert (tmp_path / "backup" / "photo.png").exists()
