"""Go, pilot or wait, by which rule, and what smallest change would flip it?"""

import streamlit as st

from analytics.index import NotRanked
from dashboard import components, decision_parts, filters, links, load, potential_parts
from dashboard.language import _

choice = filters.market_filters()
try:
    ranking = load.ranking(choice.recipe, choice.year)
except NotRanked as error:
    components.not_ranked(error)
names = load.markets()["name"]
ranked = tuple(ranking.scores.index)
cells = st.columns([2, 2, 1], vertical_alignment="bottom")
with cells[0]:
    iso3 = links.selectbox(_("Market"), ranked, "market", ranked[0], names.get, pinned=True)
with cells[1]:
    other = links.selectbox(
        _("Beside it"), ("", *ranked), "beside", "", lambda code: names[code] if code else _("no other market")
    )
with cells[2]:
    weight = links.slider(_("Weight of distance"), 0.0, 1.0, "far", 0.2, 0.05)
weights = decision_parts.mode_weights()
home = load.settings()["home_market"]
potential = potential_parts.on_request(choice)

chosen = [iso3, other] if other and other != iso3 else [iso3]
for cell, code in zip(st.columns(len(chosen), gap="large"), chosen, strict=True):
    with cell:
        try:
            found = decision_parts.case(code, choice, weights, potential)
        except ValueError as error:
            components.nothing(str(error))
        decision_parts.show(decision_parts.as_sheet(found, choice, home, weight), found)
