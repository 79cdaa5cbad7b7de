"""Pieces every page uses: charts with their table and source, empty states, errors, downloads."""

import re
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import quote

import pandas as pd
import streamlit as st

from analytics.index.composite import MissingIndicators, NotRanked, Ranking
from dashboard import flag_words, load, navigation, theme, widgets
from dashboard.charts import Drawn, captioned
from dashboard.i18n.faults import said, spelt
from dashboard.i18n.translation import _, current, day, number
from dashboard.markup import literal, unlinked
from data import catalog, spreadsheets, store


def dark() -> bool:
    """Whether the reader's theme is the dark one."""
    return st.context.theme.type == "dark"


def look() -> theme.Theme:
    """The colours of the reader's theme."""
    return theme.theme(dark())


def chart(
    figure: dict[str, Any],
    table: pd.DataFrame | Callable[[], pd.DataFrame],
    name: str,
    alt: str,
    source: str,
    config: dict[str, Any] | None = None,
    **more: Any,
) -> Any:
    """A chart, its source line, and its table and picture to take away. name: of the files and the widgets' keys.

    alt: what the chart shows; the title of its dialog, its picture and its file.
    """
    shown = st.plotly_chart(
        Drawn(unlinked(figure)),
        theme=None,
        config={"displayModeBar": False} | (config or {}),
        alt=alt,
        key=f"chart_{name}",
        **more,
    )
    with st.container(horizontal=True, vertical_alignment="center", key=f"foot_{name}"):
        st.caption(literal(source), width="stretch")
        table_dialog(table, name, alt, source, figure, config)
    return shown


def table_dialog(
    table: pd.DataFrame | Callable[[], pd.DataFrame],
    name: str,
    title: str = "",
    source: str = "",
    figure: dict[str, Any] | None = None,
    config: dict[str, Any] | None = None,
) -> None:
    """A button that opens the figures behind a chart: a table with its CSV, and the chart as a picture.

    table: or what makes it when it is opened. title, source: written into the file and the picture.
    """
    label = _("Table and CSV") if figure is None else _("Table, CSV and picture")
    if not st.button(label, icon=":material/table:", type="tertiary", key=f"table_{name}"):
        return
    frame = table() if callable(table) else table

    def opened() -> None:
        st.dataframe(frame, hide_index=True, height=320, column_config=column_titles(), placeholder="–")
        download(frame, name, title=title, source=source)
        if figure is not None:
            _picture(figure, name, title, source, config or {})

    st.dialog(title or label, width="large")(opened)()


def _picture(figure: dict[str, Any], name: str, title: str, source: str, config: dict[str, Any]) -> None:
    """The chart with its title and source drawn in, for the browser to save: nothing leaves the machine."""
    form = st.segmented_control(
        _("Picture"), ("png", "svg"), default="png", format_func=str.upper, key=f"picture_{name}", required=True
    )
    st.caption(_("The camera above the picture saves it, with title and source."))
    saving = {"format": form, "filename": f"lepton-atlas-{name}", "width": 1200, "height": 750, "scale": 2}
    st.plotly_chart(
        Drawn(unlinked(captioned(figure, title, source, look()))),
        theme=None,
        config=config | {"displayModeBar": True, "modeBarButtons": [["toImage"]], "toImageButtonOptions": saving},
        alt=title,
        key=f"drawn_{name}_{form}",
    )


def column_titles() -> dict[str, Any]:
    """What the columns of charts' tables are called; the CSV keeps their plain names."""
    return {
        "rank": _("Rank"),
        "range": _("5–95 %"),
        "market": _("Market"),
        "iso3": _("ISO code"),
        "score": _("Score"),
        "coverage": _("Known, %"),
        "dimension": _("Dimension"),
        "region": _("Region median"),
        "world": _("World median"),
        "indicator": _("Indicator"),
        "year": st.column_config.NumberColumn(_("Year"), format="%d"),
        "value": _("Value"),
        "markets": _("Markets"),
        "kind": _("Kind"),
        "confidence": _("Confidence"),
        "expected": _("Expected number"),
        "low": _("From (95 %)"),
        "high": _("To (95 %)"),
        "area_px": _("Area, pixels"),
        "area_um2": _("Area, µm²"),
        "second_kind": _("Kind, seen alone"),
        "label": _("Label"),
        "probability": _("Probability"),
        "objects": _("Objects"),
        "count": _("Count"),
        "file": _("File"),
        "width": _("Width, pixels"),
        "height": _("Height, pixels"),
        "text": _("Text"),
        "amount": _("Amount"),
        "currency": _("Currency"),
        "date": _("Date"),
        "notes": _("Notes"),
        "problem": _("Problem"),
    }


def download(
    table: pd.DataFrame | Callable[[], pd.DataFrame], name: str, label: str = "", title: str = "", source: str = ""
) -> None:
    """A table as CSV, made when it is asked for; no cell of it is a formula to a spreadsheet.

    title, source: columns at the end, so that a file passed on still says what it shows and where it is from.
    """
    about = {heading: text for heading, text in (("title", title), ("source", source)) if text}
    st.download_button(
        label or _("Download CSV"),
        lambda: spreadsheets.to_csv((table() if callable(table) else table).assign(**about)),
        file_name=f"lepton-atlas-{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"csv_{name}",
        on_click="ignore",
    )


def ranking_source(ranking: Ranking) -> str:
    """Publishers, vintage and licences behind a ranking."""
    return load.source_line(tuple(code for measure in ranking.measures.values() for code in measure.codes))


def rows_link(iso3: str, code: str, text: str = "") -> str:
    """Address of the stored rows behind a figure; text follows the # for tables that show it as the link's label."""
    address = f"data?section=rows&market={iso3}&indicator={quote(code)}&lang={current()}"
    return f"{address}#{quote(text)}" if text else address


def embedded_notice() -> None:
    """Say that only the embedded facts are there, and offer the World Bank's indicators."""
    if set(load.snapshots()["source"]) != {store.EMBEDDED}:
        return
    count = len(catalog.refreshable())
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="embedded"):
        st.markdown(
            _(
                "**You are looking at the built-in sample data.** {count} more indicators from the World Bank make "
                "all six industries rank; fetching them takes about {seconds} seconds."
            ).format(count=count, seconds=number(count * 1.5, 2)),
            width="stretch",
        )
        st.page_link(navigation.file("data"), label=_("Fetch or import data"), icon=":material/download:")


def not_ranked(error: NotRanked) -> NoReturn:
    """A recipe that cannot rank yet: what is missing and how to get it. Ends the run."""
    if not isinstance(error, MissingIndicators):
        nothing(_("No country passes your profile. Lower the minimum size or the share of figures that must be known."))
    st.title(_("{industry} cannot be ranked yet").format(industry=_(error.recipe.title)))
    st.write(
        _(
            "The store holds {share} % of what this industry's score needs; at least {minimum} % is required, as a "
            "ranking on less would mislead. Fetch the World Bank's indicators, or import a file that holds them."
        ).format(share=round(error.share * 100), minimum=round(error.recipe.minimum_weight * 100))
    )
    st.page_link(navigation.file("data"), label=_("Fetch or import data"), icon=":material/download:")
    with st.expander(_("Missing indicators ({count})").format(count=len(error.missing))):
        rows = [(_(i.title), i.measures[0].code, _(i.dimension).capitalize()) for i in error.missing]
        st.dataframe(pd.DataFrame(rows, columns=[_("Indicator"), _("Code"), _("Dimension")]), hide_index=True)
    st.stop()


PLAIN_CODE = re.compile(r"[\w.:+ -]{1,40}(,[\w.:+ -]{1,12}){0,11}")
"""What of an address is said again on the page; anything else is called unknown."""


def plain_code(text: str | None) -> str:
    """What an address asks for, said again only where it is a plain code."""
    return literal(text) if text and PLAIN_CODE.fullmatch(text) else _("(unreadable)")


def controls() -> st.delta_generator.DeltaGenerator:
    """Where the sliders and boxes beside an answer go; in a narrow window they begin folded, so that it comes first."""
    return st.expander(_("Controls"), expanded=True, type="compact", key="controls")


def answer(sentence: str) -> None:
    """The title of a page with controls: in a narrow window it stays in sight while they are open (`frame.css`)."""
    with st.container(key="answer"):
        st.title(sentence)


def while_estimating(recipe_name: str, year: int) -> None:
    """Draw the page again when the potential that is being estimated in the background is there."""
    if load.potential_if_ready(recipe_name, year) is None:
        _wait_for_potential(recipe_name, year)


@st.fragment(run_every=3)
def _wait_for_potential(recipe_name: str, year: int) -> None:
    if load.potential_if_ready(recipe_name, year) is not None:
        st.rerun()
    st.caption(_("Potential is being estimated; about half a minute, once."))


def stop_if_empty(frame: pd.DataFrame, what: str) -> None:
    """An empty state when there is nothing to show. Ends the run."""
    if frame.empty:
        nothing(what)


def nothing(what: str) -> NoReturn:
    """An empty state: one sentence. Ends the run."""
    st.info(what, icon=":material/search_off:")
    st.stop()


def store_error(error: store.StoreError) -> None:
    """The store cannot be used: what happened, what is safe, what to do."""
    st.title(_("The store cannot be opened"))
    st.error(spelt(error), icon=":material/error:")
    st.write(_("Nothing was changed. Fix it, then reload this page."))


def ranked_columns() -> dict[str, Any]:
    """How the ranked list shows its columns."""
    return {
        "rank": st.column_config.NumberColumn(_("Rank"), width=45),
        "range": st.column_config.TextColumn(
            _("5–95 %"), width=60, help=_("Range of the rank in 90 % of index variants.")
        ),
        "market": st.column_config.TextColumn(_("Country"), width=150),
        "score": st.column_config.NumberColumn(_("Score"), format="%.1f", width=50),
        "coverage": st.column_config.NumberColumn(
            _("Known"), format="%d %%", width=55, help=_("Share of the score's weight with data.")
        ),
    }


def aside_columns() -> dict[str, Any]:
    """How the list of scored markets that are not ranked shows its columns."""
    return {
        "market": _("Country"),
        "reason": _("Why it is not ranked"),
        "score": st.column_config.NumberColumn(_("Score"), format="%.1f"),
        "coverage": st.column_config.NumberColumn(_("Known"), format="%d %%"),
        "place": st.column_config.NumberColumn(_("Would rank"), help=_("Its rank if only this one were added.")),
    }


def changes(recipe_name: str, year: int, names: pd.Series) -> None:
    """Which ranks moved when the newest snapshot arrived."""
    newest = load.snapshots().iloc[0]
    st.caption(
        _("Newest arrival: {source}, {day}, {added} values added, {changed} changed.").format(
            source=spelt(newest["source"]),
            day=day(newest["retrieved_at"]),
            added=number(float(newest["added"]), 9),
            changed=number(float(newest["changed"]), 9),
        )
    )
    moved = load.movers(recipe_name, year)
    if moved is None:
        st.write(_("No earlier data to compare with."))
        return
    if moved.empty:
        st.write(_("No rank changed."))
        return
    for row in moved.itertuples():
        arrow = ":material/arrow_upward:" if row.change > 0 else ":material/arrow_downward:"
        st.markdown(
            _("{arrow} {market} from {before} to {after}").format(
                arrow=arrow, market=names.get(row.Index, row.Index), before=row.rank_before, after=row.rank_after
            )
        )


def indicator_rows(iso3: str) -> None:
    """Choose an indicator and see every stored row of it for a market: value, year, source, arrival, licence."""
    indicators = load.indicators()
    known = tuple(indicators[indicators["observations"] > 0].index)
    code = widgets.selectbox(
        _("Indicator"), known, "indicator", known[0], lambda key: f"{_(indicators.at[key, 'name'])} · {key}"
    )
    rows = load.observation_rows(iso3, code)
    if rows.empty:
        st.write(_("The store has no row for this market and indicator."))
        return
    entry = indicators.loc[code]
    facts = (_(entry["unit"]), said(entry["source"]), said(entry["licence"]))
    st.caption(literal(" · ".join(part for part in facts if part)))
    st.dataframe(
        rows.assign(
            flag=rows["flag"].map(flag_words.told), source=rows["source"].map(said), licence=rows["licence"].map(said)
        ),
        hide_index=True,
        height=260,
        column_config={
            "year": st.column_config.NumberColumn(_("Year"), format="%d"),
            "value": _("Value"),
            "flag": _("Flag"),
            "source": _("Source"),
            "snapshot": _("Snapshot"),
            "retrieved_at": st.column_config.DatetimeColumn(_("Arrived"), format="YYYY-MM-DD HH:mm"),
            "licence": _("Licence"),
        },
    )
    download(rows, f"rows-{iso3}")
