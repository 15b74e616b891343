import keras
import numpy as np
import pytest

import rwkeras
from rwkeras.networks.initializers import Gaussian
from rwkeras.networks.multiscale import multiscale
from rwkeras.networks.standardize import can_standardize, redraw, standardize

SMALL = {"filters": 4, "sizes": (3, 5)}
REFUSED = (
    "Invalid value for argument `model`. Expected a network whose only weights are those of "
    "convolutions with biases and random kernels. Received: model={}"
)


def answers(model, layer, images):
    """Returns what a layer's filters answer before their biases, [positions, filters]."""
    inputs = keras.Function(model.inputs[0], layer.input)(images)
    found = keras.ops.conv(inputs, layer.kernel, padding="same")
    return np.reshape(found, (-1, found.shape[-1])).astype(np.float64)


def convolutions(model):
    return [layer for layer in model.layers if layer.weights]


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("draw", [0, 3])
def test_answers_have_mean_0_and_variance_1_before_the_threshold(square, depth, draw):
    model = multiscale(depth=depth, bias_stddev=0.5, seed=5, **SMALL)
    redraw(model, draw)
    standardize(model, square, draw=draw)
    for layer in convolutions(model):
        thresholds = Gaussian(0.5, 5).stream(layer.name, "bias")
        thresholds = thresholds.stream("draw3") if draw else thresholds
        thresholds = thresholds.draw(tuple(layer.bias.shape))
        raw = answers(model, layer, square[np.newaxis])
        np.testing.assert_allclose(raw.std(axis=0), 1, rtol=1e-3)
        centred = raw + layer.bias.numpy() - thresholds
        np.testing.assert_allclose(centred.mean(axis=0), 0, atol=1e-3)


def test_without_biases_thresholds_are_0(square):
    model = multiscale(bias_stddev=0, **SMALL)
    standardize(model, square)
    for layer in convolutions(model):
        total = answers(model, layer, square[np.newaxis]) + layer.bias.numpy()
        np.testing.assert_allclose(total.mean(axis=0), 0, atol=1e-3)


def test_over_a_batch(batch):
    model = multiscale(**SMALL)
    standardize(model, batch)
    for layer in convolutions(model):
        np.testing.assert_allclose(answers(model, layer, batch).std(axis=0), 1, rtol=1e-3)


@pytest.mark.parametrize("depth", [1, 2])
def test_idempotent(square, depth):
    model = multiscale(depth=depth, **SMALL)
    standardize(model, square)
    before = model.get_weights()
    standardize(model, square)
    for first, second in zip(before, model.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-4)


def test_the_scale_of_the_distribution_is_of_no_matter(square):
    models = [multiscale(initializer=Gaussian(stddev), **SMALL) for stddev in (0.015, 15)]
    for model in models:
        standardize(model, square)
    for first, second in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-4)


def test_the_same_bits_again(square):
    models = [multiscale(**SMALL) for _ in range(2)]
    for model in models:
        standardize(model, square)
    for first, second in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_filter_that_is_silent_stays_finite(square):
    model = multiscale(levels=1, **SMALL)
    layer = model.get_layer("conv0_1_3")
    kernel = layer.kernel.numpy()
    kernel[..., 1] = 0
    layer.kernel.assign(kernel)
    standardize(model, square)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert not np.any(layer.kernel.numpy()[..., 1])


def test_failure_leaves_the_weights_unchanged():
    # Filters that do not sum to zero answer along the borders, those of one pixel do not.
    model = multiscale(filters=3, sizes=(3, 1))
    before = model.get_weights()
    with pytest.raises(ValueError) as error:
        standardize(model, np.full((16, 16, 3), 0.25, np.float32))
    assert str(error.value) == (
        "Invalid value for argument `images`. Expected images on which the responses of the "
        "filters of 'conv0_1_1' vary from place to place. Received: images=standard deviations of "
        "at most 0"
    )
    for first, second in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_redrawn_with_0_it_is_as_it_was_made(square):
    model = multiscale(depth=2, seed=6, **SMALL)
    made = model.get_weights()
    standardize(model, square)
    redraw(model, 0)
    for first, second in zip(made, model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_draws_differ_and_repeat():
    model = multiscale(seed=6, **SMALL)
    drawn = []
    for draw in (0, 1, 2, 1):
        redraw(model, draw)
        drawn.append(model.get_weights())
    for zeroth, first, second, again in zip(*drawn, strict=True):
        assert not np.array_equal(zeroth, first)
        assert not np.array_equal(first, second)
        np.testing.assert_array_equal(first, again)
    for layer in convolutions(model):
        if layer.name.endswith("3"):
            np.testing.assert_allclose(layer.kernel.numpy().sum((0, 1, 2)), 0, atol=1e-5)


def test_biases_that_are_not_random_stay(square):
    model = multiscale(bias_stddev=0, **SMALL)
    redraw(model, 2)
    assert not any(np.any(layer.bias.numpy()) for layer in convolutions(model))


def test_other_networks_whose_kernels_are_random(square):
    model = rwkeras.toy_vgg(seed=1)
    assert can_standardize(model)
    standardize(model, square)
    first = answers(model, model.get_layer("conv2_1"), square[np.newaxis])
    np.testing.assert_allclose(first.std(axis=0), 1, rtol=1e-3)


@pytest.mark.parametrize(
    "build",
    [
        lambda: rwkeras.toy_vgg(include_top=True),
        lambda: keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3)]),
        lambda: keras.Sequential([keras.Input((None, None, 3)), keras.layers.ReLU()]),
        lambda: keras.Sequential(
            [
                keras.Input((None, None, 3)),
                keras.layers.Conv2D(2, 3, use_bias=False, kernel_initializer=Gaussian()),
            ]
        ),
    ],
    ids=["dense", "glorot", "no weights", "no biases"],
)
def test_networks_that_are_refused(build, square):
    model = build()
    assert not can_standardize(model)
    for function, argument in ((standardize, square), (redraw, 1)):
        with pytest.raises(ValueError) as error:
            function(model, argument)
        assert str(error.value) == REFUSED.format(model.name)


@pytest.mark.parametrize("function", [standardize, redraw])
def test_no_model(function):
    with pytest.raises(ValueError) as error:
        function("multiscale", np.zeros((8, 8, 3)) if function is standardize else 1)
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a functional `keras.Model` with one input. "
        "Received: model=multiscale"
    )


def test_other_errors(square):
    model = multiscale(**SMALL)
    for function, arguments in (
        (redraw, {"draw": -1}),
        (standardize, {"images": square, "draw": -1}),
    ):
        with pytest.raises(ValueError) as error:
            function(model, **arguments)
        assert str(error.value) == (
            "Invalid value for argument `draw`. Expected an integer of at least 0. "
            "Received: draw=-1"
        )
    with pytest.raises(ValueError) as error:
        standardize(multiscale(levels=3, filters=2, sizes=(3,)), square[:2])
    assert str(error.value) == (
        "Invalid value for argument `images`. Expected an image large enough for the pooling "
        "layers before conv0_1_3, conv1_1_3, conv2_1_3. Received: images=(2, 32, 3)"
    )


def test_under_a_policy_of_half_precision(square):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = multiscale(**SMALL)
    finally:
        keras.config.set_dtype_policy("float32")
    standardize(model, square)
    exact = multiscale(**SMALL)
    standardize(exact, square)
    for rough, want in zip(model.get_weights(), exact.get_weights(), strict=True):
        np.testing.assert_allclose(rough, want, rtol=0.05, atol=0.05)
