"""The store: one DuckDB file, replaced whole at every write. The only import of duckdb.

Readers open the file read-only. A writer waits for the lock, works on a copy, reads what it wrote and swaps it in with
one rename: a killed writer leaves the old file as it was, and readers in other processes never wait. The lock is held
for writing only: what can be checked or fetched beforehand is. Cursors are per call, because Streamlit's sessions are
threads.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb
import filelock
import pandas as pd
import platformdirs

from data import catalog, limits, private
from data.faults import Fault

Parameters, Result = ParamSpec("Parameters"), TypeVar("Result")
Connection = duckdb.DuckDBPyConnection
DatabaseError = duckdb.Error
TookTooLong = duckdb.InterruptException
WAIT_S = 10.0
"""So long a write waits for another one; a change of a setting takes about 0.1 s."""
START_WAIT_S = 120.0
"""So long a start waits for another start on the same folder."""
SQL = Path(__file__).with_name("sql")
REFERENCE = Path(__file__).with_name("reference")
CHUNK = 1 << 16
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
    "product": "",
    "product_languages": "",
}
"""The company profile. present_markets: ISO codes, comma separated: markets one is in already. product_languages: codes
of the languages that the product itself speaks, comma separated."""
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


class StoreError(Fault, RuntimeError):
    """The store cannot be opened, upgraded or written; the message says why and what to do."""


ANOTHER = Fault("another change")


class Abandon(Exception):
    """Raised inside `writing()` to leave the store as it was; goes no further."""


class StoreBusy(StoreError):
    """Another process is writing."""


class SettingsChanged(StoreError):
    """Settings are no longer what the reader was shown; names: which."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            "Changed meanwhile: {names}. Nothing was written; look at them and try again.", names=", ".join(names)
        )
        self.names = tuple(names)


# ------------------------------------------------------------------ place, opening, version


def home() -> Path:
    """The folder that holds the store: ATLAS_HOME, or the user's data folder."""
    named = os.environ.get("ATLAS_HOME") or platformdirs.user_data_dir("lepton-atlas", appauthor=False)
    return Path(named).absolute()  # relative ones could read like an address: s3:bucket


def path() -> Path:
    return home() / "atlas.duckdb"


def version() -> tuple[int, int]:
    """Changes whenever the file is replaced: key caches on it. Raises StoreError when there is no store."""
    try:
        stat = path().stat()
    except FileNotFoundError:
        raise StoreError("There is no store at {path} yet. Build it with: python -m data build", path=path()) from None
    except OSError as error:
        raise _unreadable(error) from error
    return stat.st_mtime_ns, stat.st_ino


def connect() -> Connection:
    """The store, read-only. Take `.cursor()` per call; the functions below do.

    Attached to a connection of its own, since DuckDB would hand a path it already holds the file that was replaced.
    The first time after the file changed it is read whole. Raises StoreError when the file is missing, damaged, or of
    another schema version.
    """
    version()
    connection = _opened(path())
    try:
        _check_schema(_schema_version(connection))
        _vouch(connection)
    except StoreError:
        connection.close()
        raise
    return connection


def connect_to_check(scratch: Path) -> Connection:
    """The store, read-only, on a connection with temp tables of its own: `writing()` takes it over. scratch: for what
    does not fit into memory.
    """
    version()
    connection = _opened(path(), scratch)
    try:
        _check_schema(_schema_version(connection))
        connection.execute("USE atlas")
    except StoreError:
        connection.close()
        raise
    return connection


def check() -> None:
    """Read every value of the store. Raises StoreError when one of them cannot be read."""
    connection = _opened(path())
    try:
        _check_schema(_schema_version(connection))
        _vouch(connection, again=True)
    finally:
        connection.close()


def _opened(file: Path, spill: Path | None = None, read_only: bool = True, threads: int = 0) -> Connection:
    """A connection of its own with the file attached as `atlas`. It never asks the network for an extension.

    threads: DuckDB's choice for 0; one is quicker to begin and to end.
    """
    config = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection = duckdb.connect(":memory:", config=config | ({"threads": threads} if threads else {}))
    try:
        connection.execute("SET enable_progress_bar = false")  # it would print into our output
        if spill:
            connection.execute(f"SET temp_directory = '{_quoted(spill)}'")
            connection.execute(f"SET memory_limit = '{limits.memory()}B'")
        _attach(connection, file, read_only)
    except duckdb.Error as error:
        connection.close()
        raise StoreError(
            "The store at {path} cannot be opened ({error}). Nothing was changed. Restore it from an export, or move "
            "the file away and run: python -m data build",
            path=path(),
            error=_first_line(error),
        ) from error
    return connection


def _attach(connection: Connection, file: Path, read_only: bool) -> None:
    """What is written goes into the file at the checkpoint; a log beside it would only be thrown away."""
    way = "READ_ONLY" if read_only else "RECOVERY_MODE no_wal_writes"
    connection.execute(f"ATTACH '{_quoted(file)}' AS atlas ({way})")


@contextmanager
def within(connection: Connection, deadline: limits.Deadline) -> Iterator[None]:
    """Statements of the block end with TookTooLong when the deadline has passed."""
    timer = threading.Timer(deadline.left(), connection.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


# ------------------------------------------------------------------ is it whole

_whole: set[tuple[int, ...]] = set()


def _stamp(file: Path) -> tuple[int, ...]:
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_size


def _vouch(connection: Connection, again: bool = False) -> None:
    """Read the attached store whole, unless it was since it last changed. Raises StoreError."""
    try:
        stamp, note = _stamp(path()), home() / "atlas.whole"
        with suppress(OSError, ValueError, TypeError):
            _whole.add(tuple(json.loads(note.read_text())))
    except OSError as error:
        raise _unreadable(error) from error
    if stamp in _whole and not again:
        return
    try:
        _read_whole(connection)
    except duckdb.Error as error:
        raise _damaged(error) from error
    _found_whole(stamp)


def _found_whole(stamp: tuple[int, ...]) -> None:
    """Remember, for other processes too, that the file of this stamp was read to its end."""
    _whole.clear()
    _whole.add(stamp)
    with suppress(OSError):  # a folder that may only be read: every process reads the store itself
        note = home() / "atlas.whole"
        note.write_text(json.dumps(stamp))
        private.close(note)


def _read_whole(connection: Connection, only: tuple[str, ...] = ()) -> None:
    """Read every value of all tables of `atlas`, or of a few: DuckDB compares each block it reads with its checksum."""
    tables = [("main", table) for table in only] or connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'atlas'"
    ).fetchall()
    for schema, table in tables:
        whole = f'atlas."{schema}"."{table}"'.replace("\0", "")
        connection.execute(f"SELECT bit_xor(hash(rows_of_it)) FROM {whole} AS rows_of_it").fetchall()


def _damaged(error: Exception) -> StoreError:
    return StoreError(
        "The store at {path} is damaged ({error}). Nothing was changed. Move the file away, run python -m data build, "
        "and import your last export; without one, import your files and refresh.",
        path=path(),
        error=_first_line(error),
    )


def _unreadable(error: Exception) -> StoreError:
    return StoreError(
        "The store at {path} could not be read ({error}). Nothing was changed. python -m data check tells whether it "
        "is damaged.",
        path=path(),
        error=_first_line(error),
    )


def reading(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The read with what the database raises told as a StoreError: cause and remedy."""

    @wraps(function)
    def read(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        try:
            return function(*arguments, **named)
        except duckdb.Error as error:
            raise _unreadable(error) from error

    return read


def _check_schema(found: int) -> None:
    if found > SCHEMA_VERSION:
        raise StoreError(
            "The store at {path} was written by a newer Lepton Atlas (schema {found}, this one knows {known}). Update "
            "the program; the store was not touched.",
            path=path(),
            found=found,
            known=SCHEMA_VERSION,
        )
    if found < SCHEMA_VERSION:
        raise StoreError(
            "The store at {path} has schema {found}, this program needs {known}. Upgrade it, keeping all its data, "
            "with: python -m data build",
            path=path(),
            found=found,
            known=SCHEMA_VERSION,
        )


def _schema_version(connection: Connection) -> int:
    try:
        return _cursor(connection).execute("SELECT schema_version FROM meta").fetchone()[0]
    except (duckdb.CatalogException, duckdb.BinderException, TypeError):
        raise StoreError(
            "{path} is a DuckDB file, but not a Lepton Atlas store. Move it away, or point ATLAS_HOME elsewhere.",
            path=path(),
        ) from None
    except duckdb.Error as error:
        raise _damaged(error) from error


def _cursor(connection: Connection) -> Connection:
    cursor = connection.cursor()
    if "atlas" in {row[0] for row in cursor.execute("SELECT database_name FROM duckdb_databases()").fetchall()}:
        cursor.execute("USE atlas")
    return cursor


def _quoted(file: Path) -> str:
    return str(file).replace("'", "''")


def literal(file: Path) -> str:
    """A file as an SQL literal of a table function, where it names this file and no other: DuckDB reads * ? [ as a
    pattern. Give `hive_partitioning = false` beside it, or folders such as year=1999 become columns.
    """
    named = re.sub(r"([*?[])", r"[\1]", str(file.absolute()))
    return f"'{named.replace(chr(39), chr(39) * 2)}'"


def _first_line(error: Exception) -> str | Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).strip() or type(error).__name__).splitlines()[0]


# ------------------------------------------------------------------ writing


@contextmanager
def writing(
    what: Fault = ANOTHER,
    *,
    data: bool = True,
    checked: Connection | None = None,
    wait_s: float | None = None,
    only: tuple[str, ...] = (),
) -> Iterator[Connection]:
    """A connection to a copy of the store; swapped in when the block ends without an error.

    what: told to others who wait meanwhile. data: whether observations or facts may change by it (`data_version`).
    checked: a connection of `connect_to_check` that goes on with its temp tables; closed at the end like any other.
    wait_s: seconds to wait for another writer, WAIT_S by default. only: the small tables that alone are written; what
    was copied is then compared byte for byte with the store, and these are read to their end.

    Raises StoreBusy when another writer has not ended by then, StoreError for a full disk, a folder that may not be
    written to, or a store that is damaged; what was begun is removed.
    """
    with _lock(what, WAIT_S if wait_s is None else wait_s):
        working = path().with_name("atlas.duckdb.new")
        with _whole_or_not(working):
            _clear(working)
            if path().exists():
                shutil.copyfile(path(), working)
                private.close(working)
            connection = _writable(checked or (_spare.pop(_spare_key(), None) if only else None), working, bool(only))
        try:
            if only:
                _vouch(connection)
                if not _same(path(), working):
                    raise _damaged(Fault("a copy of it came out otherwise"))
            yield connection
            if data and _counts_versions(connection):
                connection.execute("UPDATE meta SET data_version = $now", {"now": time.time_ns()})
            connection.execute("CHECKPOINT atlas")
        except BaseException as error:
            connection.close()
            _clear(working)
            if isinstance(error, Abandon):
                return
            if isinstance(error, duckdb.Error):
                raise unwritten(error) from error
            raise
        with _whole_or_not(working):
            _swap_in(working, connection, only)


@contextmanager
def _whole_or_not(working: Path) -> Iterator[None]:
    """Whatever goes wrong with the disk: what was begun is removed, and the cause is told with its remedy."""
    try:
        yield
    except BaseException as error:
        _clear(working)
        if isinstance(error, OSError | duckdb.Error):
            raise unwritten(error) from error
        raise


_spare: dict[tuple[int, Path], Connection] = {}
"""The connection of the last small write, with nothing attached: to begin and end one takes a third of such a write. By
process, since none survives a fork, and folder."""


def _spare_key() -> tuple[int, Path]:
    return os.getpid(), home()


def _writable(ready: Connection | None, working: Path, small: bool) -> Connection:
    """The working copy, attached as `atlas` to a connection of its own or to one that has checked or written before."""
    spill = Path(f"{working}.tmp")
    if ready is None:
        connection = _opened(working, spill, read_only=False, threads=1 if small else 0)
    else:
        connection = ready
        _let_go(connection)
        _attach(connection, working, read_only=False)
    connection.execute("USE atlas")
    return connection


def _let_go(connection: Connection) -> None:
    """Detach the store, if it is attached."""
    connection.execute("USE memory")
    connection.execute("DETACH DATABASE IF EXISTS atlas")


def _same(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    with one.open("rb", buffering=0) as first, other.open("rb", buffering=0) as second:
        while True:
            here, there = first.read(CHUNK), second.read(CHUNK)
            if here != there:
                return False
            if not here:
                return True


def _swap_in(working: Path, connection: Connection, only: tuple[str, ...]) -> None:
    """Read what was written to its end, then let it take the store's place; closes the connection that wrote it, or
    keeps it for the next small write.

    only: tables that alone were written; none means any.
    """
    try:
        _let_go(connection)
        _attach(connection, working, read_only=True)
        connection.execute("SELECT count(*) FROM atlas.observations").fetchone()
        _check_schema(_schema_version(connection))
        _read_whole(connection, only)
        _let_go(connection)
    except duckdb.Error as error:
        connection.close()
        raise _damaged(error) from error
    except StoreError:
        connection.close()
        raise
    if only:
        _spare[_spare_key()] = connection
    else:
        connection.close()
    private.close(working)
    with working.open("r+b") as file:
        os.fsync(file.fileno())
    working.replace(path())
    _found_whole(_stamp(path()))
    private.sync(path().parent)


def _counts_versions(connection: Connection) -> bool:
    """Not a store of an earlier schema, nor one that is only being made."""
    try:
        connection.execute("SELECT data_version FROM atlas.meta LIMIT 0")
    except (duckdb.BinderException, duckdb.CatalogException):
        return False
    return True


def _clear(working: Path) -> None:
    """Remove a copy that was begun, and those of earlier versions of the program."""
    for stale in (working, path().with_name("atlas.duckdb.refresh")):
        for part in (stale, Path(f"{stale}.wal"), Path(f"{stale}.base")):
            with suppress(OSError):
                part.unlink(missing_ok=True)
        shutil.rmtree(f"{stale}.tmp", ignore_errors=True)  # where DuckDB spills


REMEDIES = {
    errno.ENOSPC: Fault("The disk is full: make room on it."),
    errno.EDQUOT: Fault("The disk space of this account is used up: make room."),
    errno.EFBIG: Fault("This account may not write files of this size: raise the limit (ulimit -f)."),
    errno.EACCES: Fault(
        "The folder may not be written to: give this account the right, or point ATLAS_HOME elsewhere."
    ),
    errno.EPERM: Fault("The folder may not be written to: give this account the right, or point ATLAS_HOME elsewhere."),
    errno.EROFS: Fault("The folder can only be read: point ATLAS_HOME to one that can be written to."),
}
"""What to do about an error of the operating system."""


def unwritten(error: Exception) -> StoreError:
    said = str(error)  # the database quotes the operating system
    known = next((REMEDIES[code] for code in REMEDIES if _is(error, code) or os.strerror(code) in said), None)
    if known:
        return StoreError(
            "The store at {path} could not be written and stands as it was. {remedy} Then try again.",
            path=path(),
            remedy=known,
        )
    return StoreError(
        "The store at {path} could not be written ({error}). It stands as it was. Look for free disk space and memory; "
        "python -m data check tells whether it can still be read.",
        path=path(),
        error=_first_line(error),
    )


def _is(error: Exception, code: int) -> bool:
    return isinstance(error, OSError) and error.errno == code


@contextmanager
def _lock(what: Fault, wait_s: float) -> Iterator[None]:
    """Nobody else writes meanwhile. Who waits too long is told what is being written, and since when."""
    if "?" in str(path()):  # DuckDB takes what follows for a query, and its log for another file
        raise StoreError(
            "{home} has a question mark in its name. Point ATLAS_HOME to a folder without one.", home=home()
        )
    note = home() / "atlas.writer"
    try:
        private.folder(home())
        lock = filelock.FileLock(home() / "atlas.lock", timeout=wait_s, poll_interval=0.02, mode=private.FILE)
        lock.acquire()
    except filelock.Timeout:
        raise _busy(note) from None
    except OSError as error:
        raise unwritten(error) from error
    try:
        with suppress(OSError):
            note.write_text(json.dumps({"what": what.facts(), "since": f"{datetime.now(UTC):%H:%M}"}))
            private.close(note)
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def _busy(note: Path) -> StoreBusy:
    try:
        known = json.loads(note.read_text())
        what, since = Fault.read(known["what"]), str(known["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return StoreBusy("The store is being written to. Nothing was changed; try again in a moment.")
    return StoreBusy(
        "The store is being written to: {what}, since {time} UTC. Nothing was changed; try again in a moment.",
        what=what,
        time=since,
    )


def run_file(connection: Connection, name: str, parameters: dict | None = None) -> Connection:
    """Run one statement kept in data/sql/NAME.sql."""
    return connection.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"), parameters or {})


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
    connection = _opened(path())
    try:
        found = _schema_version(connection)
        if found > SCHEMA_VERSION:
            _check_schema(found)
        _vouch(connection)
        return found, _cursor(connection).execute("SELECT reference_sha256 FROM meta").fetchone()[0]
    except duckdb.Error as error:
        raise _damaged(error) from error
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
    if latest is None:
        return moment
    try:
        return max(moment, latest.replace(tzinfo=UTC, microsecond=0) + timedelta(seconds=1))
    except OverflowError:
        raise StoreError(
            "The store holds an arrival from the end of time, after which nothing can arrive. python -m data status "
            "lists it; remove it with python -m data remove SNAPSHOT."
        ) from None


def merge(connection: Connection, snapshot: Snapshot, withdraw: bool = False, record: bool = True) -> dict[str, int]:
    """Bring the temp table `incoming` (iso3, indicator, year, value, source, snapshot) into the observations.

    A value replaces the same source's earlier one, which moves to the revisions. Equal values keep their snapshot, so
    a second import changes nothing. withdraw also takes out what the source no longer states, for the indicators
    that are in `incoming`. record=False leaves the snapshots alone (an export brings its own); an arrival that changes
    nothing is not recorded either. Consumes `incoming`; returns rows, added, changed, withdrawn, and not_taken: values
    that differ and are older than what stands. Runs in the caller's transaction.
    """
    counts = merge_each(connection, snapshot, withdraw, record)
    return {name: int(total) for name, total in counts.sum().items()}


def merge_each(connection: Connection, snapshot: Snapshot, withdraw: bool = False, record: bool = True) -> pd.DataFrame:
    """Like `merge`, with a row of its counts for each indicator of `incoming`."""
    run_file(connection, "merge/difference")
    if withdraw:
        run_file(connection, "merge/withdrawn", {"snapshot": snapshot.id})
    else:
        connection.execute("CREATE TEMP TABLE withdrawn AS SELECT * FROM difference WHERE false")
    counts = run_file(connection, "merge/counts").df().set_index("indicator").astype("int64")
    for name in ("remember", "remove", "insert", "describe_new_indicators"):
        run_file(connection, f"merge/{name}")
    for table in ("incoming", "difference", "withdrawn"):
        connection.execute(f"DROP TABLE {table}")
    total = {name: int(counts[name].sum()) for name in ("rows", "added", "changed", "withdrawn")}
    if record and (total["added"] or total["changed"] or total["withdrawn"]):
        put_snapshot(connection, snapshot, total)
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


def forget_fetches(connection: Connection, codes: Sequence[str]) -> None:
    """Have the next refresh fetch these indicators, whether or not the Bank changed them since."""
    connection.execute("DELETE FROM fetches WHERE list_contains($codes, indicator)", {"codes": list(codes)})


def remove(snapshot: str) -> dict[str, int]:
    """Undo an arrival: its values go, and what they replaced or withdrew stands again; all of it or nothing.

    Later arrivals stay as they are. Descriptions of indicators and income groups that came with it stay, but for
    indicators that nobody described and that have no value left. Returns removed and restored, in values. Raises
    StoreError for an arrival that is not here and for the embedded facts, StoreBusy while another process writes.
    """
    with writing(Fault("a removal")) as connection:
        known = connection.execute("SELECT source FROM snapshots WHERE id = $id", {"id": snapshot}).fetchone()
        if known is None:
            raise StoreError(
                "No arrival {snapshot} is in this store. `python -m data status` lists them.", snapshot=snapshot
            )
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
        Fault("a market's ISO code, such as USA, DEU or CHN"),
    ),
    "home_currency": (
        "SELECT 1 FROM markets WHERE currency = $value",
        Fault("a market's currency code, such as USD, EUR or CNY"),
    ),
    "language": (
        "SELECT 1 FROM market_names WHERE kind = 'display' AND $value IN (language, split_part(language, '_', 1))",
        Fault("a language that market names are kept in, such as en or zh"),
    ),
    "present_markets": (
        "SELECT 1 WHERE NOT EXISTS (FROM (SELECT unnest(string_split($value, ',')) AS code) "
        "WHERE code <> '' AND code NOT IN (SELECT iso3 FROM markets))",
        Fault("a list of ISO codes of markets, such as DEU,FRA"),
    ),
    "minimum_population": (
        "SELECT 1 WHERE try_cast($value AS BIGINT) BETWEEN 0 AND 10000000000",
        Fault("a number of people from 0 to 10 billion"),
    ),
    "minimum_known_pct": (
        "SELECT 1 WHERE try_cast($value AS INTEGER) BETWEEN 0 AND 100",
        Fault("a percentage from 0 to 100"),
    ),
    "industry": ("SELECT 1 WHERE regexp_full_match($value, '[a-z_]{1,40}')", Fault("the name of an industry's recipe")),
    "product": (
        r"SELECT 1 WHERE regexp_full_match($value, '[\p{L}\p{M}\p{N} .,&+''’()/-]{0,60}')",
        Fault("a name of at most 60 letters, digits, spaces and plain marks such as & + / -"),
    ),
    "product_languages": (
        "SELECT 1 WHERE NOT EXISTS (FROM (SELECT unnest(string_split($value, ',')) AS code) "
        "WHERE code <> '' AND code NOT IN (SELECT language FROM market_languages))",
        Fault("a list of codes of languages, such as en,es"),
    ),
}


def put_settings(values: Mapping[str, str], shown: Mapping[str, str] | None = None) -> None:
    """Change settings. shown: what their reader was shown, where they are to be replaced only if that still stands.

    Raises StoreError naming a key or a value that does not exist, SettingsChanged where something else stands by now.
    """
    unknown = set(values) - set(DEFAULT_SETTINGS)
    if unknown:
        raise StoreError(
            "No such setting: {names}. Known: {known}.",
            names=", ".join(sorted(unknown)),
            known=", ".join(DEFAULT_SETTINGS),
        )
    with writing(Fault("a change of settings"), data=False, only=("settings",)) as connection:
        present = settings(connection)
        if moved := [key for key, value in (shown or {}).items() if present[key] != value]:
            raise SettingsChanged(moved)
        for key, value in values.items():
            query, remedy = _KNOWN_SETTINGS[key]
            if not connection.execute(query, {"value": value}).fetchone():
                raise StoreError("{key}: {value} is not {remedy}.", key=key, value=repr(value), remedy=remedy)
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
        raise StoreError("{verdict} is no verdict: {names}.", verdict=repr(verdict), names=" or ".join(VERDICTS))
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
    with writing(Fault("a verdict"), data=False, only=("assistant_feedback",)) as connection:
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
        raise StoreError("{decision} is no decision: {names}.", decision=repr(decision), names=", ".join(DECISIONS))
    if set(checks) != set(CHECKLIST):
        raise StoreError("A review answers each point of the checklist: {names}.", names=", ".join(CHECKLIST))
    if decision == "approved" and not all(checks.values()):
        still = ", ".join(name for name in CHECKLIST if not checks[name])
        raise StoreError("Not in order yet: {still}. Approve with conditions, or reject.", still=still)
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
    with writing(Fault("a review"), data=False, only=("model_reviews",)) as connection:
        connection.execute(f"INSERT INTO model_reviews ({', '.join(row)}) VALUES ({_named(row)})", row)


@reading
def data_version(connection: Connection) -> int:
    """Changes with every write to the store but those of settings and of what people said: key caches of what is
    computed on it."""
    return _cursor(connection).execute("SELECT data_version FROM meta").fetchone()[0]


@reading
def feedback(connection: Connection) -> pd.DataFrame:
    """A row a reply that somebody judged, the newest first; entries is a list of ids."""
    return _cursor(connection).execute("SELECT * FROM assistant_feedback ORDER BY asked_at DESC, id").df()


@reading
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


@reading
def markets(connection: Connection) -> pd.DataFrame:
    """A row a market, every column of the table, by iso3."""
    return _cursor(connection).execute("SELECT * FROM markets ORDER BY iso3").df()


@reading
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


@reading
def market_aliases(connection: Connection) -> pd.DataFrame:
    """iso3 and name of what markets are called in English besides their display name, in alphabetical order."""
    query = "SELECT iso3, name FROM market_names WHERE kind = 'alias' AND language = 'en' ORDER BY iso3, name"
    return _cursor(connection).execute(query).df()


@reading
def market_facts(connection: Connection, table: str, iso3: str | None = None) -> pd.DataFrame:
    """The rows of one market (or of all) in a reference table: market_languages, _neighbours, _memberships ..."""
    if table not in REFERENCE_TABLES:
        raise ValueError(f"{table!r} is not a reference table: {', '.join(REFERENCE_TABLES)}")
    return (
        _cursor(connection)
        .execute(f"SELECT * FROM {table} WHERE iso3 = coalesce($iso3, iso3) ORDER BY ALL", {"iso3": iso3})
        .df()
    )


@reading
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


@reading
def snapshots(connection: Connection) -> pd.DataFrame:
    """A row an arrival of data, the newest first."""
    return _cursor(connection).execute("SELECT * FROM snapshots ORDER BY id DESC").df()


@reading
def fetches(connection: Connection) -> pd.DataFrame:
    """A row an indicator fetched from the World Bank: when the Bank last updated it, when we read it."""
    return _cursor(connection).execute("SELECT * FROM fetches ORDER BY indicator").df()


@reading
def settings(connection: Connection) -> dict[str, str]:
    """The organisation's settings, defaults where it chose nothing."""
    return DEFAULT_SETTINGS | dict(_cursor(connection).execute("SELECT key, value FROM settings").fetchall())


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
        _cursor(connection)
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


@reading
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


@reading
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
        code = next((code for code in REMEDIES if os.strerror(code) in str(error)), None)
        raise (OSError(_first_line(error)) if code is None else OSError(code, os.strerror(code))) from error


@reading
def findings_of(connection: Connection, check: str, parameters: dict[str, object]) -> pd.DataFrame:
    """The rows a quality check in data/sql/quality returns."""
    return run_file(_cursor(connection), f"quality/{check}", parameters).df()
