"""Controls of the next picture: labelled settings, and the buttons that start it."""

from collections.abc import Callable, Hashable
from typing import Any

from rwkeras.studio.page.elements import Section, button, tag
from rwkeras.studio.page.words import BEGIN, COLORS
from rwkeras.studio.page_state import PageState
from rwkeras.studio.recipes import RECOVER, STYLE
from rwkeras.studio.settings import StudioSettings

_VALUE = "(event) => emit(event.target.value)"
_LAYERS = tuple(f"conv{stage}_1" for stage in range(1, 6))
_SIZE_STEP, _VARIATIONS = 32, 4
# Largest seed of the input field.
_SEEDS = 9999


def _power(exponent: float) -> str:
    return _factor(2.0**exponent)


def _factor(factor: float) -> str:
    return f"x {factor:.3g}"


class Controls(Section):
    """Controls for the settings of the current kind.

    Args:
        state: State of the page.
        settings: The studio's settings.
        begin: Starts a number of pictures.
        changed: Called with the name and value of a setting after a change.
    """

    def __init__(
        self,
        state: PageState,
        settings: StudioSettings,
        *,
        begin: Callable[[int], None],
        changed: Callable[[str, Any], None],
    ):
        super().__init__()
        self._state, self._settings = state, settings
        self._begin, self._changed = begin, changed
        self.goes_on = True

    def key(self) -> Hashable:
        """See `Section`."""
        return self._state.kind, self._state.revision

    def fill(self) -> None:
        """See `Section`."""
        kind = self._state.kind
        with tag("div", "", "settings"):
            if kind == STYLE:
                self._slider("balance", "Content against style", -3, 3, 0.5,
                             ends=("painting", "photograph"), shown=_power)  # fmt: skip
                self._slider("style_scale", "Style scale", 0.25, 2, 0.25,
                             ends=("fine strokes", "broad"), shown=_factor)  # fmt: skip
                self._choice("colors", "Colours kept", COLORS)
            if kind == RECOVER and self._settings.endpoint is None:
                self._choice("layer", "From layer", {name: name for name in _LAYERS})
            self._slider("size", "Size", _SIZE_STEP, self._settings.max_side, _SIZE_STEP,
                         ends=("quick", "large"), shown=lambda x: f"{x} px")  # fmt: skip
            if self._takes_seed:
                self._slider("seed", "Seed", 0, _SEEDS, 1, ends=("", ""), shown=str, number=True)
            with tag("details", "", "more"):
                tag("summary", "Effort")
                self._slider("iterations", "Iterations", 5, 300, 5,
                             ends=("sketch", "finished"), shown=str)  # fmt: skip
                if kind != RECOVER and self._settings.endpoint is None:
                    self._slider("draws", "Networks a size", 1, 8, 1, ends=("", ""), shown=str)
        if self._settings.endpoint is None:
            self._going_on()
        with tag("div", "", "actions"):
            button(BEGIN[kind], lambda: self._begin(1), "primary")
            if self._takes_seed:
                button(f"{_VARIATIONS} variations", lambda: self._begin(_VARIATIONS), "quiet")

    @property
    def _takes_seed(self) -> bool:
        """Whether the seed matters; served styles have none, as they start from the photograph."""
        return self._settings.endpoint is None or self._state.kind != STYLE

    def _going_on(self) -> None:
        def toggled(event: Any) -> None:
            self.goes_on = bool(event.args)

        with tag("label", "", "check"):
            box = tag("input", "", "", type="checkbox", checked=self.goes_on)
            box.on("change", toggled, js_handler="(event) => emit(event.target.checked)")
            tag("span", "Go on from the present picture when a setting moves")

    def _slider(
        self,
        name: str,
        label: str,
        least: float,
        most: float,
        step: float,
        *,
        ends: tuple[str, str],
        shown: Callable[[Any], str],
        number: bool = False,
    ) -> None:
        """Creates a slider or a number field that changes a setting on release."""
        value, whole = self._state.setting(name), isinstance(step, int)

        def read(text: Any) -> float | int:
            return int(float(text)) if whole else float(text)

        with tag("div", "", "setting"):
            with tag("label", "", "name", for_=f"set-{name}"):
                tag("span", label)
            output = tag("output", "" if number else shown(value), "value", for_=f"set-{name}")
            # With `value` Vue would reset the field whenever it renders; the last, as a slider's
            # value is cut to the limits that it has by then.
            field = tag("input", "", "number" if number else "", id_=f"set-{name}", name=name,
                        type="number" if number else "range", min=least, max=most, step=step,
                        defaultValue=value)  # fmt: skip
            if not number:
                field.props["aria-valuetext"] = shown(value)
            if any(ends):
                with tag("div", "", "ends", aria_hidden="true"):
                    tag("span", ends[0])
                    tag("span", ends[1])

        def moved(event: Any) -> None:
            text = shown(read(event.args))
            output.text = "" if number else text
            field.props["aria-valuetext"] = text

        def let_go(event: Any) -> None:
            if str(event.args).strip():
                self._changed(name, read(event.args))

        if not number:
            field.on("input", moved, js_handler=_VALUE, throttle=0.05)
        field.on("change", let_go, js_handler=_VALUE)

    def _choice(self, name: str, label: str, choices: dict[str, str]) -> None:
        """Creates a drop-down list for a setting."""
        value = self._state.setting(name)
        with tag("div", "", "setting"):
            with tag("label", "", "name", for_=f"set-{name}"):
                tag("span", label)
            field = tag("select", "", "", id_=f"set-{name}", name=name)
            with field:
                for key, text in choices.items():
                    tag("option", text, "", value=key, selected=key == value)
        field.on("change", lambda event: self._changed(name, event.args), js_handler=_VALUE)
