"""Tests of the experiments on decoders with synthetic job results."""

import numpy as np
import pytest

from rwkeras.experiments.decoding import (
    decoded_starts,
    decoders,
    feature_maps,
    invariance,
    untrained_decoders,
)
from rwkeras.experiments.decoding.decoder_distributions import DISTRIBUTIONS
from rwkeras.experiments.decoding.fits import DecoderResult
from rwkeras.experiments.jobs.equivariance import TRANSFORMS
from rwkeras.experiments.settings import QUICK, ExperimentSettings
from rwkeras.experiments.study import Study
from rwkeras.experiments.table import Sample
from rwkeras.images.writing import write_image
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from tests.conftest import waves
from tests.experiments.conftest import run_in_process

FILE = FileRef("decoder.keras", "0" * 64)


def decoder_with_trace(*values):
    trace = [{"step": 10 * (n + 1), "held_out_psnr_db": value} for n, value in enumerate(values)]
    return DecoderResult(FILE, JobResult({}, {}, trace))


def test_decoders_are_timed_to_where_the_least_accurate_of_a_draw_ends():
    trained = {
        Sample(0, "a", 0, "p", "stride 4"): decoder_with_trace(15, 20, 25, 30),
        Sample(0, "b", 0, "p", "stride 4"): decoder_with_trace(10, 15, 18, 20),
        # Other draws and layers have their own marks.
        Sample(1, "a", 1, "q", "stride 4"): decoder_with_trace(40, 50),
        Sample(0, "a", 0, "p", "stride 8"): decoder_with_trace(5, 8, 9),
    }
    rows = decoders._step_rows(trained)
    assert [each["value"] for each in rows] == [20, 40, 20, 20]
    assert {each["measure"] for each in rows} == {"steps to the mark"}


def test_one_thing_is_varied_at_a_time(tmp_path):
    study = Study(str(tmp_path), ExperimentSettings())
    variants = feature_maps._variants(study, "conv3_1")
    usual = feature_maps._Variant()
    assert [name for name, variant in variants.items() if variant == usual] == [
        feature_maps.ALL_MAPS
    ]
    narrow = variants["an eighth of the encoder's"]
    assert (narrow.width, narrow.trained, narrow.untrained) == (
        1 / 8,
        {"maps": (256,)},
        {"maps": (256, 128, 64)},
    )
    # The default factors differ between trained and untrained decoders.
    assert variants["grown otherwise"].trained == {"factors": (2, 2)}
    assert variants["grown otherwise"].untrained == {"factors": (4,)}


def test_narrow_encoders_are_files_of_their_draw(tmp_path):
    study = Study(str(tmp_path), QUICK, runner=run_in_process)
    first, second = study.draws()
    narrow = feature_maps._encoder(study, "conv3_1", 0.5, first)
    model = narrow.build(study.folder)
    assert (model.name, model.layers[-1].name) == ("narrow_toy_vgg", "conv3_1")
    assert model.output.shape[3] == 8
    assert feature_maps._encoder(study, "conv3_1", 0.5, first) == narrow
    assert feature_maps._encoder(study, "conv3_1", 0.5, second).file.sha256 != narrow.file.sha256


def test_gaussian_weights_are_the_standard():
    assert DISTRIBUTIONS[0] == "gaussian"
    assert "he" not in DISTRIBUTIONS


def test_transforms_are_followed_by_the_square_and_the_light_by_the_mean():
    trace = [
        {"transform": name, "size": size, "error": 1.0, "output_change": 2.0, "alike": 0.8}
        for name, transform in TRANSFORMS.items()
        for size in transform.sizes
    ]
    trace[0] = {**trace[0], "error": 3.0}
    sample = Sample(0, "untrained decoder", 0, "p", "conv1_1")
    rows = invariance._equivariance_rows({sample: JobResult({}, {}, trace)})
    found = {each["measure"]: each["value"] for each in rows}
    assert found["error share"] == pytest.approx((8 + 9) / (9 * 4))
    assert found["error share, shift"] == pytest.approx((2 + 9) / (3 * 4))
    assert found["error share, rotate"] == pytest.approx(1 / 4)
    assert [found["alike"], found["alike, darken"]] == pytest.approx([0.8, 0.8])


def run_with_losses(losses, per_iteration=2):
    trace = [
        {"iteration": n, "evaluations": per_iteration * n, "loss": loss, "distance": 0.1}
        for n, loss in enumerate(losses)
    ]
    values = {"loss": losses[-1], "evaluations": trace[-1]["evaluations"]}
    return JobResult(values, {}, trace)


def test_evaluations_to_a_loss():
    trace = run_with_losses([8.0, 4.0, 2.0, 1.0]).trace
    assert decoded_starts.evaluations_until(trace, 8.0) == 1
    assert decoded_starts.evaluations_until(trace, 3.0) == 4
    assert decoded_starts.evaluations_until(trace, 0.5) is None


def test_starts_that_never_come_to_the_loss_of_noise_are_censored():
    results = {}
    decoded = [4.0, 1.0, 0.5], [4.0, 3.0, 0.9], [5.0, 4.0, 3.0]
    for n, losses in enumerate(decoded):
        sample = Sample(n, decoded_starts.FROM_NOISE, n, "p", "conv1_1")
        results[sample] = run_with_losses([9.0, 6.0, 3.0, 2.0, 1.0])
        results[sample._replace(network=decoded_starts.FROM_DECODED_IMAGE)] = run_with_losses(
            losses
        )
    rows = decoded_starts._evaluation_rows(results)
    found = [(r["network"], r["value"], r["censored"]) for r in rows]
    noise, start = decoded_starts.FROM_NOISE, decoded_starts.FROM_DECODED_IMAGE
    assert found == [
        (noise, 8, False), (start, 2, False),
        (noise, 8, False), (start, 4, False),
        (noise, 8, False), (start, 4, True),
    ]  # fmt: skip


def test_of_colours_grey_images_say_nothing(tmp_path):
    for name, colors in (("grey", 1), ("red", np.array([1, 0.5, 0.5]))):
        write_image(tmp_path / f"{name}.png", waves(40, 40)[..., :1] * colors * np.ones(3))
    paths = {"images": [str(tmp_path / f"{name}.png") for name in ("grey", "red")]}
    study = Study(str(tmp_path / "out"), QUICK, paths, runner=run_in_process)
    values = {"color_correlation": 0.0, "color_explained": 0.0}
    results = {Sample(n, "a", n, "p", "conv1_1"): JobResult(values) for n in (0, 1)}
    rows = untrained_decoders.color_rows(study, results)
    assert [each["draw"] for each in rows] == [1, 1]
