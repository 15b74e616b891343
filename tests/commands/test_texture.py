import json

import pytest

import rwkeras
from rwkeras.commands.texture import parse_size
from tests.commands.conftest import TOY, check_refused


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
