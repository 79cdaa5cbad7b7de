"""What kind of file is this? Recognised by content, never by name, before anything is read in earnest."""

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

MAX_BYTES = 4 << 30
"""No file may grow beyond this, packed or unpacked."""
MAX_RATIO = 200
"""A packed file may not unfold by more than this factor: genuine ones stay below 30."""
HEAD_BYTES = 1 << 18
YEAR_HEADER = re.compile(r"^(?:YR)?(\d{4})(?: \[YR\d{4}\])?$")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "market": (
        "iso3",
        "country code",
        "countrycode",
        "iso_code",
        "iso3c",
        "iso code",
        "economy code",
        "code",
        "country",
        "country name",
        "economy",
        "market",
        "iso_alpha",
    ),
    "indicator": (
        "indicator",
        "indicator code",
        "indicatorcode",
        "series code",
        "seriescode",
        "series",
        "indicator_id",
    ),
    "year": ("year", "date", "time", "time period", "time_period"),
    "value": ("value", "obs_value", "observation", "obs value"),
    "unit": ("unit", "units", "unit of measure"),
}
REQUIRED = ("market", "indicator", "year", "value")


class LayoutError(ValueError):
    """The file cannot be read as market data; the message says why and what would help."""


@dataclass(frozen=True)
class Layout:
    """How to read a file.

    kind: "tidy", "parquet", "atlas export", "World Bank API CSV", "World Bank bulk CSV" or "World Bank DataBank".
    path: the plain file to read, unpacked if it was packed. columns: every column name in order. mapping: our field
    names to the file's columns. years: for the wide layouts, year -> column name. header_line: 1 for the first line.
    """

    kind: str
    path: Path
    columns: tuple[str, ...]
    mapping: Mapping[str, str]
    header_line: int = 1
    delimiter: str = ","
    years: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_wide(self) -> bool:
        return bool(self.years)


def recognise(path: Path, scratch: Path, mapping: Mapping[str, str] | None = None) -> Layout:
    """The layout of a file; packed files are unpacked into the folder `scratch`.

    mapping overrides which column is the market, indicator, year, value or unit of a tidy file.
    Raises LayoutError for empty files, pages and pointers in place of data, unknown layouts, and packed files that
    unfold beyond MAX_BYTES or MAX_RATIO.
    """
    size = path.stat().st_size
    if size == 0:
        raise LayoutError(f"{path.name} is empty.")
    if size > MAX_BYTES:
        raise LayoutError(f"{path.name} has {size / 1e9:.1f} GB; the limit is {MAX_BYTES / 1e9:.1f} GB. Split it.")
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"PAR1"):
        return Layout("parquet", path, (), mapping or {})
    if magic.startswith(b"PK"):
        return _from_zip(path, scratch, mapping)
    if magic.startswith(b"\x1f\x8b"):
        return _from_text(_unpack_gzip(path, scratch), mapping, path.name)
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise LayoutError(f"{path.name} is in the old Excel format (.xls). Save it as .xlsx or CSV and import that.")
    return _from_text(path, mapping, path.name)


# ------------------------------------------------------------------ packed files


def _unpack_gzip(path: Path, scratch: Path) -> Path:
    target = scratch / "unpacked.csv"
    with gzip.open(path, "rb") as packed:
        _copy_capped(packed, target, path.stat().st_size, path.name)
    return target


def _copy_capped(packed: io.BufferedIOBase, target: Path, packed_size: int, name: str) -> None:
    limit = min(MAX_BYTES, max(packed_size, 1 << 16) * MAX_RATIO)
    written = 0
    try:
        with target.open("wb") as out:
            while chunk := packed.read(1 << 20):
                written += len(chunk)
                if written > limit:
                    raise LayoutError(
                        f"{name} unfolds to more than {limit / 1e6:,.0f} MB, which no genuine data file of its size "
                        "does. Unpack it yourself and import the CSV inside."
                    )
                out.write(chunk)
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise LayoutError(f"{name} is damaged and cannot be unpacked ({error}). Download it again.") from error


def _from_zip(path: Path, scratch: Path, mapping: Mapping[str, str] | None) -> Layout:
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise LayoutError(f"{path.name} is damaged and cannot be unpacked ({error}). Download it again.") from error
    with archive:
        unfolded = sum(member.file_size for member in members)
        if unfolded > min(MAX_BYTES, max(path.stat().st_size, 1 << 16) * MAX_RATIO) or len(members) > 2000:
            raise LayoutError(
                f"{path.name} unfolds to {unfolded / 1e6:,.0f} MB in {len(members):,} parts, which no genuine data "
                "file of its size does. Unpack it yourself and import the CSV inside."
            )
        if any(member.filename == "xl/workbook.xml" for member in members):
            return _from_excel(path, scratch, mapping)
        seen = []
        for member in sorted(members, key=lambda m: -m.file_size):
            if not member.filename.lower().endswith((".csv", ".txt", ".tsv")):
                continue
            target = scratch / "unpacked.csv"
            with archive.open(member) as packed:
                _copy_capped(packed, target, member.compress_size, f"{path.name}/{member.filename}")
            try:
                return _from_text(target, mapping, member.filename)
            except LayoutError as error:
                seen.append(str(error))
    raise LayoutError(f"{path.name} holds no file with market data. " + " ".join(seen[:3]))


def _from_excel(path: Path, scratch: Path, mapping: Mapping[str, str] | None) -> Layout:
    """The first sheet with a known layout, written out as CSV so that its rows keep their numbers."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever the broken XML made it raise
        raise LayoutError(
            f"{path.name} cannot be read as an Excel file ({error}). Save it again, or as CSV."
        ) from error
    seen = []
    for sheet in book.worksheets:
        target = scratch / "sheet.csv"
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for row in sheet.iter_rows(values_only=True):
                writer.writerow(["" if cell is None else _plain(cell) for cell in row] or [""])
        try:
            return _from_text(target, mapping, f"{path.name}, sheet {sheet.title!r}")
        except LayoutError as error:
            seen.append(str(error))
    raise LayoutError(" ".join(seen[:3]))


def _plain(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 else str(cell)


# ------------------------------------------------------------------ text


def _from_text(path: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip():
        raise LayoutError(f"{name} is empty.")
    if head.startswith(b"version https://git-lfs"):
        raise LayoutError(
            f"{name} is a Git LFS pointer, not the data it stands for. Fetch the file with `git lfs pull` first."
        )
    if head.lstrip()[:1] == b"<":
        raise LayoutError(f"{name} is a web page or XML, not a table. The download probably failed: fetch it again.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        raise LayoutError(f"{name} is not UTF-8 text. In Excel, choose 'CSV UTF-8 (comma delimited)' when saving.")
    text = _decode(head, name)
    tried = [_recognise_rows(path, text, delimiter, mapping) for delimiter in ",;\t|"]
    found = next((layout for layout in tried if layout), None)
    if found is None:
        first = text.splitlines()[0][:160]
        raise LayoutError(
            f"{name} has no layout we know. Needed: columns for the market (iso3 or country name), indicator, year and "
            f"value, or one of the World Bank's own layouts. Its first line is: {first!r}. "
            "Rename the columns, or say which is which (--map market=COLUMN)."
        )
    return found


def _decode(head: bytes, name: str) -> str:
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) == HEAD_BYTES and error.start > len(head) - 4:
            return head[: error.start].decode("utf-8-sig")
        line = head[: error.start].count(b"\n") + 1
        raise LayoutError(
            f"{name}, line {line}: not UTF-8 text. In Excel, choose 'CSV UTF-8 (comma delimited)' when saving."
        ) from None


def _recognise_rows(path: Path, text: str, delimiter: str, mapping: Mapping[str, str] | None) -> Layout | None:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    preamble = False
    try:
        for row in reader:
            names = {cell.strip().lower(): cell for cell in row}
            years = {int(m[1]): cell for cell in row if (m := YEAR_HEADER.match(cell.strip()))}
            preamble |= bool(row) and row[0].strip() == "Data Source"
            if years and "country code" in names and "indicator code" in names:
                kind = "World Bank API CSV" if preamble else "World Bank bulk CSV"
                fields = {"market": names["country code"], "indicator": names["indicator code"]}
                if "indicator name" in names:
                    fields["name"] = names["indicator name"]
                return Layout(kind, path, tuple(row), fields, reader.line_num, delimiter, years)
            if years and "country code" in names and "series code" in names:
                fields = {"market": names["country code"], "indicator": names["series code"]}
                if "series name" in names:
                    fields["name"] = names["series name"]
                return Layout("World Bank DataBank", path, tuple(row), fields, reader.line_num, delimiter, years)
            if tidy := match_columns(row, mapping):
                return Layout("tidy", path, tuple(row), tidy, reader.line_num, delimiter)
            if reader.line_num > 12:
                return None
    except csv.Error:
        return None
    return None


def match_columns(columns: list[str], mapping: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """Which column holds which field, by the usual names and the caller's mapping; None when one is missing."""
    by_name = {column.strip().lower(): column for column in columns}
    chosen = {ours: next((by_name[name] for name in names if name in by_name), None) for ours, names in FIELDS.items()}
    for ours, column in (mapping or {}).items():
        chosen[ours] = by_name.get(column.strip().lower())
    return (
        {k: v for k, v in chosen.items() if v is not None}
        if all(chosen[name] is not None for name in REQUIRED)
        else None
    )
