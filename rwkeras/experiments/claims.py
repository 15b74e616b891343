"""Claims: sentences of the papers, with the number that each is about and what refutes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rwkeras.experiments.statistics import DIRECTIONS
from rwkeras.validation import check_choice

_KINDS = ("value", "difference", "log_ratio", "log_spread_ratio", "earlier")


@dataclass(frozen=True)
class Contrast:
    """Computation of one number from each draw's measurements.

    Attributes:
        kind: One of `_KINDS`: the mean of a ("value"); of a - b ("difference"); of log(a / b),
            reported as a factor ("log_ratio"); of log(std(a) / std(b)), with standard deviations
            over networks or noises, reported as a factor ("log_spread_ratio"); or the share of
            draws in which the time a is earlier than b ("earlier").
        a: Selection of the rows with the first values: a value or tuple of values by column.
        b: Selection of the rows with the second values; empty for kind "value".
        where: Selection that applies to both.
        for_each: Name of a column; the claim must hold for each of its values. Empty to average
            over everything that differs within a draw.
    """

    kind: str
    a: Mapping[str, Any]
    b: Mapping[str, Any] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)
    for_each: str = ""

    def __post_init__(self):
        check_choice("kind", self.kind, _KINDS)

    @property
    def is_factor(self) -> bool:
        """Whether the estimate and the margin are factors."""
        return self.kind in ("log_ratio", "log_spread_ratio")


class Margin(NamedTuple):
    """Range in which a number is claimed to be.

    Attributes:
        direction: "below", "above" or "within".
        value: The upper or lower bound m. For "within", the range is -m to m, or 1 / m to m if the
            number is a factor.
        reason: Justification of the value.
    """

    direction: str
    value: float
    reason: str


@dataclass(frozen=True)
class Claim:
    """A statement of a paper as a testable hypothesis.

    Attributes:
        experiment: The experiment that tests it.
        name: A short name, unique within the experiment.
        sentence: The claim in words.
        source: The paper and section.
        contrast: Computation of the number that is tested.
        margin: The range in which that number is claimed to be.
    """

    experiment: str
    name: str
    sentence: str
    source: str
    contrast: Contrast
    margin: Margin

    def __post_init__(self):
        check_choice("direction", self.margin.direction, DIRECTIONS)

    @property
    def key(self) -> str:
        """The identifier EXPERIMENT-NAME."""
        return f"{self.experiment}-{self.name}"

    @property
    def estimand(self) -> str:
        """The number that is tested, in words."""
        contrast = self.contrast
        a, b = (_selection_in_words(side, contrast) for side in (contrast.a, contrast.b))
        rows = _selection_in_words(
            {k: v for k, v in contrast.where.items() if v is not None}, contrast
        )
        of = {
            "value": f"mean {a}",
            "difference": f"{a} minus {b}",
            "log_ratio": f"{a} over {b}",
            "log_spread_ratio": f"standard deviation over networks, {a} over {b}",
            "earlier": f"share of draws in which {a} is earlier than {b}",
        }[contrast.kind]
        within = (
            f"in the least certain {contrast.for_each}"
            if contrast.for_each
            else "averaged within draws"
        )
        return f"{', '.join(filter(None, (rows, of)))}, {within}"

    @property
    def refuted_by(self) -> str:
        """The values of the number that would refute the claim, in words."""
        direction, value, _ = self.margin
        if direction == "within":
            low = 1 / value if self.contrast.is_factor else -value
            return f"below {low:.3g} or above {value:.3g}"
        return f"{'above' if direction == 'below' else 'below'} {value:.3g}"


def _selection_in_words(selection: Mapping[str, Any], contrast: Contrast) -> str:
    """Returns a selection of rows in words."""
    found = []
    for column, value in selection.items():
        several = ", ".join(value) if isinstance(value, tuple) else value
        if column == "iteration":
            ends = "iteration" in {**contrast.a, **contrast.b}
            found += [f"after {value}"] if value else ["in the end"] * ends
        else:
            found.append(f"'{several}'" if column == "network" else str(several))
    return " ".join(found)
