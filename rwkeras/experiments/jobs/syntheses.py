"""Jobs that synthesise textures and transfer styles."""

from dataclasses import dataclass
from typing import Any

from rwkeras.experiments.jobs.measures import run_summary
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.metrics import patch_distance, ssim
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.sweeps.pictures import read_picture
from rwkeras.tasks.settings import StyleSettings, TextureSettings
from rwkeras.tasks.style import transfer_style
from rwkeras.tasks.synthesis import white_noise
from rwkeras.tasks.texture import synthesize_texture


@dataclass(frozen=True)
class Texture:
    """Synthesises a texture.

    Attributes:
        network: The network.
        texture: The source texture.
        settings: Settings of the synthesis.
        optimizer: Settings of the optimiser.
    """

    network: NetworkSpec
    texture: FileRef
    settings: TextureSettings
    optimizer: OptimizerSettings = OptimizerSettings()

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Jobs with the same network and layers reuse compiled functions."""
        return self.network, self.settings.layers

    def run(self, folder: str) -> JobResult:
        """Returns the picture and its patch distance to the source, also relative to noise's."""
        source, settings = read_picture(self.texture, folder), self.settings
        model = self.network.build(folder)
        result = synthesize_texture(model, source, settings, optimizer=self.optimizer)
        noise = white_noise((1, *source.shape), settings.seed, stddev=settings.noise_stddev)
        distance, start = (float(patch_distance(x, source)[0]) for x in (result.image, noise))
        values = {"patch_distance": distance, "relative_patch_distance": distance / start}
        return JobResult({**values, **run_summary(result)}, {"picture": result.image})


@dataclass(frozen=True)
class Style:
    """Repaints an image in the style of another.

    Attributes:
        network: The network.
        content: The content image.
        style: The style image.
        settings: Settings of the style transfer.
        optimizer: Settings of the optimiser.
    """

    network: NetworkSpec
    content: FileRef
    style: FileRef
    settings: StyleSettings
    optimizer: OptimizerSettings = OptimizerSettings()

    @property
    def affinity(self) -> tuple[Any, ...]:
        """Jobs with the same network and layers reuse compiled functions."""
        return self.network, self.settings.content_layers, self.settings.style_layers

    def run(self, folder: str) -> JobResult:
        """Returns the picture, its SSIM to the content, and its patch distance to the style."""
        content, style = (read_picture(image, folder) for image in (self.content, self.style))
        model = self.network.build(folder)
        result = transfer_style(model, content, style, self.settings, optimizer=self.optimizer)
        values = {
            "ssim_content": float(ssim(result.image, content)[0]),
            "patch_distance_style": float(patch_distance(result.image, style)[0]),
            "patch_distance_content": float(patch_distance(content, style)[0]),
        }
        return JobResult({**values, **run_summary(result)}, {"picture": result.image})
