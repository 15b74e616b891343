"""Objectives: sums of weighted terms on the activations of named layers (Eq. 9).

Objectives can be added and multiplied by numbers, so that code reads like the equation:

    100 * content_term("conv2_2", features) + texture_term("conv1_1", features) + 1e3 * tv_term()

The structure of a term (layer and loss) is separate from its data (weight and target): the
structure is compiled once, the data are passed to the compiled function.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from rwkeras.networks.features import INPUT
from rwkeras.objectives.joining import joined_gram
from rwkeras.objectives.losses import content_loss, texture_loss, total_variation
from rwkeras.validation import invalid_argument

LossFunction = Callable[..., tf.Tensor]


@dataclass(frozen=True)
class BoundLoss:
    """A loss function with bound arguments, which compares by value so that it is compiled once.

    Attributes:
        function: Function of the activations, the target if there is one, and the arguments.
        arguments: The bound arguments, which must be hashable.
    """

    function: LossFunction
    arguments: tuple[Any, ...]

    def __call__(self, *tensors: tf.Tensor) -> tf.Tensor:
        """Returns the loss of each image, shape [batch]."""
        return self.function(*tensors, *self.arguments)


class Term(NamedTuple):
    """One weighted loss: weight * loss(features[layer], target).

    Attributes:
        name: Name of the term in results.
        layer: The layer whose activations it takes; "input" is the image.
        loss: A function of the activations, and the target if there is one, to [batch].
        weight: A number of at least 0, or a tensor of shape [] or [batch].
        target: A tensor, or None.
    """

    name: str
    layer: str
    loss: LossFunction
    weight: Any = 1.0
    target: tf.Tensor | None = None

    def __call__(self, features: tf.Tensor) -> tf.Tensor:
        """Returns the weighted loss of each image, shape [batch]."""
        targets = () if self.target is None else (self.target,)
        loss = self.loss(features, *targets)
        return tf.cast(self.weight, loss.dtype) * loss


class Objective:
    """A sum of terms with distinct names.

    Attributes:
        terms: The terms, a tuple of `Term`.
    """

    def __init__(self, *terms: Term):
        names = [term.name for term in terms]
        if len(set(names)) < len(names):
            raise invalid_argument("terms", "terms with different names", names)
        self.terms = terms

    @property
    def layers(self) -> tuple[str, ...]:
        """Distinct layers of the terms, without the image itself."""
        return tuple(dict.fromkeys(term.layer for term in self.terms if term.layer != INPUT))

    @property
    def values(self) -> int:
        """Total number of target values per image."""
        targets = [term.target for term in self.terms if term.target is not None]
        return sum(math.prod(target.shape[1:]) for target in targets)

    @property
    def structure(self) -> "Objective":
        """The terms without weights and targets, which determine the compiled graph."""
        return Objective(*(term._replace(weight=1.0, target=None) for term in self.terms))

    @property
    def data(self) -> dict[str, tuple[tf.Tensor, ...]]:
        """(weight,) or (weight, target) of each term, by term name."""
        return {
            term.name: (tf.convert_to_tensor(term.weight, tf.float32),)
            + (() if term.target is None else (_in_float32(term.target),))
            for term in self.terms
        }

    def with_data(self, data: Mapping[str, tuple[tf.Tensor, ...]]) -> "Objective":
        """Returns the terms with weights and targets from `data`."""
        return Objective(
            *(
                term._replace(**dict(zip(("weight", "target"), data[term.name], strict=False)))
                for term in self.terms
            )
        )

    def __call__(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the weighted loss of each term, shape [batch], by term name.

        Args:
            features: Activations by layer name, with the images under "input".
        """
        return {term.name: term(features[term.layer]) for term in self.terms}

    # Makes NumPy scalars defer multiplication to `__rmul__`.
    __array_ufunc__ = None

    def __add__(self, other: "Objective") -> "Objective":
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective(*self.terms, *other.terms)

    def __mul__(self, factor) -> "Objective":
        return Objective(*(term._replace(weight=factor * term.weight) for term in self.terms))

    __rmul__ = __mul__

    def __hash__(self):
        return hash(tuple(term[:3] for term in self.terms))

    def __eq__(self, other):
        return isinstance(other, Objective) and [t[:3] for t in self.terms] == [
            t[:3] for t in other.terms
        ]


def _in_float32(target: Any) -> tf.Tensor:
    """Casts floating-point targets to float32, the dtype of the activations in losses."""
    target = tf.convert_to_tensor(target)
    return tf.cast(target, tf.float32) if target.dtype.is_floating else target


def content_term(layer: str, features: tf.Tensor, *, name: str | None = None) -> Objective:
    """Returns Eq. 1 between a layer and the source's activations, [batch or 1, ...]."""
    return Objective(Term(name or f"content/{layer}", layer, content_loss, 1.0, features))


def texture_term(
    layer: str,
    features: tf.Tensor | Sequence[tf.Tensor],
    *,
    name: str | None = None,
    join: str = "mean",
) -> Objective:
    """Returns Eq. 6 between a layer and the Gram matrix of a source's activations.

    Args:
        layer: The layer's name.
        features: The source's activations, [batch or 1, ..., N], or a list for several sources.
        name: Name of the term in results; default "texture/" and the layer.
        join: Combination of the Gram matrices of several sources; see `join_grams`.
    """
    sources = features if isinstance(features, list | tuple) else (features,)
    return gram_term(layer, joined_gram(sources, join), name=name)


def gram_term(layer: str, gram: tf.Tensor, *, name: str | None = None) -> Objective:
    """Returns Eq. 6 between a layer and a target Gram matrix, [batch or 1, N, N]."""
    return Objective(Term(name or f"texture/{layer}", layer, texture_loss, 1.0, gram))


def tv_term(*, name: str = "tv") -> Objective:
    """Returns the total variation of the image, R of Eq. 9."""
    return Objective(Term(name, INPUT, total_variation))
