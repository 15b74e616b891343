"""The methods of `benchmarks.pictures`, under names that stay whatever the defaults become.

Each makes its network anew, so that each picture has its compiling counted.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import rwkeras
from benchmarks.picture_statistics import texture_by
from benchmarks.picture_tasks import TASKS, Task
from rwkeras.networks.multiscale import multiscale_layers
from rwkeras.networks.octaves import octave_layers, with_octaves
from rwkeras.tasks.drawn import DRAWS
from rwkeras.tasks.presets import VGG_LAYERS
from rwkeras.tasks.settings import STYLE_SCALES, TEXTURE_SCALES


class Given(NamedTuple):
    """What all methods are given.

    Attributes:
        seed: Of weights and noise.
        callback: Hears of the progress now and then; returns true to stop.
        iterations: How many there are at most instead of a method's own, or None.
    """

    seed: int
    callback: Callable[[rwkeras.Progress], bool]
    iterations: int | None = None

    def arguments(
        self, iterations: int = 200, report_every: int = 5, **settings: Any
    ) -> dict[str, Any]:
        """Returns the arguments of a task.

        Args:
            iterations: The method's own.
            report_every: A report has the losses evaluated, without their gradient.
            **settings: Further ones of `OptimizerSettings`.
        """
        if self.iterations is not None:
            iterations = self.iterations
        optimizer = rwkeras.OptimizerSettings(
            max_iterations=iterations, report_every=report_every, **settings
        )
        return {"callback": self.callback, "optimizer": optimizer}


Make = Callable[[Task, Given], rwkeras.OptimizationResult]


class Method(NamedTuple):
    """A way to make pictures.

    Attributes:
        make: Makes one.
        tasks: Those of `TASKS` that it is for.
    """

    make: Make
    tasks: tuple[str, ...] = TASKS


def _multiscale(draws: int) -> Make:
    """Returns the multi-scale network with all defaults; by name, two pictures would share it."""

    def make(task: Task, given: Given):
        network = rwkeras.multiscale(seed=given.seed)
        own = {"draws": draws, "seed": given.seed}
        if task.kind == "texture":
            settings = rwkeras.TextureSettings(**own)
            return rwkeras.synthesize_texture(
                network, task.source.image, settings, **given.arguments()
            )
        images = [picture.image for picture in task.pictures]
        settings = rwkeras.StyleSettings(**own)
        return rwkeras.transfer_style(network, *images, settings, **given.arguments())

    return make


def _calibrated(task: Task, given: Given, layers: tuple[str, ...]):
    """Returns a VGG-19 that is calibrated on the content or the texture."""
    network = rwkeras.vgg19(subtract_mean=True, seed=given.seed)
    rwkeras.calibrate(rwkeras.feature_extractor(network, layers), task.pictures[0].image)
    return network


def _vgg_texture(task: Task, given: Given, scales: rwkeras.ScaleSettings | None, **arguments: Any):
    settings = rwkeras.TextureSettings(VGG_LAYERS, scales=scales, seed=given.seed)
    network = _calibrated(task, given, VGG_LAYERS)
    return rwkeras.synthesize_texture(network, task.source.image, settings, **arguments)


def _vgg_style(
    task: Task, given: Given, preset: str, scales: rwkeras.ScaleSettings | None, **arguments: Any
):
    settings = dataclasses.replace(rwkeras.STYLE_PRESETS[preset], scales=scales, seed=given.seed)
    layers = tuple(dict.fromkeys(settings.content_layers + settings.style_layers))
    network = _calibrated(task, given, layers)
    images = [picture.image for picture in task.pictures]
    return rwkeras.transfer_style(network, *images, settings, **arguments)


def _vgg19(task: Task, given: Given):
    if task.kind == "texture":
        return _vgg_texture(task, given, None, **given.arguments())
    return _vgg_style(task, given, "painting", None, **given.arguments())


def _paper(task: Task, given: Given):
    return _vgg_style(task, given, "paper", None, **given.arguments(parametrization="pixels"))


def _coarse_to_fine(task: Task, given: Given):
    if task.kind == "texture":
        return _vgg_texture(task, given, TEXTURE_SCALES, **given.arguments(400))
    return _vgg_style(task, given, "painting", STYLE_SCALES, **given.arguments())


def _filter_bank(task: Task, given: Given):
    """Takes half of the paper's filters, at once: large ones see large structure.

    An iteration takes seconds, and so each is reported.
    """
    network = rwkeras.filter_bank(filters=64, seed=given.seed)
    settings = rwkeras.TextureSettings(("maps",), scales=None, seed=given.seed)
    return rwkeras.synthesize_texture(
        network, task.source.image, settings, **given.arguments(report_every=1)
    )


def _octaves(task: Task, given: Given, count: int = 4):
    """Takes no size at which the smallest octave would have less than the smallest size."""
    layers = ("conv1_1", "conv2_1", "conv3_1")
    network = with_octaves(_calibrated(task, given, layers), layers, count)
    smallest = TEXTURE_SCALES.smallest * 2 ** (count - 1)
    settings = rwkeras.TextureSettings(
        octave_layers(layers, count),
        scales=dataclasses.replace(TEXTURE_SCALES, smallest=smallest),
        seed=given.seed,
    )
    return rwkeras.synthesize_texture(network, task.source.image, settings, **given.arguments())


def _statistic(name: str, **settings: Any) -> Make:
    """Returns the multi-scale network with another statistic than its layers' Gram matrices."""

    def make(task: Task, given: Given):
        return texture_by(name, task.source.image, **settings, seed=given.seed, **given.arguments())

    return make


METHODS = {
    "multiscale": Method(_multiscale(DRAWS)),
    "multiscale_one_draw": Method(_multiscale(1)),
    "vgg19": Method(_vgg19),
    # For textures, no other than the one before.
    "paper": Method(_paper, ("style",)),
    "coarse_to_fine": Method(_coarse_to_fine),
    "filter_bank": Method(_filter_bank, ("texture",)),
    "octaves": Method(_octaves, ("texture",)),
    "levels_alone": Method(_statistic("gram", layers=multiscale_layers()), ("texture",)),
    "spectrum": Method(_statistic("gram", spectrum=True), ("texture",)),
    "shifted": Method(_statistic("shifted"), ("texture",)),
    "moments": Method(_statistic("moments"), ("texture",)),
    "sliced_wasserstein": Method(_statistic("sliced_wasserstein"), ("texture",)),
}
