"""Greedy stacking of ranVGG (He, Wang and Hopcroft, 2016)."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.eager import eager_only
from rwkeras.images.batch import as_batch
from rwkeras.networks.calibrate import divide_weights
from rwkeras.networks.features import SilentNetworkError, check_image_shape, feature_extractor
from rwkeras.networks.initializers import RandomInitializer, get_initializer
from rwkeras.networks.recipe import LayerRecipe, Recipe, candidate_kernel, kernel_digest
from rwkeras.random import derive_seed
from rwkeras.settings import check_settings
from rwkeras.stacking.halving import Rung, successive_halving
from rwkeras.stacking.inversions import Inversions
from rwkeras.stacking.settings import StackSettings
from rwkeras.validation import invalid_argument


class LayerChoice(NamedTuple):
    """Selection result of one layer.

    Attributes:
        layer: Name of the layer.
        chosen: Index of the chosen candidate.
        rungs: The comparisons, with relative losses ||F - F0||^2 / ||F0||^2.
    """

    layer: str
    chosen: int
    rungs: tuple[Rung, ...]

    @property
    def losses(self) -> tuple[float, ...]:
        """Loss of each candidate at its last comparison."""
        last = {member: loss for rung in self.rungs for member, loss in rung.losses.items()}
        return tuple(last[member] for member in sorted(last))

    @property
    def gain(self) -> float:
        """Ratio of the first candidate's loss to the chosen one's, at the first's last comparison.

        This is the gain over no selection; it is 1 if the first candidate was chosen.
        """
        last = [rung.losses for rung in self.rungs if 0 in rung.losses][-1]
        return last[0] / last[self.chosen] if last[self.chosen] else 1.0


class StackResult(NamedTuple):
    """Result of stacking.

    Attributes:
        recipe: Recipe of the network.
        choices: Selection results of the layers in forward order; after a resume, only those of
            the added layers.
    """

    recipe: Recipe
    choices: tuple[LayerChoice, ...]

    @property
    def model(self) -> keras.Model:
        """The network, rebuilt from the recipe on each access."""
        return self.recipe.build()


# Called with the recipe so far and the last selection result; returns true to stop.
StackCallback = Callable[[Recipe, LayerChoice], bool | None]


def _set_kernel(
    model: keras.Model, layer: str, kernel: np.ndarray, reference: tf.Tensor
) -> LayerRecipe:
    """Sets a layer's kernel, divided by its mean activation; returns its recipe as candidate 0."""
    target = model.get_layer(layer)
    target.kernel.assign(kernel)
    activations = feature_extractor(model, [layer])(reference)[layer]
    scale = float(tf.reduce_mean(tf.abs(activations)))
    divide_weights(target, scale)
    return LayerRecipe(0, scale, kernel_digest(target.kernel.numpy()))


def _choose(
    model: keras.Model, layer: str, recipe: Recipe, reference: tf.Tensor, settings: StackSettings
) -> tuple[LayerRecipe, LayerChoice]:
    """Selects a kernel and sets it in the model; returns its recipe and selection result."""
    shape = tuple(model.get_layer(layer).kernel.shape)
    distribution = recipe.distribution
    kernels = np.stack(
        [candidate_kernel(distribution, layer, n).draw(shape) for n in range(settings.candidates)]
    )
    seed = derive_seed(distribution.seed, layer)
    rungs = successive_halving(
        lambda: Inversions(model, layer, kernels, reference, seed, settings),
        settings.candidates,
        settings.max_iterations,
        settings.reduction,
    )
    losses = rungs[-1].losses
    chosen = min(losses, key=losses.__getitem__)
    if not np.isfinite(losses[chosen]):
        expected = f"an image on which layer '{layer}' has finite, non-zero activations"
        raise invalid_argument("reference_image", expected, "silence", kind=SilentNetworkError)
    recipe_entry = _set_kernel(model, layer, kernels[chosen], reference)._replace(candidate=chosen)
    return recipe_entry, LayerChoice(layer, chosen, rungs)


def _initial_network(recipe: Recipe, include_top: bool) -> keras.Model:
    """Returns the whole network with the recipe's layers set and the others zero."""
    model = recipe.skeleton(include_top=include_top)
    if recipe.layers:
        built = recipe.build()
        for layer in recipe.layers:
            model.get_layer(layer).set_weights(built.get_layer(layer).get_weights())
    return model


@eager_only
def stack(
    reference_image: Any,
    settings: StackSettings = StackSettings(),
    *,
    architecture: str = "vgg19",
    include_top: bool = False,
    pooling: str = "avg",
    subtract_mean: bool = False,
    initializer: str | RandomInitializer = "gaussian",
    seed: int = 0,
    resume: Recipe | None = None,
    callback: StackCallback | None = None,
) -> StackResult:
    """Builds ranVGG: a random VGG whose layers are chosen greedily, in forward order.

    For each layer, with those below fixed, several kernels are drawn, the reference image is
    inverted from the rectified layer with each, and the kernel with the smallest loss is kept. Each
    layer is then divided by its mean activation on the reference image, which does not affect the
    relative losses.

    Choices beyond the papers: losses are relative, ||F - F0||^2 / ||F0||^2, as absolute losses
    favour candidates with small weights; all candidates start from the same noise; and poor ones
    are dropped early (successive halving). The last fully connected layer has no ReLU here and is
    compared without it.

    Args:
        reference_image: A path, a Pillow image, or an array or tensor, uint8 in [0, 255] or float
            in [0, 1], [height, width, 3]; 256 x 256 pixels with `include_top`.
        settings: Candidates per layer and how they are compared. The first candidate is that of
            `vgg19` with the same initialiser and seed. All are in memory at once; those of `fc6`
            take 0.5 GB each.
        architecture: "vgg19" or "toy_vgg".
        include_top: Whether to stack the fully connected layers too.
        pooling: See `vgg19`.
        subtract_mean: See `vgg19`.
        initializer: See `vgg19`.
        seed: Seed of the kernels and of the noise.
        resume: Recipe of the first layers to continue from, made with the same arguments.
        callback: Called after each layer; returns true to stop there.

    Returns:
        A `StackResult`: the recipe and the selection result of each layer.

    Raises:
        ValueError: An argument is invalid.
    """
    check_settings(settings, StackSettings)
    reference = as_batch(reference_image, "reference_image").images
    if reference.shape[0] != 1:
        raise invalid_argument("reference_image", "one image", f"{reference.shape[0]} images")
    distribution = get_initializer(initializer, seed)
    recipe = Recipe(architecture, distribution, pooling, subtract_mean)
    if resume is not None:
        if dataclasses.replace(resume, layers={}).as_dict() != recipe.as_dict():
            raise invalid_argument(
                "resume", "a recipe made with the same arguments", resume.as_dict()
            )
        recipe = resume
    model = _initial_network(recipe, include_top)
    check_image_shape(feature_extractor(model, [model.layers[-1].name]), reference.shape)
    choices: list[LayerChoice] = []
    for layer in (layer for layer in model.layers if hasattr(layer, "kernel")):
        if layer.name in recipe.layers:
            continue
        recipe_entry, choice = _choose(model, layer.name, recipe, reference, settings)
        recipe = dataclasses.replace(recipe, layers={**recipe.layers, layer.name: recipe_entry})
        choices.append(choice)
        if callback is not None and callback(recipe, choice):
            break
    return StackResult(recipe, tuple(choices))
