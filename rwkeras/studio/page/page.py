"""The page: tabs, drop areas, settings, the current picture and earlier results."""

import functools
from pathlib import Path
from typing import Any

from nicegui import ui

from rwkeras.studio.downloads import MEDIA_TYPES
from rwkeras.studio.jobs import Job
from rwkeras.studio.page.controls import Controls
from rwkeras.studio.page.elements import Section, button, tag
from rwkeras.studio.page.history import History, Waiting
from rwkeras.studio.page.stage import Stage
from rwkeras.studio.page.wells import Wells
from rwkeras.studio.page.words import KINDS
from rwkeras.studio.page_state import PageState
from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import Recipe, parse_recipe
from rwkeras.studio.settings import StudioSettings
from rwkeras.studio.store import Store

_HERE = Path(__file__).parent
# Interval in seconds at which the page polls its jobs.
_TICK = 0.4


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
        self._wells = Wells(
            self._state, store, dropped=self._dropped, refused=self._say, changed=self._refresh
        )
        self._controls = Controls(self._state, settings, begin=self._begin, changed=self._change)
        self._stage = Stage(self._state, store, queue, self._show)
        self._waiting = Waiting(queue, self._show)
        self._history = History(queue, self._show)
        self._tabs: dict[str, Any] = {}
        self._message: Any = None
        self._found: tuple[Recipe, tuple[str, str], str] | None = None
        self._question: Any = None

    def build(self) -> None:
        """Creates all elements of the page."""
        ui.add_head_html(f"<style>{(_HERE / 'look.css').read_text(encoding='ascii')}</style>")
        ui.add_body_html(f"<script>{(_HERE / 'drop.js').read_text(encoding='ascii')}</script>")
        with tag("div", "", "studio", data_most=self._settings.max_bytes):
            tag("a", "To the picture", "skip", href="#stage")
            self._header()
            self._message = tag("p", "", "message", role="alert", aria_live="assertive")
            self._question = tag("div", "", "question", role="group", aria_label="A recipe")
            with tag("main", "", "desk"):
                self._wells.place("div", "wells", id_="wells", role="tabpanel")
                self._stage.place("div", "stage", id_="stage", tabindex="-1")
                self._controls.place("section", "controls", aria_label="Settings")
            self._history.place("section", "history", aria_label="Made before")
        ui.timer(_TICK, self._tick)
        self._mark_tab()

    def _header(self) -> None:
        with tag("header", "", "head"):
            tag("h1", "rwkeras studio")
            with tag("div", "", "tabs", role="tablist", aria_label="What to make"):
                for kind, label in KINDS.items():
                    self._tabs[kind] = button(label, functools.partial(self._turn, kind), "tab",
                                              role="tab", aria_controls="wells")  # fmt: skip
            self._waiting.place("div", "pending")
            place = self._settings.endpoint or "on this machine"
            tag("span", place, "where", title="Where jobs run")
            tag("button", "Light or dark", "theme", type="button", data_act="theme")

    def _parts(self) -> list[Section]:
        return [self._wells, self._stage, self._controls, self._waiting, self._history]

    def _refresh(self) -> None:
        for part in self._parts():
            part.refresh()
        self._mark_tab()

    def _mark_tab(self) -> None:
        for kind, tab in self._tabs.items():
            here = kind == self._state.kind
            tab.props["aria-selected"] = "true" if here else "false"
            tab.props["tabindex"] = "0" if here else "-1"

    def _tick(self) -> None:
        try:
            self._state.update()
        except ValueError as error:
            self._say(str(error))
        self._refresh()
        self._stage.tick()

    def _say(self, words: str) -> None:
        """Shows an error message; an empty text clears it."""
        self._message.text = words

    def _turn(self, kind: str) -> None:
        self._state.kind = kind
        self._say("")
        self._refresh()

    def _show(self, job: Job) -> None:
        self._state.show_job(job)
        self._say("")
        self._refresh()

    def _dropped(self, role: str, answer: dict[str, Any]) -> None:
        """Handles the response to an upload: a picture, a recipe, or a picture with a recipe."""
        self._say("")
        try:
            if answer.get("digest"):
                self._state.choose_picture(role, answer["digest"])
            recipe = parse_recipe(answer.get("recipe"))
            if recipe is not None:
                digest, extension = answer["expected_file"]
                self._ask(recipe, (digest, extension) if extension in MEDIA_TYPES else ("", ""))
        except ValueError as error:
            self._say(str(error))
        self._refresh()

    def _ask(self, recipe: Recipe, expected_file: tuple[str, str]) -> None:
        """Shows a prompt that offers to make the picture of a recipe again."""

        def again() -> None:
            self._question.clear()
            try:
                self._state.rerun(recipe, expected_file)
            except ValueError as error:
                self._say(str(error))
            self._refresh()

        self._question.clear()
        with self._question:
            text = f"This file holds its recipe: {KINDS[recipe.kind].lower()}, seed {recipe.seed}."
            tag("p", text)
            button("Make it again", again, "primary")
            button(
                "Only use the picture" if expected_file[0] else "Leave it",
                self._question.clear,
                "quiet",
            )

    def _begin(self, variations: int) -> None:
        self._say("")
        try:
            self._state.start_run(variations)
        except ValueError as error:
            missing = self._state.missing_roles
            self._say("Drop a picture into each well first." if missing else str(error))
        self._refresh()

    def _change(self, name: str, value: Any) -> None:
        """Changes a setting and, if enabled, continues from the current picture with it."""
        self._say("")
        try:
            self._state.change_setting(name, value)
            if self._controls.goes_on and self._state.can_continue():
                self._state.continue_run()
        except ValueError as error:
            self._say(str(error))
        self._refresh()
