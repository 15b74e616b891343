"""The page: tabs, drop zones, settings, the current picture and earlier results."""

import functools
from pathlib import Path
from typing import Any

from nicegui import ui

from rwkeras.studio.downloads import MEDIA_TYPES
from rwkeras.studio.jobs import Job
from rwkeras.studio.page.controls import Controls
from rwkeras.studio.page.drop_zones import DropZones
from rwkeras.studio.page.elements import Section, button, tag
from rwkeras.studio.page.history import History, QueueList
from rwkeras.studio.page.job_view import JobView
from rwkeras.studio.page.texts import KIND_LABELS
from rwkeras.studio.page_state import PageState
from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import Recipe, parse_recipe
from rwkeras.studio.settings import StudioSettings
from rwkeras.studio.store import Store

_FOLDER = Path(__file__).parent
# Interval in seconds at which the page polls its jobs.
_UPDATE_SECONDS = 0.4


class Page:
    """One client's page.

    Args:
        store: Store of pictures and results.
        queue: Queue that runs the jobs.
        settings: The studio's settings.
    """

    def __init__(self, store: Store, queue: Queue, settings: StudioSettings):
        self._settings = settings
        self._state = PageState(store, queue, settings)
        self._drop_zones = DropZones(
            self._state,
            store,
            on_upload=self._handle_upload,
            on_error=self._show_message,
            on_change=self._refresh,
        )
        self._controls = Controls(
            self._state, settings, on_start=self._start_run, on_change=self._change_setting
        )
        self._job_view = JobView(self._state, store, queue, self._show_job)
        self._queue_list = QueueList(queue, self._show_job)
        self._history = History(queue, self._show_job)
        self._tabs: dict[str, Any] = {}
        self._message: Any = None
        self._prompt: Any = None

    def build(self) -> None:
        """Creates all elements of the page."""
        ui.add_head_html(f"<style>{(_FOLDER / 'page.css').read_text(encoding='ascii')}</style>")
        ui.add_body_html(f"<script>{(_FOLDER / 'page.js').read_text(encoding='ascii')}</script>")
        with tag("div", "", "studio", data_max_bytes=self._settings.max_bytes):
            tag("a", "Skip to the picture", "skip", href="#job-view")
            self._header()
            self._message = tag("p", "", "message", role="alert", aria_live="assertive")
            self._prompt = tag("div", "", "prompt", role="group", aria_label="Recipe")
            with tag("main", "", "workspace"):
                self._drop_zones.mount("div", "drop-zones", id_="drop-zones", role="tabpanel")
                self._job_view.mount("div", "job-view", id_="job-view", tabindex="-1")
                self._controls.mount("section", "controls", aria_label="Settings")
            self._history.mount("section", "history", aria_label="History")
        ui.timer(_UPDATE_SECONDS, self._update)
        self._update_tabs()

    def _header(self) -> None:
        with tag("header", "", "head"):
            tag("h1", "rwkeras studio")
            with tag("div", "", "tabs", role="tablist", aria_label="Task"):
                for kind, label in KIND_LABELS.items():
                    self._tabs[kind] = button(
                        label,
                        functools.partial(self._select_kind, kind),
                        "tab",
                        role="tab",
                        aria_controls="drop-zones",
                    )
            self._queue_list.mount("div", "pending")
            location = self._settings.endpoint or "on this machine"
            tag("span", location, "endpoint", title="Where jobs run")
            tag("button", "Light or dark", "theme", type="button", data_action="theme")

    def _sections(self) -> list[Section]:
        return [self._drop_zones, self._job_view, self._controls, self._queue_list, self._history]

    def _refresh(self) -> None:
        for section in self._sections():
            section.refresh()
        self._update_tabs()

    def _update_tabs(self) -> None:
        for kind, tab in self._tabs.items():
            is_selected = kind == self._state.kind
            tab.props["aria-selected"] = "true" if is_selected else "false"
            tab.props["tabindex"] = "0" if is_selected else "-1"

    def _update(self) -> None:
        try:
            self._state.update()
        except ValueError as error:
            self._show_message(str(error))
        self._refresh()
        self._job_view.update_progress()

    def _show_message(self, message: str) -> None:
        """Shows an error message; an empty text clears it."""
        self._message.text = message

    def _select_kind(self, kind: str) -> None:
        self._state.kind = kind
        self._show_message("")
        self._refresh()

    def _show_job(self, job: Job) -> None:
        self._state.show_job(job)
        self._show_message("")
        self._refresh()

    def _handle_upload(self, role: str, response: dict[str, Any]) -> None:
        """Handles the response to an upload: a picture, a recipe, or a picture with a recipe."""
        self._show_message("")
        try:
            if response.get("digest"):
                self._state.choose_picture(role, response["digest"])
            recipe = parse_recipe(response.get("recipe"))
            if recipe is not None:
                digest, extension = response["expected_file"]
                self._offer_rerun(
                    recipe, (digest, extension) if extension in MEDIA_TYPES else ("", "")
                )
        except ValueError as error:
            self._show_message(str(error))
        self._refresh()

    def _offer_rerun(self, recipe: Recipe, expected_file: tuple[str, str]) -> None:
        """Shows a prompt that offers to make the picture of a recipe again."""

        def rerun() -> None:
            self._prompt.clear()
            try:
                self._state.rerun(recipe, expected_file)
            except ValueError as error:
                self._show_message(str(error))
            self._refresh()

        self._prompt.clear()
        with self._prompt:
            kind = KIND_LABELS[recipe.kind].lower()
            tag("p", f"This file contains its recipe: {kind}, seed {recipe.seed}.")
            button("Make it again", rerun, "primary")
            button(
                "Only use the picture" if expected_file[0] else "Dismiss",
                self._prompt.clear,
                "secondary",
            )

    def _start_run(self, variations: int) -> None:
        self._show_message("")
        try:
            self._state.start_run(variations)
        except ValueError as error:
            missing_roles = self._state.missing_roles
            self._show_message(
                "Add a picture to each drop area first." if missing_roles else str(error)
            )
        self._refresh()

    def _change_setting(self, name: str, value: Any) -> None:
        """Changes a setting and, if enabled, continues from the current picture with it."""
        self._show_message("")
        try:
            self._state.change_setting(name, value)
            if self._controls.continue_on_change and self._state.can_continue():
                self._state.continue_run()
        except ValueError as error:
            self._show_message(str(error))
        self._refresh()
