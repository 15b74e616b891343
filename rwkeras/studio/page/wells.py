"""Where pictures are dropped, and the examples that may be taken instead."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

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
        self._wells: list[_Well] = []

    def key(self) -> Hashable:
        """See `Section`."""
        return self._desk.kind

    def fill(self) -> None:
        """See `Section`."""
        self._wells = []
        for role in PICTURES[self._desk.kind]:
            well = _Well(self._desk, role, self._take)
            self._wells.append(well)
            element = well.place("section", "well", data_role=role, aria_label=ROLES[role])
            element.on(
                "picture",
                lambda event, role=role: self._dropped(role, event.args),
                js_handler=_DETAIL,
            )
            element.on("refused", lambda event: self._refused(event.args), js_handler=_DETAIL)

    def refresh(self) -> None:
        """Fills the part anew, or of its wells those that have other pictures."""
        super().refresh()
        for well in self._wells:
            well.refresh()

    async def _take(self, role: str, name: str) -> None:
        """Takes an example."""
        try:
            digest = await asyncio.to_thread(add_example, self._store, name)
            self._desk.choose(role, digest)
        except (ValueError, OSError) as error:
            self._refused(str(error))
            return
        self._changed()


class _Well(Section):
    """Where the picture of a role is dropped. Files arrive one by one: it stays, whatever is in it.

    Args:
        desk: Whose picture.
        role: The role.
        take: Takes an example for a role, by its name.
    """

    def __init__(self, desk: Desk, role: str, take: Callable[[str, str], Awaitable[None]]):
        super().__init__()
        self._desk, self._role, self._take = desk, role, take
        self._kind = desk.kind

    def key(self) -> Hashable:
        """See `Section`."""
        return self._desk.picture(self._role)

    def fill(self) -> None:
        """See `Section`."""
        digest, label = self._desk.picture(self._role), ROLES[self._role]
        tag("h2", label)
        with tag("label", "", "drop filled" if digest else "drop"):
            tag("input", "", "file", type="file", multiple=True, accept=_ACCEPT,
                aria_label=f"{label}: choose a file")  # fmt: skip
            if digest is None:
                tag("span", "Drop a picture here, or choose one", "hint")
            else:
                picture(f"/studio/pictures/{digest}.jpg", f"The {label.lower()} chosen")
                tag("span", "Drop or choose another", "hint over")
        with tag("ul", "", "examples", aria_label=f"Examples for the {label.lower()}"):
            for example in examples_of(self._kind, self._role):
                with tag("li"):
                    chip = tag("button", "", "chip", type="button", title=example.label,
                               aria_label=example.label)  # fmt: skip
                    chip.on("click", lambda name=example.name: self._take(self._role, name))
                    with chip:
                        picture(f"/studio/examples/{example.name}.jpg", "", loading="lazy")
