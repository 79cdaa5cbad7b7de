"""The store: one DuckDB file, replaced whole at every write. The only import of duckdb.

Readers open the file read-only. A writer takes a lock, works on a copy, checks it and swaps it in with one rename: a
killed writer leaves the old file as it was, and readers in other processes never wait. Cursors are per call, because
Streamlit's sessions are threads.
"""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import platformdirs

from data import catalog

Connection = duckdb.DuckDBPyConnection
DatabaseError = duckdb.Error
SQL = Path(__file__).with_name("sql")
REFERENCE = Path(__file__).with_name("reference")
SCHEMA_VERSION = 2
MIGRATIONS = SQL / "migrations"
DEFAULT_SETTINGS = {
    "home_market": "USA",
    "home_currency": "USD",
    "language": "en",
    "present_markets": "",
    "minimum_population": "1000000",
    "minimum_known_pct": "80",
    "industry": "general",
}
"""The company profile. present_markets: ISO codes, comma separated: markets one is in already."""
EMBEDDED = "embedded reference"
EMBEDDED_AT = datetime(2026, 11, 21, tzinfo=UTC)
REFERENCE_TABLES = {
    "markets": "markets.csv",
    "market_languages": "languages.csv",
    "market_neighbours": "neighbours.csv",
    "market_timezones": "timezones.csv",
    "market_memberships": "memberships.csv",
    "market_names": "names.csv",
}


class StoreError(RuntimeError):
    """The store cannot be opened, upgraded or written; the message says why and what to do."""


class Abandon(Exception):
    """Raised inside `writing()` to leave the store as it was; goes no further."""


class StoreBusy(StoreError):
    """Another process is writing."""


class SettingsChanged(StoreError):
    """Settings are no longer what the reader was shown; names: which."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"Changed meanwhile: {', '.join(names)}. Nothing was written; look at them and try again.")
        self.names = tuple(names)


# ------------------------------------------------------------------ place, opening, version


def home() -> Path:
    """The folder that holds the store: ATLAS_HOME, or the user's data folder."""
    return Path(os.environ.get("ATLAS_HOME") or platformdirs.user_data_dir("lepton-atlas", appauthor=False))


def path() -> Path:
    return home() / "atlas.duckdb"


def version() -> tuple[int, int]:
    """Changes whenever the file is replaced: key caches on it. Raises StoreError when there is no store."""
    try:
        stat = path().stat()
    except FileNotFoundError:
        raise StoreError(f"There is no store at {path()} yet. Build it with: python -m data build") from None
    return stat.st_mtime_ns, stat.st_ino


def connect() -> Connection:
    """The store, read-only. Take `.cursor()` per call; the functions below do.

    Attached to a connection of its own, since DuckDB would hand a path it already holds the file that was replaced.
    Raises StoreError when the file is missing, damaged, or of another schema version.
    """
    version()
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"ATTACH '{_quoted(path())}' AS atlas (READ_ONLY)")
    except duckdb.Error as error:
        connection.close()
        raise StoreError(
            f"The store at {path()} cannot be opened ({_first_line(error)}). Nothing was changed. Restore it from "
            "an export, or move the file away and run: python -m data build"
        ) from error
    try:
        _check_schema(_schema_version(connection))
    except StoreError:
        connection.close()
        raise
    return connection


def _check_schema(found: int) -> None:
    if found > SCHEMA_VERSION:
        raise StoreError(
            f"The store at {path()} was written by a newer Lepton Atlas (schema {found}, this one knows "
            f"{SCHEMA_VERSION}). Update the program; the store was not touched."
        )
    if found < SCHEMA_VERSION:
        raise StoreError(
            f"The store at {path()} has schema {found}, this program needs {SCHEMA_VERSION}. "
            "Upgrade it, keeping all its data, with: python -m data build"
        )


def _schema_version(connection: Connection) -> int:
    try:
        return _cursor(connection).execute("SELECT schema_version FROM meta").fetchone()[0]
    except (duckdb.CatalogException, duckdb.BinderException, TypeError):
        raise StoreError(
            f"{path()} is a DuckDB file, but not a Lepton Atlas store. Move it away, or point ATLAS_HOME elsewhere."
        ) from None


def _cursor(connection: Connection) -> Connection:
    cursor = connection.cursor()
    if "atlas" in {row[0] for row in cursor.execute("SELECT database_name FROM duckdb_databases()").fetchall()}:
        cursor.execute("USE atlas")
    return cursor


def _quoted(file: Path) -> str:
    return str(file).replace("'", "''")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


# ------------------------------------------------------------------ writing


@contextmanager
def writing(resume: str | None = None, *, data: bool = True) -> Iterator[Connection]:
    """A connection to a copy of the store; swapped in when the block ends without an error.

    data: whether what is computed from the store may change by it (`data_version`).

    resume names a working copy that outlives a killed process and is taken up again next time, as long as the store
    it was copied from still stands. Raises StoreBusy when another process writes.
    """
    home().mkdir(parents=True, exist_ok=True)
    with _lock():
        suffix = f".{resume}" if resume else ".new"
        working, base = (
            path().with_name(path().name + suffix),
            path().with_name(path().name + suffix + ".base"),
        )
        if not (resume and working.exists() and base.exists() and base.read_text() == _base_token()):
            _remove(working, base)
            if path().exists():
                shutil.copyfile(path(), working)
            base.write_text(_base_token())
        try:
            connection = duckdb.connect(str(working))
            connection.execute("SET enable_progress_bar = false")  # it would print into our output
        except duckdb.Error as error:
            _remove(working, base)
            raise _unwritten(error) from error
        try:
            yield connection
            if data and _counts_versions(connection):
                connection.execute("UPDATE meta SET data_version = $now", {"now": time.time_ns()})
            connection.execute("CHECKPOINT")
        except BaseException as error:
            connection.close()
            if not resume or isinstance(error, Abandon):
                _remove(working, base)
            if isinstance(error, Abandon):
                return
            if isinstance(error, duckdb.Error):
                raise _unwritten(error) from error
            raise
        connection.close()
        _verify(working)
        with working.open("rb") as file:
            os.fsync(file.fileno())
        working.replace(path())
        base.unlink(missing_ok=True)
        _sync_folder(path().parent)


def _counts_versions(connection: Connection) -> bool:
    found = "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'meta' AND column_name = 'data_version'"
    return bool(connection.execute(found).fetchone()[0])


def _remove(working: Path, base: Path) -> None:
    for stale in (working, Path(f"{working}.wal"), base):
        stale.unlink(missing_ok=True)
    shutil.rmtree(f"{working}.tmp", ignore_errors=True)  # where DuckDB spills


def _unwritten(error: duckdb.Error) -> StoreError:
    return StoreError(
        f"The store at {path()} could not be written ({_first_line(error)}). It stands as it was. Look for free disk "
        "space and memory; python -m data check tells whether it can still be read."
    )


@contextmanager
def _lock() -> Iterator[None]:
    with (home() / "atlas.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StoreBusy(
                f"Another process ({file.read().strip() or 'unknown'}) is writing to the store at {home()}. "
                "Nothing was changed; try again when it has finished."
            ) from None
        file.truncate(0)
        file.write(f"pid {os.getpid()}")
        file.flush()
        yield


def _base_token() -> str:
    return json.dumps(version()) if path().exists() else "none"


def _verify(file: Path) -> None:
    """The written file opens and holds its tables, or the swap does not happen."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SELECT count(*) FROM observations").fetchone()
        _check_schema(connection.execute("SELECT schema_version FROM meta").fetchone()[0])


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def run_file(connection: Connection, name: str, parameters: dict | None = None) -> Connection:
    """Run one statement kept in data/sql/NAME.sql."""
    return connection.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"), parameters or {})


def ensure() -> str:
    """Build the store from the embedded reference, upgrade an older one, or bring its reference facts up to date.

    Returns what was done: "built", "upgraded", "updated" or "current".
    """
    digest = reference_digest()
    if not path().exists():
        with writing() as connection:
            if path().exists():  # another process built it meanwhile
                raise Abandon
            for table in sorted((SQL / "tables").glob("*.sql")):
                connection.execute(table.read_text(encoding="utf-8"))
            connection.execute("INSERT INTO meta VALUES ($v, '', 0)", {"v": SCHEMA_VERSION})
            connection.executemany("INSERT INTO settings VALUES (?, ?)", list(DEFAULT_SETTINGS.items()))
            _load_reference(connection, digest)
        return "built"
    with duckdb.connect(":memory:") as probe:
        try:
            probe.execute(f"ATTACH '{_quoted(path())}' AS atlas (READ_ONLY)")
        except duckdb.Error:
            connect()  # raises with the remedy
        found = _schema_version(probe)
        current = found == SCHEMA_VERSION and _reference_of(probe) == digest
    if current:
        return "current"
    if found > SCHEMA_VERSION:
        _check_schema(found)
    with writing() as connection:
        for step in range(found + 1, SCHEMA_VERSION + 1):
            _migrate(connection, step)
        _load_reference(connection, digest)
    return "upgraded" if found < SCHEMA_VERSION else "updated"


def _reference_of(connection: Connection) -> str:
    return _cursor(connection).execute("SELECT reference_sha256 FROM meta").fetchone()[0]


def _migrate(connection: Connection, step: int) -> None:
    script = MIGRATIONS / f"{step:03d}.sql"
    if not script.exists():
        raise StoreError(
            f"The store at {path()} has schema {step - 1}, and this program no longer knows how to upgrade it. "
            "Export it with the version that wrote it, then import the export here; the store was not touched."
        )
    connection.execute(script.read_text(encoding="utf-8"))
    connection.execute("UPDATE meta SET schema_version = $v", {"v": step})


def reference_digest() -> str:
    """sha256 over the catalog and the embedded facts: when it changes, the store takes the new ones."""
    digest = hashlib.sha256()
    for file in [catalog.CATALOG_FILE, *sorted(REFERENCE.glob("*.csv"))]:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _load_reference(connection: Connection, digest: str) -> None:
    connection.execute("BEGIN")
    connection.execute("CREATE TEMP TABLE groups AS SELECT iso3, income_group, wb_region FROM markets")
    for table, file in REFERENCE_TABLES.items():
        columns = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
        source = f"read_csv('{_quoted(REFERENCE / file)}', header = true, all_varchar = true)"
        present = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        taken = ", ".join(column for column in columns if column in present)
        connection.execute(f"DELETE FROM {table}")
        connection.execute(f"INSERT INTO {table} BY NAME SELECT {taken} FROM {source}")
    connection.execute(
        "UPDATE markets SET income_group = g.income_group, wb_region = g.wb_region "
        "FROM groups g WHERE g.iso3 = markets.iso3"
    )
    connection.execute("DROP TABLE groups")
    put_indicators(connection, catalog.load().values())
    facts = REFERENCE / "observations.csv"
    arrival = Snapshot(
        EMBEDDED,
        next_arrival(connection, EMBEDDED_AT, EMBEDDED),
        digest,
        "see data/reference/sources.csv",
        note="comes with the program",
    )
    connection.execute(
        "CREATE TEMP TABLE incoming AS SELECT iso3, indicator, year::INTEGER AS year, value::DOUBLE AS value, "
        f"$source AS source, $snapshot AS snapshot FROM read_csv('{_quoted(facts)}', header = true)",
        {"source": EMBEDDED, "snapshot": arrival.id},
    )
    merge(connection, arrival, withdraw=True)
    connection.execute("UPDATE meta SET reference_sha256 = $d", {"d": digest})
    connection.execute("COMMIT")


# ------------------------------------------------------------------ snapshots and the merge


class Snapshot:
    """One arrival of data: from whom, when (UTC), the sha256 of what was read, under which licence."""

    def __init__(
        self,
        source: str,
        retrieved_at: datetime,
        sha256: str,
        licence: str,
        status: str = "complete",
        note: str = "",
    ) -> None:
        self.id = snapshot_id(retrieved_at, sha256)
        self.source, self.retrieved_at, self.sha256 = source, retrieved_at, sha256
        self.licence, self.status, self.note = licence, status, note


def snapshot_id(retrieved_at: datetime, sha256: str) -> str:
    """Sorts by time, differs by content: 20261121T101500Z-1a2b3c4d."""
    return f"{retrieved_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{sha256[:8]}"


def next_arrival(connection: Connection, moment: datetime, source: str | None = None) -> datetime:
    """`moment`, or a second after the latest arrival (of that source) when the clock does not stand later.

    Snapshots sort by time in seconds, and the later value counts: two imports within a second must not tie.
    """
    latest = connection.execute(
        "SELECT max(retrieved_at) FROM snapshots WHERE coalesce(source = $source, true)", {"source": source}
    ).fetchall()[0][0]  # fetched whole: register() refuses to follow an unfinished result
    moment = moment.astimezone(UTC)
    return moment if latest is None else max(moment, latest.replace(tzinfo=UTC, microsecond=0) + timedelta(seconds=1))


def merge(connection: Connection, snapshot: Snapshot, withdraw: bool = False, record: bool = True) -> dict[str, int]:
    """Bring the temp table `incoming` (iso3, indicator, year, value, source, snapshot) into the observations.

    A value replaces the same source's earlier one, which moves to the revisions. Equal values keep their snapshot, so
    a second import changes nothing. withdraw also takes out what the source no longer states, for the indicators
    that are in `incoming`. record=False leaves the snapshots alone (an export brings its own); an arrival that changes
    nothing is not recorded either. Consumes `incoming`; returns rows, added, changed, withdrawn. Runs in the caller's
    transaction.
    """
    rows = connection.execute("SELECT count(*) FROM incoming").fetchone()[0]
    run_file(connection, "merge/difference")
    if withdraw:
        run_file(connection, "merge/withdrawn", {"snapshot": snapshot.id})
    else:
        connection.execute("CREATE TEMP TABLE withdrawn AS SELECT * FROM difference WHERE false")
    run_file(connection, "merge/remember")
    run_file(connection, "merge/remove")
    run_file(connection, "merge/insert")
    added, changed = connection.execute(
        "SELECT count(*) FILTER (old_value IS NULL), count(old_value) FROM difference"
    ).fetchone()
    withdrawn = connection.execute("SELECT count(*) FROM withdrawn").fetchone()[0]
    run_file(connection, "merge/describe_new_indicators")
    for table in ("incoming", "difference", "withdrawn"):
        connection.execute(f"DROP TABLE {table}")
    counts = {"rows": rows, "added": added, "changed": changed, "withdrawn": withdrawn}
    if record and (added or changed or withdrawn):
        put_snapshot(connection, snapshot, counts)
    return counts


def put_snapshot(connection: Connection, snapshot: Snapshot, counts: dict[str, int]) -> None:
    """Record an arrival; a snapshot already there adds its counts up (a refresh lands indicator by indicator)."""
    run_file(
        connection,
        "merge/snapshot",
        {
            "id": snapshot.id,
            "source": snapshot.source,
            "retrieved_at": snapshot.retrieved_at.astimezone(UTC).replace(tzinfo=None),
            "sha256": snapshot.sha256,
            "licence": snapshot.licence,
            "status": snapshot.status,
            "note": snapshot.note,
            **counts,
        },
    )


def remove(snapshot: str) -> dict[str, int]:
    """Undo an arrival: its values go, and what they replaced or withdrew stands again; all of it or nothing.

    Later arrivals stay as they are. Descriptions of indicators and income groups that came with it stay, but for
    indicators that nobody described and that have no value left. Returns removed and restored, in values. Raises
    StoreError for an arrival that is not here and for the embedded facts, StoreBusy while another process writes.
    """
    with writing() as connection:
        known = connection.execute("SELECT source FROM snapshots WHERE id = $id", {"id": snapshot}).fetchone()
        if known is None:
            raise StoreError(f"No arrival {snapshot} is in this store. `python -m data status` lists them.")
        if known[0] == EMBEDDED:
            raise StoreError("The facts that come with the program cannot be removed.")
        connection.execute("BEGIN")
        for name in ("later", "forgotten"):
            run_file(connection, f"remove/{name}", {"snapshot": snapshot})
        removed = run_file(connection, "remove/take_out", {"snapshot": snapshot}).fetchone()[0]
        restored = run_file(connection, "remove/restore", {"snapshot": snapshot}).fetchone()[0]
        for table in ("revisions", "fetches"):
            connection.execute(f"DELETE FROM {table} WHERE snapshot = $id", {"id": snapshot})
        connection.execute("DELETE FROM snapshots WHERE id = $id", {"id": snapshot})
        connection.execute(
            "DELETE FROM indicators WHERE status = 'undescribed' AND code NOT IN (SELECT indicator FROM observations)"
        )
        connection.execute("COMMIT")
    return {"removed": removed, "restored": restored}


def put_indicators(connection: Connection, indicators: Iterator[catalog.Indicator]) -> None:
    """Write indicator descriptions, replacing those with the same code."""
    rows = pd.DataFrame([vars(indicator) for indicator in indicators])
    if rows.empty:
        return
    columns = ", ".join(rows.columns)
    connection.register("described", rows)
    connection.execute(f"INSERT OR REPLACE INTO indicators ({columns}) SELECT {columns} FROM described")
    connection.unregister("described")


def put_income_groups(connection: Connection, groups: pd.DataFrame) -> int:
    """Set the World Bank's income group and region of markets. groups: iso3, income_group, wb_region.

    Returns how many markets changed.
    """
    connection.register("groups", groups)
    changed = connection.execute(
        "UPDATE markets SET income_group = g.income_group, wb_region = coalesce(g.wb_region, markets.wb_region) "
        "FROM groups g WHERE g.iso3 = markets.iso3 AND (g.income_group IS DISTINCT FROM markets.income_group "
        "OR coalesce(g.wb_region, markets.wb_region) IS DISTINCT FROM markets.wb_region)"
    ).fetchone()[0]
    connection.unregister("groups")
    return changed


def restore_snapshots(connection: Connection, rows: pd.DataFrame) -> int:
    """Take over snapshot rows of an export, those not already here; returns how many. rows: the table's columns."""
    connection.register("exported", rows)
    added = connection.execute("INSERT OR IGNORE INTO snapshots BY NAME SELECT * FROM exported").fetchone()[0]
    connection.unregister("exported")
    return added


def put_fetch(
    connection: Connection, indicator: str, last_updated: str, snapshot: Snapshot, sha256: str, rows: int
) -> None:
    """Note that an indicator was fetched. last_updated: as the publisher states it; sha256: of what was fetched."""
    connection.execute(
        "INSERT OR REPLACE INTO fetches VALUES ($indicator, $last_updated, $retrieved_at, $sha256, $rows, $snapshot)",
        {
            "indicator": indicator,
            "last_updated": last_updated,
            "retrieved_at": snapshot.retrieved_at.astimezone(UTC).replace(tzinfo=None),
            "sha256": sha256,
            "rows": rows,
            "snapshot": snapshot.id,
        },
    )


_KNOWN_SETTINGS = {
    "home_market": (
        "SELECT 1 FROM markets WHERE iso3 = $value",
        "a market's ISO code, such as USA, DEU or CHN",
    ),
    "home_currency": (
        "SELECT 1 FROM markets WHERE currency = $value",
        "a market's currency code, such as USD, EUR or CNY",
    ),
    "language": (
        "SELECT 1 FROM market_names WHERE kind = 'display' AND $value IN (language, split_part(language, '_', 1))",
        "a language that market names are kept in, such as en or zh",
    ),
    "present_markets": (
        "SELECT 1 WHERE NOT EXISTS (FROM (SELECT unnest(string_split($value, ',')) AS code) "
        "WHERE code <> '' AND code NOT IN (SELECT iso3 FROM markets))",
        "a list of ISO codes of markets, such as DEU,FRA",
    ),
    "minimum_population": (
        "SELECT 1 WHERE try_cast($value AS BIGINT) BETWEEN 0 AND 10000000000",
        "a number of people from 0 to 10 billion",
    ),
    "minimum_known_pct": ("SELECT 1 WHERE try_cast($value AS INTEGER) BETWEEN 0 AND 100", "a percentage from 0 to 100"),
    "industry": ("SELECT 1 WHERE regexp_full_match($value, '[a-z_]{1,40}')", "the name of an industry's recipe"),
}


def put_settings(values: Mapping[str, str], shown: Mapping[str, str] | None = None) -> None:
    """Change settings. shown: what their reader was shown, where they are to be replaced only if that still stands.

    Raises StoreError naming a key or a value that does not exist, SettingsChanged where something else stands by now.
    """
    unknown = set(values) - set(DEFAULT_SETTINGS)
    if unknown:
        raise StoreError(f"No such setting: {', '.join(sorted(unknown))}. Known: {', '.join(DEFAULT_SETTINGS)}.")
    with writing() as connection:
        present = settings(connection)
        if moved := [key for key, value in (shown or {}).items() if present[key] != value]:
            raise SettingsChanged(moved)
        for key, value in values.items():
            query, remedy = _KNOWN_SETTINGS[key]
            if not connection.execute(query, {"value": value}).fetchone():
                raise StoreError(f"{key}: {value!r} is not {remedy}.")
        connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", list(values.items()))


# ------------------------------------------------------------------ what people said of answers and models

VERDICTS = ("up", "down")
DECISIONS = ("approved", "approved with conditions", "rejected")
CHECKLIST = ("purpose", "data", "fairness", "privacy", "limits")
"""What a review of a model goes through."""
LONGEST_TEXT = 4_000
"""Characters of a question, a comment or a note that are kept."""


def put_feedback(
    key: str,
    *,
    asked_at: datetime,
    question: str,
    kind: str,
    entries: Sequence[str],
    confidence: float,
    verdict: str,
    intent: str = "",
    comment: str = "",
) -> None:
    """Keep what somebody said of one of the assistant's replies; said again under the same key, it replaces.

    kind: of the reply. entries: ids it cited. intent: its label, "" where none was recognised. Texts are cut at
    LONGEST_TEXT characters. Raises StoreError for a verdict that is neither up nor down, StoreBusy while another
    process writes.
    """
    if verdict not in VERDICTS:
        raise StoreError(f"{verdict!r} is no verdict: {' or '.join(VERDICTS)}.")
    row = {
        "id": key,
        "asked_at": _utc(asked_at),
        "question": _kept(question),
        "kind": kind,
        "entries": list(entries),
        "confidence": confidence,
        "intent": intent,
        "verdict": verdict,
        "comment": _kept(comment),
    }
    with writing(data=False) as connection:
        connection.execute("DELETE FROM assistant_feedback WHERE id = $id", {"id": key})
        connection.execute(f"INSERT INTO assistant_feedback ({', '.join(row)}) VALUES ({_named(row)})", row)


def put_review(
    model: str,
    *,
    version: str,
    weights_sha256: str,
    reviewer: str,
    reviewed_at: datetime,
    checks: Mapping[str, bool],
    decision: str,
    note: str = "",
) -> None:
    """Keep a review of a model; earlier ones stay. checks: what was found in order, by CHECKLIST.

    Raises StoreError without a reviewer, for a decision or a check that is not known, and for an approval while a
    point of the checklist is open; StoreBusy while another process writes.
    """
    if not reviewer.strip():
        raise StoreError("A review needs the name of who made it.")
    if decision not in DECISIONS:
        raise StoreError(f"{decision!r} is no decision: {', '.join(DECISIONS)}.")
    if set(checks) != set(CHECKLIST):
        raise StoreError(f"A review answers each point of the checklist: {', '.join(CHECKLIST)}.")
    if decision == "approved" and not all(checks.values()):
        still = ", ".join(name for name in CHECKLIST if not checks[name])
        raise StoreError(f"Not in order yet: {still}. Approve with conditions, or reject.")
    row = {
        "model": model,
        "version": version,
        "weights_sha256": weights_sha256,
        "reviewer": _kept(reviewer.strip()),
        "reviewed_at": _utc(reviewed_at),
        **{name: bool(checks[name]) for name in CHECKLIST},
        "decision": decision,
        "note": _kept(note),
    }
    with writing(data=False) as connection:
        connection.execute(f"INSERT INTO model_reviews ({', '.join(row)}) VALUES ({_named(row)})", row)


def data_version(connection: Connection) -> int:
    """Changes with every write to the store but those of what people said: key caches of what is computed on it."""
    return _cursor(connection).execute("SELECT data_version FROM meta").fetchone()[0]


def feedback(connection: Connection) -> pd.DataFrame:
    """A row a reply that somebody judged, the newest first; entries is a list of ids."""
    return _cursor(connection).execute("SELECT * FROM assistant_feedback ORDER BY asked_at DESC, id").df()


def reviews(connection: Connection, model: str | None = None) -> pd.DataFrame:
    """A row a review of a model (of all for None), the newest first."""
    return (
        _cursor(connection)
        .execute(
            "SELECT * FROM model_reviews WHERE model = coalesce($model, model) ORDER BY reviewed_at DESC, model",
            {"model": model},
        )
        .df()
    )


def _named(row: Mapping[str, object]) -> str:
    return ", ".join(f"${name}" for name in row)


def _utc(moment: datetime) -> datetime:
    """A moment as the store keeps it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _kept(text: str) -> str:
    """Text as the store keeps it: cut, without null bytes and lone surrogates."""
    return text[:LONGEST_TEXT].replace("\0", "").encode("utf-8", "ignore").decode()


# ------------------------------------------------------------------ reads, one SELECT each


def _marks(letter: str, values: Sequence[str]) -> str:
    """$c0, $c1, ... for an IN list; NULL, which is in nothing, for none."""
    return ", ".join(f"${letter}{i}" for i in range(len(values))) or "NULL"


def markets(connection: Connection) -> pd.DataFrame:
    """A row a market, every column of the table, by iso3."""
    return _cursor(connection).execute("SELECT * FROM markets ORDER BY iso3").df()


def market_names(connection: Connection, language: str) -> pd.DataFrame:
    """iso3 and display name of each market in a language (en where there is none)."""
    return (
        _cursor(connection)
        .execute(
            "SELECT m.iso3, coalesce(n.name, m.name) AS name FROM markets m LEFT JOIN market_names n "
            "ON n.iso3 = m.iso3 AND n.kind = 'display' AND n.language = $language ORDER BY m.iso3",
            {"language": language},
        )
        .df()
    )


def market_aliases(connection: Connection) -> pd.DataFrame:
    """iso3 and name of what markets are called in English besides their display name, in alphabetical order."""
    query = "SELECT iso3, name FROM market_names WHERE kind = 'alias' AND language = 'en' ORDER BY iso3, name"
    return _cursor(connection).execute(query).df()


def market_facts(connection: Connection, table: str, iso3: str | None = None) -> pd.DataFrame:
    """The rows of one market (or of all) in a reference table: market_languages, _neighbours, _memberships ..."""
    if table not in REFERENCE_TABLES:
        raise ValueError(f"{table!r} is not a reference table: {', '.join(REFERENCE_TABLES)}")
    return (
        _cursor(connection)
        .execute(f"SELECT * FROM {table} WHERE iso3 = coalesce($iso3, iso3) ORDER BY ALL", {"iso3": iso3})
        .df()
    )


def indicators(connection: Connection) -> pd.DataFrame:
    """A row an indicator, with how many observations and markets it has and its first and last year."""
    return (
        _cursor(connection)
        .execute(
            "SELECT i.*, coalesce(o.observations, 0) AS observations, coalesce(o.markets, 0) AS markets, "
            "o.first_year, o.last_year FROM indicators i LEFT JOIN (SELECT indicator, count(*) AS observations, "
            "count(DISTINCT iso3) AS markets, min(year) AS first_year, max(year) AS last_year FROM observations "
            "GROUP BY indicator) o ON o.indicator = i.code ORDER BY i.code"
        )
        .df()
    )


def snapshots(connection: Connection) -> pd.DataFrame:
    """A row an arrival of data, the newest first."""
    return _cursor(connection).execute("SELECT * FROM snapshots ORDER BY id DESC").df()


def fetches(connection: Connection) -> pd.DataFrame:
    """A row an indicator fetched from the World Bank: when the Bank last updated it, when we read it."""
    return _cursor(connection).execute("SELECT * FROM fetches ORDER BY indicator").df()


def settings(connection: Connection) -> dict[str, str]:
    """The organisation's settings, defaults where it chose nothing."""
    return DEFAULT_SETTINGS | dict(_cursor(connection).execute("SELECT key, value FROM settings").fetchall())


def population(connection: Connection) -> dict[str, float]:
    """The newest number of people by iso3: the World Bank's, else the one that came with the program."""
    return _newest(connection, "SP.POP.TOTL", "cldr:population")


def gdp(connection: Connection) -> dict[str, float]:
    """The newest gross domestic product by iso3: in current US$, else the built-in one in international $."""
    return _newest(connection, "NY.GDP.MKTP.CD", "cldr:gdp_ppp")


def _newest(connection: Connection, indicator: str, stand_in: str) -> dict[str, float]:
    rows = (
        _cursor(connection)
        .execute(
            "SELECT iso3, coalesce(max_by(value, year) FILTER (indicator = $first), max_by(value, year)) "
            "FROM observations WHERE indicator IN ($first, $second) GROUP BY iso3",
            {"first": indicator, "second": stand_in},
        )
        .fetchall()
    )
    return dict(rows)


def status(connection: Connection) -> dict[str, int | None]:
    """How much there is: observations, markets, indicators, first_year, last_year, snapshots."""
    row = (
        _cursor(connection)
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
    marks = _marks("c", codes)
    return (
        _cursor(connection)
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
        raise StoreError(f"The snapshot {snapshot} is not in this store. Import the export it came from.")
    later = ids[ids.index(snapshot) + 1 :]
    return later[0] if later else None


def series(
    connection: Connection,
    codes: Sequence[str],
    iso3s: Sequence[str] | None = None,
    before_snapshot: str | None = None,
) -> pd.DataFrame:
    """Histories: iso3, indicator, year, value, source; one row a market, indicator and year, the last arrived.

    before_snapshot gives them as they stood before that snapshot arrived.
    """
    marks = _marks("c", codes)
    parameters: dict[str, object] = {f"c{i}": code for i, code in enumerate(codes)}
    relation = "observations"
    if before_snapshot is not None:
        relation = _as_it_stood()
        parameters["before"] = before_snapshot
    where = f"indicator IN ({marks})"
    if iso3s is not None:
        where += f" AND iso3 IN ({_marks('m', iso3s)})"
        parameters |= {f"m{i}": iso3 for i, iso3 in enumerate(iso3s)}
    return (
        _cursor(connection)
        .execute(
            "SELECT iso3, indicator, year, arg_max(value, snapshot) AS value, arg_max(source, snapshot) AS source "
            f"FROM {relation} WHERE {where} GROUP BY iso3, indicator, year ORDER BY indicator, iso3, year",
            parameters,
        )
        .df()
    )


def coverage(connection: Connection, codes: Sequence[str]) -> pd.DataFrame:
    """How many markets have a value: indicator, year, markets."""
    return (
        _cursor(connection)
        .execute(
            "SELECT indicator, year, count(DISTINCT iso3) AS markets FROM observations "
            f"WHERE indicator IN ({_marks('c', codes)}) GROUP BY indicator, year ORDER BY indicator, year",
            {f"c{i}": code for i, code in enumerate(codes)},
        )
        .df()
    )


def observation_rows(connection: Connection, iso3: str, indicator: str) -> pd.DataFrame:
    """Every stored row of one market and indicator, from every source, with its arrival: the trace of a figure."""
    return (
        _cursor(connection)
        .execute(
            "SELECT o.year, o.value, o.source, o.snapshot, s.retrieved_at, s.licence FROM observations o "
            "JOIN snapshots s ON s.id = o.snapshot WHERE o.iso3 = $iso3 AND o.indicator = $indicator "
            "ORDER BY o.year DESC, o.snapshot DESC",
            {"iso3": iso3, "indicator": indicator},
        )
        .df()
    )


def copy_observations(connection: Connection, target: Path, metadata: dict[str, str]) -> None:
    """Write every observation to a Parquet file in a fixed order, with key-value metadata. Raises OSError."""
    pairs = ", ".join(f"{key}: '{value.replace(chr(39), chr(39) * 2)}'" for key, value in metadata.items())
    try:
        _cursor(connection).execute(
            "COPY (SELECT iso3, indicator, year, value, source, snapshot FROM observations "
            f"ORDER BY indicator, iso3, year, source) TO '{_quoted(target)}' "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, KV_METADATA {{{pairs}}})"
        )
    except duckdb.Error as error:
        raise OSError(_first_line(error)) from error


def findings_of(connection: Connection, check: str, parameters: dict[str, object]) -> pd.DataFrame:
    """The rows a quality check in data/sql/quality returns."""
    return run_file(_cursor(connection), f"quality/{check}", parameters).df()
