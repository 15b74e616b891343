"""The studio in a real browser, from dropped pictures to downloads."""

import json
import signal
import time
from urllib.parse import urlsplit

import pytest

import rwkeras
from rwkeras.digests import bytes_digest
from rwkeras.images.comments import read_comment
from rwkeras.studio.recipes import parse_recipe
from tests.studio.page.actions import (
    change_settings,
    choose,
    choose_both,
    continue_with,
    disable_continuing,
    download,
    drop,
    drop_zone,
    start_run,
    wait_until_finished,
    wait_until_running,
)

pytestmark = pytest.mark.slow
QUICK = {"size": 64, "iterations": 10, "draws": 1}
# Long enough for other actions during the run.
LONG = {"size": 256, "iterations": 300, "draws": 8}


def test_from_dropped_pictures_to_a_download_that_reproduces_itself(page, files, tmp_path):
    drop(page, "content", files / "photograph.png")
    drop(page, "style", files / "painting.jpg", "image/jpeg")
    page.locator(".drop-target.filled").nth(1).wait_for()
    change_settings(page, **QUICK)
    start_run(page)
    wait_until_finished(page)
    page.locator(".strip li").nth(1).wait_for()
    recipes = set()
    for label, extension in (("PNG", ".png"), ("JPEG", ".jpg"), ("TIFF", ".tif")):
        content, name = download(page, label)
        path = tmp_path / f"downloaded{extension}"
        path.write_bytes(content)
        assert name.startswith("style-")
        assert name.endswith(extension)
        assert rwkeras.read_image(path).shape == (48, 64, 3)
        recipes.add(read_comment(path))
    recipe_file, name = download(page, "Recipe")
    assert name.endswith(".json")
    assert recipes == {recipe_file.decode().strip()}
    assert json.loads(recipe_file)["size"] == 64
    for extension, kind in ((".jpg", "image/jpeg"), (".tif", "image/tiff"), (".png", "image/png")):
        path = tmp_path / f"downloaded{extension}"
        drop(page, "content", path, kind)
        page.get_by_role("button", name="Make it again").click()
        page.get_by_text("Identical to the dropped file").wait_for()
        wait_until_finished(page)
        label = {".jpg": "JPEG", ".tif": "TIFF", ".png": "PNG"}[extension]
        assert download(page, label)[0] == path.read_bytes()
        choose_both(page, files)
    assert {urlsplit(url).hostname for url in page.requested_urls if url.startswith("http")} == {
        "127.0.0.1"
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("balance", 2), ("style_scale", 0.5), ("colors", "photograph"), ("seed", 5), ("size", 96)],
)
def test_a_changed_setting_continues_from_the_current_result(page, files, tmp_path, name, value):
    choose_both(page, files)
    disable_continuing(page)
    change_settings(page, **QUICK)
    start_run(page)
    wait_until_finished(page)
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    first.write_bytes(download(page, "PNG")[0])
    continue_with(page, name, value)
    second.write_bytes(download(page, "PNG")[0])
    assert first.read_bytes() != second.read_bytes()
    recipe = parse_recipe(read_comment(second))
    assert getattr(recipe, name) == value
    assert recipe.start == bytes_digest(first.read_bytes())
    side = value if name == "size" else QUICK["size"]
    assert rwkeras.read_image(second).shape == (side * 3 // 4, side, 3)
    drop(page, "content", second)
    page.get_by_role("button", name="Make it again").click()
    page.get_by_text("Identical to the dropped file").wait_for()


@pytest.mark.parametrize(
    ("tab", "role", "verb", "name", "value"),
    [
        ("Texture", "texture", "Synthesise", "size", 96),
        ("Texture", "texture", "Synthesise", "seed", 5),
        ("Recover", "image", "Recover", "layer", "conv2_1"),
        ("Recover", "image", "Recover", "seed", 5),
    ],
)
def test_the_other_tabs(page, files, tmp_path, tab, role, verb, name, value):
    page.get_by_role("tab", name=tab).click()
    drop_zone(page, role).wait_for()
    choose(page, role, files / "photograph.png")
    disable_continuing(page)
    change_settings(page, size=64, iterations=10, **({"draws": 1} if tab == "Texture" else {}))
    start_run(page, verb)
    wait_until_finished(page)
    page.locator(".strip li").nth(1).wait_for()
    first, second = tmp_path / "first.png", tmp_path / "second.jpg"
    first.write_bytes(download(page, "PNG")[0])
    assert parse_recipe(read_comment(first)).kind == tab.lower()
    continue_with(page, name, value)
    second.write_bytes(download(page, "JPEG")[0])
    recipe = parse_recipe(read_comment(second))
    assert getattr(recipe, name) == value
    assert recipe.start == bytes_digest(first.read_bytes())
    assert first.read_bytes() != download(page, "PNG")[0]
    drop(page, role, second, "image/jpeg")
    page.get_by_role("button", name="Make it again").click()
    page.get_by_text("Identical to the dropped file").wait_for()


def test_a_run_survives_a_reload_and_keeps_its_picture_when_stopped(page, files, tmp_path):
    choose_both(page, files)
    disable_continuing(page)
    change_settings(page, **LONG)
    start_run(page)
    wait_until_running(page)
    page.reload()
    wait_until_running(page)
    assert "of" in page.locator(".running .time").inner_text()
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_until_finished(page)
    assert page.locator("figcaption .time").inner_text().startswith("Stopped in")
    downloaded = tmp_path / "stopped.png"
    downloaded.write_bytes(download(page, "PNG")[0])
    assert parse_recipe(read_comment(downloaded)).stop is not None
    drop(page, "content", downloaded)
    page.get_by_role("button", name="Make it again").click()
    page.get_by_text("Identical to the dropped file").wait_for()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_survives_a_restart_of_the_server(page, studio, files, number):
    choose_both(page, files)
    disable_continuing(page)
    change_settings(page, size=128, iterations=200, draws=4)
    start_run(page)
    wait_until_running(page)
    page.wait_for_timeout(1500)
    if number == signal.SIGKILL:  # Nothing is saved at the end: the last checkpoint counts.
        wait_until_checkpoint(studio.folder)
    # An open page would reload itself and abort the request below.
    page.goto("about:blank")
    studio.stop(number)
    (job_folder,) = [
        path for path in (studio.folder / "jobs").iterdir() if (path / "checkpoint").exists()
    ]
    assert json.loads((job_folder / "job.json").read_text())["state"] == "running"
    studio.start()
    page.goto(studio.url)
    wait_until_finished(page)
    job = json.loads((job_folder / "job.json").read_text())
    assert job["state"] == "done"
    # It resumed: a run from scratch would have written the first frame.
    assert not (job_folder / "stage-000000.jpg").exists()
    assert not (job_folder / "checkpoint").exists()


def wait_until_checkpoint(folder):
    """Waits until a job of the folder has a checkpoint."""
    deadline = time.monotonic() + 60
    while not any((folder / "jobs").glob("*/checkpoint/**/*.index")):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_rejected_upload_shows_its_error(page, files, tmp_path):
    (tmp_path / "notes.txt").write_text("not a picture")
    drop(page, "content", tmp_path / "notes.txt", "text/plain")
    alert = page.get_by_role("alert")
    alert.get_by_text("Expected a picture in a format that Pillow supports").wait_for()
    assert "notes.txt" in alert.inner_text()
    half = tmp_path / "half.png"
    half.write_bytes((files / "photograph.png").read_bytes()[:200])
    drop(page, "content", half)
    alert.get_by_text("half.png").wait_for()


def test_jobs_of_two_pages_share_the_queue(page, browser, studio, files):
    choose_both(page, files)
    disable_continuing(page)
    change_settings(page, **LONG)
    start_run(page)
    wait_until_running(page)
    context = browser.new_context()
    other = context.new_page()
    other.goto(studio.url)
    other.get_by_role("tab", name="Texture").click()
    drop_zone(other, "texture").locator("input[type=file]").set_input_files(files / "painting.jpg")
    other.locator(".drop-target.filled").wait_for()
    change_settings(other, **QUICK)
    start_run(other, "Synthesise")
    other.get_by_text("This job is next in the queue.").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    other.locator(".downloads").wait_for(timeout=240_000)
    wait_until_finished(page)
    context.close()


def test_variations_are_shown_in_a_grid(page, files):
    choose_both(page, files)
    disable_continuing(page)
    change_settings(page, **QUICK, seed=7)
    start_run(page, "4 variations")
    grid = page.locator(".variations")
    grid.locator("img").nth(3).wait_for()
    assert grid.locator(".caption").all_inner_texts() == [f"seed {n}" for n in (7, 8, 9, 10)]
    grid.locator("button").nth(2).click()
    grid.locator("[aria-current=true]").get_by_text("seed 9").wait_for()
    assert grid.locator("[aria-current=true]").count() == 1
    assert page.locator("#set-seed").input_value() == "9"
