"""Files that are there whole, or not at all."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from data import private


def put(
    file: Path,
    content: bytes | Callable[[IO[bytes]], object],
    place: Callable[[Path, Path], object] = Path.replace,
) -> None:
    """Write a file beside where it belongs, then put it there; it is this account's alone, and outlasts a power cut.

    content: bytes, or what writes them. place: how the written file comes to its place, in that of an older one by
    default. What was there stays when any of it fails. Raises OSError, and what content and place raise.
    """
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=file.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            if isinstance(content, bytes):
                out.write(content)
            else:
                content(out)
            out.flush()
            os.fsync(out.fileno())
        place(part, file)
        private.sync(file.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
