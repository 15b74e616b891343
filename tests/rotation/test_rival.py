import sys

import numpy as np
import pytest

import rwkeras
from rwkeras.images.photographs import UPRIGHT, photographs
from rwkeras.images.writing import write_image
from rwkeras.rotation.rival import train_rotation_rival, untrained_twin
from rwkeras.rotation.settings import RotationSettings

SETTINGS = RotationSettings(
    width=1 / 16, crop_size=32, photo_size=0, batch_size=8, steps=45, report_every=20, seed=3
)


def landscape(seed):
    """Returns a photograph that is darker the lower, with grain: which way up it is, is plain."""
    grain = np.random.default_rng(seed).uniform(0, 0.2, (80, 160, 3))
    return (grain + np.linspace(0.8, 0, 80)[:, np.newaxis, np.newaxis]).astype(np.float32)


@pytest.fixture(scope="module")
def trained():
    reports = []
    photos = [landscape(seed) for seed in range(3)]
    network, history = train_rotation_rival(photos, SETTINGS, reports.append)
    return network, history, reports


@pytest.mark.slow
def test_learns_to_tell_rotations_of_what_it_has_not_seen(trained):
    _, history, reports = trained
    assert history.reports == tuple(reports)
    assert [report.step for report in reports] == [20, 40, 45]
    assert all(report.steps == 45 for report in reports)
    assert reports[-1].held_out_accuracy > 0.6
    assert reports[-1].loss < reports[0].loss
    assert reports[-1].accuracy > 0.6
    assert history.seconds > 0
    assert not history.stopped


@pytest.mark.slow
def test_is_a_vgg19_without_a_head(trained, square):
    network, _, _ = trained
    assert network.name == "rotation_vgg19"
    assert [x.name for x in network.layers] == [x.name for x in rwkeras.vgg19().layers]
    assert np.std(network(square[np.newaxis])) > 0
    rwkeras.calibrate(rwkeras.feature_extractor(network, ["conv5_1"]), square)


@pytest.mark.slow
def test_early_layers_change(trained):
    network, history, _ = trained
    twin = untrained_twin(SETTINGS)
    assert twin.name == "untrained_vgg19"
    for name, change in history.kernel_changes.items():
        before, after = (model.get_layer(name).kernel.numpy() for model in (twin, network))
        # The statistics that were folded in differ by filter, so that the angle is another.
        assert not np.allclose(before, after)
        assert 0.01 < change < 2
    assert next(iter(history.kernel_changes)) == "conv1_1"
    again = untrained_twin(SETTINGS)
    for first, second in zip(twin.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    kernel = rwkeras.He(seed=3).stream("conv1_1", "kernel")((3, 3, 3, 4))
    np.testing.assert_array_equal(twin.get_layer("conv1_1").kernel, kernel)


@pytest.mark.slow
def test_stopped_by_the_callback_and_from_a_folder(tmp_path):
    for index in range(2):
        write_image(tmp_path / f"{index}.png", landscape(index))
    settings = RotationSettings(
        width=1 / 32, crop_size=32, photo_size=0, batch_size=2, held_out_crops=2, report_every=1
    )
    network, history = train_rotation_rival(tmp_path, settings, lambda report: report.step == 2)
    assert history.stopped
    assert len(history.reports) == 2
    network.save(tmp_path / "rival.keras")
    loaded = rwkeras.load_network(str(tmp_path / "rival.keras"))
    np.testing.assert_array_equal(
        loaded.get_layer("conv1_1").kernel, network.get_layer("conv1_1").kernel
    )


def test_photographs(monkeypatch):
    photos = photographs()
    assert len(photos) == len(UPRIGHT)
    assert all(photo.ndim == 3 and photo.shape[2] == 3 for photo in photos)
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ValueError) as error:
        photographs()
    assert str(error.value) == (
        "Training needs photographs, from a folder or from scikit-image: pip install "
        "'rwkeras[demo]'"
    )
