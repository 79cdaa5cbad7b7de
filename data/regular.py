"""Text whose rows do not stand one to a line, written out so that they do: line breaks inside quotes, footers, blank
lines, lines that cannot be split. In a process of its own for large files: it holds up every other thread.

    python -P data/regular.py SOURCE TARGET ARGUMENTS    (what `write_rows` runs)
"""

import csv
import io
import json
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

MAX_LINE, MAX_JOINED = 100_000, 50
"""Characters of a row, and lines that a quoted cell may run over."""
OPEN_QUOTE = "a quote that never closes"
LARGE = 1 << 20
"""Bytes from which on a process of its own is worth its start."""


class TookTooLong(RuntimeError):
    """The rows were not written in time."""


def write_rows(
    source: Path,
    target: Path,
    *,
    delimiter: str,
    header_line: int,
    width: int,
    needed: int,
    most: int,
    seconds: float,
) -> list[tuple[int, str, str]]:
    """Write the rows below a header as CSV of `width` columns, each with the line it began on; returns line, text and
    problem of those that cannot be split or have fewer than `needed` cells, and stops when they are more than `most`.

    Slower than DuckDB's reader, which loses rows silently behind a quote that never closes. Raises TookTooLong.
    """
    how = {"delimiter": delimiter, "header_line": header_line, "width": width, "needed": needed, "most": most}
    if source.stat().st_size < LARGE:
        return _write(source, target, **how)
    command = [sys.executable, "-P", __file__, str(source), str(target), json.dumps(how)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise TookTooLong from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise OSError(f"the rows could not be written out: {''.join(reason)}") from error
    return [tuple(row) for row in json.loads(done.stdout)]


def _write(
    source: Path, target: Path, delimiter: str, header_line: int, width: int, needed: int, most: int
) -> list[tuple[int, str, str]]:
    malformed = []
    with (
        source.open(encoding="utf-8-sig", errors="surrogateescape") as file,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, lineterminator="\n")
        for line, text, row, problem in records(file, delimiter):
            if len(malformed) > most:
                break
            if line <= header_line or not any(cell.strip() for cell in row or [text]):
                continue
            while row and len(row) > width and not row[-1]:
                row.pop()
            if row and len(row) > width:
                problem = f"{len(row)} columns instead of {width}"
            elif row and len(row) < needed:
                problem = f"{len(row)} of {width} columns"
            if problem:
                shown = text.strip()[:80].encode("utf-8", "replace").decode()
                malformed.append((line, shown, problem))
            else:
                padded = row + [""] * (width - len(row))
                writer.writerow([line, *(" ".join(cell.split("\n")) for cell in padded)])
    return malformed


def records(file: io.TextIOBase, delimiter: str) -> Iterator[tuple[int, str, list[str], str]]:
    """Line number, text, cells and problem ("" for none) of each row; a quoted cell may run over several lines, and
    blank lines are no rows.

    A line whose quote does not close within MAX_JOINED lines is a problem of its own; reading goes on behind it.
    """
    waiting, source, number = deque(), _lines(file), 1
    while waiting or (waiting := deque(islice(source, 1))):
        text, joined = waiting[0], 1
        if text.isspace():
            waiting.popleft()
            number += 1
            continue
        row, problem = _split(text, delimiter)
        while problem == OPEN_QUOTE and joined < MAX_JOINED:
            if joined == len(waiting):
                waiting.extend(islice(source, 1))
            if joined == len(waiting):
                break
            text, joined = text + waiting[joined], joined + 1
            if '"' in waiting[joined - 1]:  # no other line closes a quote
                row, problem = _split(text, delimiter)
        if problem:
            text, joined = waiting[0], 1
        yield number, text, row, problem
        for _ in range(joined):
            waiting.popleft()
        number += joined


def _lines(file: io.TextIOBase) -> Iterator[str]:
    """Lines, cut short where they are longer than MAX_LINE."""
    while line := file.readline(MAX_LINE + 1):
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith("\n"):
            rest = file.readline(MAX_LINE + 1)
        yield line


def _split(text: str, delimiter: str) -> tuple[list[str], str]:
    if len(text) > MAX_LINE:
        return [], f"longer than {MAX_LINE:,} characters"
    if not text.isascii() and re.search("[\udc80-\udcff]", text):
        return [], "not UTF-8"
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return [], OPEN_QUOTE if "unexpected end of data" in str(error) else str(error)
    return (rows[0], "") if len(rows) == 1 else ([], OPEN_QUOTE)


if __name__ == "__main__":
    print(json.dumps(_write(Path(sys.argv[1]), Path(sys.argv[2]), **json.loads(sys.argv[3]))))
