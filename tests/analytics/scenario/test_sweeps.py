"""Tornado, two-way table and simulation on an index whose every score can be worked by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.scenario import base as bases
from analytics.scenario import outcome as outcomes
from analytics.scenario import sweeps
from analytics.scenario.base import ScenarioBase, ScenarioError
from analytics.scenario.document import Base, Scenario, Shock, Uncertain
from analytics.scenario.propagation import Elasticity

USERS, UNEMPLOYED, AGED, URBAN = "IT.NET.USER.ZS", "SL.UEM.TOTL.ZS", "SP.POP.65UP.TO.ZS", "SP.URB.TOTL.IN.ZS"
YEAR = 2020
MARKETS = [f"M{n:02d}" for n in range(21)]
FIGURES = pd.DataFrame(
    {
        USERS: np.linspace(0, 100, 21),
        UNEMPLOYED: np.linspace(100, 0, 21)[(np.arange(21) * 8) % 21],
        AGED: np.linspace(0, 100, 21)[(np.arange(21) * 5) % 21],
    },
    MARKETS,
)  # each from 0 to 100 in steps of 5, so that min-max changes nothing
RECIPE = Recipe(
    "test", "Test", "Which?", USERS, {"digital": 2.0, "risk": 1.0, "health": 1.0},
    (
        Ingredient(USERS, "Users", "digital", 1, 1.0, (Measure(USERS),)),
        Ingredient(UNEMPLOYED, "Unemployment", "risk", -1, 1.0, (Measure(UNEMPLOYED),)),
        Ingredient(AGED, "Aged", "health", 1, 1.0, (Measure(AGED),)),
    ),
    minimum_markets=5, minimum_coverage=0.3, minimum_weight=0.3,
)  # fmt: skip
"""Score: half of the users, a quarter of the employed, a quarter of the aged."""
MIDDLE = "M10"
"""Half of its people are users: 25 points."""


def observed(wide: pd.DataFrame, year: int = YEAR) -> pd.DataFrame:
    rows = wide.rename_axis("iso3").melt(ignore_index=False, var_name="indicator").reset_index().dropna()
    return rows.assign(year=year)[["iso3", "indicator", "year", "value"]]


def history() -> pd.DataFrame:
    """Nine years in which users went up and down by 4 points, unemployment by 2; two years of the aged."""
    rows = []
    for year in range(2012, 2021):
        wobble = (-1) ** year
        now = FIGURES.assign(**{USERS: FIGURES[USERS] + 2 * wobble, UNEMPLOYED: FIGURES[UNEMPLOYED] + wobble})
        now = now if year > 2018 else now.assign(**{AGED: np.nan})
        if year <= 2018:
            now.loc["M00", AGED] = 10.0 + year % 2  # the only market with a past of the aged
        rows.append(observed(now, year))
    return pd.concat(rows, ignore_index=True)


def stand(links: tuple[Elasticity, ...] = ()) -> ScenarioBase:
    return bases.build_base(observed(FIGURES), RECIPE, pd.Series("142", MARKETS), history(), YEAR, links)


GROUND = stand()
SD = GROUND.record["sd"]
USERS_TO_AGED = Elasticity(USERS, AGED, 0.5, 0.0, 0.5, 0.5, 50, 500, "level", "level", True)


def scenario(*shocks: Shock, uncertain: tuple[Uncertain, ...] = (), seed: int = 0) -> Scenario:
    return Scenario("test", Base("test", YEAR), shocks, seed=seed, uncertain=uncertain)


# ------------------------------------------------------------------ tornado


def test_each_figure_is_moved_one_standard_deviation_to_both_sides():
    table = sweeps.tornado(GROUND, scenario(), MIDDLE)
    here = outcomes.read(GROUND, scenario(), MIDDLE)
    for code, weight, sign in ((USERS, 0.5, 1), (UNEMPLOYED, 0.25, -1)):
        row, swing = table.loc[code], weight * SD[MIDDLE, code]
        assert row["value"] == FIGURES.at[MIDDLE, code]
        assert row["score_up"] - here.score == pytest.approx(sign * swing)
        assert row["score_down"] - here.score == pytest.approx(-sign * swing)


def test_the_widest_swing_comes_first_and_a_borrowed_deviation_is_marked():
    table = sweeps.tornado(GROUND, scenario(), MIDDLE)
    assert (table["score_up"] - table["score_down"]).abs().is_monotonic_decreasing
    assert table["own"].to_dict() == {USERS: True, UNEMPLOYED: True, AGED: False}
    assert table.at[AGED, "sd"] == pytest.approx(SD["M00", AGED])


def test_ranks_move_with_the_scores_and_there_is_no_potential_without_a_model():
    table = sweeps.tornado(GROUND, scenario(), MIDDLE)
    assert table.at[USERS, "rank_up"] <= table.at[USERS, "rank_down"]
    assert table[["potential_down", "potential_up"]].isna().all(axis=None)


def test_a_figure_goes_no_further_than_its_unit_allows():
    made = scenario(Shock("indicator", USERS, "set", 99.0, (MIDDLE,)))
    row, here = sweeps.tornado(GROUND, made, MIDDLE).loc[USERS], outcomes.read(GROUND, made, MIDDLE).score
    assert row["score_up"] - here == pytest.approx(0.5 * 1)
    assert here - row["score_down"] == pytest.approx(0.5 * SD[MIDDLE, USERS])


def test_the_tornado_stands_on_the_scenario_and_on_what_it_moved_along():
    ground = stand((USERS_TO_AGED,))
    made = scenario(Shock("indicator", USERS, "add", 20.0, (MIDDLE,)))
    here, row = outcomes.read(ground, made, MIDDLE), sweeps.tornado(ground, made, MIDDLE).loc[AGED]
    assert row["value"] == FIGURES.at[MIDDLE, AGED] + 10
    assert row["score_down"] < here.score < row["score_up"]
    assert row["score_up"] - here.score == pytest.approx(here.score - row["score_down"])


def test_a_figure_without_a_past_or_that_never_moved_is_left_out():
    still = history().assign(value=lambda rows: rows["value"].where(rows["indicator"] != UNEMPLOYED, 7.0))
    rows = still[still["indicator"] != AGED]
    ground = bases.build_base(observed(FIGURES), RECIPE, pd.Series("142", MARKETS), rows, YEAR)
    assert list(sweeps.tornado(ground, scenario(), MIDDLE).index) == [USERS]
    nothing = bases.build_base(observed(FIGURES), RECIPE, pd.Series("142", MARKETS), rows.iloc[:0], YEAR)
    assert sweeps.tornado(nothing, scenario(), MIDDLE).empty


def test_a_tornado_of_a_market_that_is_not_ranked_is_refused():
    with pytest.raises(ScenarioError, match="ZZZ is not ranked"):
        sweeps.tornado(GROUND, scenario(), "ZZZ")


# ------------------------------------------------------------------ two figures at once


def test_every_cell_of_a_two_way_table_is_the_reading_with_both_set():
    made = scenario(Shock("weight", "risk", "set", 3.0))
    rows, columns = np.array([40.0, 50.0, 60.0]), np.array([10.0, 30.0])
    for measure in ("score", "rank"):
        table = sweeps.two_way(GROUND, made, MIDDLE, (USERS, rows), (UNEMPLOYED, columns), measure)
        assert (table.index.name, table.columns.name) == (USERS, UNEMPLOYED)
        for one in rows:
            for other in columns:
                both = scenario(
                    *made.shocks,
                    Shock("indicator", USERS, "set", one, (MIDDLE,)),
                    Shock("indicator", UNEMPLOYED, "set", other, (MIDDLE,)),
                )
                assert table.at[one, other] == getattr(outcomes.read(GROUND, both, MIDDLE), measure)


def test_the_corners_of_a_two_way_table_by_hand():
    table = sweeps.two_way(GROUND, scenario(), MIDDLE, (USERS, np.array([0.0, 100.0])), (AGED, np.array([0.0, 100.0])))
    employed = 100 - FIGURES.at[MIDDLE, UNEMPLOYED]
    assert table.to_numpy() == pytest.approx(employed / 4 + np.array([[0.0, 25.0], [50.0, 75.0]]))


def test_a_two_way_table_of_one_figure_twice_is_refused():
    with pytest.raises(ScenarioError, match="named twice"):
        sweeps.two_way(GROUND, scenario(), MIDDLE, (USERS, np.ones(1)), (USERS, np.ones(1)))


# ------------------------------------------------------------------ many uncertain inputs


def doubt(code: str = USERS, how: str = "add", distribution: str = "triangular", **parameters: float) -> Uncertain:
    return Uncertain(code, how, distribution, parameters, (MIDDLE,))


def without_weights(ground: ScenarioBase) -> ScenarioBase:
    """The same ground on which nobody doubts the weights."""
    still = replace(ground)
    still.__dict__["factors"] = np.ones((bases.DRAWS, len(RECIPE.ingredients)))
    return still


def test_a_triangular_input_gives_the_quantiles_of_that_triangle():
    # -10 to 10 points of users, most likely 0: half of that in points of score. 5 % lie below -10 + 10 sqrt(0.1).
    ground = without_weights(GROUND)
    here = outcomes.read(ground, scenario(), MIDDLE).score
    row = sweeps.simulate(
        ground, scenario(uncertain=(doubt(low=-10, mode=0, high=10),)), 2000
    ).markets.loc[MIDDLE]  # fmt: skip
    edge = (10 - 10 * np.sqrt(0.1)) / 2
    assert row["score_median"] == pytest.approx(here, abs=0.15)
    assert (row["score_low"], row["score_high"]) == pytest.approx((here - edge, here + edge), abs=0.2)
    assert row["rank_low"] <= row["rank_median"] <= row["rank_high"]


def test_a_normal_input_has_its_mean_and_deviation_and_a_scale_is_never_negative():
    drawn = sweeps.simulate(GROUND, scenario(uncertain=(doubt(distribution="normal", mean=3, sd=2),)), 500).inputs[0]
    assert (drawn.mean(), drawn.std()) == pytest.approx((3, 2), abs=0.25)
    wild = doubt(how="scale", distribution="normal", mean=0.0, sd=1.0)
    assert (sweeps.simulate(GROUND, scenario(uncertain=(wild,)), 200).inputs[0] >= 0).all()


def test_a_bootstrap_sums_the_markets_own_past_changes():
    # Users went up and down by 4 points: three years of it are -12, -4, 4 or 12.
    made = scenario(uncertain=(doubt(distribution="bootstrap", years=3),))
    drawn = sweeps.simulate(GROUND, made, 400).inputs[0]
    assert set(drawn.round(9)) == {-12.0, -4.0, 4.0, 12.0}


def test_a_bootstrap_without_enough_past_says_how_much_there_is():
    with pytest.raises(ScenarioError, match=f"{AGED} has 1 yearly changes on record .* a bootstrap needs 5"):
        sweeps.simulate(GROUND, scenario(uncertain=(doubt(AGED, distribution="bootstrap", years=3),)))


def test_a_bootstrap_of_points_cannot_scale():
    with pytest.raises(ScenarioError, match=f"changes of {USERS} are drawn with 'add', not 'scale'"):
        sweeps.simulate(GROUND, scenario(uncertain=(doubt(how="scale", distribution="bootstrap", years=3),)))


def test_nothing_uncertain_is_refused():
    with pytest.raises(ScenarioError, match="Give at least one figure a range"):
        sweeps.simulate(GROUND, scenario(Shock("indicator", USERS, "add", 1.0)))


def test_the_same_seed_draws_the_same_and_another_does_not():
    def draw(seed: int) -> sweeps.Simulation:
        return sweeps.simulate(GROUND, scenario(uncertain=(doubt(low=-10, mode=0, high=10),), seed=seed), 100)

    one, again, other = draw(5), draw(5), draw(6)
    pd.testing.assert_frame_equal(one.markets, again.markets)
    pd.testing.assert_frame_equal(one.inputs, again.inputs)
    assert (one.ranks == again.ranks).all() and (one.draws, one.seed) == (100, 5)
    assert not one.inputs.equals(other.inputs)


def test_a_sure_gain_improves_in_every_draw_and_the_chance_of_the_first_ten_is_a_share():
    made = scenario(uncertain=(doubt(low=45, mode=48, high=50),))
    found = sweeps.simulate(without_weights(GROUND), made, 200)
    assert found.markets.at[MIDDLE, "p_improves"] == 1.0
    assert found.markets.at[MIDDLE, "p_top10"] == 1.0
    assert 10 <= found.markets["p_top10"].sum() <= 11  # more than 10 where two tie
    assert found.ranks.shape == (200, 21)


def test_draws_stand_on_the_scenarios_own_shocks_and_weights():
    made = scenario(
        Shock("indicator", USERS, "set", 80.0, (MIDDLE,)),
        Shock("weight", "digital", "set", 6.0),
        uncertain=(doubt(UNEMPLOYED, low=-0.1, mode=0, high=0.1),),
    )
    row = sweeps.simulate(without_weights(GROUND), made, 100).markets.loc[MIDDLE]
    assert row["score_median"] == pytest.approx(outcomes.read(GROUND, made, MIDDLE).score, abs=0.02)


def test_importance_is_the_rank_correlation_of_an_input_with_the_score():
    made = scenario(uncertain=(doubt(low=-10, mode=0, high=10), doubt(UNEMPLOYED, low=-1, mode=0, high=1)))
    found = sweeps.simulate(without_weights(GROUND), made, 400)
    assert found.importance.at[0, MIDDLE] > 0.95  # nearly all of the score's spread is from users
    assert found.importance.at[1, MIDDLE] == pytest.approx(
        found.inputs[1].corr(found.inputs[0] - found.inputs[1] / 2, method="spearman"), abs=0.01
    )
    assert found.importance["M03"].isna().all()  # no input moves it


def test_the_same_weights_are_drawn_before_and_after():
    # A shock that moves nothing improves nothing, however the weights are drawn.
    made = scenario(uncertain=(doubt(how="scale", distribution="normal", mean=1.0, sd=0.0),))
    assert (sweeps.simulate(GROUND, made, 100).markets["p_improves"] == 0).all()
