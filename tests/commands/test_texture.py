import json

import pytest

import rwkeras
from rwkeras.commands.texture import parse_size
from tests.commands.conftest import TOY, check_refused
from tests.conftest import waves


def test_size_of_the_output(run, photo, tmp_path):
    process = run(
        "texture", f"--texture={photo}", "--output=out.jpg", "--output_size=40x28", *TOY,
        "--layers=conv1_1,conv2_1", "--report=report.json",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert rwkeras.read_image(tmp_path / "out.jpg").shape == (28, 40, 3)
    report = json.loads((tmp_path / "report.json").read_text())
    assert list(report["losses"]) == ["texture/conv1_1", "texture/conv2_1"]
    assert "psnr_db" not in report


@pytest.mark.parametrize("size", ["40", "40x", "axb", "-4x4", "40x28x3"])
def test_sizes_that_are_none(size):
    with pytest.raises(ValueError) as error:
        parse_size(size)
    assert str(error.value) == (
        "Invalid value for argument `output_size`. Expected WxH in pixels, such as 512x256. "
        f"Received: output_size={size}"
    )


def test_size():
    assert parse_size("512x256") == (512, 256)
    assert parse_size(None) is None


def test_bad_layers(run, photo):
    process = run("texture", f"--texture={photo}", "--output=o.png", *TOY, "--layers=conv1_1,conv9")
    check_refused(process, "Expected a layer of 'toy_vgg'", "layer=conv9")


@pytest.mark.slow
def test_several_textures_at_several_octaves(run, photo, tmp_path):
    rwkeras.write_image(tmp_path / "other.png", waves(40, 40) ** 2)
    process = run(
        "texture", f"--texture={photo},other.png", "--join=max", "--octaves=2", "--output=out.png",
        *TOY, "--layers=conv1_1,conv2_1", "--report=report.json",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert rwkeras.read_image(tmp_path / "out.png").shape == rwkeras.read_image(photo).shape
    losses = json.loads((tmp_path / "report.json").read_text())["losses"]
    names = ["conv1_1", "conv2_1", "conv1_1_octave1", "conv2_1_octave1"]
    assert list(losses) == [f"texture/{name}" for name in names]


def test_no_octave(run, photo):
    process = run("texture", f"--texture={photo}", "--output=o.png", *TOY, "--octaves=0")
    check_refused(process, "`octaves`", "an integer of at least 1")


def test_weights_that_are_no_numbers(run, photo):
    process = run(
        "texture", f"--texture={photo}", "--output=o.png", *TOY, "--source_weights=2,much"
    )
    check_refused(process, "`source_weights`", "comma-separated numbers", "=2,much")


def test_weights_of_one_texture_and_two(run, photo):
    process = run(
        "texture", f"--texture={photo},{photo}", "--output=o.png", *TOY, "--layers=conv1_1",
        "--source_weights=1",
    )  # fmt: skip
    expected = "Expected one number of at least 0 per source, 2, not all 0."
    check_refused(process, "`source_weights`", expected, "source_weights=[1.0]")


@pytest.mark.slow
def test_a_tileable_texture_of_two_from_coarse_to_fine(run, photo, tmp_path):
    rwkeras.write_image(tmp_path / "other.png", waves(112, 96) ** 2)
    rwkeras.write_image(tmp_path / "photo.png", waves(96, 96))
    process = run(
        "texture", "--texture=photo.png,other.png", "--source_weights=2,1", "--output=out.png",
        *TOY, "--image_size=0", "--layers=conv1_1,conv2_1", "--output_size=128x96", "--tileable",
        "--coarse_to_fine", "--report=report.json",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "warning" not in process.stderr
    assert rwkeras.read_image(tmp_path / "out.png").shape == (96, 128, 3)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["iterations"] == 2 * 6
    assert 0.5 < report["seam_ratio"] < 2


def test_sizes_that_cannot_be_tiled_and_that_are_not_coarse(run, photo):
    process = run(
        "texture", f"--texture={photo}", "--output=o.png", *TOY, "--layers=conv1_1,conv3_1",
        "--output_size=30x32", "--tileable", "--coarse_to_fine",
    )  # fmt: skip
    check_refused(process, "`output_size`", "multiples of 4", "(32, 32)", "output_size=(30, 32)")
    assert (
        "warning: `coarse_to_fine` has no effect: the longer side must be at least 64 pixels, not "
        "32."
    ) in process.stderr
