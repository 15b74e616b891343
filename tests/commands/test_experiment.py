import csv
import json

import pytest

import rwkeras
from tests.commands.conftest import check_refused
from tests.conftest import waves

SMALL = ["--quick", "--max_iterations=3", "--workers=2"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos").mkdir()
    for n, size in enumerate([(40, 56), (48, 36)]):
        rwkeras.write_image(tmp_path / "photos" / f"photo{n}.png", waves(*size))
    rwkeras.toy_vgg(seed=1).save(tmp_path / "toy.keras")
    return tmp_path


@pytest.mark.slow
def test_page_of_the_users_images_and_a_second_run_does_nothing_again(run, folder):
    given = ["--experiment=distances", "--output_dir=out", "--images=photos", "--network=toy.keras"]
    process = run("experiment", *given, *SMALL)
    assert process.returncode == 0, process.stderr
    said = process.stdout.splitlines()
    assert said[0].startswith("not tested: All conv and pooling layers retain")
    assert said[-1] == "page: out/distances/index.html"
    names = {path.name for path in (folder / "out" / "distances").iterdir()}
    assert {"index.html", "distances.csv", "vgg.png", "vgg_pictures.pdf"} <= names
    with (folder / "out" / "distances" / "distances.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["image"] for row in found} == {"photo0", "photo1"}
    assert {row["network"] for row in found} >= {"toy", "untrained twin"}
    page = "".join((folder / "out" / "distances" / "index.html").read_text().split())
    assert "<td>network</td><td>toy.keras</td>" in page
    assert "<td>max_iterations</td><td>3</td>" in page
    results = sorted((folder / "out" / "jobs").glob("*/result.json"))
    times = [path.stat().st_mtime_ns for path in results]
    # As if it had been stopped before the last result.
    results[0].unlink()
    assert run("experiment", *given, *SMALL).returncode == 0
    again = [path.stat().st_mtime_ns for path in results]
    assert again[0] > times[0]
    assert again[1:] == times[1:]


@pytest.mark.slow
def test_a_result_is_kept_with_its_command(run, folder):
    small = ["--architecture=toy_vgg", "--image_size=32", "--samples=2", "--seed=7"]
    given = ["--experiment=untrained_decoders", *small, "--images=photos"]
    process = run("experiment", *given, "--output_dir=out", "--results_dir=results")
    assert process.returncode == 0, process.stderr
    runs = json.loads((folder / "results" / "runs.json").read_text())
    command = runs["untrained_decoders"]["command"].split()
    assert command[0] == "rwkeras-experiment"
    assert set(command[1:]) == set(given)
    assert runs["untrained_decoders"]["settings"]["samples"] == 2
    kept = (folder / "results" / "untrained_decoders.csv").read_bytes()
    page = folder / "out" / "untrained_decoders" / "untrained_decoders.csv"
    assert kept == page.read_bytes()


def test_nonsense_is_refused(run, folder):
    given = ["--experiment=morph", "--output_dir=out", *SMALL, "--network=toy.keras"]
    check_refused(run("experiment", *given, "--images=none.png"), "`images`", "none.png")
    check_refused(run("experiment", *given, "--samples=0"), "`samples`")
    one = run("experiment", *given, "--images=photos/photo0.png")
    check_refused(one, "`images`", "at least two images")
    check_refused(
        run("experiment", *given[:-1], "--network=no.keras"), "`network`", "existing file"
    )
    check_refused(run("experiment", *given[:-1], "--network=vgg"), "`network`", "one of 'vgg19'")
    check_refused(run("experiment", *given, "--results_dir=results"), "`results_dir`", "--quick")
