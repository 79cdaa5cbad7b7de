"""What a reader answers about a file that leaves it open, and what is told of every cell of it."""

import streamlit as st

from dashboard import widgets
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, number
from dashboard.markup import literal
from data import ingest, layouts

MAX_HEADINGS = 60
"""Columns that are asked about one by one."""


def mapping(error: layouts.UnknownColumns | layouts.NoIndicator, file_id: str) -> dict[str, str]:
    """Which column is what, for a table with names of its own, or which indicator it is of; empty until it is said."""
    if isinstance(error, layouts.UnknownHeadings):
        return _headings(error, file_id)
    if isinstance(error, layouts.NoIndicator):
        return _indicator(error, file_id)
    labels = {"market": _("Market"), "indicator": _("Indicator"), "year": _("Year"), "value": _("Value")}
    st.info(_("This table has column names of its own. Say which column is what."), icon=":material/table:")
    picked = {}
    for cell, field in zip(st.columns(len(labels)), labels, strict=True):
        with cell:
            picked[field] = st.selectbox(
                labels[field], error.columns, index=None, key=f"map_{field}", filter_mode=widgets.SEARCH
            )
    return picked if all(picked.values()) else {}


def _indicator(error: layouts.NoIndicator, file_id: str) -> dict[str, str]:
    st.info(
        _("This table has countries, years and values, but does not say which indicator they are."),
        icon=":material/table:",
    )
    code = st.text_input(
        _("Code of the indicator"), key=f"indicator_{file_id}", placeholder="NY.GDP.PCAP.CD", max_chars=200
    )
    return {"indicator": f"={code.strip()}"} if code.strip() else {}


def _headings(error: layouts.UnknownHeadings, file_id: str) -> dict[str, str]:
    """The codes of columns whose headings are not known; one without a code is left out once somebody said so."""
    st.info(
        _("This table has a column for each indicator. Give the code of each that is to be read; others are left out."),
        icon=":material/table:",
    )
    codes = {}
    places = st.columns(min(len(error.columns), 3))
    for number_, heading in enumerate(error.columns[:MAX_HEADINGS]):
        with places[number_ % len(places)]:
            codes[heading] = st.text_input(
                literal(heading), key=f"column {number_} {file_id}", placeholder=_("left out"), max_chars=200
            ).strip()
    said = any(codes.values()) or st.checkbox(_("Leave all these columns out"), key=f"no_columns {file_id}")
    return {f"{layouts.OWN}{heading}": code for heading, code in codes.items()} if said else {}


def choices(file_id: str) -> ingest.Choices:
    """What was answered so far about this upload."""
    asked = st.session_state.get(_key("cells", file_id)) or {}
    answers = {column: st.session_state.get(_key(f"keep {column}", file_id)) for column in asked}
    return ingest.Choices(
        keep=tuple((column, cell) for column, cell in answers.items() if cell),
        decimal=st.session_state.get(_key("decimal", file_id)) or "",
        as_stated=bool(st.session_state.get(_key("as_stated", file_id))),
    )


def ask(report: ingest.ImportReport, file_id: str) -> None:
    """A control for each thing the file leaves open; the check is made again with the answer."""
    kinds = {fault.kind for fault in report.row_faults}
    given = choices(file_id)
    if kinds & {"separator", "either"} or given.decimal:
        st.segmented_control(
            _("Decimal sign in this file"), [".", ","], key=_key("decimal", file_id), help=_("46.749: 46749, or 46.75?")
        )
    if "scale" in kinds or given.as_stated:
        st.checkbox(_("The values are right as they stand"), key=_key("as_stated", file_id))
    _ask_which_rows(report, file_id)


def _ask_which_rows(report: ingest.ImportReport, file_id: str) -> None:
    """Which rows of a dimension are to be read: the choices are the cells that were found."""
    found = st.session_state.setdefault(_key("cells", file_id), {})
    for fault in report.row_faults:
        if fault.kind == "dimension":
            cells = found.setdefault(str(fault.problem.values["column"]), [])
            cells += [cell for cell in [str(fault.problem.values["value"])] if cell not in cells]
    for column, cells in found.items():
        st.selectbox(
            _("Read only the rows in which {column} is").format(column=column),
            cells,
            index=None,
            key=_key(f"keep {column}", file_id),
            placeholder=_("the total, other rows are skipped"),
            filter_mode=widgets.SEARCH,
        )


def _key(name: str, file_id: str) -> str:
    return f"{name} {file_id}"


def remarks(report: ingest.ImportReport) -> None:
    """What became of every cell, and what else is to be said of the file."""
    lines = [spelt(said) for said in (*report.balance(), *report.remarks())]
    if report.balance():
        lines = [_("Cells of the file: {count}.").format(count=number(report.cells, 9)), *lines]
    if lines:
        st.caption("  \n".join(lines))
