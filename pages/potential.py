"""How much larger could a market be, judged by markets like it, and can the model be trusted?"""

import streamlit as st

from analytics.potential.panel import PotentialError
from dashboard import components, filters, load, widgets
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _
from dashboard.potential import parts

choice = filters.market_filters()
own = parts.own_outcome()
try:
    fit = parts.fitted(choice, own)
except PotentialError as error:
    st.title(_("No potential can be estimated yet"))
    components.nothing(spelt(error))
if fit is None:
    st.title(_("Potential is being estimated"))
    st.write(
        _("Six learners are fitted and tested on countries they have not seen. This page shows the result by itself.")
    )
    components.while_estimating(choice.recipe, choice.year)
    st.stop()
names = load.markets()["name"]

among = parts.candidates(choice, fit)
st.title(parts.headline(fit, names, among))
known = tuple(sorted(fit.estimates.index, key=lambda iso3: names.get(iso3, iso3)))
first = next((iso3 for iso3 in fit.untapped.index if iso3 in among), known[0])
iso3 = widgets.selectbox(
    _("Country"), known, "market", first, lambda code: names.get(code, code), pinned=True, strict=True
)
if iso3 is None:
    asked = components.plain_code(widgets.refused("market"))
    components.nothing(_("No potential was estimated for {code}: too little is known of it.").format(code=asked))
parts.answer(fit, iso3, names)
left, right = st.columns([1.5, 1], gap="medium")
with left:
    st.subheader(_("Expected against reported"))
    parts.scatter(fit, iso3, names)
with right:
    st.subheader(_("Why: what the estimate is associated with"))
    parts.reasons(fit, iso3, names)

st.subheader(_("Can it be trusted?"))
parts.trust(fit)
with st.expander(_("How the models compare")):
    parts.honesty(fit)
parts.least_squares(fit)
if own is None:
    parts.over_time(fit)
parts.curve(fit)
