import pytest

import rwkeras
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.rotation import Rotation
from rwkeras.rotation.settings import RotationSettings
from rwkeras.sweeps.files import reference_to
from rwkeras.sweeps.pictures import put_picture
from rwkeras.sweeps.store import Store, run_job
from tests.conftest import waves


@pytest.mark.slow
def test_a_rotation_rival_and_its_twin_serve_as_networks(tmp_path):
    folder = str(tmp_path)
    image = put_picture(folder, "waves", waves(96, 96))
    job = Rotation((image,), RotationSettings(steps=2, width=1 / 16, seed=3))
    assert run_job(job, folder) is None
    result = Store(folder).read(job)
    assert result.values.keys() == {"held_out_accuracy"}
    assert result.trace[-1]["step"] == 2
    networks = {
        name: NetworkSpec(file=reference_to(folder, Store(folder).path(job, f"{name}.keras")))
        for name in ("trained", "untrained")
    }
    trained, untrained = (networks[name].build(folder) for name in ("trained", "untrained"))
    layers = ["conv1_1", "conv5_4"]
    source = waves(32, 32)[None]
    first, second = (rwkeras.extract(model, layers, source) for model in (trained, untrained))
    assert all((first[layer].numpy() != second[layer].numpy()).any() for layer in layers)
