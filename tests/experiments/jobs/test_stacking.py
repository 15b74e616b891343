import json

import pytest

import rwkeras
from rwkeras.experiments.jobs import stacking
from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.experiments.jobs.stacking import Stacking
from rwkeras.stacking.settings import StackSettings
from rwkeras.sweeps.files import reference_to
from rwkeras.sweeps.pictures import put_picture
from rwkeras.sweeps.store import Store, run_job
from tests.conftest import waves


@pytest.mark.slow
def test_a_stacking_is_that_of_stack_and_serves_as_a_network(tmp_path, monkeypatch):
    folder = str(tmp_path)
    image = put_picture(folder, "waves", waves(32, 32))
    settings = StackSettings(candidates=2, max_iterations=2, precision="float32")
    job = Stacking(image, "toy_vgg", seed=3, settings=settings)
    stacked = []

    def spy(*arguments, **keywords):
        stacked.append(rwkeras.stack(*arguments, **keywords))
        return stacked[0]

    monkeypatch.setattr(stacking, "stack", spy)
    assert run_job(job, folder) is None
    result, plain = Store(folder).read(job), stacked[0]
    assert json.loads(result.files["recipe.json"]) == plain.recipe.as_dict()
    recipe = plain.recipe
    assert (recipe.architecture, recipe.distribution.seed) == ("toy_vgg", 3)
    assert all(len(choice.losses) == 2 for choice in plain.choices)
    assert result.values == {"layers": 6}
    assert [row["layer"] for row in result.trace] == [choice.layer for choice in plain.choices]
    assert all(row["gain"] >= 1 for row in result.trace)
    file = reference_to(folder, Store(folder).path(job, "recipe.json"))
    model = NetworkSpec(file=file).build(folder)
    for mine, made in zip(model.get_weights(), recipe.build().get_weights(), strict=True):
        assert (mine == made).all()
