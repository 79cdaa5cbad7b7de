"""The staged rows against the store: what they mean, and what is wrong with them."""

import pandas as pd

from data import exports, row_faults, store
from data.ingest.companions import described_beside
from data.ingest.report import Check, ImportReport

FIRST_YEAR = 1900
MAX_FAULTS = 10_000
"""A check stops after so many faults: the file is another one than was meant."""


def check_rows(connection: store.Connection, check: Check) -> ImportReport:
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
    bounds = {"first_year": FIRST_YEAR, "last_year": check.now.year, "most": MAX_FAULTS + 1}
    store.run_file(connection, "ingest/faults", bounds)
    store.run_file(connection, "ingest/scale_faults")
    connection.execute(
        "INSERT INTO faults SELECT line, '', value, 'malformed', MAP {'problem': problem}, NULL, NULL FROM malformed"
    )
    if not check.new_indicators and check.layout.kind == "tidy" and "name" not in check.layout.mapping:
        described = list(described_beside(check.arrived.folders))
        store.run_file(connection, "ingest/code_faults", {"described": described})
    staged, values, aggregates, count = connection.execute(
        "SELECT (SELECT count(*) FROM staged), count(*), count(*) FILTER (is_aggregate), "
        "(SELECT count(*) FROM faults) FROM checked"
    ).fetchone()
    faults = connection.execute(
        "SELECT line, field, left(value, 120) AS value, kind, facts FROM faults ORDER BY line, field LIMIT $n",
        {"n": min(check.max_faults, MAX_FAULTS)},
    ).df()
    return ImportReport(
        file=check.arrived.name,
        layout=check.layout.kind,
        values=values,
        empty=staged - values,
        aggregates=aggregates,
        fault_count=min(count, MAX_FAULTS),
        row_faults=row_faults.told_of(_suggest(connection, faults)),
        landed=False,
        stopped=count > MAX_FAULTS,
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
