"""Folders and files that only this account may read, and scratch folders that do not outlive their program."""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

FOLDER, FILE = 0o700, 0o600
SCRATCH = "lepton-atlas-"
HELD = ".held"
YOUNG_S = 60
"""A scratch folder younger than this is left alone: its program may not hold it yet."""


def folder(path: Path) -> Path:
    """The folder, made where it is missing, closed to other accounts where it is ours. Raises OSError."""
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    with suppress(OSError):  # a file system without rights, such as exFAT
        found = path.stat()
        shared = bool(found.st_mode & stat.S_ISVTX)  # /tmp and its like are everybody's
        shared |= path in (Path.home(), *Path.home().parents)
        if _is_ours(found) and not shared and stat.S_IMODE(found.st_mode) & ~FOLDER:
            path.chmod(FOLDER)
    return path


def close(file: Path) -> None:
    """Take a file's rights from other accounts, where the file system knows rights."""
    with suppress(OSError):
        file.chmod(FILE)


def sync(folder: Path) -> None:
    """What was done in a folder outlasts a power cut. Raises OSError."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows opens no folder
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """A folder of our own for as long as the block runs. What a killed program leaves, `clear_scratch` takes away."""
    made = Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{purpose}-")).absolute()
    try:
        with filelock.FileLock(made / HELD, mode=FILE):
            yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def clear_scratch() -> int:
    """Remove the scratch folders of programs that were killed; returns how many."""
    removed = 0
    for left in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        with suppress(OSError):
            found = left.lstat()
            young = time.time() - found.st_mtime < YOUNG_S
            if not stat.S_ISDIR(found.st_mode) or not _is_ours(found) or young:
                continue
            with filelock.FileLock(left / HELD, timeout=0, mode=FILE):  # a running program holds its own
                shutil.rmtree(left, ignore_errors=True)
                removed += 1
    return removed


def _is_ours(found: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or found.st_uid == os.getuid()
