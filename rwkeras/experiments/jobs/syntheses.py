"""Textures and styles as jobs."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from rwkeras.experiments.jobs.measures import course
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.metrics import patch_distance, ssim
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture
from rwkeras.tasks.presets import STYLE_PRESETS
from rwkeras.tasks.settings import TextureSettings
from rwkeras.tasks.style import transfer_style
from rwkeras.tasks.synthesis import white_noise
from rwkeras.tasks.texture import synthesize_texture

_PAINTING = STYLE_PRESETS["painting"]


@dataclass(frozen=True)
class Texture:
    """Synthesises a texture.

    Attributes:
        network: The network.
        texture: The source.
        layers: The layers whose Gram matrices are matched.
        seed: Of the starting noise.
        optimizer: The optimiser's settings.
    """

    network: NetworkSpec
    texture: FileRef
    layers: tuple[str, ...]
    seed: int = 0
    optimizer: OptimizerSettings = OptimizerSettings()

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Functions are compiled for a network and some layers."""
        return self.network, self.layers

    def run(self, folder: str) -> JobResult:
        """Returns the picture and its distance to the source, patch by patch, beside noise's."""
        source = read_picture(self.texture, folder)
        result = synthesize_texture(
            self.network.build(folder),
            source,
            TextureSettings(self.layers, scales=None, seed=self.seed),
            optimizer=self.optimizer,
        )
        noise = white_noise((1, *source.shape), self.seed, stddev=TextureSettings.noise_stddev)
        distance, start = (float(patch_distance(x, source)[0]) for x in (result.image, noise))
        values = {"patch_distance": distance, "relative_patch_distance": distance / start}
        return JobResult({**values, **course(result)}, {"picture": result.image})


@dataclass(frozen=True)
class Style:
    """Repaints an image in the style of another.

    Attributes:
        network: The network.
        content: What to paint.
        style: How to paint it.
        content_layers: The layers whose activations are matched; None for what suits the network.
        style_layers: The layers whose Gram matrices are matched; None for what suits the network.
        preset: One of `STYLE_PRESETS`, for the weights.
        seed: Of the starting noise.
        optimizer: The optimiser's settings.
    """

    network: NetworkSpec
    content: FileRef
    style: FileRef
    content_layers: tuple[str, ...] | None = _PAINTING.content_layers
    style_layers: tuple[str, ...] | None = _PAINTING.style_layers
    preset: str = "painting"
    seed: int = 0
    optimizer: OptimizerSettings = OptimizerSettings()

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Functions are compiled for a network and some layers."""
        return self.network, self.content_layers, self.style_layers

    def run(self, folder: str) -> JobResult:
        """Returns the picture, its likeness to the content, and its distance to the style."""
        content, style = (read_picture(image, folder) for image in (self.content, self.style))
        settings = dataclasses.replace(
            STYLE_PRESETS[self.preset],
            content_layers=self.content_layers,
            style_layers=self.style_layers,
            scales=None,
            seed=self.seed,
        )
        result = transfer_style(
            self.network.build(folder),
            content,
            style,
            settings,
            optimizer=self.optimizer,
        )
        values = {
            "ssim_content": float(ssim(result.image, content)[0]),
            "patch_distance_style": float(patch_distance(result.image, style)[0]),
            "patch_distance_content": float(patch_distance(content, style)[0]),
        }
        return JobResult({**values, **course(result)}, {"picture": result.image})
