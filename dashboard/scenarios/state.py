"""The scenario a reader works on: in the session with what can be undone, and in the address."""

from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st

from analytics.index import recipe
from analytics.json_documents import DocumentError
from analytics.scenario import document as scenarios
from analytics.scenario.document import Base, Scenario
from dashboard import load, widgets
from dashboard.filters import MarketFilters
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _
from dashboard.markup import literal
from data import store

KEY = "scenario"
STEPS = 50
"""Changes that can be undone."""
RECENT = 20
"""Changes whose links are known for our own when the browser sends them late."""


@dataclass(frozen=True)
class Kept:
    """now: the scenario on the page. past: earlier ones, the latest last. seen: the link last put in the address.

    turn: counts the changes that did not come from a slider. It is part of the sliders' keys: after an undo or a typed
    number they start anew at the right place. Setting them from here instead would fight with a hand that still moves.
    """

    now: Scenario
    past: tuple[Scenario, ...] = ()
    seen: str | None = None
    turn: int = 0


@dataclass(frozen=True)
class Standing:
    """Which state of the store a scenario stands on. before: as `BaseKey` takes it. gone: it is not here."""

    before: str | None
    gone: bool


def take_address() -> str | None:
    """A scenario in the address wins over the session's, and its recipe and year over the filters'.

    Call before the filters are drawn. Returns what is wrong with the link, None when nothing is.
    """
    text = st.query_params.get(KEY)
    kept = st.session_state.get(KEY)
    if not text or (kept is not None and (text == kept.seen or _is_ours(kept, text))):
        return None
    try:
        found = scenarios.from_link(text)
    except DocumentError as error:
        return spelt(error)
    if found.base.recipe not in recipe.NAMES:
        return _("There is no industry {name} here.").format(name=literal(found.base.recipe))
    start(found, focus="market" not in st.query_params)
    if found.base.year not in load.years(found.base.recipe):
        return _("The scenario uses {year}, for which this store has no data. It is shown on another year.").format(
            year=found.base.year
        )
    return None


def _is_ours(kept: Kept, text: str) -> bool:
    """Is it a link of this very work? A browser that moves fast still sends the address of a moment ago."""
    for scenario in (kept.now, *kept.past[-RECENT:]):
        with suppress(DocumentError):
            if scenarios.to_link(scenario) == text:
                return True
    return False


def start(scenario: Scenario, focus: bool = True) -> None:
    """Work on this scenario from now on; its recipe and year become the filters'. What was there can be undone.

    focus: the market it is about becomes the one on the sliders; not where the address names one of its own.

    Call from a callback or before the filters are drawn. The link that still stands in the address is not taken again.
    """
    kept = st.session_state.get(KEY)
    past = (*kept.past, kept.now)[-STEPS:] if kept is not None else ()
    st.session_state[KEY] = Kept(scenario, past, st.query_params.get(KEY), kept.turn + 1 if kept is not None else 0)
    widgets.choose("recipe", scenario.base.recipe)
    widgets.choose("year", scenario.base.year)
    if scenario.focus and focus:
        widgets.choose("scope", "market")
        widgets.choose("market", scenario.focus)


def current(choice: MarketFilters) -> Scenario:
    """The scenario, standing on the chosen recipe and year; a new one without assumptions where there is none."""
    kept = st.session_state.get(KEY)
    if kept is None:
        kept = Kept(fresh(choice))
    now = kept.now
    if (now.base.recipe, now.base.year) != (choice.recipe, choice.year):
        now = replace(now, base=replace(now.base, recipe=choice.recipe, year=choice.year))
        kept = replace(kept, now=now)
    st.session_state[KEY] = kept
    return now


def fresh(choice: MarketFilters) -> Scenario:
    newest = str(load.snapshots()["id"].iloc[0])
    return Scenario(_("My scenario"), Base(choice.recipe, choice.year, snapshot=newest))


def change(scenario: Scenario, by_slider: bool = False, joins: bool = False) -> None:
    """Put a changed scenario in the place of the one worked on. joins: one undo takes it back with the last change."""
    kept = st.session_state[KEY]
    if scenario != kept.now:
        turn = kept.turn + (not by_slider)
        past = kept.past if joins else (*kept.past, kept.now)[-STEPS:]
        st.session_state[KEY] = replace(kept, now=scenario, past=past, turn=turn)


def undo() -> None:
    kept = st.session_state[KEY]
    if kept.past:
        back = kept.past[-1]
        st.session_state[KEY] = replace(kept, now=back, past=kept.past[:-1], turn=kept.turn + 1)
        widgets.choose("recipe", back.base.recipe)
        widgets.choose("year", back.base.year)


def now() -> Scenario:
    return st.session_state[KEY].now


def turn() -> int:
    return st.session_state[KEY].turn


def can_undo() -> bool:
    return bool(st.session_state[KEY].past)


def is_plain(scenario: Scenario) -> bool:
    """Is nothing assumed at all?"""
    return not (scenario.shocks or scenario.uncertain or scenario.horizon)


def publish(scenario: Scenario) -> str | None:
    """Put the scenario in the address. Returns why that is not possible, None when it is there (or there is none)."""
    text = None
    trouble = None
    if not is_plain(scenario):
        try:
            text = scenarios.to_link(scenario)
        except DocumentError as error:
            trouble = spelt(error)
    if text is None:
        st.query_params.pop(KEY, None)
    elif st.query_params.get(KEY) != text:
        st.query_params[KEY] = text
    st.session_state[KEY] = replace(st.session_state[KEY], seen=text)
    return trouble


def standing(scenario: Scenario) -> Standing:
    """Where the scenario's snapshot is in this store."""
    if not scenario.base.snapshot:
        return Standing(None, False)
    try:
        return Standing(load.snapshot_after(scenario.base.snapshot), False)
    except store.StoreError:
        return Standing(None, True)
