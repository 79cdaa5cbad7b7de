"""What a file may unfold to, whatever its size in bytes: the same for an import and for the labs' tables."""

import os
import time

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from data.faults import Fault

MAX_BYTES = 4 << 30
"""No file may grow beyond this, packed or unpacked."""
MAX_RATIO = 200
"""A packed file may not unfold by more than this factor: genuine ones stay below 30."""
SMALL = 1 << 16
"""Below this many bytes a file's size says nothing of what it may hold."""
MAX_ROWS = 20_000_000
MAX_ROWS_PER_BYTE = 10
MAX_COLUMNS = 1_000
MAX_CELL = 32_767
"""Characters of a cell: as many as a spreadsheet keeps."""
MAX_CELLS = 50_000_000
"""Cells of a workbook that are looked at, empty ones and those of missing rows included."""
MAX_JSON = 64 << 20
MAX_SECONDS = 120
"""After this long a check is given up."""
MIN_MEMORY, MAX_MEMORY, MEMORY_PER_BYTE = 288 << 20, 1 << 30, 10
"""Bytes that the database may use while it checks or writes, by those of the file; beyond them the disk is used. More
is a tenth quicker (the panel of 630,595 rows), and a machine has others to serve."""


class TooMuch(Fault, ValueError):
    """The file holds more than is read; the message says what, and what to do."""


def unfolded(packed: int) -> int:
    """Bytes to which a file of `packed` bytes may unfold."""
    return min(MAX_BYTES, max(packed, SMALL) * MAX_RATIO)


def memory(size: int | None = None) -> int:
    """Bytes of memory for the database on this machine: half of it at most. size: of the file, where there is one."""
    most = MAX_MEMORY if size is None else min(MAX_MEMORY, max(MIN_MEMORY, size * MEMORY_PER_BYTE))
    if not hasattr(os, "sysconf"):  # Windows
        return most
    return min(most, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)


def check_columns(count: int, name: str) -> None:
    """Raises TooMuch for a table that is too wide."""
    if count > MAX_COLUMNS:
        raise TooMuch(
            "{file} has {count} columns; at most {most} are read. Leave out columns that are not needed.",
            file=name,
            count=f"{count:,}",
            most=f"{MAX_COLUMNS:,}",
        )


def check_rows(count: int, name: str) -> None:
    """Raises TooMuch for a table that is too long."""
    if count > MAX_ROWS:
        raise TooMuch("{file} has more than {most} rows. Split it.", file=name, most=f"{MAX_ROWS:,}")


def check_parquet(metadata: pyarrow.parquet.FileMetaData, size: int, name: str) -> None:
    """Raises TooMuch by what a Parquet file of `size` bytes says it holds, before anything is unfolded."""
    check_columns(metadata.num_columns, name)
    check_rows(metadata.num_rows, name)
    bytes_inside = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if bytes_inside > unfolded(size) or metadata.num_rows > max(size, SMALL) * MAX_ROWS_PER_BYTE:
        raise TooMuch(
            "{file} unfolds to {mb} MB and {rows} rows, which no genuine data file of its size does. Write it again, "
            "or save it as CSV.",
            file=name,
            mb=f"{bytes_inside / 1000000.0:,.0f}",
            rows=f"{metadata.num_rows:,}",
        )


def check_cells(batch: pyarrow.RecordBatch, name: str) -> None:
    """Raises TooMuch for a text of more than MAX_CELL characters in a batch of rows."""
    for column in batch.columns:
        values = column.dictionary if isinstance(column, pyarrow.DictionaryArray) else column
        if pyarrow.types.is_string(values.type) or pyarrow.types.is_large_string(values.type):
            longest = pyarrow.compute.max(pyarrow.compute.utf8_length(values)).as_py()
        elif pyarrow.types.is_binary(values.type) or pyarrow.types.is_large_binary(values.type):
            longest = pyarrow.compute.max(pyarrow.compute.binary_length(values)).as_py()
        else:
            continue
        if longest is not None and longest > MAX_CELL:
            raise long_cell(name)


def long_cell(name: str) -> TooMuch:
    """The refusal of a cell that is too long."""
    return TooMuch(
        "{file} has a cell of more than {most} characters. Shorten it, or leave its column out.",
        file=name,
        most=f"{MAX_CELL:,}",
    )


class Deadline:
    """A moment after which work is given up. Raises TooMuch when asked later than that."""

    def __init__(self, name: str, seconds: float | None = None) -> None:
        self.name, self.seconds = name, MAX_SECONDS if seconds is None else seconds
        self.ends = time.monotonic() + self.seconds

    def left(self) -> float:
        """Seconds that remain. Raises TooMuch when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise too_slow(self.name)
        return left


def too_slow(name: str) -> TooMuch:
    """The refusal of a file that takes too long."""
    return TooMuch(
        "{file} takes longer than {seconds} s to check. Split it, or save it as plain CSV.",
        file=name,
        seconds=MAX_SECONDS,
    )
