"""Text: its encoding, its delimiter, and the line its header stands on."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from data import regular
from data.faults import Fault, in_turn
from data.layouts import headers
from data.layouts.layout import OWN, YEAR_HEADER, Layout, LayoutError, UnknownColumns, check_mapping

HEAD_BYTES = 1 << 18
HEADER_LINES = 40
"""So far down a header may stand."""
FOOTNOTES = re.compile(rb'^"?footnoteSeqID"?\s*[,;\t]', re.IGNORECASE)


def from_text(path: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """The layout of a text file. Raises LayoutError for what is no text or has no layout we know."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip():
        raise LayoutError("{file} is empty.", file=name)
    _refuse_what_is_no_table(head, name)
    if encoding := _wide_encoding(head):
        path, head = _as_utf8(path, encoding, name)
    if b"\x00" in head:
        raise LayoutError(
            "{file} is not UTF-8 text. In Excel, choose 'CSV UTF-8 (comma delimited)' when saving.", file=name
        )
    text = _decode(head, name)
    found = _recognised(path, text, mapping)
    if isinstance(found, headers.NoIndicator):
        raise found
    if found is None:
        if len(text.lstrip().partition("\n")[0]) > regular.MAX_LINE:
            raise LayoutError(
                "The first line of {file} has more than {most} characters; column names are shorter. Save the table "
                "again.",
                file=name,
                most=f"{regular.MAX_LINE:,}",
            )
        raise _unknown(text, mapping, name)
    _refuse_ambiguous(found, name, mapping)
    return _without_footnotes(found) if found.kind == "UNdata" else found


def _refuse_what_is_no_table(head: bytes, name: str) -> None:
    if head.startswith(b"version https://git-lfs"):
        raise LayoutError(
            "{file} is a Git LFS pointer, not the data it stands for. Fetch the file with `git lfs pull` first.",
            file=name,
        )
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:4096]
    if start[:1] != b"<":
        return
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        raise LayoutError("{file} is an Excel 2003 XML table. Save it as .xlsx or CSV and import that.", file=name)
    if re.search(rb"<table\b", head, re.IGNORECASE) and name.lower().endswith((".xls", ".xlsx")):
        raise LayoutError(
            "{file} is a web page that is called an Excel file. Open it in Excel, save it as .xlsx and import that.",
            file=name,
        )
    raise LayoutError(
        "{file} is a web page or XML, not a table. The download probably failed: fetch it again.", file=name
    )


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 with or without its mark; None for anything else."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[: 4096 - len(head[:4096]) % 2]
    for encoding, zeros, letters in (
        ("utf-16-le", sample[1::2], sample[::2]),
        ("utf-16-be", sample[::2], sample[1::2]),
    ):
        if len(zeros) > 4 and zeros.count(0) > 0.7 * len(zeros) and letters.count(0) == 0:
            return encoding
    return None


def _as_utf8(path: Path, encoding: str, name: str) -> tuple[Path, bytes]:
    target = path.with_name(f"{path.name} as UTF-8")
    try:
        with path.open(encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as out:
            while chunk := source.read(1 << 20):
                out.write(chunk)
    except UnicodeError as error:
        raise LayoutError(
            "{file} is UTF-16 text that breaks off ({error}). Download it again.", file=name, error=error
        ) from error
    with target.open("rb") as file:
        return target, file.read(HEAD_BYTES)


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


def _recognised(path: Path, text: str, mapping: Mapping[str, str] | None) -> Layout | headers.NoIndicator | None:
    """The layout by the first delimiter that gives one; or what is lacking for one."""
    lacking = None
    for delimiter in ("\t", ",", ";", "|") if "\t" in text.split("\n", 1)[0] else (",", ";", "\t", "|"):
        try:
            if found := _recognise_rows(path, text, delimiter, mapping):
                return found
        except headers.NoIndicator as error:
            lacking = lacking or error
    return lacking


def _recognise_rows(path: Path, text: str, delimiter: str, mapping: Mapping[str, str] | None) -> Layout | None:
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    preamble, lacking = False, None
    try:
        for row in reader:
            preamble |= bool(row) and row[0].strip() == "Data Source"
            try:
                if found := headers.known_layout(row, path, reader.line_num, delimiter, mapping, preamble, reader):
                    return found
            except headers.NoIndicator as error:
                lacking = lacking or error
            if reader.line_num > HEADER_LINES:
                break
    except csv.Error:
        pass
    if lacking:
        raise lacking
    return None


def _unknown(text: str, mapping: Mapping[str, str] | None, name: str) -> UnknownColumns:
    first = text.strip().splitlines()[0][:160]
    tried = [
        Fault("--map {field}={column} did not help.", field=field, column=column)
        for field, column in (mapping or {}).items()
        if not field.startswith(OWN)
    ]
    unknown = Fault(
        "{file} has no layout we know. Needed: columns for the market (iso3 or country name), indicator, year and "
        "value, or one of the World Bank's own layouts. Its first line is: {line}. Rename the columns, or say "
        "which is which (--map market=COLUMN). The header must stand within the first {lines} lines.",
        file=name,
        line=repr(first),
        lines=HEADER_LINES,
    )
    header = [cell.strip() for cell in re.split(r"[,;\t|]", first) if cell.strip()]
    return UnknownColumns("{reasons}", header, reasons=in_turn([unknown, *tried]))


def _refuse_ambiguous(layout: Layout, name: str, mapping: Mapping[str, str] | None) -> None:
    """Columns that are read must stand once, and columns named by the caller must be there."""
    check_mapping([*layout.columns, *layout.keys], name, mapping)
    same = str.strip if layout.kind == "SDMX-CSV" else lambda column: column.strip().lower()  # MEASURE, and its Measure
    used = {same(column) for column in (*layout.mapping.values(), *layout.spread)}
    counts = Counter(same(column) for column in layout.columns)
    years = Counter(m[1] for column in layout.columns if layout.years and (m := YEAR_HEADER.match(column.strip())))
    twice = [column for column in used if counts[column] > 1] + [year for year, count in years.items() if count > 1]
    if twice:
        raise LayoutError(
            "{file} has more than one column for {columns}. Keep one of each.",
            file=name,
            columns=", ".join(sorted(set(twice))),
        )


def _without_footnotes(layout: Layout) -> Layout:
    """The table up to the block of footnotes below it, under a name of its own where there is one."""
    with layout.path.open("rb") as file:
        if not any(FOOTNOTES.match(line) for line in file):
            return layout
    target = layout.path.with_name(f"{layout.path.name} without footnotes")
    with layout.path.open("rb") as file, target.open("wb") as out:
        for line in file:
            if FOOTNOTES.match(line):
                break
            out.write(line)
    return Layout(**{**vars(layout), "path": target})
