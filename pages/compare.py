"""How do a few markets differ, figure by figure and over time?"""

import streamlit as st

from analytics.index import NotRanked
from dashboard import compare_parts, components, filters, links, load
from dashboard.charts import profiles, trends
from dashboard.language import _, compact
from dashboard.theme import CATEGORIES
from data import catalog

MOST = 6

choice = filters.market_filters()
markets = load.markets()
names = markets["name"]
try:
    ranking = load.ranking(choice.recipe, choice.year)
except NotRanked as error:
    components.not_ranked(error)
chosen = links.multiselect(
    _("Markets, two to six"),
    tuple(markets.sort_values("name").index),
    "markets",
    tuple(ranking.scores.index[:3]),
    lambda iso3: names.get(iso3, iso3),
    pinned=True,
    max_selections=MOST,
)
if len(chosen) < 2:
    st.title(_("Compare markets"))
    st.info(_("Choose at least two markets."), icon=":material/compare_arrows:")
    st.stop()

st.title(compare_parts.headline(ranking, chosen, names))
compare_parts.score_cards(ranking, chosen, names)
compare_parts.table(ranking, chosen, names)

ranked = [iso3 for iso3 in chosen if iso3 in ranking.scores.index]
look = components.look()
if ranked:
    st.subheader(_("Score by dimension"))
    titles = {dimension: _(dimension).capitalize() for dimension in ranking.dimensions.columns}
    components.chart(
        profiles.dimension_dots(
            ranking.dimensions.loc[ranked].T,
            titles,
            {iso3: (names[iso3], CATEGORIES[chosen.index(iso3)], "circle") for iso3 in ranked},
            look,
        ),
        ranking.dimensions.loc[ranked].round(1).T.rename(titles).reset_index(names="dimension"),
        "compare_dimensions",
        _("Score of each dimension for the chosen markets"),
        components.ranking_source(ranking),
    )

st.subheader(_("Over time"))
codes = tuple(code for code in ranking.recipe.codes if (load.indicators().at[code, "observations"] or 0) > 0)
picker, scale = st.columns([3, 1], vertical_alignment="bottom")
with picker:
    code = links.selectbox(_("Indicator"), codes, "trend", codes[0], lambda key: _(catalog.load()[key].name))
with scale:
    scales = {"absolute": _("As published"), "indexed": _("First common year = 100")}
    how = links.segmented(_("Scale"), tuple(scales), "scale", "absolute", scales.get)
history = load.series((code,), tuple(chosen))
history, unit = compare_parts.rescaled(history, how, _(catalog.load()[code].unit))
components.stop_if_empty(history, _("The store has no figures of this indicator for these markets."))
components.chart(
    trends.lines(history, names, chosen, unit, look, compact, height=340),
    history.assign(market=history["iso3"].map(names)),
    "compare_trend",
    _("{indicator} over time").format(indicator=_(catalog.load()[code].name)),
    load.source_line((code,)),
)
