"""Figures and their histories, arrivals and findings: one SELECT each."""

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from data.store.connection import Connection, StoreError, bound, cursor_of, first_line, quoted, reading, run_file
from data.store.writer import REMEDIES

_FLAGS = (
    "(SELECT iso3, indicator, year, source, arg_max(flag, snapshot) AS flag, max(snapshot) AS snapshot FROM flags "
    "GROUP BY iso3, indicator, year, source)"
)
"""What is said of each value now."""


@reading
def indicators(connection: Connection) -> pd.DataFrame:
    """A row an indicator, with how many observations and markets it has and its first and last year."""
    return (
        cursor_of(connection)
        .execute(
            "SELECT i.*, coalesce(o.observations, 0) AS observations, coalesce(o.markets, 0) AS markets, "
            "o.first_year, o.last_year FROM indicators i LEFT JOIN (SELECT indicator, count(*) AS observations, "
            "count(DISTINCT iso3) AS markets, min(year) AS first_year, max(year) AS last_year FROM observations "
            "GROUP BY indicator) o ON o.indicator = i.code ORDER BY i.code"
        )
        .df()
    )


@reading
def snapshots(connection: Connection) -> pd.DataFrame:
    """A row an arrival of data, the newest first."""
    return cursor_of(connection).execute("SELECT * FROM snapshots ORDER BY id DESC").df()


@reading
def fetches(connection: Connection) -> pd.DataFrame:
    """A row an indicator fetched from the World Bank: when the Bank last updated it, when we read it."""
    return cursor_of(connection).execute("SELECT * FROM fetches ORDER BY indicator").df()


@reading
def population(connection: Connection) -> dict[str, float]:
    """The newest number of people by iso3: the World Bank's, else the one that came with the program."""
    return _newest(connection, "SP.POP.TOTL", "cldr:population")


@reading
def gdp(connection: Connection) -> dict[str, float]:
    """The newest gross domestic product by iso3: in current US$, else the built-in one in international $."""
    return _newest(connection, "NY.GDP.MKTP.CD", "cldr:gdp_ppp")


def _newest(connection: Connection, indicator: str, stand_in: str) -> dict[str, float]:
    rows = (
        cursor_of(connection)
        .execute(
            "SELECT iso3, coalesce(max_by(value, year) FILTER (indicator = $first), max_by(value, year)) "
            "FROM observations WHERE indicator IN ($first, $second) GROUP BY iso3",
            {"first": indicator, "second": stand_in},
        )
        .fetchall()
    )
    return dict(rows)


@reading
def status(connection: Connection) -> dict[str, int | None]:
    """How much there is: observations, markets, indicators, first_year, last_year, snapshots."""
    row = (
        cursor_of(connection)
        .execute(
            "SELECT count(*), count(DISTINCT iso3), count(DISTINCT indicator), min(year), max(year), "
            "(SELECT count(*) FROM snapshots) FROM observations"
        )
        .fetchone()
    )
    return dict(
        zip(
            ("observations", "markets", "indicators", "first_year", "last_year", "snapshots"),
            row,
            strict=True,
        )
    )


@reading
def market_panel(
    connection: Connection,
    codes: Sequence[str],
    year: int,
    window: int,
    before_snapshot: str | None = None,
) -> pd.DataFrame:
    """The latest value of each indicator and market known by `year` and not older than `window` years.

    Columns iso3, indicator, year, value, source, snapshot. Where sources differ, the value that arrived last counts.
    before_snapshot gives the panel as it stood before that snapshot arrived.
    """
    if before_snapshot is None:
        relation, extra = "observations", {}
    else:
        relation, extra = _as_it_stood(), {"before": before_snapshot}
    marks = bound("c", codes)
    return (
        cursor_of(connection)
        .execute(
            f"SELECT iso3, indicator, year, value, source, snapshot FROM {relation} "
            f"WHERE indicator IN ({marks}) AND year BETWEEN $first AND $last "
            "QUALIFY row_number() OVER (PARTITION BY indicator, iso3 ORDER BY year DESC, snapshot DESC) = 1 "
            "ORDER BY indicator, iso3",
            {f"c{i}": code for i, code in enumerate(codes)} | {"first": year - window + 1, "last": year} | extra,
        )
        .df()
    )


def _as_it_stood() -> str:
    """Observations before snapshot $before: rows it did not touch, and the values it replaced."""
    return (
        "(SELECT iso3, indicator, year, value, source, snapshot FROM observations WHERE snapshot < $before "
        "UNION ALL SELECT iso3, indicator, year, arg_min(old_value, snapshot), source, min(old_snapshot) "
        "FROM revisions WHERE snapshot >= $before AND old_snapshot < $before GROUP BY iso3, indicator, year, source)"
    )


def snapshot_after(connection: Connection, snapshot: str) -> str | None:
    """The first arrival after this one: what `before_snapshot` takes to see the store as it then was.

    None when this is the newest. Raises StoreError when it never arrived here.
    """
    ids = sorted(snapshots(connection)["id"])
    if snapshot not in ids:
        raise StoreError(
            "The snapshot {snapshot} is not in this store. Import the export it came from.", snapshot=snapshot
        )
    later = ids[ids.index(snapshot) + 1 :]
    return later[0] if later else None


@reading
def series(
    connection: Connection,
    codes: Sequence[str],
    iso3s: Sequence[str] | None = None,
    before_snapshot: str | None = None,
) -> pd.DataFrame:
    """Histories: iso3, indicator, year, value, source; one row a market, indicator and year, the last arrived.

    before_snapshot gives them as they stood before that snapshot arrived.
    """
    marks = bound("c", codes)
    parameters: dict[str, object] = {f"c{i}": code for i, code in enumerate(codes)}
    relation = "observations"
    if before_snapshot is not None:
        relation = _as_it_stood()
        parameters["before"] = before_snapshot
    where = f"indicator IN ({marks})"
    if iso3s is not None:
        where += f" AND iso3 IN ({bound('m', iso3s)})"
        parameters |= {f"m{i}": iso3 for i, iso3 in enumerate(iso3s)}
    return (
        cursor_of(connection)
        .execute(
            "SELECT iso3, indicator, year, arg_max(value, snapshot) AS value, arg_max(source, snapshot) AS source "
            f"FROM {relation} WHERE {where} GROUP BY iso3, indicator, year ORDER BY indicator, iso3, year",
            parameters,
        )
        .df()
    )


@reading
def coverage(connection: Connection, codes: Sequence[str]) -> pd.DataFrame:
    """How many markets have a value: indicator, year, markets."""
    return (
        cursor_of(connection)
        .execute(
            "SELECT indicator, year, count(DISTINCT iso3) AS markets FROM observations "
            f"WHERE indicator IN ({bound('c', codes)}) GROUP BY indicator, year ORDER BY indicator, year",
            {f"c{i}": code for i, code in enumerate(codes)},
        )
        .df()
    )


@reading
def observation_rows(connection: Connection, iso3: str, indicator: str) -> pd.DataFrame:
    """Every stored row of one market and indicator, from every source, with what it is said to be (`flags`) and its
    arrival: the trace of a figure.
    """
    return (
        cursor_of(connection)
        .execute(
            "SELECT o.year, o.value, coalesce(f.flag, '') AS flag, o.source, o.snapshot, s.retrieved_at, s.licence "
            f"FROM observations o JOIN snapshots s ON s.id = o.snapshot LEFT JOIN {_FLAGS} f ON f.source = o.source "
            "AND f.indicator = o.indicator AND f.iso3 = o.iso3 AND f.year = o.year "
            "WHERE o.iso3 = $iso3 AND o.indicator = $indicator ORDER BY o.year DESC, o.snapshot DESC",
            {"iso3": iso3, "indicator": indicator},
        )
        .df()
    )


@reading
def flags(connection: Connection, codes: Sequence[str], iso3s: Sequence[str]) -> pd.DataFrame:
    """What sources say of values: iso3, indicator, year, source, flag, only where there is one.

    flag: out of break, estimate and provisional, with blanks between.
    """
    return (
        cursor_of(connection)
        .execute(
            f"SELECT iso3, indicator, year, source, flag FROM {_FLAGS} WHERE flag <> '' "
            f"AND indicator IN ({bound('c', codes)}) AND iso3 IN ({bound('m', iso3s)}) ORDER BY ALL",
            {f"c{i}": code for i, code in enumerate(codes)} | {f"m{i}": iso3 for i, iso3 in enumerate(iso3s)},
        )
        .df()
    )


def copy_observations(connection: Connection, target: Path, metadata: dict[str, str]) -> None:
    """Write every observation to a Parquet file in a fixed order, with key-value metadata. Raises OSError."""
    pairs = ", ".join(f"{key}: '{value.replace(chr(39), chr(39) * 2)}'" for key, value in metadata.items())
    try:
        cursor_of(connection).execute(
            "COPY (SELECT o.iso3, o.indicator, o.year, o.value, o.source, o.snapshot, f.flag, "
            f"f.snapshot AS flag_snapshot FROM observations o LEFT JOIN {_FLAGS} f ON f.source = o.source "
            "AND f.indicator = o.indicator AND f.iso3 = o.iso3 AND f.year = o.year "
            f"ORDER BY o.indicator, o.iso3, o.year, o.source) TO '{quoted(target)}' "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, KV_METADATA {{{pairs}}})"
        )
    except duckdb.Error as error:
        code = next((code for code in REMEDIES if os.strerror(code) in str(error)), None)
        raise (OSError(first_line(error)) if code is None else OSError(code, os.strerror(code))) from error


@reading
def findings_of(connection: Connection, check: str, parameters: dict[str, object]) -> pd.DataFrame:
    """The rows a quality check in data/sql/quality returns."""
    return run_file(cursor_of(connection), f"quality/{check}", parameters).df()
