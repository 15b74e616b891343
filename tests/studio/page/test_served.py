"""The studio with a served model that does its work."""

import numpy as np
import pytest

import rwkeras
from rwkeras.images.comments import read_comment
from rwkeras.images.reading import fit_longer_side
from rwkeras.studio.recipes import read_recipe
from tests.serving.client.models import style_model
from tests.serving.wire import rest_server
from tests.studio.page.acts import begin, choose_both, download, settings, wait_until_made
from tests.studio.page.conftest import Studio


@pytest.mark.slow
def test_a_served_model_paints(browser, files, tmp_path):
    with rest_server(style_model()) as address:
        studio = Studio(tmp_path / "kept", f"--endpoint={address}")
        try:
            context = browser.new_context(accept_downloads=True)
            page = context.new_page()
            page.set_default_timeout(240_000)
            page.goto(studio.url)
            choose_both(page, files)
            assert page.get_by_text(address).count() == 1
            assert page.get_by_label("Go on from the present picture").count() == 0
            settings(page, size=64)
            begin(page)
            wait_until_made(page)
            taken = tmp_path / "taken.png"
            taken.write_bytes(download(page, "PNG")[0])
            settings(page, seed=3)
            begin(page)
            page.get_by_text("Expected 0 with multiscale_style").wait_for()
            context.close()
        finally:
            studio.end()
    assert read_recipe(read_comment(taken)).served == "multiscale_style:1"
    content = fit_longer_side(rwkeras.read_image(files / "photograph.png"), 64)
    np.testing.assert_allclose(rwkeras.read_image(taken), 1 - content, atol=2 / 255)
