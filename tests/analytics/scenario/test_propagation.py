"""Elasticities are recovered with their error, only credible ones are used, and shocks go as far as the links do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.index.recipe import Ingredient, Link, Measure, Recipe
from analytics.scenario import propagation
from analytics.scenario.propagation import AGAINST, FEW, STILL, ZERO, Elasticity, PropagationError

USERS, LINES, GDP, HEALTH, DOCTORS = (
    "IT.NET.USER.ZS", "IT.NET.BBND.P2", "NY.GDP.PCAP.PP.CD", "SH.XPD.CHEX.PC.CD", "SH.MED.PHYS.ZS",
)  # fmt: skip


def a_recipe(*links: Link) -> Recipe:
    codes = dict.fromkeys(code for link in links for code in (link.source, link.target))
    ingredients = tuple(Ingredient(code, code, "size", 1, 1.0, (Measure(code),)) for code in codes)
    return Recipe("test", "Test", "Which?", GDP, {"size": 1.0}, ingredients, propagation=links)


def history(seed: int = 0, markets: int = 60, years: int = 15, slope: float = 0.6, noise: float = 0.05) -> pd.DataFrame:
    """log health = market + year + slope x log GDP + noise; GDP grows at each market's own pace until 2020."""
    random = np.random.default_rng(seed)
    year = np.arange(2021 - years, 2021)
    size = (markets, years)
    gdp = random.normal(9, 1, (markets, 1)) + np.cumsum(random.normal(0.02, 0.05, size), axis=1)
    spending = random.normal(2, 0.5, (markets, 1)) + random.normal(0, 0.1, years) + slope * gdp
    spending += noise * random.normal(size=size)
    names = [f"M{n:02d}" for n in range(markets)]
    wide = {GDP: np.exp(gdp), HEALTH: np.exp(spending)}
    frames = [
        pd.DataFrame(values, names, year).rename_axis("iso3").melt(ignore_index=False, var_name="year").reset_index()
        .assign(indicator=code)
        for code, values in wide.items()
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


INCOME = a_recipe(Link(GDP, HEALTH, "Income is associated with health expenditure."))


def elasticity(
    source: str, target: str, coefficient: float, error: float = 0.0, scales=("level", "level")
) -> Elasticity:
    bounds = coefficient - 1.64 * error, coefficient + 1.64 * error
    return Elasticity(source, target, coefficient, error, *bounds, 100, 1000, *scales, True)


def figures(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns, [f"M{n}" for n in range(len(next(iter(columns.values()))))]).astype(float)


def shock(before: pd.DataFrame, code: str, values, rows=slice(None)) -> tuple[pd.DataFrame, pd.DataFrame]:
    after, mask = before.copy(), pd.DataFrame(False, before.index, before.columns)
    after.loc[rows, code] = values
    mask.loc[rows, code] = True
    return after, mask


def test_the_elasticity_of_a_simulated_panel_lies_within_its_interval_in_nine_of_ten():
    found = [propagation.estimate(history(seed), INCOME, 2020)[0] for seed in range(20)]
    assert all(0.4 < one.coefficient < 0.8 and one.used and one.reason == "" for one in found)
    assert sum(one.low <= 0.6 <= one.high for one in found) >= 15
    first = found[0]
    assert (first.source_scale, first.target_scale, first.n_markets, first.n) == ("log", "log", 60, 900)
    assert first.why == "Income is associated with health expenditure."


def test_the_coefficient_is_that_of_twice_demeaned_figures():
    """Within estimator of a balanced panel, by hand (Wooldridge 2010, ch. 10)."""
    rows = history()
    wide = np.log(rows.pivot(index=["iso3", "year"], columns="indicator", values="value"))
    within = wide - wide.groupby("iso3").transform("mean") - wide.groupby("year").transform("mean") + wide.mean()
    by_hand = (within[GDP] * within[HEALTH]).sum() / (within[GDP] ** 2).sum()
    assert propagation.estimate(rows, INCOME, 2020)[0].coefficient == pytest.approx(by_hand)


def test_years_after_the_base_and_before_the_period_change_nothing():
    rows = history()
    later = rows.assign(year=rows["year"] + 15, value=rows["value"] * 9)
    earlier = rows.assign(year=rows["year"] - 15, value=rows["value"] ** 0.5)
    assert propagation.estimate(pd.concat([rows, later, earlier]), INCOME, 2020) == propagation.estimate(
        rows, INCOME, 2020
    )


def test_an_interval_that_contains_zero_is_reported_and_not_used():
    found = propagation.estimate(history(slope=0.0), INCOME, 2020)[0]
    assert found.low < 0 < found.high and not found.used and found.reason == ZERO


def test_a_sign_that_is_not_credible_is_reported_and_not_used():
    falling = a_recipe(Link(GDP, HEALTH, "Falls.", -1))
    found = propagation.estimate(history(), falling, 2020)[0]
    assert found.coefficient > 0.4 and not found.used and found.reason == AGAINST
    assert propagation.estimate(history(slope=-0.6), falling, 2020)[0].used


def test_too_few_markets_are_said_and_not_estimated():
    found = propagation.estimate(history(markets=8), INCOME, 2020)[0]
    assert np.isnan(found.coefficient) and not found.used and found.reason == FEW
    assert (found.n_markets, found.n) == (8, 120)
    nothing = propagation.estimate(history()[lambda rows: rows["indicator"] == GDP], INCOME, 2020)[0]
    assert (nothing.n, nothing.reason) == (0, FEW)


def test_a_source_that_never_changes_is_said():
    rows = history()
    first = rows[rows["indicator"] == GDP].groupby("iso3")["value"].transform("first")
    rows.loc[first.index, "value"] = first
    found = propagation.estimate(rows, INCOME, 2020)[0]
    assert found.reason == STILL and np.isnan(found.coefficient)


def test_two_sources_of_one_target_are_estimated_together():
    """Doctors only look associated with spending because income moves both."""
    rows = history(noise=0.02)
    random = np.random.default_rng(5)
    gdp = rows[rows["indicator"] == GDP]
    doctors = gdp.assign(indicator=DOCTORS, value=gdp["value"] ** 0.5 * np.exp(0.03 * random.normal(size=len(gdp))))
    both = pd.concat([rows, doctors])
    alone = propagation.estimate(both, a_recipe(Link(DOCTORS, HEALTH, "?")), 2020)[0]
    income, beside = propagation.estimate(both, a_recipe(Link(GDP, HEALTH, "?"), Link(DOCTORS, HEALTH, "?")), 2020)
    assert alone.coefficient > 0.2
    assert abs(beside.coefficient) < 0.1 and income.coefficient == pytest.approx(0.6, abs=0.1)


def test_a_source_hardly_known_does_not_take_the_other_one_down():
    rows = history()
    few = rows[(rows["indicator"] == GDP) & (rows["year"] == 2015)].assign(indicator=DOCTORS)
    links = a_recipe(Link(GDP, HEALTH, "?"), Link(DOCTORS, HEALTH, "?"))
    income, doctors = propagation.estimate(pd.concat([rows, few]), links, 2020)
    assert income == replace(propagation.estimate(rows, INCOME, 2020)[0], why="?")
    assert (doctors.reason, doctors.n) == (FEW, 60)


def test_zeros_have_no_logarithm_and_are_left_out():
    rows = history()
    rows.loc[rows["indicator"].eq(GDP) & rows["iso3"].eq("M00"), "value"] = 0.0
    assert propagation.estimate(rows, INCOME, 2020)[0].n == 885


def test_a_recipe_without_links_has_no_elasticities():
    assert propagation.estimate(history(), a_recipe(), 2020) == ()


def test_amounts_move_in_proportion_and_percentages_in_points():
    scales = {
        code: propagation.scale_of(code) for code in (GDP, USERS, LINES, DOCTORS, "RL.EST", "SP.DYN.LE00.IN", "?")
    }
    assert scales == {
        GDP: "log", USERS: "level", LINES: "level", DOCTORS: "log", "RL.EST": "level", "SP.DYN.LE00.IN": "level",
        "?": "level",
    }  # fmt: skip


def test_ten_points_more_users_move_lines_by_ten_coefficients():
    found = propagation.apply(elasticity(USERS, LINES, 0.3, 0.1), 50.0, 60.0, np.array([5.0, 20.0]))
    assert found.tolist() == pytest.approx([8.0, 23.0])


def test_noise_is_in_standard_errors_of_the_coefficient():
    found = propagation.apply(elasticity(USERS, LINES, 0.3, 0.1), 50.0, 60.0, 20.0, np.array([-1.0, 0.0, 2.0]))
    assert found.tolist() == pytest.approx([22.0, 23.0, 25.0])


def test_an_elasticity_of_a_half_turns_ten_per_cent_into_nearly_five():
    found = propagation.apply(elasticity(GDP, HEALTH, 0.5, scales=("log", "log")), 1000.0, 1100.0, 200.0)
    assert float(found) == pytest.approx(200 * 1.1**0.5)


def test_what_is_unknown_or_has_no_logarithm_stays_as_it_is():
    link = elasticity(GDP, HEALTH, 0.5, scales=("log", "log"))
    found = propagation.apply(link, [np.nan, 1000, 1000, 0], [1100, np.nan, 0, 1100], [200, 201, 202, 203])
    assert found.tolist() == [200, 201, 202, 203]
    assert np.isnan(propagation.apply(link, 1000, 1100, np.nan))


def test_an_elasticity_that_is_not_used_moves_nothing():
    unused = replace(elasticity(USERS, LINES, 0.3), used=False, reason=ZERO)
    assert propagation.apply(unused, 50, 60, 20.0) == 20.0
    before = figures(**{USERS: [50, 60], LINES: [10, 20]})
    after, mask = shock(before, USERS, 80.0)
    pd.testing.assert_frame_equal(propagation.spread([unused], before, after, mask), after)


CHAIN = (
    elasticity(HEALTH, DOCTORS, 0.2, scales=("log", "log")),
    elasticity(GDP, HEALTH, 0.5, scales=("log", "log")),
)


def test_a_shock_travels_along_a_chain_whatever_the_order_of_the_links():
    before = figures(**{GDP: [1000, 2000], HEALTH: [100, 200], DOCTORS: [1, 2]})
    after, mask = shock(before, GDP, 1500.0, ["M0"])
    found = propagation.spread(CHAIN, before, after, mask)
    assert found.loc["M0"].tolist() == pytest.approx([1500, 100 * 1.5**0.5, 1.5**0.1])
    assert found.loc["M1"].equals(before.loc["M1"])
    pd.testing.assert_frame_equal(propagation.spread(CHAIN[::-1], before, after, mask), found)


def test_a_cell_the_user_set_stays_and_carries_its_own_change_on():
    before = figures(**{GDP: [1000, 1000], HEALTH: [100, 100], DOCTORS: [1, 1]})
    after, mask = shock(before, GDP, 1500.0)
    after.loc["M0", HEALTH], mask.loc["M0", HEALTH] = 80.0, True
    found = propagation.spread(CHAIN, before, after, mask)
    assert found.loc["M0"].tolist() == pytest.approx([1500, 80, 0.8**0.2])
    assert found.loc["M1", HEALTH] == pytest.approx(100 * 1.5**0.5)


def test_two_sources_of_one_target_add_up():
    links = (elasticity(USERS, LINES, 0.3), elasticity("RL.EST", LINES, 2.0))
    before = figures(**{USERS: [50], "RL.EST": [0.0], LINES: [10]})
    after, mask = shock(before, USERS, 60.0)
    after["RL.EST"], mask["RL.EST"] = 1.0, True
    assert propagation.spread(links, before, after, mask).loc["M0", LINES] == pytest.approx(15.0)


def test_values_stop_at_the_catalogs_bounds_and_the_cells_are_named():
    link = elasticity("EG.ELC.ACCS.ZS", USERS, 2.0)
    before = figures(**{"EG.ELC.ACCS.ZS": [50, 50, 50], USERS: [40, 90, np.nan]})
    after, mask = shock(before, "EG.ELC.ACCS.ZS", 70.0)
    found = propagation.spread([link], before, after, mask)
    assert found[USERS].tolist()[:2] == [80, 100] and np.isnan(found[USERS].iloc[2])
    assert propagation.at_bounds(after, found)[USERS].tolist() == [False, True, False]
    assert not propagation.at_bounds(after, found)["EG.ELC.ACCS.ZS"].any()


def test_noise_is_given_by_link_by_order_or_by_market():
    links = (elasticity(USERS, LINES, 0.3, 0.1), elasticity(GDP, HEALTH, 0.5, 0.1, ("log", "log")))
    before = figures(**{USERS: [50, 50], LINES: [10, 10], GDP: [1000, 1000], HEALTH: [100, 100]})
    after, mask = shock(before, USERS, 60.0)

    def lines(noise):
        return propagation.spread(links, before, after, mask, noise)[LINES].tolist()

    assert lines(None) == pytest.approx([13, 13])
    assert lines({(USERS, LINES): 1.0}) == lines(np.array([1.0, 0.0])) == pytest.approx([14, 14])
    assert lines({(USERS, LINES): np.array([1.0, -1.0])}) == pytest.approx([14, 12])
    assert lines(np.array([[1.0, -1.0], [0.0, 0.0]])) == pytest.approx([14, 12])
    with pytest.raises(PropagationError, match=r"Noise of shape \(3,\) fits neither 2 elasticities"):
        lines(np.zeros(3))


@settings(max_examples=40)
@given(st.lists(st.floats(0, 100), min_size=3, max_size=3), st.floats(-5, 5), st.floats(-3, 3))
def test_nothing_shocked_moves_nothing_and_results_stay_within_bounds(users, coefficient, noise):
    link = elasticity(USERS, LINES, coefficient, 0.5)
    before = figures(**{USERS: users, LINES: [1.0, 30.0, np.nan]})
    still, none = before.copy(), pd.DataFrame(False, before.index, before.columns)
    pd.testing.assert_frame_equal(propagation.spread([link], before, still, none, np.array([noise])), before)
    after, mask = shock(before, USERS, 100.0)
    copies = before.copy(), after.copy(), mask.copy()
    found = propagation.spread([link], before, after, mask, np.array([noise]))
    assert found[LINES].dropna().between(0, 150).all() and found[LINES].isna().tolist() == [False, False, True]
    for given_, copied in zip((before, after, mask), copies, strict=True):
        pd.testing.assert_frame_equal(given_, copied)


@settings(max_examples=10)
@given(st.floats(1e-3, 1e3))
def test_the_currency_does_not_change_an_elasticity(factor):
    rows = history(markets=20)
    other = rows.assign(value=rows["value"].where(rows["indicator"] != GDP, rows["value"] * factor))
    first, second = (propagation.estimate(some, INCOME, 2020)[0] for some in (rows, other))
    assert second.coefficient == pytest.approx(first.coefficient) and second.high == pytest.approx(first.high)


def test_links_in_a_circle_are_refused():
    links = (elasticity(USERS, LINES, 0.3), elasticity(LINES, USERS, 0.3))
    before = figures(**{USERS: [50], LINES: [10]})
    with pytest.raises(PropagationError, match=r"go in a circle: .* Take one of them out"):
        propagation.spread(links, before, *shock(before, USERS, 60.0))


def test_links_of_figures_that_are_not_there_are_passed_over():
    before = figures(**{USERS: [50], LINES: [10]})
    after, mask = shock(before, USERS, 60.0)
    pd.testing.assert_frame_equal(propagation.spread(CHAIN, before, after, mask), after)


def test_frames_that_do_not_match_are_refused():
    before = figures(**{USERS: [50, 60], LINES: [10, 20]})
    after, mask = shock(before, USERS, 60.0)
    with pytest.raises(PropagationError, match="differ in markets or codes"):
        propagation.spread([], before, after[[USERS]], mask)
    with pytest.raises(PropagationError, match="other markets than the figures"):
        propagation.spread([], before, after, mask.iloc[:1])


def test_a_history_without_its_columns_and_too_few_years_are_refused():
    with pytest.raises(PropagationError, match="The history lacks indicator"):
        propagation.estimate(history().drop(columns="indicator"), INCOME, 2020)
    with pytest.raises(PropagationError, match=r"2 years do not show .* at least 3"):
        propagation.estimate(history(), INCOME, 2020, years=2)
