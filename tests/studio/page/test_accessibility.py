"""Accessibility, layout, start and access control of the page."""

import re
import subprocess
import sys

import pytest

from tests.studio.page.actions import (
    change_settings,
    choose_both,
    disable_continuing,
    start_run,
    wait_until_finished,
)
from tests.studio.page.conftest import Studio
from tests.tools import path_of

pytestmark = pytest.mark.slow

# Controls and images without an accessible name.
_UNLABELLED = """() => [...document.querySelectorAll(
  ".studio button, .studio a[href], .studio input, .studio select, .studio img, .studio progress"
)].filter((element) => {
  const labels = [...(element.labels ?? [])].map((label) => label.textContent).join("");
  const named = element.getAttribute("aria-label") ?? element.getAttribute("alt");
  return !(named ?? "").trim() && !labels.trim() && !element.textContent.trim()
    && !(element.tagName === "IMG" && element.closest("button[aria-label]"));
}).map((element) => element.outerHTML)"""
# Contrast of texts with their background, by WCAG 2.
_CONTRAST = """() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = parts(color).map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      const alpha = parts(color)[3];
      if (alpha === undefined || alpha === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const words = ["h1", "h2", "p", "button", "label", ".end-labels span"]
    .map((name) => `.studio ${name}`).join();
  return Object.fromEntries([...document.querySelectorAll(words)]
    .filter((element) => element.offsetParent && element.textContent.trim())
    .map((element) => {
      const pair = [light(getComputedStyle(element).color), light(behind(element))];
      return [element.textContent.trim().slice(0, 30),
        (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)];
    }));
}"""


@pytest.mark.parametrize("kind", ["Style", "Texture", "Recover"])
def test_every_element_has_an_accessible_name(page, files, kind):
    choose_both(page, files)
    page.get_by_role("tab", name=kind).click()
    page.get_by_role("tab", name=kind, selected=True).wait_for()
    assert page.evaluate(_UNLABELLED) == []
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.title") == "rwkeras studio"


def test_the_keyboard_reaches_everything(page, files):
    choose_both(page, files)
    page.locator("body").click(position={"x": 2, "y": 2})
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label')"
                " ?? e.id + e.textContent.trim(); }"
            )
        )
    for name in ("Skip to the picture", "Style", "Photograph: choose a file", "A cup of coffee",
                 "set-balance", "set-size", "set-seed", "Paint", "4 variations"):  # fmt: skip
        assert any(name in label for label in reached), (name, reached)


def test_arrows_turn_tabs_and_move_sliders(page):
    page.get_by_role("tab", name="Style").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("tab", name="Texture", selected=True).wait_for()
    page.get_by_text("More of a texture").wait_for()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("Repaints a photograph in the style").wait_for()
    slider = page.get_by_label("Content against style")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.locator("output").get_by_text("x 1.41").wait_for()
    assert slider.get_attribute("aria-valuetext") == "x 1.41"


def test_a_slider_keeps_its_value(page):
    slider = page.get_by_label("Content against style")
    slider.focus()
    for step in range(1, 5):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(500)  # The page renders the change.
        assert float(slider.input_value()) == step / 2
    size = page.locator("#set-size")
    size.scroll_into_view_if_needed()
    box = size.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    for fraction in (0.4, 0.6, 0.8):
        page.mouse.move(box["x"] + box["width"] * fraction, box["y"] + box["height"] / 2)
        page.wait_for_timeout(300)
    page.mouse.up()
    page.wait_for_timeout(500)
    assert 700 < int(size.input_value()) < 940
    assert page.locator("output[for=set-size]").inner_text() == f"{size.input_value()} px"
    seed = page.locator("#set-seed")
    seed.fill("")
    for digit in "1234":
        seed.press(digit)
        page.wait_for_timeout(300)
    seed.blur()
    page.wait_for_timeout(500)
    assert seed.input_value() == "1234"


def test_the_comparison_slider_works_by_keyboard(page, files):
    choose_both(page, files)
    disable_continuing(page)
    change_settings(page, size=64, iterations=5, draws=1)
    start_run(page)
    wait_until_finished(page)
    slider = page.locator(".split-slider")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(400)
    assert slider.input_value() == "5"
    assert page.locator(".compare").evaluate("e => e.style.getPropertyValue('--split')") == "5%"


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_the_page_fits_the_width_of_the_screen(browser, studio, width):
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(studio.url)
    page.get_by_role("button", name="Paint", exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_in_light_and_dark_themes(browser, studio, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(studio.url)
    page.get_by_role("button", name="Paint", exact=True).wait_for()
    contrast_ratios = page.evaluate(_CONTRAST)
    assert len(contrast_ratios) > 10
    assert min(contrast_ratios.values()) >= 4.5, contrast_ratios
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = sum(map(int, re.findall(r"\d+", background)[:3])) < 3 * 128
    assert dark is (scheme == "dark")
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != background
    context.close()


def test_the_page_starts_in_seconds_without_tensorflow(studio):
    assert studio.seconds < 10
    code = (
        "import sys, rwkeras.studio.page.serve; "
        "print([n for n in ('tensorflow', 'keras') if n in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.stdout == "[]\n", process.stderr


def test_a_token_is_required_on_other_addresses(browser, tmp_path):
    studio = Studio(tmp_path / "studio", "--host=0.0.0.0")
    try:
        (token,) = re.findall(r"\?token=(\S+)", studio.log_text())
        context = browser.new_context()
        page = context.new_page()
        assert page.goto(studio.url).status == 401
        assert page.goto(f"{studio.url}?token=wrong").status == 401
        assert page.goto(f"{studio.url}?token={token}").status == 200
        page.get_by_role("button", name="Paint", exact=True).wait_for()
        page.get_by_role("tab", name="Texture").click()
        page.get_by_text("More of a texture").wait_for()
        assert page.goto(studio.url).status == 200
        context.close()
    finally:
        studio.stop()


def test_a_used_port_or_folder_is_a_one_line_error(studio, tmp_path):
    for arguments, message in (
        ([f"--folder={tmp_path / 'studio'}", f"--port={studio.port}"], "Expected a free port"),
        ([f"--folder={studio.folder}", "--port=1"], "in use by another studio"),
    ):
        process = subprocess.run(
            [sys.executable, path_of("studio"), *arguments, "--noopen"],
            capture_output=True,
            text=True,
        )
        assert process.returncode == 1
        assert process.stderr.startswith("error: Invalid value for argument ")
        assert message in process.stderr
        assert len(process.stderr.splitlines()) == 1
