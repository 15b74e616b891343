"""Recipes: all that decides a picture, as JSON that fits into the picture's own file.

Pictures that a recipe is made of are named by the SHA-256 of their files, so that what is made of
other pictures is another recipe, and the same recipe gives the same bytes.
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import rwkeras
from rwkeras.studio.names import is_digest
from rwkeras.validation import check_choice, check_number, checked_seed, invalid_argument

STYLE, TEXTURE, RECOVER = "style", "texture", "recover"
# The pictures that each kind is made of.
PICTURES = {STYLE: ("content", "style"), TEXTURE: ("texture",), RECOVER: ("image",)}
COLORS = ("painting", "photograph", "matched")
# What each kind has besides what all have.
_OWN = {
    STYLE: ("balance", "style_scale", "colors", "draws"),
    TEXTURE: ("draws",),
    RECOVER: ("layer",),
}
_COMMON = ("size", "seed", "iterations", "start", "stop", "served")
# By this name a picture's text is known for a recipe.
_MARK = "rwkeras"
_STOPS = 6


@dataclass(frozen=True)
class Recipe:
    """What decides a picture.

    Attributes:
        kind: "style", "texture" or "recover".
        pictures: The SHA-256 of the files it is made of: content and style, a texture, an image.
        size: The longer side of the result, in pixels.
        seed: Of the network and of the noise.
        iterations: At most; from coarse to fine those of the first size.
        draws: By how many networks each size is made.
        balance: How much the content counts against the style: 2**balance times the usual weight.
        style_scale: How large the painting is taken, as a factor of its size.
        colors: Whose colours a style has: those of the "painting", those of the "photograph", or
            those of a painting that is "matched" to the photograph first.
        layer: The layer of a VGG-19 that a picture is recovered from.
        start: The SHA-256 of the picture that it goes on from; None to begin anew.
        stop: After which iteration and evaluation it was stopped; None if it was not.
        served: "MODEL:VERSION" of TensorFlow Serving that made it; None for this package's tasks.
    """

    kind: str
    pictures: tuple[str, ...]
    size: int = 256
    seed: int = 0
    iterations: int = 100
    draws: int = 2
    balance: float = 0.0
    style_scale: float = 1.0
    colors: str = COLORS[0]
    layer: str = "conv3_1"
    start: str | None = None
    stop: tuple[int, int] | None = None
    served: str | None = None

    def __post_init__(self):
        check_choice("kind", self.kind, PICTURES)
        roles = PICTURES[self.kind]
        given = self.pictures
        if (
            not isinstance(given, tuple)
            or len(given) != len(roles)
            or not all(map(is_digest, given))
        ):
            raise invalid_argument("pictures", f"a SHA-256 each of {', '.join(roles)}", given)
        check_number("size", self.size, integer=True, minimum=32)
        checked_seed(self.seed)
        check_number("iterations", self.iterations, integer=True, minimum=1)
        check_number("draws", self.draws, integer=True, minimum=1)
        check_number("balance", self.balance, minimum=None)
        if abs(self.balance) > _STOPS:
            raise invalid_argument("balance", f"a number from -{_STOPS} to {_STOPS}", self.balance)
        check_number("style_scale", self.style_scale, exclusive=True)
        check_choice("colors", self.colors, COLORS)
        if not (isinstance(self.layer, str) and self.layer):
            raise invalid_argument("layer", "the name of a layer", self.layer)
        if self.start is not None and not is_digest(self.start):
            raise invalid_argument("start", "a SHA-256 or None", self.start)
        if self.stop is not None:
            if not isinstance(self.stop, tuple) or len(self.stop) != 2:
                raise invalid_argument("stop", "(iteration, evaluation) or None", self.stop)
            for count in self.stop:
                check_number("stop", count, integer=True)
        if self.served is not None and not (isinstance(self.served, str) and self.served):
            raise invalid_argument("served", '"MODEL:VERSION" or None', self.served)

    @property
    def needed(self) -> tuple[str, ...]:
        """The SHA-256 of all files that it is made of, that of its start among them."""
        return self.pictures if self.start is None else (*self.pictures, self.start)

    def values(self) -> dict[str, Any]:
        """Returns what its kind has, by name, as JSON knows it."""
        names = ("kind", *_OWN[self.kind], *_COMMON)
        pictures = dict(zip(PICTURES[self.kind], self.pictures, strict=True))
        return {"pictures": pictures, **{name: getattr(self, name) for name in names}}

    def text(self) -> str:
        """Returns the JSON that files of the picture hold: one line of ASCII."""
        return json.dumps({_MARK: rwkeras.__version__, **self.values()})


def read_recipe(text: str | bytes | None) -> Recipe | None:
    """Returns the recipe that a text is; None if it is something else.

    Args:
        text: What a file holds, such as `read_comment` returns it.

    Raises:
        ValueError: It is a recipe, but one that cannot be used.
    """
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or _MARK not in found or "kind" not in found:
        return None
    return recipe_of({name: value for name, value in found.items() if name != _MARK})


def recipe_of(values: dict[str, Any]) -> Recipe:
    """Returns the recipe that `Recipe.values` tells of.

    Raises:
        ValueError: There is none like that.
    """
    known = {field.name for field in dataclasses.fields(Recipe)}
    for name in values:
        check_choice("recipe", name, sorted(known))
    kind, pictures = values.get("kind"), values.get("pictures")
    check_choice("kind", kind, PICTURES)
    roles = PICTURES[str(kind)]
    if not isinstance(pictures, dict) or set(pictures) != set(roles):
        raise invalid_argument("pictures", f"a SHA-256 each of {', '.join(roles)}", pictures)
    stop = values.get("stop")
    return Recipe(
        **{
            **values,
            "pictures": tuple(pictures[role] for role in roles),
            "stop": tuple(stop) if isinstance(stop, list) else stop,
        }
    )
