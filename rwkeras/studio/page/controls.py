"""Controls of the next picture: labelled settings, and the buttons that start it."""

from collections.abc import Callable, Hashable
from typing import Any

from rwkeras.studio.page.elements import Section, button, tag
from rwkeras.studio.page.texts import COLOR_LABELS, START_LABELS
from rwkeras.studio.page_state import PageState
from rwkeras.studio.recipes import RECOVER, STYLE
from rwkeras.studio.settings import StudioSettings

_EMIT_VALUE = "(event) => emit(event.target.value)"
_LAYERS = tuple(f"conv{stage}_1" for stage in range(1, 6))
_SIZE_STEP, _VARIATION_COUNT = 32, 4
# Largest seed of the input field.
_MAX_SEED = 9999


def _format_power(exponent: float) -> str:
    return _format_factor(2.0**exponent)


def _format_factor(factor: float) -> str:
    return f"x {factor:.3g}"


class Controls(Section):
    """Controls for the settings of the current kind.

    Args:
        state: State of the page.
        settings: The studio's settings.
        on_start: Starts a number of pictures.
        on_change: Called with the name and value of a setting after a change.
    """

    def __init__(
        self,
        state: PageState,
        settings: StudioSettings,
        *,
        on_start: Callable[[int], None],
        on_change: Callable[[str, Any], None],
    ):
        super().__init__()
        self._state, self._settings = state, settings
        self._on_start, self._on_change = on_start, on_change
        self.continue_on_change = True

    def key(self) -> Hashable:
        """See `Section`."""
        return self._state.kind, self._state.revision

    def build(self) -> None:
        """See `Section`."""
        kind = self._state.kind
        with tag("div", "", "settings"):
            if kind == STYLE:
                self._slider("balance", "Content against style", -3, 3, 0.5,
                             end_labels=("painting", "photograph"),
                             formatter=_format_power)  # fmt: skip
                self._slider("style_scale", "Style scale", 0.25, 2, 0.25,
                             end_labels=("fine strokes", "broad"),
                             formatter=_format_factor)  # fmt: skip
                self._select("colors", "Colours", COLOR_LABELS)
            if kind == RECOVER and self._settings.endpoint is None:
                self._select("layer", "Layer", {name: name for name in _LAYERS})
            self._slider("size", "Size", _SIZE_STEP, self._settings.max_side, _SIZE_STEP,
                         end_labels=("quick", "large"), formatter=lambda x: f"{x} px")  # fmt: skip
            if self._has_seed:
                self._slider(
                    "seed",
                    "Seed",
                    0,
                    _MAX_SEED,
                    1,
                    end_labels=("", ""),
                    formatter=str,
                    number=True,
                )
            with tag("details", "", "effort"):
                tag("summary", "Effort")
                self._slider("iterations", "Iterations", 5, 300, 5,
                             end_labels=("sketch", "finished"), formatter=str)  # fmt: skip
                if kind != RECOVER and self._settings.endpoint is None:
                    self._slider(
                        "draws", "Networks per size", 1, 8, 1, end_labels=("", ""), formatter=str
                    )
        if self._settings.endpoint is None:
            self._continue_checkbox()
        with tag("div", "", "actions"):
            button(START_LABELS[kind], lambda: self._on_start(1), "primary")
            if self._has_seed:
                button(
                    f"{_VARIATION_COUNT} variations",
                    lambda: self._on_start(_VARIATION_COUNT),
                    "secondary",
                )

    @property
    def _has_seed(self) -> bool:
        """Whether the seed matters; served styles have none, as they start from the photograph."""
        return self._settings.endpoint is None or self._state.kind != STYLE

    def _continue_checkbox(self) -> None:
        def toggled(event: Any) -> None:
            self.continue_on_change = bool(event.args)

        with tag("label", "", "checkbox-label"):
            checkbox = tag("input", "", "", type="checkbox", checked=self.continue_on_change)
            checkbox.on("change", toggled, js_handler="(event) => emit(event.target.checked)")
            tag("span", "Continue from the current picture when a setting changes")

    def _slider(
        self,
        name: str,
        label: str,
        minimum: float,
        maximum: float,
        step: float,
        *,
        end_labels: tuple[str, str],
        formatter: Callable[[Any], str],
        number: bool = False,
    ) -> None:
        """Creates a slider or a number field that changes a setting on release."""
        value, is_integer = self._state.setting(name), isinstance(step, int)

        def parse(text: Any) -> float | int:
            return int(float(text)) if is_integer else float(text)

        with tag("div", "", "setting"):
            with tag("label", "", "name", for_=f"set-{name}"):
                tag("span", label)
            output = tag("output", "" if number else formatter(value), "value", for_=f"set-{name}")
            # With `value` Vue would reset the field whenever it renders; the last, as a slider's
            # value is cut to the limits that it has by then.
            field = tag("input", "", "number" if number else "", id_=f"set-{name}", name=name,
                        type="number" if number else "range", min=minimum, max=maximum, step=step,
                        defaultValue=value)  # fmt: skip
            if not number:
                field.props["aria-valuetext"] = formatter(value)
            if any(end_labels):
                with tag("div", "", "end-labels", aria_hidden="true"):
                    tag("span", end_labels[0])
                    tag("span", end_labels[1])

        def on_input(event: Any) -> None:
            text = formatter(parse(event.args))
            output.text = "" if number else text
            field.props["aria-valuetext"] = text

        def on_release(event: Any) -> None:
            if str(event.args).strip():
                self._on_change(name, parse(event.args))

        if not number:
            field.on("input", on_input, js_handler=_EMIT_VALUE, throttle=0.05)
        field.on("change", on_release, js_handler=_EMIT_VALUE)

    def _select(self, name: str, label: str, choices: dict[str, str]) -> None:
        """Creates a drop-down list for a setting."""
        value = self._state.setting(name)
        with tag("div", "", "setting"):
            with tag("label", "", "name", for_=f"set-{name}"):
                tag("span", label)
            field = tag("select", "", "", id_=f"set-{name}", name=name)
            with field:
                for key, text in choices.items():
                    tag("option", text, "", value=key, selected=key == value)
        field.on("change", lambda event: self._on_change(name, event.args), js_handler=_EMIT_VALUE)
