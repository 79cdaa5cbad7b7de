"""What the columns beside a value make of it: taken times a power of ten, set aside, left out, or told."""

import re
from dataclasses import replace

import pandas as pd

from data import layouts, limits, store, units
from data.ingest.companions import described_beside
from data.ingest.context import TOTAL_ENDING, TOTALS, Context
from data.ingest.reading import LINE, cell, quoted, sql_name
from data.ingest.report import Arrived, Choices

MAX_WORDS = 20_000
"""Different units, multipliers or flags of a file that are looked at."""
_MARKS = {
    "normal": "a|normal|normal value|official|official figure|official value|final|v|validated",
    "forecast": "f|forecast|forecast value|projection|projected|projected value|fc|fcst",
    "missing": "m|o|l|h|q|missing|missing value|missing value; data cannot exist|missing value; suppressed|"
    "data cannot exist|missing; data cannot exist|confidential|c|z|not applicable|not available",
    "estimate": "e|estimate|estimated|estimated value|s|i|im|imputed|imputed value|imputation|modelled|modeled|x|"
    "experimental|t",
    "provisional": "p|provisional|provisional value|preliminary|r|revised",
    "break": "b|break|break in time series|break in series|time series break|series break",
}
KEPT = ("break", "estimate", "provisional")
"""What stays with a value; forecasts and missing values are left out."""
_STATUS = {word: kind for kind, words in _MARKS.items() for word in words.split("|")}
_MAYBE_MULTIPLIER = re.compile(r"unit|scale|mult|magnitude|power|factor|express|denominat|value in|figures in|in$")
_FAO = {"f": "estimate", "x": "estimate", "t": "estimate"}


MAX_FIGURE = 1e18
"""No figure of a country is as large, in whatever currency: the IMF writes SCALE 9 beside values in units, too."""


def find_multiplier(connection: store.Connection, part: layouts.Layout, context: Context) -> Context:
    """The context with a multiplier whose column has a name of its own and holds nothing but words for one."""
    if part.split is not None:
        return context
    used = {*part.mapping.values(), *part.spread, *part.joined, *(c for c, _ in context.dimensions), *context.statuses}
    for column in part.columns if not (context.multiplier or part.keys) else ():
        if column in used or not _MAYBE_MULTIPLIER.search(layouts.plain(column)):
            continue
        query = f"SELECT DISTINCT trim({cell(part, column)}) FROM raw LIMIT 30"
        words = [word for (word,) in connection.execute(query).fetchall() if word]
        if words and all(not word.isdigit() and units.power(word) for word in words):
            return replace(context, multiplier=column)
    return context


def headed(part: layouts.Layout) -> str | None:
    """The multiplier that stands in the header of the values, as in `value (millions)`."""
    header = part.mapping.get("value", "")
    return header if not part.is_wide and units.split(header)[0] else None


def mark_of(part: layouts.Layout, context: Context, value: str, year: str) -> str:
    """A cell's status as SQL text; "" for a layout without one."""
    if part.kind == "Eurostat TSV":
        return f"regexp_extract(trim({value}), '([a-z]+)$', 1)"
    if until := part.mapping.get("estimates after"):
        reached = "try_cast(regexp_extract({}, '(\\d{{4}})', 1) AS INTEGER)"
        return f"CASE WHEN {reached.format(year)} > {reached.format(sql_name(until))} THEN 'e' END"
    if not context.statuses:
        return ""
    texts = ", ".join(f"nullif(trim({cell(part, column)}), '')" for column in context.statuses)
    return f"coalesce({texts})"


def set_aside_lines(connection: store.Connection, part: layouts.Layout, context: Context, choices: Choices) -> None:
    """Rows that another column says are not the figure for the whole country: one fault a kind, with its count."""
    kept = choices.kept_in(part)
    for column, value in kept.items():
        _leave_out(
            connection,
            "kept",
            f"SELECT {sql_name(LINE)} AS line FROM raw WHERE "
            + " AND ".join(
                f"lower(trim(coalesce({cell(part, said)}, ''))) <> {quoted(value.strip().lower())}"
                for said in filter(None, (column, context.labels.get(column)))
            ),
        )
    dimensions = [(column, kind) for column, kind in context.dimensions if column not in kept]
    if context.name:
        _set_aside(
            connection,
            "SELECT line, 'market' AS field, coalesce(code, '') AS value, 'at odds' AS kind, "
            "MAP {'code': coalesce(code, ''), 'name': name, 'of_code': of_code, 'of_name': of_name} AS facts "
            "FROM at_odds",
        )
    for column, kind in dimensions:
        text, total = f"lower(trim({cell(part, column)}))", ""
        if label := context.labels.get(column):
            total = f" OR {_is_total(part, f'lower(trim({cell(part, label)}))', kind)}"
        _set_aside(
            connection,
            f"SELECT {sql_name(LINE)} AS line, {quoted(column)} AS field, trim({cell(part, column)}) AS value, "
            f"'dimension' AS kind, MAP {{'column': {quoted(column)}, 'value': trim({cell(part, column)})}} AS facts "
            f"FROM raw WHERE {text} IS NOT NULL AND NOT ({_is_total(part, text, kind)}{total})",
        )


def _is_total(part: layouts.Layout, text: str, kind: str) -> str:
    def among(words: list[str]) -> str:
        return f"{text} IN ({', '.join(map(quoted, words))})"

    total = f"({among(TOTALS['dimension'])} OR regexp_matches({text}, {quoted(TOTAL_ENDING)}))"
    if kind in ("frequency", "adjustment", "action"):
        return f"{total} OR {among(TOTALS[kind])}"
    if kind == "indicator":
        return f"(SELECT count(DISTINCT {text}) FROM raw) = 1"
    if kind != "prices":
        return total
    column = part.mapping.get("indicator")
    code = quoted(part.fixed["indicator"]) if "indicator" in part.fixed else cell(part, column) if column else "NULL"
    constant = (
        f"coalesce((SELECT bool_or(contains(unit, 'constant')) FROM indicators i WHERE i.code = trim({code})), false)"
    )
    return (
        f"{total} OR ({among(TOTALS['current_prices'])} AND NOT {constant}) "
        f"OR ({among(TOTALS['constant_prices'])} AND {constant})"
    )


def _set_aside(connection: store.Connection, lines: str) -> None:
    """Take the cells of these lines (line, field, value, kind, facts) out of `part`; one fault a field and value."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE wrong AS {lines}")
    connection.execute(
        "INSERT INTO set_aside SELECT min(p.line), field, w.value, kind, any_value(facts), count(*) FROM wrong w "
        "JOIN part p USING (line) WHERE p.value IS NOT NULL OR p.value_text IS NOT NULL "
        "GROUP BY field, w.value, kind, facts"
    )
    connection.execute("DELETE FROM part WHERE line IN (SELECT line FROM wrong)")


def _leave_out(connection: store.Connection, reason: str, lines: str) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE wrong AS {lines}")
    connection.execute(
        f"INSERT INTO left_cells SELECT '{reason}', count(*) FROM part WHERE line IN (SELECT line FROM wrong) "
        "AND (value IS NOT NULL OR value_text IS NOT NULL)"
    )
    connection.execute("DELETE FROM part WHERE line IN (SELECT line FROM wrong)")


def read_statuses(connection: store.Connection, part: layouts.Layout, context: Context) -> None:
    """Forecasts and values said to be missing are left out; estimates, provisional values and breaks are counted."""
    if "mark" not in _columns(connection):
        return
    words = connection.execute(f"SELECT DISTINCT mark FROM part WHERE mark IS NOT NULL LIMIT {MAX_WORDS}").fetchall()
    kinds = pd.DataFrame(
        [(word, status(word, part.kind), flag(word, part.kind)) for (word,) in words],
        columns=["word", "kind", "flag"],
        dtype=object,
    )
    connection.register("kinds", kinds)
    connection.execute("INSERT INTO marked VALUES (NULL, NULL, '', NULL)")
    joined = "part p JOIN kinds k ON k.word = p.mark WHERE (p.value IS NOT NULL OR p.value_text IS NOT NULL)"
    connection.execute(
        f"INSERT INTO left_cells SELECT k.kind, count(*) FROM {joined} AND k.kind IN ('forecast', 'missing') GROUP BY 1"
    )
    connection.execute(
        f"INSERT INTO remarks SELECT k.kind, CASE k.kind WHEN 'other' THEN k.word ELSE '' END, count(*) FROM {joined} "
        "AND k.kind NOT IN ('normal', 'forecast', 'missing') GROUP BY 1, 2"
    )
    connection.execute(f"INSERT INTO marked SELECT p.line, p.value_column, k.flag, NULL FROM {joined} AND k.flag <> ''")
    connection.execute(
        "DELETE FROM part WHERE (value IS NOT NULL OR value_text IS NOT NULL) AND mark IN "
        "(SELECT word FROM kinds WHERE kind IN ('forecast', 'missing'))"
    )
    connection.unregister("kinds")


def status(word: str, layout: str = "") -> str:
    """What a publisher's flag means: normal, forecast, missing, estimate, provisional, break or other.

    SDMX's OBS_STATUS, Eurostat's and FAO's flags, and their labels. Several letters are several flags; one that keeps a
    value out goes before the others.
    """
    kinds = _kinds(word, layout)
    return next((kind for kind in ("missing", "forecast", *KEPT) if kind in kinds), kinds[0])


def flag(word: str, layout: str = "") -> str:
    """What of a publisher's flag stays with the value: break, estimate and provisional, with blanks between; or ""."""
    kinds = _kinds(word, layout)
    return " ".join(kind for kind in KEPT if kind in kinds)


def _kinds(word: str, layout: str) -> list[str]:
    """All that a flag says; "other" alone where some of it is not understood, "normal" for an empty one."""
    said = word.strip().lower()
    if layout == "FAOSTAT" and said in _FAO:
        return [_FAO[said]]
    if said in _STATUS:
        return [_STATUS[said]]
    parts = said.split(",") if "," in said else list(said)
    kinds = [_STATUS.get(part.strip(), "other") for part in parts if part.strip()]
    is_short = len(said) <= 4 or "," in said
    understood = is_short and "other" not in kinds and {"missing", "forecast", *KEPT} & set(kinds)
    return kinds if understood else ["other" if said else "normal"]


def note_flags_of_export(connection: store.Connection, part: layouts.Layout) -> None:
    """Keep what an export says of its values, each with the arrival that said so."""
    connection.execute(
        f"INSERT INTO marked SELECT {sql_name(LINE)}, {quoted(part.mapping['value'])}, flag::VARCHAR, "
        "flag_snapshot::VARCHAR FROM raw WHERE flag IS NOT NULL"
    )


def apply_powers(connection: store.Connection, part: layouts.Layout, context: Context, arrived: Arrived) -> None:
    """Take values times the power of ten that their row or their unit states; what cannot be told is set aside.

    `unit` stays only where it is not the indicator's.
    """
    if not (context.multiplier or headed(part) or part.units or "unit" in part.mapping or "unit" in part.fixed):
        return
    has_column = bool(context.multiplier or headed(part))
    multiplier = "multiplier" if has_column else "NULL::VARCHAR"
    rows = connection.execute(
        f"SELECT trim(p.indicator), p.unit, p.{multiplier}, any_value(i.name), any_value(i.unit) FROM part p LEFT JOIN "
        "indicators i ON i.code = trim(p.indicator) WHERE p.value IS NOT NULL OR p.value_text IS NOT NULL "
        f"GROUP BY ALL LIMIT {MAX_WORDS + 1}".replace("p.NULL", "NULL")
    ).fetchall()
    if len(rows) > MAX_WORDS:
        raise limits.TooMuch(
            "{file} has more than {most} different units and multipliers. Is every column what it was taken for?",
            file=arrived.name,
            most=f"{MAX_WORDS:,}",
        )
    beside = described_beside(arrived.folders)
    read, misfits = [], []
    for code, unit, times, name, known in rows:
        if known is None and code in beside:
            name, known = beside[code].name, beside[code].unit
            if units.measure(unit or "", times, name, known or "")[1] == "unit":
                misfits.append((code, unit, name, known))
        read.append((code, unit, times, *units.measure(unit or "", times, name or "", known or "")))
    frame = pd.DataFrame(read, columns=["code", "u", "m", "power", "problem"]).astype({"code": object, "u": object})
    connection.register("measures_read", frame.astype({"m": object, "problem": object}))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE measures AS SELECT code::VARCHAR AS code, u::VARCHAR AS u, m::VARCHAR AS m, "
        "power::INTEGER AS power, problem::VARCHAR AS problem FROM measures_read"
    )
    connection.unregister("measures_read")
    of_row = (
        f"m.code IS NOT DISTINCT FROM trim(part.indicator) AND m.u IS NOT DISTINCT FROM part.unit AND "
        f"m.m IS NOT DISTINCT FROM {'part.multiplier' if has_column else 'NULL'}"
    )
    if has_column:
        column = quoted(context.multiplier or part.mapping["value"])
        _set_aside(
            connection,
            f"SELECT line, {column} AS field, coalesce(part.multiplier, '') AS value, m.problem AS kind, "
            f"MAP {{'column': {column}, 'value': coalesce(part.multiplier, ''), 'unit': coalesce(part.unit, '')}} "
            f"AS facts FROM part JOIN measures m ON {of_row} WHERE m.problem IN ('multiplier', 'two multipliers')",
        )
        _set_aside(
            connection,
            f"SELECT line, {column} AS field, part.multiplier AS value, 'multiplied already' AS kind, "
            f"MAP {{'column': {column}, 'value': part.multiplier}} AS facts FROM part JOIN measures m ON {of_row} "
            f"WHERE m.power >= 3 AND abs(part.value) >= {MAX_FIGURE:g} / pow(10, m.power)",
        )
    for code, unit, name, known in misfits:  # codes the store does not know yet, described beside the file
        _set_aside(
            connection,
            f"SELECT line, 'unit' AS field, unit AS value, 'unit' AS kind, MAP {{'name': {quoted(name)}, 'indicator': "
            f"{quoted(code)}, 'unit': {quoted(known)}}} AS facts FROM part WHERE trim(indicator) = {quoted(code)} "
            f"AND unit = {quoted(unit)}",
        )
    if any(power for *_, power, _ in read):
        connection.execute(
            "INSERT INTO remarks SELECT 'multiplied', '10^' || m.power, count(*) FROM part JOIN measures m "
            f"ON {of_row} WHERE m.power <> 0 AND part.value IS NOT NULL GROUP BY 2"
        )
        connection.execute(
            "UPDATE part SET value = coalesce(try_cast(value::VARCHAR || 'e' || m.power AS DOUBLE), "
            f"value * pow(10, m.power)) FROM measures m WHERE {of_row} AND m.power <> 0 AND part.value IS NOT NULL"
        )
    if any(unit for _code, unit, *_rest in read):
        connection.execute(
            f"UPDATE part SET unit = NULL FROM measures m WHERE {of_row} AND m.problem IS DISTINCT FROM 'unit'"
        )


def note_titles(connection: store.Connection, part: layouts.Layout) -> None:
    """Keep what the file calls its indicators."""
    if part.titles:
        connection.executemany("INSERT INTO titles VALUES (?, ?)", [list(pair) for pair in part.titles.items()])
    if "name" in part.mapping and "indicator" in part.mapping:
        code, title = cell(part, part.mapping["indicator"]), sql_name(part.mapping["name"])
        connection.execute(f"INSERT INTO titles SELECT DISTINCT trim({code}), trim({title}) FROM raw")


def _columns(connection: store.Connection) -> set[str]:
    return {row[0] for row in connection.execute("DESCRIBE part").fetchall()}
