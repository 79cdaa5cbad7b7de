"""Go, pilot or wait, by which rule, and what smallest change would flip it?"""

import streamlit as st

from analytics.index.composite import NotRanked
from dashboard import cases, components, filters, load, widgets
from dashboard.decision import parts
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _

choice = filters.market_filters()
try:
    ranking = load.ranking(choice.recipe, choice.year)
except NotRanked as error:
    components.not_ranked(error)
names = load.markets()["name"]
ranked = tuple(ranking.scores.index)
cells = st.columns([2, 2, 1], vertical_alignment="bottom")
with cells[0]:
    iso3 = widgets.selectbox(_("Country"), tuple(names.index), "market", ranked[0], names.get, pinned=True, strict=True)
with cells[1]:
    other = widgets.selectbox(
        _("Compare with"), ("", *ranked), "beside", "", lambda code: names[code] if code else _("no other country")
    )
with cells[2]:
    weight = widgets.slider(_("Weight of distance"), 0.0, 1.0, "far", 0.2, 0.05)
if iso3 is None:
    st.title(_("No country has the code {code}").format(code=components.plain_code(widgets.refused("market"))))
    components.nothing(_("Choose a country."))

chosen = [iso3, other] if other and other != iso3 else [iso3]
shown = st.container()
weights = parts.mode_weights()
home = load.settings()["home_market"]
with shown:
    for cell, code in zip(st.columns(len(chosen), gap="large"), chosen, strict=True):
        with cell:
            if code not in ranked:
                parts.unranked(code, choice, ranking)
                continue
            try:
                found = cases.case(code, choice, weights)
            except ValueError as error:
                components.nothing(spelt(error))
            parts.show(parts.as_sheet(found, choice, home, weight), found)
components.while_estimating(choice.recipe, choice.year)
