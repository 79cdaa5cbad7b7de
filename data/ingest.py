"""A file of observations: recognised, checked whole, and only then landed. All faults are reported together."""

import csv
import hashlib
import json
import shutil
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet

from data import catalog, exports, layouts, limits, private, regular, row_faults, store
from data.faults import Fault
from data.layouts import LayoutError
from data.row_faults import RowFault

FIRST_YEAR = 1900
MISSING = ("", "..", "na", "n/a", "nan", "null", "none", "-", "…")
LINE = "atlas line"
MOST_FAULTS = 10_000
"""A check stops after so many faults: the file is another one than was meant."""
LONGEST_NAME = 200
"""Characters of a source's name."""
MOST_BESIDE = 20 << 20
"""Bytes of a file that describes the data it lies beside."""
KEPT_CHECKS = 16


class ImportRefused(Fault, ValueError):
    """The file has faults, and nothing was written. `report` lists them."""

    def __init__(self, report: "ImportReport") -> None:
        facts = {"file": report.file, "count": f"{report.fault_count:,}"}
        if report.stopped:
            super().__init__("{file}: more than {count} fault(s); nothing was written.", **facts)
        else:
            super().__init__("{file}: {count} fault(s); nothing was written.", **facts)
        self.report = report


@dataclass(frozen=True)
class ImportReport:
    """What an import read, left out and changed.

    values: rows that hold a value. empty: cells without one. aggregates: rows of regions and income groups, left out.
    regrouped: markets whose income group a country file beside the data changed.
    row_faults: by line, at most `max_faults` of fault_count. landed: False for a preview or a refusal.
    not_taken: values that are older than the ones that stand. stopped: there are more than MOST_FAULTS faults, and the
    rest of the file was not looked at: nothing of it can land.
    """

    file: str
    layout: str
    values: int
    empty: int
    aggregates: int
    fault_count: int
    row_faults: tuple[RowFault, ...]
    landed: bool
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    not_taken: int = 0
    skipped: int = 0
    regrouped: int = 0
    stopped: bool = False
    undescribed: tuple[str, ...] = ()

    @property
    def faults(self) -> pd.DataFrame:
        """What is wrong with the rows, in English: line, field, value, problem, remedy."""
        return row_faults.table(self.row_faults)

    snapshot: str | None = None

    def sentence(self) -> str:
        """What happened, for the terminal and the page."""
        if not self.landed:
            more = "more than " if self.stopped else ""
            return f"{self.file} ({self.layout}): {self.values:,} values read, {more}{self.fault_count:,} fault(s)."
        parts = [f"{self.added:,} added", f"{self.changed:,} changed", f"{self.unchanged:,} as before"]
        if self.not_taken:
            parts.append(f"{self.not_taken:,} not taken (older than what stands)")
        if self.skipped:
            parts.append(f"{self.skipped:,} skipped")
        if self.aggregates:
            parts.append(f"{self.aggregates:,} values of regions and income groups left out")
        if self.empty:
            parts.append(f"{self.empty:,} empty cells")
        return f"{self.file} ({self.layout}): {self.values:,} values; " + ", ".join(parts) + "."


def import_file(
    path: Path,
    *,
    name: str | None = None,
    mapping: Mapping[str, str] | None = None,
    skip_invalid: bool = False,
    preview: bool = False,
    max_faults: int = 1000,
    new_indicators: bool = False,
    now: datetime | None = None,
) -> ImportReport:
    """Bring a file of observations into the store.

    name: what the source is called, the file's name by default; importing under the same name again replaces values and
    is idempotent. mapping: our field -> the file's column, for tidy files with other names. skip_invalid lands the
    rows without faults. preview checks and writes nothing. An `indicators.csv` and a `countries.csv` (or the World
    Bank's own country files) lying beside the file describe its indicators and income groups. A code that is one slip
    from a known one is a fault, unless it is described there or new_indicators says that codes may be new.

    The file is checked outside the store's lock, on a copy of its bytes under a name of our own; a check that was made
    of the same bytes against the same store is not made again.

    Raises LayoutError when the file is not market data, ImportRefused when rows are wrong, StoreBusy, StoreError.
    """
    now = now or datetime.now(UTC)
    name = source_name(name or path.name)
    store.ensure()
    with private.scratch("import") as folder:
        arrived = _take(path, folder, name)
        options = (name, tuple((mapping or {}).items()), max_faults, new_indicators, now.year)
        key = (arrived.digest, options, store.version())
        if preview and (kept := _kept(key)):
            return kept
        try:
            report = _import(arrived, mapping, skip_invalid, preview, max_faults, new_indicators, now)
        except OSError as error:
            raise _no_room(name, folder, error) from error
        except limits.TooMuch as error:
            raise LayoutError.of(error) from error
    if preview:
        _keep(key, report)
    elif report.fault_count and (report.stopped or not skip_invalid):
        raise ImportRefused(report)
    return report


def source_name(text: str) -> str:
    """What a source is called, out of whatever a file is: one line of text, not too long, no control characters."""
    shown = "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in text)
    return " ".join(shown.split())[:LONGEST_NAME].strip() or "unnamed"


@dataclass(frozen=True)
class _Arrived:
    """A file's bytes under a name that no library reads anything into. beside: copies of what describes it.

    digest: of all these bytes; sha256: of the file's own.
    """

    name: str
    file: Path
    beside: Path
    unpacked: Path
    sha256: str
    digest: str

    @property
    def folders(self) -> tuple[Path, Path]:
        return self.beside, self.unpacked


def _take(path: Path, folder: Path, name: str) -> _Arrived:
    """Copy a file and what describes it into our own folder: what is checked is what lands."""
    beside, unpacked = folder / "beside", folder / "unpacked"
    with path.open("rb") as source:
        layouts.check_size(path.stat().st_size, name)
        beside.mkdir()
        unpacked.mkdir()
        try:
            with (folder / "figures").open("wb") as copy:
                while chunk := source.read(1 << 20):
                    copy.write(chunk)
                    layouts.check_size(copy.tell(), name)  # a pipe or a device tells no size beforehand
        except OSError as error:
            raise _no_room(name, folder, error) from error
    digests = [_digest(folder / "figures")]
    for pattern in layouts.COMPANIONS:
        for found in sorted(path.parent.glob(pattern)):
            target = beside / layouts.companion_name(found.name)
            if target.exists() or not found.is_file():
                continue
            if found.stat().st_size > MOST_BESIDE:
                raise LayoutError(
                    "{file}, which lies beside the data, has over {mb} MB. Move it elsewhere.",
                    file=found.name,
                    mb=MOST_BESIDE >> 20,
                )
            shutil.copyfile(found, target)
            digests.append(f"{target.name} {_digest(target)}")
    whole = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    return _Arrived(name, folder / "figures", beside, unpacked, digests[0], whole)


def _no_room(name: str, folder: Path, error: OSError) -> store.StoreError:
    return store.StoreError(
        "{file} could not be checked ({error}). Nothing was changed. Make room in {folder}, or set TMPDIR to another "
        "folder.",
        file=name,
        error=error.strerror or error,
        folder=folder.parent,
    )


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _import(
    arrived: _Arrived,
    mapping: Mapping[str, str] | None,
    skip_invalid: bool,
    preview: bool,
    max_faults: int,
    new_indicators: bool,
    now: datetime,
) -> ImportReport:
    """Check outside the lock, then land within it; checked again there when somebody wrote in between."""
    deadline = limits.Deadline(arrived.name)
    layout = layouts.recognise(arrived.file, arrived.unpacked, mapping, arrived.name)
    stamp = store.version()
    connection = store.connect_to_check(arrived.file.parent)
    try:
        with store.within(connection, deadline):
            layout, note = _stage(connection, layout, mapping, arrived, now, deadline)
            check = _Check(arrived, layout, note, now, max_faults, new_indicators)
            report = _check(connection, check)
        if preview or (report.fault_count and (report.stopped or not skip_invalid)):
            return report
        with store.writing(Fault("an import"), checked=connection) as connection:
            if store.version() != stamp:
                report = _check(connection, check)
                if report.fault_count and (report.stopped or not skip_invalid):
                    raise store.Abandon
            report, is_new = _land(connection, report, check)
            if not is_new:
                raise store.Abandon
        return report
    except store.TookTooLong as error:
        raise limits.too_slow(arrived.name) from error
    except store.DatabaseError as error:
        raise LayoutError(
            "{file} cannot be checked ({error}). Split it, or save it as CSV.",
            file=arrived.name,
            error=str(error).strip().splitlines()[0],
        ) from error
    finally:
        connection.close()


_checks: OrderedDict[tuple, ImportReport] = OrderedDict()
_checking = threading.Lock()


def _kept(key: tuple) -> ImportReport | None:
    with _checking:
        return _checks.get(key)


def _keep(key: tuple, report: ImportReport) -> None:
    with _checking:
        _checks[key] = report
        while len(_checks) > KEPT_CHECKS:
            _checks.popitem(last=False)


# ------------------------------------------------------------------ staging


def _stage(
    connection: store.Connection,
    layout: layouts.Layout,
    mapping: Mapping[str, str] | None,
    arrived: _Arrived,
    now: datetime,
    deadline: limits.Deadline,
) -> tuple[layouts.Layout, exports.Note | None]:
    """Fill the temp table `staged` (line, market, indicator, year_text, value, value_text, unit, source, snapshot).

    Returns the layout, and what an export says of itself.
    """
    note = None
    connection.execute("CREATE TEMP TABLE malformed (line BIGINT, value VARCHAR, problem VARCHAR)")
    try:
        if layout.kind == "parquet":
            layout, note = _stage_parquet(connection, layout, mapping, arrived, now)
        else:
            _stage_text(connection, layout, arrived, deadline)
        _set_aside_long_cells(connection)
    except store.TookTooLong:
        raise
    except store.DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        raise LayoutError(
            "The file cannot be read ({reason}). Save it again as CSV in UTF-8 and import that.", reason=reason
        ) from error
    if connection.execute("SELECT count(*) = 0 FROM staged").fetchone()[0] and not _malformed(connection):
        raise LayoutError("The file has a header and no rows below it. Nothing to import.")
    return layout, note


def _set_aside_long_cells(connection: store.Connection) -> None:
    """A cell of more than MOST_CELL characters makes its line malformed."""
    fields = ("market", "indicator", "year_text", "value_text", "unit")
    too_long = " OR ".join(f"length({field}) > $most" for field in fields)
    most = {"most": limits.MOST_CELL}
    connection.execute(
        "INSERT INTO malformed SELECT line, left(indicator, 80), "
        f"'a cell of more than {limits.MOST_CELL:,} characters' FROM staged WHERE {too_long}",
        most,
    )
    connection.execute(f"DELETE FROM staged WHERE {too_long}", most)


def _malformed(connection: store.Connection) -> int:
    return connection.execute("SELECT count(*) FROM malformed").fetchone()[0]


def _stage_text(
    connection: store.Connection, layout: layouts.Layout, arrived: _Arrived, deadline: limits.Deadline
) -> None:
    _read_text(connection, layout, arrived.unpacked, deadline)
    limits.check_rows(connection.execute("SELECT count(*) FROM raw").fetchone()[0], arrived.name)
    missing = ", ".join(f"'{marker}'" for marker in MISSING)
    if layout.is_wide:
        columns = ", ".join(_name(column) for column in layout.years.values())
        relation = f"(UNPIVOT raw ON {columns} INTO NAME year_text VALUE value_text)"
        year = "year_text"
    else:
        relation, year = "raw", _name(layout.mapping["year"])
    label = year if layout.is_wide else _text(layout.mapping["value"])
    value = "value_text" if layout.is_wide else _name(layout.mapping["value"])
    unit = _name(layout.mapping["unit"]) if "unit" in layout.mapping else "NULL::VARCHAR"
    connection.execute(
        f"""
        CREATE TEMP TABLE staged AS
        SELECT {_name(LINE)} AS line, {_name(layout.mapping["market"])} AS market,
               {_name(layout.mapping["indicator"])} AS indicator,
               {year} AS year_text, try_cast({value} AS DOUBLE) AS value,
               CASE WHEN try_cast({value} AS DOUBLE) IS NULL AND lower(trim({value})) NOT IN ({missing})
                    THEN trim({value}) END AS value_text,
               {label} AS value_column, {unit} AS unit, NULL::VARCHAR AS source, NULL::VARCHAR AS snapshot
        FROM {relation}
        """
    )
    # NaN is how some tools write "no value".
    connection.execute("UPDATE staged SET value = NULL WHERE isnan(value)")


def _read_text(connection: store.Connection, layout: layouts.Layout, scratch: Path, deadline: limits.Deadline) -> None:
    """Fill the temp table `raw`: all columns as text, and each row's line in the file."""
    names = _distinct(layout.columns)
    plain = "{" + ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names) + "}"
    numbered = f"{layout.header_line} + row_number() OVER () AS {_name(LINE)}, *"
    options = f"skip = {layout.header_line}, delim = {_text(layout.delimiter)}"
    try:
        _read_csv(connection, layout.path, plain, numbered, options)
        rows = connection.execute("SELECT count(*) FROM raw").fetchone()[0]
        limits.check_rows(rows, deadline.name)
        is_regular = layout.header_line + rows == _count_lines(layout.path)
    except store.DatabaseError:
        is_regular = False
    if not is_regular:  # blank lines, line breaks inside quotes, footers, lines that cannot be split
        rows_file = scratch / "regular.csv"
        malformed = _regularise(layout, rows_file, deadline)
        _read_csv(connection, rows_file, f"{{{_text(LINE)}: 'BIGINT', {plain[1:]}", "*", "delim = ','")
        connection.register("unsplit", pd.DataFrame(malformed, columns=["line", "value", "problem"]))
        connection.execute("INSERT INTO malformed SELECT * FROM unsplit")
        connection.unregister("unsplit")
    fields = ("market", "indicator") if layout.is_wide else layouts.REQUIRED  # a wide footer carries no codes
    empty = " AND ".join(f"{_name(layout.mapping[field])} IS NULL" for field in fields)
    connection.execute(f"DELETE FROM raw WHERE {empty}")


def _read_csv(connection: store.Connection, file: Path, columns: str, selected: str, options: str) -> None:
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {selected} FROM read_csv({store.literal(file)}, "
        f"columns = {columns}, auto_detect = false, header = false, {options}, quote = '\"', escape = '\"', "
        f"nullstr = '', hive_partitioning = false) LIMIT {limits.MOST_ROWS + 1}"
    )


def _count_lines(file: Path) -> int:
    lines, last = 0, b"\n"
    with file.open("rb") as opened:
        while chunk := opened.read(1 << 22):
            lines, last = lines + chunk.count(b"\n"), chunk
    return lines + (not last.endswith(b"\n"))


def _regularise(layout: layouts.Layout, target: Path, deadline: limits.Deadline) -> list[tuple[int, str, str]]:
    """Write the rows one to a line; returns the lines that cannot be split."""
    # short lines of a wide file lack their last years, or are footers
    fields = () if layout.is_wide else layouts.REQUIRED
    try:
        return regular.write_rows(
            layout.path,
            target,
            delimiter=layout.delimiter,
            header_line=layout.header_line,
            width=len(layout.columns),
            needed=max((layout.columns.index(layout.mapping[field]) + 1 for field in fields), default=0),
            most=MOST_FAULTS,
            seconds=deadline.left(),
        )
    except regular.TookTooLong:
        raise limits.too_slow(deadline.name) from None


def _stage_parquet(
    connection: store.Connection,
    layout: layouts.Layout,
    mapping: Mapping[str, str] | None,
    arrived: _Arrived,
    now: datetime,
) -> tuple[layouts.Layout, exports.Note | None]:
    name = arrived.name
    try:
        with layout.path.open("rb") as file:
            metadata = pyarrow.parquet.read_metadata(file)
        schema = metadata.schema.to_arrow_schema()
    except (OSError, ValueError, NotImplementedError) as error:
        raise LayoutError(
            "{file} is damaged Parquet ({error}). Export or download it again.", file=name, error=error
        ) from error
    limits.check_parquet(metadata, layout.path.stat().st_size, name)
    columns = schema.names
    if metadata.num_rows == 0:
        raise LayoutError("{file} has no rows. Nothing to import.", file=name)
    layouts.check_mapping(columns, name, mapping)
    fields = layouts.match_columns(columns, mapping)
    if fields is None:
        raise layouts.UnknownColumns(
            "{file} has the columns {columns}. Needed: market (iso3), indicator, year and value. Rename the columns, "
            "or say "
            "which is which (--map market=COLUMN).",
            columns,
            file=name,
            columns=", ".join(columns),
        )
    exported, note = (metadata.metadata or {}).get(b"atlas_export"), None
    if exported is not None:
        note = exports.read(exported, name, now)
        if not {"source", "snapshot"} <= set(columns):
            raise LayoutError(
                "{file} is a damaged export ({reason}). Write it again: python -m data export",
                file=name,
                reason=Fault("it lacks a column"),
            )
        fields |= {"source": "source", "snapshot": "snapshot"}
    for column in fields.values():
        if pyarrow.types.is_nested(schema.field(column).type):
            raise LayoutError(
                "{file} has lists in its column {column}. Write one value a row.", file=name, column=column
            )
    optional = {
        field: f"{_name(fields[field])}::VARCHAR" if field in fields else "NULL::VARCHAR"
        for field in ("unit", "source", "snapshot")
    }
    value, missing = _name(fields["value"]), ", ".join(f"'{marker}'" for marker in MISSING)
    connection.execute(
        f"""
        CREATE TEMP TABLE staged AS
        SELECT file_row_number + 1 AS line, {_name(fields["market"])}::VARCHAR AS market,
               {_name(fields["indicator"])}::VARCHAR AS indicator, {_name(fields["year"])}::VARCHAR AS year_text,
               CASE WHEN NOT isnan(try_cast({value} AS DOUBLE)) THEN try_cast({value} AS DOUBLE) END AS value,
               CASE WHEN try_cast({value} AS DOUBLE) IS NULL
                         AND lower(trim({value}::VARCHAR)) NOT IN ({missing})
                    THEN {value}::VARCHAR END AS value_text,
               {_text(fields["value"])} AS value_column, {optional["unit"]} AS unit,
               {optional["source"]} AS source, {optional["snapshot"]} AS snapshot
        FROM read_parquet({store.literal(layout.path)}, file_row_number = true, hive_partitioning = false)
        """
    )
    if note is not None:
        exports.check_rows(connection, note, name)
    kind = "parquet" if note is None else "atlas export"
    return layouts.Layout(kind, layout.path, tuple(columns), fields), note


def _name(column: str) -> str:
    """A column name as a quoted SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    """A string as a quoted SQL literal, where DuckDB takes no bound parameter."""
    return "'" + value.replace("'", "''") + "'"


def _distinct(columns: tuple[str, ...]) -> list[str]:
    """Column names as DuckDB wants them: never empty, never twice (case folded), none of them ours."""
    seen: dict[str, int] = {LINE: 1}
    names = []
    for i, column in enumerate(columns):
        name = column or f"column {i}"
        while name.lower() in seen:
            seen[name.lower()] += 1
            name = f"{name} ({seen[name.lower()]})"
        seen[name.lower()] = 1
        names.append(name)
    return names


# ------------------------------------------------------------------ checking


@dataclass(frozen=True)
class _Check:
    """What is checked, and how."""

    arrived: _Arrived
    layout: layouts.Layout
    note: exports.Note | None
    now: datetime
    max_faults: int
    new_indicators: bool


def _check(connection: store.Connection, check: _Check) -> ImportReport:
    """The report of the staged rows against the store; leaves `checked`, `faults` and `known_indicators` behind."""
    for table in ("known_indicators", "aggregates", "former_codes", "lookup", "checked", "faults"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    connection.execute("CREATE TEMP TABLE known_indicators AS SELECT * FROM indicators")
    if check.note is not None:
        _describe_for_the_check(connection, check.note)
    store.run_file(connection, "ingest/fold")
    for table, file in (("aggregates", "aggregates.csv"), ("former_codes", "old_codes.csv")):
        connection.register("facts", store.reference_file(file))
        connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM facts")
        connection.unregister("facts")
    for name in ("lookup", "checked"):
        store.run_file(connection, f"ingest/{name}")
    bounds = {"first_year": FIRST_YEAR, "last_year": check.now.year, "most": MOST_FAULTS + 1}
    store.run_file(connection, "ingest/faults", bounds)
    store.run_file(connection, "ingest/scale_faults")
    connection.execute(
        "INSERT INTO faults SELECT line, '', value, 'malformed', MAP {'problem': problem}, NULL, NULL FROM malformed"
    )
    if not check.new_indicators and check.layout.kind == "tidy" and "name" not in check.layout.mapping:
        described = list(_companions(check.arrived.folders))
        store.run_file(connection, "ingest/code_faults", {"described": described})
    staged, values, aggregates, count = connection.execute(
        "SELECT (SELECT count(*) FROM staged), count(*), count(*) FILTER (is_aggregate), "
        "(SELECT count(*) FROM faults) FROM checked"
    ).fetchone()
    faults = connection.execute(
        "SELECT line, field, left(value, 120) AS value, kind, facts FROM faults ORDER BY line, field LIMIT $n",
        {"n": min(check.max_faults, MOST_FAULTS)},
    ).df()
    return ImportReport(
        file=check.arrived.name,
        layout=check.layout.kind,
        values=values,
        empty=staged - values,
        aggregates=aggregates,
        fault_count=min(count, MOST_FAULTS),
        row_faults=row_faults.told_of(_suggest(connection, faults)),
        landed=False,
        stopped=count > MOST_FAULTS,
    )


def _describe_for_the_check(connection: store.Connection, note: exports.Note) -> None:
    """What an export says of indicators counts for its check as it will once it has landed."""
    own = "SELECT code FROM indicators WHERE status <> 'undescribed'"
    known = {row[0] for row in connection.execute(own).fetchall()}
    rows = pd.DataFrame([vars(indicator) for indicator in note.indicators if indicator.code not in known])
    if rows.empty:
        return
    columns = ", ".join(rows.columns)
    connection.register("described", rows)
    connection.execute("DELETE FROM known_indicators WHERE code IN (SELECT code FROM described)")
    connection.execute(f"INSERT INTO known_indicators ({columns}) SELECT {columns} FROM described")
    connection.unregister("described")


def _suggest(connection: store.Connection, faults: pd.DataFrame) -> pd.DataFrame:
    """Name the market an unknown country probably means: a slip or two away, in proportion to its length."""
    unknown = faults["kind"] == "unknown country"
    for spelling in faults.loc[unknown, "value"].unique()[:50]:
        near = connection.execute(
            "SELECT m.name, m.iso3 FROM lookup l JOIN markets m ON m.iso3 = l.iso3 "
            "WHERE length(l.spelling) > 3 AND damerau_levenshtein(l.spelling, fold($s)) <= $most "
            "ORDER BY damerau_levenshtein(l.spelling, fold($s)), m.iso3 LIMIT 1",
            {"s": spelling, "most": max(1, len(spelling) // 4)},
        ).fetchone()
        if near and len(spelling) > 3:
            meant = {"market": f"{near[0]} ({near[1]})"}
            rows = faults.index[unknown & (faults["value"] == spelling)]
            faults.loc[rows, "facts"] = pd.Series([meant] * len(rows), index=rows)
    return faults


# ------------------------------------------------------------------ landing


def _land(connection: store.Connection, report: ImportReport, check: _Check) -> tuple[ImportReport, bool]:
    """Write what was checked; returns the report, and whether there was anything new in it."""
    layout, folders = check.layout, check.arrived.folders
    snapshot = store.Snapshot(
        source=f"file {check.arrived.name}",
        retrieved_at=store.next_arrival(connection, check.now),
        sha256=check.arrived.sha256,
        licence="as its publisher states",
        status="partial" if report.fault_count else "complete",
        note=f"{report.fault_count:,} faults skipped" if report.fault_count else "",
    )
    connection.execute("BEGIN")
    restored = exports.take_over(connection, check.note) if check.note is not None else 0
    store.run_file(connection, "ingest/incoming", {"source": snapshot.source, "snapshot": snapshot.id})
    store.put_indicators(connection, _described(connection, layout, folders))
    counts = store.merge_each(connection, snapshot, record=check.note is None)
    if check.note is not None:  # whatever the export says, the next refresh asks the Bank
        store.forget_fetches(connection, list(counts.index[(counts["added"] > 0) | (counts["changed"] > 0)]))
    found = [groups for folder in folders if (groups := companion_groups(folder)) is not None]
    regrouped = sum(store.put_income_groups(connection, groups) for groups in found)
    undescribed = connection.execute(
        "SELECT DISTINCT c.indicator FROM checked c JOIN indicators i ON i.code = c.indicator "
        "WHERE i.status = 'undescribed' ORDER BY 1"
    ).fetchall()
    connection.execute("COMMIT")
    rows, added, changed, not_taken = (int(counts[name].sum()) for name in ("rows", "added", "changed", "not_taken"))
    landed = replace(
        report,
        landed=True,
        added=added,
        changed=changed,
        unchanged=rows - added - changed - not_taken,
        not_taken=not_taken,
        skipped=report.values - report.aggregates - rows,
        regrouped=regrouped,
        undescribed=tuple(row[0] for row in undescribed),
        snapshot=snapshot.id if added or changed else None,
    )
    return landed, bool(added or changed or regrouped or restored)


def _companions(folders: tuple[Path, ...]) -> dict[str, catalog.Indicator]:
    """Indicators by code that an indicators.csv in these folders describes."""
    described: dict[str, catalog.Indicator] = {}
    for companion in (folder / "indicators.csv" for folder in folders):
        try:
            described |= catalog.read_companion(companion) if companion.exists() else {}
        except (ValueError, csv.Error) as error:
            raise _companion_error(companion, error) from error
    return described


def _described(
    connection: store.Connection, layout: layouts.Layout, folders: tuple[Path, ...]
) -> list[catalog.Indicator]:
    """What the file itself, or an indicators.csv beside it, says about codes our catalog does not know."""
    arrived = {row[0] for row in connection.execute("SELECT DISTINCT indicator FROM incoming").fetchall()}
    described = _companions(folders)
    if "name" in layout.mapping:
        code, title = _name(layout.mapping["indicator"]), _name(layout.mapping["name"])
        for row in connection.execute(f"SELECT DISTINCT trim({code}), trim({title}) FROM raw").fetchall():
            if row[0] in arrived and row[0] not in described and row[0] not in catalog.load():
                described[row[0]] = catalog.from_world_bank_title(*row)
    return [indicator for code, indicator in described.items() if code in arrived]


def companion_groups(folder: Path) -> pd.DataFrame | None:
    """Income groups and World Bank regions from a country file lying beside the data: iso3, income_group, wb_region."""
    for pattern in layouts.COMPANIONS[1:]:
        for file in sorted(folder.glob(pattern)):
            try:
                with file.open(encoding="utf-8-sig", newline="") as opened:
                    rows = [
                        {key.lower().replace(" ", "").replace("_", ""): value for key, value in row.items() if key}
                        for row in csv.DictReader(opened)
                    ]
            except (ValueError, csv.Error) as error:
                raise _companion_error(file, error) from error
            groups = [
                (row.get("iso3") or row.get("countrycode"), row["incomegroup"], row.get("region") or None)
                for row in rows
                if row.get("incomegroup")
            ]
            if groups:
                return pd.DataFrame(groups, columns=["iso3", "income_group", "wb_region"])
    return None


def _companion_error(file: Path, error: Exception) -> LayoutError:
    return LayoutError(
        "{name}, which lies beside the data and should describe it, cannot be read ({error}). Correct it as UTF-8 CSV, "
        "or move it to another folder.",
        name=file.name,
        error=error,
    )


# ------------------------------------------------------------------ export and restore


def export(target: Path) -> dict[str, int]:
    """Write every observation, with its source and snapshot, to one Parquet file that another machine imports.

    Byte-stable: the same observations and snapshots give the same file anywhere. Returns rows and bytes.
    """
    connection = store.connect()
    snapshots = store.snapshots(connection).sort_values("id").astype({"retrieved_at": str})
    indicators = store.indicators(connection).query("status != 'described'")
    groups = store.markets(connection)[["iso3", "income_group", "wb_region"]].dropna(subset=["income_group"])
    described = list(catalog.Indicator.__dataclass_fields__)
    note = json.dumps(
        {
            "format": exports.FORMAT,
            "snapshots": json.loads(snapshots.to_json(orient="records")),
            "indicators": json.loads(indicators[described].to_json(orient="records")),
            "groups": json.loads(groups.to_json(orient="records")),
        },
        sort_keys=True,
        ensure_ascii=True,
    )
    rows = store.status(connection)["observations"]
    try:
        scratch = target.absolute().with_name(f"{target.name}.part")
        store.copy_observations(connection, scratch, {"atlas_export": note})
        private.close(scratch)
        scratch.replace(target)
    except (OSError, ValueError) as error:
        if scratch.is_file():
            scratch.unlink()
        raise store.StoreError(
            "{target} cannot be written: {error}. Name a file in a folder you may write to, on a disk with room for "
            "it.",
            target=target,
            error=getattr(error, "strerror", None) or error,
        ) from error
    finally:
        connection.close()
    return {"rows": rows, "bytes": target.stat().st_size}
