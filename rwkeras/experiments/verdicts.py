"""Verdicts on claims from tables of measurements."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rwkeras.experiments.claims import Claim, Contrast
from rwkeras.experiments.statistics import (
    LEVEL,
    Evidence,
    Interval,
    compare_censored_times,
    holm,
    intersection_union_test,
    mean_test,
    sign_interval,
    sign_test,
    t_interval,
)
from rwkeras.experiments.table import select_rows

_HOLDS, _REFUTED, _UNDECIDED, NOT_TESTED = "holds", "refuted", "undecided", "not tested"
# With fewer draws a claim is not tested.
LEAST_DRAWS = 10

# Columns that identify a value; values that agree in all of them are averaged.
_KEYS = ("draw", "network", "layer", "iteration", "measure")
# Columns of the table of verdicts.
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


class _ClaimEvidence(NamedTuple):
    """Estimate and tests for a claim, not corrected for the number of claims.

    Attributes:
        interval: The estimate with its interval; that of the least certain part if the claim must
            hold for several.
        draws: The number of draws.
        ties: For kind "earlier", the number of draws in which the order is unknown.
        evidence: The tests, or None if there are too few draws.
    """

    interval: Interval
    draws: int
    ties: int
    evidence: Evidence | None


def per_draw(table: pd.DataFrame, contrast: Contrast) -> dict[str, np.ndarray]:
    """Returns one number for each draw, [draws], by value of the column `contrast.for_each`.

    Draws with fewer finite values than others are left out.

    Args:
        table: The table of the claim's experiment.
        contrast: Computation of the number.

    Returns:
        The numbers by value of the column, or by "" if `contrast.for_each` is empty.
    """
    values = _contrast_values(table, contrast)
    values = values[np.isfinite(values["value"])]
    parts = values.groupby(contrast.for_each) if contrast.for_each else [("", values)]
    found = {}
    for part, of_part in parts:
        draws = of_part.groupby("draw")["value"].agg(["mean", "count"])
        whole = draws[draws["count"] == draws["count"].max()]["mean"]
        found[str(part)] = whole.to_numpy(np.float64)
    return {part: draws for part, draws in found.items() if draws.size}


def _contrast_values(table: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    """Returns the contrast of all pairs of values that differ only in the compared columns."""
    shared = [key for key in _KEYS if key not in {*contrast.a, *contrast.b}]
    own = [contrast.for_each] if contrast.for_each and contrast.for_each not in shared else []
    first = _group_values(table, {**contrast.where, **contrast.a}, [*shared, *own], contrast.kind)
    if contrast.kind == "value":
        return first
    second = _group_values(table, {**contrast.where, **contrast.b}, shared, contrast.kind)
    both = first.merge(second, on=shared, suffixes=("", "_b"))
    if contrast.kind == "earlier":
        times = zip(both["value"], both["censored"], strict=True)
        others = zip(both["value_b"], both["censored_b"], strict=True)
        both["value"] = [
            float(compare_censored_times(*pair)) for pair in zip(times, others, strict=True)
        ]
    elif contrast.kind == "log_ratio":
        both["value"] = np.log(both["value"] / both["value_b"])
    else:
        both["value"] -= both["value_b"]
    return both


def _group_values(
    table: pd.DataFrame, where: Mapping[str, Any], keys: Sequence[str], kind: str
) -> pd.DataFrame:
    """Returns the mean, or the log of the standard deviation, of values grouped by columns."""
    rows = select_rows(table, where).groupby(list(keys), dropna=False, as_index=False)
    found = rows.agg(value=("value", "mean"), censored=("censored", "any"))
    if kind == "log_spread_ratio":
        found["value"] = np.log(rows["value"].std()["value"])
    return found


def _evaluate_claim(claim: Claim, table: pd.DataFrame) -> _ClaimEvidence:
    """Returns the estimate and the tests for a claim.

    Args:
        claim: The claim.
        table: The tables of all experiments, concatenated.
    """
    contrast = claim.contrast
    parts = per_draw(table[table["experiment"] == claim.experiment], contrast)
    draws = min((values.size for values in parts.values()), default=0)
    if not parts:
        return _ClaimEvidence(Interval(math.nan, math.nan, math.nan, 0), 0, 0, None)
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
    evidence = intersection_union_test(list(tests.values())) if draws >= LEAST_DRAWS else None
    return _ClaimEvidence(interval, draws, ties, evidence)


def verdicts(claims: Sequence[Claim], table: pd.DataFrame) -> pd.DataFrame:
    """Returns the verdicts on claims, corrected by Holm's method for all that were tested.

    Args:
        claims: The claims.
        table: The tables of their experiments, concatenated. Claims without data are not tested.

    Returns:
        A row for each claim: its key, experiment and verdict; the estimate with its own 95 %
        interval; the number of draws and of ties among them; the p-value, uncorrected and
        corrected; and the number of claims in the correction.
    """
    evidence_by_claim = {claim.key: _evaluate_claim(claim, table) for claim in claims}
    tested = {
        key: each.evidence for key, each in evidence_by_claim.items() if each.evidence is not None
    }
    corrected = dict(zip(tested, holm([test.p for test in tested.values()]), strict=True))
    rows = []
    for claim in claims:
        each = evidence_by_claim[claim.key]
        verdict = NOT_TESTED
        if each.evidence is not None:
            verdict = _UNDECIDED
            if corrected[claim.key] < LEVEL:
                verdict = _HOLDS if each.evidence.support < each.evidence.refute else _REFUTED
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
    # The columns are the same without claims.
    return pd.DataFrame(rows, columns=_COLUMNS)
