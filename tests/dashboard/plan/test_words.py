"""Plans in words: the finding, the price of each limit, why there is none; and their charts and board."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from analytics.allocation import constraints, solution
from analytics.allocation import inputs as plan_inputs
from analytics.allocation import limits as allocation_limits
from analytics.allocation import problem as allocation_problem
from analytics.allocation.baselines import Note
from analytics.allocation.hubs import UNSERVED, Unserved
from analytics.allocation.infeasibility import Conflict, Infeasible, Repair
from analytics.allocation.limits import Limit, Violation
from analytics.allocation.problem import Bound, Hub, Lock
from dashboard import theme
from dashboard.board.content import Board
from dashboard.charts import plans
from dashboard.plan import board as plan_board
from dashboard.plan import words as plan_words
from dashboard.plan.words import Names

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "allocation.json"
NAMES = Names({"DEU": "Germany", "BRA": "Brazil", "ARE": "the Emirates", "JPN": "Japan", "SGP": "Singapore"})
LOOKS = (theme.LIGHT, theme.DARK)
MOVED = (
    Violation(Limit("budget"), 2026, 5000.0, 4000.0),
    Violation(Limit("most people", "DEU", people=5), 2027, 9.0, 5.0),
    Violation(Limit("lock", "JPN", people=2), 2027, 1.0, 2.0),
)


@pytest.fixture(scope="module")
def problem():
    return allocation_problem.read(EXAMPLE.read_text("utf-8"))


@pytest.fixture(scope="module")
def found(problem) -> solution.Answer:
    return solution.answer(problem)


@pytest.fixture
def spoken(speak, monkeypatch):
    speak("en")
    monkeypatch.setattr("dashboard.load.region_names", lambda: {"Europe": "Europe"})


def test_the_headline_says_people_markets_gain_with_its_interval_and_the_first_market(found, spoken):
    told = plan_words.headline(found, NAMES)
    assert re.fullmatch(
        r"\d+ people in 3 countries, \w+ first: may reach [\d.]+–[\d.]+ million US\$ of untapped spending over 3 years",
        told,
    )
    assert solution.gained(found.plan).index[0] == "DEU"
    assert ", Germany first: " in told


@pytest.mark.parametrize(("chance", "said"), [(0.38, "A simple rule does as well"), (0.73, "Better than the best")])
def test_a_plan_that_wins_less_than_half_the_draws_is_not_praised(found, spoken, chance, said):
    table = found.comparison.table.copy()
    table["p_plan_beats"] = table["p_plan_beats"].where(table["p_plan_beats"].isna(), chance)
    table["p_equal"] = table["p_equal"].where(table["p_equal"].isna(), 0.02)
    told = plan_words.verdict(replace(found, comparison=replace(found.comparison, table=table)))
    assert told.startswith(said)
    assert ("60 %" in told) == (chance < 0.5)  # two of a hundred draws are ties


def test_a_simple_rule_that_finds_the_same_plan_is_not_said_to_be_better(found, spoken):
    table = found.comparison.table.assign(p_plan_beats=0.0, p_equal=1.0)
    told = plan_words.verdict(replace(found, comparison=replace(found.comparison, table=table)))
    assert told.startswith("A simple rule finds the same") and "100 %" in told and "better" not in told
    assert plan_words.wins(table.loc["greedy"]) == "the same"


def test_the_interval_holds_the_mean_and_bad_cases_lie_below_it(found):
    assert found.low_usd < found.cvar_usd < found.mean_usd < found.high_usd


def test_a_plan_of_nobody_says_so(problem, spoken):
    nobody = solution.answer(replace(problem, budget_usd=(0.0,) * 3, locks=()))
    assert "nobody is sent anywhere" in plan_words.headline(nobody, NAMES)


def test_what_binds_is_told_with_its_price_and_what_to_raise_first(found, spoken):
    told = plan_words.binding(found, NAMES)
    assert re.fullmatch(
        r"The budget is the bottleneck in 2026–2028: one more US\$ would add [\d.]+–[\d.]+ US\$\.", told[0]
    )
    assert told[-1].startswith("Start with the budget: 10 % more adds about ")


def test_a_tenth_more_is_the_sum_over_the_years_of_price_times_a_tenth(found):
    first = solution.prices(found.plan).iloc[0]
    limits = found.plan.limits[found.plan.limits["limit"] == first["limit"]]
    assert first["worth"] == pytest.approx((limits["shadow_price"] * limits["available"]).sum() / 10)


def test_every_limit_the_solver_knows_has_words(problem, spoken):
    whole = replace(
        problem,
        hubs=(*problem.hubs[:2], Hub("SGP", "Asia/Singapore", 1.0, 3.0, open=False)),
        locks=(
            Lock("DEU", open=True), Lock("BRA", open=False), Lock("JPN", people=5), Lock("ARE", budget_usd=4e5),
            Lock("JPN", "fintech", 2027, people=2),
        ),
        bounds=(
            Bound("DEU", min_people=1, max_people=9), Bound("DEU", "fintech", min_budget_usd=1.0, max_budget_usd=9e6),
        ),
        region_limits={"Europe": allocation_problem.RegionLimit(3e6, 20)},
    )  # fmt: skip
    limits = {row.limit for row in constraints.system(whole).limits}
    assert len(limits) > 20
    limits |= {Limit(kind, "DEU", people=9) for kind in allocation_limits.NAMES}
    words = {limit: plan_words.limit(limit, NAMES) for limit in limits}
    assert {limit for limit, said in words.items() if not said or said == str(limit)} == set()
    assert words[Limit("lock", "JPN", "fintech", people=2)] == "Japan, fintech locked at 2 people"
    assert (
        words[Limit("bound", "DEU", "fintech", budget_usd=9e6, edge="most")]
        == "at most 9 million US$ in Germany, fintech"
    )
    assert words[Limit("most people", "DEU", people=9)] == "the most people in Germany (9)"


@pytest.mark.parametrize(
    ("limit", "name"),
    [
        (Limit("lock", "DEU", people=15), "lock DEU people=15"),
        (Limit("lock", "DEU", "health", budget_usd=1_500_000.0), "lock DEU health budget_usd=1,500,000"),
        (Limit("lock", "DEU", open=False), "lock DEU open=false"),
        (Limit("bound", "DEU", people=3, edge="least"), "bound DEU people at least 3"),
        (Limit("hub lock", "SGP", open=True), "lock of hub SGP open"),
        (Limit("people"), "people limit"),
        (Limit("region budget", region="Europe"), "budget of region Europe"),
    ],
)
def test_a_limit_is_data_and_keeps_its_name_in_files(limit, name):
    assert str(limit) == name
    assert limit == replace(limit) and len({limit, replace(limit)}) == 1


def test_every_reason_why_a_market_is_not_served_has_words(spoken):
    assert plan_words.unserved(Unserved("later", 2027)) == "opens in 2027"
    assert all(plan_words.unserved(Unserved(kind, 2027)) for kind in UNSERVED)


def test_conflicts_and_repairs_are_said_again_in_whole_sentences(problem, spoken):
    tight = replace(problem, budget_usd=(4e5,) * 3, locks=(Lock("DEU", people=10), Lock("JPN", open=True)), today=())
    refusal = solution.answer(tight)
    assert isinstance(refusal, solution.Refusal)
    told = plan_words.conflicts(refusal.reason, NAMES)
    assert any(
        "Germany locked at 10 people" in sentence and "the budget allows 400,000" in sentence for sentence in told
    )
    assert all(
        re.search(r"US\$ more|people fewer|given up|add a site", each)
        for each in plan_words.repairs(refusal.reason, NAMES)
    )


def test_a_market_without_an_office_is_told_with_its_remedy(spoken):
    office = Limit("hub", "JPN")
    reason = Infeasible(
        (Conflict((office, Limit("lock", "JPN", open=True)), (2026,)),),
        (Repair(office, 2026, 1.0, "markets"),),
        False,
    )
    assert plan_words.conflicts(reason, NAMES) == [
        "2026: Japan locked open needs an office within working hours of Japan, but no candidate site that may open "
        "offers it.",
        "There may be more: the search for them was cut short.",
    ]
    [repair] = plan_words.repairs(reason, NAMES)
    assert repair == "An office within working hours of Japan, 2026: add a site, or ask for fewer shared hours."


def test_a_search_for_conflicts_that_was_cut_is_told(spoken):
    budget = Limit("budget")
    reason = Infeasible((Conflict((budget,), (2026,), cut=True),), (Repair(budget, 2026, 1e5, "USD"),), True, 0.05)
    assert plan_words.conflicts(reason, NAMES)[-1] == (
        "The search was cut short: fewer limits than these may conflict already."
    )
    assert plan_words.repairs(reason, NAMES)[-1] == (
        "The search was cut short: less than this may do. It may be up to 5 % below the best."
    )
    nothing = Infeasible((), (), False, float("nan"))
    assert plan_words.conflicts(nothing, NAMES) == ["Which limits conflict was not found in the time allowed."]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (Note("as given"), "As given."),
        (Note("none"), "None was found that keeps the limits."),
        (Note("cut", gap=0.2), "None was found in the time allowed."),
        (
            Note("greedy", gap=0.2),
            "Adds one person or market at a time, whichever gains most per US$. The search for it was cut short. It "
            "may be up to 20 % below the best.",
        ),
        (
            Note("as given", gap=float("nan")),
            "As given. The search for it was cut short. How far it is from the best is not known.",
        ),
        (Note("proportional", 8), "Split among the 8 largest markets, within the limits."),
        (
            Note("moved", broken=MOVED),
            "Adjusted as little as needed to meet: the budget 2026, the most people in Germany 2027 and Japan locked "
            "at 2 people 2027.",
        ),
    ],
)
def test_how_todays_plan_was_moved_is_said(note, said, spoken):
    assert plan_words.rival_note(note, NAMES) == said


def test_how_todays_plan_was_moved_is_written_to_files_as_before():
    assert str(Note("moved", broken=MOVED)) == (
        "moved to keep: budget 2026: 5,000.00 is more than 4,000.00; max_people of DEU 2027: 9.00 is more than 5.00; "
        "lock JPN people 2027: 1.00 is less than 2.00"
    )


def test_what_a_scenario_moves_is_one_sentence(found, problem, spoken):
    rows = tuple(
        replace(row, untapped_usd=row.untapped_usd / 3, low_usd=row.low_usd / 3, high_usd=row.high_usd / 3)
        if row.market == "JPN"
        else row
        for row in problem.opportunities
    )
    other = solution.answer(replace(problem, opportunities=rows))
    told = plan_words.against(found, other, "Japan shrinks", NAMES)
    assert re.match(r"Under “Japan shrinks” the best plan wins [\d.]+ million US\$ instead of [\d.]+ million \(-", told)
    assert "Japan 12 → " in told


def test_intervals_name_their_unit_once(spoken):
    assert plan_words.between(1.4e7, 2.96e7) == "14–29.6 million"
    assert plan_words.between(0.0, 3e8) == "0–300 million"
    assert plan_words.between(5e5, 3e6) == "0.5–3 million"
    assert plan_words.between(152_000, 9.07e7) == "0.15–90.7 million"
    assert plan_words.between(300, 5_000) == "300–5,000"


# ------------------------------------------------------------------ sums, charts, board


def test_the_bars_add_up_to_the_years_costs_and_people(found):
    spent, staffed = solution.spent(found.plan), solution.staffed(found.plan)
    years = found.plan.years.set_index("year")
    costs = years[["wages_usd", "programme_usd", "entry_usd", "hubs_usd"]].sum(axis=1)
    assert spent.sum().to_numpy() == pytest.approx(costs.to_numpy())
    assert staffed.sum().to_numpy() == pytest.approx(years["people"].to_numpy())
    assert solution.spent(found.plan, "industry").sum().to_numpy() == pytest.approx(costs.to_numpy())


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_stacked_bars_name_large_pieces_in_place_and_the_small_in_a_legend(look):
    table = pd.DataFrame({2026: [5.0, 0.1], 2027: [6.0, 0.2]}, index=["DEU", "hubs"])
    hover = {key: ["a", "b"] for key in table.index}
    figure = plans.stacked(
        table,
        {"DEU": "Germany", "hubs": "Offices"},
        plans.colours(["DEU", "hubs"], "hubs"),
        look,
        "US$",
        hover,
        "others",
    )
    go.Figure(figure)
    assert [trace["text"] for trace in figure["data"]] == [["Germany", "Germany"], ["", ""]]
    assert [trace["showlegend"] for trace in figure["data"]] == [False, True]
    assert figure["layout"]["yaxis"]["title"]["text"] == "US$"


def test_more_series_than_colours_become_one():
    table = pd.DataFrame({2026: range(10, 0, -1)}, index=list("abcdefghij"))
    hover = {key: [key] for key in table.index}
    titles = dict(zip(table.index, table.index, strict=True))
    figure = plans.stacked(table, titles, plans.colours(list(table.index)), theme.LIGHT, "US$", hover, "others")
    assert len(figure["data"]) == plans.MAX_SERIES + 1
    assert (figure["data"][-1]["name"], figure["data"][-1]["y"]) == ("others", [6.0])
    assert figure["data"][-1]["hovertext"] == ["h<br>i<br>j"]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_frontier_marks_this_plan_and_joins_positions_with_one_plan(look):
    table = pd.DataFrame({"risk": [0.0, 0.5, 1.0], "cvar_usd": [1.0, 1.0, 2.0], "mean_usd": [5.0, 5.0, 4.0]})
    figure = plans.frontier(table, (1.0, 5.0), look, ("bad", "mean"), "this plan", ["dial 0", "dial 0.5", "dial 1"])
    go.Figure(figure)
    assert figure["data"][0]["text"] == ["", "dial 0, dial 0.5", "dial 1"]
    assert (figure["data"][1]["x"], figure["data"][1]["y"]) == ([1.0], [5.0])


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_map_links_offices_with_markets_and_marks_the_unserved(found, look):
    places = pd.DataFrame(
        {"latitude": [52.5, -15.8, 24.5, 35.7], "longitude": [13.4, -47.9, 54.4, 139.7]},
        index=["DEU", "BRA", "ARE", "JPN"],
    )
    placed = found.layout
    labels = {"office": "Office", "served": "Served", "unserved": "Not served"}
    hover = {"BRA": "why not"}
    figure = plans.offices(
        placed.hubs,
        placed.links,
        placed.unserved,
        hover,
        dict(NAMES.known),
        places,
        frozenset(places.index),
        look,
        labels,
    )
    go.Figure(figure)
    lines = [trace for trace in figure["data"] if trace.get("mode") == "lines"]
    assert len(lines) == len(placed.links[placed.links["market"] != placed.links["hub"]])
    crosses = figure["data"][-1]
    assert (crosses["name"], crosses["hovertext"]) == ("Not served", ["why not"])


def test_a_map_of_no_office_is_still_a_map():
    empty = pd.DataFrame(columns=["site", "staff", "market", "hub", "people"])
    places = pd.DataFrame({"latitude": [1.0], "longitude": [2.0]}, index=["DEU"])
    labels = {"office": "Office", "served": "Served", "unserved": "Not served"}
    go.Figure(plans.offices(empty, empty, empty, {}, {}, places, frozenset({"DEU"}), theme.LIGHT, labels))


def test_the_board_has_a_finding_a_slide_and_the_problem_is_told(found, spoken):
    made = plan_board.plan_board(found.problem, found.plan, found.comparison, found.layout, NAMES, "Ours")
    assert isinstance(made, Board)
    assert made.title == "Plan: Ours"
    assert made.slides[0].title == plan_words.headline(found, NAMES)
    assert len(made.slides) == 6
    assert all(slide.footnote for slide in made.slides)
    assert any("Germany: person and year" in sentence for part in made.appendix for sentence in part.sentences)


def test_the_rules_beside_the_formulas_are_those_of_the_file():
    assert plan_inputs.Rules() == plan_inputs.Rules(**plan_inputs.defaults()["rules"])
