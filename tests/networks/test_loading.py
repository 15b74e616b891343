import numpy as np
import pytest

import rwkeras


def test_by_name_with_and_without_the_top():
    assert rwkeras.load_network("toy_vgg", layers=["conv1_1"]).layers[-1].name == "pool3"
    assert rwkeras.load_network("toy_vgg", layers=["fc7"]).layers[-1].name == "fc8"


def test_from_a_file(tmp_path, toy):
    toy.save(tmp_path / "toy.keras")
    loaded = rwkeras.load_network(str(tmp_path / "toy.keras"))
    for got, want in zip(loaded.get_weights(), toy.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


def test_errors(tmp_path):
    with pytest.raises(ValueError) as error:
        rwkeras.load_network("vgg-19")
    assert str(error.value) == (
        "Invalid value for argument `network`. Expected one of 'vgg19', 'toy_vgg', "
        "'RECIPE.json', 'PATH.keras' (did you mean 'vgg19'?). Received: network=vgg-19"
    )
    missing = str(tmp_path / "missing.keras")
    with pytest.raises(ValueError) as error:
        rwkeras.load_network(missing)
    assert str(error.value) == (
        "Invalid value for argument `network`. Expected the path of a .keras file that exists. "
        f"Received: network={missing}"
    )
    broken = tmp_path / "broken.keras"
    broken.write_text("no model")
    with pytest.raises(ValueError, match=r"Expected a \.keras file that Keras can load"):
        rwkeras.load_network(str(broken))
