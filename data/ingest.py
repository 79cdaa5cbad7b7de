"""A file of observations: recognised, checked whole, and only then landed. All faults are reported together."""

import csv
import hashlib
import json
import shutil
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
    now: datetime | None = None,
) -> ImportReport:
    """Bring a file of observations into the store.

    name: what the source is called, the file's name by default; importing under the same name again replaces values and
    is idempotent. mapping: our field -> the file's column, for tidy files with other names. skip_invalid lands the
    rows without faults. preview checks and writes nothing. An `indicators.csv` and a `countries.csv` (or the World
    Bank's own country files) lying beside the file describe its indicators and income groups.

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
            layout = _stage(connection, layout, mapping)
            report = _check(connection, name, layout, now, max_faults)
            if preview or (report.fault_count and not skip_invalid):
                raise store.Abandon
            snapshot = store.Snapshot(
                source=f"file {name}",
                retrieved_at=now,
                sha256=digest,
                licence="as its publisher states",
                status="partial" if report.fault_count else "complete",
                note=f"{report.fault_count:,} faults skipped" if report.fault_count else "",
            )
            report = _land(connection, report, layout, snapshot, path.parent)
            if not (report.added or report.changed or report.regrouped):
                raise store.Abandon
    if report.fault_count and not skip_invalid and not preview:
        raise ImportRefused(report)
    return report


# ------------------------------------------------------------------ staging


def _stage(connection: store.Connection, layout: layouts.Layout, mapping: Mapping[str, str] | None) -> layouts.Layout:
    """Fill the temp table `staged` (line, market, indicator, year_text, value, value_text, unit, source, snapshot)."""
    if layout.kind == "parquet":
        return _stage_parquet(connection, layout, mapping)
    _read_text(connection, layout)
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
        SELECT line, {_name(layout.mapping["market"])} AS market, {_name(layout.mapping["indicator"])} AS indicator,
               {year} AS year_text, try_cast({value} AS DOUBLE) AS value,
               CASE WHEN try_cast({value} AS DOUBLE) IS NULL AND lower(trim({value})) NOT IN ({missing})
                    THEN trim({value}) END AS value_text,
               {label} AS value_column, {unit} AS unit, NULL::VARCHAR AS source, NULL::VARCHAR AS snapshot
        FROM {relation}
        """
    )
    # NaN is how some tools write "no value".
    connection.execute("UPDATE staged SET value = NULL WHERE isnan(value)")
    return layout


def _read_text(connection: store.Connection, layout: layouts.Layout) -> None:
    """Fill the temp table `raw`: all columns as text, and each row's line; rows that cannot be split become faults."""
    names = _distinct(layout.columns)
    columns = "{" + ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names) + "}"
    connection.execute(
        f"""
        CREATE TEMP TABLE raw AS
        SELECT {layout.header_line} + row_number() OVER () AS line, *
        FROM read_csv({_text(str(layout.path))}, columns = {columns}, auto_detect = false, header = false,
                      skip = {layout.header_line}, delim = {_text(layout.delimiter)}, quote = '"', escape = '"',
                      null_padding = true, store_rejects = true, rejects_limit = 100000, nullstr = '')
        """
    )
    if layout.is_wide:  # footers and blank lines of a DataBank extract carry no codes
        market, indicator = _name(layout.mapping["market"]), _name(layout.mapping["indicator"])
        connection.execute(f"DELETE FROM raw WHERE {market} IS NULL AND {indicator} IS NULL")
    else:
        fields = [_name(layout.mapping[field]) for field in layouts.REQUIRED]
        connection.execute("DELETE FROM raw WHERE " + " AND ".join(f"{field} IS NULL" for field in fields))


def _stage_parquet(
    connection: store.Connection, layout: layouts.Layout, mapping: Mapping[str, str] | None
) -> layouts.Layout:
    try:
        metadata = pyarrow.parquet.read_metadata(layout.path)
    except (OSError, ValueError) as error:
        raise LayoutError(f"{layout.path.name} is damaged Parquet ({error}). Export or download it again.") from error
    unfolded = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if unfolded > layouts.MAX_BYTES:
        raise LayoutError(f"{layout.path.name} unfolds to {unfolded / 1e9:.1f} GB; the limit is 4.3 GB. Split it.")
    columns = metadata.schema.to_arrow_schema().names
    fields = layouts.match_columns(columns, mapping)
    if fields is None:
        raise LayoutError(
            f"{layout.path.name} has the columns {', '.join(columns)}. Needed: market (iso3), indicator, year and "
            "value. Rename the columns, or say which is which (--map market=COLUMN)."
        )
    exported = (metadata.metadata or {}).get(b"atlas_export")
    if exported is not None:
        fields |= {"source": "source", "snapshot": "snapshot"}
        _restore_metadata(connection, json.loads(exported))
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
    return layouts.Layout(kind, layout.path, tuple(columns), fields)


def _name(column: str) -> str:
    """A column name as a quoted SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    """A string as a quoted SQL literal, where DuckDB takes no bound parameter."""
    return "'" + value.replace("'", "''") + "'"


def _distinct(columns: tuple[str, ...]) -> list[str]:
    """Column names as DuckDB wants them: never empty, never twice (case folded)."""
    seen: dict[str, int] = {}
    names = []
    for i, column in enumerate(columns):
        key = column.lower() or f"column {i}"
        seen[key] = seen.get(key, 0) + 1
        names.append((column or f"column {i}") + (f" ({seen[key]})" if seen[key] > 1 else ""))
    return names


# ------------------------------------------------------------------ checking


def _check(
    connection: store.Connection, name: str, layout: layouts.Layout, now: datetime, max_faults: int
) -> ImportReport:
    for table, file in (("aggregates", "aggregates.csv"), ("former_codes", "old_codes.csv")):
        source = _text(str(store.REFERENCE / file))
        connection.execute(
            f"CREATE TEMP TABLE {table} AS SELECT * FROM read_csv({source}, header = true, all_varchar = true)"
        )
    store.run_file(connection, "ingest/lookup")
    store.run_file(connection, "ingest/checked")
    store.run_file(connection, "ingest/faults", {"first_year": FIRST_YEAR, "last_year": now.year})
    store.run_file(connection, "ingest/scale_faults")
    if layout.kind not in ("parquet", "atlas export"):
        connection.execute(
            "INSERT INTO faults SELECT line, coalesce(column_name, ''), coalesce(csv_line, ''), "
            "'malformed line: ' || replace(lower(error_type::VARCHAR), '_', ' '), "
            "'Check quotes and the number of columns on this line.', NULL, NULL FROM reject_errors"
        )
    staged, values, aggregates = connection.execute(
        "SELECT (SELECT count(*) FROM staged), count(*), count(*) FILTER (is_aggregate) FROM checked"
    ).fetchone()
    faults = connection.execute(
        f"SELECT {', '.join(FAULT_COLUMNS)} FROM faults ORDER BY line, field LIMIT $n", {"n": max_faults}
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


def _suggest(connection: store.Connection, faults: pd.DataFrame) -> pd.DataFrame:
    """Name the market an unknown country probably means."""
    unknown = faults["problem"] == "unknown country"
    for spelling in faults.loc[unknown, "value"].unique()[:50]:
        near = connection.execute(
            "SELECT m.name, m.iso3 FROM lookup l JOIN markets m ON m.iso3 = l.iso3 "
            "WHERE length(l.spelling) > 3 ORDER BY jaro_winkler_similarity(l.spelling, lower($s)) DESC LIMIT 1",
            {"s": spelling},
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
    folder: Path,
) -> ImportReport:
    connection.execute("BEGIN")
    store.run_file(connection, "ingest/incoming", {"source": snapshot.source, "snapshot": snapshot.id})
    store.put_indicators(connection, _described(connection, layout, folder))
    counts = store.merge(connection, snapshot, record=layout.kind != "atlas export")
    groups = companion_groups(folder)
    regrouped = store.put_income_groups(connection, groups) if groups is not None else 0
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


def _described(connection: store.Connection, layout: layouts.Layout, folder: Path) -> list[catalog.Indicator]:
    """What the file itself, or an indicators.csv beside it, says about codes our catalog does not know."""
    arrived = {row[0] for row in connection.execute("SELECT DISTINCT indicator FROM incoming").fetchall()}
    companion = folder / "indicators.csv"
    described = catalog.read_companion(companion) if companion.exists() else {}
    if "name" in layout.mapping:
        code, title = _name(layout.mapping["indicator"]), _name(layout.mapping["name"])
        for row in connection.execute(f"SELECT DISTINCT trim({code}), trim({title}) FROM raw").fetchall():
            if row[0] in arrived and row[0] not in described and row[0] not in catalog.load():
                described[row[0]] = catalog.from_world_bank_title(*row)
    return [indicator for code, indicator in described.items() if code in arrived]


def companion_groups(folder: Path) -> pd.DataFrame | None:
    """Income groups and World Bank regions from a country file lying beside the data: iso3, income_group, wb_region."""
    for pattern in ("countries.csv", "WDICountry.csv", "Metadata_Country_*.csv"):
        for file in sorted(folder.glob(pattern)):
            with file.open(encoding="utf-8-sig", newline="") as opened:
                rows = [
                    {key.lower().replace(" ", "").replace("_", ""): value for key, value in row.items() if key}
                    for row in csv.DictReader(opened)
                ]
            groups = [
                (row.get("iso3") or row.get("countrycode"), row["incomegroup"], row.get("region"))
                for row in rows
                if row.get("incomegroup")
            ]
            if groups:
                return pd.DataFrame(groups, columns=["iso3", "income_group", "wb_region"])
    return None


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
    scratch = target.with_name(target.name + ".part")
    try:
        store.copy_observations(connection, scratch, {"atlas_export": note})
    except OSError as error:
        raise store.StoreError(f"{target} cannot be written: {error}") from error
    rows = store.status(connection)["observations"]
    connection.close()
    shutil.move(scratch, target)
    return {"rows": rows, "bytes": target.stat().st_size}


def _restore_metadata(connection: store.Connection, note: dict) -> None:
    """Take over the snapshots, indicator descriptions and income groups an export carries."""
    if note.get("format") != EXPORT_FORMAT:
        raise LayoutError(
            f"This export has format {note.get('format')!r}; this program reads format {EXPORT_FORMAT}. Update it."
        )
    store.restore_snapshots(connection, pd.DataFrame(note["snapshots"]))
    known = {row[0] for row in connection.execute("SELECT code FROM indicators").fetchall()}
    store.put_indicators(
        connection, [catalog.Indicator(**row) for row in note["indicators"] if row["code"] not in known]
    )
    if note["groups"]:
        store.put_income_groups(connection, pd.DataFrame(note["groups"]))
