"""Runs recipes with the package's tasks, or with a served model through the client."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rwkeras.images.colors import match_colors, with_luminance_of
from rwkeras.images.reading import Picture, fit_longer_side, from_pillow, read_picture, resize
from rwkeras.networks.loading import load_network, make_ready
from rwkeras.optimizers.settings import Callback, OptimizationResult, OptimizerSettings
from rwkeras.serving.client.client import Client
from rwkeras.serving.client.metadata import Signature
from rwkeras.serving.client.models import MODELS
from rwkeras.studio.recipes import RECOVER, STYLE, TEXTURE, Recipe
from rwkeras.studio.remaining_time import Segment
from rwkeras.tasks.invert import invert
from rwkeras.tasks.presets import STYLE_PRESETS
from rwkeras.tasks.scales import ScaleSettings, planned_steps
from rwkeras.tasks.settings import (
    STYLE_SCALES,
    TEXTURE_SCALES,
    InversionSettings,
    StyleSettings,
    TextureSettings,
)
from rwkeras.tasks.start import NOISE
from rwkeras.tasks.style import transfer_style
from rwkeras.tasks.texture import synthesize_texture
from rwkeras.validation import invalid_argument

# Network of styles and textures, and network of inversions.
_STYLE_NETWORK, _INVERSION_NETWORK = "multiscale", "vgg19"
# Callback interval in iterations. Stopped recipes are reproducible only at the same interval.
REPORT_EVERY = 5
_CHECKPOINT_SECONDS = 5.0
_SERVED_MODELS = {STYLE: MODELS["style"], TEXTURE: MODELS["texture"], RECOVER: MODELS["invert"]}


class Sources(NamedTuple):
    """Input pictures of a recipe, resized to its size.

    Attributes:
        images: float32 RGB in [0, 1], each [height, width, 3]; without `Recipe.style_scale`.
        icc_profile: ICC profile of the first picture, which the result keeps; None if it has none.
    """

    images: tuple[np.ndarray, ...]
    icc_profile: bytes | None


def read_sources(recipe: Recipe, paths: Mapping[str, Path]) -> Sources:
    """Reads the input pictures of a recipe, in the order of its roles.

    Args:
        recipe: The recipe.
        paths: Files of the pictures, by digest.
    """
    pictures: list[Picture] = [read_picture(paths[digest]) for digest in recipe.pictures]
    images = [fit_longer_side(picture.image, recipe.size) for picture in pictures]
    if recipe.kind == STYLE and recipe.colors == "matched":
        images[1] = match_colors(images[1], images[0])
    return Sources(tuple(images), pictures[0].icc_profile)


def postprocessing(recipe: Recipe, sources: Sources) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the postprocessing of pictures of any size: clipping to [0, 1], and colours."""

    def postprocess(image: np.ndarray) -> np.ndarray:
        image = np.clip(image, 0, 1)
        if recipe.kind != STYLE or recipe.colors != "photograph":
            return image
        content = sources.images[0]
        if content.shape != image.shape:
            content = resize(content, (image.shape[1], image.shape[0]))
        return with_luminance_of(content, image)

    return postprocess


def run_segments(recipe: Recipe, sources: Sources) -> list[Segment]:
    """Returns the scales of a recipe's run with the iterations at each."""
    side = max(sources.images[0].shape[:2])
    draws = 1 if recipe.kind == RECOVER else recipe.draws
    steps = planned_steps(side, _scales(recipe), recipe.iterations, draws)
    return [Segment(step.iterations, step.scale) for step in steps]


def _scales(recipe: Recipe) -> ScaleSettings | None:
    """Returns the coarse-to-fine scales; None for inversions and runs that start from a result."""
    if recipe.kind == RECOVER or recipe.start is not None:
        return None
    return STYLE_SCALES if recipe.kind == STYLE else TEXTURE_SCALES


def run_locally(
    recipe: Recipe,
    sources: Sources,
    paths: Mapping[str, Path],
    checkpoint_dir: Path,
    callback: Callback,
) -> OptimizationResult:
    """Runs a recipe with the package's tasks.

    Args:
        recipe: The recipe.
        sources: Input pictures from `read_sources`.
        paths: Files of the pictures, including `Recipe.start`, by digest.
        checkpoint_dir: Folder of the run's checkpoint, from which it resumes.
        callback: Called with a `Progress`; returns true to stop.
    """
    common_options: dict[str, Any] = {
        "callback": callback,
        "optimizer": OptimizerSettings(
            max_iterations=recipe.iterations,
            report_every=REPORT_EVERY,
            checkpoint_dir=str(checkpoint_dir),
            checkpoint_seconds=_CHECKPOINT_SECONDS,
        ),
    }
    if recipe.start is not None:
        common_options["init"] = read_picture(paths[recipe.start]).image
    if recipe.kind == RECOVER:
        return _run_inversion(recipe, sources.images[0], common_options)
    options: dict[str, Any] = {
        "scales": _scales(recipe),
        "draws": recipe.draws,
        "seed": recipe.seed,
    }
    if recipe.kind == TEXTURE:
        return synthesize_texture(
            _STYLE_NETWORK, sources.images[0], TextureSettings(**options), **common_options
        )
    content, style = sources.images
    default_weight = STYLE_PRESETS[_STYLE_NETWORK].content_weight
    settings = StyleSettings(
        content_weight=None if default_weight is None else default_weight * 2**recipe.balance,
        style_scale=recipe.style_scale,
        **options,
    )
    return transfer_style(_STYLE_NETWORK, content, style, settings, **common_options)


def _run_inversion(
    recipe: Recipe, image: np.ndarray, common_options: dict[str, Any]
) -> OptimizationResult:
    model = load_network(_INVERSION_NETWORK, seed=recipe.seed)
    make_ready(model, image[np.newaxis], [recipe.layer])
    settings = InversionSettings(recipe.layer, seed=recipe.seed)
    return invert(model, image, settings, **{"init": NOISE, **common_options})


class ServedResult(NamedTuple):
    """Result of a served model.

    Attributes:
        image: float32 RGB in [0, 1], [height, width, 3].
        model: "MODEL:VERSION" of the model.
    """

    image: np.ndarray
    model: str


def run_served(recipe: Recipe, sources: Sources, endpoint: str) -> ServedResult:
    """Runs a recipe with a model on a TensorFlow Serving server.

    Args:
        recipe: The recipe; `start` must be None, as served models have no such input.
        sources: Input pictures from `read_sources`.
        endpoint: Address of the server, as for `Client`.

    Raises:
        ValueError: The server has no such model, or the model does not support the recipe.
        ServingError: Error reported by the server.
    """
    model = _SERVED_MODELS[recipe.kind]
    with Client(endpoint, model=model) as client:
        metadata = client.metadata()
        options = _request_options(recipe, model, metadata.signatures["serving_default"])
        if recipe.kind == STYLE:
            content, style = sources.images
            side = max(2, round(max(style.shape[:2]) * recipe.style_scale))
            response = client.transfer_style(content, fit_longer_side(style, side), **options)
        elif recipe.kind == TEXTURE:
            response = client.synthesize_texture(sources.images[0], **options)
        else:
            response = client.invert(sources.images[0], **options)
    image = from_pillow(response.pillow()[0])
    return ServedResult(image, f"{model}:{metadata.version}")


def _request_options(recipe: Recipe, model: str, signature: Signature) -> dict[str, Any]:
    """Returns a request's options; raises `ValueError` for settings the model does not support."""
    options: dict[str, Any] = {"max_iterations": recipe.iterations}
    if "noise_seed" in signature.inputs:
        options["noise_seed"] = recipe.seed
    elif recipe.seed != Recipe.seed:
        expected = f"{Recipe.seed} with {model}, which starts from the photograph"
        raise invalid_argument("seed", expected, recipe.seed)
    if recipe.balance != Recipe.balance:
        if "content_weight" not in signature.defaults:
            expected = f"{Recipe.balance:g} with {model}, which has no content weight"
            raise invalid_argument("balance", expected, recipe.balance)
        default_weight = signature.defaults["content_weight"].item()
        options["content_weight"] = default_weight * 2**recipe.balance
    return options
