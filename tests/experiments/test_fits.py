import pytest

from rwkeras.decoders.settings import DecoderSettings
from rwkeras.experiments.fits import fit, fitted_shape, layer_stride, middle_layer, paired
from rwkeras.experiments.settings import QUICK, ExperimentSettings
from rwkeras.experiments.study import Study
from rwkeras.sweeps.jobs import JobResult, job_key
from tests.experiments.conftest import here


@pytest.fixture
def study(tmp_path):
    return Study(str(tmp_path), QUICK, runner=here)


def test_strides_of_layers():
    layers = ("conv1_1", "conv1_2", "pool1", "conv2_1", "conv3_4", "pool4", "conv5_1", "pool5")
    assert [layer_stride(layer) for layer in layers] == [1, 1, 2, 2, 4, 16, 16, 32]


def test_the_middle_layer_is_of_stride_four_in_all(tmp_path, study):
    assert middle_layer(study) == "conv3_1"
    assert middle_layer(Study(str(tmp_path), ExperimentSettings())) == "conv3_1"


def test_decoders_grow_in_one_step_up_to_a_stride_of_four():
    factors = {layer: fitted_shape(layer, 0).factors for layer in ("conv1_1", "conv2_1", "conv3_1")}
    assert factors == {"conv1_1": None, "conv2_1": (2,), "conv3_1": (4,)}
    assert fitted_shape("conv4_1", 0).factors is None
    changed = fitted_shape("conv3_1", 7, factors=(2, 2), width=0.5)
    expected = DecoderSettings(upsampling="subpixel", factors=(2, 2), width=0.5, seed=7)
    assert changed == expected


@pytest.mark.parametrize(("steps", "epoch"), [(1500, 25), (10, 1), (1000, 50), (7, 7)])
def test_trainings_are_measured_as_often_as_their_steps_allow(tmp_path, steps, epoch):
    study = Study(str(tmp_path), ExperimentSettings(decoder_steps=steps))
    training = fit(study, study.random(), "conv3_1").training
    assert (training.steps, training.epoch_steps) == (steps, epoch)
    assert (training.crop_size, training.batch_size) == (64, 16)
    assert training.precision == "float32"


def test_a_fit_is_the_same_job_for_all_experiments_but_differs_by_seed(study):
    network = study.random()
    jobs = [
        fit(study, network, "conv2_1"),
        fit(study, network, "conv2_1", study.settings.seed),
        fit(study, network, "conv2_1", 1),
        fit(study, network, "conv2_1", width=2),
    ]
    assert job_key(jobs[0]) == job_key(jobs[1])
    assert len({job_key(job) for job in jobs}) == 3
    assert (jobs[2].decoder.seed, jobs[2].training.seed) == (1, 1)
    assert jobs[0].training.crop_size == QUICK.image_size


def test_pairs_are_of_the_same_labels():
    def result(value):
        return JobResult({"x": value})

    results = {
        ("a", 1): result(1.0),
        ("a", 2): result(2.0),
        ("b", 2): result(20.0),
        ("b", 1): result(10.0),
        ("a", 3): result(3.0),
        ("c", 2): result(0.0),
    }
    assert paired(results, ("a",), ("b",), "x") == ([1.0, 2.0], [10.0, 20.0])
    assert paired(results, ("c",), ("a",), "x") == ([0.0], [2.0])
    assert paired(results, ("d",), ("a",), "x") == ([], [])
