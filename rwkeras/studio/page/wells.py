"""Where pictures are dropped, and the examples that may be taken instead."""

from collections.abc import Callable, Hashable
from typing import Any

from nicegui import run

from rwkeras.studio.desk import Desk
from rwkeras.studio.examples import add_example, examples_of
from rwkeras.studio.page.elements import Section, picture, tag
from rwkeras.studio.page.words import ROLES
from rwkeras.studio.recipes import PICTURES
from rwkeras.studio.store import Store

_DETAIL = "(event) => emit(event.detail)"
# What the dialogue for files offers; whatever is dropped is tried.
_ACCEPT = "image/*,.tif,.tiff,.heic,.heif,.json"


class Wells(Section):
    """A well for each picture that the present kind is made of.

    Args:
        desk: Whose pictures.
        store: Where they are kept.
        dropped: Called with what the server answered of a file, and the role of the well.
        refused: Called with what the server says of a file that it does not take.
        changed: Called once another picture was chosen.
    """

    def __init__(
        self,
        desk: Desk,
        store: Store,
        *,
        dropped: Callable[[str, dict[str, Any]], None],
        refused: Callable[[str], None],
        changed: Callable[[], None],
    ):
        super().__init__()
        self._desk, self._store = desk, store
        self._dropped, self._refused, self._changed = dropped, refused, changed

    def key(self) -> Hashable:
        """See `Section`."""
        kind = self._desk.kind
        return kind, tuple(self._desk.picture(role) for role in PICTURES[kind])

    def fill(self) -> None:
        """See `Section`."""
        for role in PICTURES[self._desk.kind]:
            self._well(role)

    def _well(self, role: str) -> None:
        digest, label = self._desk.picture(role), ROLES[role]
        well = tag("section", "", "well", data_role=role, aria_label=label)
        if digest is not None:
            well.classes("filled")
        well.on("picture", lambda event: self._dropped(role, event.args), js_handler=_DETAIL)
        well.on("refused", lambda event: self._refused(event.args), js_handler=_DETAIL)
        with well:
            tag("h2", label)
            with tag("label", "", "drop"):
                tag("input", "", "file", type="file", multiple=True, accept=_ACCEPT,
                    aria_label=f"{label}: choose a file")  # fmt: skip
                if digest is None:
                    tag("span", "Drop a picture here, or choose one", "hint")
                else:
                    picture(f"/studio/pictures/{digest}.jpg", f"The {label.lower()} chosen")
                    tag("span", "Drop or choose another", "hint over")
            with tag("ul", "", "examples", aria_label=f"Examples for the {label.lower()}"):
                for example in examples_of(self._desk.kind, role):
                    self._example(role, example.name, example.label)

    def _example(self, role: str, name: str, label: str) -> None:
        async def take() -> None:
            try:
                digest = await run.io_bound(add_example, self._store, name)
            except (ValueError, OSError) as error:
                self._refused(str(error))
                return
            self._desk.choose(role, digest)
            self._changed()

        with tag("li"):
            chip = tag("button", label, "chip", type="button")
            chip.on("click", take)
