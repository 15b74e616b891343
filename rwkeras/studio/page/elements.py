"""HTML elements with attributes, and parts of a page that are filled anew when they change."""

from collections.abc import Callable, Hashable
from typing import Any

from nicegui.elements.mixins.text_element import TextElement


def tag(name: str, text: str = "", classes: str = "", /, **attributes: Any) -> TextElement:
    """Returns an HTML element, which is a context for what it holds.

    Args:
        name: Its name.
        text: What it says.
        classes: Its classes.
        **attributes: Its attributes, with "_" for "-" and after what Python has words for; None
            for none.
    """
    element = TextElement(tag=name, text=text)
    if classes:
        element.classes(classes)
    for key, value in attributes.items():
        if value is not None and value is not False:
            element.props[key.rstrip("_").replace("_", "-")] = "" if value is True else value
    return element


def button(text: str, act: Callable[[], Any], classes: str = "", **attributes: Any) -> TextElement:
    """Returns a button that does something."""
    element = tag("button", text, classes, type="button", **attributes)
    element.on("click", lambda: act())
    return element


def picture(source: str, alt: str, classes: str = "", **attributes: Any) -> TextElement:
    """Returns a picture."""
    return tag("img", "", classes, src=source, alt=alt, **attributes)


# No part's key is that.
_NOTHING = object()


class Section:
    """A part of the page that is filled anew when what it shows is another."""

    def __init__(self) -> None:
        self._container: TextElement | None = None
        self._shown: Hashable = _NOTHING

    def key(self) -> Hashable:
        """Returns what decides the part's elements."""
        raise NotImplementedError

    def fill(self) -> None:
        """Makes the part's elements."""
        raise NotImplementedError

    def place(self, name: str, classes: str, /, **attributes: Any) -> TextElement:
        """Puts the part on the page, as an element of a name, which is returned."""
        container = self._container = tag(name, "", classes, **attributes)
        self.refresh()
        return container

    def refresh(self) -> None:
        """Fills the part anew, if what it shows is another."""
        key = self.key()
        if self._container is None or self._shown == key:
            return
        self._shown = key
        self._container.clear()
        with self._container:
            self.fill()
