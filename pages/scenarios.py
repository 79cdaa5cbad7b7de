"""What happens if an assumption moves, and how far is that from what the data have seen?"""

import streamlit as st

from analytics.index.composite import NotRanked
from analytics.scenario.base import ScenarioError
from analytics.scenario.forecast import ForecastError
from dashboard import components, filters, load
from dashboard.i18n.faults import spelt
from dashboard.live import component as live
from dashboard.scenarios import controls, parts, questions, state, toolbar, while_moving

trouble = state.take_address()
choice = filters.market_filters()


@st.fragment  # a slider draws this part again, not the whole page
def body() -> None:
    current = state.current(choice)
    if trouble:
        st.error(trouble, icon=":material/link_off:")
    toolbar.bar(choice, current)
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
    with right:
        toolbar.notices(current)
        try:
            found = toolbar.outcome(ground, current)
        except ScenarioError as error:
            found = None
            parts.assumed(current)
            st.error(spelt(error), icon=":material/error:")
    if found is not None:
        with right:
            iso3 = parts.subject(found, whom.market)
            parts.headline(found, iso3, names, state.is_plain(current))
            while_moving.answer(found, ground, iso3, names)
            with live.of_server("figures"):
                parts.assumed(current)
                parts.summary(found, iso3, names, state.is_plain(current))
                parts.figures(found, ground, iso3)
                parts.flags(found, ground, current, iso3, names)
            view = questions.view(found, ground, current, iso3, names)
            below = live.of_server("view")
            with below:
                if view == "world":
                    parts.movers(found, ground, iso3, names)
                else:
                    questions.answer(view, ground, current, iso3, names)
    with folded:  # after the answer: that is what is waited for
        controls.sliders(ground, current, whom)
    if found is not None and view == "world":
        with below:
            parts.world(found, ground, iso3, names)
            parts.contributions(ground, current, iso3)
            parts.associations(current)
            parts.carried_forward(ground)


body()
