"""A file of observations: recognised, checked whole, and only then landed. All faults are reported together."""

import csv
import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet

from data import catalog, layouts, store
from data.layouts import LayoutError

FIRST_YEAR = 1900
MISSING = ("", "..", "na", "n/a", "nan", "null", "none", "-", "…")
FAULT_COLUMNS = ("line", "field", "value", "problem", "remedy")
EXPORT_FORMAT = "1"
LINE = "atlas line"


class ImportRefused(ValueError):
    """The file has faults, and nothing was written. `report` lists them."""

    def __init__(self, report: "ImportReport") -> None:
        super().__init__(f"{report.file}: {report.fault_count:,} fault(s); nothing was written.")
        self.report = report


@dataclass(frozen=True)
class ImportReport:
    """What an import read, left out and changed.

    values: rows that hold a value. empty: cells without one. aggregates: rows of regions and income groups, left out.
    regrouped: markets whose income group a country file beside the data changed.
    faults: FAULT_COLUMNS by line, at most `max_faults` of fault_count. landed: False for a preview or a refusal.
    """

    file: str
    layout: str
    values: int
    empty: int
    aggregates: int
    fault_count: int
    faults: pd.DataFrame
    landed: bool
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    regrouped: int = 0
    undescribed: tuple[str, ...] = ()
    snapshot: str | None = None

    def sentence(self) -> str:
        """What happened, for the terminal and the page."""
        if not self.landed:
            return f"{self.file} ({self.layout}): {self.values:,} values read, {self.fault_count:,} fault(s)."
        parts = [f"{self.added:,} added", f"{self.changed:,} changed", f"{self.unchanged:,} as before"]
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

    Raises LayoutError when the file is not market data, ImportRefused when rows are wrong, StoreBusy, StoreError.
    """
    now = now or datetime.now(UTC)
    name = name or path.name
    store.ensure()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with tempfile.TemporaryDirectory(prefix="atlas-import-") as folder:
        layout = layouts.recognise(path, Path(folder), mapping)
        report = None
        with store.writing() as connection:
            layout, restored = _stage(connection, layout, mapping, Path(folder))
            report = _check(connection, name, layout, now, max_faults)
            if not new_indicators and layout.kind == "tidy" and "name" not in layout.mapping:
                report = _check_codes(connection, report, (path.parent, Path(folder)), max_faults)
            if preview or (report.fault_count and not skip_invalid):
                raise store.Abandon
            snapshot = store.Snapshot(
                source=f"file {name}",
                retrieved_at=store.next_arrival(connection, now),
                sha256=digest,
                licence="as its publisher states",
                status="partial" if report.fault_count else "complete",
                note=f"{report.fault_count:,} faults skipped" if report.fault_count else "",
            )
            report = _land(connection, report, layout, snapshot, (path.parent, Path(folder)))
            if not (report.added or report.changed or report.regrouped or restored):
                raise store.Abandon
    if report.fault_count and not skip_invalid and not preview:
        raise ImportRefused(report)
    return report


# ------------------------------------------------------------------ staging


def _stage(
    connection: store.Connection, layout: layouts.Layout, mapping: Mapping[str, str] | None, scratch: Path
) -> tuple[layouts.Layout, int]:
    """Fill the temp table `staged` (line, market, indicator, year_text, value, value_text, unit, source, snapshot).

    Returns the layout, and how many snapshots and descriptions an export brought along.
    """
    connection.execute("CREATE TEMP TABLE malformed (line BIGINT, value VARCHAR, problem VARCHAR)")
    try:
        if layout.kind == "parquet":
            return _stage_parquet(connection, layout, mapping)
        _stage_text(connection, layout, scratch)
    except store.DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        raise LayoutError(
            f"The file cannot be read ({reason}). Save it again as CSV in UTF-8 and import that."
        ) from error
    if connection.execute("SELECT count(*) = 0 FROM raw").fetchone()[0] and not _malformed(connection):
        raise LayoutError("The file has a header and no rows below it. Nothing to import.")
    return layout, 0


def _malformed(connection: store.Connection) -> int:
    return connection.execute("SELECT count(*) FROM malformed").fetchone()[0]


def _stage_text(connection: store.Connection, layout: layouts.Layout, scratch: Path) -> None:
    _read_text(connection, layout, scratch)
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


def _read_text(connection: store.Connection, layout: layouts.Layout, scratch: Path) -> None:
    """Fill the temp table `raw`: all columns as text, and each row's line in the file."""
    names = _distinct(layout.columns)
    plain = "{" + ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names) + "}"
    numbered = f"{layout.header_line} + row_number() OVER () AS {_name(LINE)}, *"
    options = f"skip = {layout.header_line}, delim = {_text(layout.delimiter)}"
    try:
        _read_csv(connection, layout.path, plain, numbered, options)
        rows = connection.execute("SELECT count(*) FROM raw").fetchone()[0]
        is_regular = layout.header_line + rows == _count_lines(layout.path)
    except store.DatabaseError:
        is_regular = False
    if not is_regular:  # blank lines, line breaks inside quotes, footers, lines that cannot be split
        regular = scratch / "regular.csv"
        malformed = _regularise(layout, regular)
        _read_csv(connection, regular, f"{{{_text(LINE)}: 'BIGINT', {plain[1:]}", "*", "delim = ','")
        connection.register("unsplit", pd.DataFrame(malformed, columns=["line", "value", "problem"]))
        connection.execute("INSERT INTO malformed SELECT * FROM unsplit")
        connection.unregister("unsplit")
    fields = ("market", "indicator") if layout.is_wide else layouts.REQUIRED  # a wide footer carries no codes
    empty = " AND ".join(f"{_name(layout.mapping[field])} IS NULL" for field in fields)
    connection.execute(f"DELETE FROM raw WHERE {empty}")


def _read_csv(connection: store.Connection, file: Path, columns: str, selected: str, options: str) -> None:
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {selected} FROM read_csv({_text(str(file))}, columns = {columns}, "
        f"auto_detect = false, header = false, {options}, quote = '\"', escape = '\"', nullstr = '')"
    )


def _count_lines(file: Path) -> int:
    lines, last = 0, b"\n"
    with file.open("rb") as opened:
        while chunk := opened.read(1 << 22):
            lines, last = lines + chunk.count(b"\n"), chunk
    return lines + (not last.endswith(b"\n"))


def _regularise(layout: layouts.Layout, target: Path) -> list[tuple[int, str, str]]:
    """Write the rows one to a line, each with the line it began on; returns the lines that cannot be split.

    Slower than DuckDB's reader, which loses rows silently behind a quote that never closes.
    """
    width, malformed = len(layout.columns), []
    fields = (
        () if layout.is_wide else layouts.REQUIRED
    )  # short lines of a wide file lack their last years, or are footers
    needed = max((layout.columns.index(layout.mapping[field]) + 1 for field in fields), default=0)
    with (
        layout.path.open(encoding="utf-8-sig", errors="surrogateescape") as file,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, lineterminator="\n")
        for line, text, row, problem in layouts.records(file, layout.delimiter):
            if line <= layout.header_line or not any(cell.strip() for cell in row or [text]):
                continue
            while row and len(row) > width and not row[-1]:
                row.pop()
            if row and len(row) > width:
                problem = f"{len(row)} columns instead of {width}"
            elif row and len(row) < needed:
                problem = f"{len(row)} of {width} columns"
            if problem:
                shown = text.strip()[:80].encode("utf-8", "replace").decode()
                malformed.append((line, shown, problem))
            else:
                padded = row + [""] * (width - len(row))
                writer.writerow([line, *(" ".join(cell.split("\n")) for cell in padded)])
    return malformed


def _stage_parquet(
    connection: store.Connection, layout: layouts.Layout, mapping: Mapping[str, str] | None
) -> tuple[layouts.Layout, int]:
    try:
        metadata = pyarrow.parquet.read_metadata(layout.path)
        columns = metadata.schema.to_arrow_schema().names
    except (OSError, ValueError, NotImplementedError) as error:
        raise LayoutError(f"{layout.path.name} is damaged Parquet ({error}). Export or download it again.") from error
    unfolded = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if unfolded > layouts.MAX_BYTES or metadata.num_rows > layouts.MAX_ROWS:
        raise LayoutError(
            f"{layout.path.name} unfolds to {unfolded / 1e9:.1f} GB and {metadata.num_rows:,} rows; the limits are "
            f"{layouts.MAX_BYTES / 1e9:.1f} GB and {layouts.MAX_ROWS:,} rows. Split it."
        )
    if metadata.num_rows == 0:
        raise LayoutError(f"{layout.path.name} has no rows. Nothing to import.")
    layouts.check_mapping(columns, layout.path.name, mapping)
    fields = layouts.match_columns(columns, mapping)
    if fields is None:
        raise layouts.UnknownColumns(
            f"{layout.path.name} has the columns {', '.join(columns)}. Needed: market (iso3), indicator, year and "
            "value. Rename the columns, or say which is which (--map market=COLUMN).",
            columns,
        )
    exported = (metadata.metadata or {}).get(b"atlas_export")
    restored = 0
    if exported is not None:
        fields |= {"source": "source", "snapshot": "snapshot"}
        restored = _restore_metadata(connection, exported, layout.path.name)
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
        FROM read_parquet({_text(str(layout.path))}, file_row_number = true)
        """
    )
    kind = "parquet" if exported is None else "atlas export"
    return layouts.Layout(kind, layout.path, tuple(columns), fields), restored


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


def _check(
    connection: store.Connection, name: str, layout: layouts.Layout, now: datetime, max_faults: int
) -> ImportReport:
    store.run_file(connection, "ingest/fold")
    for table, file in (("aggregates", "aggregates.csv"), ("former_codes", "old_codes.csv")):
        source = _text(str(store.REFERENCE / file))
        connection.execute(
            f"CREATE TEMP TABLE {table} AS SELECT * FROM read_csv({source}, header = true, all_varchar = true)"
        )
    store.run_file(connection, "ingest/lookup")
    store.run_file(connection, "ingest/checked")
    store.run_file(connection, "ingest/faults", {"first_year": FIRST_YEAR, "last_year": now.year})
    store.run_file(connection, "ingest/scale_faults")
    connection.execute(
        "INSERT INTO faults SELECT line, '', value, 'malformed line: ' || problem, "
        "'Check quotes and the number of columns on this line.', NULL, NULL FROM malformed"
    )
    staged, values, aggregates = connection.execute(
        "SELECT (SELECT count(*) FROM staged), count(*), count(*) FILTER (is_aggregate) FROM checked"
    ).fetchone()
    faults = connection.execute(
        "SELECT line, field, left(value, 120) AS value, problem, remedy FROM faults ORDER BY line, field LIMIT $n",
        {"n": max_faults},
    ).df()
    return ImportReport(
        file=name,
        layout=layout.kind,
        values=values,
        empty=staged - values,
        aggregates=aggregates,
        fault_count=connection.execute("SELECT count(*) FROM faults").fetchone()[0],
        faults=_suggest(connection, faults),
        landed=False,
    )


def _check_codes(
    connection: store.Connection, report: ImportReport, folders: tuple[Path, ...], max_faults: int
) -> ImportReport:
    """The report with a fault for each code that is probably a known one misspelt."""
    store.run_file(connection, "ingest/code_faults", {"described": list(_companions(folders))})
    faults = connection.execute(
        "SELECT line, field, left(value, 120) AS value, problem, remedy FROM faults ORDER BY line, field LIMIT $n",
        {"n": max_faults},
    ).df()
    count = connection.execute("SELECT count(*) FROM faults").fetchone()[0]
    return ImportReport(**vars(report) | {"faults": _suggest(connection, faults), "fault_count": count})


def _suggest(connection: store.Connection, faults: pd.DataFrame) -> pd.DataFrame:
    """Name the market an unknown country probably means: a slip or two away, in proportion to its length."""
    unknown = faults["problem"] == "unknown country"
    for spelling in faults.loc[unknown, "value"].unique()[:50]:
        near = connection.execute(
            "SELECT m.name, m.iso3 FROM lookup l JOIN markets m ON m.iso3 = l.iso3 "
            "WHERE length(l.spelling) > 3 AND damerau_levenshtein(l.spelling, fold($s)) <= $most "
            "ORDER BY damerau_levenshtein(l.spelling, fold($s)), m.iso3 LIMIT 1",
            {"s": spelling, "most": max(1, len(spelling) // 4)},
        ).fetchone()
        if near and len(spelling) > 3:
            rows = unknown & (faults["value"] == spelling)
            faults.loc[rows, "remedy"] = f"Did you mean {near[0]} ({near[1]})? " + faults.loc[rows, "remedy"]
    return faults


# ------------------------------------------------------------------ landing


def _land(
    connection: store.Connection,
    report: ImportReport,
    layout: layouts.Layout,
    snapshot: store.Snapshot,
    folders: tuple[Path, ...],
) -> ImportReport:
    connection.execute("BEGIN")
    store.run_file(connection, "ingest/incoming", {"source": snapshot.source, "snapshot": snapshot.id})
    store.put_indicators(connection, _described(connection, layout, folders))
    counts = store.merge(connection, snapshot, record=layout.kind != "atlas export")
    found = [groups for folder in folders if (groups := companion_groups(folder)) is not None]
    regrouped = sum(store.put_income_groups(connection, groups) for groups in found)
    undescribed = connection.execute(
        "SELECT DISTINCT c.indicator FROM checked c JOIN indicators i ON i.code = c.indicator "
        "WHERE i.status = 'undescribed' ORDER BY 1"
    ).fetchall()
    connection.execute("COMMIT")
    values = report.values - report.aggregates
    return ImportReport(
        **vars(report)
        | {
            "landed": True,
            "added": counts["added"],
            "changed": counts["changed"],
            "unchanged": counts["rows"] - counts["added"] - counts["changed"],
            "skipped": values - counts["rows"],
            "regrouped": regrouped,
            "undescribed": tuple(row[0] for row in undescribed),
            "snapshot": snapshot.id if counts["added"] or counts["changed"] else None,
        }
    )


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
        f"{file.name}, which lies beside the data and should describe it, cannot be read ({error}). "
        "Correct it as UTF-8 CSV, or move it to another folder."
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
            "format": EXPORT_FORMAT,
            "snapshots": json.loads(snapshots.to_json(orient="records")),
            "indicators": json.loads(indicators[described].to_json(orient="records")),
            "groups": json.loads(groups.to_json(orient="records")),
        },
        sort_keys=True,
        ensure_ascii=True,
    )
    rows = store.status(connection)["observations"]
    scratch = target.with_suffix(f"{target.suffix}.part")
    try:
        store.copy_observations(connection, scratch, {"atlas_export": note})
        scratch.replace(target)
    except OSError as error:
        if scratch.is_file():
            scratch.unlink()
        raise store.StoreError(
            f"{target} cannot be written: {error}. Name a file in a folder you may write to."
        ) from error
    finally:
        connection.close()
    return {"rows": rows, "bytes": target.stat().st_size}


def _restore_metadata(connection: store.Connection, exported: bytes, name: str) -> int:
    """Take over the snapshots, indicator descriptions and income groups an export carries; returns how many were new.

    A description of our own stays; one that nobody had given is taken.
    """
    try:
        note = json.loads(exported)
        if note["format"] != EXPORT_FORMAT:
            raise LayoutError(
                f"This export has format {note['format']!r}; this program reads format {EXPORT_FORMAT}. Update it."
            )
        described = "SELECT code FROM indicators WHERE status <> 'undescribed'"
        known = {row[0] for row in connection.execute(described).fetchall()}
        known |= {row["code"] for row in note["indicators"] if row["status"] == "undescribed"}
        indicators = [catalog.Indicator(**row) for row in note["indicators"] if row["code"] not in known]
        groups = pd.DataFrame(note["groups"], columns=["iso3", "income_group", "wb_region"])
        store.put_indicators(connection, indicators)
        regrouped = store.put_income_groups(connection, groups)
        return store.restore_snapshots(connection, pd.DataFrame(note["snapshots"])) + len(indicators) + regrouped
    except LayoutError:
        raise
    except (ValueError, KeyError, TypeError, store.DatabaseError) as error:
        raise LayoutError(f"{name} is a damaged export ({error}). Write it again: python -m data export") from error
