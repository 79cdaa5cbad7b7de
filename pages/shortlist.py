"""Which countries should we look at first, and what would it take?"""

import streamlit as st

from analytics.index.composite import NotRanked
from dashboard import cases, components, filters, load, ranking_words
from dashboard.board import downloads as board_parts
from dashboard.i18n.translation import _
from dashboard.markup import literal
from dashboard.shortlist import board, parts

choice = filters.market_filters(geography=True)
try:
    ranking = load.ranking(choice.recipe, choice.year)
except NotRanked as error:
    components.not_ranked(error)
names, sure = load.markets()["name"], load.certainty(choice.recipe, choice.year)
shown = load.shown_markets(choice.recipe, choice.year, choice.regions, choice.incomes)
components.stop_if_empty(shown.to_frame(), _("No ranked country passes these filters. Choose fewer."))

st.title(ranking_words.headline(ranking, sure, names, shown))
st.caption(parts.counts(choice, shown))
components.embedded_notice()
listed = parts.chosen(choice, shown)
parts.minute(choice, ranking, listed, names)
with st.popover(_("Board pack"), icon=":material/slideshow:"):
    st.write(_("Advice with its options and risks, a chart a slide, a template for 90 days, and what it rests on."))
    pack = board.maker(choice, ranking, shown, listed)
    board_parts.board_downloads(pack, f"lepton-atlas-shortlist-{choice.recipe}")

st.subheader(_("Shortlist"))
for iso3 in listed:
    parts.card(cases.case(iso3, choice))
if told := parts.disagreement(choice, ranking, listed, names):
    st.write(told)
st.caption(
    literal(components.ranking_source(ranking))
    + " "
    + _("Ranges are 5–95 % over index variants; potential intervals are 90 %. Gates are no legal advice.")
)
components.while_estimating(choice.recipe, choice.year)
