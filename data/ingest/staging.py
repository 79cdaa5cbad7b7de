"""The rows of a file, brought into a table of their own as they are written and as its other columns mean them."""

from collections.abc import Mapping
from datetime import datetime

from data import exports, limits, store
from data.ingest import meaning, numbers, places
from data.ingest.context import Context, context_of
from data.ingest.parquet import open_parquet
from data.ingest.reading import LINE, cell, quoted, read_text, sql_name
from data.ingest.report import Arrived, Choices
from data.layouts import Layout, LayoutError
from data.row_faults import PART

MISSING = ("", "..", "na", "n/a", "nan", "null", "none", "-", "…")
MORE_MISSING = {
    "IMF WEO": ("--",),
    "Eurostat TSV": (":",),
    "UNdata": ("...", "—"),
    "SDMX-CSV": (":",),
    "SDMX-ML": (":",),
}
"""What else stands for no value, by layout."""
TABLES = (
    "malformed (line BIGINT, value VARCHAR, problem VARCHAR)",
    "set_aside (line BIGINT, field VARCHAR, value VARCHAR, kind VARCHAR, facts MAP(VARCHAR, VARCHAR), cells BIGINT)",
    "left_cells (reason VARCHAR, cells BIGINT)",
    "remarks (kind VARCHAR, detail VARCHAR, cells BIGINT)",
    "titles (code VARCHAR, title VARCHAR)",
    "marked (line BIGINT, value_column VARCHAR, flag VARCHAR, snapshot VARCHAR)",
)
"""Lines that cannot be split; rows whose other columns forbid to land them; cells left out, and why; what was done with
others; what the file calls its indicators; flagged values, and a row without a line where a file has flags at all."""
STAGED = "line, market, indicator, year_text, value, value_text, value_column, unit, source, snapshot"


def stage_rows(
    connection: store.Connection,
    layout: Layout,
    mapping: Mapping[str, str] | None,
    arrived: Arrived,
    now: datetime,
    deadline: limits.Deadline,
    choices: Choices,
) -> tuple[Layout, exports.Note | None]:
    """Fill the temp table `staged` (line, market, indicator, year_text, value, value_text, unit, source, snapshot).

    A line of the second part of a file counts from `PART` on. Returns the layout, and what an export says of
    itself.
    """
    note = None
    for table in TABLES:
        connection.execute(f"CREATE TEMP TABLE {table}")
    places.prepare(connection)
    try:
        if layout.kind == "parquet":
            layout, note = open_parquet(connection, layout, mapping, arrived, now)
        choices.check(layout, arrived.name)
        for number, part in enumerate((layout, *layout.parts)):
            if layout.kind not in ("parquet", "atlas export"):
                read_text(connection, part, arrived.unpacked, deadline, number * PART)
                limits.check_rows(connection.execute("SELECT count(*) FROM raw").fetchone()[0], arrived.name)
            _stage_part(connection, part, number, arrived, choices, is_export=note is not None)
        _set_aside_long_cells(connection)
        if note is not None:
            exports.check_rows(connection, note, arrived.name)
    except store.TookTooLong:
        raise
    except store.DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        raise LayoutError(
            "The file cannot be read ({reason}). Save it again as CSV in UTF-8 and import that.", reason=reason
        ) from error
    if _is_empty(connection):
        raise LayoutError("The file has a header and no rows below it. Nothing to import.")
    return layout, note


def _is_empty(connection: store.Connection) -> bool:
    counted = " + ".join(f"(SELECT count(*) FROM {t})" for t in ("staged", "malformed", "set_aside", "left_cells"))
    return connection.execute(f"SELECT {counted} = 0").fetchone()[0]


def _stage_part(
    connection: store.Connection, part: Layout, number: int, arrived: Arrived, choices: Choices, is_export: bool
) -> None:
    context = Context() if is_export else context_of(part)
    if context.name:
        context = places.settle_names(connection, part, context)
    if not is_export:
        context = meaning.find_multiplier(connection, part, context)
    keeps_blanks = part.is_wide and places.is_known_source(connection, arrived.name)
    _build(connection, part, context, keeps_blanks, numbers.needs_texts(part, choices))
    decided = numbers.convention(connection, part, choices)
    if decided.needs_texts and not numbers.needs_texts(part, choices):
        _build(connection, part, context, keeps_blanks, True)
    if part.is_wide and not keeps_blanks:
        count = f"(SELECT count(*) FROM raw) * {len(part.spread)} - (SELECT count(*) FROM part)"
        connection.execute(f"INSERT INTO left_cells SELECT 'blank', {count}")
    for column in part.unread:
        figure = f"try_cast({sql_name(column)} AS DOUBLE)"
        connection.execute(f"INSERT INTO left_cells SELECT 'column', count(*) FROM raw WHERE {figure} IS NOT NULL")
    numbers.apply(connection, decided, part)
    meaning.set_aside_lines(connection, part, context, choices)
    meaning.read_statuses(connection, part, context)
    if is_export and "flag" in part.columns:
        meaning.note_flags_of_export(connection, part)
    if not is_export:
        meaning.apply_powers(connection, part, context, arrived)
    meaning.note_titles(connection, part)
    into = "INSERT INTO staged" if number else "CREATE TEMP TABLE staged AS"
    if number == 0 and set(_columns(connection, "part")) == {c.strip() for c in STAGED.split(",")}:
        connection.execute("ALTER TABLE part RENAME TO staged")
    else:
        connection.execute(f"{into} SELECT {STAGED} FROM part")
        connection.execute("DROP TABLE part")


def _columns(connection: store.Connection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]


def _build(connection: store.Connection, part: Layout, context: Context, keeps_blanks: bool, texts: bool) -> None:
    """The temp table `part`: a row a cell. With `written` when the text of every value is needed; with `multiplier` and
    `mark` where the file has them.
    """
    missing = ", ".join(quoted(text) for text in (*MISSING, *MORE_MISSING.get(part.kind, ())))
    relation, year, value, label, indicator = "raw", "", "", "", ""
    if part.is_wide:
        spread = ", ".join(sql_name(column) for column in part.spread)
        blanks = "INCLUDE NULLS" if keeps_blanks else ""
        relation = f"(FROM raw UNPIVOT {blanks} (value_text FOR spread IN ({spread})))"
        value, label = "value_text", "spread"
    else:
        value, label = sql_name(part.mapping["value"]), quoted(part.mapping["value"])
    year = "spread" if part.years else _field(part, "year")
    if part.series:
        indicator = _among(part.series)
    elif part.joined:
        indicator = f"concat_ws(', ', {', '.join(sql_name(column) for column in part.joined)})"
    else:
        indicator = _field(part, "indicator")
    mark, number = meaning.mark_of(part, context, value, year), numbers.text_of(part, value)
    more = [f"{number} AS written"] if texts else []
    if context.multiplier:
        more.append(f"{cell(part, context.multiplier)} AS multiplier")
    elif header := meaning.headed(part):
        more.append(f"{quoted(header)} AS multiplier")
    more += [f"{mark} AS mark"] if mark else []
    market, join = places.settled(part, context, _field(part, "market"))
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE part AS
        SELECT {sql_name(LINE)} AS line, {market} AS market, {indicator} AS indicator, {year}::VARCHAR AS year_text,
               CASE WHEN NOT isnan(try_cast({number} AS DOUBLE)) THEN try_cast({number} AS DOUBLE) END AS value,
               CASE WHEN try_cast({number} AS DOUBLE) IS NULL AND lower(trim({number}::VARCHAR)) NOT IN ({missing})
                    THEN trim({number}::VARCHAR) END AS value_text,
               {label} AS value_column, {_unit(part)} AS unit, {_field(part, "source")} AS source,
               {_field(part, "snapshot")} AS snapshot {"".join(f", {column}" for column in more)}
        FROM {relation} {join}
        """
    )


def _field(part: Layout, field: str) -> str:
    if field in part.fixed:
        return quoted(part.fixed[field])
    column = part.mapping.get(field)
    return cell(part, column) if column else "NULL::VARCHAR"


def _unit(part: Layout) -> str:
    if not part.units:
        return _field(part, "unit")
    cases = " ".join(f"WHEN {quoted(part.series[code])} THEN {quoted(unit)}" for code, unit in part.units.items())
    return f"CASE spread {cases} END"


def _among(series: Mapping[str, str]) -> str:
    """The code that belongs to the column a value stands in."""
    cases = " ".join(f"WHEN {quoted(column)} THEN {quoted(code)}" for code, column in series.items())
    return f"CASE spread {cases} END"


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
