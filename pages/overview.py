"""Which markets stand out, how sure are we, and what do we not know?"""

import streamlit as st

from analytics.index.composite import NotRanked
from dashboard import components, filters, load, navigation, widgets
from dashboard.charts import maps
from dashboard.i18n.translation import _


def open_market(iso3: str) -> None:
    widgets.choose("market", iso3)
    st.switch_page(navigation.file("market"))


choice = filters.market_filters(geography=True)
try:
    ranking = load.ranking(choice.recipe, choice.year)
except NotRanked as error:
    components.not_ranked(error)
answer = load.overview(components.dark(), choice.recipe, choice.year, choice.regions, choice.incomes)
if answer is None:
    components.nothing(_("No ranked country passes these filters. Choose fewer."))

st.title(answer.headline)
components.embedded_notice()

left, right = st.columns([2, 1], gap="medium")
with left:
    clicked = components.chart(
        answer.world,
        answer.table,
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
    st.subheader(_("Top {count} of {all}").format(count=len(answer.listed), all=len(answer.table)))
    picked = st.dataframe(
        answer.listed,
        hide_index=True,
        height="content",
        on_select="rerun",
        selection_mode="single-cell",
        key="top_markets",
        column_config=components.ranked_columns(),
    )
    if picked.selection.cells:
        open_market(answer.table["iso3"].iloc[picked.selection.cells[0][0]])
    st.caption(_("Select a row or a country to open it."))
    if len(answer.aside):
        with st.expander(_("{count} scored countries are not ranked").format(count=len(answer.aside))):
            st.dataframe(answer.aside, hide_index=True, column_config=components.aside_columns())

changes, unknown = st.columns(2, gap="medium")
with changes:
    st.subheader(_("What changed"))
    components.changes(choice.recipe, choice.year, load.markets()["name"])
with unknown:
    st.subheader(_("What we don't know"))
    for sentence in answer.unknowns:
        st.markdown(f"- {sentence}")
