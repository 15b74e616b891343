import dataclasses
import itertools

import pytest

from rwkeras.experiments.jobs.grid import inversion_grid
from rwkeras.experiments.jobs.inversions import Inversion
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import FileRef

IMAGES = [FileRef("a.png", "0" * 64), FileRef("b.png", "1" * 64)]
NETWORKS = [NetworkSpec("toy_vgg", seed=seed) for seed in (0, 1)]
QUICK = OptimizerSettings(max_iterations=2)
GIVEN = {"images": IMAGES, "layers": ["conv1_1"], "seeds": [0], "networks": NETWORKS}


def test_a_grid_has_every_combination():
    manifest = inversion_grid(IMAGES, ["conv1_1", "conv2_1"], [3, 4], NETWORKS, QUICK)
    assert len(manifest) == 2 * 2 * 2 * 2
    assert set(manifest.jobs) == {
        Inversion(network, image, layer, seed, QUICK)
        for network in NETWORKS
        for image in IMAGES
        for layer in ("conv1_1", "conv2_1")
        for seed in (3, 4)
    }
    # Jobs of equal affinity are consecutive, so that a worker can reuse its caches.
    affinities = [job.affinity for job in manifest.jobs]
    assert sum(one != next_ for one, next_ in itertools.pairwise(affinities)) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"images": []},
            "Invalid value for argument `images`. Expected at least one. Received: images=[]",
        ),
        (
            {"layers": "conv1_1"},
            "Invalid value for argument `layers`. Expected one or more different layer names. "
            "Received: layers=conv1_1",
        ),
        (
            {"seeds": [0, "1"]},
            "Invalid value for argument `seeds`. Expected an integer of at least 0. "
            "Received: seeds=1",
        ),
        (
            {"optimizer": dataclasses.replace(QUICK, checkpoint_dir="here")},
            "Invalid value for argument `checkpoint_dir`. Expected None in a sweep. "
            "Received: checkpoint_dir=here",
        ),
    ],
)
def test_what_makes_no_grid_is_refused(changes, message):
    with pytest.raises(ValueError) as error:
        inversion_grid(**{**GIVEN, "optimizer": QUICK, **changes})
    assert str(error.value) == message
