"""The tools that train a decoder and use it."""

import dataclasses
import json

import numpy as np
import pytest

import rwkeras
from tests.commands.conftest import check_refused
from tests.conftest import waves

QUICK = ["--network=toy_vgg", "--layer=conv2_1", "--photo_size=32", "--crop_size=32"]
QUICK += ["--batch_size=2", "--steps=30", "--epoch_steps=10"]


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in range(4):
        rwkeras.write_image(folder / f"{n}.png", np.roll(waves(40, 48), 9 * n, axis=0))
    return folder


@pytest.mark.slow
def test_a_decoder_is_trained_and_used(run, photos, photo, tmp_path):
    (photos / "broken.png").write_bytes((photos / "0.png").read_bytes()[:200])
    arguments = ["--output=decoder.keras", "--report=trained.json", "--logdir=logs"]
    process = run("train_decoder", f"--images={photos}", *QUICK, *arguments)
    assert process.returncode == 0, process.stderr
    assert "warning: 1 files cannot be read and are skipped: broken.png" in process.stderr
    names = [item.split(": ")[0] for item in process.stdout.splitlines()[-1].split(", ")]
    assert set(names) >= {"loss", "psnr_db", "val_loss", "val_psnr_db"}
    said = json.loads((tmp_path / "trained.json").read_text())
    assert len(said["history"]["loss"]) == 3
    assert (said["photographs"], said["unreadable"]) == (4, ["broken.png"])
    assert said["decoder"].keys() == dataclasses.asdict(rwkeras.DecoderSettings()).keys()
    assert said["training"]["steps"] == 3 * said["training"]["epoch_steps"]
    assert list((tmp_path / "logs").rglob("events.*"))
    assert not (tmp_path / "decoder.state").exists()

    arguments = ["--decoder=decoder.keras", "--output=decoded.png", "--report=decoded.json"]
    process = run("decode", f"--image={photo}", *arguments, "--image_size=0")
    assert process.returncode == 0, process.stderr
    found, source = (rwkeras.read_image(path) for path in (tmp_path / "decoded.png", photo))
    expected = rwkeras.decode(tmp_path / "decoder.keras", source)
    assert np.abs(found - expected).max() < 1 / 255
    said = json.loads((tmp_path / "decoded.json").read_text())
    assert said["settings"]["bits"] == 8
    np.testing.assert_allclose(said["psnr_db"], rwkeras.psnr(expected, source)[0], rtol=1e-3)

    network = ["--network=toy_vgg", "--layer=conv2_1", "--init=decoder.keras", "--image_size=32"]
    process = run("invert", f"--image={photo}", *network, "--max_iterations=3", "--output=i.png")
    assert process.returncode == 0, process.stderr
    other = [*network[:1], "--layer=conv2_2", *network[2:], "--output=o.png"]
    check_refused(
        run("invert", f"--image={photo}", *other),
        "Invalid value for argument `init`. Expected a decoder for 'conv2_2' of 'toy_vgg'. "
        "Received: init=a decoder for 'conv2_1' of 'toy_vgg'",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--output=decoder.h5"],
            "Invalid value for argument `output`. Expected a file name that ends in .keras. "
            "Received: output=decoder.h5",
        ),
        (
            ["--images=nowhere"],
            "Invalid value for argument `images`. Expected an existing folder of pictures. "
            "Received: images=nowhere",
        ),
        (
            ["--factors=two"],
            "Invalid value for argument `factors`. Expected comma-separated integers, such as 2,1. "
            "Received: "
            "factors=two",
        ),
        (
            ["--steps=15"],
            "Invalid value for argument `steps`. Expected a multiple of `epoch_steps`, 10. "
            "Received: steps=15",
        ),
        (
            ["--crop_size=33"],
            "Invalid value for argument `crop_size`. Expected at most `photo_size`, 32. "
            "Received: crop_size=33",
        ),
    ],
)
def test_nonsense_to_train_on(run, tmp_path, photos, arguments, message):
    process = run("train_decoder", f"--images={photos}", "--output=x.keras", *QUICK, *arguments)
    check_refused(process, message)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_nonsense_to_decode(run, tmp_path, photo):
    process = run("decode", f"--image={photo}", "--decoder=none.keras", "--output=decoded.png")
    check_refused(
        process,
        "Invalid value for argument `decoder`. Expected the path of an existing .keras file. "
        "Received: decoder=none.keras",
    )
    assert not (tmp_path / "decoded.png").exists()
