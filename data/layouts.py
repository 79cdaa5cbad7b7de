"""What kind of file is this? Recognised by content, never by name, before anything is read in earnest."""

import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from data import limits, workbook
from data.faults import Fault, in_turn

HEAD_BYTES = 1 << 18
COMPANIONS = ("indicators.csv", "countries.csv", "WDICountry.csv", "Metadata_Country_*.csv")
"""Files that describe the data they lie beside, in a folder or in a zip."""
MAX_SHEETS = 20
"""Sheets of a workbook that are looked at for figures."""
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


class LayoutError(Fault, ValueError):
    """The file cannot be read as market data; the message says why and what would help."""


class UnknownColumns(LayoutError):
    """A table whose columns we cannot tell apart; `columns` are their names, for the caller to say which is which."""

    def __init__(self, template: str, header: Sequence[str], /, **values: object) -> None:
        super().__init__(template, **values)
        self.columns = tuple(header)


@dataclass(frozen=True)
class Layout:
    """How to read a file.

    kind: "tidy", "parquet", "atlas export", "World Bank API CSV", "World Bank bulk CSV", "World Bank DataBank" or
    "World Bank API JSON".
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


def companion_name(name: str) -> str | None:
    """Under which name a file that describes the data is laid beside them; None when it does not describe any."""
    found = next((pattern for pattern in COMPANIONS if fnmatch(PurePosixPath(name).name, pattern)), None)
    return found.replace("*", "0") if found else None


def recognise(path: Path, scratch: Path, mapping: Mapping[str, str] | None = None, name: str | None = None) -> Layout:
    """The layout of a file; packed files are unpacked into the folder `scratch`.

    mapping overrides which column is the market, indicator, year, value or unit of a tidy file. name: what refusals
    call the file. Raises LayoutError for empty files, pages and pointers in place of data, unknown layouts, and files
    that hold more than `limits` allow.
    """
    name = name or path.name
    try:
        found = _recognised(path, scratch, mapping, name)
        limits.check_columns(len(found.columns), name)
    except limits.TooMuch as error:
        raise LayoutError.of(error) from error
    return found


def _recognised(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    size = path.stat().st_size
    if size == 0:
        raise LayoutError("{file} is empty.", file=name)
    check_size(size, name)
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"PAR1"):
        return Layout("parquet", path, (), mapping or {})
    if magic.startswith(b"PK"):
        return _from_zip(path, scratch, mapping, name)
    if magic.startswith(b"\x1f\x8b"):
        path = _unpack_gzip(path, scratch, name)
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise LayoutError(
            "{file} is in the old Excel format (.xls). Save it as .xlsx or CSV and import that.", file=name
        )
    with path.open("rb") as file:
        if re.match(rb"\s*\[\s*\{", file.read(64)):
            return _from_json(path, scratch, name)
    return _from_text(path, mapping, name)


def check_size(size: int, name: str) -> None:
    """Raises LayoutError for a file of more bytes than are read."""
    if size > limits.MAX_BYTES:
        raise LayoutError(
            "{file} has {gb} GB; the limit is {most} GB. Split it.",
            file=name,
            gb=f"{size / 1000000000.0:.1f}",
            most=f"{limits.MAX_BYTES / 1000000000.0:.1f}",
        )


# ------------------------------------------------------------------ packed files


def _unpack_gzip(path: Path, scratch: Path, name: str) -> Path:
    target = scratch / "unpacked.csv"
    with gzip.open(path, "rb") as packed:
        _copy_capped(packed, target, path.stat().st_size, name)
    return target


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


def _from_zip(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
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
        if any(member.filename == "xl/workbook.xml" for member in members):
            return _from_excel(path, scratch, mapping, name)
        seen, found = [], None
        for member in sorted(members, key=lambda m: -m.file_size):
            if not member.filename.lower().endswith((".csv", ".txt", ".tsv")):
                continue
            companion = companion_name(member.filename)
            if found and not companion:
                continue
            target = scratch / (companion or f"unpacked {len(seen)}.csv")
            try:
                with archive.open(member) as packed:
                    _copy_capped(packed, target, member.compress_size, f"{name}/{member.filename}")
                if not companion:
                    found = _from_text(target, mapping, member.filename)
            except (RuntimeError, zipfile.BadZipFile) as error:  # a password, an unknown compression, a broken header
                raise LayoutError(
                    "{file} cannot be unpacked ({error}). Unpack it yourself.", file=name, error=error
                ) from error
            except LayoutError as error:
                seen.append(error)
    if found:
        return found
    if not seen:
        raise LayoutError("{file} holds no file with market data.", file=name)
    raise LayoutError("{file} holds no file with market data. {reasons}", file=name, reasons=in_turn(seen[:3]))


def _from_excel(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """The first sheet with a known layout, written out as CSV so that its rows keep their numbers."""
    seen, columns, sheet, sheets = [], (), 0, 1
    deadline = limits.Deadline(name)
    while sheet < min(sheets, MAX_SHEETS):
        target = scratch / "sheet.csv"
        try:
            title, sheets = workbook.write_sheet(
                path,
                target,
                sheet,
                cells=limits.MAX_CELLS,
                columns=limits.MAX_COLUMNS,
                letters=limits.unfolded(path.stat().st_size),
                seconds=deadline.left(),
            )
            return _from_text(target, mapping, f"{name}, sheet {title!r}")
        except workbook.NotExcel as error:
            raise LayoutError(
                "{file} cannot be read as an Excel file ({error}). Save it again, or as CSV.", file=name, error=error
            ) from error
        except workbook.TooLarge as error:
            raise LayoutError(
                "{file}, sheet {sheet}, {error}. Leave out what is not needed, or save it as CSV.",
                file=name,
                sheet=sheet + 1,
                error=error,
            ) from error
        except LayoutError as error:
            seen.append(error)
            columns = columns or getattr(error, "columns", ())
        sheet += 1
    raise UnknownColumns("{reasons}", columns, reasons=in_turn(seen[:3]))


def _from_json(path: Path, scratch: Path, name: str) -> Layout:
    """An answer of the World Bank's API, [{page, pages, ...}, [rows]], written out as CSV."""
    target, columns = scratch / "rows.csv", ("market", "indicator", "year", "value")
    try:
        if path.stat().st_size > limits.MAX_JSON:
            raise ValueError(f"it is larger than {limits.MAX_JSON / 1e6:.0f} MB")
        page, rows = json.loads(path.read_bytes())
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in rows:
                market = row["countryiso3code"] or row["country"]["id"]
                value = "" if row["value"] is None else row["value"]
                writer.writerow([market, row["indicator"]["id"], row["date"], value])
        if page["pages"] != 1:
            raise ValueError(f"it is page {page['page']} of {page['pages']}; ask for all rows with per_page=20000")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise LayoutError(
            "{file} is JSON, but not one whole answer of the World Bank's API for an indicator ({error}). Fetch it "
            "again, or import CSV.",
            file=name,
            error=reason,
        ) from error
    return Layout("World Bank API JSON", target, columns, {column: column for column in columns})


# ------------------------------------------------------------------ text


def _from_text(path: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip():
        raise LayoutError("{file} is empty.", file=name)
    if head.startswith(b"version https://git-lfs"):
        raise LayoutError(
            "{file} is a Git LFS pointer, not the data it stands for. Fetch the file with `git lfs pull` first.",
            file=name,
        )
    if head.lstrip()[:1] == b"<":
        raise LayoutError(
            "{file} is a web page or XML, not a table. The download probably failed: fetch it again.", file=name
        )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        raise LayoutError(
            "{file} is not UTF-8 text. In Excel, choose 'CSV UTF-8 (comma delimited)' when saving.", file=name
        )
    text = _decode(head, name)
    tried = [_recognise_rows(path, text, delimiter, mapping) for delimiter in ",;\t|"]
    found = next((layout for layout in tried if layout), None)
    if found is None:
        first = text.strip().splitlines()[0][:160]
        tried = [
            Fault("--map {field}={column} did not help.", field=field, column=column)
            for field, column in (mapping or {}).items()
        ]
        unknown = Fault(
            "{file} has no layout we know. Needed: columns for the market (iso3 or country name), indicator, year and "
            "value, or one of the World Bank's own layouts. Its first line is: {line}. Rename the columns, or say "
            "which is which (--map market=COLUMN).",
            file=name,
            line=repr(first),
        )
        header = [cell.strip() for cell in re.split(r"[,;\t|]", first) if cell.strip()]
        raise UnknownColumns("{reasons}", header, reasons=in_turn([unknown, *tried]))
    _refuse_ambiguous(found, name, mapping)
    return found


def _refuse_ambiguous(layout: Layout, name: str, mapping: Mapping[str, str] | None) -> None:
    """Columns that are read must stand once, and columns named by the caller must be there."""
    check_mapping(list(layout.columns), name, mapping)
    used = {column.strip().lower() for column in (*layout.mapping.values(), *layout.years.values())}
    counts = Counter(column.strip().lower() for column in layout.columns)
    years = Counter(m[1] for column in layout.columns if layout.years and (m := YEAR_HEADER.match(column.strip())))
    twice = [column for column in used if counts[column] > 1] + [year for year, count in years.items() if count > 1]
    if twice:
        raise LayoutError(
            "{file} has more than one column for {columns}. Keep one of each.",
            file=name,
            columns=", ".join(sorted(set(twice))),
        )


def check_mapping(columns: list[str], name: str, mapping: Mapping[str, str] | None) -> None:
    """Raises LayoutError for a column the caller's mapping names and the file does not have."""
    present = {column.strip().lower() for column in columns}
    absent = [column for column in (mapping or {}).values() if column.strip().lower() not in present]
    if absent:
        raise LayoutError(
            "{file} has no column {names}, which --map names. It has: {columns}.",
            file=name,
            names=", ".join(map(repr, absent)),
            columns=", ".join(columns),
        )


def _decode(head: bytes, name: str) -> str:
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) == HEAD_BYTES and error.start > len(head) - 4:
            return head[: error.start].decode("utf-8-sig")
        line = head[: error.start].count(b"\n") + 1
        raise LayoutError(
            "{file}, line {line}: not UTF-8 text. In Excel, choose 'CSV UTF-8 (comma delimited)' when saving.",
            file=name,
            line=line,
        ) from None


def _recognise_rows(path: Path, text: str, delimiter: str, mapping: Mapping[str, str] | None) -> Layout | None:
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
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
        chosen[ours] = by_name.get(column.strip().lower(), chosen[ours])
    return (
        {k: v for k, v in chosen.items() if v is not None}
        if all(chosen[name] is not None for name in REQUIRED)
        else None
    )
