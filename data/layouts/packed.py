"""Files that hold files: every one with figures is read, and each that is left is named with the reason."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from data import limits
from data.faults import Fault, in_turn
from data.layouts import books, written
from data.layouts.layout import Layout, LayoutError, together

COMPANIONS = ("indicators.csv", "countries.csv", "WDICountry.csv", "Metadata_Country_*.csv")
"""Files that describe the data they lie beside, in a folder or in a zip."""
DESCRIPTIONS = ("Metadata_Indicator_*.csv", "WDISeries.csv", "WDI*-time.csv", "WDI*-Time.csv", "*readme*")
"""Files of the World Bank's packages that hold words alone."""
TEXT_ENDINGS = (".csv", ".txt", ".tsv", ".json", ".xml", ".px")
MAX_FILES = 20
"""Files of a package that are read."""


def companion_name(name: str) -> str | None:
    """Under which name a file that describes the data is laid beside them; None when it does not describe any."""
    found = next((pattern for pattern in COMPANIONS if fnmatch(PurePosixPath(name).name, pattern)), None)
    return found.replace("*", "0") if found else None


def unpack_gzip(path: Path, scratch: Path, name: str) -> Path:
    """The file inside, laid into `scratch`. Raises LayoutError for one that is damaged or unfolds too far."""
    target = scratch / "unpacked.csv"
    with gzip.open(path, "rb") as packed:
        _copy_capped(packed, target, path.stat().st_size, name)
    return target


def from_zip(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """A workbook, or all tables of a zip. Raises LayoutError when there are none, and for what unfolds too far."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _damaged(name, error) from error
    with archive:
        members = archive.infolist()
        unfolded = sum(member.file_size for member in members)
        if unfolded > limits.unfolded(path.stat().st_size) or len(members) > 2000:
            raise LayoutError(
                "{file} unfolds to {mb} MB in {count} parts, which no genuine data file of its size does. Unpack it "
                "yourself and import the CSV inside.",
                file=name,
                mb=f"{unfolded / 1000000.0:,.0f}",
                count=f"{len(members):,}",
            )
        inside = {member.filename for member in members}
        if "xl/workbook.xml" in inside:
            return books.from_excel(path, scratch, mapping, name)
        if {"mimetype", "content.xml"} <= inside:
            return books.from_opendocument(path, archive, scratch, mapping, name)
        return _tables(archive, members, scratch, mapping, name)


def _tables(
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    scratch: Path,
    mapping: Mapping[str, str] | None,
    name: str,
) -> Layout:
    found, left = [], []
    for member in sorted(members, key=lambda m: -m.file_size):
        inside = PurePosixPath(member.filename).name
        if member.is_dir() or any(fnmatch(inside.lower(), pattern.lower()) for pattern in DESCRIPTIONS):
            continue
        if not inside.lower().endswith(TEXT_ENDINGS):
            left.append(Fault("{part} was not read: it is no CSV, TSV, JSON, SDMX-ML, PC-Axis or text.", part=inside))
            continue
        companion = companion_name(inside)
        if len(found) == MAX_FILES and not companion:
            left.append(Fault("{part} was not read: more than {most} tables in one file.", part=inside, most=MAX_FILES))
            continue
        target = scratch / (companion or f"unpacked {len(found) + len(left)}.csv")
        try:
            with archive.open(member) as packed:
                _copy_capped(packed, target, member.compress_size, f"{name}/{member.filename}")
            if not companion:
                found.append(replace(written.from_plain(target, scratch, mapping, inside), part=inside))
        except (RuntimeError, zipfile.BadZipFile) as error:  # a password, an unknown compression, a broken header
            raise LayoutError(
                "{file} cannot be unpacked ({error}). Unpack it yourself.", file=name, error=error
            ) from error
        except LayoutError as error:
            left.append(Fault("{part} was not read: {reason}", part=inside, reason=Fault.of(error)))
    if found:
        return together(found, [*(fault for one in found[1:] for fault in one.left), *left])
    if not left:
        raise LayoutError("{file} holds no file with market data.", file=name)
    raise LayoutError("{file} holds no file with market data. {reasons}", file=name, reasons=in_turn(left[:3]))


def _unfolds_too_far(name: str, limit: int) -> LayoutError:
    return LayoutError(
        "{file} unfolds to more than {mb} MB, which no genuine data file of its size does. Unpack it yourself and "
        "import the CSV inside.",
        file=name,
        mb=f"{limit / 1000000.0:,.0f}",
    )


def _damaged(name: str, error: Exception) -> LayoutError:
    return LayoutError("{file} is damaged and cannot be unpacked ({error}). Download it again.", file=name, error=error)


def _copy_capped(packed: io.BufferedIOBase, target: Path, packed_size: int, name: str) -> None:
    limit, written = limits.unfolded(packed_size), 0
    with target.open("wb") as out:
        while chunk := _next_chunk(packed, name):
            written += len(chunk)
            if written > limit:
                raise _unfolds_too_far(name, limit)
            out.write(chunk)


def _next_chunk(packed: io.BufferedIOBase, name: str) -> bytes:
    try:
        return packed.read(1 << 20)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise _damaged(name, error) from error
