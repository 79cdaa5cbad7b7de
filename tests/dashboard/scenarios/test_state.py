"""The scenario a reader works on: from the address, in the session, undone, and back in the address."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from analytics.scenario import document as scenarios
from analytics.scenario.document import Base, Scenario, Shock, Uncertain
from dashboard import load, widgets
from dashboard.filters import MarketFilters
from dashboard.scenarios import state
from data import store

CHOICE = MarketFilters("general", 2023)
USERS = Shock("indicator", "IT.NET.USER.ZS", "set", 75.0, ("IND",))
LINKED = Scenario("Linked", Base("healthcare", 2022), (USERS,))


@pytest.fixture
def browser(home, monkeypatch, speak) -> SimpleNamespace:
    """A session and an address of its own, on the embedded facts."""
    speak("en")
    monkeypatch.setattr(load, "years", lambda recipe_name: (2023, 2022, 2021))
    made = SimpleNamespace(session_state={}, query_params={})
    for module in (state, widgets):
        monkeypatch.setattr(module, "st", made)
    return made


def work_on(*shocks: Shock) -> Scenario:
    """Changes made one after the other by hand, from a fresh scenario."""
    state.current(CHOICE)
    for shock in shocks:
        state.change(state.now().with_shock(shock))
    return state.now()


# ------------------------------------------------------------------ the first one, and changes


def test_the_first_scenario_assumes_nothing_and_stands_on_the_newest_figures(browser):
    first = state.current(CHOICE)
    assert state.is_plain(first) and not state.can_undo()
    assert first == Scenario("My scenario", Base("general", 2023, snapshot=load.snapshots()["id"].iloc[0]))


def test_anything_assumed_is_no_longer_plain():
    nothing = replace(LINKED, shocks=())
    doubt = Uncertain("A", "add", "normal", {"mean": 0, "sd": 1})
    assert state.is_plain(nothing)
    for assumed in (LINKED, replace(nothing, horizon=3), replace(nothing, uncertain=(doubt,))):
        assert not state.is_plain(assumed)


def test_a_change_of_the_filters_moves_the_scenario_along_and_keeps_what_is_assumed(browser):
    work_on(USERS)
    moved = state.current(MarketFilters("finance", 2021))
    assert (moved.base.recipe, moved.base.year, moved.shocks) == ("finance", 2021, (USERS,))
    assert state.now() == moved


def test_a_slider_keeps_its_place_and_other_changes_start_the_sliders_anew(browser):
    work_on()
    state.change(state.now().with_shock(USERS), by_slider=True)
    assert state.turn() == 0
    state.change(state.now().with_shock(replace(USERS, value=80.0)))
    assert state.turn() == 1
    state.undo()
    assert state.turn() == 2


def test_a_change_to_the_same_is_none(browser):
    now = work_on(USERS)
    before = browser.session_state[state.KEY]
    state.change(now)
    assert browser.session_state[state.KEY] is before


# ------------------------------------------------------------------ undo


def test_every_change_is_undone_in_turn(browser):
    first = work_on()
    second = work_on(USERS)
    third = work_on(Shock("weight", "digital", "set", 2.0))
    assert state.now() == third
    seen = []
    while state.can_undo():
        state.undo()
        seen.append(state.now())
    assert seen == [second, first]
    state.undo()
    assert state.now() == first


def test_only_the_last_fifty_changes_can_be_undone(browser):
    work_on(*(replace(USERS, value=float(n)) for n in range(70)))
    count = 0
    while state.can_undo():
        state.undo()
        count += 1
    assert count == state.STEPS == 50
    assert state.now().shocks[0].value == 19.0


def test_undoing_to_another_industry_takes_the_filters_along(browser):
    work_on(USERS)
    state.start(LINKED)
    assert (browser.session_state["recipe"], browser.session_state["year"]) == ("healthcare", 2022)
    state.undo()
    assert state.now().shocks == (USERS,)
    assert (browser.session_state["recipe"], browser.session_state["year"]) == ("general", 2023)


# ------------------------------------------------------------------ the address


def test_a_scenario_in_the_address_wins_over_the_sessions_and_can_be_undone(browser):
    mine = work_on(USERS)
    browser.query_params["scenario"] = scenarios.to_link(LINKED)
    assert state.take_address() is None
    assert state.now() == LINKED
    assert (browser.session_state["recipe"], browser.session_state["year"]) == ("healthcare", 2022)
    state.undo()
    assert state.now() == mine


def test_what_was_published_is_not_taken_for_a_link_that_was_opened(browser):
    now = work_on(USERS)
    assert state.publish(now) is None
    assert scenarios.from_link(browser.query_params["scenario"]) == now
    state.change(now.with_shock(Shock("weight", "digital", "set", 2.0)))
    assert state.take_address() is None
    assert len(state.now().shocks) == 2


def test_a_scenario_opened_from_elsewhere_wins_over_the_one_still_in_the_address(browser):
    state.publish(work_on(USERS))
    state.start(LINKED)
    assert state.take_address() is None
    assert state.now() == LINKED


def test_a_plain_scenario_leaves_the_address_empty(browser):
    now = work_on(USERS)
    state.publish(now)
    state.change(replace(now, shocks=()))
    state.publish(state.now())
    assert "scenario" not in browser.query_params


def test_a_scenario_too_long_for_the_address_says_so_and_leaves_no_half_of_it(browser):
    state.publish(work_on(USERS))
    long = replace(state.now(), shocks=tuple(Shock("indicator", f"A{n * 7919}", "set", n / 7) for n in range(900)))
    state.change(long)
    assert "too long for a link" in state.publish(long)
    assert "scenario" not in browser.query_params
    assert state.take_address() is None and state.now() == long


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("damaged", "The link is damaged"),
        ("A" * 100_000, "The link is 100,000 characters long"),
        (scenarios.to_link(LINKED)[:-6], "only a part of one"),
        (scenarios.to_link(replace(LINKED, base=Base("astrology", 2022))), "There is no industry astrology here."),
    ],
)
def test_a_link_that_cannot_be_used_is_explained_and_changes_nothing(browser, text, reason):
    mine = work_on(USERS)
    browser.query_params["scenario"] = text
    assert reason in state.take_address()
    assert state.now() == mine
    state.publish(mine)
    assert browser.query_params["scenario"] == scenarios.to_link(mine)


def test_a_link_to_a_year_without_figures_says_so(browser):
    browser.query_params["scenario"] = scenarios.to_link(replace(LINKED, base=Base("healthcare", 1990)))
    assert "uses 1990, for which this store has no data" in state.take_address()
    assert state.now().shocks == LINKED.shocks


# ------------------------------------------------------------------ the state of the store


def arrive(day: int) -> str:
    """A figure that comes later; the id of its arrival."""
    snapshot = store.Snapshot("ours", datetime(2026, 12, day, tzinfo=UTC), f"{day:08d}", "CC0")
    row = {"iso3": "IND", "indicator": "IT.NET.USER.ZS", "year": 2020, "value": float(day), "source": "ours"}
    with store.writing() as connection:
        connection.register("arrived", pd.DataFrame([row | {"snapshot": snapshot.id}]))
        connection.execute("CREATE TEMP TABLE incoming AS SELECT * FROM arrived")
        store.merge(connection, snapshot)
    return snapshot.id


def on(snapshot: str) -> state.Standing:
    return state.standing(replace(LINKED, base=Base("healthcare", 2022, snapshot=snapshot)))


def test_a_scenario_stands_on_the_store_as_it_was_when_it_was_made(browser):
    first, second = arrive(1), arrive(2)
    assert on(first) == state.Standing(second, False)
    assert on(second) == on("") == state.Standing(None, False)
    assert state.fresh(CHOICE).base.snapshot == second


def test_a_snapshot_that_never_arrived_here_is_gone(browser):
    assert on("20200101T000000Z-aaaaaaaa") == state.Standing(None, True)
