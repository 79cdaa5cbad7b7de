"""A file by its first bytes: packed, a workbook, a statistical package's, Parquet, JSON or text."""

import re
from collections.abc import Mapping
from pathlib import Path

from data import limits
from data.layouts import books, packed, written
from data.layouts.layout import Layout, LayoutError

STATA = re.compile(rb"^(?:<stata_dta>|[\x69\x6c\x6e-\x73][\x01\x02]\x01\x00)")
SPSS = (b"$FL2", b"$FL3")


def recognise(path: Path, scratch: Path, mapping: Mapping[str, str] | None = None, name: str | None = None) -> Layout:
    """The layout of a file; packed files are unpacked into the folder `scratch`.

    mapping overrides which column is the market, indicator, year, value or unit of a tidy file. name: what refusals
    call the file. Raises LayoutError for empty files, pages and pointers in place of data, unknown layouts, and files
    that hold more than `limits` allow.
    """
    name = name or path.name
    try:
        found = _recognised(path, scratch, mapping, name)
        for part in (found, *found.parts):
            limits.check_columns(len(part.columns), name)
    except limits.TooMuch as error:
        raise LayoutError.of(error) from error
    return found


def _recognised(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    size = path.stat().st_size
    if size == 0:
        raise LayoutError("{file} is empty.", file=name)
    check_size(size, name)
    with path.open("rb") as file:
        magic = file.read(16)
    if magic.startswith(b"PAR1"):
        return Layout("parquet", path, (), mapping or {})
    if magic.startswith(b"PK"):
        return packed.from_zip(path, scratch, mapping, name)
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise books.old_or_locked(path, name)
    if STATA.match(magic) or magic.startswith(SPSS):
        return books.from_statistics(path, scratch, mapping, name)
    if magic.startswith(b"\x1f\x8b"):
        path = packed.unpack_gzip(path, scratch, name)
    return written.from_plain(path, scratch, mapping, name)


def check_size(size: int, name: str) -> None:
    """Raises LayoutError for a file of more bytes than are read."""
    if size > limits.MAX_BYTES:
        raise LayoutError(
            "{file} has {gb} GB; the limit is {most} GB. Split it.",
            file=name,
            gb=f"{size / 1000000000.0:.1f}",
            most=f"{limits.MAX_BYTES / 1000000000.0:.1f}",
        )
