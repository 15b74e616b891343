import math

import numpy as np
import pytest

from rwkeras.experiments.claims import Claim, Contrast, Margin
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.experiments.verdicts import per_draw, verdicts

DRAWS = 12


def claim(contrast, direction="below", margin=0.0, key="a"):
    return Claim("e", key, "S.", "s", contrast, Margin(direction, margin, "by convention"))


def table(values, experiment="e", measure="m", **more):
    """Returns a table of values[network][layer], each of shape [draws] or [draws, seeds]."""
    rows = [
        row(Sample(n, network, seed, f"i{n}", layer), measure, value, **more)
        for network, layers in values.items()
        for layer, draws in layers.items()
        for n, seeds in enumerate(draws)
        for seed, value in enumerate(np.atleast_1d(seeds))
    ]
    return frame([{"experiment": experiment, **each} for each in rows])


def noise(seed, *shape):
    return np.random.Generator(np.random.Philox(seed)).normal(size=shape or (DRAWS,))


def verdict(contrast, measured, direction="below", margin=0.0):
    (found,) = verdicts([claim(contrast, direction, margin)], measured).to_dict("records")
    return found


def test_layers_are_averaged_within_draws_and_not_counted():
    a, b = noise(0, DRAWS), noise(1, DRAWS)
    measured = table({"one": {"l1": a, "l2": b}})
    found = verdict(Contrast("value", {"network": "one", "measure": "m"}), measured)
    assert found["draws"] == DRAWS
    assert found["estimate"] == pytest.approx((a + b).mean() / 2)
    half = 2.200985 * np.std((a + b) / 2, ddof=1) / math.sqrt(DRAWS)
    assert found["high"] - found["estimate"] == pytest.approx(half, rel=1e-5)


def test_differences_are_within_draws():
    shared = 10 * noise(2)
    measured = table({"a": {"l": shared + 0.1 * noise(3) - 1}, "b": {"l": shared}})
    contrast = Contrast("difference", {"network": "a"}, {"network": "b"}, {"measure": "m"})
    assert verdict(contrast, measured)["verdict"] == "holds"
    assert verdict(contrast, measured, "above")["verdict"] == "refuted"
    assert verdict(contrast, measured, "within", 2.0)["verdict"] == "holds"
    assert verdict(contrast, measured, "within", 0.5)["verdict"] == "refuted"
    assert verdict(contrast, measured, "below", -1.0)["verdict"] == "undecided"


def test_ratios_are_factors():
    base = np.exp(noise(4))
    measured = table({"a": {"l": 0.5 * base * np.exp(0.01 * noise(5))}, "b": {"l": base}})
    contrast = Contrast("log_ratio", {"network": "a"}, {"network": "b"})
    found = verdict(contrast, measured, "below", 0.6)
    assert (found["verdict"], found["estimate"]) == ("holds", pytest.approx(0.5, rel=0.01))
    assert verdict(contrast, measured, "within", 1.5)["verdict"] == "refuted"
    assert verdict(contrast, measured, "within", 2.5)["verdict"] == "holds"


def test_spreads_are_of_the_networks_of_a_draw():
    wide, narrow = noise(6, DRAWS, 5), 0.1 * noise(7, DRAWS, 5)
    measured = table({"a": {"l": narrow}, "b": {"l": wide}})
    contrast = Contrast("log_spread_ratio", {"network": "a"}, {"network": "b"})
    ratios = np.std(narrow, axis=1, ddof=1) / np.std(wide, axis=1, ddof=1)
    found = verdict(contrast, measured, "below", 1.0)
    assert found["estimate"] == pytest.approx(np.exp(np.log(ratios).mean()))
    assert (found["verdict"], found["draws"]) == ("holds", DRAWS)


def test_a_claim_on_all_kinds_is_as_good_as_its_worst_kind():
    base = noise(8)
    kinds = {
        "a": {"l": base + 0.01 * noise(9)},
        "b": {"l": base + 3 * noise(10)},
        "standard": {"l": base},
    }
    contrast = Contrast(
        "difference", {"network": ("a", "b")}, {"network": "standard"}, for_each="network"
    )
    measured = table(kinds)
    assert set(per_draw(measured, contrast)) == {"a", "b"}
    found = verdict(contrast, measured, "within", 0.1)
    assert found["verdict"] == "undecided"
    assert found["estimate"] == pytest.approx(np.mean(kinds["b"]["l"] - base))
    only = Contrast("difference", {"network": "a"}, {"network": "standard"}, for_each="network")
    assert verdict(only, measured, "within", 0.1)["verdict"] == "holds"
    kinds["b"]["l"] = base + 1
    assert verdict(contrast, table(kinds), "within", 0.1)["verdict"] == "refuted"


def test_every_layer_by_its_own_draws():
    measured = table({"a": {"l1": 25 + noise(11), "l2": 15 + noise(12)}})
    contrast = Contrast("value", {"measure": "m"}, for_each="layer")
    assert verdict(contrast, measured, "above", 20)["verdict"] == "refuted"
    assert verdict(contrast, measured, "above", 10)["verdict"] == "holds"


def test_times_that_were_not_reached_are_no_times():
    fast = {n: (5.0 + n, False) for n in range(9)} | dict.fromkeys(range(9, DRAWS), (50.0, True))
    rows = []
    for n in range(DRAWS):
        for network, (time, censored) in (("a", fast[n]), ("b", (40.0, False))):
            rows.append(row(Sample(n, network, n, "i"), "steps", time, censored=censored))
    measured = frame([{"experiment": "e", **each} for each in rows])
    contrast = Contrast("earlier", {"network": "a"}, {"network": "b"}, {"measure": "steps"})
    found = verdict(contrast, measured, "above", 0.5)
    # Times censored at 50 are later than 40, not tied.
    assert (found["estimate"], found["draws"], found["ties"]) == (0.75, DRAWS, 0)
    never = measured.assign(censored=True)
    found = verdict(contrast, never, "above", 0.5)
    assert (found["verdict"], found["ties"], found["p"]) == ("undecided", DRAWS, 1.0)


def test_iterations_on_the_way_and_the_end():
    rows = []
    for n, value in enumerate(noise(13)):
        rows.append(row(Sample(n, "a", n, "i"), "m", value, iteration=100))
        rows.append(row(Sample(n, "a", n, "i"), "m", value + 5, iteration=200))
        rows.append(row(Sample(n, "b", n, "i"), "m", value + 1))
    measured = frame([{"experiment": "e", **each} for each in rows])
    contrast = Contrast(
        "difference", {"network": "a", "iteration": 100}, {"network": "b", "iteration": None}
    )
    assert verdict(contrast, measured)["estimate"] == pytest.approx(-1)


def test_too_few_draws_are_no_test_and_no_part_of_the_family():
    measured = table({"a": {"l": noise(14) - 9}, "b": {"l": noise(15)[:9] - 9}})
    contrasts = [Contrast("value", {"network": network}) for network in ("a", "b", "none")]
    found = verdicts(
        [claim(contrast, key=str(n)) for n, contrast in enumerate(contrasts)], measured
    )
    assert found["verdict"].tolist() == ["holds", "not tested", "not tested"]
    assert found["draws"].tolist() == [DRAWS, 9, 0]
    assert set(found["family"]) == {1}
    assert found["p"].isna().tolist() == [False, True, True]


def test_the_family_is_all_that_was_tested():
    measured = table({str(n): {"l": noise(20 + n) - 0.75} for n in range(8)})
    claims = [claim(Contrast("value", {"network": str(n)}), key=str(n)) for n in range(8)]
    in_family = verdicts(claims, measured)
    alone = [verdicts([each], measured)["p_corrected"][0] for each in claims]
    np.testing.assert_allclose(alone, in_family["p"])
    assert (in_family["p_corrected"] > in_family["p"]).sum() >= 7
    assert set(in_family["family"]) == {8}


def test_a_draw_that_lacks_a_layer_is_left_out():
    measured = table({"a": {"l1": noise(30), "l2": noise(31)}})
    measured = measured[~((measured["draw"] == 3) & (measured["layer"] == "l2"))]
    assert per_draw(measured, Contrast("value", {"network": "a"}))[""].size == DRAWS - 1


def test_errors():
    with pytest.raises(ValueError, match="`kind`"):
        Contrast("ratio", {})
    with pytest.raises(ValueError, match="`direction`"):
        claim(Contrast("value", {}), "under")


def test_without_claims_there_is_a_table_without_rows():
    assert list(verdicts([], table({"a": {"x": noise(0)}}))["verdict"]) == []
