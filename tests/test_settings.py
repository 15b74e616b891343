import dataclasses
import inspect
from collections.abc import Sequence

import numpy as np
import pytest

from rwkeras.settings import Settings, setting, settings_fields


def _even(name, value):
    if value % 2:
        raise ValueError(f"{name} is odd")
    return value // 2


@dataclasses.dataclass(frozen=True)
class Example(Settings):
    """An example."""

    word: str = setting("a", "Any word.")
    kind: str = setting("x", "One of some.", choices=("x", "y"))
    count: int = setting(3, "How many.", minimum=1)
    share: float = setting(0.5, "How much.", exclusive=True)
    seed: int = setting(0, "Of all.", minimum=None)
    limit: int | None = setting(None, "At most.")
    flag: bool = setting(False, "Whether.")
    sides: Sequence[int] | None = setting(None, "Sides.", minimum=2)
    weights: tuple[float, ...] = setting((1.0,), "Weights.")
    names: tuple[str, ...] = setting((), "Names.")
    own: int | None = setting(None, "Halved.", check=_even)


def test_fields_state_their_types():
    found = {each.name: (each.kind, each.several, each.optional) for each in _fields()}
    assert found == {
        "word": (str, False, False),
        "kind": (str, False, False),
        "count": (int, False, False),
        "share": (float, False, False),
        "seed": (int, False, False),
        "limit": (int, False, True),
        "flag": (bool, False, False),
        "sides": (int, True, True),
        "weights": (float, True, False),
        "names": (str, True, False),
        "own": (int, False, True),
    }


def _fields():
    return list(settings_fields(Example))


def test_documentation_has_every_field():
    text = inspect.getdoc(Example)
    assert text.startswith("An example.\n\nAttributes:\n")
    assert [f"    {each.name}: {each.text}" for each in _fields()] == text.splitlines()[3:]


def test_values_are_kept_as_pythons_and_tuples():
    made = Example(
        count=np.int64(4), sides=[2, np.int32(3)], weights=np.array([2.0, 1.0]), names=["b"], own=6
    )
    assert (made.count, made.sides, made.weights, made.names) == (4, (2, 3), (2.0, 1.0), ("b",))
    assert made.own == 3
    assert type(made.count) is int
    assert {type(each) for each in made.weights} == {float}
    assert hash(made) == hash(dataclasses.replace(made, own=6))


@pytest.mark.parametrize("given", [{"seed": -(10**400)}, {"limit": None}])
def test_what_may_be(given):
    assert {name: getattr(Example(**given), name) for name in given} == given


@pytest.mark.parametrize(
    ("given", "expected", "received"),
    [
        ({"kind": "z"}, "one of 'x', 'y'", "z"),
        ({"count": 0}, "an integer of at least 1", "0"),
        ({"count": None}, "an integer of at least 1", "None"),
        ({"share": 0}, "a finite number greater than 0", "0"),
        ({"share": float("inf")}, "a finite number greater than 0", "inf"),
        ({"share": 10**400}, "a finite number greater than 0", str(10**400)),
        ({"seed": 0.5}, "an integer", "0.5"),
        ({"limit": -1}, "an integer of at least 0", "-1"),
        ({"sides": 4}, "a list or tuple of integers, or None", "4"),
        ({"sides": (2, 1)}, "an integer of at least 2", "1"),
        ({"weights": None}, "a list or tuple of numbers", "None"),
        ({"weights": (1, "2")}, "a finite number of at least 0", "2"),
        ({"names": "conv"}, "a list or tuple of words", "conv"),
    ],
)
def test_what_may_not_be(given, expected, received):
    with pytest.raises(ValueError) as error:
        Example(**given)
    (name,) = given
    assert str(error.value) == (
        f"Invalid value for argument `{name}`. Expected {expected}. Received: {name}={received}"
    )


def test_a_check_of_its_own():
    with pytest.raises(ValueError, match="^own is odd$"):
        Example(own=3)
