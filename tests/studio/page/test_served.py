"""The studio with a served model."""

from pathlib import Path

import numpy as np
import pytest

import rwkeras
from rwkeras.images.comments import read_comment
from rwkeras.images.reading import fit_longer_side
from rwkeras.studio.recipes import parse_recipe
from tests.serving.client.models import style_model
from tests.serving.model_server import running
from tests.serving.wire import rest_server
from tests.studio.page.actions import (
    change_settings,
    choose_both,
    download,
    start_run,
    wait_until_finished,
)
from tests.studio.page.conftest import Studio

MODEL = Path(__file__).parents[3] / "saved_models" / "multiscale_style"


@pytest.mark.slow
def test_a_served_model_paints(browser, files, tmp_path):
    with rest_server(style_model()) as address:
        studio = Studio(tmp_path / "studio", f"--endpoint={address}")
        try:
            context = browser.new_context(accept_downloads=True)
            page = context.new_page()
            page.set_default_timeout(240_000)
            page.goto(studio.url)
            choose_both(page, files)
            assert page.get_by_text(address).count() == 1
            assert page.get_by_label("Continue from the current picture").count() == 0
            change_settings(page, size=64)
            start_run(page)
            wait_until_finished(page)
            downloaded = tmp_path / "downloaded.png"
            downloaded.write_bytes(download(page, "PNG")[0])
            # Settings that a served style does not support are not offered.
            assert page.locator("#set-seed").count() == 0
            assert page.get_by_role("button", name="4 variations").count() == 0
            page.get_by_role("tab", name="Texture").click()
            page.locator("#set-seed").wait_for()
            page.get_by_role("tab", name="Recover").click()
            page.get_by_role("button", name="Recover", exact=True).wait_for()
            assert page.locator("#set-layer").count() == 0
            context.close()
        finally:
            studio.stop()
    assert parse_recipe(read_comment(downloaded)).served == "multiscale_style:1"
    content = fit_longer_side(rwkeras.read_image(files / "photograph.png"), 64)
    np.testing.assert_allclose(rwkeras.read_image(downloaded), 1 - content, atol=2 / 255)


@pytest.mark.slow
def test_the_model_of_the_repository_paints(browser, files, tmp_path):
    with running(MODEL, MODEL.name, stand_in=True) as addresses:
        studio = Studio(tmp_path / "studio", f"--endpoint={addresses.rpc}")
        try:
            context = browser.new_context(accept_downloads=True)
            page = context.new_page()
            page.set_default_timeout(240_000)
            page.goto(studio.url)
            choose_both(page, files)
            change_settings(page, size=64, iterations=5, balance=2)
            start_run(page)
            wait_until_finished(page)
            downloaded = tmp_path / "downloaded.png"
            downloaded.write_bytes(download(page, "PNG")[0])
            context.close()
        finally:
            studio.stop()
    recipe = parse_recipe(read_comment(downloaded))
    assert (recipe.served, recipe.balance) == ("multiscale_style:1", 2)
    content = fit_longer_side(rwkeras.read_image(files / "photograph.png"), 64)
    painted = rwkeras.read_image(downloaded)
    assert painted.shape == content.shape
    assert np.mean(np.abs(painted - content)) > 0.02
