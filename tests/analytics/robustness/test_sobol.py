"""Which choice moves the ranks: shares that are repeatable, about 0 to 1, and nothing for what never moves."""

import numpy as np
import pandas as pd
import pytest

from analytics.index import composite
from analytics.index.design import DesignError
from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.robustness import draws, rank_intervals, sobol
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


def without_a_run(monkeypatch, *markets: int):
    """Scores of some markets missing in one run of all."""
    scores = draws.scores

    def holed(prepared, members, plan):
        found = scores(prepared, members, plan)
        found[5, list(markets)] = np.nan
        return found

    monkeypatch.setattr(draws, "scores", holed)


def test_a_market_without_a_score_in_one_run_is_left_out_and_named(monkeypatch):
    shown = ranking()
    rest = sobol.shares(shown, 0, base=64)
    without_a_run(monkeypatch, 4)
    found = sobol.shares(shown, 0, base=64)
    assert found.left_out == ("M04",) and rest.left_out == ()
    assert "M04" not in found.markets.index.get_level_values("iso3")
    assert found.overall["total"].max() > 0.1 and not found.markets.isna().any(axis=None)
    assert found.overall["total"].to_numpy() == pytest.approx(rest.overall["total"].to_numpy(), abs=0.15)


def test_shares_of_fewer_than_two_markets_with_all_their_scores_are_refused(monkeypatch):
    without_a_run(monkeypatch, *range(19))
    with pytest.raises(DesignError, match="19 of 20 markets have no score in some run"):
        sobol.shares(ranking(), 0, base=64)


def test_a_missing_run_is_never_a_share_of_nothing():
    outputs = np.random.default_rng(0).normal(size=(8, 4, 2))
    outputs[3, 1, 1] = np.nan
    found = sobol._orders(outputs)
    assert np.isfinite(found[:, :, 0]).all() and np.isnan(found[:, 0, 1]).all()


def test_rank_intervals_refuse_a_market_without_a_score_in_some_draw(monkeypatch):
    without_a_run(monkeypatch, 4)
    with pytest.raises(DesignError, match="no score for M04"):
        rank_intervals.monte_carlo(ranking(), 0, 64)
