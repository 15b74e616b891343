import json

import numpy as np
import pytest

import rwkeras
from rwkeras.commands.variations import in_rows
from tests.commands.conftest import TOY, check_refused


@pytest.mark.parametrize(
    ("count", "lengths"), [(1, [1]), (2, [2]), (3, [2, 1]), (4, [2, 2]), (7, [3, 3, 1])]
)
def test_rows(count, lengths):
    rows = in_rows(list(range(count)))
    assert [len(row) for row in rows] == lengths
    assert [item for row in rows for item in row] == list(range(count))


@pytest.mark.slow
def test_each_is_the_result_of_its_seed(run, photo, tmp_path):
    arguments = [f"--texture={photo}", *TOY, "--layers=conv1_1,conv2_1"]
    process = run(
        "texture", *arguments, "--seed=3", "--variations=2", "--output=out.png", "--save_every=3",
        "--report=report.json", "--filmstrip=strip.png", "--logdir=logs", "--checkpoint_dir=state",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    written = {path.name for path in tmp_path.iterdir()}
    previews = {f"out_seed{seed}-{n:05d}.png" for seed in (3, 4) for n in (3, 6)}
    results = {"out_seed3.png", "out_seed4.png"}
    others = {"photo.png", "out.png", "strip.png", "report.json", "logs", "state"}
    assert written == results | previews | others
    for folder in ("logs", "state"):
        assert {path.name for path in (tmp_path / folder).iterdir()} == {"seed_3", "seed_4"}

    process = run("texture", *arguments, "--seed=4", "--output=alone.png", "--report=alone.json")
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "alone.png").read_bytes() == (tmp_path / "out_seed4.png").read_bytes()
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["flags"]["seed"] == 3
    first, second = report["variations"]
    assert (first["seed"], first["output"]) == (3, "out_seed3.png")
    assert (second["seed"], second["output"]) == (4, "out_seed4.png")
    assert second["loss"] == json.loads((tmp_path / "alone.json").read_text())["loss"]

    images = [rwkeras.read_image(tmp_path / f"out_seed{seed}.png") for seed in (3, 4)]
    assert np.abs(images[0] - images[1]).mean() > 0.01
    sheet = rwkeras.read_image(tmp_path / "out.png")
    assert sheet.shape[0] == 8 + 14 + 32 + 8
    np.testing.assert_array_equal(sheet[22:54, 8:32], images[0])
    strip = rwkeras.read_image(tmp_path / "strip.png")
    assert strip.shape[0] == 2 * (14 + 32 + 8) + 8  # One row for each.


def test_a_decoder_is_of_one_network(run, photo):
    process = run(
        "invert", f"--image={photo}", "--layer=conv2_1", "--output=out.png", *TOY,
        "--init=decoder.keras", "--variations=2",
    )  # fmt: skip
    check_refused(
        process,
        "Invalid value for argument `variations`. Expected 1 with a decoder as `init`, which is "
        "for one network. Received: variations=2",
    )
