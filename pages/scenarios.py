"""What happens if an assumption moves, and how far is that from what the data have seen?"""

import streamlit as st

from analytics.index.composite import NotRanked
from analytics.scenario.base import ScenarioError
from analytics.scenario.forecast import ForecastError
from dashboard import components, filters, load, widgets
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _
from dashboard.scenarios import controls, parts, questions, state, toolbar, words

trouble = state.take_address()
choice = filters.market_filters()
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
    parts.assumed(current)
    try:
        found = toolbar.outcome(ground, current)
        iso3, plain = parts.subject(found, whom.market), state.is_plain(current)
        components.answer(_("Change an assumption to start") if plain else words.headline(found, iso3, names[iso3]))
        st.write(
            words.summary(found, names) if plain else f"{words.certainty(found, iso3)} {words.summary(found, names)}"
        )
        parts.figures(found, ground, iso3)
        parts.flags(found, ground, current, iso3, names)
        views = {"world": _("Map and movers")} | questions.titles()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            view = widgets.segmented(_("View"), tuple(views), "view", "world", views.get, label_visibility="collapsed")
            parts.export(found, ground, current, iso3, names)
        below = st.container()
        if view == "world":
            with below:
                parts.movers(found, ground, iso3, names)
        else:
            questions.ASK[view](ground, current, iso3, names)
    except ScenarioError as error:
        view = "error"
        st.error(spelt(error), icon=":material/error:")
with folded:  # after the answer: that is what is waited for
    controls.sliders(ground, current, whom)
if view == "world":
    with below:
        parts.world(found, ground, iso3, names)
        parts.contributions(ground, current, iso3)
        parts.associations(current)
        parts.carried_forward(ground)
