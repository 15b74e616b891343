"""Tests of every claim on synthetic tables in which it is true or false."""

import itertools
import math

import numpy as np
import pytest

from rwkeras.experiments.claim_list import CLAIMS
from rwkeras.experiments.registry import EXPERIMENTS
from rwkeras.experiments.results import HEADLINES
from rwkeras.experiments.table import COLUMNS, frame
from rwkeras.experiments.verdicts import verdicts

DRAWS, NETWORKS = 10, 5


def rows(selection, values, spread=0.0):
    """Yields rows for every combination that a selection allows, draw and network seed.

    Values are constant within a draw if `spread` is 0.
    """
    given = {"network": "any", "layer": ("one", "two"), "iteration": None, "measure": "any"}
    several = {**given, **selection}
    several = [v if isinstance(v, tuple) else (v,) for v in several.values()]
    noise = np.random.Generator(np.random.Philox(1)).normal(size=(DRAWS, NETWORKS))
    for picked in itertools.product(*several):
        chosen = dict(zip({**given, **selection}, picked, strict=True))
        for draw, seed in itertools.product(range(DRAWS), range(NETWORKS)):
            value = values[draw] + spread * noise[draw, seed]
            yield {**chosen, "draw": draw, "network_seed": seed, "image": "i", "value": value}


def table(claim, number):
    """Returns a table in which the claim's number has a given value, up to small noise."""
    contrast = claim.contrast
    noise = 1e-3 * np.random.Generator(np.random.Philox(2)).normal(size=DRAWS)
    base, spreads = np.full(DRAWS, 5.0), (0.0, 0.0)
    if contrast.kind == "log_ratio":
        first = base * number * np.exp(noise)
    elif contrast.kind == "log_spread_ratio":
        first, spreads = base, (0.1 * number, 0.1)
    elif contrast.kind == "earlier":  # All draws but one have the same order.
        sooner = np.arange(DRAWS) != 0 if number > 0.5 else np.arange(DRAWS) == 0
        first = base + np.where(sooner, -1, 1)
    else:
        first = number + noise + (base if contrast.kind == "difference" else 0)
    made = list(rows({**contrast.where, **contrast.a}, first, spreads[0]))
    if contrast.kind != "value":
        made += rows({**contrast.where, **contrast.b}, base, spreads[1])
    made = [{**dict.fromkeys(COLUMNS), "censored": False, **each} for each in made]
    return frame({**each, "experiment": claim.experiment} for each in made)


def numbers(claim):
    """Returns a number for which the claim is true and one for which it is false."""
    direction, bound, _ = claim.margin
    if claim.contrast.is_factor:
        inner, outer = bound / 1.5, bound * 1.5
        return (
            (1.0, outer)
            if direction == "within"
            else (inner, outer)[:: -1 if direction == "above" else 1]
        )
    if direction == "within":
        return 0.0, 2 * bound
    return (bound + 0.3, bound - 0.3) if direction == "above" else (bound - 0.3, bound + 0.3)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
def test_a_claim_holds_where_it_is_true_and_is_refuted_where_it_is_not(claim):
    true, false = numbers(claim)
    for number, verdict in ((true, "holds"), (false, "refuted")):
        found = verdicts([claim], table(claim, number)).iloc[0]
        assert found["verdict"] == verdict
        assert found["draws"] == DRAWS
        if claim.contrast.kind != "earlier":
            assert math.isclose(found["estimate"], number, rel_tol=0.01, abs_tol=0.01)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
def test_a_claim_says_what_would_refute_it(claim):
    assert claim.sentence.endswith(".")
    assert claim.refuted_by.startswith(("above", "below"))
    assert claim.margin.reason
    assert claim.estimand


def test_claims_are_of_experiments_and_have_names_of_their_own():
    keys = {claim.key for claim in CLAIMS}
    assert len(keys) == len(CLAIMS)
    assert {claim.experiment for claim in CLAIMS} == set(EXPERIMENTS) - {"morph"}
    assert set(HEADLINES) <= keys
