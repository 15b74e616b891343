"""Screenshots of the studio for its guide, with scikit-image's photographs.

python -m tests.studio.page.screenshots docs
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.studio.page.actions import (
    change_settings,
    disable_continuing,
    start_run,
    wait_until_finished,
)
from tests.studio.page.conftest import CHROMIUM, FLAGS, Studio

_DESKTOP, _PHONE = {"width": 1360, "height": 880}, {"width": 390, "height": 800}
_QUALITY, _SIDE = 82, 1100


def _save_screenshot(page, path: Path) -> None:
    """Writes a screenshot of a page as a small JPEG file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.png"
        page.screenshot(path=file)
        with Image.open(file) as image:
            image.thumbnail((_SIDE, _SIDE))
            image.convert("RGB").save(path, quality=_QUALITY, optimize=True)


def _open_page(browser, studio, size, scheme):
    page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
    page.set_default_timeout(240_000)
    page.goto(studio.url)
    return page


def _choose_example(page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def _show_first(page) -> None:
    """Shows the first result, half covered by its photograph."""
    page.locator(".history .card").last.click()
    page.get_by_text("320 x 213 pixels").wait_for()
    page.locator(".split-slider").fill("42")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1000)


def main(folder: Path) -> None:
    """Writes the screenshots into a folder."""
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        studio = Studio(Path(temporary) / "studio")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = _open_page(browser, studio, _DESKTOP, "light")
            _choose_example(page, "A cup of coffee")
            _choose_example(page, "Generated painting")
            page.locator(".drop-target.filled").nth(1).wait_for()
            disable_continuing(page)
            change_settings(page, size=320)
            start_run(page)
            page.wait_for_function("() => document.querySelector('.running progress')?.value > 0.6")
            _save_screenshot(page, folder / "studio_running.jpg")
            wait_until_finished(page)
            change_settings(page, size=128, iterations=60)
            start_run(page, "4 variations")
            page.locator(".variations img").nth(3).wait_for()
            dark = _open_page(browser, studio, _DESKTOP, "dark")
            wait_until_finished(dark)
            _show_first(dark)
            _save_screenshot(dark, folder / "studio_done.jpg")
            phone = _open_page(browser, studio, _PHONE, "light")
            _show_first(phone)
            _save_screenshot(phone, folder / "studio_phone.jpg")
        finally:
            browser.close()
            studio.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
