"""Where the store lies, how it is opened, and whether it is whole.

Readers open the file read-only. Cursors are per call, because Streamlit's sessions are threads.
"""

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb
import platformdirs

from data import limits, private
from data.faults import Fault

Parameters, Result = ParamSpec("Parameters"), TypeVar("Result")
Connection = duckdb.DuckDBPyConnection
DatabaseError = duckdb.Error
TookTooLong = duckdb.InterruptException
SQL = Path(__file__).parents[1] / "sql"
SCHEMA_VERSION = 3


class StoreError(Fault, RuntimeError):
    """The store cannot be opened, upgraded or written; the message says why and what to do."""


class StoreBusy(StoreError):
    """Another process is writing."""


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
    connection = opened(path())
    try:
        check_schema(schema_version(connection))
        vouch(connection)
    except StoreError:
        connection.close()
        raise
    return connection


def connect_to_check(scratch: Path, size: int, beside_others: bool = False) -> Connection:
    """The store, read-only, on a connection with temp tables of its own: `writing()` takes it over. scratch: for what
    does not fit into memory. size: bytes of what is checked. beside_others: take half of the processors, and leave the
    rest to those who read meanwhile.
    """
    version()
    threads = max(1, (os.cpu_count() or 2) // 2) if beside_others else 0
    connection = opened(path(), scratch, threads=threads, size=size)
    try:
        check_schema(schema_version(connection))
        connection.execute("USE atlas")
    except StoreError:
        connection.close()
        raise
    return connection


def check() -> None:
    """Read every value of the store. Raises StoreError when one of them cannot be read."""
    connection = opened(path())
    try:
        check_schema(schema_version(connection))
        vouch(connection, again=True)
    finally:
        connection.close()


def opened(
    file: Path, spill: Path | None = None, read_only: bool = True, threads: int = 0, size: int | None = None
) -> Connection:
    """A connection of its own with the file attached as `atlas`. It never asks the network for an extension.

    threads: DuckDB's choice for 0; one is quicker to begin and to end. size: bytes of the file that is worked on.
    """
    connection = _bare(threads) if threads or spill else _spare_or_bare()
    try:
        connection.execute("SET enable_progress_bar = false")  # it would print into our output
        if spill:
            connection.execute(f"SET temp_directory = '{quoted(spill)}'")
            connection.execute(f"SET memory_limit = '{limits.memory(size)}B'")
        attach(connection, file, read_only)
    except duckdb.Error as error:
        connection.close()
        raise StoreError(
            "The store at {path} cannot be opened ({error}). Nothing was changed. Restore it from an export, or move "
            "the file away and run: python -m data build",
            path=path(),
            error=first_line(error),
        ) from error
    return connection


def _bare(threads: int = 0) -> Connection:
    """A connection to nothing. To make one takes longer (30 ms) than all that a page asks of it."""
    config = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    return duckdb.connect(":memory:", config=config | ({"threads": threads} if threads else {}))


_spares: dict[int, "Future[Connection]"] = {}
"""The connection to nothing that the next reader gets. By process, since none survives a fork."""
_readers: set[int] = set()
"""Processes that have opened the store before: who opens it again does so after every write, and has one made ready."""


def _spare_or_bare() -> Connection:
    process = os.getpid()
    spare = _spares.pop(process, None)
    if process in _readers:
        _spares[process] = following = Future()
        threading.Thread(target=_make_ready, args=(following,)).start()
    _readers.add(process)
    return _bare() if spare is None else spare.result()


def _make_ready(following: "Future[Connection]") -> None:
    try:
        following.set_result(_bare())
    except Exception as error:  # told to whoever asks for it
        following.set_exception(error)


def attach(connection: Connection, file: Path, read_only: bool) -> None:
    """What is written goes into the file at the checkpoint; a log beside it would only be thrown away."""
    way = "READ_ONLY" if read_only else "RECOVERY_MODE no_wal_writes"
    connection.execute(f"ATTACH '{quoted(file)}' AS atlas ({way})")


@contextmanager
def within(connection: Connection, deadline: limits.Deadline) -> Iterator[None]:
    """Statements of the block end with TookTooLong when the deadline has passed."""
    timer = threading.Timer(deadline.left(), connection.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


_whole: set[tuple[int, ...]] = set()


def stamp_of(file: Path) -> tuple[int, ...]:
    """What changes when a file does: its times, number and size."""
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_size


def vouch(connection: Connection, again: bool = False) -> None:
    """Read the attached store whole, unless it was since it last changed. Raises StoreError."""
    try:
        stamp, note = stamp_of(path()), home() / "atlas.whole"
        with suppress(OSError, ValueError, TypeError):
            _whole.add(tuple(json.loads(note.read_text())))
    except OSError as error:
        raise _unreadable(error) from error
    if stamp in _whole and not again:
        return
    try:
        read_whole(connection)
    except duckdb.Error as error:
        raise damaged(error) from error
    found_whole(stamp)


def found_whole(stamp: tuple[int, ...]) -> None:
    """Remember, for other processes too, that the file of this stamp was read to its end."""
    _whole.clear()
    _whole.add(stamp)
    with suppress(OSError):  # a folder that may only be read: every process reads the store itself
        note = home() / "atlas.whole"
        note.write_text(json.dumps(stamp))
        private.close(note)


def read_whole(connection: Connection, only: tuple[str, ...] = ()) -> None:
    """Read every value of all tables of `atlas`, or of a few: DuckDB compares each block it reads with its checksum."""
    tables = [("main", table) for table in only] or connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'atlas'"
    ).fetchall()
    for schema, table in tables:
        whole = f'atlas."{schema}"."{table}"'.replace("\0", "")
        connection.execute(f"SELECT bit_xor(hash(rows_of_it)) FROM {whole} AS rows_of_it").fetchall()


def damaged(error: Exception) -> StoreError:
    """The refusal of a store that cannot be read rightly."""
    return StoreError(
        "The store at {path} is damaged ({error}). Nothing was changed. Move the file away, run python -m data build, "
        "and import your last export; without one, import your files and refresh.",
        path=path(),
        error=first_line(error),
    )


def _unreadable(error: Exception) -> StoreError:
    return StoreError(
        "The store at {path} could not be read ({error}). Nothing was changed. python -m data check tells whether it "
        "is damaged.",
        path=path(),
        error=first_line(error),
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


def check_schema(version: int) -> None:
    """Raises StoreError for a store of another schema version."""
    if version > SCHEMA_VERSION:
        raise StoreError(
            "The store at {path} was written by a newer Lepton Atlas (schema {found}, this one knows {known}). Update "
            "the program; the store was not touched.",
            path=path(),
            found=version,
            known=SCHEMA_VERSION,
        )
    if version < SCHEMA_VERSION:
        raise StoreError(
            "The store at {path} has schema {found}, this program needs {known}. Upgrade it, keeping all its data, "
            "with: python -m data build",
            path=path(),
            found=version,
            known=SCHEMA_VERSION,
        )


def schema_version(connection: Connection) -> int:
    """The version the attached store says it has. Raises StoreError for a file that is no store of ours."""
    try:
        return cursor_of(connection).execute("SELECT schema_version FROM meta").fetchone()[0]
    except (duckdb.CatalogException, duckdb.BinderException, TypeError):
        raise StoreError(
            "{path} is a DuckDB file, but not a Lepton Atlas store. Move it away, or point ATLAS_HOME elsewhere.",
            path=path(),
        ) from None
    except duckdb.Error as error:
        raise damaged(error) from error


def cursor_of(connection: Connection) -> Connection:
    """A cursor of its own, in the store where one is attached: sessions are threads."""
    cursor = connection.cursor()
    if "atlas" in {row[0] for row in cursor.execute("SELECT database_name FROM duckdb_databases()").fetchall()}:
        cursor.execute("USE atlas")
    return cursor


def quoted(file: Path) -> str:
    """A path inside an SQL literal."""
    return str(file).replace("'", "''")


def literal(file: Path) -> str:
    """A file as an SQL literal of a table function, where it names this file and no other: DuckDB reads * ? [ as a
    pattern. Give `hive_partitioning = false` beside it, or folders such as year=1999 become columns.
    """
    named = re.sub(r"([*?[])", r"[\1]", str(file.absolute()))
    return f"'{named.replace(chr(39), chr(39) * 2)}'"


def first_line(error: Exception) -> str | Fault:
    """What an error says, in a line."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def run_file(connection: Connection, name: str, parameters: dict | None = None) -> Connection:
    """Run one statement kept in data/sql/NAME.sql."""
    return connection.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"), parameters or {})


@reading
def data_version(connection: Connection) -> int:
    """Changes with every write to the store but those of settings and of what people said: key caches of what is
    computed on it."""
    return cursor_of(connection).execute("SELECT data_version FROM meta").fetchone()[0]


def named(row: Mapping[str, object]) -> str:
    """The places of a row in an INSERT: $a, $b."""
    return ", ".join(f"${name}" for name in row)


def utc(moment: datetime) -> datetime:
    """A moment as the store keeps it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def bound(letter: str, values: Sequence[str]) -> str:
    """$c0, $c1, ... for an IN list; NULL, which is in nothing, for none."""
    return ", ".join(f"${letter}{i}" for i in range(len(values))) or "NULL"
