import json

import pytest

import rwkeras
from tests.commands.conftest import check_refused
from tests.conftest import waves

SMALL = ["--image_size=32", "--max_iterations=2"]


@pytest.fixture
def painting(tmp_path):
    rwkeras.write_image(tmp_path / "painting.png", waves(40, 50)[:, ::-1])
    return tmp_path / "painting.png"


def test_preset_and_overrides(run, photo, painting, tmp_path):
    process = run(
        "style", f"--content={photo}", f"--style={painting},{photo}", "--output=out.png", *SMALL,
        "--preset=paper", "--tv_weight=0", "--report=report.json", "--join=max",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert rwkeras.read_image(tmp_path / "out.png").shape == (32, 24, 3)
    report = json.loads((tmp_path / "report.json").read_text())
    assert len(report["losses"]) == 7
    assert report["losses"]["tv"] == 0
    assert report["flags"]["preset"] == "paper"
    assert report["flags"]["style"] == [str(painting), str(photo)]


def test_negative_weight(run, photo, painting):
    process = run(
        "style", f"--content={photo}", f"--style={painting}", "--output=out.png", *SMALL,
        "--style_weight=-1",
    )  # fmt: skip
    check_refused(process, "`style_weight`. Expected a finite number of at least 0", "-1.0")


def test_layers_that_the_network_lacks(run, photo, painting):
    process = run(
        "style", f"--content={photo}", f"--style={painting}", "--output=out.png", *SMALL,
        "--network=toy_vgg",
    )  # fmt: skip
    check_refused(process, "Expected a layer of 'toy_vgg'", "layer=conv4_1")
