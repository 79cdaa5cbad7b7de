"""Observations to features: nothing from the future, nothing that contains the outcome, every fault named."""

import numpy as np
import pandas as pd
import pytest

from analytics.index import recipe
from analytics.index.recipe import Measure, Target
from analytics.potential import panel
from analytics.potential.panel import PotentialError

MARKETS = [f"M{n:02d}" for n in range(40)]
TARGET = Target(Measure("Y"), "Sales", "US$")


def history(**columns) -> pd.DataFrame:
    """Rows of 2015 for each named indicator, a value a market."""
    rows = [
        (m, code, 2015, value) for code, values in columns.items() for m, value in zip(MARKETS, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"])


@pytest.fixture
def draws() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {code: random.normal(size=40) for code in "ABC"}


def outcome(count: int = 40) -> pd.Series:
    return pd.Series(np.arange(1.0, count + 1), pd.Index(MARKETS[:count], name="iso3"), name="actual")


def test_values_of_the_future_do_not_change_the_features():
    rows = [("AAA", "X", 2012, 1.0), ("AAA", "X", 2015, 2.0)]
    known = pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"])
    later = pd.concat([known, known.assign(year=2016, value=99.0)])
    assert panel.latest(known, [Measure("X")], 2015, 8).equals(panel.latest(later, [Measure("X")], 2015, 8))
    assert panel.latest(known, [Measure("X")], 2014, 8).loc["AAA", "X"] == 1.0


def test_figures_older_than_the_window_do_not_count():
    known = pd.DataFrame([("AAA", "X", 2007, 1.0)], columns=["iso3", "indicator", "year", "value"])
    assert panel.latest(known, [Measure("X")], 2015, 8).empty
    assert panel.latest(known, [Measure("X")], 2014, 8).loc["AAA", "X"] == 1.0


@pytest.mark.parametrize("name", recipe.NAMES)
def test_no_feature_of_a_shipped_recipe_contains_its_outcome(name):
    chosen = recipe.load(name)
    found = panel.measures(chosen)
    assert len(found) >= 10
    assert not any(panel.contains_outcome(measure, chosen.target) for measure in found)
    assert chosen.outcome == chosen.target.measure.code


def test_health_expenditure_in_any_form_is_no_feature_of_healthcare():
    chosen = recipe.load("healthcare")
    assert not [m for m in panel.measures(chosen) if any(code.startswith("SH.XPD") for code in m.codes)]
    with pytest.raises(PotentialError, match=r"SH\.XPD\.CHEX\.GD\.ZS cannot be a feature: it contains"):
        panel.chosen_measures(chosen, ["SP.POP.TOTL", "SH.XPD.CHEX.GD.ZS"])
    assert panel.chosen_measures(chosen, ["SH.XPD.CHEX.GD.ZS"], own=True)


def test_income_is_no_feature_of_household_consumption_which_is_most_of_it():
    assert not [
        m for m in panel.measures(recipe.load("general")) if m.code.startswith(("NY.GDP.PCAP", "NY.GDP.MKTP.CD"))
    ]


@pytest.mark.parametrize("transform", ["log", "share", "none"])
def test_a_scale_and_back_is_where_it_began(transform):
    values = pd.Series([0.5, 20.0, 99.0])
    assert panel.from_scale(panel.to_scale(values, transform), transform) == pytest.approx(values.to_numpy())


def test_shares_of_nothing_and_everything_have_a_place_on_the_scale():
    ends = panel.to_scale(pd.Series([0.0, 100.0]), "share")
    assert np.isfinite(ends).all()
    assert panel.from_scale(np.array([-50.0, 50.0]), "share").tolist() == [0.0, 100.0]


def test_what_cannot_be_a_feature_is_left_out_with_the_reason(draws):
    gaps = np.where(np.arange(40) < 30, np.nan, 1.0)
    rows = history(**draws, same=np.ones(40), sparse=gaps, double=2 * draws["A"] + 3, none=np.full(40, np.nan))
    wanted = [Measure(code) for code in (*draws, "same", "sparse", "double", "none", "absent")]
    found = panel.assemble(rows, outcome(), wanted, 2015, 8)
    assert list(found.features) == ["A", "B", "C"]
    assert dict(found.left_out.to_numpy()) == {
        "same": "the same value in every market",
        "sparse": "known for 25% of the markets only",
        "double": "other features determine it exactly (perfect collinearity)",
        "none": "no values in the window",
        "absent": "no values in the window",
    }
    with pytest.raises(PotentialError, match=r"same: the same value in every market.*double: other features determine"):
        panel.assemble(rows, outcome(), wanted, 2015, 8, strict=True)


def test_fewer_markets_than_features_are_refused_or_the_features_cut(draws):
    random = np.random.default_rng(1)
    columns = {f"F{n}": random.normal(size=40) for n in range(14)}
    wanted = [Measure(code) for code in columns]
    with pytest.raises(PotentialError, match="13 markets cannot carry 14 features: at least 16 markets are needed"):
        panel.assemble(history(**columns), outcome(13), wanted, 2015, 8, strict=True)
    found = panel.assemble(history(**columns), outcome(13), wanted, 2015, 8)
    assert list(found.features) == ["F0", "F1", "F2"]
    assert "13 markets carry 3 features at most" in set(found.left_out["reason"])


def test_too_few_markets_are_refused(draws):
    with pytest.raises(PotentialError, match="3 markets cannot carry"):
        panel.assemble(history(**draws), outcome(3), [Measure(code) for code in draws], 2015, 8)


@pytest.mark.parametrize(
    ("values", "transform", "reason"),
    [
        ([1.0, 0.0, -2.0], "log", "zero or negative in M01, M02"),
        ([1.0, 2.0, 101.0], "share", "outside 0-100 % in M02"),
        ([5.0, 5.0, 5.0], "none", "the same in every market"),
    ],
)
def test_an_outcome_its_scale_cannot_take_names_the_markets(values, transform, reason):
    with pytest.raises(PotentialError, match=reason):
        panel.refuse_untransformable(pd.Series(values, MARKETS[:3]), transform, "Sales")


def test_a_readers_outcome_is_told_every_fault_at_once():
    rows = pd.DataFrame({"iso3": ["M00", "M00", "XXX", "m01"], "value": ["1", "2", "3", "much"]})
    with pytest.raises(PotentialError) as error:
        panel.own_outcome(rows, MARKETS)
    assert "unknown markets: XXX" in str(error.value)
    assert "two rows of M00" in str(error.value)
    assert "no number for M01" in str(error.value)


def test_a_readers_outcome_needs_its_two_columns():
    with pytest.raises(PotentialError, match="columns iso3 and value; found: country, sales"):
        panel.own_outcome(pd.DataFrame({"country": ["M00"], "sales": [1]}), MARKETS)
    found = panel.own_outcome(pd.DataFrame({"ISO3": [" m00"], "Value ": ["1.5"]}), MARKETS)
    assert found.to_dict() == {"M00": 1.5}


def test_an_unknown_outcome_says_how_to_get_it():
    with pytest.raises(PotentialError, match=r"Sales \(Y\) is known for fewer than 12 markets for 2020.*data import"):
        panel.outcome_of(history(A=np.ones(40)), TARGET, 2020)
