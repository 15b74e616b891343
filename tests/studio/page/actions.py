"""Actions of a user on the page."""

import base64

# Drops a file, which no input of a page does.
_DROP = """(zone, [name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true }));
  }
}"""


def drop_zone(page, role):
    return page.locator(f".drop-zone[data-role={role}]")


def drop(page, role, path, kind="image/png"):
    """Drops a file on a drop zone."""
    content = base64.b64encode(path.read_bytes()).decode()
    drop_zone(page, role).evaluate(_DROP, [path.name, kind, content])


def choose(page, role, path):
    """Chooses a file by a drop zone's dialogue, and waits until it is shown."""
    drop_zone(page, role).locator("input[type=file]").set_input_files(path)
    drop_zone(page, role).locator(".filled").wait_for()


def choose_both(page, files):
    choose(page, "content", files / "photograph.png")
    choose(page, "style", files / "painting.jpg")


def change_setting(page, name, value):
    """Sets a control, and leaves it."""
    if name in ("iterations", "draws"):
        effort = page.locator("details.effort")
        if effort.get_attribute("open") is None:
            effort.locator("summary").click()
    field = page.locator(f"#set-{name}")
    if field.evaluate("field => field.localName") == "select":
        field.select_option(value)
    elif field.input_value() != str(value):
        field.fill(str(value))
        field.blur()  # A number that was typed counts once its field is left.


def change_settings(page, **values):
    for name, value in values.items():
        change_setting(page, name, value)


def start_run(page, name="Paint"):
    page.get_by_role("button", name=name, exact=True).click()


def wait_until_finished(page):
    page.locator(".downloads").wait_for()


def wait_until_running(page):
    page.locator(".preview:not(.faded)").wait_for()


def download(page, label):
    """Downloads a result; returns the bytes of the file and its name."""
    with page.expect_download() as downloaded:
        page.get_by_role("link", name=f"Download {label}", exact=True).click()
    return downloaded.value.path().read_bytes(), downloaded.value.suggested_filename


def disable_continuing(page):
    """Switches off that a changed setting continues from the current picture."""
    page.get_by_label("Continue from the current picture").uncheck()


def continue_with(page, name, value):
    """Changes a setting, continues from the current picture, and waits for the result."""
    page.get_by_label("Continue from the current picture").check()
    source = page.locator(".compare .after").get_attribute("src")
    change_setting(page, name, value)
    page.wait_for_function(
        "source => ![source, undefined].includes(document.querySelector('.compare .after')?.src"
        ".replace(location.origin, ''))", arg=source,
    )  # fmt: skip
