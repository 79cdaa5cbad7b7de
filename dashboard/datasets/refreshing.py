"""Fetching the latest figures: from whom, with live progress, and what came of it."""

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.i18n.faults import spelt, told
from dashboard.i18n.translation import _, number
from data import catalog, store
from data.sources import publishers
from data.sources.report import RefreshReport

SECONDS_PER_INDICATOR = {publishers.WORLD_BANK: 1.5}
SECONDS_PER_SERIES = 3.0


def refresh() -> None:
    """Fetch what changed from one publisher, with live progress."""
    known = publishers.all_of_them()
    source = widgets.selectbox(
        _("Whose figures"), tuple(known), "refresh_from", publishers.WORLD_BANK, lambda key: _(known[key].name)
    )
    _explain(known[source])
    if st.button(_("Refresh now"), type="primary", icon=":material/sync:", key="refresh_now"):
        bar = st.progress(0.0, _("Asking {publisher} what changed").format(publisher=_(known[source].name)))

        def show(done: int, total: int, code: str, outcome: str) -> None:
            found = catalog.load().get(code)
            name = _(found.name) if found else code
            bar.progress(done / max(total, 1), f"{done}/{total} · {name}")

        try:
            st.session_state["refresh_report"] = publishers.refresh(source, on_progress=show)
        except store.StoreError as error:
            st.error(spelt(error), icon=":material/error:")
        bar.empty()
    report: RefreshReport | None = st.session_state.get("refresh_report")
    if report is not None and report.publisher == known[source].name:
        _tell(report)


def _explain(publisher: publishers.Publisher) -> None:
    """What is fetched from a publisher, and how long that takes."""
    count = len(publisher.codes)
    seconds = number(count * SECONDS_PER_INDICATOR.get(publisher.key, SECONDS_PER_SERIES), 2)
    if publisher.key == publishers.WORLD_BANK:
        st.write(
            _(
                "Fetches {count} indicators from the World Bank's open API, only those that changed since the last "
                "time. About {seconds} seconds the first time. What fails leaves the stored values as they are."
            ).format(count=count, seconds=seconds)
        )
        return
    names = _("; ").join(_(catalog.load()[code].name) for code in publisher.codes)
    st.write(
        _(
            "Fetches from {publisher}: {names}. About {seconds} seconds. Each answer is checked as a file is that you "
            "import. What fails leaves the stored values as they are."
        ).format(publisher=_(publisher.name), names=names, seconds=seconds)
    )
    st.caption(
        _(
            "These indicators stand beside the industries' recipes and change no score. The addresses were not tried "
            "while this version was made: what a service no longer has under its old name is said below."
        )
    )


def _tell(report: RefreshReport) -> None:
    if report.failed:
        st.warning(_refreshed(report), icon=":material/warning:")
        st.dataframe(
            failures(report),
            hide_index=True,
            column_config={"code": _("Code"), "name": _("Indicator"), "what": _("What"), "remedy": _("Remedy")},
        )
    else:
        st.success(_refreshed(report), icon=":material/check:")


def failures(report: RefreshReport) -> pd.DataFrame:
    """What failed, in the reader's language: code, name, what, remedy."""
    rows = [(failure.code, _(failure.name), told(failure.what), told(failure.remedy)) for failure in report.failed]
    return pd.DataFrame(rows, columns=["code", "name", "what", "remedy"])


def _refreshed(report: RefreshReport) -> str:
    """What a refresh did, in one sentence; the table below names what failed."""
    if not (report.landed or report.unchanged or report.resumed):
        return _("Nothing was refreshed and nothing was changed.")
    added, changed, withdrawn = (sum(row[i] for row in report.landed) for i in (2, 3, 4))
    parts = [
        _("indicators landed: {count} ({added} values added, {changed} changed, {withdrawn} withdrawn)").format(
            count=len(report.landed),
            added=number(added, 9),
            changed=number(changed, 9),
            withdrawn=number(withdrawn, 9),
        )
        if report.landed
        else "",
        _("{count} taken over from an interrupted refresh").format(count=len(report.resumed)) if report.resumed else "",
        _("{count} unchanged since the last fetch").format(count=len(report.unchanged)) if report.unchanged else "",
        _("{count} failed (what was stored stays)").format(count=len(report.failed)) if report.failed else "",
    ]
    return _("{publisher}, {seconds} s: {results}.").format(
        publisher=_(report.publisher),
        seconds=round(report.seconds),
        results=_("; ").join(part for part in parts if part),
    )
