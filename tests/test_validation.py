import numpy as np
import pytest

from rwkeras.validation import check_choice, check_number, checked_seed, invalid_argument


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


@pytest.mark.parametrize("seed", [3, np.int32(3), np.uint8(3), -1, 10**30])
def test_integers_are_seeds(seed):
    checked = checked_seed(seed)
    assert type(checked) is int
    assert checked == seed
