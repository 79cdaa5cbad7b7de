"""What people saved: scenarios and plans, one JSON file each, in the data folder beside the store.

Several dashboards may share one folder: whoever changes a shelf holds a lock on it, and replaces only what they were
shown. Nothing is ever lost: what is replaced or removed is put aside, and can be opened again.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from data import atomic, private, store
from data.faults import Fault

KINDS = ("scenarios", "plans")
MAX_NAME = 80
MAX_SAVED = 500
MAX_FILE = 220
"""Bytes of a file's name, so that there is room for the time before it when it is put aside."""
PATIENCE_S = 10
"""How long one waits for somebody else who is saving: that takes milliseconds."""
REPLACED, REMOVED = "replaced", "removed"
STAMP = "%Y%m%dT%H%M%S%f"


class ShelfError(Fault, ValueError):
    """A file cannot be saved or found; the message names the cause and a remedy."""


@dataclass(frozen=True)
class Saved:
    """One saved document: its name, when it was last saved (UTC), and what tells this saving from another."""

    name: str
    saved_at: datetime
    stamp: str = ""


@dataclass(frozen=True)
class Aside:
    """A document that was replaced or removed: its name, when (UTC), in which of the two folders, its file there."""

    name: str
    put_aside_at: datetime
    where: str
    file: str


def saved(kind: str) -> tuple[Saved, ...]:
    """Everything of a kind, the newest first. Files that got there by hand, under no name of ours, are left out."""
    found = [entry for file in _folder(kind).glob("*.json") if (entry := _entry(file)) is not None]
    return tuple(sorted(found, key=lambda entry: (entry.saved_at, entry.name), reverse=True))


def find(kind: str, name: str) -> Saved | None:
    """What is saved under a name now; None when nothing is, or nothing can be saved under such a name."""
    try:
        return _entry(_file(kind, name))
    except ShelfError:
        return None


def read(kind: str, name: str) -> str:
    """The text of a saved document. Raises ShelfError when it is not there, or cannot be read."""
    return _text(_file(kind, name), name)


def save(kind: str, name: str, text: str, over: Saved | None = None) -> None:
    """Keep a document under a name, whole or not at all. What it replaces is put aside.

    over: what the reader was shown under this name and wants to replace; None for a new name. Raises ShelfError for a
    name that is taken meanwhile, or was saved again by somebody else since it was shown, for one that is empty or too
    long, and when it cannot be written.
    """
    file = _file(kind, name)
    try:
        with _changing(kind):
            there = _entry(file)
            if there is not None and over is None:
                raise ShelfError(
                    "There is one called {name} already. Choose another name, or replace it.", name=repr(name)
                )
            if there is not None and there.stamp != over.stamp:
                raise ShelfError(
                    "{name} was saved by somebody else meanwhile, at {time} UTC. Nothing was changed. Open it first, "
                    "or choose another name.",
                    name=repr(name),
                    time=f"{there.saved_at:%Y-%m-%d %H:%M:%S}",
                )
            if there is None and len(saved(kind)) >= MAX_SAVED:
                raise ShelfError("{most} are saved already. Remove some of them first.", most=MAX_SAVED)
            private.folder(file.parent)
            _put_in_place(file, text, there is not None)
    except OSError as error:
        raise ShelfError(
            "{name} cannot be saved: {error}. Free some space, or correct the folder's permissions.",
            name=repr(name),
            error=error,
        ) from error


def remove(kind: str, name: str) -> None:
    """Take a document off the shelf; it is put aside. Raises ShelfError when it is not there."""
    file = _file(kind, name)
    try:
        with _changing(kind):
            if not file.exists():
                raise ShelfError("There is none called {name}.", name=repr(name))
            _put_aside(file, REMOVED)
            file.unlink()
    except OSError as error:
        raise ShelfError(
            "{name} cannot be removed: {error}. Correct the folder's permissions.", name=repr(name), error=error
        ) from error


def aside(kind: str) -> tuple[Aside, ...]:
    """What was replaced or removed, the latest first."""
    found = []
    for where in (REPLACED, REMOVED):
        for file in (_folder(kind) / where).glob("*.json"):
            moment, _blank, own = file.name.partition(" ")
            with suppress(ValueError, OverflowError):  # put there by hand
                at = datetime.strptime(moment, STAMP).replace(tzinfo=UTC)
                found.append(Aside(_name(Path(own)), at, where, file.name))
    return tuple(sorted(found, key=lambda entry: (entry.put_aside_at, entry.file), reverse=True))


def read_aside(kind: str, entry: Aside) -> str:
    """The text of what was put aside. Raises ShelfError when it is not there any more."""
    if entry not in aside(kind):
        raise ShelfError("There is none called {name}.", name=repr(entry.name))
    return _text(_folder(kind) / entry.where / entry.file, entry.name)


def _text(file: Path, name: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ShelfError(
            "{name} cannot be read: {error}. It may have been removed; save it again.", name=repr(name), error=error
        ) from error


@contextmanager
def _changing(kind: str) -> Iterator[None]:
    """Alone on a shelf, among threads and processes. Raises OSError."""
    folder = _folder(kind)
    private.folder(folder.parent)
    try:
        with FileLock(folder.parent / f".{kind}.lock", timeout=PATIENCE_S, mode=private.FILE):
            yield
    except Timeout as error:
        raise ShelfError("Somebody else is saving. Nothing was changed; try again.") from error


def _put_in_place(file: Path, text: str, replaces: bool) -> None:
    def replace(part: Path, file: Path) -> None:
        _put_aside(file, REPLACED)
        part.replace(file)

    def add(part: Path, file: Path) -> None:
        file.hardlink_to(part)  # fails where the name is taken, whoever took it

    atomic.put(file, text.encode(), replace if replaces else add)


def _put_aside(file: Path, where: str) -> None:
    folder = file.parent / where
    private.folder(folder)
    (folder / f"{datetime.now(UTC).strftime(STAMP)} {file.name}").hardlink_to(file)
    private.sync(folder)


def _folder(kind: str) -> Path:
    if kind not in KINDS:
        raise ShelfError("There is no shelf {kind}. Known: {names}.", kind=repr(kind), names=", ".join(KINDS))
    return store.home() / kind


def _file(kind: str, name: str) -> Path:
    """Names become file names letter by letter, what is no letter or digit as its code point: nothing is a path."""
    if not name.strip() or len(name) > MAX_NAME:
        raise ShelfError("A name has 1 to {most} characters. Choose another one.", most=MAX_NAME)
    safe = _safe(name.strip())
    if len(safe.encode("utf-8", "replace")) > MAX_FILE:
        raise ShelfError("The name is too long for a file. Choose a shorter one.")
    return _folder(kind) / f"{safe}.json"


def _safe(name: str) -> str:
    return re.sub(r"[^\w -]", lambda found: f"%{ord(found[0]):x};", name)


def _entry(file: Path) -> Saved | None:
    """What is saved in a file; None where none is (any more), and for names that are none of ours."""
    try:
        name, stat = _name(file), file.stat()
        if _safe(name) != file.stem:
            return None
        return Saved(name, datetime.fromtimestamp(stat.st_mtime, UTC), f"{stat.st_mtime_ns}-{stat.st_ino}")
    except (FileNotFoundError, OverflowError, ValueError):
        return None


def _name(file: Path) -> str:
    """Raises OverflowError, ValueError for a code that no character has."""
    name = re.sub(r"%([0-9a-f]{1,6});", lambda found: chr(int(found[1], 16)), file.stem)
    name.encode()  # half of a pair is no text
    return name
