import numpy as np
import pytest

from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.settings import QUICK
from rwkeras.experiments.study import Study, column, rows
from rwkeras.sweeps.jobs import JobResult
from tests.experiments.conftest import here

pytestmark = pytest.mark.eager


@pytest.fixture
def study(tmp_path):
    return Study(str(tmp_path), QUICK, runner=here)


def test_layers_in_forward_order(study):
    assert study.layers == (
        "conv1_1", "conv1_2", "pool1", "conv2_1", "conv2_2", "pool2", "conv3_1", "conv3_2", "pool3",
    )  # fmt: skip
    assert study.first_layers == ("conv1_1", "conv2_1", "conv3_1")
    assert study.pools == ("pool1", "pool2", "pool3")
    assert list(study.seeds) == [0, 1]


def test_results_by_label_and_failures_as_notes(study):
    image = next(iter(study.images().values()))
    network = study.random()
    jobs = {
        ("good", 1): study.inversion(network, image, "conv1_1"),
        ("bad", 2): study.inversion(network, image, "conv9_9"),
    }
    results = study.run(jobs)
    assert list(results) == [("good", 1)]
    assert 0 < results["good", 1].values["psnr_db"] < 100
    assert results["good", 1].pictures["picture"].shape == (32, 32, 3)
    assert len(study.notes) == 1
    assert study.notes[0].startswith("A job failed: Invalid value for argument `layer`.")
    with pytest.raises(ValueError, match="None of 1 jobs has a result: A job failed: Invalid"):
        study.run({("bad", 2): jobs["bad", 2]})


@pytest.mark.slow
def test_stacked_networks_are_recipes_of_the_folder(study):
    image = next(iter(study.images().values()))
    networks = study.stacked({"a": study.stacking(image, 3)})
    assert networks["a"].file.path.endswith("recipe.json")
    model = networks["a"].build(study.folder)
    assert model.layers[-1].name == "pool3"
    assert study.stacked_network() == study.stacked_network()


def test_a_network_of_the_users_is_taken_instead(study):
    study.network = NetworkSpec("mobilenet")
    image = next(iter(study.images().values()))
    assert study.stacked_network() == NetworkSpec("mobilenet", reference=image)
    study.network = NetworkSpec(file=image)
    assert study.stacked_network() == study.network


def test_tables():
    results = {
        ("a", 1): JobResult({"x": 1.0, "y": 2.0}),
        ("a", 2): JobResult({"x": 3.0, "y": 4.0}),
        ("b", 1): JobResult({"x": 5.0, "y": 6.0}),
    }
    assert rows(results, ["kind", "n"])[1] == {"kind": "a", "n": 2, "x": 3.0, "y": 4.0}
    assert column(results, "x", p0="a") == [1, 3]
    assert column(results, "y", p1=1) == [2, 6]
    np.testing.assert_array_equal(column(results, "y", p0="b", p1=2), [])
