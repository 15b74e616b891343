import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from tests.conftest import waves
from tests.tasks.arguments import with_settings

pytestmark = pytest.mark.eager

LAYERS = {"content_layers": ["conv2_2"], "style_layers": ["conv1_1", "conv2_1"]}
FEW = rwkeras.OptimizerSettings(memory=8, max_iterations=25)
LEFT = np.zeros((32, 32), np.float32)
LEFT[:, :16] = 1
RED = np.stack([waves(32, 32)[..., 0], np.zeros((32, 32)), np.zeros((32, 32))], 2)
BLUE = RED[..., ::-1]


def painted(toy, styles, **arguments):
    grey = np.full((32, 32, 3), 0.5, np.float32)
    given = with_settings(rwkeras.StyleSettings, **LAYERS, **{"optimizer": FEW, **arguments})
    return rwkeras.transfer_style(toy, grey, styles, **given)


@pytest.mark.slow
def test_each_style_has_its_region(toy):
    styles = [RED.astype(np.float32), BLUE.astype(np.float32)]
    result = painted(toy, styles, content_masks=[LEFT, 1 - LEFT], content_weight=0.0)
    left, right = result.image[:, 2:14].mean((0, 1)), result.image[:, 18:30].mean((0, 1))
    assert left[0] > left[2] + 0.1
    assert right[2] > right[0] + 0.1
    assert {name.rsplit("_", 1)[-1] for name in result.losses if name.startswith("style/")} == {
        "region1",
        "region2",
    }


@pytest.mark.slow
def test_one_region_of_everything_is_a_style_without_masks(toy):
    style, everywhere = waves(24, 28), np.ones((32, 32), np.float32)
    plain = painted(toy, style)
    masked = painted(toy, [style], content_masks=[everywhere])
    assert rwkeras.psnr(plain.image, masked.image)[0] > 30
    np.testing.assert_allclose(masked.loss, plain.loss, rtol=1e-2)


@pytest.mark.slow
def test_a_part_of_a_style(toy, tmp_path):
    # Red on the left, blue on the right, of which the left alone is taken.
    style = np.where(LEFT[..., np.newaxis] > 0, RED, BLUE).astype(np.float32)
    rwkeras.write_image(tmp_path / "mask.png", np.repeat(LEFT[..., np.newaxis], 3, 2))
    everywhere = np.ones((32, 32), np.float32)
    result = painted(
        toy,
        [style],
        content_masks=[everywhere],
        style_masks=[tmp_path / "mask.png"],
        content_weight=0.0,
    )
    mean = result.image.mean((0, 1))
    assert mean[0] > mean[2] + 0.1


@pytest.mark.slow
def test_from_coarse_to_fine(toy):
    scales = rwkeras.ScaleSettings(smallest=16)
    styles = [RED.astype(np.float32), BLUE.astype(np.float32)]
    result = painted(toy, styles, content_masks=[LEFT, 1 - LEFT], scales=scales)
    assert result.image.shape == (32, 32, 3)
    assert result.loss < result.initial_loss


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"content_masks": [LEFT]},
            "`content_masks`. Expected one per style, 2. Received: content_masks=1",
        ),
        (
            {"style_masks": [LEFT, LEFT]},
            "`content_masks`. Expected one per style, 2. Received: content_masks=0",
        ),
        (
            {"content_masks": [LEFT, LEFT], "style_masks": [LEFT]},
            "`style_masks`. Expected one per region of the content, 2. Received: style_masks=1",
        ),
        (
            {"content_masks": [LEFT, 0 * LEFT]},
            "`content_masks`. Expected one grey image per region, not all black. Received: "
            "content_masks=an all-black image",
        ),
        (
            {"content_masks": [LEFT, LEFT], "source_weights": (1, 2)},
            "`source_weights`. Expected None with `content_masks`. Received: source_weights=[1, 2]",
        ),
        (
            {"content_masks": [LEFT, LEFT], "join": "max"},
            "`join`. Expected 'mean' with `content_masks`, which does not combine styles. "
            "Received: join=max",
        ),
        (
            {
                "content_masks": [LEFT, LEFT],
                "optimizer": rwkeras.OptimizerSettings(tile_size=16),
            },
            "`tile_size`. Expected None with `content_masks`, which apply to the whole picture. "
            "Received: tile_size=16",
        ),
    ],
)
def test_errors(toy, arguments, message):
    styles = [waves(32, 32), waves(32, 32)[::-1]]
    with pytest.raises(ValueError) as error:
        painted(toy, styles, **arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_a_batch_of_styles_is_refused(toy):
    styles = [tf.stack([waves(32, 32)] * 2)]
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(
            toy,
            np.stack([waves(32, 32)] * 2),
            styles,
            rwkeras.StyleSettings(**LAYERS),
            content_masks=[LEFT],
        )
    assert str(error.value) == (
        "Invalid value for argument `style`. Expected one image per region with `content_masks`. "
        "Received: style=a batch"
    )


def of_size(height, width):
    return np.ones((height, width), np.float32)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (
            {"content_masks": [of_size(31, 20)], "style_masks": [of_size(24, 40)]},
            "`content_masks`. Expected masks with the aspect ratio of the picture, 31 high and 47 "
            "wide. Received: content_masks=(31, 20)",
        ),
        (
            {"content_masks": [of_size(31, 47)], "style_masks": [of_size(40, 24)]},
            "`style_masks`. Expected masks with the aspect ratio of the picture, 24 high and 40 "
            "wide. Received: style_masks=(40, 24)",
        ),
        (
            {"content_masks": [of_size(310, 520)]},
            "`content_masks`. Expected masks with the aspect ratio of the picture, 31 high and 47 "
            "wide. Received: content_masks=(310, 520)",
        ),
    ],
)
def test_masks_of_other_proportions_are_refused(toy, masks, message):
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(
            toy, waves(31, 47), [waves(24, 40)], rwkeras.StyleSettings(**LAYERS), **masks
        )
    assert str(error.value) == f"Invalid value for argument {message}"


@pytest.mark.parametrize("size", [(31, 47), (16, 24), (15, 23), (62, 94), (313, 474)])
def test_masks_of_other_sizes_are_taken(toy, size):
    few = rwkeras.OptimizerSettings(memory=8, max_iterations=1)
    masks = {"content_masks": [of_size(*size)], "style_masks": [of_size(12, 20)]}
    result = rwkeras.transfer_style(
        toy, waves(31, 47), [waves(24, 40)], rwkeras.StyleSettings(**LAYERS), **masks, optimizer=few
    )
    assert result.image.shape == (31, 47, 3)
