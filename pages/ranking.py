"""How sure is each rank, and what would change it?"""

import streamlit as st

from analytics.index.composite import NotRanked
from analytics.index.design import DesignError
from dashboard import components, filters, load
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _
from dashboard.live import component as live
from dashboard.ranking import parts, while_moving

choice = filters.market_filters()


@st.fragment  # a slider draws this part again, not the whole page
def body() -> None:
    controls, picture = st.columns([1, 2.4], gap="large")
    with controls, components.controls():
        weights = parts.weight_sliders(choice.recipe)
        design = parts.method()
    try:
        ranking = load.own_ranking(choice.recipe, choice.year, design, weights)
        found = load.robustness(choice.recipe, choice.year, design, weights)
    except NotRanked as error:
        components.not_ranked(error)
    except DesignError as error:
        with picture:
            components.nothing(spelt(error))
    names = load.markets()["name"]
    with picture:
        components.answer(parts.headline(ranking, found, names))
        if (unmoved := while_moving.unmoved(choice, design, weights)) is not None:
            while_moving.first(unmoved, found, names)
        with live.of_server("forest"):
            parts.forest(ranking, found, names)

    st.subheader(_("What would it take for one market to overtake another?"))
    parts.pair(ranking, found, names)

    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(_("Which indicators carry the ranking"))
        parts.leave_one_out(ranking)
    with right:
        st.subheader(_("Which method choices matter"))
        parts.drivers(ranking, choice, design, weights, names)


body()
