import dataclasses
import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.networks.circular import with_mirrored_padding
from rwkeras.networks.features import feature_extractor
from rwkeras.networks.multiscale import multiscale, multiscale_layers
from rwkeras.networks.octaves import octave_layers, with_octaves
from rwkeras.optimizers.compiled_problem import CompiledProblem
from rwkeras.optimizers.problem import Problem
from rwkeras.optimizers.run import Run
from rwkeras.tasks.memory import _Budget, fit_to_memory
from rwkeras.tasks.scales import ScaleSettings
from tests.conftest import waves

pytestmark = pytest.mark.eager

LAYERS = ["conv1_1", "conv3_1"]
GIB = 2**30


def planned(model, side, bound, **arguments):
    shape = (1, side, side, 3)
    settings = rwkeras.OptimizerSettings(max_memory=bound, **arguments)
    return fit_to_memory(model, LAYERS, shape, [shape], settings)


def budget(model, side, coordinates="pixels", sizes=1, **arguments):
    shape = (1, side, side, 3)
    extractor = feature_extractor(model, LAYERS)
    settings = rwkeras.OptimizerSettings(**arguments)
    return _Budget(extractor, shape, [shape], settings, coordinates, sizes)


def refusal(make):
    with pytest.raises(ValueError) as error:
        make()
    return str(error.value)


def test_without_a_bound_nothing_changes(toy):
    settings = rwkeras.OptimizerSettings()
    assert fit_to_memory(toy, LAYERS, (1, 64, 64, 3), [], settings) is settings


def test_what_fits_is_evaluated_whole(toy):
    assert planned(toy, 64, 1.5, memory=7) == rwkeras.OptimizerSettings(memory=7)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_what_does_not_fit_is_divided_into_tiles_as_large_as_fit(toy, optimizer):
    estimate = budget(toy, 4096, optimizer=optimizer)
    for bound in (estimate.tiled(512, 8) / GIB, estimate.tiled(1024, 20) / GIB):
        settings = planned(toy, 4096, bound * 1.001, optimizer=optimizer)
        assert settings.max_memory is None
        assert settings.tile_size % 64 == 0
        assert estimate.tiled(settings.tile_size, settings.memory) <= bound * 1.001 * GIB
        assert estimate.tiled(settings.tile_size + 64, settings.memory) > bound * GIB
        assert settings.tile_size >= 512


def test_lbfgs_pairs_are_reduced_before_tiles_shrink(toy):
    estimate = budget(toy, 4096)
    by_bound = [
        planned(toy, 4096, estimate.tiled(*choice) / GIB * 1.001)
        for choice in ((128, 3), (512, 3), (512, 8), (512, 20))
    ]
    assert [each.memory for each in by_bound] == [3, 3, 8, 20]
    assert 128 <= by_bound[0].tile_size < 512
    assert {each.tile_size for each in by_bound[1:]} == {512}


def test_coordinates_count_where_they_are_used(toy):
    bound = (budget(toy, 512).whole() + 1) / GIB
    shape, settings = (1, 512, 512, 3), rwkeras.OptimizerSettings(max_memory=bound)
    assert planned(toy, 512, bound).tile_size is None
    tiled = fit_to_memory(toy, LAYERS, shape, [shape], settings, adapts=True)
    assert tiled.tile_size is not None


def test_larger_images_take_more(toy):
    small, large = budget(toy, 1024), budget(toy, 2048)
    pixels = 2048**2 - 1024**2
    # At least the image, the position, the gradient, the direction and a pair, three channels each.
    assert large.tiled(256, 1) - small.tiled(256, 1) > 6 * 3 * 4 * pixels
    assert large.whole() > large.tiled(256, 20) > large.tiled(256, 3)
    fourier = budget(toy, 1024, "fourier")
    assert fourier.whole() > small.whole()
    assert fourier.tiled(256, 3) > small.tiled(256, 3)
    adaptive = budget(toy, 1024, "adaptive")
    assert adaptive.whole() == fourier.whole()
    assert adaptive.tiled(256, 3) == small.tiled(256, 3)


def test_a_bound_that_is_too_low(toy):
    least = np.ceil(budget(toy, 4096).tiled(128, 3) / GIB * 10) / 10
    message = refusal(lambda: planned(toy, 4096, 1))
    assert message == (
        f"Invalid value for argument `max_memory`. Expected at least {least:.1f} GiB for an image "
        "of this size. Received: max_memory=1"
    )
    assert planned(toy, 4096, float(least)).tile_size >= 128


def test_a_network_whose_images_cannot_be_divided(toy):
    model = with_mirrored_padding(toy)
    least = np.ceil(budget(toy, 512).whole() / GIB * 10) / 10
    message = refusal(lambda: planned(model, 512, 0.1))
    assert message == (
        f"Invalid value for argument `max_memory`. Expected at least {least:.1f} GiB for the "
        f"whole image, as '{model.name}' cannot be evaluated by tiles. Received: "
        "max_memory=0.1"
    )


def test_a_pyramid_is_divided():
    model, layers, side = multiscale(), multiscale_layers(), 2048
    shape = (1, side, side, 3)
    estimate = _Budget(
        feature_extractor(model, layers), shape, [shape], rwkeras.OptimizerSettings()
    )
    # Three banks of 22 maps and the maps side by side, at both levels, with their gradients.
    assert estimate.whole() > 2 * 4 * 2 * 3 * 22 * 1.25 * side**2
    assert estimate.whole() < 2 * 4 * 2 * 3 * 22 * 1.25 * side**2 + 5 * GIB
    for bound, tile in ((estimate.whole(), None), (estimate.tiled(512, 20), 512)):
        settings = rwkeras.OptimizerSettings(max_memory=bound / GIB * 1.001)
        chosen = fit_to_memory(model, layers, shape, [shape], settings)
        assert (chosen.tile_size, chosen.memory, chosen.max_memory) == (tile, 20, None)


def test_layers_count_at_each_octave():
    one, shape = rwkeras.toy_vgg(), (1, 1024, 1024, 3)

    def activations(octaves):
        layers = octave_layers(["conv1_2"], octaves)
        extractor = feature_extractor(with_octaves(one, ["conv1_2"], octaves), layers)
        estimate = _Budget(extractor, shape, [shape], rwkeras.OptimizerSettings())
        return estimate.whole() - _Budget(extractor, shape, [], rwkeras.OptimizerSettings())._fixed

    # The images of the pyramid are no more than what the network takes of the image itself.
    assert activations(2) - activations(1) > 0.24 * 2 * 4 * 2 * 8 * 1024**2


def test_tasks_that_cannot_be_divided(toy, square):
    low = rwkeras.OptimizerSettings(max_memory=0.1, max_iterations=1)
    message = refusal(
        lambda: rwkeras.synthesize_texture(
            toy, square, rwkeras.TextureSettings(LAYERS, tileable=True), optimizer=low
        )
    )
    assert "GiB for a tileable texture, which cannot be tiled. Received: max_memory=0.1" in message
    mask = np.ones(square.shape[:2])
    message = refusal(
        lambda: rwkeras.transfer_style(
            toy,
            square,
            square,
            rwkeras.StyleSettings(LAYERS, LAYERS),
            content_masks=[mask],
            style_masks=[mask],
            optimizer=low,
        )
    )
    assert "for a picture with `content_masks`, which cannot be tiled." in message


def test_an_image_that_is_too_small_for_the_layers(toy):
    message = refusal(lambda: fit_to_memory(
        toy, ["conv3_1"], (1, 2, 2, 3), [], rwkeras.OptimizerSettings(max_memory=4)
    ))  # fmt: skip
    assert (
        "`image`. Expected an image large enough for the pooling layers before conv3_1" in message
    )


def test_objectives_of_ones_own(toy, square):
    settings = rwkeras.OptimizerSettings(max_memory=4)
    objective = rwkeras.tv_term()
    message = refusal(
        lambda: rwkeras.optimize_image(toy, objective, square[np.newaxis], optimizer=settings)
    )
    assert message == (
        "Invalid value for argument `max_memory`. Expected None for a custom objective, whose "
        "memory is bounded by `tile_size`. Received: max_memory=4"
    )


def test_a_task_is_what_the_chosen_settings_make_of_it(toy):
    picture = waves(256, 256).astype(np.float32)
    least = budget(toy, 256, memory=4).tiled(256, 3) / GIB
    bounded = rwkeras.OptimizerSettings(
        max_memory=least * (1 + 1e-6), memory=4, max_iterations=2, precision="float32"
    )
    chosen = planned(toy, 256, bounded.max_memory, memory=4)
    assert (chosen.tile_size, chosen.memory) == (256, 3)
    definite = dataclasses.replace(bounded, max_memory=None, tile_size=256, memory=3)
    images = [
        rwkeras.synthesize_texture(
            toy, picture, rwkeras.TextureSettings(LAYERS, scales=None), optimizer=settings
        ).image
        for settings in (bounded, definite)
    ]
    np.testing.assert_array_equal(*images)


def test_an_inversion_heeds_its_bound(toy, square):
    settings = rwkeras.OptimizerSettings(max_memory=0.1)
    message = refusal(
        lambda: rwkeras.invert(
            toy, square, rwkeras.InversionSettings("conv3_1"), optimizer=settings
        )
    )
    assert "`max_memory`. Expected at least 1.4 GiB for an image of this size." in message


def textures(toy, picture):
    """Returns textures of a picture as a function of scales, and of what is no setting."""

    def task(scales, **given):
        settings = rwkeras.TextureSettings(LAYERS, scales=scales)
        return rwkeras.synthesize_texture(toy, picture, settings, **given)

    return task


def styles(toy, picture):
    """Returns the same of styles."""

    def task(scales, **given):
        settings = rwkeras.StyleSettings(LAYERS, LAYERS, scales=scales)
        return rwkeras.transfer_style(toy, picture, picture, settings, **given)

    return task


def test_sizes_count_each(toy, square):
    low = rwkeras.OptimizerSettings(max_memory=0.1)
    tasks = {"texture": textures(toy, square), "style": styles(toy, square)}
    for name, task in tasks.items():
        needed = []
        for scales in (None, ScaleSettings(smallest=square.shape[0] // 4, step=2)):
            message = refusal(functools.partial(task, scales, optimizer=low))
            needed.append(float(re.search(r"at least ([\d.]+) GiB", message).group(1)))
        assert needed[1] - needed[0] == pytest.approx(0.3), name


def test_the_last_size_is_refused_before_the_first_is_made(toy):
    picture = waves(1024, 1024).astype(np.float32)
    scales = ScaleSettings(smallest=16, step=8)
    needed = budget(toy, 1024, sizes=3).tiled(128, 3) / GIB
    assert budget(toy, 16, sizes=3).whole() / GIB < needed - 0.1
    low = rwkeras.OptimizerSettings(max_memory=needed - 0.05, max_iterations=1)
    told = []
    for task in (textures(toy, picture), styles(toy, picture)):
        message = refusal(functools.partial(task, scales, optimizer=low, callback=told.append))
        assert "for an image of this size" in message
    assert not told


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no one knows the peak there")
def test_a_tool_stays_below_its_bound(tmp_path):
    side, bound = 1536, 2.3
    rwkeras.write_image(tmp_path / "photo.png", waves(side, side))
    tool = Path(__file__).parents[2] / "tools" / "style.py"
    process = subprocess.run(
        [sys.executable, tool, "--content=photo.png", "--style=photo.png", "--output=out.png",
         "--report=report.json", "--network=toy_vgg", "--content_layers=conv2_2",
         "--style_layers=conv1_1,conv3_1", "--image_size=0", "--max_iterations=5",
         "--nocoarse_to_fine",
         f"--max_memory={bound}"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    peak = json.loads((tmp_path / "report.json").read_text())["peak_memory_gib"]
    # The picture and the pairs alone are a good part of it.
    assert 0.8 < peak <= bound
    assert f"note: peak memory {peak:.2f} GiB, limit {bound}" in process.stderr


@pytest.mark.parametrize("optimizer", ["lbfgs", "tfp", "adam"])
@pytest.mark.parametrize("coordinates", ["pixels", "fourier"])
def test_checkpoints_count(toy, optimizer, coordinates):
    def quadratic(images, data):
        return {"loss": tf.reduce_sum(tf.square(images), (1, 2, 3))}

    start, values = tf.zeros([1, 16, 16, 3]), 16 * 16 * 3
    how = {"optimizer": optimizer, "parametrization": coordinates, "memory": 5}
    settings = rwkeras.OptimizerSettings(**how)
    problem = CompiledProblem(Problem({"float32": quadratic}), optimizer, settings.memory)
    state = tf.nest.flatten(Run(problem, start, None, 0, settings).state)
    images = sum(int(tf.size(leaf)) for leaf in state if leaf is not None) / values
    without, kept = (
        budget(toy, 1024, coordinates, checkpoint_dir=folder, **how) for folder in (None, "state")
    )
    image = 4 * 3 * 1024**2
    for difference in (kept.whole() - without.whole(), kept.tiled(256, 5) - without.tiled(256, 5)):
        np.testing.assert_allclose(difference / image, images, atol=0.1)
