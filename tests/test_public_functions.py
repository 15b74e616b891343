"""Public functions give the same results whatever a program has set in Keras."""

import collections
import dataclasses
import functools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

import rwkeras
import rwkeras.serving
from rwkeras.decoders.photographs import read_photographs
from rwkeras.images.reading import read_picture
from rwkeras.networks import pretrained
from rwkeras.networks.batch_normalization import adapt_batch_normalization
from rwkeras.networks.circular import circular_period, with_circular_padding, with_mirrored_padding
from rwkeras.networks.joint import with_joint_maps
from rwkeras.networks.multiscale import multiscale_layers
from rwkeras.networks.multiscale_recipe import MultiscaleRecipe, read_multiscale_recipe
from rwkeras.networks.octaves import octave_layers, with_octaves
from rwkeras.networks.recipe import LayerRecipe, kernel_digest
from rwkeras.networks.regions import region_layers, with_regions
from rwkeras.networks.rescale import rescale_filters
from rwkeras.networks.standardize import redraw
from rwkeras.networks.vgg import build_vgg, narrow_vgg19, random_kernels
from rwkeras.networks.vgg_architecture import VGG19, narrowed
from rwkeras.objectives.joining import joined_gram
from rwkeras.objectives.moments import covariance_loss, moments
from rwkeras.objectives.natural import alpha_norm, alpha_norm_term, tv_beta, tv_beta_term
from rwkeras.objectives.shifted import shifted_gram, shifted_gram_loss
from rwkeras.objectives.sliced import sliced_wasserstein_loss, sorted_projections
from rwkeras.objectives.spectrum import spectrum_loss
from rwkeras.rotation.rival import train_rotation_rival, untrained_twin
from rwkeras.rotation.settings import RotationSettings
from rwkeras.tasks.regularized import regularized_inversion_objective
from rwkeras.tasks.style_objective import style_objective
from tests.conftest import waves
from tests.networks.test_pretrained import CONVS, DENSE, write_legacy
from tests.test_keras_settings import SETTINGS, describe, surroundings

pytestmark = pytest.mark.eager

IMAGE = waves(16, 16)
OPTIMIZER = rwkeras.OptimizerSettings(
    max_iterations=2, precision="float32", parametrization="pixels", memory=2
)
# Constants, which are neither functions nor classes.
CONSTANTS = {"APPLICATIONS", "INITIALIZERS", "JOINS", "LAYERS_BY_STRIDE", "NETWORKS"}
CONSTANTS |= {"STYLE_PRESETS", "WEIGHTINGS"}
# Results and base classes, which are returned or subclassed by others.
RESULTS = {"LayerChoice", "OptimizationResult", "Photographs", "Progress"}
RESULTS |= {"RandomInitializer", "RotationHistory", "RotationProgress", "StackResult"}
RESULTS |= {"TrainedDecoder", "Picture", "ImageBatch"}
# The client runs in other processes, which need no Keras.
CLIENT = {"Client", "Reply", "ServingError"}


class Group(NamedTuple):
    """Public names that are used together.

    Attributes:
        names: The public names.
        use: Function that uses them in an empty folder and returns nested results to compare.
        slow: Whether `use` takes many seconds.
        settings: Names of the Keras settings to test; see `surroundings`.
    """

    names: set[str]
    use: Callable[[Path], Any]
    slow: bool
    settings: Sequence[str]


GROUPS: dict[str, Group] = {}


def group(names: str, *, slow: bool = False, settings: Sequence[str] = SETTINGS):
    """Decorator that registers a function as the `use` of a `Group` of public names."""

    def registered(function):
        GROUPS[function.__name__] = Group(set(names.split()), function, slow, settings)
        return function

    return registered


def toy():
    model = rwkeras.toy_vgg(seed=3)
    rwkeras.calibrate(model, IMAGE)
    return model


@group("toy_vgg narrow_vgg19 alexnet filter_bank multiscale untrained_twin load_network")
def networks(folder):
    return [
        describe(model)
        for model in (
            rwkeras.toy_vgg(),
            narrow_vgg19(width=1 / 16),
            rwkeras.alexnet(),
            rwkeras.filter_bank(filters=2, sizes=(3, 5)),
            rwkeras.multiscale(filters=2, levels=2),
            untrained_twin(RotationSettings(width=1 / 16)),
            rwkeras.load_network("toy_vgg", seed=2),
        )
    ]


@group("vgg19 efficientnet_lite0 keras_application", slow=True)
def large_networks(folder):
    made = rwkeras.vgg19(), rwkeras.efficientnet_lite0(), rwkeras.keras_application("mobilenet")
    return [describe(model) for model in made]


@group("pretrained_vgg19")
def trained(folder):
    architecture = narrowed(VGG19, 1 / 32)._replace(name="pretrained_vgg19", top_size=32)
    made = build_vgg(architecture, random_kernels("he", 3), include_top=True, subtract_mean=True)
    arrays = [layer.get_weights() for layer in made.layers if layer.weights]
    path = write_legacy(folder / "small.h5", dict(zip(CONVS + DENSE, arrays, strict=True)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrained, "PRETRAINED_VGG19", architecture)
        return describe(rwkeras.pretrained_vgg19(path))


@group("Binary Gaussian He Laplace Orthogonal Sparse Uniform ZeroSum randomize")
def initializers(folder):
    model = rwkeras.toy_vgg()
    kinds = (
        rwkeras.Binary, rwkeras.Gaussian, rwkeras.He, rwkeras.Laplace, rwkeras.Orthogonal,
        rwkeras.Sparse, rwkeras.Uniform,
    )  # fmt: skip
    several = [kind(seed=2) for kind in kinds] + [rwkeras.ZeroSum(rwkeras.Gaussian(seed=2))]
    drawn = [each([3, 3, 3, 4], "float32") for each in several]
    rwkeras.randomize(model, "laplace", seed=3)
    return drawn, model.get_weights()


@group("calibrate make_ready rescale_filters standardize redraw adapt_batch_normalization")
def scaling(folder):
    bank = rwkeras.multiscale(filters=2, levels=2)
    redraw(bank, 3)
    rwkeras.standardize(bank, IMAGE, draw=3)
    ready, rescaled = rwkeras.toy_vgg(), rwkeras.toy_vgg()
    rwkeras.make_ready(ready, IMAGE)
    rescale_filters(rescaled, IMAGE)
    inputs = keras.Input((None, None, 3), dtype="float32")
    maps = keras.layers.Conv2D(4, 3, data_format="channels_last", dtype="float32", name="first")(
        inputs
    )
    norm = keras.layers.BatchNormalization(dtype="float32", name="second")(maps)
    normalized = keras.Model(inputs, norm)
    rwkeras.randomize(normalized, "he")
    adapt_batch_normalization(normalized, IMAGE)
    models = toy(), bank, ready, rescaled, normalized
    return [model.get_weights() for model in models]


@group(
    "extract feature_extractor octave_layers with_octaves with_joint_maps with_regions "
    "region_layers with_circular_padding with_mirrored_padding circular_period multiscale_layers"
)
def derived(folder):
    model, batch = toy(), IMAGE[np.newaxis]
    bank = rwkeras.multiscale(filters=2, levels=2)
    masks = {"left": np.eye(16, dtype=np.float32)}
    names = region_layers(["conv1_1"], "left")
    octaves = octave_layers(["conv1_1"], 2)
    circular = with_circular_padding(model)
    return [
        rwkeras.extract(model, ["conv1_1", "pool2"], batch),
        rwkeras.feature_extractor(model, ["conv2_1"])(batch),
        rwkeras.extract(with_octaves(model, ["conv1_1"], 2), octaves, batch),
        with_joint_maps(model, ["conv1_1", "conv1_2"])(batch),
        rwkeras.extract(with_regions(model, ["conv1_1"], masks), names, batch),
        circular(batch),
        circular_period(circular),
        with_mirrored_padding(bank)(batch),
        multiscale_layers(levels=2),
    ]


@group(
    "content_loss gram_matrix texture_loss total_variation covariance_loss moments alpha_norm "
    "tv_beta shifted_gram shifted_gram_loss sliced_wasserstein_loss sorted_projections "
    "spectrum_loss joined_gram white_noise"
)
def losses(folder):
    noise = rwkeras.white_noise((2, 8, 8, 3), 1, stddev=0.1)
    gram = rwkeras.gram_matrix(noise)
    return [
        noise, gram, rwkeras.content_loss(noise, noise[:1]), rwkeras.texture_loss(noise, gram[:1]),
        rwkeras.total_variation(noise), alpha_norm(noise), tv_beta(noise),
        covariance_loss(noise, moments(noise[:1])),
        shifted_gram_loss(noise, shifted_gram(noise[:1], [(1, 0)]), [(1, 0)]),
        sliced_wasserstein_loss(noise, sorted_projections(noise[:1])),
        spectrum_loss(noise, noise[:1]),
        joined_gram([noise[:1], noise[1:]], "log_euclidean"),
    ]  # fmt: skip


@group(
    "Objective Term content_term texture_term tv_term moments_term alpha_norm_term tv_beta_term "
    "shifted_gram_term sliced_wasserstein_term spectrum_term balance style_objective StyleSettings "
    "regularized_inversion_objective RegularizedInversionSettings"
)
def objectives(folder):
    model, batch = toy(), tf.constant(IMAGE[np.newaxis])
    features = rwkeras.extract(model, ["conv1_1", "conv2_1"], batch)
    maps = features["conv1_1"]
    own = rwkeras.Term("own", "conv2_1", rwkeras.content_loss, 1.0, features["conv2_1"])
    objective = rwkeras.Objective(own) + (
        rwkeras.content_term("conv2_1", features["conv2_1"])
        + rwkeras.texture_term("conv1_1", maps)
        + rwkeras.moments_term("conv1_1", maps)
        + rwkeras.shifted_gram_term("conv1_1", maps, [(1, 0)])
        + rwkeras.sliced_wasserstein_term("conv1_1", maps)
        + rwkeras.spectrum_term(batch)
        + rwkeras.tv_term()
        + alpha_norm_term()
        + tv_beta_term()
    )
    images = tf.reverse(batch, [1])
    features = {**rwkeras.extract(model, ["conv1_1", "conv2_1"], images), "input": images}
    settings = rwkeras.StyleSettings(("conv1_1",), ("conv1_1",))
    style = style_objective(model, batch, images, settings)
    small = rwkeras.RegularizedInversionSettings("conv1_1", tv_weight=1.0)
    regularized = regularized_inversion_objective(model, batch, small)
    texture = rwkeras.texture_term("conv1_1", maps)
    return [
        objective(features),
        [term.weight for each in (style, regularized) for term in each.terms],
        [term.weight for term in rwkeras.balance(model, texture, images).terms],
    ]


@group(
    "as_batch read_image read_picture write_image FileSettings match_colors with_luminance_of psnr "
    "ssim mean_euclidean_distance patch_distance seam_ratio read_photographs"
)
def images(folder):
    rwkeras.write_image(folder / "a.png", waves(40, 32), settings=rwkeras.FileSettings(bits=16))
    image = rwkeras.read_image(folder / "a.png")
    measures = rwkeras.psnr, rwkeras.ssim, rwkeras.mean_euclidean_distance, rwkeras.patch_distance
    return [
        read_picture(folder / "a.png").image,
        rwkeras.as_batch(np.stack([image, image])).images,
        rwkeras.match_colors(image, 1 - image),
        rwkeras.with_luminance_of(image, 1 - image),
        [measure(image, image[::-1]) for measure in measures],
        rwkeras.seam_ratio(image),
        list(read_photographs([folder / "a.png"], 32, 16).squares),
    ]


@group("GramMatrix RandomPerceptualLoss TotalVariation")
def perceptual(folder):
    batch = tf.constant(IMAGE[np.newaxis])
    # Layers and losses for training use the program's dtype by default.
    loss = rwkeras.RandomPerceptualLoss(
        "toy_vgg", feature_layers=["conv1_1"], style_layers=["conv2_1"], dtype="float32"
    )
    return [
        loss(batch, tf.reverse(batch, [1])),
        rwkeras.GramMatrix(dtype="float32")(batch),
        rwkeras.TotalVariation(1.0)(batch),
    ]


@group("read_recipe read_multiscale_recipe LayerRecipe MultiscaleRecipe Recipe")
def recipes(folder):
    bank = MultiscaleRecipe(levels=2, filters=2)
    bank.save(folder / "bank.json")
    scaled = {
        layer.name: LayerRecipe(0, 1.0, kernel_digest(layer.kernel.numpy()))
        for layer in rwkeras.toy_vgg(seed=3).layers
        if hasattr(layer, "kernel")
    }
    stacked = rwkeras.Recipe("toy_vgg", rwkeras.Gaussian(seed=3), layers=scaled)
    stacked.save(folder / "stacked.json")
    return [
        read_multiscale_recipe(folder / "bank.json").build().get_weights(),
        rwkeras.read_recipe(folder / "stacked.json").build().get_weights(),
    ]


STACKED = rwkeras.StackSettings(2, max_iterations=1, precision="float32")


def main_fields(result):
    return result.image, result.loss, result.evaluations


@group("invert InversionSettings OptimizerSettings")
def inversion(folder):
    return main_fields(
        rwkeras.invert(toy(), IMAGE, rwkeras.InversionSettings("conv1_2"), optimizer=OPTIMIZER)
    )


@group("invert_regularized")
def regularized_inversion(folder):
    return main_fields(
        rwkeras.invert_regularized(
            toy(),
            IMAGE,
            rwkeras.RegularizedInversionSettings("conv1_1", tv_weight=1.0),
            optimizer=OPTIMIZER,
        )
    )


@group("synthesize_texture TextureSettings ScaleSettings")
def texture(folder):
    scales = rwkeras.ScaleSettings(smallest=8, least_iterations=2)
    bank = rwkeras.multiscale(filters=2, levels=2)
    return main_fields(
        rwkeras.synthesize_texture(
            bank, IMAGE, rwkeras.TextureSettings(draws=2, scales=scales), optimizer=OPTIMIZER
        )
    )


@group("transfer_style")
def style(folder):
    settings = rwkeras.StyleSettings(["conv2_1"], ["conv1_1"], scales=None)
    adam = dataclasses.replace(OPTIMIZER, optimizer="adam")
    return main_fields(rwkeras.transfer_style(toy(), IMAGE, IMAGE[::-1], settings, optimizer=adam))


@group("optimize_image")
def optimized(folder):
    model, batch = toy(), tf.constant(IMAGE[np.newaxis])
    term = rwkeras.content_term("conv1_1", rwkeras.extract(model, ["conv1_1"], batch)["conv1_1"])
    start = tf.reverse(batch, [1])
    return main_fields(rwkeras.optimize_image(model, term, start, optimizer=OPTIMIZER))


@group(
    "decoder decnn decode check_decoder load_decoder train_decoder DecoderSettings DecoderTraining"
)
def decoders(folder):
    model = toy()
    trained = rwkeras.train_decoder(
        model, "conv1_2", [waves(32, 32)] * 3,
        decoder=rwkeras.DecoderSettings(width=0.25),
        training=rwkeras.DecoderTraining(
            steps=2, epoch_steps=2, held_out_steps=1, batch_size=2, crop_size=16, photo_size=32
        ),
    ).model  # fmt: skip
    trained.save(folder / "decoder.keras")
    loaded = rwkeras.load_decoder(folder / "decoder.keras")
    joined = rwkeras.decnn(
        model, "conv1_2", rwkeras.decoder(model, "conv1_2", rwkeras.DecoderSettings(width=0.25))
    )
    return [loaded.get_weights(), rwkeras.decode(loaded, IMAGE), describe(joined)]


@group("train_rotation_rival RotationSettings", slow=True)
def rotation(folder):
    settings = RotationSettings(
        width=1 / 32, crop_size=32, photo_size=0, batch_size=2, steps=1, held_out_crops=2
    )
    network, _ = train_rotation_rival([waves(64, 160)], settings)
    return network.get_weights()


@group("stack StackSettings")
def stacked(folder):
    result = rwkeras.stack(
        IMAGE,
        STACKED,
        architecture="toy_vgg",
        callback=lambda recipe, choice: choice.layer == "conv1_1",
    )
    return result.choices[0].losses


SERVED = rwkeras.serving.ServingSettings(
    max_iterations=1, max_evaluations=2, max_side=32, max_pixels=4096
)


def exported(task, folder):
    path = rwkeras.serving.export_task(task, toy(), folder / "it", settings=SERVED, warmup=False)
    return operations(path)


def operations(version):
    """Returns the operations of a SavedModel with their types and counts."""
    saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    nodes = (node for function in functions for node in function.node_def)
    counts = collections.Counter((node.op, node.attr["T"].type) for node in nodes)
    return sorted(f"{count} {op} {dtype}" for (op, dtype), count in counts.items())


@group("export_task ServedInversion", slow=True)
def served_inversion(folder):
    return exported(rwkeras.serving.ServedInversion(rwkeras.InversionSettings("conv1_1")), folder)


@group("export_task ServedStyle StyleSettings ServingSettings", slow=True, settings=["all"])
def served_style(folder):
    settings = rwkeras.StyleSettings(("conv1_1",), ("conv1_1",), scales=None)
    return exported(rwkeras.serving.ServedStyle(settings), folder)


@group("export_task ServedTexture", slow=True, settings=["all"])
def served_texture(folder):
    settings = rwkeras.TextureSettings(("conv1_1",), scales=None)
    return exported(rwkeras.serving.ServedTexture(settings), folder)


@group("export_decoder", slow=True)
def served_decoder(folder):
    inputs = keras.Input((None, None, 3), dtype="float32")
    outputs = keras.layers.Conv2D(3, 1, data_format="channels_last", dtype="float32")(inputs)
    model = keras.Model(inputs, outputs)
    rwkeras.randomize(model, "he")
    return operations(
        rwkeras.serving.export_decoder(model, folder / "it", settings=SERVED, warmup=False)
    )


def flat_arrays(nested):
    return [np.asarray(leaf) for leaf in keras.tree.flatten(nested)]


@functools.cache
def expected_arrays(name):
    with tempfile.TemporaryDirectory() as folder:
        return flat_arrays(GROUPS[name].use(Path(folder)))


CASES = [
    pytest.param(name, setting, marks=[pytest.mark.slow] if each.slow or setting != "all" else [])
    for name, each in GROUPS.items()
    for setting in each.settings
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "setting"), CASES)
def test_results_do_not_depend_on_keras_settings(tmp_path, name, setting):
    expected = expected_arrays(name)
    with surroundings(setting):
        found = flat_arrays(GROUPS[name].use(tmp_path))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        if one.dtype.kind == "f":  # Constants of Keras's optimisers are rounded to floatx.
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        else:
            assert one.tolist() == other.tolist()


def test_all_public_names_are_used():
    used = set().union(*(each.names for each in GROUPS.values()))
    public = {*rwkeras.__all__, *rwkeras.serving.__all__}
    # Some names are not public but are imported from their modules, hence a superset.
    assert used | CONSTANTS | RESULTS | CLIENT >= public
    assert not used & (CONSTANTS | RESULTS | CLIENT)
