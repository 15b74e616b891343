"""HTML elements with attributes, and sections that are rebuilt when their content changes."""

from collections.abc import Callable, Hashable
from typing import Any

from nicegui.elements.mixins.text_element import TextElement


def tag(name: str, text: str = "", classes: str = "", /, **attributes: Any) -> TextElement:
    """Returns an HTML element; as a context manager, it becomes the parent of new elements.

    Args:
        name: Tag name.
        text: Text content.
        classes: CSS classes.
        **attributes: HTML attributes, with "_" for "-" and a trailing "_" after Python keywords and
            built-ins; None or False omits the attribute.
    """
    element = TextElement(tag=name, text=text)
    if classes:
        element.classes(classes)
    for key, value in attributes.items():
        if value is not None and value is not False:
            element.props[key.rstrip("_").replace("_", "-")] = "" if value is True else value
    return element


def button(
    text: str, on_click: Callable[[], Any], classes: str = "", **attributes: Any
) -> TextElement:
    """Returns a button that calls a function when clicked."""
    element = tag("button", text, classes, type="button", **attributes)
    element.on("click", lambda: on_click())
    return element


def image(source: str, alt: str, classes: str = "", **attributes: Any) -> TextElement:
    """Returns an `img` element."""
    return tag("img", "", classes, src=source, alt=alt, **attributes)


# Initial key, different from every section's key.
_NO_KEY = object()


class Section:
    """Part of the page that is rebuilt when its key changes."""

    def __init__(self) -> None:
        self._container: TextElement | None = None
        self._built_key: Hashable = _NO_KEY

    def key(self) -> Hashable:
        """Returns a value that changes whenever the section has to be rebuilt."""
        raise NotImplementedError

    def build(self) -> None:
        """Creates the section's elements."""
        raise NotImplementedError

    def mount(self, name: str, classes: str, /, **attributes: Any) -> TextElement:
        """Adds the section to the page; returns its container, an element of the given tag name."""
        container = self._container = tag(name, "", classes, **attributes)
        self.refresh()
        return container

    def refresh(self) -> None:
        """Rebuilds the section if its key has changed."""
        key = self.key()
        if self._container is None or self._built_key == key:
            return
        self._built_key = key
        self._container.clear()
        with self._container:
            self.build()
