import dataclasses

import numpy as np
import pytest
from skimage import data

import rwkeras
from rwkeras.images.reading import fit_longer_side

LAYERS = {"content_layers": ("conv2_2",), "style_layers": ("conv1_1", "conv2_1", "conv3_1")}
FEW = rwkeras.OptimizerSettings(max_iterations=20)


@pytest.fixture
def cat():
    return fit_longer_side(data.chelsea().astype(np.float32) / 255, 40)


@pytest.fixture
def tissue():
    return fit_longer_side(data.immunohistochemistry().astype(np.float32) / 255, 32)


def test_moves_towards_the_style_and_keeps_the_content(toy, cat, tissue):
    result = rwkeras.transfer_style(toy, cat, tissue, **LAYERS, optimizer=FEW)
    assert result.image.shape == cat.shape
    assert set(result.losses) == {
        "content/conv2_2",
        "style/conv1_1",
        "style/conv2_1",
        "style/conv3_1",
        "tv",
    }
    assert result.relative_loss < 0.2
    distance = rwkeras.patch_distance
    assert distance(result.image, tissue) < 0.7 * distance(cat, tissue)
    luminance = [image.mean(axis=2).ravel() for image in (result.image, cat)]
    assert np.corrcoef(*luminance)[0, 1] > 0.4


def test_weights_trade_content_for_style(toy, cat, tissue):
    def distance(style_weight):
        result = rwkeras.transfer_style(
            toy, cat, tissue, **LAYERS, style_weight=style_weight, optimizer=FEW
        )
        return rwkeras.mean_euclidean_distance(result.image, cat)[0]

    assert distance(0.01) < distance(100)


def test_total_variation_smooths(toy, cat, tissue):
    def variation(tv_weight):
        result = rwkeras.transfer_style(
            toy, cat, tissue, **LAYERS, tv_weight=tv_weight, optimizer=FEW
        )
        return rwkeras.total_variation(result.image[np.newaxis])

    assert variation(100.0) < variation(0.0)


def test_from_noise_with_a_seed(toy, cat, tissue):
    first, again, other = (
        rwkeras.transfer_style(
            toy, cat, tissue, **LAYERS, init="noise", seed=seed, optimizer=FEW
        ).image.tobytes()
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_one_style_for_a_batch(toy, cat, tissue):
    pair = np.stack([cat, np.flip(cat, 1)])
    result = rwkeras.transfer_style(toy, pair, tissue, **LAYERS, optimizer=FEW)
    assert result.image.shape == pair.shape
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(toy, pair, np.stack([tissue] * 3), **LAYERS)
    assert str(error.value) == (
        "Invalid value for argument `style`. Expected one image or 2. Received: style=3 images"
    )


def test_several_styles(toy, cat, tissue):
    coffee = fit_longer_side(data.coffee().astype(np.float32) / 255, 28)
    arguments = {**LAYERS, "optimizer": rwkeras.OptimizerSettings(max_iterations=0)}
    first, second, both, listed, twice = (
        rwkeras.transfer_style(toy, cat, style, **arguments).losses
        for style in (tissue, coffee, [tissue, coffee], [tissue], [tissue, tissue])
    )
    assert list(both) == list(first)
    assert listed == first
    assert both["style/conv1_1"] not in (first["style/conv1_1"], second["style/conv1_1"])
    for name, loss in twice.items():
        np.testing.assert_allclose(loss, first[name], rtol=1e-4)
    result = rwkeras.transfer_style(toy, cat, [tissue, coffee], **LAYERS, join="max", optimizer=FEW)
    assert result.image.shape == cat.shape
    assert result.relative_loss < 0.5


def test_errors_of_several_styles(toy, cat, tissue):
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(toy, cat, [], **LAYERS)
    assert str(error.value) == (
        "Invalid value for argument `style`. Expected at least one image. Received: style=[]"
    )
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(toy, cat, [tissue, np.stack([tissue] * 2)], **LAYERS)
    assert str(error.value) == (
        "Invalid value for argument `style`. Expected one image or 1. Received: style=2 images"
    )


@pytest.mark.parametrize("preset", rwkeras.STYLE_PRESETS)
def test_presets_are_arguments(preset, square):
    model = rwkeras.vgg19(seed=0)
    settings = dataclasses.asdict(rwkeras.STYLE_PRESETS[preset])
    none = rwkeras.OptimizerSettings(max_iterations=0)
    losses = rwkeras.transfer_style(model, square, square, **settings, optimizer=none).losses
    assert len(losses) == 7


def test_the_papers_ratio():
    paper = rwkeras.STYLE_PRESETS["paper"]
    assert paper.content_weight == 100 * paper.style_weight
    assert paper.content_layers == ("conv2_2",)
    assert paper.style_layers == tuple(f"conv{i}_1" for i in range(1, 6))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"content_weight": -1},
            "`content_weight`. Expected a finite number of at least 0. Received: content_weight=-1",
        ),
        (
            {"tv_weight": float("nan")},
            "`tv_weight`. Expected a finite number of at least 0. Received: tv_weight=nan",
        ),
        (
            {"join": "average"},
            "`join`. Expected one of 'mean', 'max', 'log_euclidean'. Received: join=average",
        ),
        ({"init": "zeros"}, "`init`. Expected one of 'content', 'noise'. Received: init=zeros"),
        (
            {"style_layers": "conv1_1"},
            "`style_layers`. Expected one or more names of different layers. "
            "Received: style_layers=conv1_1",
        ),
    ],
)
def test_errors(toy, cat, tissue, arguments, message):
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(toy, cat, tissue, **arguments)
    assert str(error.value) == f"Invalid value for argument {message}"
