"""Sweeps of inversions over a grid of images, layers, seeds and networks."""

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
    """Returns an inversion for each combination of network, layer, image and seed.

    Args:
        images: The images, in the sweep's folder.
        layers: Names of layers that all networks have.
        seeds: Seeds of the starting noise.
        networks: The networks.
        optimizer: Settings of the optimiser. With precision "auto" each worker measures whether
            bfloat16 is faster, so that results may depend on the machine.

    Returns:
        The manifest; jobs of one network and layer are consecutive.

    Raises:
        ValueError: An argument is empty or invalid.
    """
    layers = checked_layers("layers", layers)
    for name, values in (("images", images), ("seeds", seeds), ("networks", networks)):
        if not values:
            raise invalid_argument(name, "at least one", values)
    seeds = [checked_number("seeds", seed, integer=True) for seed in seeds]
    if optimizer.checkpoint_dir is not None:
        # All jobs would share the checkpoint. Interrupted sweeps resume job by job instead.
        raise invalid_argument("checkpoint_dir", "None in a sweep", optimizer.checkpoint_dir)
    return Manifest(
        tuple(
            Inversion(network, image, layer, seed, optimizer)
            for network, layer, image, seed in itertools.product(networks, layers, images, seeds)
        )
    )
