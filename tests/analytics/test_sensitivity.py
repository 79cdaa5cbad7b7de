"""How sure is a rank: ranges that are repeatable, ordered, and shrink to the rank when nothing moves."""

import numpy as np
import pandas as pd
import pytest

from analytics import index, sensitivity
from analytics.recipe import Ingredient, Measure, Recipe

KEYS = ("a", "b", "c", "d")
FOUR = Recipe(
    "test", "Test", "Which?", "a", {"size": 1.0, "risk": 1.0},
    tuple(Ingredient(key, key, "size" if key in "ab" else "risk", 1, 1.0, (Measure(key),)) for key in KEYS),
    minimum_markets=2, minimum_coverage=0.5, minimum_weight=0.5,
)  # fmt: skip


def ranking(twins: bool = False) -> index.Ranking:
    """Forty markets with four unrelated figures; with twins, the last ten repeat the first ten."""
    figures = np.random.default_rng(1).uniform(0, 100, (40, 4))
    if twins:
        figures[30:] = figures[:10]
    rows = [(f"M{n:02d}", key, 2020, figures[n, k]) for n in range(40) for k, key in enumerate(KEYS)]
    return index.score(pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]), FOUR)


def test_ranges_mostly_hold_the_rank_itself():
    found = ranking()
    ranges = sensitivity.rank_ranges(found, seed=0)
    inside = (ranges["low"] <= found.scores["rank"]) & (found.scores["rank"] <= ranges["high"])
    assert inside.mean() >= 0.95
    assert (ranges["low"] <= ranges["high"]).all()
    assert ranges["low"].min() == 1 and ranges["high"].max() == 40


def test_the_same_seed_gives_the_same_ranges_and_another_one_others():
    found = ranking()
    first = sensitivity.rank_ranges(found, seed=0)
    assert first.equals(sensitivity.rank_ranges(found, seed=0))
    assert not first.equals(sensitivity.rank_ranges(found, seed=1))


@pytest.mark.parametrize("twins", [False, True])
def test_without_any_spread_a_range_is_the_rank(twins):
    found = ranking(twins)
    ranges = sensitivity.rank_ranges(found, seed=0, draws=20, spread=0.0)
    assert ranges["low"].equals(found.scores["rank"].rename("low"))
    assert ranges["high"].equals(found.scores["rank"].rename("high"))
    assert ranges["p_top10"].eq(found.scores["rank"].le(10)).all()


def test_markets_with_equal_figures_have_equal_ranges():
    ranges = sensitivity.rank_ranges(ranking(twins=True), seed=0)
    for n in range(10):
        assert ranges.loc[f"M{n:02d}"].equals(ranges.loc[f"M{n + 30:02d}"].rename(f"M{n:02d}"))


def test_more_spread_gives_wider_ranges():
    found = ranking()
    widths = [
        (ranges["high"] - ranges["low"]).mean()
        for spread in (0.05, 0.25, 1.0)
        for ranges in [sensitivity.rank_ranges(found, seed=0, spread=spread)]
    ]
    assert widths == sorted(widths) and widths[0] < widths[-1]


def test_a_market_best_at_everything_is_first_whatever_the_weights():
    rows = [(f"M{n:02d}", key, 2020, float(n)) for n in range(30) for key in KEYS]
    found = index.score(pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]), FOUR)
    best = sensitivity.rank_ranges(found, seed=0).loc["M29"]
    assert best.to_dict() == {"low": 1, "high": 1, "p_top10": 1.0}
