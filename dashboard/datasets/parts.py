"""The sections of the Data page, each one question."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard import components, load, places, settings_form, widgets
from dashboard.charts import coverage as coverage_charts
from dashboard.datasets import answers
from dashboard.i18n.faults import said, spelt, told
from dashboard.i18n.translation import LANGUAGES, _, currency_name, number
from dashboard.markup import code, literal
from data import catalog, ingest, layouts, private, quality, row_faults, store

SHORT = 6
"""Faults that are shown without scrolling."""
SHOWN_FAULTS = 500


def sources() -> None:
    """What arrived, when, under which licence, and how old it is by now."""
    now = datetime.now(UTC).replace(tzinfo=None)
    arrivals = load.snapshots()
    table = pd.DataFrame(
        {
            _("Source"): arrivals["source"].map(said),
            _("Arrived"): arrivals["retrieved_at"],
            _("Age, days"): (now - arrivals["retrieved_at"]).dt.days.clip(lower=0),
            _("Rows"): arrivals["rows"],
            _("Added"): arrivals["added"],
            _("Changed"): arrivals["changed"],
            _("Withdrawn"): arrivals["withdrawn"],
            _("State"): [_(status).capitalize() for status in arrivals["status"]],
            _("Licence"): arrivals["licence"].map(said),
            _("Note"): arrivals["note"].map(said),
        }
    )
    st.dataframe(
        table, hide_index=True, column_config={_("Arrived"): st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")}
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        components.download(table, "snapshots")
        _removing(arrivals)
    st.subheader(_("Indicators"))
    known = load.indicators().reset_index()
    shown = pd.DataFrame(
        {
            _("Indicator"): known["name"].map(_),
            _("Code"): known["code"],
            _("Unit"): known["unit"].map(_),
            _("Dimension"): [_(dimension).capitalize() for dimension in known["dimension"]],
            _("Observations"): known["observations"],
            _("Markets"): known["markets"],
            _("First year"): known["first_year"],
            _("Last year"): known["last_year"],
            _("Publisher"): known["source"].map(said),
            _("Licence"): known["licence"].map(said),
            _("Described"): [_(status).capitalize() for status in known["status"]],
            _("Link"): known["url"].where(known["code"].isin(list(catalog.load())), ""),  # others' lead anywhere
        }
    ).sort_values([_("Observations")], ascending=False)
    st.dataframe(
        shown,
        hide_index=True,
        height=420,
        column_config={
            _("First year"): st.column_config.NumberColumn(format="%d"),
            _("Last year"): st.column_config.NumberColumn(format="%d"),
            _("Link"): st.column_config.LinkColumn(display_text=_("open")),
        },
    )
    components.download(shown, "indicators")


def _removing(arrivals: pd.DataFrame) -> None:
    """Undo an arrival, after asking once more."""
    own = arrivals[arrivals["source"] != store.EMBEDDED].set_index("id")
    if done := st.session_state.pop("removed_arrival", None):
        st.success(
            _("Removed: {removed} values; {restored} earlier values restored.").format(
                removed=number(done["removed"], 9), restored=number(done["restored"], 9)
            ),
            icon=":material/check:",
        )
    if own.empty:
        return
    with st.popover(_("Remove an arrival"), icon=":material/delete:"):
        chosen = st.selectbox(
            _("Arrival"),
            tuple(own.index),
            format_func=lambda key: f"{said(own.at[key, 'source'])} · {own.at[key, 'retrieved_at']:%Y-%m-%d %H:%M}",
            key="remove_arrival",
            filter_mode=widgets.SEARCH,
        )
        st.write(
            _(
                "Its {added} added and {changed} changed values go; what they replaced stands again. Later arrivals "
                "stay as they are."
            ).format(added=number(own.at[chosen, "added"], 9), changed=number(own.at[chosen, "changed"], 9))
        )
        sure = st.checkbox(_("Yes, remove this arrival"), key=f"remove_sure_{chosen}")
        if st.button(_("Remove this arrival"), type="primary", disabled=not sure, key="remove_now"):
            try:
                st.session_state["removed_arrival"] = store.remove(chosen)
            except store.StoreError as error:
                st.error(spelt(error), icon=":material/error:")
                return
            st.rerun()


def importing() -> None:
    """Check a file, show every fault, then land it."""
    st.write(
        _(
            "A table with country, indicator, year and value, or a file as the World Bank, OECD, Eurostat, IMF, FAO, "
            "UNdata or Our World in Data publish it. CSV, Excel, OpenDocument, Parquet, JSON-stat, SDMX-ML, PC-Axis, "
            "Stata, SPSS, zip or gz; recognised by content. Everything is checked before anything is written."
        )
    )
    turn = st.session_state.get("imports_done", "")  # after an import the box is a new, empty one
    # no types: files are known by their content, and Streamlit breaks off the run for names that do not fit
    upload = st.file_uploader(_("File"), key=f"upload{turn}", max_upload_size=200)
    beside = st.file_uploader(
        _("Descriptions beside it (indicators.csv, countries.csv), if there are any"),
        accept_multiple_files=True,
        key=f"beside{turn}",
        max_upload_size=20,
    )
    if upload is None:
        if beside:
            st.info(_("Descriptions alone bring no data: add the data file above."), icon=":material/info:")
        _last_import()
        return
    with private.scratch("upload") as folder:
        path = _laid_down(folder, upload, beside or [])
        if path is not None:
            _check_and_land(path, ingest.source_name(upload.name), upload.file_id)


def _laid_down(folder: Path, upload: UploadedFile, beside: list[UploadedFile]) -> Path | None:
    """The upload and what describes it, under names of our own, whatever they are called; None after an error."""
    names = {extra.name: layouts.companion_name(extra.name) for extra in beside}
    try:
        (folder / "upload").write_bytes(upload.getvalue())  # getbuffer() would copy it
        for extra in beside:
            if name := names[extra.name]:
                (folder / name).write_bytes(extra.getvalue())
    except OSError:
        st.error(
            _("There is no room for this file on the machine that runs Lepton Atlas. Make room on its disk."),
            icon=":material/error:",
        )
        return None
    if unknown := [ingest.source_name(name) for name, known in names.items() if known is None]:
        st.warning(
            _("Not used: {files}. A file that describes the data is called indicators.csv or countries.csv.").format(
                files=", ".join(map(said, unknown))
            ),
            icon=":material/warning:",
        )
    return folder / "upload"


def _preview(
    path: Path, name: str, new: bool, file_id: str
) -> tuple[ingest.ImportReport, dict[str, str], ingest.Choices] | None:
    """The report of a check that writes nothing, the mapping and the choices it took; None until they are given."""
    choices = answers.choices(file_id)
    options = {"name": name, "preview": True, "max_faults": SHOWN_FAULTS, "new_indicators": new, "choices": choices}
    try:
        return ingest.import_file(path, **options), {}, choices
    except (layouts.UnknownColumns, layouts.NoIndicator) as error:
        if len(error.columns) < len(layouts.REQUIRED) and not isinstance(error, layouts.NoIndicator):
            raise
        mapping = answers.mapping(error, file_id)
    return (ingest.import_file(path, mapping=mapping, **options), mapping, choices) if mapping else None


def _check_and_land(path: Path, name: str, file_id: str) -> None:
    try:
        new = bool(st.session_state.get("new_indicators"))
        with st.spinner(_("Checking the file"), show_time=True):
            checked = _preview(path, name, new, file_id)
    except (layouts.LayoutError, store.StoreError) as error:
        st.error(spelt(error), icon=":material/error:")
        return
    if checked is None:
        return
    report, mapping, choices = checked
    st.markdown(
        _(
            "**{file}** · {layout} · {values} values, {empty} empty cells, {aggregates} of regions and income groups."
        ).format(
            file=literal(report.file),
            layout=spelt(report.layout),
            values=number(report.values, 9),
            empty=number(report.empty, 9),
            aggregates=number(report.aggregates, 9),
        )
    )
    answers.remarks(report)
    skip = False
    if report.fault_count:
        found = (
            _("More than {count} problems found; the check stopped there. Is every column what it was taken for?")
            if report.stopped
            else _("Problems found: {count}. Fix the file or skip these rows.")
        )
        st.warning(found.format(count=number(report.fault_count, 9)), icon=":material/warning:")
        st.dataframe(
            row_faults.table(report.row_faults, told),
            hide_index=True,
            height=280 if len(report.row_faults) > SHORT else "content",
            column_config={
                "line": _("Line"),
                "field": _("Column"),
                "value": _("Value"),
                "problem": _("Problem"),
                "remedy": _("Remedy"),
            },
        )
        components.download(report.faults, "faults")
        if not report.stopped:
            skip = st.checkbox(_("Skip faulty rows and import the rest"), key="skip_invalid")
    else:
        st.success(_("No problems found."), icon=":material/check:")
    answers.ask(report, file_id)
    if new or any(fault.kind == "close code" for fault in report.row_faults):
        st.checkbox(_("These codes are new indicators, not misspelt"), key="new_indicators")
    ready = not report.fault_count or skip
    if st.button(_("Import"), type="primary", disabled=not ready, icon=":material/upload:", key="land"):
        try:
            st.session_state["import_report"] = ingest.import_file(
                path, name=name, mapping=mapping, skip_invalid=skip, new_indicators=new, choices=choices
            )
            st.session_state["imports_done"] = int(st.session_state.get("imports_done") or 0) + 1
        except (ingest.ImportRefused, layouts.LayoutError, store.StoreError) as error:
            st.error(spelt(error), icon=":material/error:")
            return
        st.rerun()
    _last_import()


def _last_import() -> None:
    report: ingest.ImportReport | None = st.session_state.get("import_report")
    if report is None:
        return
    st.success(
        _("{file}: {added} values added, {changed} changed, {unchanged} as before, {skipped} skipped.").format(
            file=literal(report.file),
            added=number(report.added, 9),
            changed=number(report.changed, 9),
            unchanged=number(report.unchanged, 9),
            skipped=number(report.skipped, 9),
        ),
        icon=":material/check:",
    )
    answers.remarks(report)
    if report.not_taken:
        st.info(
            _("{count} values were not taken: they are older than the ones that stand.").format(
                count=number(report.not_taken, 9)
            ),
            icon=":material/history:",
        )
    if report.undescribed:
        st.info(
            _(
                "New indicators without a description were added: {codes}. Import an indicators.csv beside the file to "
                "describe them."
            ).format(codes=", ".join(map(code, report.undescribed[:20])))
        )


def export() -> None:
    """One file that carries everything to a machine without internet."""
    st.write(
        _(
            "One Parquet file with every observation, its source and its arrival. Another machine imports it with the "
            "Import section or `python -m data import FILE`; the same data give the same bytes."
        )
    )
    if st.button(_("Prepare the file"), key="prepare_export", icon=":material/inventory_2:"):
        with private.scratch("export") as folder:
            target = folder / "lepton-atlas.parquet"
            try:
                written = ingest.export(target)
            except store.StoreError as error:
                st.error(spelt(error), icon=":material/error:")
                return
            st.download_button(
                _("Download {size} MB, {rows} observations").format(
                    size=number(written["bytes"] / 1e6, 2), rows=number(written["rows"], 9)
                ),
                target.read_bytes(),
                file_name="lepton-atlas.parquet",
                type="primary",
                icon=":material/download:",
                key="download_export",
                on_click="ignore",
            )


def coverage() -> None:
    """Which indicators have figures, in which years, for how many markets."""
    known = catalog.load()
    dimension = widgets.selectbox(
        _("Dimension"),
        ("all", *catalog.DIMENSIONS),
        "dimension",
        "all",
        lambda key: _("All") if key == "all" else _(key).capitalize(),
    )
    codes = tuple(code for code, entry in known.items() if dimension in ("all", entry.dimension))
    rows = load.coverage(codes)
    rows = rows[rows["year"] >= 1990]
    components.stop_if_empty(rows, _("The store has no figures of this dimension since 1990. Refresh or import them."))
    present = [code for code in codes if (rows["indicator"] == code).any()]
    components.chart(
        coverage_charts.heat(rows, {code: _(known[code].name) for code in present}, _("markets"), components.look()),
        rows,
        "coverage",
        _("Markets with a figure by indicator and year"),
        load.source_line(tuple(present)),
    )
    absent = [f"{_(known[code].name)} ({code})" for code in codes if code not in present]
    if absent:
        st.caption(_("No figure at all: {names}.").format(names="; ".join(absent)))


def findings() -> None:
    """The to-do list of the data's faults."""
    found = load.findings()
    components.stop_if_empty(found, _("Nothing was found. That is rare: check that the store holds data."))
    checks = tuple(dict.fromkeys(found["check"]))
    chosen = widgets.multiselect(
        _("Kinds"), checks, "kinds", (), lambda key: _(key).capitalize(), placeholder=_("All kinds")
    )
    rows = found[found["check"].isin(chosen)] if chosen else found
    names, known = load.markets()["name"], catalog.load()
    shown = pd.DataFrame(
        {
            _("Severity"): [_(severity).capitalize() for severity in rows["severity"]],
            _("Kind"): [_(check).capitalize() for check in rows["check"]],
            _("Market"): rows["iso3"].map(names).fillna(""),
            _("Indicator"): [_(known[code].name) if code in known else code for code in rows["indicator"]],
            _("Year"): rows["year"].astype("Int64"),
            _("Problem"): [_problem(row.check, row.facts) for row in rows.itertuples()],
            _("Remedy"): [_(quality.SENTENCES[check][1]) for check in rows["check"]],
        }
    )
    counts = found["severity"].value_counts()
    st.caption(
        _("{high} high, {medium} medium, {low} low.").format(**{s: int(counts.get(s, 0)) for s in quality.SEVERITIES})
    )
    st.dataframe(
        shown, hide_index=True, height=520, column_config={_("Year"): st.column_config.NumberColumn(format="%d")}
    )
    components.download(shown, "findings")


def _problem(check: str, facts: dict[str, object]) -> str:
    """A finding's sentence, filled in the reader's language."""
    return _(quality.SENTENCES[check][0]).format(**{name: said(fact) for name, fact in facts.items()})


def rows() -> None:
    """Every stored row behind one figure."""
    markets = load.markets().sort_values("name")
    home = load.settings()["home_market"]
    iso3 = widgets.selectbox(_("Market"), tuple(markets.index), "market", home, lambda code: markets.at[code, "name"])
    components.indicator_rows(iso3)


def settings() -> None:
    """The organisation's own choices, kept in the store."""
    markets = load.markets().sort_values("name")
    currencies = sorted(markets["currency"].dropna().unique())
    keys = {"home_market": "set_home_market", "home_currency": "set_home_currency", "language": "set_language"}
    settings_form.follow("settings", {name: (key, str) for name, key in keys.items()})
    with st.form("settings"):
        options, labels = places.findable(tuple(markets.index), lambda code: markets.at[code, "name"])
        home = st.selectbox(
            _("Home market"),
            options,
            format_func=labels,
            key="set_home_market",
            filter_mode=widgets.SEARCH,
        )
        currency = st.selectbox(
            _("Home currency"),
            currencies,
            format_func=lambda code: f"{currency_name(code)} ({code})",
            key="set_home_currency",
            filter_mode=widgets.SEARCH,
        )
        language = st.selectbox(
            _("Language a new visitor sees"),
            tuple(LANGUAGES),
            format_func=LANGUAGES.get,
            key="set_language",
            filter_mode=widgets.SEARCH,
        )
        if st.form_submit_button(_("Save"), type="primary", key="save_settings"):
            chosen = {"home_market": home, "home_currency": currency, "language": language}
            if trouble := settings_form.keep("settings", chosen):
                st.error(trouble, icon=":material/error:")
            else:
                st.success(_("Saved."), icon=":material/check:")
