import dataclasses

import numpy as np
import pytest

import rwkeras
from rwkeras.backend import keras
from rwkeras.experiments.jobs.inversions import Inversion, Morph
from rwkeras.experiments.jobs.networks import NetworkSpec, network_bytes
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import put_file
from rwkeras.sweeps.pictures import put_picture, read_picture
from tests.conftest import waves

pytestmark = pytest.mark.eager

QUICK = OptimizerSettings(
    memory=8, max_iterations=12, parametrization="pixels", precision="float32"
)
COURSE = {"loss", "relative_loss", "iterations", "evaluations", "failed"}


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


@pytest.fixture
def image(folder):
    return put_picture(folder, "waves", waves(32, 24))


@pytest.fixture
def network(image):
    return NetworkSpec("toy_vgg", reference=image)


def test_an_inversion_is_that_of_invert(folder, image, network):
    job = Inversion(network, image, "conv2_1", 5, QUICK)
    result = job.run(folder)
    source = read_picture(image, folder)
    plain = rwkeras.invert(
        network.build(folder), source, rwkeras.InversionSettings("conv2_1", seed=5), optimizer=QUICK
    ).image
    np.testing.assert_array_equal(result.pictures["picture"], plain)
    assert result.values.keys() == {"psnr_db", "ssim", "distance", *COURSE}
    assert result.values["psnr_db"] == pytest.approx(rwkeras.psnr(plain, source)[0])
    assert result.values["iterations"] == 12
    assert [row["iteration"] for row in result.trace] == [0, 10, 12]
    losses = [row["loss"] for row in result.trace]
    assert losses == sorted(losses, reverse=True)
    assert result.trace[-1]["distance"] == pytest.approx(result.values["distance"])
    assert result.trace[-1]["loss"] == pytest.approx(result.values["loss"])
    assert result.trace[-1]["evaluations"] == result.values["evaluations"]
    assert job.affinity == Inversion(network, image, "conv2_1", 6, QUICK).affinity


def test_snapshots_change_nothing_else(folder, image, network):
    job = Inversion(network, image, "conv2_1", 5, QUICK)
    result = job.run(folder)
    shown = dataclasses.replace(job, snapshots=(4, 8)).run(folder)
    assert list(shown.pictures) == ["picture", "iteration_00004", "iteration_00008"]
    np.testing.assert_array_equal(shown.pictures["picture"], result.pictures["picture"])
    assert [row["iteration"] for row in shown.trace] == [0, 2, 4, 6, 8, 10, 12]
    source = read_picture(image, folder)
    distance = rwkeras.mean_euclidean_distance(shown.pictures["iteration_00004"], source)[0]
    assert distance == pytest.approx(shown.trace[2]["distance"])


def test_the_regularized_inversion_is_another(folder, image):
    # A layer for which Mahendran and Vedaldi give the weight of total variation.
    inputs = keras.Input((32, 24, 3))
    outputs = keras.layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    file = put_file(folder, "networks/small.keras", network_bytes(keras.Model(inputs, outputs)))
    plain = Inversion(NetworkSpec(file=file), image, "conv1", 5, QUICK)
    other = dataclasses.replace(plain, regularized=True).run(folder)
    assert other.values.keys() == {"psnr_db", "ssim", "distance", *COURSE}
    assert np.any(other.pictures["picture"] != plain.run(folder).pictures["picture"])


def test_a_morph_goes_from_one_image_to_the_other(folder, image, network):
    other = put_picture(folder, "other", waves(32, 24)[::-1])
    found = {}
    for share in (0.0, 0.5, 1.0):
        result = Morph(network, image, other, share, "conv1_1", 0, QUICK).run(folder)
        found[share] = result.values
        assert result.pictures["picture"].shape == (32, 24, 3)
    names = {"distance_first", "distance_last", "distance_average"}
    assert found[0.5].keys() == names | COURSE
    assert found[0.0]["distance_first"] < found[0.5]["distance_first"]
    assert found[0.5]["distance_first"] < found[1.0]["distance_first"]
    assert found[1.0]["distance_last"] < found[0.5]["distance_last"]
    assert found[0.5]["distance_last"] < found[0.0]["distance_last"]
