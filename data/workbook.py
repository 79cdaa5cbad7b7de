"""A sheet of an Excel workbook as CSV, made in a process of its own: a few kilobytes can describe millions of cells,
and reading them holds up every other thread.

    python -P data/workbook.py WORKBOOK TARGET SHEET LIMITS    (what `write_sheet` runs)
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

from data.faults import Fault

MEGABYTES = 2_000
"""Memory that the process may use."""


class NotExcel(Fault, ValueError):
    """The workbook cannot be read; the message says why."""


class TooLarge(Fault, ValueError):
    """A sheet holds more than is read; the message says of what."""


def write_sheet(
    book: Path, target: Path, sheet: int, *, cells: int, columns: int, letters: int, seconds: float
) -> tuple[str, int]:
    """Write a sheet (counted from 0) as CSV, every row as wide as the widest before it; returns its title and how many
    sheets there are.

    cells: how many may be looked at. columns: in a row. letters: written altogether. Raises NotExcel, and TooLarge
    beyond any of these or after some seconds.
    """
    bounds = json.dumps({"cells": cells, "columns": columns, "letters": letters})
    command = [sys.executable, "-P", __file__, str(book), str(target), str(sheet), bounds]
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
    return answer["title"], answer["sheets"]


def _quiet() -> dict[str, str]:
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")  # each takes memory of its own beforehand
    return os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "ignore"} | one


def _main(book: str, target: str, sheet: str, bounds: str) -> None:
    _bound_memory()
    try:
        answer = _write(Path(book), Path(target), int(sheet), **json.loads(bounds))
    except TooLarge as error:
        answer = {"too_large": error.facts()}
    except Exception as error:  # openpyxl raises whatever a broken part made it raise
        answer = {"not_excel": (str(error) or type(error).__name__)[:300]}
    print(json.dumps(answer))


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))


def _write(book: Path, target: Path, sheet: int, cells: int, columns: int, letters: int) -> dict[str, object]:
    import openpyxl  # here, so that who only asks for a sheet does not wait for it

    with book.open("rb") as opened:
        read = openpyxl.load_workbook(opened, read_only=True, data_only=True)
        chosen = read.worksheets[sheet]
        chosen.reset_dimensions()  # what the file says of its size is no more than a claim
        looked_at = written = width = 0
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for row in chosen.iter_rows(values_only=True):
                looked_at += len(row) + 1
                if looked_at > cells:
                    raise TooLarge("has more than {cells} cells", cells=f"{cells:,}")
                texts = ["" if cell is None else _plain(cell) for cell in row]
                while texts and not texts[-1]:
                    texts.pop()
                width = max(width, len(texts))
                if width > columns:
                    raise TooLarge("has more than {columns} columns", columns=f"{columns:,}")
                written += writer.writerow(texts + [""] * (width - len(texts)))
                if written > letters:
                    raise TooLarge("unfolds to more than {mb} MB", mb=f"{letters / 1000000.0:,.0f}")
        return {"title": chosen.title, "sheets": len(read.worksheets)}


def _plain(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 else str(cell)


if __name__ == "__main__":
    _main(*sys.argv[1:])
