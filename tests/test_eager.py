import importlib

import pytest
import tensorflow as tf

import rwkeras
from rwkeras.eager import eager_only
from tests.conftest import waves

# Functions that read tensors, branch on them or assign to variables.
EAGER = [
    "networks.batch_normalization.adapt_batch_normalization",
    "calibrate",
    "decnn",
    "decode",
    "invert",
    "invert_regularized",
    "load_decoder",
    "load_network",
    "make_ready",
    "mean_euclidean_distance",
    "optimize_image",
    "patch_distance",
    "pretrained_vgg19",
    "psnr",
    "randomize",
    "decoders.photographs.read_photographs",
    "networks.standardize.redraw",
    "tasks.regularized.regularized_inversion_objective",
    "networks.rescale.rescale_filters",
    "ssim",
    "stack",
    "standardize",
    "synthesize_texture",
    "train_decoder",
    "rotation.rival.train_rotation_rival",
    "transfer_style",
    "rotation.rival.untrained_twin",
    "networks.circular.with_circular_padding",
    "networks.circular.with_mirrored_padding",
    "networks.regions.with_regions",
]


@pytest.mark.parametrize("name", EAGER)
def test_in_a_graph_one_line_says_what_is_wrong(name):
    module, _, name = f"rwkeras.{name}".rpartition(".")
    eager = getattr(importlib.import_module(module), name)
    function = tf.function(lambda: eager(), autograph=False)
    with pytest.raises(RuntimeError) as error:
        function()
    assert str(error.value) == (
        f"`{name}` runs eagerly and cannot be used in a graph. Call it outside of `tf.function`, "
        "`tf.data.Dataset.map` and the layers of a model."
    )


def test_where_tensorflow_rewrites_the_caller(toy):
    @tf.function
    def inverted(image):
        return rwkeras.invert(toy, image, rwkeras.InversionSettings("conv1_1")).image

    with pytest.raises(RuntimeError) as error:
        inverted(tf.constant(waves(16, 16)))
    assert str(error.value).strip().splitlines()[-1].strip() == (
        "RuntimeError: `invert` runs eagerly and cannot be used in a graph. Call it outside of "
        "`tf.function`, `tf.data.Dataset.map` and the layers of a model."
    )


def test_an_image_of_a_graph():
    @tf.function(autograph=False)
    def batched(image):
        return rwkeras.as_batch(image).images

    with pytest.raises(ValueError) as error:
        batched(tf.constant(waves(16, 12)))
    assert str(error.value) == (
        "Invalid value for argument `image`. Expected an image with known pixels, not a symbolic "
        "tensor of a graph. Received: image=a symbolic tensor of shape (16, 12, 3)"
    )


def test_losses_are_part_of_graphs(batch):
    objective = 2 * rwkeras.tv_term() + rwkeras.texture_term("input", batch)
    graph = tf.function(lambda images: objective({"input": images}), autograph=False)
    for name, loss in graph(batch * 0.5).items():
        assert loss.numpy().tolist() == pytest.approx(
            objective({"input": batch * 0.5})[name].numpy().tolist()
        )


def test_a_function_keeps_its_name_and_its_arguments():
    @eager_only
    def doubled(x: int) -> int:
        """Doubles."""
        return 2 * x

    assert (doubled.__name__, doubled.__doc__, doubled(x=3)) == ("doubled", "Doubles.", 6)
