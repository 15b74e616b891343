"""What a claim is, and the verdict on it that a table of measurements allows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rwkeras.experiments.statistics import (
    DIRECTIONS,
    LEVEL,
    Evidence,
    Interval,
    earlier,
    every,
    holm,
    mean_test,
    sign_interval,
    sign_test,
    t_interval,
)
from rwkeras.experiments.table import chosen
from rwkeras.validation import check_choice

HOLDS, REFUTED, UNDECIDED, NOT_TESTED = "holds", "refuted", "undecided", "not tested"
KINDS = ("value", "difference", "log_ratio", "log_spread_ratio", "earlier")
# Of draws, below which nothing is said.
LEAST_DRAWS = 10

# What tells the values of a draw apart; values that differ in nothing of it are averaged.
_KEYS = ("draw", "network", "layer", "iteration", "measure")
# Of verdicts.
_COLUMNS = (
    "claim",
    "experiment",
    "verdict",
    "estimate",
    "low",
    "high",
    "draws",
    "ties",
    "p",
    "p_corrected",
    "family",
)


@dataclass(frozen=True)
class Contrast:
    """How each draw gives one number.

    Attributes:
        kind: One of `KINDS`: the mean of a; of a - b; of log(a / b), given back as a factor; of the
            logarithm of the standard deviation of a over networks or noises over that of b, given
            back as a factor; or which of the times a and b is the earlier, given back as the share
            of draws in which a is.
        a: Which rows of the table the first values are, by column.
        b: The second; empty for a value alone.
        where: Which rows both are among.
        every: A column for each of whose values the claim must hold; all else that differs within
            a draw is averaged.
    """

    kind: str
    a: Mapping[str, Any]
    b: Mapping[str, Any] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)
    every: str = ""

    def __post_init__(self):
        check_choice("kind", self.kind, KINDS)

    @property
    def is_factor(self) -> bool:
        """Whether estimates and margin are factors."""
        return self.kind in ("log_ratio", "log_spread_ratio")


class Margin(NamedTuple):
    """Where a number is claimed to be.

    Attributes:
        direction: "below", "above" or "within".
        value: Below or above what; for "within", how far to both sides of 0, or of the factor 1.
        reason: Why that much.
    """

    direction: str
    value: float
    reason: str


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper, made so definite that it can be refuted, before it is tested.

    Attributes:
        experiment: The experiment whose table tests it.
        name: A short name.
        sentence: What is claimed.
        source: Where it stands.
        contrast: How a draw gives the number that it is about.
        margin: Where that number is claimed to be.
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
        """The experiment's name and its own."""
        return f"{self.experiment}-{self.name}"

    @property
    def estimand(self) -> str:
        """The number that it is about, in words."""
        contrast = self.contrast
        a, b = (_words(side, contrast) for side in (contrast.a, contrast.b))
        rows = _words({k: v for k, v in contrast.where.items() if v is not None}, contrast)
        of = {
            "value": f"mean {a}",
            "difference": f"{a} less {b}",
            "log_ratio": f"{a} over {b}",
            "log_spread_ratio": f"standard deviation over networks, {a} over {b}",
            "earlier": f"share of draws in which {a} is sooner than {b}",
        }[contrast.kind]
        within = f"in the least certain {contrast.every}" if contrast.every else "averaged in draws"
        return f"{', '.join(filter(None, (rows, of)))}, {within}"

    @property
    def refuted_by(self) -> str:
        """What would refute it, in words."""
        direction, value, _ = self.margin
        if direction == "within":
            low = 1 / value if self.contrast.is_factor else -value
            return f"below {low:.3g} or above {value:.3g}"
        return f"{'above' if direction == 'below' else 'below'} {value:.3g}"


def _words(selection: Mapping[str, Any], contrast: Contrast) -> str:
    """Returns what a selection of rows is, in words."""
    found = []
    for column, value in selection.items():
        several = ", ".join(value) if isinstance(value, tuple) else value
        if column == "iteration":
            ends = "iteration" in {**contrast.a, **contrast.b}
            found += [f"after {value}"] if value else ["in the end"] * ends
        else:
            found.append(f"'{several}'" if column == "network" else str(several))
    return " ".join(found)


class Found(NamedTuple):
    """What a table says on a claim, before the correction for the family.

    Attributes:
        interval: The estimate with its interval; of several parts, that of the least certain.
        draws: The number of draws.
        ties: Of times, in how many draws it is not known which is the earlier.
        evidence: The tests, or None with too few draws.
    """

    interval: Interval
    draws: int
    ties: int
    evidence: Evidence | None


def per_draw(table: pd.DataFrame, contrast: Contrast) -> dict[str, np.ndarray]:
    """Returns the number that each draw gives, by the value of `contrast.every`, or by "".

    A draw in which something is missing that others have, or is not finite, is left out.

    Args:
        table: The table of the claim's experiment.
        contrast: How a draw gives a number.
    """
    values = _contrasted(table, contrast)
    values = values[np.isfinite(values["value"])]
    parts = values.groupby(contrast.every) if contrast.every else [("", values)]
    found = {}
    for part, of_part in parts:
        draws = of_part.groupby("draw")["value"].agg(["mean", "count"])
        whole = draws[draws["count"] == draws["count"].max()]["mean"]
        found[str(part)] = whole.to_numpy(np.float64)
    return {part: draws for part, draws in found.items() if draws.size}


def _contrasted(table: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    """Returns the contrast of all pairs that differ in nothing but what it is between."""
    shared = [key for key in _KEYS if key not in {*contrast.a, *contrast.b}]
    own = [contrast.every] if contrast.every and contrast.every not in shared else []
    first = _reduced(table, {**contrast.where, **contrast.a}, [*shared, *own], contrast.kind)
    if contrast.kind == "value":
        return first
    second = _reduced(table, {**contrast.where, **contrast.b}, shared, contrast.kind)
    both = first.merge(second, on=shared, suffixes=("", "_b"))
    if contrast.kind == "earlier":
        times = zip(both["value"], both["censored"], strict=True)
        others = zip(both["value_b"], both["censored_b"], strict=True)
        both["value"] = [float(earlier(*pair)) for pair in zip(times, others, strict=True)]
    elif contrast.kind == "log_ratio":
        both["value"] = np.log(both["value"] / both["value_b"])
    else:
        both["value"] -= both["value_b"]
    return both


def _reduced(
    table: pd.DataFrame, where: Mapping[str, Any], keys: Sequence[str], kind: str
) -> pd.DataFrame:
    """Returns the mean of values that agree in some columns, or the logarithm of their spread."""
    rows = chosen(table, where).groupby(list(keys), dropna=False, as_index=False)
    found = rows.agg(value=("value", "mean"), censored=("censored", "any"))
    if kind == "log_spread_ratio":
        found["value"] = np.log(rows["value"].std()["value"])
    return found


def found(claim: Claim, table: pd.DataFrame) -> Found:
    """Returns what a table says on a claim.

    Args:
        claim: The claim.
        table: Of all experiments.
    """
    contrast = claim.contrast
    parts = per_draw(table[table["experiment"] == claim.experiment], contrast)
    draws = min((values.size for values in parts.values()), default=0)
    if not parts:
        return Found(Interval(math.nan, math.nan, math.nan, 0), 0, 0, None)
    if contrast.kind == "earlier":
        tests = {part: sign_test(values) for part, values in parts.items()}
    elif draws > 1:
        direction, bound, _ = claim.margin
        bound = math.log(bound) if contrast.is_factor else bound
        tests = {part: mean_test(x, direction, bound) for part, x in parts.items()}
    else:
        tests = dict.fromkeys(parts, Evidence(1.0, 1.0))
    shown = parts[max(tests, key=lambda part: tests[part].support)]
    if contrast.kind == "earlier":
        interval, ties = sign_interval(shown), int(np.sum(shown == 0))
    else:
        interval, ties = t_interval(shown), 0
    if contrast.is_factor:
        low, high = math.exp(interval.low), math.exp(interval.high)
        interval = Interval(math.exp(interval.estimate), low, high, interval.n)
    evidence = every(list(tests.values())) if draws >= LEAST_DRAWS else None
    return Found(interval, draws, ties, evidence)


def verdicts(claims: Sequence[Claim], table: pd.DataFrame) -> pd.DataFrame:
    """Returns the verdicts on claims, corrected by Holm for all of them that could be tested.

    Args:
        claims: The claims.
        table: The tables of their experiments; what is not there is not tested.

    Returns:
        By claim: its key, experiment and verdict; the estimate with the 95 % interval of this claim
        alone; the number of draws, and of ties among them; the probability of such draws, alone and
        corrected; and the number of claims that it was corrected for.
    """
    all_found = {claim.key: found(claim, table) for claim in claims}
    tested = {key: each.evidence for key, each in all_found.items() if each.evidence is not None}
    corrected = dict(zip(tested, holm([test.p for test in tested.values()]), strict=True))
    rows = []
    for claim in claims:
        each = all_found[claim.key]
        verdict = NOT_TESTED
        if each.evidence is not None:
            verdict = UNDECIDED
            if corrected[claim.key] < LEVEL:
                verdict = HOLDS if each.evidence.support < each.evidence.refute else REFUTED
        rows.append(
            {
                "claim": claim.key,
                "experiment": claim.experiment,
                "verdict": verdict,
                "estimate": each.interval.estimate,
                "low": each.interval.low,
                "high": each.interval.high,
                "draws": each.draws,
                "ties": each.ties,
                "p": each.evidence.p if each.evidence else math.nan,
                "p_corrected": corrected.get(claim.key, math.nan),
                "family": len(tested),
            }
        )
    # Without claims a table of the same columns.
    return pd.DataFrame(rows, columns=_COLUMNS)
