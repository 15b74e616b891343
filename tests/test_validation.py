import dataclasses
import json

import numpy as np
import pytest

from rwkeras.validation import (
    check_choice,
    check_number,
    checked_number,
    checked_seed,
    invalid_argument,
    plain_numbers,
)


def test_message():
    assert str(invalid_argument("layer", "a layer", "x")) == (
        "Invalid value for argument `layer`. Expected a layer. Received: layer=x"
    )


def test_choice():
    check_choice("pooling", "avg", ["avg", "max"])
    with pytest.raises(ValueError, match=r"did you mean 'max'\?"):
        check_choice("pooling", "mix", ["avg", "max"])


@pytest.mark.parametrize("value", [0, 0.5, 3])
def test_numbers(value):
    check_number("n", value)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "1", None, True])
def test_not_numbers(value):
    with pytest.raises(ValueError, match="Expected a finite number of at least 0"):
        check_number("n", value)


def test_integers_and_bounds():
    check_number("n", -4, integer=True, minimum=None)
    with pytest.raises(ValueError, match="Expected an integer of at least 0. Received: n=0.5"):
        check_number("n", 0.5, integer=True)
    with pytest.raises(ValueError, match="Expected a finite number greater than 0"):
        check_number("n", 0, exclusive=True)


@pytest.mark.parametrize(
    "value", [np.int64(3), np.uint8(3), np.float32(3), np.float16(3), np.array(3), np.array(3.0)]
)
def test_numbers_of_numpy_become_pythons(value):
    checked = checked_number("n", value)
    assert type(checked) in (int, float)
    assert checked == 3


@pytest.mark.parametrize(
    "value", [np.array([3]), np.float32(np.nan), np.bool_(True), np.array(True), np.int64(-1)]
)
def test_not_numbers_of_numpy(value):
    with pytest.raises(ValueError, match="Expected a finite number of at least 0"):
        check_number("n", value)


def test_integers_of_numpy():
    assert checked_number("n", np.array(4), integer=True) == 4
    with pytest.raises(ValueError, match="Expected an integer of at least 0"):
        check_number("n", np.float32(4), integer=True)


def test_settings_hold_pythons_numbers():
    @dataclasses.dataclass(frozen=True)
    class Settings:
        size: int
        share: float
        sides: tuple[int, ...]
        flag: bool
        name: str = "x"
        none: int | None = None

    settings = Settings(np.int64(3), np.array(0.5), (np.int32(1), 2), np.bool_(True))
    plain_numbers(settings)
    expected = Settings(3, 0.5, (1, 2), True)
    assert settings == expected
    assert hash(settings) == hash(expected)
    assert json.dumps(dataclasses.asdict(settings)) == json.dumps(dataclasses.asdict(expected))


@pytest.mark.parametrize("seed", [3, np.array(3), np.int32(3), np.uint8(3), -1, 10**30])
def test_integers_are_seeds(seed):
    checked = checked_seed(seed)
    assert type(checked) is int
    assert checked == seed


def test_a_number_may_have_a_maximum():
    check_number("n", 4, integer=True, maximum=4)
    with pytest.raises(ValueError) as error:
        check_number("n", 5, maximum=4)
    assert str(error.value) == "Invalid value for argument `n`. Expected at most 4. Received: n=5"
