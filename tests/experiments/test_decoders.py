"""What the experiments on decoders make of numbers that are known."""

import numpy as np
import pytest
from rwkeras.experiments.decoder_distributions import _KINDS, _like_gaussian
from rwkeras.experiments.fits import Fitted
from rwkeras.experiments.samples import RANDOM
from rwkeras.experiments.untrained_decoders import _colors, _contours, _positions, untrained

from rwkeras.experiments import decoded_starts, decoders, feature_maps, invariance
from rwkeras.experiments.jobs.equivariance import TRANSFORMS
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.settings import QUICK
from rwkeras.experiments.study import Study
from rwkeras.networks.vgg import TOY_VGG, VGG19
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from tests.experiments.conftest import here

FILE = FileRef("decoder.keras", "0" * 64)


def course(*values):
    trace = [{"step": 10 * (n + 1), "held_out_psnr_db": value} for n, value in enumerate(values)]
    return Fitted(FILE, trace)


def test_steps_to_a_mark():
    decoder = course(12, 18, 17, 21)
    assert decoders.steps_to(decoder, 11) == 10
    assert decoders.steps_to(decoder, 18) == 20
    assert decoders.steps_to(decoder, 18.5) == 40
    assert decoders.steps_to(decoder, 22) is None


def test_the_faster_decoder_is_at_the_others_mark_earlier():
    layers = ("conv1_1", "conv2_1", "conv3_1")
    fast = {("a", layer): course(15, 20 + n, 25, 30) for n, layer in enumerate(layers)}
    slow = {("b", layer): course(10, 15, 18, 20 + n) for n, layer in enumerate(layers)}
    # The marks are 19, 20, 21: reached after 20 steps, and after 40.
    claim = decoders._fast(fast | slow, layers, "a", "b")
    assert "-0.5 [-0.5, -0.5]" in claim.evidence
    assert claim.verdict == "undecided"  # All samples are alike: there is no spread to judge by.
    uneven = slow | {("b", "conv1_1"): course(10, 15, 19.5, 20)}
    assert decoders._fast(fast | uneven, layers, "a", "b").verdict == "supported"
    assert decoders._fast(fast | uneven, layers, "b", "a").verdict == "refuted"


def test_accuracy_is_compared_layer_by_layer_and_image_by_image():
    rng = np.random.default_rng(0)
    results = {}
    for layer, level in (("conv1_1", 40.0), ("conv2_1", 18.0)):
        for image in "pqrs":
            value = level + rng.normal()
            results["a", layer, image] = JobResult({"psnr_db": value + 1 + 0.1 * rng.normal()})
            results["b", layer, image] = JobResult({"psnr_db": value})
    assert decoders._accurate(results, "a", "b").verdict == "supported"
    assert decoders._accurate(results, "b", "a").verdict == "refuted"
    alone = {(RANDOM, *label[1:]): r for label, r in results.items() if label[0] == "b"}
    claim = decoders._photographic(alone, ("conv1_1", "conv2_1"))
    assert claim.verdict == "refuted"
    assert "1 of 2 first layers of stages" in claim.evidence
    assert "the worst is conv2_1" in claim.evidence
    assert decoders._photographic(alone, ("conv1_1",)).verdict == "supported"


def test_distributions_are_alike_within_a_decibel():
    results = {}
    for n in range(4):
        results["gaussian", n, "p"] = JobResult({"psnr_db": 25.0 + n})
        results["binary", n, "p"] = JobResult({"psnr_db": 25.3 + 1.1 * n})
        results["sparse", n, "p"] = JobResult({"psnr_db": 23.0 + 0.9 * n})
    assert _like_gaussian(results, "binary").verdict == "supported"
    assert _like_gaussian(results, "sparse").verdict == "refuted"
    assert "he" not in _KINDS
    assert _KINDS[0] == "gaussian"


def test_one_thing_is_varied_at_a_time():
    variants = feature_maps._variants(VGG19, "conv3_1")
    numbers = ["32", "64", "128", "256"]
    assert [n for series, n in variants if series == feature_maps.ENCODER] == numbers
    assert [n for series, n in variants if series == feature_maps.DECODER] == numbers
    usual = feature_maps._Variant()
    same = {label for label, variant in variants.items() if variant == usual}
    assert same == {
        (feature_maps.ENCODER, "256"),
        (feature_maps.DECODER, "256"),
        (feature_maps.FILTERS, "3 x 3"),
    }
    narrow = variants[feature_maps.ENCODER, "32"]
    assert narrow.width == 1 / 8
    assert narrow.trained == {"maps": (256,)}
    assert narrow.untrained == {"maps": (256, 128, 64)}
    # What is usual with training is not without it.
    assert variants[feature_maps.GROWTH, "4"].trained == {}
    assert variants[feature_maps.GROWTH, "2 x 2"].untrained == {}


def test_the_usual_decoder_has_the_maps_that_narrow_encoders_get(tmp_path):
    study = Study(str(tmp_path), QUICK, runner=here)
    narrow = feature_maps.narrow_network(study, TOY_VGG, 0.5, "conv3_1", 0)
    model = narrow.build(study.folder)
    assert (model.name, model.layers[-1].name) == ("narrow_toy_vgg", "conv3_1")
    assert model.output.shape[3] == 8
    assert feature_maps.narrow_network(study, TOY_VGG, 0.5, "conv3_1", 0) == narrow
    assert feature_maps.narrow_network(study, TOY_VGG, 0.5, "conv3_1", 1) != narrow
    other = feature_maps.narrow_network(study, TOY_VGG, 0.5, "conv3_1", 0, "binary")
    assert other.file.sha256 != narrow.file.sha256


def test_untrained_decoders_mirror_with_one_convolution():
    given = untrained(NetworkSpec("toy_vgg"), "conv2_1", 4, kernel_size=5)
    shape = given.decoder
    assert (shape.upsampling, shape.depth, shape.seed, shape.kernel_size) == ("nearest", 1, 4, 5)


def untrained_results(**values):
    rng = np.random.default_rng(0)
    return {
        ("conv1_1", n, "p"): JobResult(
            {name: value + 0.01 * rng.normal() for name, value in values.items()}
        )
        for n in range(5)
    }


def test_marks_of_what_untrained_decoders_keep():
    assert (
        _positions(untrained_results(edges=0.8, edges_by_chance=0.1), "conv1_1").verdict
        == "supported"
    )
    assert (
        _positions(untrained_results(edges=0.3, edges_by_chance=0.1), "conv1_1").verdict
        == "refuted"
    )
    changed = untrained_results(error=0.4, error_mapped=0.1)
    assert _colors(changed, "conv1_1").verdict == "supported"
    kept = untrained_results(error=0.4, error_mapped=0.35)
    assert _colors(kept, "conv1_1").verdict == "refuted"
    contours = {"contours": 0.7, "contours_by_chance": 0.3}
    assert _contours(untrained_results(**contours), "conv1_1").verdict == "supported"
    # As good as with a mirrored photograph is no contour of this one.
    contours["contours_by_chance"] = 0.8
    assert _contours(untrained_results(**contours), "conv1_1").verdict == "refuted"


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return [
        {
            "decoder": kind,
            "layer": "conv1_1",
            "seed": n,
            "image": "p",
            "transform": key,
            "size": size,
            "input_change": 1.0,
            "output_change": 1.0,
            "error": 0.2 + 0.01 * rng.normal() if kind == "untrained" else 0.9,
            "alike": 0.95 + 0.01 * rng.normal() if kind == "untrained" else 0.5,
        }
        for kind in ("trained", "untrained")
        for n in range(3)
        for key, transform in TRANSFORMS.items()
        for size in transform.sizes
    ]


def test_marks_of_invariance(table):
    geometric = invariance._geometric(table, "conv1_1")
    photometric = invariance._photometric(table, "conv1_1")
    assert geometric.verdict == photometric.verdict == "supported"
    assert "Of the trained decoder: -0.1" in geometric.evidence
    assert "Of the trained decoder: 0.5" in photometric.evidence
    for row in table:
        row["error"], row["alike"] = row["error"] + 0.6, row["alike"] - 0.2
    assert invariance._geometric(table, "conv1_1").verdict == "refuted"
    assert invariance._photometric(table, "conv1_1").verdict == "refuted"
    # Each claim is judged by its own transforms.
    for row in table:
        row["error"] -= 0.6 * (row["transform"] in ("shift", "rotate", "enlarge"))
    assert invariance._geometric(table, "conv1_1").verdict == "supported"


def test_colors_are_discarded_where_no_map_brings_them_back():
    lost = untrained_results(color_explained=0.1, color_correlation=0.02)
    claim = invariance._colors(lost, "conv1_1")
    assert claim.verdict == "supported"
    assert "within 0.2 of none: supported" in claim.evidence
    scrambled = untrained_results(color_explained=0.8, color_correlation=0.02)
    assert invariance._colors(scrambled, "conv1_1").verdict == "refuted"


def run(losses, per_iteration=2):
    trace = [
        {"iteration": n, "evaluations": per_iteration * n, "loss": loss, "distance": 0.1}
        for n, loss in enumerate(losses)
    ]
    values = {"loss": losses[-1], "evaluations": trace[-1]["evaluations"]}
    return JobResult(values, {}, trace)


def test_evaluations_to_a_loss():
    trace = run([8.0, 4.0, 2.0, 1.0]).trace
    assert decoded_starts.evaluations_to(trace, 8.0) == 1
    assert decoded_starts.evaluations_to(trace, 3.0) == 4
    assert decoded_starts.evaluations_to(trace, 0.5) is None


def test_starts_are_compared_at_the_loss_that_noise_comes_to():
    results = {}
    for name, losses in (("p", [4.0, 1.0, 0.5]), ("q", [4.0, 3.0, 0.9]), ("r", [5.0, 4.0, 3.0])):
        results["noise", "conv1_1", name] = run([9.0, 6.0, 3.0, 2.0, 1.0])
        results["decoded", "conv1_1", name] = run(losses)
    found = decoded_starts._compared(results)
    assert [row["noise_evaluations"] for row in found] == [8, 8, 8]
    assert [row["decoded_evaluations"] for row in found] == [2, 4, 4]
    assert [row["reached"] for row in found] == [True, True, False]
    claim = decoded_starts._fewer(found, "conv1_1")
    assert claim.verdict == "supported"
    assert "those from noise: 0.417 [" in claim.evidence
    assert "Of 3 runs 1 ended before, and count in full." in claim.evidence
