"""What happens if an assumption moves, and how far is that from what the data have seen?"""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from analytics.index.composite import NotRanked
from analytics.scenario.base import ScenarioBase, ScenarioError
from analytics.scenario.document import Scenario
from analytics.scenario.forecast import ForecastError
from analytics.scenario.outcome import ScenarioResult
from dashboard import components, filters, load
from dashboard.i18n.faults import spelt
from dashboard.live import component as live
from dashboard.scenarios import controls, parts, questions, state, toolbar, while_moving

trouble = state.take_address()
choice = filters.market_filters()
Draw = Callable[[ScenarioResult, ScenarioBase, Scenario, str, pd.Series], None]


@st.fragment  # a choice draws this part again, not the whole page; a slider only the answer, then what is seen
def body() -> None:
    current = state.current(choice)
    if trouble:
        st.error(trouble, icon=":material/link_off:")
    section = partial(live.section, while_moving.CHANNEL, turn=state.turn)
    section("toolbar", lambda: toolbar.bar(choice, state.now()))
    try:
        ground = toolbar.ground(current)
    except NotRanked as error:
        components.not_ranked(error)
    except ForecastError as error:
        components.nothing(spelt(error))
    names = load.markets()["name"]
    left, right = st.columns([1, 2], gap="large")
    with left:
        folded = components.controls()
    with folded:
        whom = controls.scope(ground)

    def answer() -> None:
        toolbar.notices(state.now())
        try:
            found = toolbar.outcome(ground, state.now())
        except ScenarioError as error:
            parts.assumed(state.now())
            st.error(spelt(error), icon=":material/error:")
            return
        iso3 = parts.subject(found, whom.market)
        parts.headline(found, iso3, names, state.is_plain(state.now()))
        while_moving.answer(found, iso3)
        parts.assumed(state.now())

    def drawn(draw: Draw) -> Callable[[], None]:
        def told() -> None:
            try:
                found = toolbar.outcome(ground, state.now())
            except ScenarioError:
                return  # the answer says so
            draw(found, ground, state.now(), parts.subject(found, whom.market), names)

        return told

    with right:
        live.part(answer, state.turn)
        section("figures", drawn(parts.outcome))
    with folded:  # after the answer: that is what is waited for
        controls.sliders(ground, current, whom)
        while_moving.base(ground, names)
    with right:
        section("view", drawn(questions.view))


body()
