"""The Plan page: asks before it takes long, plans, follows a scenario, says why there is no plan, opens files."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from analytics.allocation import problem as allocation_problem
from analytics.allocation import request as plan_request
from analytics.allocation.problem import Lock
from analytics.potential import fit as potential
from analytics.scenario.document import Base, Scenario, Shock
from dashboard import load
from dashboard.plan import state
from dashboard.scenarios import state as scenario_state
from data import shelf

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "allocation.json"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Two learners, and nothing remembered of another test: what the page shows does not depend on how many compete."""
    from analytics.potential import learners

    monkeypatch.setattr(learners, "NAMES", ("least squares", "ridge"))
    load.plans._estimated.clear()
    for function in (load.plan_material, load.plans._shared_answer, load.plans._shared_frontier):
        function.forget()


@pytest.fixture
def opened(full_home, open_page):
    def page(**address: str):
        app = open_page("plan", recipe="healthcare", **address)
        app.button(key="plan_estimate").click().run(timeout=240)
        assert not app.exception, app.exception[0].message
        return app

    return page


@pytest.fixture
def example(home, open_page):
    app = open_page("plan", recipe="healthcare")
    app.button(key="plan_example_page").click().run()
    assert not app.exception, app.exception[0].message
    return app


def wish_of(app):
    return app.session_state[state.KEY].now.wish


def set_wish(app, **fields):
    kept = app.session_state[state.KEY]
    app.session_state[state.KEY] = replace(kept, now=replace(kept.now, wish=replace(kept.now.wish, **fields)))
    app.run()
    assert not app.exception, app.exception[0].message


def test_what_takes_long_is_asked_for_with_one_button(full_home, open_page):
    app = open_page("plan", recipe="healthcare")
    assert app.title[0].value == "Where should money and people go?"
    assert app.button(key="plan_estimate").label == "Estimate the potential of Healthcare"
    assert not app.metric


def test_the_number_of_countries_limits_the_plan_and_stands_in_the_address(opened):
    app = opened()
    app.number_input(key="plan_most").set_value(2).run(timeout=240)
    assert not app.exception
    assert wish_of(app).max_markets == 2
    assert int(re.search(r"in (\d+) countr", app.title[0].value)[1]) <= 2
    linked = plan_request.with_link(plan_request.PlanRequest(wish_of(app).base_year), app.query_params["limits"])
    assert linked.max_markets == 2


def test_a_link_brings_every_limit_back(opened):
    asked = plan_request.PlanRequest(
        2026, max_people=5, max_markets=3, total_usd=2e6, free_sites=True, any_language=True
    )
    wish = wish_of(opened(limits=plan_request.to_link(asked)))
    assert (wish.max_people, wish.max_markets, wish.total_usd) == (5, 3, 2e6)
    assert wish.free_sites and wish.any_language


def test_a_damaged_link_says_so_and_the_page_works(full_home, open_page):
    app = open_page("plan", recipe="healthcare", limits="nonsense")
    assert any("The link is damaged" in error.value for error in app.error)


def test_the_plan_opens_with_its_finding_figures_and_bars(opened):
    app = opened()
    assert re.match(r"\d+ people in \d+ countr(y|ies), .+ first: may reach .+ over 3 years", app.title[0].value)
    assert [metric.label for metric in app.metric][:3] == [
        "Untapped spending reached, US$", "Worst 20 % of cases, US$", "Distance from the optimum, at most",
    ]  # fmt: skip
    bars = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert bars["layout"]["barmode"] == "stack"
    assert any("is the bottleneck in" in text.value for text in app.markdown)


def test_less_money_wins_less_and_can_be_undone(opened):
    app = opened(budget="4000000,4000000", people="20,20", into="DEU,JPN,FRA")
    before = app.title[0].value
    app.slider(key="slide_budget_0").set_value(1.0).run()
    assert not app.exception
    assert wish_of(app).budget_usd == (1e6, 1e6)
    assert app.number_input(key="type_budget_0").value == 1.0
    assert app.query_params["budget"] == "1000000,1000000"
    assert app.title[0].value != before
    app.button(key="plan_undo").click().run()
    assert app.title[0].value == before


def test_a_typed_number_goes_beyond_the_slider(opened):
    app = opened(budget="4000000", people="20", into="DEU,JPN,FRA")
    app.number_input(key="type_people_0").set_value(500).run()
    assert not app.exception
    assert wish_of(app).people == (500,)
    assert app.slider(key="slide_people_0").value == 500


def test_figures_in_the_address_are_taken_and_nonsense_is_not(opened):
    app = opened(budget="2000000,x", people="9,8", risk="0.5", into="DEU,JPN,NOPE")
    wish = wish_of(app)
    assert (wish.people[:2], wish.risk, wish.markets) == ((9, 8), 0.5, ("DEU", "JPN"))
    assert wish.budget_usd[0] == 5e6


def test_an_industry_without_money_per_person_is_left_out_with_a_sentence(full_home, open_page, text_of):
    app = open_page("plan", recipe="environment")
    app.button(key="plan_estimate").click().run(timeout=240)
    assert app.title[0].value == "There is nothing to plan with yet"
    assert any("Environment has no outcome in money per person" in text for text in text_of(app))


def test_a_store_without_figures_offers_a_file_and_the_worked_example(home, open_page):
    app = open_page("plan", recipe="healthcare")
    app.button(key="plan_estimate").click().run()
    assert app.title[0].value == "There is nothing to plan with yet"
    assert app.info[0].value.startswith("Healthcare is left out: ")
    assert app.button(key="plan_example_page")


def test_a_scenario_moves_the_plan_and_says_how(opened):
    app = opened(into="DEU,JPN,FRA", budget="3000000", people="20")
    plain = app.title[0].value
    first = app.session_state[state.KEY].now.wish.markets[0]
    shock = Shock("indicator", "SH.XPD.CHEX.PC.CD", "scale", 3.0, (first,))
    year = load.default_year("healthcare")
    app.session_state[scenario_state.KEY] = scenario_state.Kept(
        Scenario("Saturated", Base("healthcare", year), (shock,))
    )
    app.run()
    assert not app.exception, app.exception[0].message
    assert app.toggle(key="plan_scenario").value
    assert "Under “Saturated” the best plan wins" in app.info[0].value
    app.toggle(key="plan_scenario").set_value(False).run()
    assert app.title[0].value == plain


def test_limits_that_conflict_are_named_with_what_would_have_to_give(example):
    set_wish(example, budget_usd=(400_000.0,) * 3, locks=(Lock("DEU", people=10),), today=())
    assert example.title[0].value == "No plan keeps all limits"
    assert "Germany locked at 10 people" in example.error[0].value
    assert any("more." in text.value or "fewer." in text.value for text in example.markdown)
    example.button(key="plan_reset").click().run()
    assert ", Germany first: " in example.title[0].value


def test_locks_that_contradict_each_other_are_refused_with_their_place(example):
    set_wish(example, locks=(Lock("DEU", open=True), Lock("DEU", open=False)))
    assert example.title[0].value == "These limits do not fit together"
    assert "locks[0] and locks[1]" in example.error[0].value.replace("\\", "")


def test_the_worked_example_shows_todays_plan_and_can_be_left_again(example):
    assert example.metric[3].label == "Better than today's plan"
    assert "This plan uses the amounts in its file" in example.info[0].value
    table = next(frame.value for frame in example.table if "This plan wins in" in frame.value.index)
    assert list(table.columns)[-1] == "Today's plan"
    example.button(key="plan_atlas").click().run()
    assert example.title[0].value == "Where should money and people go?"


def of_problem(text: str) -> tuple:
    return plan_request.from_problem(allocation_problem.read(text))


def test_a_saved_plan_gives_the_same_plan_again(example):
    before = example.title[0].value
    text = state.file_of(state.problem(*of_problem(example.session_state[state.KEY].now.file)), "Kept")
    shelf.save("plans", "Kept", text)
    plan_wish = of_problem(text)[1]
    assert plan_wish.name == "Kept"
    set_wish(example, risk=1.0)
    example.session_state[state.KEY] = state.Kept(state.Draft(plan_wish, text))
    example.run()
    assert example.title[0].value == before


@pytest.mark.parametrize("text", ["no json", '{"version": 1}', '{"version": 7}'])
def test_a_bad_file_is_refused_and_what_is_there_stays(text, home):
    from analytics.json_documents import DocumentError

    with pytest.raises(DocumentError):
        state.open_text(text)


def test_the_frontier_is_worked_out_on_request(example):
    example.button(key="plan_frontier").click().run()
    assert not example.exception
    drawn = [json.loads(chart.proto.spec) for chart in example.get("plotly_chart")]
    titles = [figure["layout"].get("xaxis", {}).get("title", {}).get("text", "") for figure in drawn]
    assert any(title.startswith("In bad cases") for title in titles)


def test_a_plan_from_a_readers_file_is_kept_with_the_reader_alone(example):
    example.button(key="plan_frontier").click().run()
    assert len(load.plans._shared_answer) == len(load.plans._shared_frontier) == 0


def test_a_potential_that_fails_is_known_to_have_been_asked_for(full_home, monkeypatch):
    def broken(*arguments):
        raise potential.PotentialError("no outcome")

    monkeypatch.setattr(load.plans, "potential", broken)
    load.plan_potential("healthcare", 2023)
    assert load.plan_missing(("healthcare", "finance"), 2023) == ("finance",)
    material = load.plan_material(("healthcare",), 2023, "USA", None)
    assert isinstance(material.left_out, pd.DataFrame)
    assert [str(reason) for reason in material.left_out["reason"]] == ["no outcome"]
