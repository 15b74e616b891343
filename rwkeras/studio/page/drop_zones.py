"""Drop zones for the input pictures, with examples to choose instead."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from rwkeras.studio.examples import add_example, examples_for
from rwkeras.studio.page.elements import Section, image, tag
from rwkeras.studio.page.texts import ROLE_LABELS
from rwkeras.studio.page_state import PageState
from rwkeras.studio.recipes import PICTURE_ROLES
from rwkeras.studio.store import Store

_EMIT_DETAIL = "(event) => emit(event.detail)"
# Filter of the file dialogue; dropped files are not filtered.
_ACCEPT = "image/*,.tif,.tiff,.heic,.heif,.json"


class DropZones(Section):
    """Drop zones for the input pictures of the current kind.

    Args:
        state: State of the page.
        store: Store of pictures.
        on_upload: Called with a drop zone's role and the server's response to an upload.
        on_error: Called with the error message of a rejected file.
        on_change: Called after an example was chosen.
    """

    def __init__(
        self,
        state: PageState,
        store: Store,
        *,
        on_upload: Callable[[str, dict[str, Any]], None],
        on_error: Callable[[str], None],
        on_change: Callable[[], None],
    ):
        super().__init__()
        self._state, self._store = state, store
        self._on_upload, self._on_error, self._on_change = on_upload, on_error, on_change
        self._zones: list[_DropZone] = []

    def key(self) -> Hashable:
        """See `Section`."""
        return self._state.kind

    def build(self) -> None:
        """See `Section`."""
        self._zones = []
        for role in PICTURE_ROLES[self._state.kind]:
            zone = _DropZone(self._state, role, self._choose_example)
            self._zones.append(zone)
            element = zone.mount(
                "section", "drop-zone", data_role=role, aria_label=ROLE_LABELS[role]
            )
            element.on(
                "uploaded",
                lambda event, role=role: self._on_upload(role, event.args),
                js_handler=_EMIT_DETAIL,
            )
            element.on(
                "rejected", lambda event: self._on_error(event.args), js_handler=_EMIT_DETAIL
            )

    def refresh(self) -> None:
        """Rebuilds the section if the kind changed, else the drop zones whose picture changed."""
        super().refresh()
        for zone in self._zones:
            zone.refresh()

    async def _choose_example(self, role: str, name: str) -> None:
        """Stores an example and chooses it for a role."""
        try:
            digest = await asyncio.to_thread(add_example, self._store, name)
            self._state.choose_picture(role, digest)
        except (ValueError, OSError) as error:
            self._on_error(str(error))
            return
        self._on_change()


class _DropZone(Section):
    """Drop zone of one role.

    Files arrive one by one, so the element that receives their events stays when the picture
    changes.

    Args:
        state: State of the page.
        role: The role.
        choose_example: Chooses an example for a role; called with the role and the example's name.
    """

    def __init__(
        self, state: PageState, role: str, choose_example: Callable[[str, str], Awaitable[None]]
    ):
        super().__init__()
        self._state, self._role, self._choose_example = state, role, choose_example
        self._kind = state.kind

    def key(self) -> Hashable:
        """See `Section`."""
        return self._state.picture_digest(self._role)

    def build(self) -> None:
        """See `Section`."""
        digest, label = self._state.picture_digest(self._role), ROLE_LABELS[self._role]
        tag("h2", label)
        with tag("label", "", "drop-target filled" if digest else "drop-target"):
            tag("input", "", "file", type="file", multiple=True, accept=_ACCEPT,
                aria_label=f"{label}: choose a file")  # fmt: skip
            if digest is None:
                tag("span", "Drop a picture here, or choose one", "hint")
            else:
                image(f"/studio/pictures/{digest}.jpg", f"Selected {label.lower()}")
                tag("span", "Drop or choose another", "hint overlay")
        with tag("ul", "", "examples", aria_label=f"Examples for the {label.lower()}"):
            for example in examples_for(self._kind, self._role):
                with tag("li"):
                    thumbnail = tag("button", "", "thumbnail", type="button",
                                    title=example.label, aria_label=example.label)  # fmt: skip
                    thumbnail.on(
                        "click", lambda name=example.name: self._choose_example(self._role, name)
                    )
                    with thumbnail:
                        image(f"/studio/examples/{example.name}.jpg", "", loading="lazy")
