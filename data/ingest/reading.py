"""The rows of a text file as a table of texts, each with the line it began on."""

from pathlib import Path

import pandas as pd

from data import layouts, limits, regular, store
from data.ingest.report import MAX_FAULTS

LINE = "atlas line"


def read_text(
    connection: store.Connection,
    layout: layouts.Layout,
    scratch: Path,
    deadline: limits.Deadline,
    before: int = 0,
) -> None:
    """Fill the temp table `raw`: all columns as text, and each row's line in the file, counted on from `before`."""
    names = _distinct(layout.columns)
    plain = "{" + ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names) + "}"
    numbered = f"{layout.header_line + before} + row_number() OVER () AS {sql_name(LINE)}, *"
    options = f"skip = {layout.header_line}, delim = {quoted(layout.delimiter)}"
    try:
        _read_csv(connection, layout.path, plain, numbered, options)
        rows = connection.execute("SELECT count(*) FROM raw").fetchone()[0]
        limits.check_rows(rows, deadline.name)
        is_regular = layout.header_line + rows == _count_lines(layout.path)
    except store.DatabaseError:
        is_regular = False
    if not is_regular:  # blank lines, line breaks inside quotes, footers, lines that cannot be split
        rows_file = scratch / "regular.csv"
        malformed = [(line + before, *told) for line, *told in _regularise(layout, rows_file, deadline)]
        _read_csv(connection, rows_file, f"{{{quoted(LINE)}: 'BIGINT', {plain[1:]}", _counted_on(before), "delim = ','")
        connection.register("unsplit", pd.DataFrame(malformed, columns=["line", "value", "problem"]))
        connection.execute("INSERT INTO malformed SELECT * FROM unsplit")
        connection.unregister("unsplit")
    empty = " AND ".join(f"{sql_name(column)} IS NULL" for column in _never_all_empty(layout))
    connection.execute(f"DELETE FROM raw WHERE {empty}")
    if layout.keys:
        _take_keys_apart(connection, layout)


def _counted_on(before: int) -> str:
    return f"* REPLACE ({sql_name(LINE)} + {before} AS {sql_name(LINE)})" if before else "*"


def _never_all_empty(layout: layouts.Layout) -> list[str]:
    """Columns of which every row of figures fills one at least: a footer fills none."""
    if layout.series:
        return [c for c in layout.columns if layouts.plain(c) in {layouts.plain(n) for n in layouts.FIELDS["market"]}]
    fields = ("market", "indicator") if layout.is_wide else layouts.REQUIRED  # a wide footer carries no codes
    named = [layout.mapping[field] for field in fields if layout.mapping.get(field) in layout.columns]
    return named or [layout.columns[0]]


def _take_keys_apart(connection: store.Connection, layout: layouts.Layout) -> None:
    first = sql_name(layout.columns[0])
    keys = ", ".join(f"trim(split_part({first}, ',', {n})) AS {sql_name(k)}" for n, k in enumerate(layout.keys, 1))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT * EXCLUDE ({first}), {keys} FROM raw")


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
            needed=max((layout.columns.index(layout.mapping[f]) + 1 for f in fields if f in layout.mapping), default=0),
            most=MAX_FAULTS,
            seconds=deadline.left(),
        )
    except regular.TookTooLong:
        raise limits.too_slow(deadline.name) from None


def cell(part: layouts.Layout, column: str) -> str:
    """A column as SQL text; without its label where the file writes `CODE: Label`."""
    text = f"{sql_name(column)}::VARCHAR"
    return f"split_part({text}, ': ', 1)" if layouts.is_labelled(column) else text


def sql_name(column: str) -> str:
    """A column name as a quoted SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def quoted(value: str) -> str:
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
