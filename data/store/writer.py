"""A change of the store: on a copy, read back, and swapped in with one rename.

A killed writer leaves the old file as it was, and readers in other processes never wait. The lock is held for writing
only: what can be checked or fetched beforehand is.
"""

import errno
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import filelock

from data import private
from data.faults import Fault
from data.store.connection import (
    Connection,
    StoreBusy,
    StoreError,
    attach,
    check_schema,
    damaged,
    first_line,
    found_whole,
    home,
    opened,
    path,
    read_whole,
    schema_version,
    stamp_of,
    vouch,
)

WAIT_S = 10.0
"""So long a write waits for another one; a change of a setting takes about 0.1 s."""
CHUNK = 1 << 16
ANOTHER = Fault("another change")


class Abandon(Exception):
    """Raised inside `writing()` to leave the store as it was; goes no further."""


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
                vouch(connection)
                if not _same(path(), working):
                    raise damaged(Fault("a copy of it came out otherwise"))
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
        connection = opened(working, spill, read_only=False, threads=1 if small else 0)
    else:
        connection = ready
        _let_go(connection)
        attach(connection, working, read_only=False)
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
        attach(connection, working, read_only=True)
        connection.execute("SELECT count(*) FROM atlas.observations").fetchone()
        check_schema(schema_version(connection))
        read_whole(connection, only)
        _let_go(connection)
    except duckdb.Error as error:
        connection.close()
        raise damaged(error) from error
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
    found_whole(stamp_of(path()))
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
        "The folder may not be written to: give this account permission, or point ATLAS_HOME elsewhere."
    ),
    errno.EPERM: Fault(
        "The folder may not be written to: give this account permission, or point ATLAS_HOME elsewhere."
    ),
    errno.EROFS: Fault("The folder can only be read: point ATLAS_HOME to one that can be written to."),
}
"""What to do about an error of the operating system."""


def unwritten(error: Exception) -> StoreError:
    """The refusal of a write that the disk or the database did not take: cause and remedy."""
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
        error=first_line(error),
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
