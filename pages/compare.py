"""How do a few markets differ, figure by figure and over time?"""

import streamlit as st

from analytics.index.composite import NotRanked
from dashboard import components, filters, load, widgets
from dashboard.compare import parts, words
from dashboard.i18n.translation import _

MAX_MARKETS = 6

choice = filters.market_filters()
markets = load.markets()
names = markets["name"]
try:
    ranking = load.ranking(choice.recipe, choice.year)
except NotRanked as error:
    components.not_ranked(error)
chosen = widgets.multiselect(
    _("Choose two to six countries"),
    tuple(markets.sort_values("name").index),
    "markets",
    tuple(ranking.scores.index[:3]),
    lambda iso3: names.get(iso3, iso3),
    pinned=True,
    max_selections=MAX_MARKETS,
)
if len(chosen) < 2:
    st.title(_("Compare countries"))
    st.info(_("Choose at least two countries."), icon=":material/compare_arrows:")
    st.stop()

found = load.robustness(choice.recipe, choice.year, (), ())
flags = load.flags(ranking.recipe.codes, tuple(chosen))
asked = words.Comparison(ranking, found, tuple(chosen), names, flags)
st.title(words.headline(asked))
parts.score_cards(asked)

parts.dimensions(asked)
parts.over_time(ranking, chosen, names)
parts.table(asked, choice.year)
