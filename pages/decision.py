"""Go, pilot or wait, by which rule, and what smallest change would flip it?"""

import streamlit as st

from analytics.index.composite import NotRanked
from dashboard import cases, components, decision_parts, filters, links, load
from dashboard.language import _
from dashboard.sentences import spelt

choice = filters.market_filters()
try:
    ranking = load.ranking(choice.recipe, choice.year)
except NotRanked as error:
    components.not_ranked(error)
names = load.markets()["name"]
ranked = tuple(ranking.scores.index)
cells = st.columns([2, 2, 1], vertical_alignment="bottom")
with cells[0]:
    iso3 = links.selectbox(_("Country"), tuple(names.index), "market", ranked[0], names.get, pinned=True, strict=True)
with cells[1]:
    other = links.selectbox(
        _("Compare with"), ("", *ranked), "beside", "", lambda code: names[code] if code else _("no other country")
    )
with cells[2]:
    weight = links.slider(_("Weight of distance"), 0.0, 1.0, "far", 0.2, 0.05)
if iso3 is None:
    st.title(_("No country has the code {code}").format(code=components.plain_code(links.refused("market"))))
    components.nothing(_("Choose a country."))

chosen = [iso3, other] if other and other != iso3 else [iso3]
shown = st.container()
weights = decision_parts.mode_weights()
home = load.settings()["home_market"]
with shown:
    for cell, code in zip(st.columns(len(chosen), gap="large"), chosen, strict=True):
        with cell:
            if code not in ranked:
                decision_parts.unranked(code, choice, ranking)
                continue
            try:
                found = cases.case(code, choice, weights)
            except ValueError as error:
                components.nothing(spelt(error))
            decision_parts.show(decision_parts.as_sheet(found, choice, home, weight), found)
components.while_estimating(choice.recipe, choice.year)
