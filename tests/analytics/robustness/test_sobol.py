"""Which choice moves the ranks: shares that are repeatable, about 0 to 1, and nothing for what never moves."""

import numpy as np
import pandas as pd
import pytest

from analytics.index import composite
from analytics.index.design import DesignError
from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.robustness import sobol
from analytics.robustness.draws import Choices

KEYS = ("a", "b", "c", "d")
FOUR = Recipe(
    "test", "Test", "Which?", "a", {"size": 1.0, "risk": 1.0},
    tuple(Ingredient(key, key, "size" if key in "ab" else "risk", 1, 1.0, (Measure(key),)) for key in KEYS),
    minimum_markets=2, minimum_coverage=0.5, minimum_weight=0.5,
)  # fmt: skip


def ranking(markets: int = 20) -> composite.Ranking:
    """Skewed figures; the last market is best at everything."""
    figures = np.random.default_rng(3).lognormal(0, 1.2, (markets, 4))
    figures[-1] = figures.max(axis=0) + 1
    rows = [(f"M{n:02d}", key, 2020, figures[n, k]) for n in range(markets) for k, key in enumerate(KEYS)]
    return composite.score(pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]), FOUR)


def test_shares_are_estimates_between_0_and_1_and_a_seed_repeats_them():
    found, again = (sobol.shares(ranking(), 4, base=256) for _ in range(2))
    assert list(found.overall.index) == ["weights", "imputation", "normalisation", "treatment", "aggregation"]
    pd.testing.assert_frame_equal(found.markets, again.markets)
    assert found.overall["first"].between(-0.3, 1.3).all() and found.overall["total"].between(0, 1.5).all()
    assert (found.overall["total"] + found.overall["total_error"] >= found.overall["first"] - 0.3).all()
    assert found.runs == 256 * 7 and found.shift > 0


def test_a_choice_without_alternatives_and_a_market_that_never_moves_have_no_share():
    found = sobol.shares(ranking(), 0, base=64)
    assert found.overall.loc["imputation", ["first", "total"]].abs().max() < 1e-9  # nothing is missing
    assert (found.markets.loc["M19"] == 0).all(axis=None)  # first whatever is chosen


def test_when_only_the_weights_vary_they_are_all_there_is():
    shown = ranking()
    found = sobol.shares(shown, 0, base=256, choices=Choices.weights_only(shown))
    assert found.overall.at["weights", "first"] == pytest.approx(1, abs=0.1)
    assert found.overall.drop("weights").abs().max(axis=None) < 1e-9


def test_weights_can_be_told_apart_by_dimension():
    found = sobol.shares(ranking(), 0, base=64, by_dimension=True)
    assert list(found.overall.index)[:2] == ["weights: size", "weights: risk"]
    assert found.markets.index.get_level_values("iso3").unique().tolist() == list(ranking().scores.index)


@pytest.mark.parametrize("base", [0, 1, 500])
def test_a_base_that_is_no_power_of_2_is_refused(base):
    with pytest.raises(DesignError, match="not a power of 2"):
        sobol.shares(ranking(), 0, base=base)
