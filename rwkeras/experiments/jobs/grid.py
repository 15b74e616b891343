"""Sweeps over every combination of some images, layers, seeds and networks."""

import itertools
from collections.abc import Sequence

from rwkeras.experiments.jobs.inversions import Inversion
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.networks.features import checked_layers
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import Manifest
from rwkeras.validation import checked_number, invalid_argument


def inversion_grid(
    images: Sequence[FileRef],
    layers: Sequence[str],
    seeds: Sequence[int],
    networks: Sequence[NetworkSpec],
    optimizer: OptimizerSettings,
) -> Manifest:
    """Returns the inversions of images from layers of networks, each with some starting noises.

    Args:
        images: The images, in the sweep's folder.
        layers: The names of layers that every network has.
        seeds: Of the starting noise.
        networks: The networks.
        optimizer: The optimiser's settings. With precision "auto" each worker measures whether
            bfloat16 is faster; "float32" and "bfloat16" leave nothing to it.

    Returns:
        A manifest, jobs of one network and layer side by side.

    Raises:
        ValueError: An argument is empty or cannot be used.
    """
    layers = checked_layers("layers", layers)
    for name, values in (("images", images), ("seeds", seeds), ("networks", networks)):
        if not values:
            raise invalid_argument(name, "at least one", values)
    seeds = [checked_number("seeds", seed, integer=True) for seed in seeds]
    if optimizer.checkpoint_dir is not None:
        # Its state would be taken for that of another; a sweep goes on job by job.
        raise invalid_argument("checkpoint_dir", "None in a sweep", optimizer.checkpoint_dir)
    return Manifest(
        tuple(
            Inversion(network, image, layer, seed, optimizer)
            for network, layer, image, seed in itertools.product(networks, layers, images, seeds)
        )
    )
