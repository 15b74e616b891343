"""Methods of `benchmarks.pictures`, under names that do not change with the package's defaults.

Each call builds its network, so that the time of every image includes compilation.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import rwkeras
from benchmarks.picture_statistics import texture_by
from benchmarks.picture_tasks import TASKS, Task
from rwkeras.networks.multiscale import multiscale_layers
from rwkeras.networks.octaves import octave_layers, with_octaves
from rwkeras.tasks.presets import VGG_LAYERS
from rwkeras.tasks.settings import DRAWS, STYLE_SCALES, TEXTURE_SCALES


class RunOptions(NamedTuple):
    """Arguments common to all methods.

    Attributes:
        seed: Seed of weights and noise.
        callback: Called with the progress at intervals; returns true to stop.
        iterations: Iteration limit that replaces each method's own, or None.
    """

    seed: int
    callback: Callable[[rwkeras.Progress], bool]
    iterations: int | None = None

    def arguments(
        self, iterations: int = 200, report_every: int = 5, **settings: Any
    ) -> dict[str, Any]:
        """Returns the keyword arguments `callback` and `optimizer` of a task function.

        Args:
            iterations: The method's own iteration limit.
            report_every: Iterations between reports; each report costs an evaluation of the losses.
            **settings: Further `OptimizerSettings`.
        """
        if self.iterations is not None:
            iterations = self.iterations
        optimizer = rwkeras.OptimizerSettings(
            max_iterations=iterations, report_every=report_every, **settings
        )
        return {"callback": self.callback, "optimizer": optimizer}


Make = Callable[[Task, RunOptions], rwkeras.OptimizationResult]


class Method(NamedTuple):
    """A method of image synthesis.

    Attributes:
        make: Function that runs a task.
        tasks: Kinds of tasks that it supports, of `TASKS`.
    """

    make: Make
    tasks: tuple[str, ...] = TASKS


def _multiscale(draws: int) -> Make:
    """Returns the default method with a new network; one given by name would be cached."""

    def make(task: Task, options: RunOptions):
        network = rwkeras.multiscale(seed=options.seed)
        own = {"draws": draws, "seed": options.seed}
        if task.kind == "texture":
            settings = rwkeras.TextureSettings(**own)
            return rwkeras.synthesize_texture(
                network, task.source.image, settings, **options.arguments()
            )
        images = [picture.image for picture in task.pictures]
        settings = rwkeras.StyleSettings(**own)
        return rwkeras.transfer_style(network, *images, settings, **options.arguments())

    return make


def _calibrated(task: Task, options: RunOptions, layers: tuple[str, ...]):
    """Returns a VGG-19 calibrated on the content or the texture."""
    network = rwkeras.vgg19(subtract_mean=True, seed=options.seed)
    rwkeras.calibrate(rwkeras.feature_extractor(network, layers), task.pictures[0].image)
    return network


def _vgg_texture(
    task: Task, options: RunOptions, scales: rwkeras.ScaleSettings | None, **arguments: Any
):
    settings = rwkeras.TextureSettings(VGG_LAYERS, scales=scales, seed=options.seed)
    network = _calibrated(task, options, VGG_LAYERS)
    return rwkeras.synthesize_texture(network, task.source.image, settings, **arguments)


def _vgg_style(
    task: Task,
    options: RunOptions,
    preset: str,
    scales: rwkeras.ScaleSettings | None,
    **arguments: Any,
):
    settings = dataclasses.replace(rwkeras.STYLE_PRESETS[preset], scales=scales, seed=options.seed)
    layers = tuple(dict.fromkeys(settings.content_layers + settings.style_layers))
    network = _calibrated(task, options, layers)
    images = [picture.image for picture in task.pictures]
    return rwkeras.transfer_style(network, *images, settings, **arguments)


def _vgg19(task: Task, options: RunOptions):
    if task.kind == "texture":
        return _vgg_texture(task, options, None, **options.arguments())
    return _vgg_style(task, options, "painting", None, **options.arguments())


def _paper(task: Task, options: RunOptions):
    return _vgg_style(task, options, "paper", None, **options.arguments(parametrization="pixels"))


def _coarse_to_fine(task: Task, options: RunOptions):
    if task.kind == "texture":
        return _vgg_texture(task, options, TEXTURE_SCALES, **options.arguments(400))
    return _vgg_style(task, options, "painting", STYLE_SCALES, **options.arguments())


def _filter_bank(task: Task, options: RunOptions):
    """Runs texture synthesis with half of the paper's filters, at full size only.

    Large filters capture large structure without smaller sizes. An iteration takes seconds, so each
    is reported.
    """
    network = rwkeras.filter_bank(filters=64, seed=options.seed)
    settings = rwkeras.TextureSettings(("maps",), scales=None, seed=options.seed)
    return rwkeras.synthesize_texture(
        network, task.source.image, settings, **options.arguments(report_every=1)
    )


def _octaves(task: Task, options: RunOptions, count: int = 4):
    """Runs texture synthesis with octaves; the smallest octave keeps the usual smallest size."""
    layers = ("conv1_1", "conv2_1", "conv3_1")
    network = with_octaves(_calibrated(task, options, layers), layers, count)
    smallest = TEXTURE_SCALES.smallest * 2 ** (count - 1)
    settings = rwkeras.TextureSettings(
        octave_layers(layers, count),
        scales=dataclasses.replace(TEXTURE_SCALES, smallest=smallest),
        seed=options.seed,
    )
    return rwkeras.synthesize_texture(network, task.source.image, settings, **options.arguments())


def _statistic(name: str, **settings: Any) -> Make:
    """Returns texture synthesis by the multi-scale network with another statistic."""

    def make(task: Task, options: RunOptions):
        return texture_by(
            name, task.source.image, **settings, seed=options.seed, **options.arguments()
        )

    return make


METHODS = {
    "multiscale": Method(_multiscale(DRAWS)),
    "multiscale_one_draw": Method(_multiscale(1)),
    "vgg19": Method(_vgg19),
    # For textures it would equal "vgg19".
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
