"""How sure is each rank, and what would change it?"""

import streamlit as st

from analytics.index.composite import NotRanked
from analytics.index.design import DesignError
from dashboard import components, filters, load
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _
from dashboard.ranking import parts

choice = filters.market_filters()
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
