import numpy as np
import pytest
import tensorflow as tf
from skimage import data

import rwkeras
from rwkeras.images.reading import fit_longer_side
from rwkeras.images.writing import to_uint8, write_image
from rwkeras.tasks.scales import ScaleSettings, resized, scaled
from rwkeras.tasks.style_objective import style_parts
from tests.conftest import waves
from tests.tasks.arguments import with_settings

LAYERS = {"content_layers": ("conv2_2",), "style_layers": ("conv1_1", "conv2_1", "conv3_1")}
FEW = rwkeras.OptimizerSettings(memory=8, max_iterations=20)
NONE = rwkeras.OptimizerSettings(memory=8, max_iterations=0)


@pytest.fixture
def cat():
    return fit_longer_side(data.chelsea().astype(np.float32) / 255, 40)


@pytest.fixture
def tissue():
    return fit_longer_side(data.immunohistochemistry().astype(np.float32) / 255, 32)


def test_moves_towards_the_style_and_keeps_the_content(toy, cat, tissue):
    result = rwkeras.transfer_style(
        toy, cat, tissue, rwkeras.StyleSettings(**LAYERS), optimizer=FEW
    )
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
            toy,
            cat,
            tissue,
            rwkeras.StyleSettings(**LAYERS, style_weight=style_weight),
            optimizer=FEW,
        )
        return rwkeras.mean_euclidean_distance(result.image, cat)[0]

    assert distance(0.01) < distance(100)


def test_content_weighs_less_in_a_larger_picture(toy, cat, tissue):
    def losses(**weights):
        result = rwkeras.transfer_style(
            toy, cat, tissue, rwkeras.StyleSettings(**LAYERS, **weights), optimizer=NONE
        )
        return {name: float(loss) for name, loss in result.losses.items()}

    noise = {"init": "noise", "content_weight": 1.0}
    least, most = losses(**noise, content_side=10), losses(**noise)
    content = "content/conv2_2"
    np.testing.assert_allclose(least.pop(content), most.pop(content) / 4, rtol=1e-6)
    assert least == most
    assert losses(**noise, content_side=40) == losses(**noise)


def test_how_content_weighs():
    settings = rwkeras.STYLE_PRESETS["multiscale"]
    expected = {64: 1.0, 256: 1.0, 512: 0.5, 1024: 0.25}
    assert {side: settings.content_factor(side) for side in expected} == expected
    tensors = {side: settings.content_factor(tf.constant(side)) for side in expected}
    assert {side: float(factor) for side, factor in tensors.items()} == expected
    assert rwkeras.STYLE_PRESETS["paper"].content_factor(1024) == 1.0


def test_total_variation_smooths(toy, cat, tissue):
    def variation(tv_weight):
        result = rwkeras.transfer_style(
            toy, cat, tissue, rwkeras.StyleSettings(**LAYERS, tv_weight=tv_weight), optimizer=FEW
        )
        return rwkeras.total_variation(result.image[np.newaxis])

    assert variation(100.0) < variation(0.0)


def test_from_noise_with_a_seed(toy, cat, tissue):
    first, again, other = (
        rwkeras.transfer_style(
            toy,
            cat,
            tissue,
            rwkeras.StyleSettings(**LAYERS, init="noise", seed=seed),
            optimizer=FEW,
        ).image.tobytes()
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.slow
def test_one_style_for_a_batch(toy, cat, tissue):
    pair = np.stack([cat, np.flip(cat, 1)])
    result = rwkeras.transfer_style(
        toy, pair, tissue, rwkeras.StyleSettings(**LAYERS), optimizer=FEW
    )
    assert result.image.shape == pair.shape
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(toy, pair, np.stack([tissue] * 3), rwkeras.StyleSettings(**LAYERS))
    assert str(error.value) == (
        "Invalid value for argument `style`. Expected one image or a batch of 2. "
        "Received: style=3 images"
    )


def test_several_styles(toy, cat, tissue):
    coffee = fit_longer_side(data.coffee().astype(np.float32) / 255, 28)
    settings = rwkeras.StyleSettings(**LAYERS)
    first, second, both, listed, twice = (
        rwkeras.transfer_style(toy, cat, style, settings, optimizer=NONE).losses
        for style in (tissue, coffee, [tissue, coffee], [tissue], [tissue, tissue])
    )
    assert list(both) == list(first)
    assert listed == first
    assert both["style/conv1_1"] not in (first["style/conv1_1"], second["style/conv1_1"])
    for name, loss in twice.items():
        np.testing.assert_allclose(loss, first[name], rtol=1e-4)
    result = rwkeras.transfer_style(
        toy, cat, [tissue, coffee], rwkeras.StyleSettings(**LAYERS, join="max"), optimizer=FEW
    )
    assert result.image.shape == cat.shape
    assert result.relative_loss < 0.5


def test_errors_of_several_styles(toy, cat, tissue):
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(toy, cat, [], rwkeras.StyleSettings(**LAYERS))
    assert str(error.value) == (
        "Invalid value for argument `style`. Expected at least one image. Received: style=[]"
    )
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(
            toy, cat, [tissue, np.stack([tissue] * 2)], rwkeras.StyleSettings(**LAYERS)
        )
    assert str(error.value) == (
        "Invalid value for argument `style`. Expected one image or a batch of 1. "
        "Received: style=2 images"
    )


@pytest.mark.slow
@pytest.mark.parametrize("preset", rwkeras.STYLE_PRESETS)
def test_presets_are_settings(preset, square):
    model = "multiscale" if preset == "multiscale" else rwkeras.vgg19(seed=0)
    settings = rwkeras.STYLE_PRESETS[preset]
    losses = rwkeras.transfer_style(model, square, square, settings, optimizer=NONE).losses
    layers = {*settings.content_layers, *settings.style_layers}
    assert {name.partition("/")[2] or name for name in losses} == {*layers, "tv"}


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
            {"content_side": 0},
            "`content_side`. Expected an integer of at least 1. Received: content_side=0",
        ),
        (
            {"join": "average"},
            "`join`. Expected one of 'mean', 'max', 'log_euclidean'. Received: join=average",
        ),
        (
            {"init": "zeros"},
            "`init`. Expected the path of an existing picture or of a decoder's .keras file. "
            "Received: init=zeros",
        ),
        (
            {"init": np.zeros((2, 40, 40, 3))},
            "`init`. Expected one image or a batch of 1. Received: init=2 images",
        ),
        (
            {"style_scale": 0},
            "`style_scale`. Expected a finite number greater than 0. Received: style_scale=0",
        ),
        (
            {"style_scale": -0.5},
            "`style_scale`. Expected a finite number greater than 0. Received: style_scale=-0.5",
        ),
        (
            {"style_layers": "conv1_1"},
            "`style_layers`. Expected one or more different layer names. Received: "
            "style_layers=conv1_1",
        ),
    ],
)
def test_errors(toy, cat, tissue, arguments, message):
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(
            toy, cat, tissue, **with_settings(rwkeras.StyleSettings, **arguments)
        )
    assert str(error.value) == f"Invalid value for argument {message}"


def test_from_an_image_of_any_size(toy, cat, tissue, tmp_path):
    def start_of(init, content=cat):
        return rwkeras.transfer_style(
            toy, content, tissue, rwkeras.StyleSettings(**LAYERS), init=init, optimizer=NONE
        ).image

    drawn = waves(*cat.shape[:2])
    np.testing.assert_array_equal(start_of(drawn), drawn)
    small = waves(17, 30)
    fitted = resized(tf.constant(small[np.newaxis]), cat.shape[:2])
    np.testing.assert_array_equal(start_of(small), fitted[0])
    np.testing.assert_array_equal(start_of(small[np.newaxis]), fitted[0])
    pair = np.stack([cat, np.flip(cat, 1)])
    np.testing.assert_array_equal(start_of(small, pair), np.concatenate([fitted, fitted]))
    np.testing.assert_array_equal(start_of(1 - pair, pair), 1 - pair)
    write_image(tmp_path / "start.png", drawn)
    expected = to_uint8(drawn).astype(np.float32) / 255
    for path in (tmp_path / "start.png", str(tmp_path / "start.png")):
        np.testing.assert_allclose(start_of(path), expected, atol=1e-6)


def test_from_what_a_decoder_makes_of_the_content(toy, cat, tissue, tmp_path):
    path = tmp_path / "decoder.keras"
    rwkeras.decnn(
        toy, "conv2_1", rwkeras.decoder(toy, "conv2_1", rwkeras.DecoderSettings(depth=1))
    ).save(path)
    for given in (path, str(path)):
        result = rwkeras.transfer_style(
            toy, cat, tissue, rwkeras.StyleSettings(**LAYERS), init=given, optimizer=NONE
        )
        np.testing.assert_array_equal(result.image, rwkeras.decode(path, cat))


def test_a_start_decides_where_it_ends(toy, cat, tissue):
    from_cat, from_waves = (
        rwkeras.transfer_style(
            toy, cat, tissue, rwkeras.StyleSettings(**LAYERS), init=init, optimizer=FEW
        )
        for init in (None, waves(24, 24))
    )
    again = rwkeras.transfer_style(
        toy, cat, tissue, rwkeras.StyleSettings(**LAYERS), init=cat, optimizer=FEW
    )
    assert again.image.tobytes() == from_cat.image.tobytes()
    assert from_waves.relative_loss < 0.2
    assert not np.allclose(from_waves.image, from_cat.image, atol=0.02)


def test_the_size_at_which_styles_are_taken(toy, cat, tissue):
    def losses(style, **arguments):
        return rwkeras.transfer_style(
            toy, cat, style, rwkeras.StyleSettings(**LAYERS, **arguments), optimizer=NONE
        ).losses

    assert losses(tissue, style_scale=1) == losses(tissue)
    for scale in (0.5, 1.5):
        other = scaled(tf.constant(tissue[np.newaxis]), scale)[0].numpy()
        assert other.shape[0] == round(scale * tissue.shape[0])
        assert losses(tissue, style_scale=scale) == losses(other)
        assert losses(other) != losses(tissue)


SCALES = ScaleSettings(smallest=20, step=2, least_iterations=4)
STEPS = rwkeras.OptimizerSettings(memory=8, max_iterations=16, report_every=4)


def coarse_to_fine(toy, cat, tissue, **arguments):
    given = {**LAYERS, "scales": SCALES, "optimizer": STEPS, **arguments}
    return rwkeras.transfer_style(toy, cat, tissue, **with_settings(rwkeras.StyleSettings, **given))


def test_from_coarse_to_fine(toy, cat, tissue):
    heard = []
    result = coarse_to_fine(toy, cat, tissue, callback=heard.append)
    assert result.image.shape == cat.shape
    assert result.iterations == 16 + 8
    assert [progress.iteration for progress in heard] == [0, 4, 8, 12, 16, 16, 20, 24]
    assert {progress.max_iterations for progress in heard} == {24}
    assert [progress.images.shape[2] for progress in heard] == [20] * 5 + [40] * 3
    evaluations = [progress.evaluations for progress in heard]
    assert evaluations == sorted(evaluations)
    assert result.evaluations == evaluations[-1]
    np.testing.assert_array_equal(result.image, np.clip(heard[-1].images[0], 0, 1))
    # The last size starts from the one before, which is near.
    whole = rwkeras.transfer_style(
        toy, cat, tissue, rwkeras.StyleSettings(**LAYERS), optimizer=NONE
    )
    assert result.initial_loss < 0.5 * whole.loss


def test_a_callback_stops_at_any_size(toy, cat, tissue):
    for iteration in (8, 16, 20):
        result = coarse_to_fine(
            toy, cat, tissue, callback=lambda progress, last=iteration: progress.iteration >= last
        )
        assert result.stopped
        assert result.iterations == iteration
        assert result.image.shape == cat.shape


def test_from_coarse_to_fine_where_there_is_a_start(toy, cat, tissue):
    starts = {}

    def hear(init):
        def callback(progress):
            starts.setdefault(init, progress.images)
            return True

        return callback

    images = tf.constant(cat[np.newaxis])
    given = waves(50, 50)
    for init in ("content", "noise"):
        coarse_to_fine(toy, cat, tissue, init=init, callback=hear(init))
    coarse_to_fine(toy, cat, tissue, init=given, callback=hear("given"))
    smallest = scaled(images, 0.5)
    size = tuple(smallest.shape[1:3])
    np.testing.assert_array_equal(starts["content"], smallest)
    expected = resized(tf.constant(given[np.newaxis]), size)
    np.testing.assert_array_equal(starts["given"], expected)
    assert starts["noise"].shape == (1, *size, 3)
    np.testing.assert_allclose(np.std(starts["noise"]), 0.02, rtol=0.1)


def test_a_run_from_coarse_to_fine_goes_on(toy, cat, tissue, tmp_path):
    def run(folder, **arguments):
        optimizer = rwkeras.OptimizerSettings(
            memory=8, max_iterations=16, report_every=4, checkpoint_dir=str(tmp_path / folder)
        )
        return coarse_to_fine(toy, cat, tissue, optimizer=optimizer, **arguments)

    whole = run("whole")
    stopped = run("stopped", callback=lambda progress: progress.images.shape[2] == 40)
    assert stopped.stopped
    assert stopped.iterations == 16
    names = ["step_0", "step_1"]
    assert sorted(path.name for path in (tmp_path / "stopped").iterdir()) == names
    again = run("stopped")
    assert again.image.tobytes() == whole.image.tobytes()
    assert (again.iterations, again.evaluations) == (whole.iterations, whole.evaluations)


def test_how_much_styles_count(toy, cat, tissue):
    coffee = fit_longer_side(data.coffee().astype(np.float32) / 255, 28)

    def losses(style, weights=None):
        return rwkeras.transfer_style(
            toy, cat, style, rwkeras.StyleSettings(**LAYERS, source_weights=weights), optimizer=NONE
        ).losses

    first, second = losses(tissue), losses(coffee)
    for weights, expected in (((1, 0), first), ([0, 3.0], second)):
        for name, loss in losses([tissue, coffee], weights).items():
            np.testing.assert_allclose(loss, expected[name], rtol=1e-4)
    mostly, both = losses([tissue, coffee], (9, 1)), losses([tissue, coffee], (1, 1))
    name = "style/conv1_1"
    assert len({losses[name] for losses in (first, second, mostly, both)}) == 4


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ((1,), "one number of at least 0 per source, 2, not all 0. Received: {}=[1]"),
        ((0, 0), "one number of at least 0 per source, 2, not all 0. Received: {}=[0, 0]"),
        ((1, -1), "a finite number of at least 0. Received: {}=-1"),
    ],
)
def test_invalid_source_weights(toy, cat, tissue, weights, message):
    with pytest.raises(ValueError) as error:
        rwkeras.transfer_style(
            toy, cat, [tissue, tissue], rwkeras.StyleSettings(**LAYERS, source_weights=weights)
        )
    expected = message.format("source_weights")
    assert str(error.value) == f"Invalid value for argument `source_weights`. Expected {expected}"


@pytest.mark.parametrize("tile", [None, 16])
def test_a_style_counts_alike_however_large_the_painting_is(tile):
    # A network of its own: gradients are taken of it eagerly, whatever others have traced of `toy`.
    network = rwkeras.toy_vgg(seed=3)
    rwkeras.calibrate(network, waves(32, 32))
    # One painting at several sizes: smooth, so that it is the same picture at each.
    painting = 0.5 + (waves(16, 16) - 0.5) / 4
    content = tf.constant(waves(32, 40)[np.newaxis])
    settings = rwkeras.StyleSettings(**LAYERS, content_weight=0, tv_weight=0)
    extractor = rwkeras.feature_extractor(network, LAYERS["style_layers"])
    sizes = []
    for side in (64, 128, 256):  # Of smaller ones, the zeros beyond the borders are much.
        source = resized(tf.constant(painting[np.newaxis]), (side, side))
        objective = style_parts(network, content, source, settings, tile)[1]
        with tf.GradientTape() as tape:
            tape.watch(content)
            loss = tf.add_n(list(objective(extractor(content)).values()))
        sizes.append(float(tf.reduce_mean(tf.abs(tape.gradient(loss, content)))))
    # Growing with the area, the last would be 16 times the first.
    assert max(sizes) < 1.5 * min(sizes)
