"""The composite index: worked by hand, and what must hold for any panel."""

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.index import composite
from analytics.index.design import (
    AGGREGATIONS,
    IMPUTATIONS,
    NORMALISATIONS,
    TREATMENTS,
    WEIGHTINGS,
    Design,
    DesignError,
)
from analytics.index.recipe import Ingredient, Measure, Recipe


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
    ranking = composite.score(THREE_MARKETS, TWO)
    assert ranking.scores["score"].to_dict() == pytest.approx({"IND": 75.0, "DEU": 53.125, "FRA": 21.875})
    assert ranking.scores["rank"].to_dict() == {"IND": 1, "DEU": 2, "FRA": 3}
    assert ranking.points.loc["DEU"].to_dict() == pytest.approx({"wealth": 0, "people": 28.125, "inflation": 25})
    assert ranking.dimensions.loc["DEU"].to_dict() == pytest.approx({"size": 37.5, "risk": 100})
    assert list(ranking.scores.index) == ["IND", "DEU", "FRA"]


def test_equal_markets_share_the_better_rank():
    figures = {"DEU": 1.0, "FRA": 5.0, "GBR": 5.0, "IND": 9.0}
    ranking = composite.score(panel(dict.fromkeys(("wealth", "people"), figures)), only_size())
    assert ranking.scores["rank"].to_dict() == {"IND": 1, "FRA": 2, "GBR": 2, "DEU": 4}


def only_size(**limits) -> Recipe:
    return recipe(ingredient("wealth", "size"), ingredient("people", "size"), dimensions={"size": 1.0}, **limits)


def test_a_market_with_too_little_data_is_not_ranked_and_its_coverage_is_told():
    values = {
        "wealth": {"DEU": 1.0, "FRA": 2.0, "IND": 3.0},
        "people": {"DEU": 1.0, "FRA": 2.0},
        "inflation": {"DEU": 1.0, "FRA": 2.0, "IND": 3.0},
    }
    ranking = composite.score(panel(values), dataclasses.replace(TWO, minimum_coverage=0.6))
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
    ranking = composite.score(panel(values), parts)
    assert ranking.scores["coverage"].to_dict() == {"IND": 0.6, "FRA": 1.0, "DEU": 1.0}


def test_nobody_with_enough_data_gives_an_empty_ranking_not_an_error():
    values = {"wealth": {"DEU": 1.0, "FRA": 2.0}, "people": {"IND": 1.0, "GBR": 2.0}}
    ranking = composite.score(panel(values), only_size(minimum_coverage=0.9))
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
    ranking = composite.score(panel(values | {"people": {"DEU": 2.0, "FRA": 2.0}}), SECOND_BEST)
    assert ranking.measures == {"wealth": measure}
    assert ranking.values.loc["DEU", "wealth"] == figure
    assert [i.key for i in ranking.proxies] == ([] if measure == STAND_IN[0] else ["wealth"])


def test_nothing_is_divided_by_zero():
    values = {"gdp": {"DEU": 6.0, "FRA": 9.0, "IND": 3.0}, "people": {"DEU": 2.0, "FRA": 3.0, "IND": 0.0}}
    assert list(composite.score(panel(values), SECOND_BEST).scores.index) == ["DEU", "FRA"]


def test_the_year_of_a_computed_figure_is_that_of_its_oldest_part():
    old = panel({"people": {"DEU": 2.0, "FRA": 3.0}}, year=2015)
    new = panel({"gdp": {"DEU": 6.0, "FRA": 9.0}}, year=2020)
    assert composite.score(pd.concat([old, new]), SECOND_BEST).years["wealth"].to_dict() == {"DEU": 2015, "FRA": 2015}


def test_missing_indicators_are_named_with_the_way_to_get_them():
    with pytest.raises(composite.MissingIndicators) as refused:
        composite.score(panel({"inflation": {"DEU": 2.0, "FRA": 6.0}}), TWO)
    assert [i.key for i in refused.value.missing] == ["wealth", "people"]
    assert refused.value.share == pytest.approx(0.25)
    assert "Wealth (wealth); People (people)" in str(refused.value)
    assert "python -m data import FILE" in str(refused.value)


def test_an_empty_panel_is_missing_everything():
    with pytest.raises(composite.MissingIndicators, match="has 0%"):
        composite.score(panel({}), TWO)


def test_what_is_missing_but_not_vital_is_told():
    ranking = composite.score(panel({key: {"DEU": 2.0, "FRA": 6.0} for key in ("wealth", "people")}), TWO)
    assert [i.key for i in ranking.missing] == ["inflation"]
    assert ranking.weights.sum(axis=1).to_numpy() == pytest.approx(1)


def test_what_was_treated_is_on_record():
    codes = [f"M{n:02d}" for n in range(21)]
    values = dict(zip(codes, [*map(float, range(20)), 500.0], strict=True))
    ranking = composite.score(panel({"wealth": values, "people": dict.fromkeys(codes, 1.0)}), only_size())
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


def scored(cells: dict, factors: dict | None = None) -> composite.Ranking | None:
    rows = [(iso3, code, 2020, value * (factors or {}).get(code, 1)) for (iso3, code), value in cells.items()]
    try:
        return composite.score(pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]), TWO)
    except composite.MissingIndicators:
        return None


@settings(max_examples=25)
@given(CELLS, st.sampled_from(CODES), st.sampled_from([1e-6, 0.01, 3.7, 1000.0]))
def test_rescaling_an_input_leaves_the_ranks_unchanged(cells, code, factor):
    before, after = scored(cells), scored(cells, {code: factor})
    assert (before is None) == (after is None)
    if before:
        assert after.scores["score"].to_dict() == pytest.approx(before.scores["score"].to_dict(), abs=1e-6)


@settings(max_examples=25)
@given(CELLS)
def test_points_add_up_to_scores_between_0_and_100(cells):
    if ranking := scored(cells):
        assert ranking.points.sum(axis=1).to_numpy() == pytest.approx(ranking.scores["score"].to_numpy())
        assert ranking.scores["score"].between(-1e-9, 100 + 1e-9).all()
        assert ranking.weights.sum(axis=1).to_numpy() == pytest.approx(1)
        assert ranking.scores["rank"].is_monotonic_increasing
        assert set(ranking.scores.index) | set(ranking.unranked.index) == {iso3 for iso3, _ in cells}


@settings(max_examples=15)
@given(CELLS, st.randoms())
def test_the_order_of_the_rows_does_not_matter(cells, dice):
    shuffled = list(cells.items())
    dice.shuffle(shuffled)
    before, after = scored(cells), scored(dict(shuffled))
    if before:
        pd.testing.assert_frame_equal(before.scores, after.scores)


def test_the_panel_is_not_mutated():
    copy = THREE_MARKETS.copy()
    composite.score(THREE_MARKETS, TWO)
    assert THREE_MARKETS.equals(copy)


# ------------------------------------------------------------------ other designs


def many(markets: int = 24, gaps: float = 0.1) -> pd.DataFrame:
    random = np.random.default_rng(1)
    figures = random.lognormal(0, 1, (markets, 3)) * [1, 10, 1]
    figures[random.random(figures.shape) < gaps] = np.nan
    return panel({code: {f"M{n:02d}": figures[n, k] for n in range(markets)} for k, code in enumerate(CODES)}).dropna()


GROUPS = pd.Series({f"M{n:02d}": "north" if n % 2 else "south" for n in range(24)})
POSTS = {"wealth": (0.0, 10.0), "people": (0.0, 100.0), "inflation": (10.0, 0.0)}
TARGETS = {"wealth": 5.0, "people": 50.0, "inflation": 0.1}


@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize("imputation", IMPUTATIONS)
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_every_design_gives_finite_scores_whose_points_add_up(treatment, imputation, normalisation):
    """Every pair of aggregations meets a third of the other choices, and each aggregation all of them."""
    turn = TREATMENTS.index(treatment) + IMPUTATIONS.index(imputation) + NORMALISATIONS.index(normalisation)
    for place, within in enumerate(AGGREGATIONS):
        across = AGGREGATIONS[(place + turn) % len(AGGREGATIONS)]
        design = Design(treatment, imputation, normalisation, within=within, across=across,
                        targets=TARGETS, goalposts=POSTS)  # fmt: skip
        ranking = composite.score(many(), TWO, design, GROUPS)
        assert np.isfinite(ranking.scores["score"]).all(), design
        assert ranking.points.sum(axis=1).to_numpy() == pytest.approx(ranking.scores["score"].to_numpy())
        assert ranking.weights.sum(axis=1).to_numpy() == pytest.approx(1)


@pytest.mark.parametrize("inside", WEIGHTINGS)
@pytest.mark.parametrize("among", WEIGHTINGS)
def test_weights_of_each_level_sum_to_1_whatever_their_origin(inside, among):
    ranking = composite.score(many(), TWO, Design(indicator_weights=inside, dimension_weights=among))
    assert ranking.overall_weights.sum() == pytest.approx(1) and (ranking.overall_weights >= 0).all()
    if among == "equal":
        assert ranking.overall_weights["inflation"] == pytest.approx(0.5)
    if inside == "equal":
        assert ranking.overall_weights["wealth"] == pytest.approx(ranking.overall_weights["people"])


def test_a_geometric_index_worked_by_hand():
    # DEU: wealth 0 -> 1, people 50 -> 50.5, inflation 100 -> 100 on 1-100; exp(0.1875 ln 1 + 0.5625 ln 50.5 +
    # 0.25 ln 100) = exp(2.20611 + 1.15129) = 28.7145; back on 0-100: 27.7145 / 0.99 = 27.9945.
    ranking = composite.score(THREE_MARKETS, TWO, Design(within="geometric", across="geometric"))
    assert ranking.scores.at["DEU", "score"] == pytest.approx(27.9945, abs=0.0005)


def test_the_readers_weights_replace_the_recipes_and_the_markets_stay():
    base = composite.score(many(), TWO)
    ranking = composite.score(many(), TWO, weights={"risk": 0.0})
    assert ranking.overall_weights["inflation"] == 0 and ranking.custom_weights == {"risk": 0.0}
    assert ranking.scores["coverage"].to_dict() == base.scores["coverage"].reindex(ranking.scores.index).to_dict()
    assert composite.rescore(ranking, weights={}).scores.equals(base.scores)
    assert composite.rescore(base, weights={"risk": 0.0}).scores.equals(ranking.scores)


def test_a_market_of_which_nothing_known_weighs_anything_is_not_ranked():
    values = {"wealth": {"DEU": 1.0, "FRA": 2.0, "IND": 3.0}, "people": {"DEU": 1.0, "FRA": 2.0, "IND": 2.0},
              "inflation": {"DEU": 1.0, "FRA": 2.0}}  # fmt: skip
    ranking = composite.score(panel(values), TWO, weights={"size": 0.0})
    assert list(ranking.scores.index) == ["DEU", "FRA"]
    assert list(ranking.unranked.index) == ["IND"]
    assert composite.rescore(ranking).scores.equals(ranking.scores)


def test_imputed_values_are_shown_in_the_unit_and_carried_through_to_ranks():
    ranking = composite.score(many(), TWO, Design(imputation="group median", imputations=6), GROUPS)
    assert ranking.imputed.notna().equals(ranking.values.isna())
    wealth, gaps = ranking.values["wealth"], ranking.imputed["wealth"].dropna()
    assert gaps.between(wealth.min(), wealth.max()).all()
    assert ranking.imputation_ranks.shape == (len(ranking.scores), 6)
    whole = ranking.values.notna().all(axis=1)
    spread = ranking.imputation_ranks.max(axis=1) - ranking.imputation_ranks.min(axis=1)
    assert spread[~whole].mean() > spread[whole].mean()
    assert ranking.imputation_ranks.min(axis=None) == 1


def test_an_imputed_value_by_hand_goes_back_through_the_logarithm():
    codes = [f"M{n:02d}" for n in range(24)]
    values = panel(
        {"wealth": {code: float(2**n) for n, code in enumerate(codes) if n}, "people": dict.fromkeys(codes, 1.0)}
    )
    design = Design(treatment="log", imputation="group median")
    ranking = composite.score(values, only_size(minimum_coverage=0.4), design,
                          pd.Series("one", index=codes))  # fmt: skip
    assert set(ranking.treated["method"]) == {"logarithm"}
    assert ranking.imputed.at["M00", "wealth"] == pytest.approx(2.0**12)  # the median of 2, 4, ..., 2**23


def test_a_ranking_can_be_cached():
    ranking = composite.score(many(), TWO, Design(imputation="nearest", targets=TARGETS))
    assert pickle.loads(pickle.dumps(ranking)).scores.equals(ranking.scores)
    assert hash(Design(targets=TARGETS)) == hash(Design(targets=TARGETS)) and Design() == Design()


def test_standing_in_the_own_group():
    figures = {"DEU": 1.0, "FRA": 5.0, "GBR": 5.0, "IND": 9.0}
    ranking = composite.score(panel(dict.fromkeys(("wealth", "people"), figures)), only_size())
    table = composite.by_group(ranking, pd.Series({"DEU": "EU", "FRA": "EU", "GBR": "other", "USA": "other"}))
    assert table["rank"].to_dict() == {"FRA": 1, "GBR": 1, "DEU": 2}
    assert table["of"].to_dict() == {"FRA": 2, "GBR": 1, "DEU": 2}
    assert table["ahead"].to_dict() == {"FRA": 25.0, "GBR": 0.0, "DEU": -25.0}


@pytest.mark.parametrize(
    "design",
    [
        Design(normalisation="z-score"),
        Design(normalisation="rank"),
        Design(across="geometric"),
        Design(within="copeland", across="copeland"),
        Design(imputation="iterative"),
    ],
)
def test_rescaling_an_input_leaves_the_ranks_unchanged_under_every_design(design):
    before, scaled = many(), many()
    scaled.loc[scaled["indicator"] == "people", "value"] *= 1000
    first, second = composite.score(before, TWO, design), composite.score(scaled, TWO, design)
    assert first.scores["rank"].to_dict() == second.scores["rank"].to_dict()


@pytest.mark.parametrize(
    ("settings_", "reason"),
    [
        ({"normalisation": "best"}, "normalisation 'best' is not known; choose one of: min-max, z-score"),
        ({"across": "max"}, "across 'max' is not known"),
        ({"imputations": 4}, "4 imputations hide how unsure an imputed value is; use 5 or more"),
    ],
)
def test_a_design_that_is_not_known_is_refused(settings_, reason):
    with pytest.raises(DesignError, match=reason):
        Design(**settings_)


def test_pca_with_fewer_markets_than_indicators_is_refused():
    wide = recipe(*(ingredient(key, "size") for key in "abcd"), dimensions={"size": 1.0})
    values = {key: {"DEU": float(n), "FRA": float(n * n), "IND": 3.0 - n} for n, key in enumerate("abcd", start=1)}
    with pytest.raises(DesignError, match="need more markets than columns: there are 3 for 4"):
        composite.score(panel(values), wide, Design(indicator_weights="pca"))


def test_two_values_for_one_market_and_infinite_values_are_named():
    with pytest.raises(DesignError, match="DEU has two values of wealth; keep one row"):
        composite.score(pd.concat([THREE_MARKETS, THREE_MARKETS.iloc[:1]]), TWO)
    with pytest.raises(DesignError, match="Infinite values of wealth cannot be ranked; remove them"):
        composite.score(THREE_MARKETS.replace({"value": {30.0: np.inf}}), TWO)


def test_only_weights_on_what_nobody_has_are_refused():
    ranking = composite.score(panel({key: {"DEU": 2.0, "FRA": 6.0} for key in ("wealth", "people")}), TWO)
    with pytest.raises(DesignError, match="Only indicators without data have a weight"):
        composite.rescore(ranking, weights={"size": 0.0})


def test_a_constant_indicator_moves_nobody():
    values = panel(
        {"wealth": {"DEU": 1.0, "FRA": 2.0, "IND": 3.0}, "people": dict.fromkeys(("DEU", "FRA", "IND"), 4.0)}
    )
    for design in (Design(), Design(normalisation="z-score"), Design(indicator_weights="entropy"),
                   Design(indicator_weights="pca"), Design(within="copeland", across="copeland")):  # fmt: skip
        assert composite.score(values, only_size(), design).scores["rank"].to_dict() == {"IND": 1, "FRA": 2, "DEU": 3}


# ------------------------------------------------------------------ the default year


def coverage(*rows: tuple[str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["indicator", "year", "markets"])


def test_the_default_year_is_the_latest_that_half_the_indicators_reach():
    rows = coverage(("a", 2024, 90), ("b", 2022, 90), ("c", 2021, 90), ("a", 2025, 1))
    assert composite.default_year(rows, dataclasses.replace(TWO, minimum_markets=60)) == 2022


def test_a_long_dead_indicator_does_not_pull_the_default_year_back():
    rows = coverage(("a", 2024, 90), ("b", 2024, 90), ("c", 1990, 90), ("d", 1991, 90), ("e", 1992, 90))
    assert composite.default_year(rows, TWO) == 2024


def test_there_is_no_default_year_where_nothing_covers_enough_markets():
    assert composite.default_year(coverage(("a", 2024, 1)), TWO) is None
    assert composite.default_year(coverage(), TWO) is None


def test_ranks_of_the_embedded_facts_are_finite_and_whole(home):
    from analytics.index.recipe import load
    from data import store

    general = load("general")
    ranking = composite.score(store.market_panel(store.connect(), general.codes, 2023, general.window), general)
    assert np.isfinite(ranking.scores["score"]).all()
    assert len(ranking.scores) + len(ranking.unranked) == 244
    assert {i.key for i in ranking.proxies} >= {"SP.POP.TOTL", "NY.GDP.MKTP.CD"}


def test_coverage_counts_the_whole_recipe_also_what_no_market_has():
    values = {"people": {"IND": 1.0, "FRA": 2.0, "DEU": 3.0}}

    ranking = composite.score(panel(values), dataclasses.replace(TWO, minimum_weight=0.1))

    known = sum(weight for key, weight in TWO.weights().items() if key in ranking.measures)
    assert ranking.scores["coverage"].unique() == pytest.approx([known])
    assert known < 1
