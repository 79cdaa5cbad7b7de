"""What a plan is asked: derived figures by their formula, the unknown left out by name, files given back whole."""

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analytics.allocation import inputs as plan_inputs
from analytics.allocation import problem as allocation_problem
from analytics.allocation import request as plan_request
from analytics.allocation.inputs import Rules
from analytics.allocation.problem import CurrentAllocation, Lock
from analytics.allocation.request import PlanRequest
from analytics.index import recipe
from analytics.potential import panel
from analytics.scenario.document import Base, Scenario, Shock

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "allocation.json"
CODES = ["HOM", "AAA", "BBB", "CCC", "DDD"]
PLACES = pd.DataFrame(
    {
        "name": ["Home", "Aland", "Bland", "Cland", "Dland"],
        "region": ["North", "North", "South", "South", "South"],
        "timezone": ["Europe/Berlin", "Europe/Berlin", "Asia/Dubai", "Asia/Tokyo", "Asia/Tokyo"],
        "weekend": ["sat,sun", "sat,sun", "sat,sun", "sat,sun", None],
    },
    index=pd.Index(CODES, name="iso3"),
)
LANGUAGES = pd.DataFrame(
    [
        ("HOM", "de", 90.0, "official"),
        ("AAA", "de", 30.0, "official"),
        ("AAA", "fr", 80.0, None),
        ("BBB", "ar", 20.0, None),
        ("BBB", "en", 70.0, None),
        ("CCC", "ja", 95.0, "de_facto_official"),
        ("DDD", "ja", 95.0, "official"),
    ],
    columns=["iso3", "language", "population_pct", "official_status"],
)
PEOPLE = pd.Series({"HOM": 1e6, "AAA": 2e6, "BBB": 1e6, "CCC": 2e6})
GDP = pd.Series({"HOM": 50_000.0, "AAA": 50_000.0, "BBB": 5_000.0, "CCC": 1.0})
LAW = pd.Series({"HOM": 2.0, "AAA": 1.0, "BBB": 0.0, "CCC": -1.0, "DDD": -2.0})
FAR = pd.Series({"HOM": 0.0, "AAA": 0.5, "BBB": 1.0, "CCC": 1.5, "DDD": 2.0})
ESTIMATES = pd.DataFrame(
    {
        "actual": [100.0, 100.0, 50.0, np.nan],
        "predicted": [110.0, 130.0, 40.0, 60.0],
        "low": [90.0, 80.0, 30.0, 20.0],
        "high": [150.0, 200.0, 80.0, 90.0],
        "untapped": [10.0, 30.0, -10.0, np.nan],
        "untapped_usd": [10e6, 60e6, -10e6, np.nan],
    },
    index=pd.Index(["HOM", "AAA", "BBB", "CCC"], name="iso3"),
)
"""Populations of 1, 2 and 1 million."""


@pytest.fixture
def table() -> pd.DataFrame:
    return plan_inputs.market_table(PLACES, LANGUAGES, PEOPLE, GDP, LAW, FAR, "HOM", date(2026, 1, 15))


@pytest.fixture
def material(table) -> plan_inputs.PlanInputs:
    return plan_inputs.gather(table, [plan_inputs.offers("health", ESTIMATES)], "HOM")


def test_an_office_finds_native_speakers_of_what_many_people_speak_where_it_stands():
    found = plan_inputs.spoken(LANGUAGES, PEOPLE, 500_000)
    assert found.to_dict() == {"HOM": ("de",), "AAA": ("de", "fr"), "BBB": ("en",), "CCC": ("ja",), "DDD": ("ja",)}
    assert plan_inputs.spoken(LANGUAGES, PEOPLE, 5_000_000)["AAA"] == ("de",)  # nobody counts: the main one remains


def test_offices_need_native_speakers_unless_told_otherwise(material):
    asked = plan_request.complete(material, PlanRequest(2026))
    hubs = {hub.site: hub.languages for hub in plan_request.build(material, asked).hubs}
    assert hubs["AAA"] == ("de", "fr") and hubs["BBB"] == ("ar", "en")
    free = plan_request.build(material, replace(asked, any_language=True))
    assert {hub.languages for hub in free.hubs} == {None}
    held, again = plan_request.from_problem(plan_request.build(material, asked))
    assert {hub.site: hub.languages for hub in plan_request.build(held, again).hubs} == hubs


def test_the_official_language_goes_before_the_most_spoken_one():
    assert plan_inputs.main_languages(LANGUAGES).to_dict() == {
        "HOM": "de", "AAA": "de", "BBB": "en", "CCC": "ja", "DDD": "ja",
    }  # fmt: skip


def test_the_parts_of_friction_are_shares_from_home(table):
    assert table["distance"].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert table["law"].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert table["clock"].tolist() == [0.0, 0.0, 3 / 8, 1.0, 1.0]


def test_wages_entry_costs_and_friction_follow_the_stated_formulas(table):
    found = plan_inputs.derived(table, Rules())
    assert found.at["AAA", "wage_usd"] == 95_000
    assert found.at["BBB", "wage_usd"] == pytest.approx(95_000 * 0.1**0.45, abs=50)
    assert found.at["CCC", "wage_usd"] == 12_000  # the floor
    friction = 0.5 * 0.5 + 0.3 * 0.5 + 0.2 * 3 / 8
    assert found.at["BBB", "friction"] == pytest.approx(friction, abs=5e-4)
    entry = 250_000 * (1 + friction) + 3 * found.at["BBB", "wage_usd"]
    assert found.at["BBB", "entry_cost_usd"] == pytest.approx(entry, abs=700)
    assert (found["min_people"].unique(), found["max_people"].unique()) == ([2], [15])


def test_a_market_behind_a_closed_gate_or_where_one_is_already_is_barred_with_the_reason():
    barred = plan_inputs.barred(("healthcare",), "USA", ["CUB", "DEU", "JPN"], ("JPN", "CUB"))
    assert barred == {"CUB": "present", "JPN": "present"}
    assert plan_inputs.barred(("healthcare",), "USA", ["CUB", "DEU"], ()) == {"CUB": "gate"}
    assert plan_inputs.barred(("healthcare",), "DEU", ["CUB", "DEU"], ()) == {}


def test_market_facts_follow_what_a_scenario_moves():
    rows = pd.DataFrame(
        [(iso3, code, value) for code, figures in ((plan_inputs.INCOME, GDP), (plan_inputs.PEOPLE, PEOPLE),
                                                   (plan_inputs.LAW, LAW)) for iso3, value in figures.items()],
        columns=["iso3", "indicator", "value"],
    )  # fmt: skip
    on = date(2026, 1, 15)
    moved = (("AAA", plan_inputs.INCOME, 60_000.0),)
    before = plan_inputs.market_facts(PLACES, rows, LANGUAGES, FAR, "HOM", on)
    after = plan_inputs.market_facts(PLACES, rows, LANGUAGES, FAR, "HOM", on, moved)
    assert before["gdp_usd"].to_dict() == pytest.approx(GDP.reindex(CODES).to_dict(), nan_ok=True)
    assert after.at["AAA", "gdp_usd"] == 60_000.0
    assert after.drop(index="AAA").equals(before.drop(index="AAA"))


def test_of_a_scenario_a_plan_follows_figures_its_industry_has_and_the_exchange_rate():
    shocks = (Shock("indicator", "KNOWN", "add", 1.0), Shock("indicator", "OTHER", "add", 1.0),
              Shock.from_percent("exchange rate", "", 10.0))  # fmt: skip
    base = SimpleNamespace(figures=pd.DataFrame(columns=["KNOWN"]), recipe=SimpleNamespace(name="finance"))
    kept = plan_inputs.concerning(Scenario("s", Base("healthcare", 2020), shocks), base, 2024)
    assert [shock.target for shock in kept.shocks] == ["KNOWN", ""]
    assert (kept.base.recipe, kept.base.year) == ("finance", 2024)


def test_income_is_the_published_figure_or_gdp_over_population():
    figures = pd.DataFrame(
        [[5.0, 100.0, 10.0, 0.0], [np.nan, 100.0, 10.0, 0.0], [np.nan, np.nan, 10.0, 0.0]], columns=plan_inputs.CODES
    )
    assert plan_inputs.income(figures).tolist()[:2] == [5.0, 10.0]
    assert np.isnan(plan_inputs.income(figures).iloc[2])


def test_friction_is_the_mean_of_the_parts_that_are_known(table):
    found = plan_inputs.derived(table.assign(law=np.nan), Rules())
    assert found.at["BBB", "friction"] == pytest.approx((0.5 * 0.5 + 0.2 * 3 / 8) / 0.7, abs=5e-4)


def test_untapped_amounts_are_per_person_times_the_population_with_both_ends():
    rows, _left = plan_inputs.offers("health", ESTIMATES)
    told = rows.set_index("market")
    assert told.loc["AAA", ["untapped_usd", "low_usd", "high_usd"]].tolist() == [60e6, -40e6, 200e6]
    assert told.loc["BBB", ["untapped_usd", "low_usd", "high_usd"]].tolist() == [-10e6, -20e6, 30e6]


def test_an_estimate_outside_its_interval_still_lies_between_its_ends():
    odd = ESTIMATES.assign(low=[115.0, 80.0, 30.0, 20.0])
    row = plan_inputs.offers("health", odd)[0].set_index("market").loc["HOM"]
    assert row["low_usd"] == row["untapped_usd"] == 10e6


def test_what_has_no_amount_or_no_outcome_is_left_out_by_name(material):
    rows, left = plan_inputs.offers("green", ESTIMATES.assign(untapped_usd=np.nan))
    assert rows.empty
    assert left.to_dict("records") == [{"market": "", "industry": "green", "reason": "not an amount"}]
    assert material.left_out.to_dict("records") == [{"market": "CCC", "industry": "health", "reason": "outcome"}]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [({"gdp_usd": np.nan}, "income"), ({"language": None}, "language"), ({"gdp_usd": 0.0}, "income")],
)
def test_a_market_nothing_prices_is_left_out_with_the_reason(table, missing, reason):
    broken = table.copy()
    for name, value in missing.items():
        broken.loc["AAA", name] = value
    found = plan_inputs.gather(broken, [plan_inputs.offers("health", ESTIMATES)], "HOM")
    assert "AAA" not in set(found.offers["market"])
    assert ("AAA", reason) in set(zip(found.left_out["market"], found.left_out["reason"], strict=True))


def test_a_scenario_moves_the_potential_what_is_there_and_the_people():
    after = pd.DataFrame({"potential": [143.0], "potential_low": [90.0], "potential_high": [210.0]}, index=["AAA"])
    rows, _left = plan_inputs.offers(
        "health", ESTIMATES, after, pd.Series({"AAA": 1.1}), pd.Series({"AAA": 1.5, "HOM": 1.0})
    )
    told = rows.set_index("market")
    assert told.loc["AAA", ["untapped_usd", "low_usd", "high_usd"]].tolist() == pytest.approx([99e6, -60e6, 300e6])
    assert told.at["HOM", "untapped_usd"] == pytest.approx(10e6)


def test_growth_is_one_where_a_scenario_changes_nothing():
    chosen = recipe.load("healthcare")
    code = panel.target_of(chosen).measure.code
    before = pd.DataFrame({code: [100.0, 50.0, np.nan], panel.POPULATION: [1e6, 2e6, 3e6]}, index=["AAA", "BBB", "CCC"])
    after = before.copy()
    after.loc["AAA", code], after.loc["BBB", panel.POPULATION] = 120.0, 3e6
    outcome, people = plan_inputs.growth(chosen, before, after)
    assert outcome.to_dict() == pytest.approx({"AAA": 1.2, "BBB": 1.0, "CCC": 1.0})
    assert people.to_dict() == pytest.approx({"AAA": 1.0, "BBB": 1.5, "CCC": 1.0})


def test_without_a_choice_the_most_untapped_markets_are_taken_and_home_is_not(material):
    found = plan_request.complete(material, PlanRequest(2026))
    assert (found.industries, found.markets) == (("health",), ("AAA", "BBB"))
    by_rank = plan_request.complete(material, PlanRequest(2026, by="rank"), pd.Series({"BBB": 1, "AAA": 2}))
    assert by_rank.markets == ("BBB", "AAA")
    assert found.sites[0] == "HOM"
    assert set(found.sites) == {"HOM", "AAA", "BBB"}


def test_home_and_markets_of_today_are_open_and_own_figures_win(material):
    wish = replace(
        PlanRequest(2026, industries=("health",), markets=("AAA", "BBB", "HOM"), min_people=4),
        today=(CurrentAllocation("BBB", "health", 3),),
        own=(("AAA", "wage_usd", 70_000.0), ("AAA", "min_people", 1)),
    )
    found = plan_request.figures(material, wish)
    assert found.loc[["HOM", "AAA", "BBB"], "is_open"].tolist() == [True, False, True]
    assert (found.at["AAA", "wage_usd"], found.at["BBB", "wage_usd"]) == (70_000, 33_700)
    assert (found.at["AAA", "min_people"], found.at["BBB", "min_people"]) == (1, 4)


def test_what_is_not_in_the_plan_is_not_in_the_problem(material):
    wish = replace(
        plan_request.complete(material, PlanRequest(2026)),
        markets=("AAA", "CCC"),
        locks=(Lock("BBB", open=True), Lock("AAA", open=True), Lock("AAA", year=2031, people=2)),
        today=(CurrentAllocation("AAA", "other", 1),),
        region_limits=(("South", 1e6, None), ("North", 2e6, 5)),
        language_capacity=(("ja", 3),),
    )
    problem = plan_request.build(material, wish)
    allocation_problem.check(problem)
    assert [market.market for market in problem.markets] == ["AAA"]
    assert problem.locks == (Lock("AAA", open=True),)
    assert (problem.today, list(problem.region_limits), dict(problem.language_capacity)) == ((), ["North"], {})


def test_an_office_costs_its_rule_and_may_stand_where_nothing_is_sold(material):
    problem = plan_request.build(material, replace(plan_request.complete(material, PlanRequest(2026)), sites=("HOM",)))
    (hub,) = problem.hubs
    assert (hub.site, hub.cost_usd, hub.min_overlap_hours) == ("HOM", 195_000, 3.0)


def test_a_problem_from_a_file_is_given_back_whole():
    problem = allocation_problem.read(EXAMPLE.read_text("utf-8"))
    material, wish = plan_request.from_problem(problem)
    built = plan_request.build(material, wish, problem.time_limit_s)
    assert {f.name for f in fields(problem) if getattr(problem, f.name) != getattr(built, f.name)} == set()


def test_a_built_problem_survives_its_file(material):
    wish = plan_request.complete(material, PlanRequest(2026, name="Ours"))
    problem = plan_request.build(material, wish)
    text = allocation_problem.to_json(problem)
    again = plan_request.build(*plan_request.from_problem(allocation_problem.read(text)), problem.time_limit_s)
    assert allocation_problem.to_json(again) == text


def test_more_years_go_on_as_the_last_one():
    wish = replace(PlanRequest(2026), budget_usd=(1.0, 2.0), people=(3, 4))
    assert wish.lasting(4).budget_usd == (1.0, 2.0, 2.0, 2.0)
    assert wish.lasting(1).people == (3,)
