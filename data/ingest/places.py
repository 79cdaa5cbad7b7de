"""Which market a row is about: its code and its name together, and the company they keep in the file."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pandas as pd

from data import layouts, reference, store
from data.ingest.context import Context
from data.ingest.reading import LINE, cell, sql_name

MAX_PAIRS = 20_000
_GROUPS = tomllib.loads((Path(reference.__file__).parent / "groups.toml").read_text(encoding="utf-8"))
_CODES = re.compile("|".join(f"(?:{code})" for code in _GROUPS["codes"]))
_NAMES, _FORMER = frozenset(_GROUPS["names"]), frozenset(_GROUPS["former"])
_SUMS = tuple((name, beside) for name, beside in _GROUPS["sums"])
_CONTINENTS = frozenset(_GROUPS["continents"])
_MAYBE_NAMES = frozenset({"location", "area", "geo", "code"})
"""Columns that name the market in some files and something else in others."""


def prepare(connection: store.Connection) -> None:
    """Make the temp tables `aggregates`, `former_codes` and `lookup`: every spelling that names a market."""
    for table in ("aggregates", "former_codes", "lookup"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    store.run_file(connection, "ingest/fold")
    for table, file in (("aggregates", "aggregates.csv"), ("former_codes", "old_codes.csv")):
        connection.register("facts", store.reference_file(file))
        connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM facts")
        connection.unregister("facts")
    for code, iso3 in _GROUPS["countries"].items():
        connection.execute(
            "INSERT INTO former_codes (code, iso3) SELECT $code, iso3 FROM markets WHERE iso3 = $iso3",
            {"code": code, "iso3": iso3},
        )
    store.run_file(connection, "ingest/lookup")


def is_known_source(connection: store.Connection, name: str) -> bool:
    """Whether a file of this name has left values here before."""
    query = "SELECT count(*) > 0 FROM snapshots WHERE source = $source"
    return bool(connection.execute(query, {"source": f"file {name}"}).fetchone()[0])


def resolve(connection: store.Connection) -> None:
    """Make the temp table `resolved`: each spelling of `staged` with its market, or why its rows are none's."""
    found = connection.execute(
        "SELECT s.market, s.spelling, l.iso3, a.spelling IS NOT NULL AS is_group FROM "
        "(SELECT market, fold(market) AS spelling FROM (SELECT DISTINCT market FROM staged)) s "
        "LEFT JOIN lookup l ON l.spelling = s.spelling LEFT JOIN "
        "(SELECT fold(code) AS spelling FROM aggregates UNION SELECT fold(name) FROM aggregates) a "
        "ON a.spelling = s.spelling"
    ).df()
    spellings = set(found["spelling"].dropna())
    company = _summed(spellings)
    are_continents = spellings <= _CONTINENTS and (len(spellings) >= 3 or bool(spellings & {"eu", "oc"}))
    rows = []
    for row in found.itertuples():
        iso3 = None if pd.isna(row.iso3) else row.iso3
        kind = None
        if are_continents or row.spelling in company:
            iso3, kind = None, "aggregate"
        elif iso3 is None and isinstance(row.spelling, str):
            kind = "aggregate" if row.is_group else group_of(row.spelling)
        rows.append((row.market, iso3, kind))
    _make(connection, "resolved", pd.DataFrame(rows, columns=["market", "iso3", "left_out"], dtype=object))


def group_of(spelling: str) -> str | None:
    """What a folded spelling names that is no market: "former" for a state that is no more, "aggregate", or None."""
    if spelling in _FORMER:
        return "former"
    return "aggregate" if spelling in _NAMES or _CODES.fullmatch(spelling) else None


def _summed(spellings: set[str]) -> set[str]:
    """Names that are a country's alone and a sum beside the names that are there."""
    return {name for name, beside in _SUMS if name in spellings and beside in spellings}


def settle_names(connection: store.Connection, part: layouts.Layout, context: Context) -> Context:
    """Compare the code and the name of each row of `raw`; returns the context, without a name where the column names
    something else.

    Makes the temp tables `settled` (what stands for the market where it is not the code) and `at_odds` (line and facts
    of rows whose name is another country than their code).
    """
    code, name = (cell(part, column) for column in (part.mapping["market"], context.name))
    pairs = connection.execute(
        f"SELECT p.code, p.name, fold(p.code) AS folded, fold(p.name) AS folded_name, a.iso3, b.iso3 AS iso3_of_name "
        f"FROM (SELECT DISTINCT {code} AS code, {name} AS name FROM raw LIMIT {MAX_PAIRS}) p "
        "LEFT JOIN lookup a ON a.spelling = fold(p.code) LEFT JOIN lookup b ON b.spelling = fold(p.name)"
    ).df()
    if not pairs["iso3_of_name"].notna().any():
        if layouts.plain(context.name) not in _MAYBE_NAMES:
            return _all_by_code(connection, context)
        return replace(_all_by_code(connection, context), dimensions=(*context.dimensions, (context.name, "dimension")))
    named = "SELECT fold(code) FROM aggregates UNION SELECT fold(name) FROM aggregates"
    groups = {row[0] for row in connection.execute(named).fetchall()}
    company = _summed(set(pairs["folded_name"].dropna()))
    said = dict(connection.execute("SELECT iso3, name FROM markets").fetchall())
    settled, at_odds = [], []
    for row in pairs.astype(object).where(pairs.notna(), None).itertuples():
        spelling = _settle(row, groups, company)
        if spelling is None:
            at_odds.append((row.code, row.name, said.get(row.iso3, row.code), said.get(row.iso3_of_name, row.name)))
        elif spelling != row.code:
            settled.append((row.code, row.name, spelling))
    _make(connection, "settled", pd.DataFrame(settled, columns=["z market", "z name", "z spelling"], dtype=object))
    _make(connection, "odd_pairs", pd.DataFrame(at_odds, columns=["code", "name", "of_code", "of_name"], dtype=object))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE at_odds AS SELECT r.line, p.* FROM odd_pairs p JOIN (SELECT {sql_name(LINE)} AS "
        f"line, {code} AS code, {name} AS name FROM raw) r "
        "ON r.code IS NOT DISTINCT FROM p.code AND r.name IS NOT DISTINCT FROM p.name"
    )
    return context


def _all_by_code(connection: store.Connection, context: Context) -> Context:
    connection.execute("DROP TABLE IF EXISTS temp.at_odds")
    return replace(context, name=None)


def _settle(row, groups: set[str], company: set[str]) -> str | None:
    """What names the market of a row: its code, its name, or None when they are at odds."""
    group = row.folded_name and (row.folded_name in groups or group_of(row.folded_name) or row.folded_name in company)
    if row.folded_name in company:
        return "WLD"
    if row.iso3 and row.iso3_of_name:
        return row.code if row.iso3 == row.iso3_of_name else None
    if row.iso3 and group:
        return row.name if len(row.folded) <= 2 else None
    if row.iso3 or not row.folded_name:
        return row.code
    if row.iso3_of_name:
        of_code = row.folded and (row.folded in groups or group_of(row.folded))
        return None if of_code and len(row.folded) > 2 else row.name
    return row.name if group or not row.folded else row.code


def settled(part: layouts.Layout, context: Context, market: str) -> tuple[str, str]:
    """The market of a row as SQL, and what must be joined for it."""
    if not context.name:
        return market, ""
    name = cell(part, context.name)
    return (
        f'coalesce("z spelling", {market})',
        f'LEFT JOIN settled ON "z market" IS NOT DISTINCT FROM {market} AND "z name" IS NOT DISTINCT FROM {name}',
    )


def _make(connection: store.Connection, table: str, rows: pd.DataFrame) -> None:
    """A temp table of texts."""
    connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    columns = ", ".join(f'"{column}"::VARCHAR AS "{column}"' for column in rows.columns)
    connection.register("rows_made", rows)
    connection.execute(f"CREATE TEMP TABLE {table} AS SELECT {columns} FROM rows_made")
    connection.unregister("rows_made")
