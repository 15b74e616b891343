import dataclasses

import numpy as np
import pytest

import rwkeras
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.syntheses import Style, Texture
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.pictures import put_picture, read_picture
from tests.conftest import waves

pytestmark = pytest.mark.eager

QUICK = OptimizerSettings(memory=8, max_iterations=8, precision="float32")


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


@pytest.fixture
def texture(folder):
    return put_picture(folder, "texture", waves(32, 32))


def test_a_texture_is_that_of_synthesize_texture(folder, texture):
    network = NetworkSpec("toy_vgg", reference=texture)
    layers = ("conv1_1", "conv2_1")
    settings = rwkeras.TextureSettings(layers, scales=None, seed=2)
    result = Texture(network, texture, settings, QUICK).run(folder)
    plain = rwkeras.synthesize_texture(
        network.build(folder),
        read_picture(texture, folder),
        settings,
        optimizer=QUICK,
    )
    np.testing.assert_array_equal(result.pictures["picture"], plain.image)
    assert result.values["evaluations"] == plain.evaluations
    assert 0 < result.values["relative_patch_distance"] < 1


def test_a_style_is_that_of_transfer_style(folder, texture):
    content = put_picture(folder, "content", waves(24, 32))
    network = NetworkSpec("toy_vgg", reference=content)
    settings = dataclasses.replace(
        rwkeras.STYLE_PRESETS["paper"],
        content_layers=("conv2_1",),
        style_layers=("conv1_1", "conv2_1"),
        scales=None,
        seed=2,
    )
    result = Style(network, content, texture, settings, QUICK).run(folder)
    plain = rwkeras.transfer_style(
        network.build(folder),
        read_picture(content, folder),
        read_picture(texture, folder),
        settings,
        optimizer=QUICK,
    )
    np.testing.assert_array_equal(result.pictures["picture"], plain.image)
    assert result.pictures["picture"].shape == (24, 32, 3)
    assert 0 < result.values["ssim_content"] <= 1
    assert result.values["patch_distance_style"] > 0
    assert result.values["patch_distance_content"] > 0
