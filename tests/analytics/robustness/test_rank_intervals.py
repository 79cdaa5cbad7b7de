"""How sure is a rank: ranges that are repeatable, ordered, and shrink to the rank when nothing moves."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from analytics.index import composite
from analytics.index.candidates import Candidacy
from analytics.index.design import Design, DesignError
from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.robustness import rank_intervals

KEYS = ("a", "b", "c", "d")
FOUR = Recipe(
    "test", "Test", "Which?", "a", {"size": 1.0, "risk": 1.0},
    tuple(Ingredient(key, key, "size" if key in "ab" else "risk", 1, 1.0, (Measure(key),)) for key in KEYS),
    minimum_markets=2, minimum_coverage=0.5, minimum_weight=0.5,
)  # fmt: skip


def weight_ranges(found: composite.Ranking, seed: int, draws: int = 1000, spread: float = rank_intervals.SPREAD):
    """Rank intervals when only the weights move."""
    choices = rank_intervals.Choices.weights_only(found, spread)
    return rank_intervals.monte_carlo(found, seed, draws, choices).ranks[["low", "high", "p_top10"]]


def ranking(twins: bool = False) -> composite.Ranking:
    """Forty markets with four unrelated figures; with twins, the last ten repeat the first ten."""
    figures = np.random.default_rng(1).uniform(0, 100, (40, 4))
    if twins:
        figures[30:] = figures[:10]
    rows = [(f"M{n:02d}", key, 2020, figures[n, k]) for n in range(40) for k, key in enumerate(KEYS)]
    return composite.score(pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]), FOUR)


def test_ranges_mostly_hold_the_rank_itself():
    found = ranking()
    ranges = weight_ranges(found, seed=0)
    inside = (ranges["low"] <= found.scores["rank"]) & (found.scores["rank"] <= ranges["high"])
    assert inside.mean() >= 0.95
    assert (ranges["low"] <= ranges["high"]).all()
    assert ranges["low"].min() == 1 and ranges["high"].max() == 40


def test_the_same_seed_gives_the_same_ranges_and_another_one_others():
    found = ranking()
    first = weight_ranges(found, seed=0)
    assert first.equals(weight_ranges(found, seed=0))
    assert not first.equals(weight_ranges(found, seed=1))


@pytest.mark.parametrize("twins", [False, True])
def test_without_any_spread_a_range_is_the_rank(twins):
    found = ranking(twins)
    ranges = weight_ranges(found, seed=0, draws=20, spread=0.0)
    assert ranges["low"].equals(found.scores["rank"].rename("low"))
    assert ranges["high"].equals(found.scores["rank"].rename("high"))
    assert ranges["p_top10"].eq(found.scores["rank"].le(10)).all()


def test_markets_with_equal_figures_have_equal_ranges():
    ranges = weight_ranges(ranking(twins=True), seed=0)
    for n in range(10):
        assert ranges.loc[f"M{n:02d}"].equals(ranges.loc[f"M{n + 30:02d}"].rename(f"M{n:02d}"))


def test_more_spread_gives_wider_ranges():
    found = ranking()
    widths = [
        (ranges["high"] - ranges["low"]).mean()
        for spread in (0.05, 0.25, 1.0)
        for ranges in [weight_ranges(found, seed=0, spread=spread)]
    ]
    assert widths == sorted(widths) and widths[0] < widths[-1]


def test_a_market_best_at_everything_is_first_whatever_the_weights():
    rows = [(f"M{n:02d}", key, 2020, float(n)) for n in range(30) for key in KEYS]
    found = composite.score(pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]), FOUR)
    best = weight_ranges(found, seed=0).loc["M29"]
    assert best.to_dict() == {"low": 1, "high": 1, "p_top10": 1.0}


# ------------------------------------------------------------------ all five choices together


def gappy(markets: int = 30, seed: int = 2, share: float = 0.1, **settings_) -> composite.Ranking:
    """Markets with skewed figures and gaps, in three groups."""
    random = np.random.default_rng(seed)
    figures = random.lognormal(0, 1, (markets, 4))
    figures[random.random(figures.shape) < share] = np.nan
    codes = [f"M{n:02d}" for n in range(markets)]
    rows = [(codes[n], key, 2020, figures[n, k]) for n in range(markets) for k, key in enumerate(KEYS)]
    panel = pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]).dropna()
    return composite.score(panel, FOUR, groups=pd.Series(np.arange(markets) % 3, codes), **settings_)


@settings(max_examples=15)
@given(st.integers(2, 14), st.integers(0, 100), st.booleans())
def test_chances_add_up_and_intervals_hold_the_median(markets, seed, twins):
    try:
        found = gappy(markets, seed, share=0.0 if twins else 0.1)
    except composite.NotRanked:  # too little is left of the figures
        reject()
    assume(len(found.scores) >= 2)
    robust = rank_intervals.monte_carlo(found, seed, 200, pairs=True)
    beats = robust.beats.to_numpy()
    ties = 1 - beats - beats.T
    assert (np.diag(beats) == 0).all() and (ties >= -1e-9).all()
    assert robust.distribution.sum(axis=1) == pytest.approx(1)
    assert (robust.ranks["low"] <= robust.ranks["median"]).all()
    assert (robust.ranks["median"] <= robust.ranks["high"]).all()
    assert robust.p_top(len(found.scores)).to_numpy() == pytest.approx(1)
    assert (robust.p_top(1) <= robust.p_top(2) + 1e-12).all()
    # A market's mean rank is 1 and the chance of everybody else to be before it.
    mean = robust.distribution @ np.arange(1, len(found.scores) + 1)
    assert mean == pytest.approx(1 + beats.sum(axis=0))


def test_twins_always_tie():
    robust = rank_intervals.monte_carlo(ranking(twins=True), 0, 300, pairs=True)
    assert robust.beats.at["M00", "M30"] == robust.beats.at["M30", "M00"] == 0


def test_two_runs_with_one_seed_are_identical_and_other_seeds_move_little():
    found = gappy()
    first, again, other = (rank_intervals.monte_carlo(found, seed, 4000, pairs=True) for seed in (0, 0, 1))
    assert first.ranks.equals(again.ranks) and first.beats.equals(again.beats)
    assert not first.ranks.equals(other.ranks)
    assert (first.ranks["p_top10"] - other.ranks["p_top10"]).abs().max() < 0.06


def test_varying_everything_is_less_sure_than_varying_the_weights():
    found = gappy()
    weights = rank_intervals.monte_carlo(found, 0, 2000, rank_intervals.Choices.weights_only(found)).ranks
    everything = rank_intervals.monte_carlo(found, 0, 2000).ranks
    assert (everything["high"] - everything["low"]).mean() > (weights["high"] - weights["low"]).mean()


def test_what_was_prepared_once_serves_every_weight_but_no_other_figures():
    found, other = gappy(), gappy(seed=3)
    prepared = rank_intervals.prepare(found, 0)
    moved = composite.rescore(found, weights={"size": 3.0})
    robust = rank_intervals.monte_carlo(moved, 0, 500, prepared=prepared)
    assert list(robust.ranks.index) == list(moved.scores.index)
    with pytest.raises(DesignError, match="about other figures or another design"):
        rank_intervals.monte_carlo(other, 0, 500, prepared=prepared)


def test_intervals_stand_only_beside_the_ranking_they_are_about():
    found = gappy()
    robust = rank_intervals.monte_carlo(found, 0, 500)
    assert list(robust.about(found).columns) == [
        "score", "rank", "coverage", "low", "median", "high", "p_top10"
    ]  # fmt: skip
    for other in (
        composite.rescore(found, weights={"size": 3.0}),
        composite.rescore(found, Design(across="geometric")),
    ):
        with pytest.raises(DesignError, match="about another index than the one shown"):
            robust.about(other)


def test_a_single_market_is_always_first():
    one = composite.score(pd.DataFrame([("DEU", key, 2020, 1.0) for key in KEYS] + [("FRA", "a", 2020, 2.0)] +
                                   [("FRA", "b", 2020, 2.0)] + [("FRA", "c", 2020, 2.0)] + [("FRA", "d", 2020, 2.0)],
                                   columns=["iso3", "indicator", "year", "value"]), FOUR)  # fmt: skip
    alone = composite.Ranking(**(vars(one) | {"scores": one.scores.iloc[:1]}))
    assert weight_ranges(alone, 0).to_dict("records") == [{"low": 1, "high": 1, "p_top10": 1.0}]


@pytest.mark.parametrize("draws", [0, -5])
def test_no_draws_show_nothing(draws):
    with pytest.raises(DesignError, match="show nothing"):
        rank_intervals.monte_carlo(gappy(), 0, draws)


# ------------------------------------------------------------------ leaving one out


def test_leaving_an_indicator_out_is_the_index_without_its_weight():
    found = gappy()
    moved = rank_intervals.leave_one_out(found)
    for key in KEYS:
        without = composite.rescore(found, weights={key: 0.0}).scores["rank"]
        assert moved[key].to_dict() == (without - found.scores["rank"]).reindex(moved.index).to_dict()


def test_the_last_indicator_cannot_be_left_out():
    found = composite.rescore(gappy(share=0), weights={"size": 0.0, "c": 0.0})
    assert rank_intervals.leave_one_out(found)["d"].eq(0).all()


def test_the_ranking_is_not_mutated():
    found = gappy()
    before = found.values.copy(), found.normalised.copy(), found.overall_weights.copy()
    rank_intervals.monte_carlo(found, 0, 200, pairs=True)
    rank_intervals.leave_one_out(found)
    assert (
        found.values.equals(before[0])
        and found.normalised.equals(before[1])
        and found.overall_weights.equals(before[2])
    )


# ------------------------------------------------------------------ the interval and the rank shown


def test_no_shown_rank_lies_outside_its_own_interval():
    found = gappy(share=0.3)
    ranks = rank_intervals.monte_carlo(found, 0, 500).ranks
    assert (ranks["low"] <= ranks["rank"]).all() and (ranks["rank"] <= ranks["high"]).all()


def test_what_is_not_known_of_a_market_widens_its_interval():
    figures = np.random.default_rng(5).normal(50, 15, (40, 4))
    rows = [(f"M{n:02d}", key, 2020, figures[n, k]) for n in range(40) for k, key in enumerate(KEYS)]
    panel = pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"])
    whole = rank_intervals.monte_carlo(composite.score(panel, FOUR), 0, 1000).ranks
    middle = whole["rank"].sub(20).abs().idxmin()
    gone = panel[~((panel["iso3"] == middle) & panel["indicator"].isin(["b", "d"]))]
    known_less = rank_intervals.monte_carlo(composite.score(gone, FOUR), 0, 1000).ranks
    assert np.ptp(known_less.loc[middle, ["low", "high"]]) > np.ptp(whole.loc[middle, ["low", "high"]])


def test_markets_left_out_change_nobodys_score_and_no_interval_counts_them():
    figures = np.random.default_rng(6).normal(50, 15, (30, 4))
    rows = [(f"M{n:02d}", key, 2020, figures[n, k]) for n in range(30) for k, key in enumerate(KEYS)]
    panel = pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"])
    everyone = composite.score(panel, FOUR)
    first, second = everyone.scores.index[:2]
    without = composite.score(panel, FOUR, candidacy=Candidacy(home=first, present=(second,)))
    assert list(without.scores.index) == list(everyone.scores.index[2:])
    assert without.scores["score"].equals(everyone.scores["score"].iloc[2:])
    assert list(without.aside["reason"]) == ["home", "present"] and without.aside.at[first, "place"] == 1
    ranks = rank_intervals.monte_carlo(without, 0, 500).ranks
    assert ranks["rank"].iloc[0] == 1 and ranks["high"].max() <= len(without.scores)
