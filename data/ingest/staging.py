"""The rows of a file, brought into a table of their own as they are written."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet

from data import exports, layouts, limits, regular, store
from data.faults import Fault
from data.ingest.checking import MAX_FAULTS
from data.ingest.report import Arrived
from data.layouts import LayoutError

MISSING = ("", "..", "na", "n/a", "nan", "null", "none", "-", "…")
LINE = "atlas line"


def stage_rows(
    connection: store.Connection,
    layout: layouts.Layout,
    mapping: Mapping[str, str] | None,
    arrived: Arrived,
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
    """A cell of more than MAX_CELL characters makes its line malformed."""
    fields = ("market", "indicator", "year_text", "value_text", "unit")
    too_long = " OR ".join(f"length({field}) > $most" for field in fields)
    most = {"most": limits.MAX_CELL}
    connection.execute(
        "INSERT INTO malformed SELECT line, left(indicator, 80), "
        f"'a cell of more than {limits.MAX_CELL:,} characters' FROM staged WHERE {too_long}",
        most,
    )
    connection.execute(f"DELETE FROM staged WHERE {too_long}", most)


def _malformed(connection: store.Connection) -> int:
    return connection.execute("SELECT count(*) FROM malformed").fetchone()[0]


def _stage_text(
    connection: store.Connection, layout: layouts.Layout, arrived: Arrived, deadline: limits.Deadline
) -> None:
    _read_text(connection, layout, arrived.unpacked, deadline)
    limits.check_rows(connection.execute("SELECT count(*) FROM raw").fetchone()[0], arrived.name)
    missing = ", ".join(f"'{marker}'" for marker in MISSING)
    if layout.is_wide:
        columns = ", ".join(sql_name(column) for column in layout.years.values())
        relation = f"(UNPIVOT raw ON {columns} INTO NAME year_text VALUE value_text)"
        year = "year_text"
    else:
        relation, year = "raw", sql_name(layout.mapping["year"])
    label = year if layout.is_wide else _text(layout.mapping["value"])
    value = "value_text" if layout.is_wide else sql_name(layout.mapping["value"])
    unit = sql_name(layout.mapping["unit"]) if "unit" in layout.mapping else "NULL::VARCHAR"
    connection.execute(
        f"""
        CREATE TEMP TABLE staged AS
        SELECT {sql_name(LINE)} AS line, {sql_name(layout.mapping["market"])} AS market,
               {sql_name(layout.mapping["indicator"])} AS indicator,
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
    numbered = f"{layout.header_line} + row_number() OVER () AS {sql_name(LINE)}, *"
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
    empty = " AND ".join(f"{sql_name(layout.mapping[field])} IS NULL" for field in fields)
    connection.execute(f"DELETE FROM raw WHERE {empty}")


def _read_csv(connection: store.Connection, file: Path, columns: str, selected: str, options: str) -> None:
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {selected} FROM read_csv({store.literal(file)}, "
        f"columns = {columns}, auto_detect = false, header = false, {options}, quote = '\"', escape = '\"', "
        f"nullstr = '', hive_partitioning = false) LIMIT {limits.MAX_ROWS + 1}"
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
            most=MAX_FAULTS,
            seconds=deadline.left(),
        )
    except regular.TookTooLong:
        raise limits.too_slow(deadline.name) from None


def _stage_parquet(
    connection: store.Connection,
    layout: layouts.Layout,
    mapping: Mapping[str, str] | None,
    arrived: Arrived,
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
        field: f"{sql_name(fields[field])}::VARCHAR" if field in fields else "NULL::VARCHAR"
        for field in ("unit", "source", "snapshot")
    }
    value, missing = sql_name(fields["value"]), ", ".join(f"'{marker}'" for marker in MISSING)
    connection.execute(
        f"""
        CREATE TEMP TABLE staged AS
        SELECT file_row_number + 1 AS line, {sql_name(fields["market"])}::VARCHAR AS market,
               {sql_name(fields["indicator"])}::VARCHAR AS indicator, {sql_name(fields["year"])}::VARCHAR AS year_text,
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


def sql_name(column: str) -> str:
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
