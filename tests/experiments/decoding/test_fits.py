import pytest

from rwkeras.decoders.settings import DecoderSettings
from rwkeras.experiments.decoding.fits import (
    decoder_layers,
    fit_job,
    layer_stride,
    middle_layer,
    trained_decoder_settings,
    untrained_decoder,
)
from rwkeras.experiments.photographs import TUNING
from rwkeras.experiments.settings import QUICK, ExperimentSettings
from rwkeras.experiments.study import Study
from rwkeras.sweeps.jobs import job_key
from tests.experiments.conftest import run_in_process


@pytest.fixture
def study(tmp_path):
    return Study(str(tmp_path), QUICK, runner=run_in_process)


def test_strides_of_layers():
    layers = ("conv1_1", "conv1_2", "pool1", "conv2_1", "conv3_4", "pool4", "conv5_1", "pool5")
    assert [layer_stride(layer) for layer in layers] == [1, 1, 2, 2, 4, 16, 16, 32]
    blocks = ("block1a", "block2b", "block3b", "block4c", "block5c", "block6d", "block7a")
    assert [layer_stride(block) for block in blocks] == [2, 4, 8, 16, 16, 32, 32]


def test_the_middle_layer_is_of_stride_four_in_all(tmp_path, study):
    assert middle_layer(study) == "conv3_1"
    assert middle_layer(Study(str(tmp_path), ExperimentSettings())) == "conv3_1"
    assert decoder_layers(study) == ("conv1_1", "conv3_1")


def test_decoders_grow_in_one_step_up_to_a_stride_of_four():
    layers = ("conv1_1", "conv2_1", "conv3_1", "block2b")
    factors = [trained_decoder_settings(layer, 0).factors for layer in layers]
    assert factors == [None, (2,), (4,), (4,)]
    deep = trained_decoder_settings("conv4_1", 0)
    assert (deep.factors, deep.maps) == (None, (256, 128, 64))
    assert trained_decoder_settings("block5c", 0).maps == (256, 128, 64, 32)
    changed = trained_decoder_settings("conv3_1", 7, factors=(2, 2), width=0.5)
    expected = DecoderSettings(upsampling="subpixel", factors=(2, 2), width=0.5, seed=7)
    assert changed == expected


@pytest.mark.parametrize(("steps", "epoch"), [(600, 15), (1500, 75), (10, 1), (7, 7)])
def test_trainings_are_measured_as_often_as_their_steps_allow(tmp_path, steps, epoch):
    study = Study(str(tmp_path), ExperimentSettings(decoder_steps=steps))
    draw = study.draws()[0]
    training = fit_job(study, study.random(draw), draw, "conv3_1").training
    assert (training.steps, training.epoch_steps) == (steps, epoch)
    assert (training.crop_size, training.batch_size) == (48, 8)
    assert training.precision == "float32"


def test_a_fit_is_the_same_job_for_all_experiments_but_differs_by_draw(study):
    first, second = study.draws()
    network = study.random(first)
    jobs = [
        fit_job(study, network, first, "conv2_1"),
        fit_job(study, network, first, "conv2_1"),
        fit_job(study, network, second, "conv2_1"),
        fit_job(study, network, first, "conv2_1", width=2),
    ]
    assert job_key(jobs[0]) == job_key(jobs[1])
    assert len({job_key(job) for job in jobs}) == 3
    assert (jobs[2].decoder.seed, jobs[2].training.seed) == (1, 1)
    assert jobs[0].training.crop_size == QUICK.image_size


def test_decoders_learn_from_photographs_that_tuned(study):
    draw = study.draws()[0]
    photos = fit_job(study, study.random(draw), draw, "conv2_1").photos
    assert [photo.path.split("/")[-1] for photo in photos] == [f"{name}.png" for name in TUNING]


def test_untrained_decoders_mirror_with_one_convolution(study):
    draw = study.draws()[1]
    shape = untrained_decoder(study.random(draw), draw, "conv2_1", kernel_size=5).decoder
    assert (shape.upsampling, shape.depth, shape.seed, shape.kernel_size) == ("nearest", 1, 1, 5)
