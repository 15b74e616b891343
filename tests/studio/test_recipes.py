import json

import pytest

import rwkeras
from rwkeras.studio.recipes import Recipe, parse_recipe, recipe_from_dict
from tests.studio.support import DIGESTS

RECIPES = [
    Recipe("style", DIGESTS[:2]),
    Recipe(
        "style", DIGESTS[:2], 128, 3, 20, 1, -1.5, 0.5, "matched", start=DIGESTS[2], stop=(5, 7)
    ),
    Recipe("texture", DIGESTS[:1], seed=-4, draws=3),
    Recipe("recover", DIGESTS[:1], layer="conv4_1", served="ranvgg_invert:2"),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_round_trips_through_json(recipe):
    text = recipe.to_json()
    assert text.isascii()
    assert "\n" not in text
    assert parse_recipe(text) == recipe
    assert recipe_from_dict(recipe.as_dict()) == recipe
    assert json.loads(text)["rwkeras"] == rwkeras.__version__


def test_a_recipe_has_the_fields_of_its_kind():
    assert set(RECIPES[2].as_dict()) == {
        "kind", "pictures", "size", "seed", "iterations", "draws", "start", "stop", "served",
    }  # fmt: skip
    assert RECIPES[0].as_dict()["pictures"] == {"content": DIGESTS[0], "style": DIGESTS[1]}


def test_input_digests():
    assert RECIPES[0].input_digests == DIGESTS[:2]
    assert RECIPES[1].input_digests == DIGESTS


@pytest.mark.parametrize(
    "text",
    [None, "", "no JSON", "[1]", '{"kind": "style"}', '{"rwkeras": "1"}', b"\xff", "[" * 9999],
)
def test_texts_without_a_recipe(text):
    assert parse_recipe(text) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "styl"}, "`kind`. Expected one of 'style', 'texture', 'recover' (did you mean "
         "'style'?). Received: kind=styl"),
        ({"pictures": DIGESTS[:1]}, "`pictures`. Expected one SHA-256 for each of content, "
         f"style. Received: pictures={DIGESTS[:1]!r}"),
        ({"pictures": ("../a", "b")}, "`pictures`. Expected one SHA-256 for each of content, "
         "style. Received: pictures=('../a', 'b')"),
        ({"size": 8}, "`size`. Expected an integer of at least 32. Received: size=8"),
        ({"seed": 0.5}, "`seed`. Expected an integer. Received: seed=0.5"),
        ({"iterations": 0}, "`iterations`. Expected an integer of at least 1. Received: "
         "iterations=0"),
        ({"draws": 0}, "`draws`. Expected an integer of at least 1. Received: draws=0"),
        ({"seed": 2**53}, "`seed`. Expected at most 9007199254740991. Received: "
         "seed=9007199254740992"),
        ({"iterations": 10**9}, "`iterations`. Expected at most 10000. Received: "
         "iterations=1000000000"),
        ({"draws": 65}, "`draws`. Expected at most 64. Received: draws=65"),
        ({"size": 2**15}, "`size`. Expected at most 16384. Received: size=32768"),
        ({"style_scale": 1e308}, "`style_scale`. Expected a number from 0.25 to 4. Received: "
         "style_scale=1e+308"),
        ({"balance": 7}, "`balance`. Expected a number from -6 to 6. Received: balance=7"),
        ({"balance": float("nan")}, "`balance`. Expected a finite number. Received: balance=nan"),
        ({"style_scale": 0}, "`style_scale`. Expected a finite number greater than 0. Received: "
         "style_scale=0"),
        ({"colors": "red"}, "`colors`. Expected one of 'painting', 'photograph', 'matched'. "
         "Received: colors=red"),
        ({"layer": ""}, "`layer`. Expected the name of a layer. Received: layer="),
        ({"start": "../x"}, "`start`. Expected a SHA-256 or None. Received: start=../x"),
        ({"stop": 3}, "`stop`. Expected (iteration, evaluation) or None. Received: stop=3"),
        ({"stop": (1, -1)}, "`stop`. Expected an integer of at least 0. Received: stop=-1"),
        ({"served": ""}, '`served`. Expected "MODEL:VERSION" or None. Received: served='),
    ],
)  # fmt: skip
def test_errors(values, message):
    with pytest.raises(ValueError) as error:
        Recipe(**{"kind": "style", "pictures": DIGESTS[:2], **values})
    assert str(error.value) == f"Invalid value for argument {message}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sed": 3}, "`recipe`. Expected one of 'balance', 'colors', 'draws', 'iterations', "
         "'kind', 'layer', 'pictures', 'seed', 'served', 'size', 'start', 'stop', 'style_scale' "
         "(did you mean 'seed'?). Received: recipe=sed"),
        ({"pictures": [1]}, "`pictures`. Expected one SHA-256 for each of content, "
         "style. Received: pictures=[1]"),
        ({"kind": None}, "`kind`. Expected one of 'style', 'texture', 'recover'. Received: "
         "kind=None"),
    ],
)  # fmt: skip
def test_errors_in_parsed_recipes(changes, message):
    with pytest.raises(ValueError) as error:
        recipe_from_dict({**RECIPES[0].as_dict(), **changes})
    assert str(error.value) == f"Invalid value for argument {message}"
