"""What people saved: scenarios and plans, one JSON file each, in the data folder beside the store."""

import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

from data import store

KINDS = ("scenarios", "plans")
LONGEST_NAME = 80
MOST = 500
LONGEST_FILE = 220
"""Bytes of a file's name, so that there is room for the time before it when it is put aside."""
_changing = RLock()


class ShelfError(ValueError):
    """A file cannot be saved or found; the message names the cause and a remedy."""


@dataclass(frozen=True)
class Saved:
    """One saved document: its name, and when it was last saved (UTC)."""

    name: str
    saved_at: datetime


def saved(kind: str) -> tuple[Saved, ...]:
    """Everything of a kind, the newest first."""
    found = []
    for file in _folder(kind).glob("*.json"):
        with suppress(FileNotFoundError):  # removed by somebody else meanwhile
            found.append(Saved(_name(file), datetime.fromtimestamp(file.stat().st_mtime, UTC)))
    return tuple(sorted(found, key=lambda entry: (entry.saved_at, entry.name), reverse=True))


def read(kind: str, name: str) -> str:
    """The text of a saved document. Raises ShelfError when it is not there, or cannot be read."""
    try:
        return _file(kind, name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ShelfError(f"{name!r} cannot be read: {error}. It may have been removed; save it again.") from error


def save(kind: str, name: str, text: str, overwrite: bool = False) -> None:
    """Keep a document under a name, whole or not at all. What is overwritten moves to the folder `replaced`.

    Raises ShelfError for a name that is taken (unless overwrite), empty or too long, or when it cannot be written.
    """
    file = _file(kind, name)
    with _changing:
        if file.exists() and not overwrite:
            raise ShelfError(f"There is one called {name!r} already. Choose another name, or replace it.")
        if not file.exists() and len(saved(kind)) >= MOST:
            raise ShelfError(f"{MOST} are saved already. Remove some of them first.")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _put_in_place(file, text)
        except OSError as error:
            raise ShelfError(
                f"{name!r} cannot be saved: {error}. Free some space, or mend the folder's rights."
            ) from error


def remove(kind: str, name: str) -> None:
    """Take a document off the shelf; it stays in the folder `removed`. Raises ShelfError when it is not there."""
    file = _file(kind, name)
    with _changing:
        if not file.exists():
            raise ShelfError(f"There is none called {name!r}.")
        try:
            _put_aside(file, "removed")
        except OSError as error:
            raise ShelfError(f"{name!r} cannot be removed: {error}. Mend the folder's rights.") from error


def _put_in_place(file: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".part", delete=False, encoding="utf-8") as part:
        try:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
            if file.exists():
                _put_aside(file, "replaced")
            Path(part.name).replace(file)
        finally:
            Path(part.name).unlink(missing_ok=True)


def _put_aside(file: Path, where: str) -> None:
    aside = file.parent / where
    aside.mkdir(mode=0o700, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    (aside / f"{stamp} {file.name}").hardlink_to(file)
    if where == "removed":
        file.unlink()


def _folder(kind: str) -> Path:
    if kind not in KINDS:
        raise ShelfError(f"There is no shelf {kind!r}. Known: {', '.join(KINDS)}.")
    return store.home() / kind


def _file(kind: str, name: str) -> Path:
    """Names become file names letter by letter, what is no letter or digit as its code point: nothing is a path."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise ShelfError(f"A name has 1 to {LONGEST_NAME} characters. Choose another one.")
    safe = re.sub(r"[^\w -]", lambda found: f"%{ord(found[0]):x};", name.strip())
    if len(safe.encode()) > LONGEST_FILE:
        raise ShelfError("The name is too long for a file. Choose a shorter one.")
    return _folder(kind) / f"{safe}.json"


def _name(file: Path) -> str:
    return re.sub(r"%([0-9a-f]+);", lambda found: chr(int(found[1], 16)), file.stem)
