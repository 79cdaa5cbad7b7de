"""The sheets of a workbook of Excel or OpenDocument, or the table of a Stata or SPSS file, as CSV, made in a process of
its own: a few kilobytes can describe millions of cells, and reading them holds up every other thread.

    python -P data/workbook.py FORM FILE FOLDER LIMITS    (what `write_sheets` runs)
"""

import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.faults import Fault

MEGABYTES = 2_000
"""Memory that the process may use."""
MERGED = re.compile(rb'<mergeCell[^>]*\bref="([A-Z]+\d+:[A-Z]+\d+)"')
UNSTORED = re.compile(rb"<f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
HIDDEN_ROW = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"')


class NotExcel(Fault, ValueError):
    """The workbook cannot be read; the message says why."""


class TooLarge(Fault, ValueError):
    """A sheet holds more than is read; the message says of what."""


@dataclass(frozen=True)
class Sheet:
    """A sheet written out as CSV. hidden: the sheet itself; hidden_rows: how many rows of it; unstored: formulas whose
    result is not in the file; merged: merged cells that hold a figure, where the first of them lie.
    """

    title: str
    file: str
    hidden: bool = False
    hidden_rows: int = 0
    unstored: int = 0
    merged: str = ""


def write_sheets(
    book: Path,
    folder: Path,
    *,
    sheets: int,
    cells: int,
    columns: int,
    letters: int,
    seconds: float,
    form: str = "excel",
) -> tuple[list[Sheet], int]:
    """Write the sheets of a book as CSV, every row as wide as the widest before it; returns them in order, hidden ones
    without their cells, and how many there are.

    form: "excel", "opendocument", "stata" or "spss". sheets: how many are read. cells: how many may be looked at.
    columns: in a row. letters: written altogether. Raises NotExcel, and TooLarge beyond any of these or after some
    seconds.
    """
    bounds = json.dumps({"sheets": sheets, "cells": cells, "columns": columns, "letters": letters})
    command = [sys.executable, "-P", __file__, form, str(book), str(folder), bounds]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False, env=_quiet())  # noqa: S603
    except subprocess.TimeoutExpired:
        raise TooLarge("takes longer than {seconds} s to read", seconds=f"{seconds:.0f}") from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise NotExcel("the reader came to an end without an answer; the workbook may need too much memory") from None
    if "too_large" in answer:
        raise TooLarge.read(answer["too_large"])
    if "not_excel" in answer:
        raise NotExcel("{error}", error=answer["not_excel"])
    return [Sheet(**sheet) for sheet in answer["sheets"]], answer["count"]


def _quiet() -> dict[str, str]:
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")  # each takes memory of its own beforehand
    return os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "ignore"} | one


def _main(form: str, book: str, folder: str, bounds: str) -> None:
    _bound_memory()
    try:
        forms = {"excel": _write_excel, "opendocument": _write_opendocument, "stata": _write_stata, "spss": _write_spss}
        answer = forms[form](Path(book), Path(folder), json.loads(bounds))
    except TooLarge as error:
        answer = {"too_large": error.facts()}
    except Exception as error:  # the readers raise whatever a broken part made them raise
        answer = {"not_excel": (str(error) or type(error).__name__)[:300]}
    print(json.dumps(answer))


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))


class _Table:
    """A CSV file that grows no further than the limits."""

    def __init__(self, target: Path, bounds: dict[str, int]) -> None:
        self.target, self.bounds, self.width, self.looked_at, self.written = target, bounds, 0, 0, 0

    def write(self, rows: Iterator[list[str]]) -> None:
        with self.target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for texts in rows:
                self.looked_at += len(texts) + 1
                if self.looked_at > self.bounds["cells"]:
                    raise TooLarge("has more than {cells} cells", cells=f"{self.bounds['cells']:,}")
                while texts and not texts[-1]:
                    texts.pop()
                self.width = max(self.width, len(texts))
                if self.width > self.bounds["columns"]:
                    raise TooLarge("has more than {columns} columns", columns=f"{self.bounds['columns']:,}")
                self.written += writer.writerow(texts + [""] * (self.width - len(texts)))
                if self.written > self.bounds["letters"]:
                    raise TooLarge("unfolds to more than {mb} MB", mb=f"{self.bounds['letters'] / 1000000.0:,.0f}")


def _write_excel(book: Path, folder: Path, bounds: dict[str, int]) -> dict[str, Any]:
    import openpyxl  # here, so that who only asks for a sheet does not wait for it

    sheets = []
    with book.open("rb") as opened, zipfile.ZipFile(book) as parts:
        read = openpyxl.load_workbook(opened, read_only=True, data_only=True)
        for number, chosen in enumerate(read.worksheets[: bounds["sheets"]]):
            target = folder / f"sheet {number}.csv"
            if chosen.sheet_state != "visible":
                sheets.append({"title": chosen.title, "file": str(target), "hidden": True})
                continue
            chosen.reset_dimensions()  # what the file says of its size is no more than a claim
            marks = _marks(parts, chosen._worksheet_path)
            merged = _Merged(marks.pop("merged"))
            _Table(target, bounds).write(merged.filled(chosen.iter_rows()))
            sheets.append({"title": chosen.title, "file": str(target), **marks, "merged": merged.doubtful})
        return {"sheets": sheets, "count": len(read.worksheets)}


def _marks(parts: zipfile.ZipFile, inside: str) -> dict[str, Any]:
    """What openpyxl's quick reading leaves out: merged cells, formulas without a result, hidden rows."""
    found: dict[str, Any] = {"merged": [], "unstored": 0, "hidden_rows": 0}
    with parts.open(inside.lstrip("/")) as opened:
        tail = b""
        while chunk := opened.read(1 << 20):
            text = tail + chunk
            whole = text.rfind(b">") + 1
            cut = max(text.rfind(b"</c>", 0, whole) + 4, text.rfind(b"<mergeCell ", 0, whole), 0)
            text, tail = (text[:cut], text[cut:]) if len(text) - cut < 1 << 20 else (text, b"")
            _count_marks(text, found)
        _count_marks(tail, found)
    return found


def _count_marks(text: bytes, found: dict[str, Any]) -> None:
    found["merged"] += [ref.decode() for ref in MERGED.findall(text)][: 10_000 - len(found["merged"])]
    found["unstored"] += len(UNSTORED.findall(text))
    found["hidden_rows"] += len(HIDDEN_ROW.findall(text))


class _Merged:
    """Cells that were merged over rows: words and years hold for each of them, a figure for we cannot tell which."""

    def __init__(self, references: list[str]) -> None:
        from openpyxl.utils import range_boundaries

        self.first: dict[int, dict[int, tuple[int, int]]] = {}
        self.starts: set[tuple[int, int]] = set()
        self.text: dict[tuple[int, int], str] = {}
        self.doubtful = ""
        for reference in references:
            left, top, right, bottom = range_boundaries(reference)
            if left == right and bottom - top < 100_000:
                self.starts.add((top, left))
                for row in range(top + 1, bottom + 1):
                    self.first.setdefault(row, {})[left] = (top, left)

    def filled(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[list[str]]:
        for number, row in enumerate(rows, 1):
            texts = ["" if cell.value is None else _shown(cell) for cell in row]
            for place, start in self.first.get(number, {}).items():
                texts += [""] * (place - len(texts))
                texts[place - 1] = texts[place - 1] or self.text.get(start, "")
                if _is_figure(texts[place - 1]):
                    self.doubtful = self.doubtful or f"{number}, {place}"
            if self.starts:
                self.text |= {(number, p): text for p, text in enumerate(texts, 1) if (number, p) in self.starts}
            yield texts


def _is_figure(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return re.fullmatch(r"(?:19|20|21)\d\d", text) is None


def _shown(cell: Any) -> str:
    """A cell as CSV has it; 28.7 for what is shown as 28.7 %."""
    value = cell.value
    if isinstance(value, float | int) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return _plain(float(f"{value * 100:.15g}"))
    return _plain(value)


def _plain(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 else str(cell)


def _write_opendocument(book: Path, folder: Path, bounds: dict[str, int]) -> dict[str, Any]:
    from data import opendocument

    sheets, number = [], -1
    with zipfile.ZipFile(book) as parts, parts.open("content.xml") as opened:
        for number, sheet in enumerate(opendocument.sheets(opened, bounds["columns"])):
            target = folder / f"sheet {number}.csv"
            if number < bounds["sheets"] and not sheet.hidden:
                _Table(target, bounds).write(sheet.rows)
            elif number < bounds["sheets"]:
                for _ in sheet.rows:
                    pass
            if number < bounds["sheets"]:
                told = {"hidden_rows": sheet.hidden_rows, "unstored": sheet.unstored, "merged": sheet.merged}
                told = {"hidden": True} if sheet.hidden else told
                sheets.append({"title": sheet.title, "file": str(target), **told})
    return {"sheets": sheets, "count": number + 1}


def _write_stata(file: Path, folder: Path, bounds: dict[str, int]) -> dict[str, Any]:
    import pandas

    target = folder / "sheet 0.csv"
    with pandas.read_stata(file, chunksize=50_000, convert_dates=False) as chunks:
        _Table(target, bounds).write(_records(chunks))
    return {"sheets": [{"title": file.stem, "file": str(target)}], "count": 1}


def _write_spss(file: Path, folder: Path, bounds: dict[str, int]) -> dict[str, Any]:
    import pyreadstat

    target = folder / "sheet 0.csv"
    chunks = pyreadstat.read_file_in_chunks(
        pyreadstat.read_sav, str(file), chunksize=50_000, apply_value_formats=True, disable_datetime_conversion=True
    )
    _Table(target, bounds).write(_records(frame for frame, _ in chunks))
    return {"sheets": [{"title": file.stem, "file": str(target)}], "count": 1}


def _records(chunks: Iterator[Any]) -> Iterator[list[str]]:
    first = True
    for frame in chunks:
        if first:
            yield [str(column) for column in frame.columns]
        first = False
        missing = frame.isna().to_numpy()
        for values, gaps in zip(frame.itertuples(index=False, name=None), missing, strict=True):
            yield ["" if gap else _plain(value) for value, gap in zip(values, gaps, strict=True)]


if __name__ == "__main__":
    _main(*sys.argv[1:])
