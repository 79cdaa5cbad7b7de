"""The staged rows against the store: what they mean, and what is wrong with them."""

import re

import pandas as pd

from data import exports, layouts, row_faults, store
from data.ingest import balance, places
from data.ingest.companions import described_beside
from data.ingest.report import MAX_FAULTS, Check, ImportReport
from data.words import words

FIRST_YEAR, LAST_PROJECTION = 1900, 2150
"""Years of observations begin with the one; what lies beyond the other is no projection but a slip."""


def check_rows(connection: store.Connection, check: Check) -> ImportReport:
    """The report of the staged rows against the store; leaves `checked`, `faults` and `known_indicators` behind."""
    for table in ("known_indicators", "resolved", "checked", "faults"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    connection.execute("CREATE TEMP TABLE known_indicators AS SELECT * FROM indicators")
    if check.note is not None:
        _describe_for_the_check(connection, check.note)
    places.resolve(connection)
    years = {"last_year": check.now.year, "last_projection": LAST_PROJECTION}
    store.run_file(connection, "ingest/checked", years)
    bounds = {"first_year": FIRST_YEAR, "last_year": check.now.year, "most": MAX_FAULTS + 1}
    store.run_file(connection, "ingest/faults", bounds)
    store.run_file(connection, "ingest/scale_faults", {"as_stated": check.choices.as_stated})
    connection.execute(
        "INSERT INTO faults SELECT line, '', value, 'malformed', MAP {'problem': problem}, NULL, NULL FROM malformed"
    )
    if not check.new_indicators and _holds_codes_of_people(check.layout):
        described = list(described_beside(check.arrived.folders))
        store.run_file(connection, "ingest/code_faults", {"described": described})
    count = connection.execute("SELECT count(*) FROM faults").fetchone()[0]
    faults = connection.execute(
        "SELECT line, field, left(value, 120) AS value, kind, facts FROM faults ORDER BY line, field LIMIT $n",
        {"n": min(check.max_faults, MAX_FAULTS)},
    ).df()
    cells = balance.count(connection)
    return ImportReport(
        file=check.arrived.name,
        layout=check.layout.kind,
        values=cells.values,
        empty=cells.empty,
        aggregates=cells.aggregates,
        left_out=cells.left_out,
        notes=(*balance.remarks(connection), *check.layout.left),
        fault_count=min(count, MAX_FAULTS),
        row_faults=row_faults.told_of(_suggest(connection, faults), _parts(check.layout)),
        landed=False,
        stopped=count > MAX_FAULTS,
    )


def _parts(layout: layouts.Layout) -> tuple[str, ...]:
    """What the parts of a file are called; nothing for a file of one."""
    return tuple(part.part for part in (layout, *layout.parts)) if layout.parts else ()


def _holds_codes_of_people(layout: layouts.Layout) -> bool:
    """Whether indicator codes were written by hand rather than by a publisher's program."""
    return any(part.kind in ("tidy", "wide") and "name" not in part.mapping for part in (layout, *layout.parts))


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
    """Name the market an unknown country probably means: a slip away, two in a long name, and no other as near.

    Names alone are compared: a code is too easily another one.
    """
    unknown = faults["kind"] == "unknown country"
    for spelling in faults.loc[unknown, "value"].unique()[:50]:
        bare = re.sub("[ .-]", "", spelling)
        if len(spelling) < 4 or words(bare) != [bare] or re.search(r"\d", bare):
            continue
        near = connection.execute(
            "SELECT m.name, m.iso3, min(damerau_levenshtein(l.spelling, fold($s))) AS slips FROM lookup l "
            "JOIN markets m ON m.iso3 = l.iso3 WHERE length(l.spelling) > 3 "
            "AND abs(length(l.spelling) - length(fold($s))) <= $most "
            "AND damerau_levenshtein(l.spelling, fold($s)) <= $most GROUP BY ALL ORDER BY slips, m.iso3 LIMIT 2",
            {"s": spelling, "most": 1 if len(spelling) < 8 else 2},
        ).fetchall()
        if near and (len(near) == 1 or near[0][2] < near[1][2]):
            meant = {"market": f"{near[0][0]} ({near[0][1]})"}
            rows = faults.index[unknown & (faults["value"] == spelling)]
            faults.loc[rows, "facts"] = pd.Series([meant] * len(rows), index=rows)
    return faults
