"""Recipes: all inputs that determine a picture, as JSON embedded in the picture's file.

A recipe refers to its input pictures by the SHA-256 of their files, so that it identifies them
exactly and can be run again to the same bytes.
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import rwkeras
from rwkeras.studio.names import is_digest
from rwkeras.validation import check_choice, check_number, checked_seed, invalid_argument

STYLE, TEXTURE, RECOVER = "style", "texture", "recover"
# Roles of the input pictures, by kind.
PICTURE_ROLES = {STYLE: ("content", "style"), TEXTURE: ("texture",), RECOVER: ("image",)}
_COLORS = ("painting", "photograph", "matched")
# Fields of each kind besides the common ones.
_KIND_FIELDS = {
    STYLE: ("balance", "style_scale", "colors", "draws"),
    TEXTURE: ("draws",),
    RECOVER: ("layer",),
}
_COMMON_FIELDS = ("size", "seed", "iterations", "start", "stop", "served")
# JSON key of the package's version, which marks an embedded text as a recipe.
_VERSION_KEY = "rwkeras"
_MAX_BALANCE = 6
# Minimum and maximum of integers: seeds are exact in JavaScript.
_INTEGER_LIMITS = (
    ("size", 32, 2**14),
    ("seed", 1 - 2**53, 2**53 - 1),
    ("iterations", 1, 10_000),
    ("draws", 1, 64),
)
_MAX_STYLE_SCALE = 4


@dataclass(frozen=True)
class Recipe:
    """All inputs that determine a picture.

    Attributes:
        kind: "style", "texture" or "recover".
        pictures: SHA-256 of the input files: content and style, a texture, or an image.
        size: Longer side of the result in pixels.
        seed: Seed of the network's weights and of the noise.
        iterations: Maximum number of iterations; in coarse-to-fine runs, at the first size.
        draws: Number of random networks per size.
        balance: Binary logarithm of the content weight relative to the default, in [-6, 6].
        style_scale: Scale factor of the style picture.
        colors: Colours of a styled picture: of the "painting", of the "photograph", or of a
            painting whose colours are "matched" to the photograph first.
        layer: VGG-19 layer that a picture is recovered from.
        start: SHA-256 of the picture to start from; None for the default start.
        stop: (iteration, evaluation) at which the run was stopped; None if it was not.
        served: "MODEL:VERSION" of the served model that made the picture; None for a local run.
    """

    kind: str
    pictures: tuple[str, ...]
    size: int = 256
    seed: int = 0
    iterations: int = 100
    draws: int = 2
    balance: float = 0.0
    style_scale: float = 1.0
    colors: str = _COLORS[0]
    layer: str = "conv3_1"
    start: str | None = None
    stop: tuple[int, int] | None = None
    served: str | None = None

    def __post_init__(self):
        check_choice("kind", self.kind, PICTURE_ROLES)
        roles = PICTURE_ROLES[self.kind]
        pictures = self.pictures
        if (
            not isinstance(pictures, tuple)
            or len(pictures) != len(roles)
            or not all(map(is_digest, pictures))
        ):
            raise invalid_argument(
                "pictures", f"one SHA-256 for each of {', '.join(roles)}", pictures
            )
        checked_seed(self.seed)
        # Recipes come from dropped files.
        for name, minimum, maximum in _INTEGER_LIMITS:
            check_number(name, getattr(self, name), integer=True, minimum=minimum, maximum=maximum)
        check_number("balance", self.balance, minimum=None)
        if abs(self.balance) > _MAX_BALANCE:
            raise invalid_argument(
                "balance", f"a number from -{_MAX_BALANCE} to {_MAX_BALANCE}", self.balance
            )
        check_number("style_scale", self.style_scale, exclusive=True)
        if not 1 / _MAX_STYLE_SCALE <= self.style_scale <= _MAX_STYLE_SCALE:
            expected = f"a number from {1 / _MAX_STYLE_SCALE} to {_MAX_STYLE_SCALE}"
            raise invalid_argument("style_scale", expected, self.style_scale)
        check_choice("colors", self.colors, _COLORS)
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
    def input_digests(self) -> tuple[str, ...]:
        """SHA-256 of all input files, including `start`."""
        return self.pictures if self.start is None else (*self.pictures, self.start)

    def as_dict(self) -> dict[str, Any]:
        """Returns the fields of the recipe's kind as JSON-serialisable values."""
        names = ("kind", *_KIND_FIELDS[self.kind], *_COMMON_FIELDS)
        pictures = dict(zip(PICTURE_ROLES[self.kind], self.pictures, strict=True))
        return {"pictures": pictures, **{name: getattr(self, name) for name in names}}

    def to_json(self) -> str:
        """Returns the JSON that is embedded in the picture's files, one line of ASCII."""
        return json.dumps({_VERSION_KEY: rwkeras.__version__, **self.as_dict()})


def parse_recipe(text: str | bytes | None) -> Recipe | None:
    """Parses an embedded recipe; returns None if the text is not one.

    Args:
        text: Text of a file, such as `read_comment` returns.

    Raises:
        ValueError: The text is a recipe with invalid values.
    """
    try:
        parsed = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or _VERSION_KEY not in parsed or "kind" not in parsed:
        return None
    return recipe_from_dict({name: value for name, value in parsed.items() if name != _VERSION_KEY})


def recipe_from_dict(values: dict[str, Any]) -> Recipe:
    """Returns the recipe with the values that `Recipe.as_dict` returns.

    Raises:
        ValueError: A name is unknown or a value is invalid.
    """
    known = {field.name for field in dataclasses.fields(Recipe)}
    for name in values:
        check_choice("recipe", name, sorted(known))
    kind, pictures = values.get("kind"), values.get("pictures")
    check_choice("kind", kind, PICTURE_ROLES)
    roles = PICTURE_ROLES[str(kind)]
    if not isinstance(pictures, dict) or set(pictures) != set(roles):
        raise invalid_argument("pictures", f"one SHA-256 for each of {', '.join(roles)}", pictures)
    stop = values.get("stop")
    return Recipe(
        **{
            **values,
            "pictures": tuple(pictures[role] for role in roles),
            "stop": tuple(stop) if isinstance(stop, list) else stop,
        }
    )
