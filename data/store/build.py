"""The store is built from the embedded reference, upgraded, or brought up to date with it."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd

from data import catalog, private
from data.faults import Fault
from data.store.arrivals import EMBEDDED, Snapshot, merge, next_arrival, put_indicators
from data.store.connection import (
    SCHEMA_VERSION,
    SQL,
    Connection,
    StoreError,
    check_schema,
    cursor_of,
    damaged,
    opened,
    path,
    schema_version,
    vouch,
)
from data.store.records import DEFAULT_SETTINGS
from data.store.writer import Abandon, writing

START_WAIT_S = 120.0
"""So long a start waits for another start on the same folder."""
REFERENCE = Path(__file__).parents[1] / "reference"
MIGRATIONS = SQL / "migrations"
EMBEDDED_AT = datetime(2026, 11, 21, tzinfo=UTC)
REFERENCE_TABLES = {
    "markets": "markets.csv",
    "market_languages": "languages.csv",
    "market_neighbours": "neighbours.csv",
    "market_timezones": "timezones.csv",
    "market_memberships": "memberships.csv",
    "market_names": "names.csv",
}


def ensure() -> str:
    """Build the store from the embedded reference, upgrade an older one, or bring its reference facts up to date.

    Returns what was done: "built", "upgraded", "updated" or "current", which it also is when another start was first.
    """
    private.clear_scratch()
    digest = reference_digest()
    if _standing() == (SCHEMA_VERSION, digest):
        return "current"
    done = "current"
    with writing(Fault("a first start"), wait_s=START_WAIT_S) as connection:
        standing = _standing()
        if standing == (SCHEMA_VERSION, digest):
            raise Abandon
        if standing is None:
            done = "built"
            for table in sorted((SQL / "tables").glob("*.sql")):
                connection.execute(table.read_text(encoding="utf-8"))
            connection.execute("INSERT INTO meta VALUES ($v, '', 0)", {"v": SCHEMA_VERSION})
            connection.executemany("INSERT INTO settings VALUES (?, ?)", list(DEFAULT_SETTINGS.items()))
        else:
            done = "updated" if standing[0] == SCHEMA_VERSION else "upgraded"
            for step in range(standing[0] + 1, SCHEMA_VERSION + 1):
                _migrate(connection, step)
        _load_reference(connection, digest)
    return done


def _standing() -> tuple[int, str] | None:
    """Schema version and reference digest of the store; None when there is none. Raises StoreError."""
    if not path().exists():
        return None
    connection = opened(path())
    try:
        found = schema_version(connection)
        if found > SCHEMA_VERSION:
            check_schema(found)
        vouch(connection)
        return found, cursor_of(connection).execute("SELECT reference_sha256 FROM meta").fetchone()[0]
    except duckdb.Error as error:
        raise damaged(error) from error
    finally:
        connection.close()


def _migrate(connection: Connection, step: int) -> None:
    script = MIGRATIONS / f"{step:03d}.sql"
    if not script.exists():
        raise StoreError(
            "The store at {path} has schema {found}, and this program no longer knows how to upgrade it. Export it "
            "with the version that wrote it, then import the export here; the store was not touched.",
            path=path(),
            found=step - 1,
        )
    connection.execute(script.read_text(encoding="utf-8"))
    connection.execute("UPDATE meta SET schema_version = $v", {"v": step})


def reference_digest() -> str:
    """sha256 over the catalog and the embedded facts: when it changes, the store takes the new ones."""
    digest = hashlib.sha256()
    for file in [catalog.CATALOG_FILE, *sorted(REFERENCE.glob("*.csv"))]:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def reference_file(name: str) -> pd.DataFrame:
    """A table of the embedded reference, every cell as text, none for empty ones. Read here, not by its path in SQL:
    DuckDB takes some names of folders for patterns and for values.
    """
    with (REFERENCE / name).open(encoding="utf-8-sig", newline="") as file:
        return pd.read_csv(file, dtype=object, keep_default_na=False, na_values=[""])


def _load_reference(connection: Connection, digest: str) -> None:
    connection.execute("BEGIN")
    connection.execute("CREATE TEMP TABLE groups AS SELECT iso3, income_group, wb_region FROM markets")
    for table, file in REFERENCE_TABLES.items():
        columns = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
        facts = reference_file(file)
        taken = ", ".join(column for column in columns if column in facts)
        connection.execute(f"DELETE FROM {table}")
        connection.register("facts", facts)
        connection.execute(f"INSERT INTO {table} BY NAME SELECT {taken} FROM facts")
        connection.unregister("facts")
    connection.execute(
        "UPDATE markets SET income_group = g.income_group, wb_region = g.wb_region "
        "FROM groups g WHERE g.iso3 = markets.iso3"
    )
    connection.execute("DROP TABLE groups")
    put_indicators(connection, catalog.load().values())
    arrival = Snapshot(
        EMBEDDED,
        next_arrival(connection, EMBEDDED_AT, EMBEDDED),
        digest,
        "see data/reference/sources.csv",
        note="comes with the program",
    )
    connection.register("facts", reference_file("observations.csv"))
    connection.execute(
        "CREATE TEMP TABLE incoming AS SELECT iso3, indicator, year::INTEGER AS year, value::DOUBLE AS value, "
        "$source AS source, $snapshot AS snapshot FROM facts",
        {"source": EMBEDDED, "snapshot": arrival.id},
    )
    connection.unregister("facts")
    merge(connection, arrival, withdraw=True)
    connection.execute("UPDATE meta SET reference_sha256 = $d", {"d": digest})
    connection.execute("COMMIT")
