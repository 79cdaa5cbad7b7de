"""The smallest change of weights that turns two markets round: by hand, proven, and tried on the index itself."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.index import composite
from analytics.index.design import Design, DesignError
from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.robustness import smallest_weight_change

KEYS = ("a", "b", "c", "d")
FOUR = Recipe(
    "test", "Test", "Which?", "a", {"size": 1.0, "risk": 1.0},
    tuple(Ingredient(key, key, "size" if key in "ab" else "risk", 1, 1.0, (Measure(key),)) for key in KEYS),
    minimum_markets=2, minimum_coverage=0.5, minimum_weight=0.5,
)  # fmt: skip


def panel(figures: np.ndarray) -> pd.DataFrame:
    rows = [(f"M{n:02d}", key, 2020, figures[n, k]) for n in range(len(figures)) for k, key in enumerate(KEYS)]
    return pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]).dropna()


BY_HAND = panel(np.array([[100.0, 100, 40, 40], [0, 0, 100, 100], [50, 50, 0, 0]]))
# Scores 0-100: M00 a = b = 100, c = d = 40; M01 0, 0, 100, 100. Half and half: 70 against 50.


def test_a_flip_by_hand():
    # M01 leads by 60 r - 100 s with r the weight of risk, s = 1 - r that of size: even at r = 100/160 = 0.625. From
    # 0.5, 0.125 must move from size to risk: an L1 change of 0.25.
    found = smallest_weight_change.overtake(composite.score(BY_HAND, FOUR), "M01", "M00", "dimension")
    assert found.exists and found.is_smallest
    assert found.change == pytest.approx(0.25, abs=1e-6)
    assert found.weights["after"].to_dict() == pytest.approx({"size": 0.375, "risk": 0.625}, abs=1e-6)
    assert found.sentence == "M01 ranks before M00 with size from 50.0% to 37.5% and risk from 50.0% to 62.5%."


@pytest.mark.parametrize("level", smallest_weight_change.LEVELS)
def test_the_index_run_again_with_the_weights_has_the_challenger_ahead(level):
    found = smallest_weight_change.overtake(composite.score(BY_HAND, FOUR), "M01", "M00", level)
    again = composite.score(BY_HAND, FOUR, weights=found.own).scores
    assert again.at["M01", "rank"] < again.at["M00", "rank"]
    assert again.at["M01", "score"] - again.at["M00", "score"] == pytest.approx(found.gap)
    assert 0 < found.gap < 1e-4


def test_no_smaller_change_does_it():
    random = np.random.default_rng(0)
    ranking = composite.score(panel(random.uniform(0, 100, (20, 4))), FOUR)
    leader, challenger = ranking.scores.index[[2, 9]]
    found = smallest_weight_change.overtake(ranking, challenger, leader)
    start, ahead = ranking.overall_weights.to_numpy(), []
    for _ in range(20_000):  # any weights closer than what was found leave the order as it is
        step = random.normal(size=4)
        step -= step.mean()
        moved = start + step / np.abs(step).sum() * found.change * random.uniform(0, 0.999)
        if (moved >= 0).all():
            ahead.append((ranking.normalised.loc[challenger] - ranking.normalised.loc[leader]).to_numpy() @ moved)
    assert max(ahead) < 0


def test_a_market_that_is_better_on_nothing_cannot_be_made_first():
    worse = panel(np.array([[100.0, 90, 80, 70], [50, 50, 50, 50], [0, 0, 0, 0]]))
    found = smallest_weight_change.overtake(composite.score(worse, FOUR), "M02", "M00")
    assert not found.exists and found.own == {} and np.isnan(found.change)
    assert found.sentence == "No weights put M02 before M00: it is better on no indicator."


DESIGNS = [
    Design(),
    Design(within="geometric", across="geometric"),
    Design(across="geometric"),
    Design(imputation="nearest"),
    Design(normalisation="z-score", treatment="none"),
]


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from(DESIGNS), st.sampled_from(smallest_weight_change.LEVELS), st.booleans())
def test_whatever_is_found_holds_when_the_index_is_run_again(seed, design, level, gaps):
    random = np.random.default_rng(seed)
    figures = random.uniform(0, 100, (12, 4))
    if gaps:
        figures[random.random(figures.shape) < 0.15] = np.nan
    figures[0] = [0, 0, 100, 100]
    ranking = composite.score(panel(figures), dataclasses.replace(FOUR, minimum_coverage=0.1), design)
    leader, challenger = ranking.scores.index[[0, 5]]
    if ranking.scores.at[leader, "rank"] == ranking.scores.at[challenger, "rank"]:
        return
    found = smallest_weight_change.overtake(ranking, challenger, leader, level)
    if found.exists:
        again = composite.rescore(ranking, weights=found.own).scores["rank"]
        assert again[challenger] < again[leader]
        assert found.weights["after"].between(0, 1).all() and found.weights["after"].sum() == pytest.approx(1)
        assert 0 < found.change <= 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("M00", "M01"), "M00 ranks before M01 already; exchange the two"),
        (("M01", "M01"), "cannot overtake itself"),
        (("XXX", "M01"), "XXX is not in this ranking"),
        (("M01", "M00", "market"), "by indicator or dimension, not by 'market'"),
    ],
)
def test_questions_without_sense_are_refused(arguments, reason):
    with pytest.raises(DesignError, match=reason):
        smallest_weight_change.overtake(composite.score(BY_HAND, FOUR), *arguments)


def test_copelands_rule_has_no_smallest_change():
    ranking = composite.score(BY_HAND, FOUR, Design(within="copeland", across="copeland"))
    leader, challenger = ranking.scores.index[[0, 2]]
    with pytest.raises(DesignError, match="choose another aggregation"):
        smallest_weight_change.overtake(ranking, challenger, leader)
