"""The composite index: worked by hand, and what must hold for any panel."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import index
from analytics.recipe import Ingredient, Measure, Recipe


def recipe(*ingredients: Ingredient, dimensions: dict, **limits) -> Recipe:
    limits = {"minimum_markets": 2, "minimum_coverage": 0.5, "minimum_weight": 0.5} | limits
    return Recipe("test", "Test", "Which?", "a", dimensions, ingredients, **limits)


def ingredient(key: str, dimension: str, direction: int = 1, weight: float = 1.0, measures=()) -> Ingredient:
    return Ingredient(key, key.title(), dimension, direction, weight, measures or (Measure(key),))


def panel(values: dict[str, dict[str, float]], year: int = 2020) -> pd.DataFrame:
    """values: indicator -> market -> value."""
    rows = [(iso3, code, year, value) for code, by in values.items() for iso3, value in by.items()]
    return pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"])


TWO = recipe(
    ingredient("wealth", "size", weight=1.0),
    ingredient("people", "size", weight=3.0),
    ingredient("inflation", "risk", direction=-1),
    dimensions={"size": 3.0, "risk": 1.0},
)
THREE_MARKETS = panel(
    {
        "wealth": {"DEU": 10.0, "FRA": 20.0, "IND": 30.0},
        "people": {"DEU": 5.0, "FRA": 1.0, "IND": 9.0},
        "inflation": {"DEU": 2.0, "FRA": 6.0, "IND": 10.0},
    }
)


def test_a_ranking_worked_by_hand():
    # Weights in the whole: wealth 3/4 * 1/4 = 0.1875, people 3/4 * 3/4 = 0.5625, inflation 0.25. Min-max by column:
    # wealth 0, 50, 100; people 50, 0, 100; inflation, less being better, 100, 50, 0.
    # DEU 0.5625*50 + 25 = 53.125; FRA 0.1875*50 + 0.25*50 = 21.875; IND 18.75 + 56.25 = 75.
    ranking = index.score(THREE_MARKETS, TWO)
    assert ranking.scores["score"].to_dict() == pytest.approx({"IND": 75.0, "DEU": 53.125, "FRA": 21.875})
    assert ranking.scores["rank"].to_dict() == {"IND": 1, "DEU": 2, "FRA": 3}
    assert ranking.points.loc["DEU"].to_dict() == pytest.approx({"wealth": 0, "people": 28.125, "inflation": 25})
    assert ranking.dimensions.loc["DEU"].to_dict() == pytest.approx({"size": 37.5, "risk": 100})
    assert list(ranking.scores.index) == ["IND", "DEU", "FRA"]


def test_equal_markets_share_the_better_rank():
    figures = {"DEU": 1.0, "FRA": 5.0, "GBR": 5.0, "IND": 9.0}
    ranking = index.score(panel(dict.fromkeys(("wealth", "people"), figures)), only_size())
    assert ranking.scores["rank"].to_dict() == {"IND": 1, "FRA": 2, "GBR": 2, "DEU": 4}


def only_size(**limits) -> Recipe:
    return recipe(ingredient("wealth", "size"), ingredient("people", "size"), dimensions={"size": 1.0}, **limits)


def test_a_market_with_too_little_data_is_not_ranked_and_its_coverage_is_told():
    values = {
        "wealth": {"DEU": 1.0, "FRA": 2.0, "IND": 3.0},
        "people": {"DEU": 1.0, "FRA": 2.0},
        "inflation": {"DEU": 1.0, "FRA": 2.0, "IND": 3.0},
    }
    ranking = index.score(panel(values), dataclasses.replace(TWO, minimum_coverage=0.6))
    assert list(ranking.scores.index) == ["FRA", "DEU"]
    assert ranking.unranked.to_dict() == pytest.approx({"IND": 0.4375})


def test_coverage_that_just_meets_the_threshold_is_enough():
    # In binary, 0.1 + 0.2 + 0.3 is not quite 0.6: a market must not fall out for that.
    weights = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}
    parts = recipe(
        *(ingredient(key, "size", weight=weight) for key, weight in weights.items()),
        dimensions={"size": 1.0},
        minimum_coverage=0.6,
    )
    values = {key: {"DEU": 1.0, "FRA": 2.0, "IND": 3.0} for key in weights}
    del values["d"]["IND"]
    ranking = index.score(panel(values), parts)
    assert ranking.scores["coverage"].to_dict() == {"IND": 0.6, "FRA": 1.0, "DEU": 1.0}


def test_nobody_with_enough_data_gives_an_empty_ranking_not_an_error():
    values = {"wealth": {"DEU": 1.0, "FRA": 2.0}, "people": {"IND": 1.0, "GBR": 2.0}}
    ranking = index.score(panel(values), only_size(minimum_coverage=0.9))
    assert ranking.scores.empty
    assert len(ranking.unranked) == 4


STAND_IN = (Measure("income"), Measure("gdp", denominator="people"), Measure("sales", multiplier="people"))
SECOND_BEST = recipe(ingredient("wealth", "size", measures=STAND_IN), dimensions={"size": 1.0})


@pytest.mark.parametrize(
    ("values", "measure", "figure"),
    [
        ({"income": {"DEU": 7.0, "FRA": 8.0}, "gdp": {"DEU": 6.0, "FRA": 9.0}}, STAND_IN[0], 7.0),
        ({"income": {"DEU": 7.0}, "gdp": {"DEU": 6.0, "FRA": 9.0}}, STAND_IN[1], 3.0),
        ({"sales": {"DEU": 6.0, "FRA": 9.0}}, STAND_IN[2], 12.0),
    ],
)
def test_a_stand_in_serves_only_when_what_is_preferred_lacks_markets(values, measure, figure):
    ranking = index.score(panel(values | {"people": {"DEU": 2.0, "FRA": 2.0}}), SECOND_BEST)
    assert ranking.measures == {"wealth": measure}
    assert ranking.values.loc["DEU", "wealth"] == figure
    assert [i.key for i in ranking.stand_ins] == ([] if measure == STAND_IN[0] else ["wealth"])


def test_nothing_is_divided_by_zero():
    values = {"gdp": {"DEU": 6.0, "FRA": 9.0, "IND": 3.0}, "people": {"DEU": 2.0, "FRA": 3.0, "IND": 0.0}}
    assert list(index.score(panel(values), SECOND_BEST).scores.index) == ["DEU", "FRA"]


def test_the_year_of_a_computed_figure_is_that_of_its_oldest_part():
    old = panel({"people": {"DEU": 2.0, "FRA": 3.0}}, year=2015)
    new = panel({"gdp": {"DEU": 6.0, "FRA": 9.0}}, year=2020)
    assert index.score(pd.concat([old, new]), SECOND_BEST).years["wealth"].to_dict() == {"DEU": 2015, "FRA": 2015}


def test_missing_indicators_are_named_with_the_way_to_get_them():
    with pytest.raises(index.MissingIndicators) as refused:
        index.score(panel({"inflation": {"DEU": 2.0, "FRA": 6.0}}), TWO)
    assert [i.key for i in refused.value.missing] == ["wealth", "people"]
    assert refused.value.share == pytest.approx(0.25)
    assert "Wealth (wealth); People (people)" in str(refused.value)
    assert "python -m data import FILE" in str(refused.value)


def test_an_empty_panel_is_missing_everything():
    with pytest.raises(index.MissingIndicators, match="has 0%"):
        index.score(panel({}), TWO)


def test_what_is_missing_but_not_vital_is_told():
    ranking = index.score(panel({key: {"DEU": 2.0, "FRA": 6.0} for key in ("wealth", "people")}), TWO)
    assert [i.key for i in ranking.missing] == ["inflation"]
    assert ranking.weights.sum(axis=1).to_numpy() == pytest.approx(1)


def test_what_was_treated_is_on_record():
    codes = [f"M{n:02d}" for n in range(21)]
    values = dict(zip(codes, [*map(float, range(20)), 500.0], strict=True))
    ranking = index.score(panel({"wealth": values, "people": dict.fromkeys(codes, 1.0)}), only_size())
    assert ranking.treated[["iso3", "indicator"]].to_numpy().tolist() == [["M20", "wealth"]]
    assert ranking.values.loc["M20", "wealth"] == 500


# ------------------------------------------------------------------ for any panel

CODES = ("wealth", "people", "inflation")
CELLS = st.dictionaries(
    st.tuples(st.sampled_from([f"M{n:02d}" for n in range(12)]), st.sampled_from(CODES)),
    st.integers(1, 10**6).map(float),
    min_size=12,
    max_size=36,
)


def scored(cells: dict, factors: dict | None = None) -> index.Ranking | None:
    rows = [(iso3, code, 2020, value * (factors or {}).get(code, 1)) for (iso3, code), value in cells.items()]
    try:
        return index.score(pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]), TWO)
    except index.MissingIndicators:
        return None


@settings(max_examples=60, deadline=None)
@given(CELLS, st.sampled_from(CODES), st.sampled_from([1e-6, 0.01, 3.7, 1000.0]))
def test_rescaling_an_input_leaves_the_ranks_unchanged(cells, code, factor):
    before, after = scored(cells), scored(cells, {code: factor})
    assert (before is None) == (after is None)
    if before:
        assert after.scores["score"].to_dict() == pytest.approx(before.scores["score"].to_dict(), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(CELLS)
def test_points_add_up_to_scores_between_0_and_100(cells):
    if ranking := scored(cells):
        assert ranking.points.sum(axis=1).to_numpy() == pytest.approx(ranking.scores["score"].to_numpy())
        assert ranking.scores["score"].between(-1e-9, 100 + 1e-9).all()
        assert ranking.weights.sum(axis=1).to_numpy() == pytest.approx(1)
        assert ranking.scores["rank"].is_monotonic_increasing
        assert set(ranking.scores.index) | set(ranking.unranked.index) == {iso3 for iso3, _ in cells}


@settings(max_examples=30, deadline=None)
@given(CELLS, st.randoms())
def test_the_order_of_the_rows_does_not_matter(cells, dice):
    shuffled = list(cells.items())
    dice.shuffle(shuffled)
    before, after = scored(cells), scored(dict(shuffled))
    if before:
        pd.testing.assert_frame_equal(before.scores, after.scores)


def test_the_panel_is_not_mutated():
    copy = THREE_MARKETS.copy()
    index.score(THREE_MARKETS, TWO)
    assert THREE_MARKETS.equals(copy)


# ------------------------------------------------------------------ the default year


def coverage(*rows: tuple[str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["indicator", "year", "markets"])


def test_the_default_year_is_the_latest_that_half_the_indicators_reach():
    rows = coverage(("a", 2024, 90), ("b", 2022, 90), ("c", 2021, 90), ("a", 2025, 1))
    assert index.default_year(rows, dataclasses.replace(TWO, minimum_markets=60)) == 2022


def test_a_long_dead_indicator_does_not_pull_the_default_year_back():
    rows = coverage(("a", 2024, 90), ("b", 2024, 90), ("c", 1990, 90), ("d", 1991, 90), ("e", 1992, 90))
    assert index.default_year(rows, TWO) == 2024


def test_there_is_no_default_year_where_nothing_covers_enough_markets():
    assert index.default_year(coverage(("a", 2024, 1)), TWO) is None
    assert index.default_year(coverage(), TWO) is None


def test_ranks_of_the_embedded_facts_are_finite_and_whole(home):
    from analytics.recipe import load
    from data import store

    general = load("general")
    ranking = index.score(store.market_panel(store.connect(), general.codes, 2023, general.window), general)
    assert np.isfinite(ranking.scores["score"]).all()
    assert len(ranking.scores) + len(ranking.unranked) == 244
    assert {i.key for i in ranking.stand_ins} >= {"SP.POP.TOTL", "NY.GDP.MKTP.CD"}


def test_coverage_counts_the_whole_recipe_also_what_no_market_has():
    values = {"people": {"IND": 1.0, "FRA": 2.0, "DEU": 3.0}}

    ranking = index.score(panel(values), dataclasses.replace(TWO, minimum_weight=0.1))

    known = sum(weight for key, weight in TWO.weights().items() if key in ranking.measures)
    assert ranking.scores["coverage"].unique() == pytest.approx([known])
    assert known < 1
