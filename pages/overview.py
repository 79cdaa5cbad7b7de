"""Which markets stand out, how sure are we, and what do we not know?"""

import streamlit as st

from analytics.index import MissingIndicators
from dashboard import answers, components, filters, links, load, navigation
from dashboard.charts import maps
from dashboard.language import _

LISTED = 12

choice = filters.market_filters(geography=True)
try:
    ranking = load.ranking(choice.recipe, choice.year)
except MissingIndicators as error:
    components.missing_indicators(error)
ranges = load.rank_ranges(choice.recipe, choice.year)
markets = load.markets()
names = markets["name"]
shown = ranking.scores.index[choice.shows(markets).reindex(ranking.scores.index)]
components.stop_if_empty(ranking.scores.loc[shown], _("No ranked market passes these filters. Choose fewer."))

st.title(answers.headline(ranking, ranges, names, shown))
components.embedded_notice()


def open_market(iso3: str) -> None:
    links.choose("market", iso3)
    st.switch_page(navigation.file("market"))


table = answers.ranked_table(ranking, ranges, names, load.score_history(choice.recipe, choice.year), shown)
left, right = st.columns([2, 1], gap="medium")
with left:
    figure = maps.score_map(
        ranking.scores.loc[shown, "score"],
        names,
        answers.hover_texts(ranking, ranges, names),
        markets[["latitude", "longitude"]],
        load.map_markets(),
        None,
        components.look(),
        {"score": _("Score, 0–100"), "missing": _("Not ranked or not shown")},
    )
    clicked = components.chart(
        figure,
        table.drop(columns="history"),
        "ranking",
        _("World map of market scores"),
        components.ranking_source(ranking) + " " + _("Boundaries: United Nations, as shipped with plotly.js."),
        config=maps.CONFIG,
        on_select="rerun",
        selection_mode="points",
    )
    if clicked.selection.points:
        open_market(clicked.selection.points[0]["customdata"])
with right:
    st.subheader(_("Top {count} of {all}").format(count=min(LISTED, len(shown)), all=len(ranking.scores)))
    picked = st.dataframe(
        table.drop(columns="iso3").head(LISTED),
        hide_index=True,
        height=35 * LISTED + 40,
        on_select="rerun",
        selection_mode="single-cell",
        key="top_markets",
        column_config=components.ranked_columns(),
    )
    if picked.selection.cells:
        open_market(table["iso3"].iloc[picked.selection.cells[0][0]])
    st.caption(_("Choose a row, or a market on the map, to open it."))

changes, unknown = st.columns(2, gap="medium")
with changes:
    st.subheader(_("What changed"))
    components.changes(ranking, choice.recipe, choice.year, names)
with unknown:
    st.subheader(_("What we don't know"))
    for sentence in answers.unknowns(ranking, names, choice.year):
        st.markdown(f"- {sentence}")
