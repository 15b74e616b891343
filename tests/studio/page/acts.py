"""What a person does on the page."""

import base64

# A file dropped from outside, which no input of a page can be told to do.
_DROP = """(well, [name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragover", "drop"]) {
    well.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true }));
  }
}"""


def well(page, role):
    return page.locator(f".well[data-role={role}]")


def drop(page, role, path, kind="image/png"):
    """Drops a file on a well."""
    content = base64.b64encode(path.read_bytes()).decode()
    well(page, role).evaluate(_DROP, [path.name, kind, content])


def choose(page, role, path):
    """Chooses a file by a well's dialogue, and waits until it is shown."""
    well(page, role).locator("input[type=file]").set_input_files(path)
    well(page, role).locator(".filled").wait_for()


def choose_both(page, files):
    choose(page, "content", files / "photograph.png")
    choose(page, "style", files / "painting.jpg")


def setting(page, name, value):
    """Moves a slider, and lets it go."""
    if name in ("iterations", "draws"):
        effort = page.locator("details.more")
        if effort.get_attribute("open") is None:
            effort.locator("summary").click()
    field = page.locator(f"#set-{name}")
    if field.evaluate("field => field.localName") == "select":
        field.select_option(value)
    elif field.input_value() != str(value):
        field.fill(str(value))
        field.blur()  # A number that was typed counts once its field is left.


def settings(page, **values):
    for name, value in values.items():
        setting(page, name, value)


def begin(page, name="Paint"):
    page.get_by_role("button", name=name, exact=True).click()


def wait_until_made(page):
    page.locator(".downloads").wait_for()


def wait_until_running(page):
    page.locator(".live:not(.faint)").wait_for()


def download(page, label):
    """Returns the bytes of a file that is taken away, and its name."""
    with page.expect_download() as taken:
        page.get_by_role("link", name=f"Download {label}", exact=True).click()
    return taken.value.path().read_bytes(), taken.value.suggested_filename


def stop_going_on(page):
    """Has settings moved without anything being made at once."""
    page.get_by_label("Go on from the present picture").uncheck()


def go_on(page, name, value):
    """Moves a setting with the studio going on from its picture; waits for what it makes."""
    page.get_by_label("Go on from the present picture").check()
    shown = page.locator(".compare .after").get_attribute("src")
    setting(page, name, value)
    page.wait_for_function(
        "shown => ![shown, undefined].includes(document.querySelector('.compare .after')?.src"
        ".replace(location.origin, ''))", arg=shown,
    )  # fmt: skip
