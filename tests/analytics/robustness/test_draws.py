"""Many indices at once are the indices one would build one by one."""

import numpy as np
import pandas as pd
import pytest

from analytics.index import composite
from analytics.index import weights as weighting
from analytics.index.design import Design, DesignError
from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.robustness import draws, rank_intervals

KEYS = ("a", "b", "c", "d", "e")
FIVE = Recipe(
    "test", "Test", "Which?", "a", {"size": 2.0, "risk": 1.0},
    tuple(Ingredient(key, key, "size" if key in "abc" else "risk", -1 if key == "e" else 1, 1.0, (Measure(key),))
          for key in KEYS),
    minimum_markets=2, minimum_coverage=0.1, minimum_weight=0.5,
)  # fmt: skip


def ranking(gaps: float, design: Design | None = None, markets: int = 25) -> composite.Ranking:
    random = np.random.default_rng(5)
    figures = random.lognormal(0, 1.5, (markets, 5))
    figures[random.random(figures.shape) < gaps] = np.nan
    codes = [f"M{n:02d}" for n in range(markets)]
    rows = [(codes[n], key, 2020, figures[n, k]) for n in range(markets) for k, key in enumerate(KEYS)]
    panel = pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]).dropna()
    return composite.score(panel, FIVE, design, groups=pd.Series(np.arange(markets) % 3, codes))


@pytest.mark.parametrize("gaps", [0.0, 0.15])
def test_every_draw_is_the_ranking_one_would_get_for_it(gaps):
    shown = ranking(gaps)
    choices = draws.Choices(imputations=("none",))
    prepared = draws.prepare(shown, 0, choices)
    plan = draws.balanced(shown, choices, 72, 5, 0)
    found = draws.ranks(draws.scores(prepared, shown.members, plan))
    for draw in range(72):
        within, across = choices.aggregations[plan.aggregation[draw]]
        design = Design(
            treatment=choices.treatments[plan.treatment[draw]],
            normalisation=choices.normalisations[plan.normalisation[draw]],
            within=within,
            across=across,
        )
        own = weighting.as_own(FIVE, dict(zip(shown.overall_weights.index, plan.weights[draw], strict=True)))
        alone = composite.rescore(shown, design, own).scores["rank"].reindex(prepared.values.index)
        assert found[draw].tolist() == alone.tolist(), design


def test_each_choice_is_drawn_equally_often_and_copies_take_turns():
    shown = ranking(0.1)
    choices = draws.Choices.around(shown)
    plan = draws.balanced(shown, choices, 2 * 144 * 4, 5, 0)
    for drawn, options in ((plan.treatment, 3), (plan.imputation, 4), (plan.normalisation, 3), (plan.aggregation, 4)):
        assert np.bincount(drawn).tolist() == [1152 // options] * options
    assert np.bincount(plan.copy).tolist() == [576, 576]


def test_weights_are_spread_around_the_rankings_own_and_sum_to_1():
    shown = ranking(0.0)
    weights = draws.balanced(shown, draws.Choices.around(shown), 20_000, 5, 0).weights
    assert weights.sum(axis=1) == pytest.approx(1)
    assert np.median(weights, axis=0) == pytest.approx(shown.overall_weights.to_numpy(), rel=0.02)


def test_gaps_choices_appear_only_where_there_are_gaps_and_group_medians_only_with_groups():
    assert draws.Choices.around(ranking(0.0)).imputations == ("none",)
    assert draws.Choices.around(ranking(0.1)).imputations == ("none", "group median", "nearest", "iterative")
    ungrouped = composite.rescore(ranking(0.1))
    ungrouped = composite.Ranking(**(vars(ungrouped) | {"groups": None}))
    assert "group median" not in draws.Choices.around(ungrouped).imputations


def test_the_index_shown_is_always_among_what_is_drawn():
    shown = ranking(0.1, Design(normalisation="percentile", across="copeland"))
    choices = draws.Choices.around(shown)
    assert "percentile" in choices.normalisations and ("arithmetic", "copeland") in choices.aggregations


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        (draws.Choices(normalisations=("rank",)), "normalisations lack 'min-max'"),
        (draws.Choices(treatments=("none",)), "treatments lack 'skew'"),
        (draws.Choices(imputations=("nearest",)), "imputations lack 'none'"),
        (draws.Choices(aggregations=(("copeland", "copeland"),)), "about another one"),
        (draws.Choices(spread=-1.0), "not between 0 and 3"),
        (draws.Choices(spread=float("nan")), "not between 0 and 3"),
    ],
)
def test_choices_that_would_analyse_another_index_are_refused(choices, reason):
    with pytest.raises(DesignError, match=reason):
        rank_intervals.monte_carlo(ranking(0.1), 0, 100, choices)


def test_ranks_share_the_better_place_and_put_the_unknown_last():
    scores = np.array([[5.0, 9.0, 5.0, np.nan], [1.0, 1.0 + 1e-12, 1.0, 1.0]])
    assert draws.ranks(scores).tolist() == [[2, 1, 2, 4], [1, 1, 1, 1]]
