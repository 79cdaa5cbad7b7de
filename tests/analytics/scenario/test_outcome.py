"""A scenario carried out: the same as building the index anew, with intervals, notes, and what moves along."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.index import composite
from analytics.index.design import Design
from analytics.index.recipe import Ingredient, Measure, Recipe, Target
from analytics.potential import fit as potential
from analytics.scenario import base as bases
from analytics.scenario import forecast
from analytics.scenario import outcome as outcomes
from analytics.scenario import shocks as scenario_shocks
from analytics.scenario.base import ScenarioBase, ScenarioError
from analytics.scenario.document import Base, Scenario, Shock
from analytics.scenario.propagation import Elasticity
from analytics.scenario.shocks import Caveat
from tests.learners import two_learners

PEOPLE, INCOME, DOLLARS, SPENDING, USERS, LINES, LAW = (
    "SP.POP.TOTL", "NY.GDP.PCAP.PP.CD", "NY.GDP.PCAP.CD", "SH.XPD.CHEX.PC.CD", "IT.NET.USER.ZS", "IT.NET.BBND.P2",
    "RL.EST",
)  # fmt: skip
YEAR = 2020
MARKETS = [f"M{n:02d}" for n in range(30)]
REGIONS = pd.Series(["142"] * 15 + ["150"] * 15, MARKETS)
BASE = Base("test", YEAR)


def ingredient(code: str, dimension: str, direction: int = 1, key: str = "", **measure: str) -> Ingredient:
    return Ingredient(key or code, code, dimension, direction, 1.0, (Measure(code, **measure),))


RECIPE = Recipe(
    "test", "Test", "Which?", SPENDING, {"size": 1.0, "digital": 2.0, "governance": 1.0},
    (
        ingredient(PEOPLE, "size"),
        ingredient(SPENDING, "size"),
        ingredient(INCOME, "size"),
        ingredient(USERS, "digital"),
        ingredient(LINES, "digital"),
        ingredient(LAW, "governance"),
        ingredient(DOLLARS, "governance", -1, "price", denominator=INCOME),
    ),
    minimum_markets=5, minimum_coverage=0.3, minimum_weight=0.3,
)  # fmt: skip


def link(source: str, target: str, coefficient: float, error: float = 0.0, scale: str = "log") -> Elasticity:
    ends = coefficient - 1.645 * error, coefficient + 1.645 * error
    return Elasticity(source, target, coefficient, error, *ends, 50, 500, scale, scale, True)


INCOME_TO_SPENDING = link(INCOME, SPENDING, 0.8)
USERS_TO_LINES = link(USERS, LINES, 0.25, scale="level")


def figures(seed: int = 0) -> pd.DataFrame:
    """30 markets; dollars per person are a third to nine tenths of income at purchasing power."""
    random = np.random.default_rng(seed)
    income = random.lognormal(9, 0.6, 30)
    return pd.DataFrame(
        {
            PEOPLE: random.lognormal(16, 1, 30),
            INCOME: income,
            DOLLARS: income * random.uniform(0.3, 0.9, 30),
            SPENDING: random.lognormal(6, 0.8, 30),
            USERS: random.uniform(10, 90, 30),
            LINES: random.uniform(1, 40, 30),
            LAW: random.normal(0, 1, 30),
        },
        MARKETS,
    )


def observed(wide: pd.DataFrame, year: int = YEAR) -> pd.DataFrame:
    rows = wide.rename_axis("iso3").melt(ignore_index=False, var_name="indicator").reset_index().dropna()
    return rows.assign(year=year)[["iso3", "indicator", "year", "value"]]


def stand(
    wide: pd.DataFrame | None = None, links: tuple[Elasticity, ...] = (), recipe: Recipe = RECIPE
) -> ScenarioBase:
    wide = figures() if wide is None else wide
    return bases.build_base(observed(wide), recipe, REGIONS, observed(wide), YEAR, links)


def scenario(*shocks: Shock, **more: object) -> Scenario:
    return Scenario("test", BASE, shocks, **more)


def move(code: str, how: str, value: float, *markets: str, regions: tuple[str, ...] = ()) -> Shock:
    return Shock("indicator", code, how, value, markets, regions)


def weigh(name: str, how: str, value: float) -> Shock:
    return Shock("weight", name, how, value)


def exchange(value: float, *markets: str) -> Shock:
    return Shock("exchange rate", "", "scale", value, markets)


GROUND = stand()


# ------------------------------------------------------------------ the same as the whole index

one_move = st.builds(
    Shock,
    st.just("indicator"),
    st.sampled_from((PEOPLE, INCOME, DOLLARS, SPENDING, USERS, LINES, LAW)),
    st.sampled_from(("set", "add", "scale")),
    st.floats(0.01, 60),
    st.lists(st.sampled_from(MARKETS), max_size=3, unique=True).map(tuple),
    st.lists(st.sampled_from(("142", "150")), max_size=1).map(tuple),
)
one_weight = st.builds(
    weigh, st.sampled_from((*RECIPE.dimensions, USERS, "price")), st.sampled_from(("set", "add", "scale")),
    st.floats(0.01, 9),
)  # fmt: skip


def anew(ground: ScenarioBase, made: Scenario, design: Design | None = None) -> pd.Series:
    """The scores of an index built from the shocked panel, without any of what-if's short cuts."""
    shocked = scenario_shocks.shock(ground, made.shocks).figures
    own = scenario_shocks.own_weights(ground.recipe, made)
    ranking = composite.score(observed(shocked), ground.recipe, design, weights=own)
    return ranking.scores["score"].reindex(ground.figures.index)


@settings(max_examples=30)
@given(
    st.lists(one_move, max_size=4),
    st.lists(one_weight, max_size=2, unique_by=lambda shock: shock.target),
    st.integers(0, 3),
    st.booleans(),
)
def test_the_scores_are_those_of_the_index_built_anew_on_the_shocked_panel(moves, weights, seed, gaps):
    wide = figures(seed)
    if gaps:
        wide = wide.mask(np.random.default_rng(seed).random(wide.shape) < 0.1)
    ground = replace(stand(wide), elasticities=())
    made = scenario(*moves, *weights)
    found = scenario_shocks.point(ground, made)
    expected = anew(ground, made)
    assert found.scores == pytest.approx(expected.to_numpy(), abs=1e-9)
    ranks = expected.round(9).rank(ascending=False, method="min")
    assert (found.ranks == ranks).all()


def test_currency_alone_gives_the_scores_of_the_index_built_anew():
    made = scenario(exchange(0.7, "M03", "M07"))
    assert scenario_shocks.point(GROUND, made).scores == pytest.approx(anew(GROUND, made).to_numpy(), abs=1e-9)


@settings(max_examples=20)
@given(st.lists(one_move, max_size=3))
def test_reading_one_market_says_what_the_whole_outcome_says(moves):
    made = scenario(*moves)
    read, table = outcomes.read(GROUND, made, "M11"), outcomes.run(GROUND, made).markets
    row = table.loc["M11"]
    assert (read.score, read.rank) == (row["score"], row["rank"])
    assert np.sort(read.ahead) == pytest.approx(np.sort(row["score"] - table["score"].drop("M11")))


# ------------------------------------------------------------------ nothing assumed


@pytest.mark.parametrize("seed", [0, 7])
def test_without_a_shock_before_and_after_are_the_same(seed):
    ground = stand(links=(INCOME_TO_SPENDING, USERS_TO_LINES))
    found = outcomes.run(ground, scenario(seed=seed))
    for name in ("score", "rank"):
        for end in ("", "_low", "_high"):
            assert (found.markets[f"{name}{end}"] == found.markets[f"{name}_before{end}"]).all()
    assert found.markets["score"].to_numpy() == pytest.approx(ground.ranking.scores["score"].to_numpy(), abs=1e-9)
    assert (found.markets["rank"] == ground.ranking.scores["rank"]).all()
    assert (found.markets["p_improves"] == 0).all()
    assert not found.markets["outside"].any()
    assert found.moved.empty and found.notes == ()


def test_the_interval_holds_the_figure_itself():
    table = outcomes.run(GROUND, scenario(move(USERS, "set", 90.0, "M03"))).markets
    for name in ("score", "rank", "score_before", "rank_before"):
        assert (table[f"{name}_low"] <= table[name]).all() and (table[name] <= table[f"{name}_high"]).all()
    assert (table["score_low"] < table["score_high"]).all()


# ------------------------------------------------------------------ what a shock does


@pytest.mark.parametrize(("how", "value", "after"), [("set", 30.0, 30.0), ("add", -5.0, 45.0), ("scale", 1.2, 60.0)])
def test_a_figure_is_set_added_to_or_scaled(how, value, after):
    wide = figures()
    wide.loc["M03", USERS] = 50.0
    found = outcomes.run(stand(wide), scenario(move(USERS, how, value, "M03")))
    assert found.moved.to_dict("records") == [
        {"iso3": "M03", "indicator": USERS, "before": 50.0, "after": pytest.approx(after), "how": "shock"}
    ]
    assert found.figures.at["M03", USERS] == pytest.approx(after)


def test_shocks_are_carried_out_in_their_order():
    twice = scenario(move(USERS, "set", 20.0, "M03"), move(USERS, "scale", 2.0, "M03", "M04"))
    assert scenario_shocks.point(GROUND, twice).figures.at["M03", USERS] == 40.0


def test_a_region_and_named_markets_are_shocked_together_and_nobody_named_is_everybody():
    both = outcomes.run(GROUND, scenario(move(LAW, "add", 0.5, "M02", regions=("150",))))
    assert set(both.moved["iso3"]) == {"M02", *MARKETS[15:]}
    assert set(outcomes.run(GROUND, scenario(move(LAW, "add", 0.5))).moved["iso3"]) == set(MARKETS)


@pytest.mark.parametrize(
    ("shock", "wanted", "used"),
    [
        (move(USERS, "set", 120.0, "M03"), 120.0, 100.0),
        (move(USERS, "add", -500.0, "M03"), figures().at["M03", USERS] - 500, 0.0),
        (move(PEOPLE, "set", -3.0, "M03"), -3.0, 0.0),
        (move(LAW, "scale", 900.0, "M03"), figures().at["M03", LAW] * 900, np.copysign(4, figures().at["M03", LAW])),
    ],
)
def test_what_the_unit_does_not_allow_is_held_at_its_bound_and_said(shock, wanted, used):
    found = outcomes.run(GROUND, scenario(shock))
    assert found.notes == (Caveat("clamped", shock.target, "M03", pytest.approx(wanted), used),)
    assert found.figures.at["M03", shock.target] == used


def test_a_shock_within_the_bounds_needs_no_note():
    assert outcomes.run(GROUND, scenario(move(USERS, "set", 100.0, "M03"))).notes == ()


def test_a_missing_figure_cannot_be_scaled_but_can_be_assumed():
    wide = figures()
    wide.loc["M03", USERS] = np.nan
    ground = stand(wide)
    none = outcomes.run(ground, scenario(move(USERS, "scale", 1.5, "M03", "M04")))
    assert [(note.kind, note.market) for note in none.notes] == [("no figure", "M03")]
    assert list(none.moved["iso3"]) == ["M04"]
    new = outcomes.run(ground, scenario(move(USERS, "set", 60.0, "M03")))
    assert [(note.kind, note.market, note.used) for note in new.notes] == [("new figure", "M03", 60.0)]
    assert new.figures.at["M03", USERS] == 60.0 and list(new.moved["iso3"]) == ["M03"]


def test_a_market_that_is_not_ranked_is_named_and_the_others_are_shocked():
    wide = figures()
    wide.loc["M29", wide.columns[1:]] = np.nan
    ground = stand(wide)
    assert "M29" not in ground.figures.index
    found = outcomes.run(ground, scenario(move(USERS, "add", 1.0, "M29", "M03")))
    assert [(note.kind, note.market) for note in found.notes] == [("not ranked", "M29")]
    assert list(found.moved["iso3"]) == ["M03"]


@pytest.mark.parametrize(
    ("shock", "cause", "remedy"),
    [
        (move("XX.NONE", "set", 1.0), "'XX.NONE' is no figure of the recipe test", f"It uses: {PEOPLE}"),
        (move(USERS, "set", 1.0, "ZZZ"), "ZZZ is not ranked", "import data on it"),
        (move(USERS, "set", 1.0, regions=("002",)), "No ranked market lies in the region 002", "UN M49 codes such as"),
        (exchange(2.0, "ZZZ"), "ZZZ is not ranked", "Choose another market"),
        (weigh("health", "set", 1.0), "'health' has no weight in the recipe test", "size, digital, governance"),
        (move(PEOPLE, "scale", 1e300), "too large to compute with", "Give a smaller number"),
        (exchange(1e300), "too large to compute with", "Give a smaller number"),
        (weigh("size", "set", 1e300), "too large", "Give a smaller one"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_out_names_cause_and_remedy(shock, cause, remedy):
    with pytest.raises(ScenarioError) as refused:
        outcomes.run(GROUND, scenario(shock))
    assert cause in str(refused.value) and remedy in str(refused.value)


def test_a_market_that_is_not_ranked_cannot_be_read():
    with pytest.raises(ScenarioError, match="ZZZ is not ranked"):
        outcomes.read(GROUND, scenario(), "ZZZ")


# ------------------------------------------------------------------ weights


def test_weights_are_set_added_to_or_scaled_from_the_recipes_and_never_negative():
    made = scenario(weigh("size", "scale", 3.0), weigh("digital", "add", -9.0), weigh(USERS, "set", 4.0))
    assert scenario_shocks.own_weights(RECIPE, made) == {"size": 3.0, "digital": 0.0, USERS: 4.0}
    assert scenario_shocks.own_weights(RECIPE, scenario(move(USERS, "set", 1.0))) is None


def test_no_weight_left_is_refused():
    with pytest.raises(ScenarioError, match="No dimension is left with a weight"):
        outcomes.run(GROUND, scenario(*(weigh(name, "set", 0.0) for name in RECIPE.dimensions)))


def test_a_dimension_whose_indicators_weigh_nothing_weighs_nothing():
    none = scenario_shocks.point(GROUND, scenario(weigh(USERS, "set", 0.0), weigh(LINES, "set", 0.0)))
    assert none.scores == pytest.approx(scenario_shocks.point(GROUND, scenario(weigh("digital", "set", 0.0))).scores)


def test_weights_on_indicators_without_data_alone_are_refused():
    growing = replace(
        RECIPE,
        dimensions={**RECIPE.dimensions, "growth": 1.0},
        ingredients=(*RECIPE.ingredients, ingredient("NY.GDP.MKTP.KD.ZG", "growth")),
    )
    only_growth = scenario(*(weigh(name, "set", 0.0) for name in RECIPE.dimensions))
    with pytest.raises(ScenarioError, match="Only indicators without data are left with a weight"):
        outcomes.run(stand(recipe=growing), only_growth)


# ------------------------------------------------------------------ currency


def test_an_exchange_rate_moves_exactly_the_figures_in_current_dollars():
    ground = stand(links=(link(SPENDING, LINES, 0.9, scale="log"), INCOME_TO_SPENDING))
    found = outcomes.run(ground, scenario(exchange(0.8, "M03")))
    assert set(found.moved["indicator"]) == {DOLLARS, SPENDING} == set(scenario_shocks.exchanged(ground))
    assert (found.moved["after"] / found.moved["before"]).to_numpy() == pytest.approx(0.8)
    assert set(found.moved["how"]) == {"shock"}  # and what is associated with spending stays


def test_an_exchange_rate_leaves_the_intervals_as_they_are():
    sure, unsure = (stand(links=(link(SPENDING, LINES, 0.9, error),)) for error in (0.0, 0.5))
    columns = ["score_low", "score_high"]
    one, other = (outcomes.run(ground, scenario(exchange(0.8))).markets[columns] for ground in (sure, unsure))
    pd.testing.assert_frame_equal(one, other)


def test_figures_in_dollars_still_move_with_others_when_the_currency_falls_too():
    ground = stand(links=(INCOME_TO_SPENDING,))
    found = outcomes.run(ground, scenario(exchange(0.5, "M03"), move(INCOME, "scale", 1.2, "M03")))
    factor = found.figures.loc["M03"] / ground.figures.loc["M03"]
    assert factor[SPENDING] == pytest.approx(0.5 * 1.2**0.8)
    assert factor[DOLLARS] == pytest.approx(0.5 * 1.2)  # richer is not cheaper: the price level halves, no more


# ------------------------------------------------------------------ what moves along


def test_figures_move_along_as_the_elasticity_says():
    ground = stand(links=(INCOME_TO_SPENDING, USERS_TO_LINES))
    found = outcomes.run(ground, scenario(move(INCOME, "scale", 1.5, "M03"), move(USERS, "add", -8.0, "M04")))
    before = ground.figures
    assert found.figures.at["M03", SPENDING] == pytest.approx(before.at["M03", SPENDING] * 1.5**0.8)
    assert found.figures.at["M04", LINES] == pytest.approx(before.at["M04", LINES] - 2.0)
    how = found.moved.set_index(["iso3", "indicator"])["how"]
    assert how["M03", INCOME] == "shock" and how["M03", SPENDING] == how["M04", LINES] == "propagated"


def test_a_figure_the_scenario_sets_does_not_move_along():
    ground = stand(links=(INCOME_TO_SPENDING,))
    found = scenario_shocks.point(
        ground, scenario(move(INCOME, "scale", 1.5, "M03"), move(SPENDING, "set", 400.0, "M03"))
    )
    assert found.figures.at["M03", SPENDING] == 400.0


def test_income_at_two_sets_of_prices_moves_together():
    ground = stand()
    assert [(e.source, e.target) for e in ground.elasticities] == [(INCOME, DOLLARS)]
    found = scenario_shocks.point(ground, scenario(move(INCOME, "scale", 1.4, "M03"))).figures
    price, before = (table[DOLLARS] / table[INCOME] for table in (found, ground.figures))
    assert price.to_numpy() == pytest.approx(before.to_numpy())


def test_links_that_are_not_used_or_not_of_these_figures_carry_nothing():
    unused = replace(INCOME_TO_SPENDING, used=False, reason="its 90 % interval contains zero")
    ground = stand(links=(unused, link(USERS, "SE.TER.ENRR", 1.0)))
    assert [e.target for e in ground.elasticities] == [DOLLARS]


def only(code: str, dimension: str) -> tuple[Shock, Shock]:
    """Weights under which the score is hardly anything but this figure."""
    return weigh(code, "set", 50.0), weigh(dimension, "set", 50.0)


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_the_less_sure_the_elasticity_the_wider_the_interval(factor):
    shocks = move(INCOME, "scale", factor, "M25"), *only(SPENDING, "size")
    widths = []
    for error in (0.0, 0.2, 0.6):
        row = outcomes.run(stand(links=(replace(INCOME_TO_SPENDING, standard_error=error),)), scenario(*shocks)).markets
        widths.append((row["score_high"] - row["score_low"]).loc[["M25", "M04"]])
    widths = pd.DataFrame(widths).reset_index(drop=True)
    assert widths["M25"].is_monotonic_increasing and widths["M25"].iloc[2] > widths["M25"].iloc[0] + 5
    assert widths["M04"].nunique() == 1  # of a market nothing was assumed about


def test_the_best_market_may_still_lose_where_an_elasticity_is_unsure():
    # More lines than anybody is 100 points, and yet more lines are no more; fewer lines are fewer points.
    wide = figures()
    wide[LINES] = np.arange(30.0)
    lows = []
    for error in (0.0, 0.4):
        ground = stand(wide, (replace(USERS_TO_LINES, standard_error=error),))
        made = scenario(move(USERS, "add", 20.0, "M29"), *only(LINES, "digital"))
        row = outcomes.run(ground, made).markets.loc["M29"]
        lows.append(row["score"] - row["score_low"])
    assert lows[1] > lows[0] + 3


# ------------------------------------------------------------------ parts and repetition


@settings(max_examples=12)
@given(
    st.lists(one_move, min_size=1, max_size=4, unique_by=lambda shock: shock.place),
    st.lists(one_weight, max_size=2, unique_by=lambda shock: shock.target),
)
def test_what_each_shock_adds_sums_to_the_whole_change(moves, weights):
    ground = stand(links=(INCOME_TO_SPENDING, USERS_TO_LINES))
    made = scenario(*moves, *weights)
    parts = outcomes.contributions(ground, made)
    table = outcomes.run(ground, made).markets
    assert parts.shape == (30, len(made.shocks))
    assert parts.sum(axis=1).to_numpy() == pytest.approx((table["score"] - table["score_before"]).to_numpy())


def test_a_shock_that_does_nothing_adds_nothing():
    wide = figures()
    parts = outcomes.contributions(
        GROUND, scenario(move(USERS, "set", wide.at["M03", USERS], "M03"), move(LAW, "add", 1.0, "M03"))
    )
    assert (parts[0] == 0).all() and parts.at["M03", 1] > 0


def test_the_order_of_the_shocks_does_not_change_what_they_add():
    made = scenario(move(USERS, "add", 9.0, "M03"), weigh("digital", "scale", 4.0))
    turned = scenario(*made.shocks[::-1])
    parts, again = outcomes.contributions(GROUND, made), outcomes.contributions(GROUND, turned)
    assert parts[0].to_numpy() == pytest.approx(again[1].to_numpy())


def test_contributions_do_not_fail_on_weights_that_only_make_sense_together():
    made = scenario(weigh(LAW, "set", 0.0), weigh("price", "set", 0.0), weigh("governance", "set", 0.0))
    assert outcomes.contributions(GROUND, made).notna().all(axis=None)


def test_the_same_seed_gives_the_same_numbers_and_another_other_draws():
    ground = stand(links=(replace(INCOME_TO_SPENDING, standard_error=0.4),))
    shock = move(INCOME, "scale", 2.0, "M25")
    one, again, other = (outcomes.run(ground, scenario(shock, seed=seed)).markets for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, again)
    assert one.at["M25", "score_high"] != other.at["M25", "score_high"]
    assert (one["score"] == other["score"]).all()


def test_nothing_given_is_changed():
    wide = figures()
    rows, history = observed(wide), observed(wide)
    kept = rows.copy(), history.copy()
    ground = bases.build_base(rows, RECIPE, REGIONS, history, YEAR, (INCOME_TO_SPENDING,))
    before = ground.figures.copy(), ground.ranking.scores.copy()
    outcomes.run(ground, scenario(move(INCOME, "scale", 2.0), exchange(0.5), weigh("size", "set", 0.1)))
    outcomes.contributions(ground, scenario(move(INCOME, "scale", 2.0), exchange(0.5)))
    for frame, was in zip((rows, history, ground.figures, ground.ranking.scores), (*kept, *before), strict=True):
        pd.testing.assert_frame_equal(frame, was)


# ------------------------------------------------------------------ how far from the data


def test_an_outlier_is_flagged_with_three_real_neighbours_and_a_mild_move_is_not():
    wild = outcomes.run(GROUND, scenario(move(PEOPLE, "scale", 4000.0, "M03"))).markets
    row = wild.loc["M03"]
    assert row["outside"] and PEOPLE in row["reasons"]
    assert len(set(row["nearest"])) == 3 and set(row["nearest"]) <= set(MARKETS) - {"M03"}
    assert wild["outside"].sum() == 1
    middle = GROUND.figures[PEOPLE].sub(GROUND.figures[PEOPLE].median()).abs().idxmin()
    assert not outcomes.run(GROUND, scenario(move(PEOPLE, "scale", 1.02, middle))).markets["outside"].any()


def test_a_change_of_weights_is_never_outside_the_data():
    assert not outcomes.run(GROUND, scenario(weigh("size", "set", 50.0))).markets["outside"].any()


# ------------------------------------------------------------------ a base in the future


def history(seed: int = 0) -> pd.DataFrame:
    """2006-2020: internet users rise by 2.5 points, less every year; the law goes up and down; all else stays."""
    wide, rows = figures(seed), []
    random = np.random.default_rng(seed)
    law = wide[LAW].to_numpy() + np.cumsum(random.normal(0, 0.2, (15, 30)), axis=0)
    for year in range(2006, 2021):
        now = wide.copy()
        now[USERS] = (now[USERS] * 0.5 + 2.5 * 10 * (1 - 0.9 ** (year - 2005)) + random.normal(0, 0.2, 30)).clip(0, 100)
        now[LAW] = law[year - 2006].clip(-4, 4)
        rows.append(observed(now, year))
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def futures() -> dict[int, ScenarioBase]:
    """Grounds of today and of five years ahead."""
    rows = history()
    now = rows[rows["year"] == YEAR]
    ahead = forecast.forecast(rows, [*figures().columns], YEAR, 5, 8)
    return {
        0: bases.build_base(now, RECIPE, REGIONS, rows, YEAR),
        5: bases.build_base(now, RECIPE, REGIONS, rows, YEAR, outlook=ahead),
    }


def test_a_base_in_the_future_changes_the_base_and_keeps_today(futures):
    now, then = futures[0], futures[5]
    assert then.outlook.methods.at[USERS, "method"] == forecast.DAMPED
    carried = then.outlook.values.query("indicator == @USERS").set_index("iso3")["value"]
    assert (then.figures[USERS] == carried[then.figures.index]).all()
    assert (then.figures[USERS].sort_index() != now.figures[USERS].sort_index()).all()
    pd.testing.assert_frame_equal(then.today.scores, now.ranking.scores)
    assert now.today is None


def test_a_base_in_the_future_is_less_sure(futures):
    widths = {}
    for horizon, ground in futures.items():
        table = outcomes.run(ground, scenario(move(LAW, "add", 0.2, "M03"), horizon=horizon)).markets
        widths[horizon] = (table["score_high"] - table["score_low"]).sort_index()
    assert (futures[5].drift > 0).sum() > 20 and (futures[0].drift == 0).all()
    assert widths[5].mean() > widths[0].mean()


def test_without_a_shock_the_future_is_compared_with_itself(futures):
    table = outcomes.run(futures[5], scenario(horizon=5, seed=3)).markets
    assert (table["score_high"] == table["score_before_high"]).all() and (table["p_improves"] == 0).all()


# ------------------------------------------------------------------ the potential


def with_outcome() -> tuple[pd.DataFrame, Recipe, pd.DataFrame]:
    """History, recipe and groups in which spending follows income and law five years before; M28, M29 have no past."""
    random, wide, rows = np.random.default_rng(0), figures(), []
    for year in range(2006, 2021):
        now = wide.copy()
        now[INCOME] = wide[INCOME] * 1.02 ** (year - 2020) * random.lognormal(0, 0.02, 30)
        now[SPENDING] = 0.08 * now[INCOME] * np.exp(0.3 * wide[LAW] + random.normal(0, 0.1, 30))
        rows.append(observed(now if year > 2015 else now.drop(index=["M28", "M29"]), year))
    recipe = replace(
        RECIPE,
        target=Target(
            Measure(SPENDING), "Health expenditure per person", "current US$ per person",
            excludes=("SH.XPD.*",), features=(Measure("SP.URB.TOTL.IN.ZS"),),
        ),
    )  # fmt: skip
    table = pd.concat(rows, ignore_index=True)
    urban = observed(
        pd.DataFrame({"SP.URB.TOTL.IN.ZS": random.uniform(20, 90, 30)}, MARKETS).drop(["M28", "M29"]), 2015
    )
    groups = pd.DataFrame({"region": REGIONS, "income_group": ["High", "Low"] * 15})
    return pd.concat([table, urban], ignore_index=True), recipe, groups


@pytest.fixture(scope="module")
def modelled() -> ScenarioBase:
    rows, recipe, groups = with_outcome()
    with two_learners():
        fit = potential.fit(rows, recipe, YEAR, groups, learner="ridge")
    links = (replace(INCOME_TO_SPENDING, target=LAW, target_scale="level"),)
    return bases.build_base(rows[rows["year"] == YEAR], recipe, REGIONS, rows, YEAR, links, fit)


def test_without_a_shock_the_potential_is_the_models_estimate(modelled):
    table = outcomes.run(modelled, scenario()).markets
    known = modelled.estimate.fit.estimates.reindex(table.index)
    for column, name in (("predicted", ""), ("low", "_low"), ("high", "_high")):
        assert table[f"potential_before{name}"].to_numpy() == pytest.approx(known[column].to_numpy(), nan_ok=True)
        assert table[f"potential{name}"].to_numpy() == pytest.approx(known[column].to_numpy(), nan_ok=True)


def test_a_shock_moves_the_potential_by_what_the_model_says_of_the_carried_features(modelled):
    # Today's income grew by half: so does that of five years ago, which the model was trained on.
    fit = modelled.estimate.fit
    before, after = fit.features.loc[["M03"]], fit.features.loc[["M03"]].copy()
    assert f"{DOLLARS} / {INCOME}" in fit.features  # the price level, which stays: both incomes grow
    quiet = replace(modelled, elasticities=bases.IDENTITIES)
    after[INCOME] *= 1.5
    shift = float(fit.model.predict(after)[0] - fit.model.predict(before)[0])
    row = outcomes.run(quiet, scenario(move(INCOME, "scale", 1.5, "M03"))).markets.loc["M03"]
    assert abs(shift) > 0.05
    assert np.log(row["potential"] / row["potential_before"]) == pytest.approx(shift)
    assert outcomes.read(quiet, scenario(move(INCOME, "scale", 1.5, "M03")), "M03").potential == pytest.approx(
        row["potential"]
    )


def test_figures_in_points_are_carried_in_points(modelled):
    fit = modelled.estimate.fit
    before, after = fit.features.loc[["M03"]], fit.features.loc[["M03"]].copy()
    after[LAW] += 0.5
    shift = float(fit.model.predict(after)[0] - fit.model.predict(before)[0])
    row = outcomes.run(modelled, scenario(move(LAW, "add", 0.5, "M03"))).markets.loc["M03"]
    assert np.log(row["potential"] / row["potential_before"]) == pytest.approx(shift)


def test_other_markets_keep_their_potential(modelled):
    table = outcomes.run(modelled, scenario(move(LAW, "add", 0.5, "M03"))).markets.drop(index="M03")
    assert table["potential"].to_numpy() == pytest.approx(table["potential_before"].to_numpy(), nan_ok=True)


def test_the_potentials_interval_is_as_wide_as_the_models_and_wider_where_elasticities_are_unsure(modelled):
    def widths(error: float, shock: Shock) -> tuple[float, float]:
        links = tuple(replace(e, standard_error=error) if e.target == LAW else e for e in modelled.elasticities)
        row = outcomes.run(replace(modelled, elasticities=links), scenario(shock)).markets.loc["M03"]
        return (
            np.log(row["potential_high"] / row["potential_low"]),
            np.log(row["potential_before_high"] / row["potential_before_low"]),
        )

    income = move(INCOME, "scale", 1.5, "M03")
    sure, unsure = widths(0.0, income), widths(0.5, income)
    assert sure[0] == pytest.approx(sure[1])
    assert unsure[0] > sure[0] and unsure[1] == pytest.approx(sure[1])
    assert widths(0.5, move(LAW, "add", 0.5, "M03"))[0] == pytest.approx(sure[0])


def test_a_market_the_model_does_not_know_has_no_potential_but_a_rank(modelled):
    fit = modelled.estimate.fit
    assert "M28" in modelled.figures.index and "M28" not in fit.features.index
    row = outcomes.run(modelled, scenario(move(INCOME, "scale", 1.5, "M28"))).markets.loc["M28"]
    assert np.isnan(row[["potential", "potential_low", "potential_before"]].astype(float)).all()
    assert row["rank"] >= 1
    assert np.isnan(outcomes.read(modelled, scenario(), "M28").potential)


def test_a_figure_only_the_potential_knows_moves_the_potential_and_no_rank(modelled):
    urban = "SP.URB.TOTL.IN.ZS"
    assert urban in modelled.figures and urban not in RECIPE.codes
    table = outcomes.run(modelled, scenario(move(urban, "add", 10.0, "M03"))).markets
    assert (table["score"] == table["score_before"]).all()
    assert table.at["M03", "potential"] != pytest.approx(table.at["M03", "potential_before"], rel=1e-9)


def test_with_a_model_the_data_are_its_training_markets(modelled):
    row = outcomes.run(modelled, scenario(move(INCOME, "scale", 300.0, "M03"))).markets.loc["M03"]
    assert row["outside"] and INCOME in row["reasons"]
    trained = modelled.estimate.fit.estimates.query("trained").index
    assert len(row["nearest"]) == 3 and set(row["nearest"]) <= set(trained) - {"M03"}


@pytest.mark.parametrize(
    ("code", "earlier", "before", "after", "expected"),
    [
        (INCOME, 100.0, 200.0, 300.0, 150.0),  # amounts in proportion
        (LAW, 1.0, 0.5, 0.75, 1.25),  # the rest in points
        (USERS, 90.0, 50.0, 70.0, 100.0),  # within what the unit allows
        (USERS, 40.0, 50.0, 50.0, 40.0),  # not moved
        (USERS, np.nan, 50.0, 70.0, 70.0),  # nothing known of then
        (INCOME, 100.0, np.nan, 300.0, 300.0),  # nothing known of today
        (USERS, 40.0, np.nan, np.nan, 40.0),
    ],
)
def test_an_earlier_figure_is_carried_as_todays_moved(code, earlier, before, after, expected):
    found = outcomes.carried(code, *(pd.Series([value], ["M03"]) for value in (earlier, before, after)))
    assert found["M03"] == pytest.approx(expected)


def test_too_few_markets_to_say_what_is_usual_are_refused_with_a_sentence():
    few = stand(figures().iloc[:8])
    with pytest.raises(ScenarioError, match="8"):
        outcomes.run(few, scenario(move(few.figures.columns[0], "scale", 1.1, few.figures.index[0])))
