import dataclasses
import functools
from collections.abc import Sequence

import pytest
from absl import flags

from rwkeras.commands import settings_flags
from rwkeras.commands.settings_flags import define_flags, flag_values, settings_from_flags
from rwkeras.settings import Settings, setting


@dataclasses.dataclass(frozen=True)
class Example(Settings):
    """An example."""

    word: str = setting("a", "Any word.")
    kind: str = setting("x", "One of some.", choices=("x", "y"))
    count: int = setting(3, "How many.", minimum=1)
    share: float = setting(0.5, "How much.")
    limit: int | None = setting(None, "At most.")
    flag: bool = setting(False, "Whether.")
    sides: Sequence[int] | None = setting(None, "Sides.", minimum=2)
    names: tuple[str, ...] = setting(("b", "c"), "Names.")


@pytest.fixture
def parsed(monkeypatch):
    """Returns a function that parses flags which nothing else has."""
    values = flags.FlagValues()
    monkeypatch.setattr(flags, "FLAGS", values)
    own = {
        kind: functools.partial(define, flag_values=values)
        for kind, define in settings_flags._DEFINE.items()
    }
    monkeypatch.setattr(settings_flags, "_DEFINE", own)
    for name in ("DEFINE_list", "DEFINE_enum"):
        define = functools.partial(getattr(flags, name), flag_values=values)
        monkeypatch.setattr(flags, name, define)

    def parse(*arguments):
        values(["program", *arguments])
        return values

    return parse


def test_every_field_is_a_flag_with_its_default(parsed):
    define_flags(Example)
    values = parsed()
    assert {name: (values[name].default, values[name].help) for name in values} == {
        "word": ("a", "Any word."),
        "kind": ("x", "<x|y>: One of some."),
        "count": (3, "How many."),
        "share": (0.5, "How much."),
        "limit": (None, "At most."),
        "flag": (False, "Whether."),
        "sides": (None, "Sides."),
        "names": (["b", "c"], "Names."),
    }
    assert settings_from_flags(Example) == Example()


def test_given_as_text_they_are_of_their_types(parsed):
    define_flags(Example)
    parsed("--word=w", "--kind=y", "--count=4", "--share=1", "--limit=2", "--flag", "--sides=2,3",
           "--names=d")  # fmt: skip
    assert settings_from_flags(Example) == Example("w", "y", 4, 1.0, 2, True, (2, 3), ("d",))
    assert settings_from_flags(Example, "word", "sides", count=9) == Example(
        "w", count=9, sides=(2, 3)
    )


def test_some_with_defaults_of_their_own(parsed):
    define_flags(Example, "count", "names", defaults={"count": None}, more={"count": "Or so."})
    values = parsed()
    assert set(values) == {"count", "names"}
    assert values["count"].help == "How many. Or so."
    assert flag_values(Example, "count", "names") == {"names": ("b", "c")}


def test_what_is_no_number(parsed):
    define_flags(Example, "sides")
    parsed("--sides=2,wide")
    with pytest.raises(ValueError) as error:
        flag_values(Example, "sides")
    assert str(error.value) == (
        "Invalid value for argument `sides`. Expected comma-separated integers, such as 2,1. "
        "Received: sides=2,wide"
    )
    parsed("--sides=2,1")
    with pytest.raises(ValueError, match="`sides`. Expected an integer of at least 2"):
        settings_from_flags(Example, "sides")
