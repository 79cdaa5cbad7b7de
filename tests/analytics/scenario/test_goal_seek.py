"""What would take a market to a target: the smallest change does it, and a little less does not."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.scenario import base as bases
from analytics.scenario import goal_seek
from analytics.scenario import outcome as outcomes
from analytics.scenario.base import ScenarioBase, ScenarioError
from analytics.scenario.document import Base, Scenario, Shock
from analytics.scenario.propagation import Elasticity

USERS, UNEMPLOYED, AGED = "IT.NET.USER.ZS", "SL.UEM.TOTL.ZS", "SP.POP.65UP.TO.ZS"
CODES = (USERS, UNEMPLOYED, AGED)
YEAR = 2020
MARKETS = [f"M{n:02d}" for n in range(21)]
RECIPE = Recipe(
    "test", "Test", "Which?", USERS, {"digital": 2.0, "risk": 1.0, "health": 1.0},
    (
        Ingredient(USERS, "Users", "digital", 1, 1.0, (Measure(USERS),)),
        Ingredient(UNEMPLOYED, "Unemployment", "risk", -1, 1.0, (Measure(UNEMPLOYED),)),
        Ingredient(AGED, "Aged", "health", 1, 1.0, (Measure(AGED),)),
    ),
    minimum_markets=5, minimum_coverage=0.3, minimum_weight=0.3,
)  # fmt: skip


def figures(seed: int | None = None) -> pd.DataFrame:
    """Each from 0 to 100 in steps of 5, or at random; M00 has least of everything and M20 most."""
    steps, order = np.linspace(0, 100, 21), np.arange(21)
    wide = pd.DataFrame({USERS: steps, UNEMPLOYED: 100 - steps[order * 8 % 21], AGED: steps[order * 5 % 21]}, MARKETS)
    if seed is not None:
        wide[:] = np.random.default_rng(seed).uniform(0, 100, wide.shape)
        wide.loc["M00"], wide.loc["M20"] = (0, 100, 0), (100, 0, 100)
    return wide


def observed(wide: pd.DataFrame, year: int = YEAR) -> pd.DataFrame:
    rows = wide.rename_axis("iso3").melt(ignore_index=False, var_name="indicator").reset_index().dropna()
    return rows.assign(year=year)[["iso3", "indicator", "year", "value"]]


def stand(wide: pd.DataFrame | None = None, sizes: tuple[float, ...] = (4, 2, 1), links=()) -> ScenarioBase:
    """A ground on which the figures wobbled by these sizes (standard deviations, about) in every market."""
    wide = figures() if wide is None else wide
    rows = [observed(wide + (-1) ** year * np.array(sizes), year) for year in range(2012, 2021)]
    return bases.build_base(observed(wide), RECIPE, pd.Series("142", MARKETS), pd.concat(rows), YEAR, links)


GROUND = stand()
NOTHING = Scenario("test", Base("test", YEAR))


def seek(
    codes: tuple[str, ...], aim: str, target: float, market: str = "M08", ground: ScenarioBase = GROUND
) -> goal_seek.Goal:
    return goal_seek.seek(ground, NOTHING, market, codes, aim, target)


def part_of(found: goal_seek.Goal, share: float) -> Scenario:
    """The scenario with only a share of the change that was found."""
    moves = (
        Shock("indicator", code, "set", row["before"] + share * row["change"], (found.market,))
        for code, row in found.changes.iterrows()
    )
    return Scenario("part", NOTHING.base, tuple(moves))


# ------------------------------------------------------------------ one figure


def test_a_goal_by_hand():
    # Half of the score is users: 10 points of score are 20 points of users, here 5 standard deviations of about 4.
    here = outcomes.read(GROUND, NOTHING, "M08").score
    found = seek((USERS,), "score", here + 10)
    row = found.changes.loc[USERS]
    assert found.exists and found.is_smallest
    assert (row["before"], row["after"], row["change"]) == pytest.approx((40, 60, 20), abs=1e-5)
    sd = GROUND.record.at[("M08", USERS), "sd"]
    assert found.effort == row["effort"] == pytest.approx(20 / sd)
    assert found.reached.score == pytest.approx(here + 10, abs=1e-5)


def test_less_may_be_what_it_takes():
    found = seek((UNEMPLOYED,), "score", outcomes.read(GROUND, NOTHING, "M08").score + 2)
    assert found.changes.at[UNEMPLOYED, "change"] == pytest.approx(-8, abs=1e-5)
    assert found.effort > 0 > found.changes.at[UNEMPLOYED, "effort"]


@settings(max_examples=10)
@given(st.integers(0, 500), st.sampled_from(CODES), st.integers(1, 15), st.sampled_from(MARKETS[1:20]))
def test_the_smallest_change_reaches_the_rank_and_a_little_less_does_not(seed, code, target, market):
    ground = stand(figures(seed))
    found = seek((code,), "rank", target, market, ground)
    if not found.exists or found.effort == 0:
        return
    assert outcomes.read(ground, found.scenario, market).rank <= target
    assert outcomes.read(ground, part_of(found, 0.999), market).rank > target
    assert found.reached.rank == outcomes.read(ground, found.scenario, market).rank


@settings(max_examples=8)
@given(st.integers(0, 500), st.sampled_from(CODES), st.floats(0.1, 20), st.sampled_from(MARKETS[1:20]))
def test_the_smallest_change_reaches_the_score_and_a_little_less_does_not(seed, code, more, market):
    ground = stand(figures(seed))
    target = min(outcomes.read(ground, NOTHING, market).score + more, 100.0)
    found = seek((code,), "score", target, market, ground)
    if found.exists:
        assert found.reached.score >= target > outcomes.read(ground, part_of(found, 0.999), market).score


def test_what_moves_along_is_counted():
    along = Elasticity(USERS, AGED, 0.5, 0.0, 0.5, 0.5, 50, 500, "level", "level", True)
    target = outcomes.read(GROUND, NOTHING, "M08").score + 5
    alone = seek((USERS,), "score", target)
    helped = seek((USERS,), "score", target, ground=stand(links=(along,)))
    assert helped.changes.at[USERS, "change"] == pytest.approx(alone.changes.at[USERS, "change"] * 0.8, abs=1e-5)


# ------------------------------------------------------------------ several figures


@settings(max_examples=6)
@given(st.integers(0, 500), st.integers(1, 12), st.sampled_from(MARKETS[1:20]))
def test_several_figures_reach_it_with_no_more_effort_than_any_one_of_them(seed, target, market):
    ground = stand(figures(seed))
    together = seek(CODES, "rank", target, market, ground)
    single = [found for code in CODES if (found := seek((code,), "rank", target, market, ground)).exists]
    if single:
        assert together.exists
        assert together.effort <= min(found.effort for found in single) + 1e-6
    if together.exists:
        assert together.reached.rank <= target
        assert not together.is_smallest or together.effort == 0 or len(together.changes) == 1


def test_effort_is_shared_as_the_figures_help_by_hand():
    # Least effort goes along weight x standard deviation: users 0.5 x 4, unemployment 0.25 x -2, aged 0.25 x 1.
    found = seek(CODES, "score", outcomes.read(GROUND, NOTHING, "M08").score + 3)
    sd = GROUND.record["sd"].loc["M08"]
    slope = pd.Series({USERS: 0.5 * sd[USERS], UNEMPLOYED: -0.25 * sd[UNEMPLOYED], AGED: 0.25 * sd[AGED]})
    least = slope * 3 / (slope**2).sum()
    assert found.changes["effort"].to_dict() == pytest.approx(least.to_dict(), abs=0.02)
    assert found.effort == pytest.approx(np.sqrt((least**2).sum()), rel=1e-3)
    assert found.effort == pytest.approx(np.sqrt((found.changes["effort"] ** 2).sum()))


def test_no_figure_goes_beyond_the_best_and_worst_of_the_markets():
    ground = stand(figures(3))
    found = seek(CODES, "rank", 2, "M00", ground)
    for code, row in found.changes.iterrows():
        assert ground.figures[code].min() <= row["after"] <= ground.figures[code].max()


def test_a_figure_named_twice_counts_once():
    assert list(seek((USERS, USERS), "rank", 3).changes.index) == [USERS]


# ------------------------------------------------------------------ the potential


class PerCentAPoint:
    """A model whose prediction grows by 1 % with every point of users."""

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        return 0.01 * features[USERS].to_numpy()


def with_a_model() -> ScenarioBase:
    """All markets but M09 are known to a model that was trained on what is known today."""
    known = figures().drop(index="M09")
    columns = {"predicted": np.exp(0.01 * known[USERS]), "low": 0.5, "high": 5.0, "trained": True}
    fit = SimpleNamespace(
        model=PerCentAPoint(), features=known, transform="log", estimates=pd.DataFrame(columns, known.index)
    )
    return replace(GROUND, estimate=bases.Estimate(fit, known, tuple(Measure(code) for code in CODES)))


def test_a_potential_by_hand():
    # A fifth more takes 100 ln 1.2 = 18.2 points of users.
    ground = with_a_model()
    here = outcomes.read(ground, NOTHING, "M08").potential
    found = seek((USERS,), "potential", here * 1.2, ground=ground)
    assert here == pytest.approx(np.exp(0.4))
    assert found.changes.at[USERS, "change"] == pytest.approx(100 * np.log(1.2), abs=1e-4)
    assert found.reached.potential == pytest.approx(here * 1.2, rel=1e-6)
    together = seek(CODES, "potential", here * 1.2, ground=ground)
    assert together.effort == pytest.approx(found.effort, rel=1e-3)  # the others do not help
    beyond = seek((USERS,), "potential", here * 9, ground=ground)
    assert not beyond.exists and beyond.best == pytest.approx(np.exp(1.0))


@pytest.mark.parametrize(
    ("market", "target", "reason"),
    [("M09", 2.0, "does not know this market"), ("M08", 0.0, "A potential of 0 is not positive")],
)
def test_a_potential_that_means_nothing_is_refused(market, target, reason):
    with pytest.raises(ScenarioError, match=reason):
        seek((USERS,), "potential", target, market, with_a_model())


# ------------------------------------------------------------------ what cannot be, and what is already


def test_an_impossible_target_says_so_with_the_best_there_is():
    here = outcomes.read(GROUND, NOTHING, "M08").score
    for codes in ((AGED,), (UNEMPLOYED, AGED)):
        found = seek(codes, "score", 100.0)
        assert not found.exists and found.scenario is None and found.changes.empty and np.isnan(found.effort)
        assert here < found.best < 100
        assert found.reached.score == here
    best = (100 - FIGURES_OF_8[AGED]) / 4
    assert seek((AGED,), "score", 100.0).best == pytest.approx(here + best)


FIGURES_OF_8 = figures().loc["M08"]


@pytest.mark.parametrize("codes", [(USERS,), CODES])
def test_what_is_reached_already_takes_no_effort(codes):
    here = outcomes.read(GROUND, NOTHING, "M08")
    for aim, target in (("rank", here.rank), ("rank", 21), ("score", here.score - 1)):
        found = seek(codes, aim, target)
        assert found.exists and found.effort == 0
        assert (found.changes["change"] == 0).all() and not found.scenario.shocks


def test_a_goal_is_sought_on_top_of_the_scenario():
    made = Scenario("more", NOTHING.base, (Shock("indicator", USERS, "set", 70.0, ("M08",)),))
    target = outcomes.read(GROUND, made, "M08").score + 5
    found = goal_seek.seek(GROUND, made, "M08", [USERS], "score", target)
    assert found.changes.loc[USERS, ["before", "after"]].tolist() == pytest.approx([70, 80], abs=1e-5)
    assert found.scenario.shocks[0] == made.shocks[0]


def test_a_change_beyond_what_the_data_have_seen_is_flagged():
    assert isinstance(seek((USERS,), "rank", 5).outside, bool)


@pytest.mark.parametrize(
    ("codes", "aim", "target", "market", "reason"),
    [
        ((USERS,), "fame", 1, "M08", "'fame' cannot be sought; choose one of: rank, score, potential"),
        ((USERS,), "rank", 0, "M08", "There is no rank 0: 21 markets are ranked"),
        ((USERS,), "rank", 22, "M08", "There is no rank 22"),
        ((USERS,), "rank", float("nan"), "M08", "There is no rank nan"),
        ((USERS,), "score", 101, "M08", "A score of 101 is not between 0 and 100"),
        ((USERS,), "score", -1, "M08", "A score of -1 is not between 0 and 100"),
        ((USERS,), "potential", 100, "M08", "no model was fitted"),
        ((USERS,), "rank", 1, "ZZZ", "ZZZ is not ranked"),
        (("XX.NONE", "YY.NONE"), "rank", 1, "M08", "XX.NONE, YY.NONE is no figure of this recipe"),
        ((), "rank", 1, "M08", "Choose at least one figure"),
    ],
)
def test_questions_without_sense_are_refused(codes, aim, target, market, reason):
    with pytest.raises(ScenarioError, match=reason):
        seek(codes, aim, target, market)


def test_a_figure_that_is_not_known_cannot_be_changed():
    wide = figures()
    wide.loc["M08", AGED] = np.nan
    with pytest.raises(ScenarioError, match=f"No figure is known of {AGED}"):
        seek((USERS, AGED), "rank", 1, ground=stand(wide))
