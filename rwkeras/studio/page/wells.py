"""Drop areas for the input pictures, with examples to choose instead."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from rwkeras.studio.examples import add_example, examples_for
from rwkeras.studio.page.elements import Section, picture, tag
from rwkeras.studio.page.words import ROLES
from rwkeras.studio.page_state import PageState
from rwkeras.studio.recipes import PICTURE_ROLES
from rwkeras.studio.store import Store

_DETAIL = "(event) => emit(event.detail)"
# Filter of the file dialogue; dropped files are not filtered.
_ACCEPT = "image/*,.tif,.tiff,.heic,.heif,.json"


class Wells(Section):
    """Drop areas ("wells") for the input pictures of the current kind.

    Args:
        state: State of the page.
        store: Store of pictures.
        dropped: Called with a well's role and the server's response to an upload.
        refused: Called with the error message of a rejected file.
        changed: Called after an example was chosen.
    """

    def __init__(
        self,
        state: PageState,
        store: Store,
        *,
        dropped: Callable[[str, dict[str, Any]], None],
        refused: Callable[[str], None],
        changed: Callable[[], None],
    ):
        super().__init__()
        self._state, self._store = state, store
        self._dropped, self._refused, self._changed = dropped, refused, changed
        self._wells: list[_Well] = []

    def key(self) -> Hashable:
        """See `Section`."""
        return self._state.kind

    def fill(self) -> None:
        """See `Section`."""
        self._wells = []
        for role in PICTURE_ROLES[self._state.kind]:
            well = _Well(self._state, role, self._take)
            self._wells.append(well)
            element = well.place("section", "well", data_role=role, aria_label=ROLES[role])
            element.on(
                "picture",
                lambda event, role=role: self._dropped(role, event.args),
                js_handler=_DETAIL,
            )
            element.on("refused", lambda event: self._refused(event.args), js_handler=_DETAIL)

    def refresh(self) -> None:
        """Rebuilds the section if the kind changed, else the wells whose picture changed."""
        super().refresh()
        for well in self._wells:
            well.refresh()

    async def _take(self, role: str, name: str) -> None:
        """Stores an example and chooses it for a role."""
        try:
            digest = await asyncio.to_thread(add_example, self._store, name)
            self._state.choose_picture(role, digest)
        except (ValueError, OSError) as error:
            self._refused(str(error))
            return
        self._changed()


class _Well(Section):
    """Drop area of one role.

    Files arrive one by one, so the element that receives their events stays when the picture
    changes.

    Args:
        state: State of the page.
        role: The role.
        take: Chooses an example for a role; called with the role and the example's name.
    """

    def __init__(self, state: PageState, role: str, take: Callable[[str, str], Awaitable[None]]):
        super().__init__()
        self._state, self._role, self._take = state, role, take
        self._kind = state.kind

    def key(self) -> Hashable:
        """See `Section`."""
        return self._state.picture_digest(self._role)

    def fill(self) -> None:
        """See `Section`."""
        digest, label = self._state.picture_digest(self._role), ROLES[self._role]
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
            for example in examples_for(self._kind, self._role):
                with tag("li"):
                    chip = tag("button", "", "chip", type="button", title=example.label,
                               aria_label=example.label)  # fmt: skip
                    chip.on("click", lambda name=example.name: self._take(self._role, name))
                    with chip:
                        picture(f"/studio/examples/{example.name}.jpg", "", loading="lazy")
