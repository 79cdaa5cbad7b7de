"""The parts of the Compare page."""

import pandas as pd
import streamlit as st

from analytics.index.composite import Ranking
from dashboard import components, flag_words, load, widgets
from dashboard.board import downloads as board_parts
from dashboard.charts import profiles, trends
from dashboard.compare import board, words, workbook
from dashboard.compare.words import Comparison
from dashboard.i18n.translation import _, compact
from dashboard.theme import CATEGORIES
from data import catalog


def score_cards(asked: Comparison) -> None:
    """Score, rank with its interval, and coverage of each market, side by side; how sure, and why."""
    for cell, iso3 in zip(st.columns(len(asked.chosen)), asked.chosen, strict=True):
        score, rank = words.standing(asked, iso3)
        cell.metric(asked.names[iso3], score, rank, delta_color="off", delta_arrow="off")
    if len(asked.order) > 1:
        st.markdown(" ".join(words.reasons(asked)))
        st.caption(words.pairs(asked))


def table(asked: Comparison, year: int) -> None:
    """Every figure of the recipe, a column a market, the best of each row in bold; and the whole to take away."""
    st.subheader(_("Figure by figure"))
    st.table(words.shown(asked).set_index(_("Figure")))
    source = components.ranking_source(asked.ranking)
    st.caption(_("Bold: the best of a row; in brackets the year; a figure opens its source rows.") + " " + source)
    sheets = words.exported(asked, load.indicators())
    title = words.headline(asked)
    with st.container(horizontal=True):
        st.download_button(
            _("Excel"),
            lambda: workbook.as_xlsx(sheets, title),
            "lepton-atlas-comparison.xlsx",
            workbook.MEDIA_TYPE,
            icon=":material/table:",
            key="xlsx_comparison",
            on_click="ignore",
        )
        components.download(sheets[_("Figures")], "comparison", title=title, source=source)
        if len(asked.order) > 1:
            board_parts.board_downloads(board.maker(asked, year, source), "lepton-atlas-comparison")


def dimensions(asked: Comparison) -> None:
    """A dot a market on every dimension."""
    if not asked.order:
        return
    scores = asked.ranking.dimensions.loc[asked.order]
    titles = {dimension: _(dimension).capitalize() for dimension in scores.columns}
    colours = {iso3: CATEGORIES[asked.chosen.index(iso3)] for iso3 in asked.order}
    st.subheader(_("Score by dimension"))
    components.chart(
        profiles.dimension_dots(
            scores.T,
            titles,
            {iso3: (asked.names[iso3], colour, "circle") for iso3, colour in colours.items()},
            components.look(),
        ),
        scores.round(1).T.rename(titles).rename(columns=asked.names).reset_index(names="dimension"),
        "compare_dimensions",
        _("Score of each dimension for the chosen countries"),
        components.ranking_source(asked.ranking),
    )


def over_time(ranking: Ranking, chosen: list[str], names: pd.Series) -> None:
    """One indicator through the years, as published or from a common start."""
    st.subheader(_("Over time"))
    known = catalog.load()
    codes = tuple(code for code in ranking.recipe.codes if (load.indicators().at[code, "observations"] or 0) > 0)
    picker, scale = st.columns([3, 1], vertical_alignment="bottom")
    with picker:
        code = widgets.selectbox(_("Indicator"), codes, "trend", codes[0], lambda key: _(known[key].name))
    with scale:
        scales = {"absolute": _("As published"), "indexed": _("First common year = 100")}
        how = widgets.segmented(_("Scale"), tuple(scales), "scale", "absolute", scales.get)
    published = load.series((code,), tuple(chosen))
    history, unit = rescaled(published, how, _(known[code].unit))
    if history.empty:
        st.info(_("The store has no figures of this indicator for these countries."), icon=":material/search_off:")
        return
    components.chart(
        trends.lines(history, names, chosen, unit, components.look(), compact, height=340),
        history.assign(market=history["iso3"].map(names), unit=unit),
        "compare_trend",
        _("{indicator} over time").format(indicator=_(known[code].name)),
        load.source_line((code,)),
    )
    flags = load.flags((code,), tuple(chosen))
    for iso3 in chosen:
        if flagged := flag_words.of_series(flags, published[published["iso3"] == iso3]):
            st.caption(_("{market}: {flags}").format(market=names[iso3], flags=flagged))


def rescaled(history: pd.DataFrame, how: str, unit: str) -> tuple[pd.DataFrame, str]:
    """The history as published, or with each market's first common year as 100; and its unit."""
    if how != "indexed" or history.empty:
        return history[["iso3", "year", "value"]], unit
    wide = history.pivot(index="year", columns="iso3", values="value").dropna()
    if wide.empty:
        return history.iloc[:0][["iso3", "year", "value"]], unit
    first = int(wide.index[0])
    base = history["iso3"].map(wide.loc[first])
    indexed = history.assign(value=history["value"] / base * 100)
    return indexed.loc[indexed["year"] >= first, ["iso3", "year", "value"]], _("{year} = 100").format(year=first)
