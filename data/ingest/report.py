"""What arrives, how it is checked, and what comes of it."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from data import exports, layouts, row_faults
from data.faults import Fault
from data.ingest.balance import left_out_sentence
from data.row_faults import RowFault

MAX_FAULTS = 10_000
"""A check stops after so many faults: the file is another one than was meant."""
MAX_NAME = 200
"""Characters of a source's name."""


class ImportRefused(Fault, ValueError):
    """The file has faults, and nothing was written. `report` lists them."""

    def __init__(self, report: "ImportReport") -> None:
        facts = {"file": report.file, "count": f"{report.fault_count:,}"}
        if report.stopped:
            super().__init__("{file}: more than {count} fault(s); nothing was written.", **facts)
        else:
            super().__init__("{file}: {count} fault(s); nothing was written.", **facts)
        self.report = report


@dataclass(frozen=True)
class ImportReport:
    """What an import read, left out and changed.

    values: rows that hold a value. empty: cells without one. aggregates: rows of regions and income groups, left out.
    regrouped: markets whose income group a country file beside the data changed.
    row_faults: by line, at most `max_faults` of fault_count. landed: False for a preview or a refusal.
    not_taken: values that are older than the ones that stand. stopped: there are more than MAX_FAULTS faults, and the
    rest of the file was not looked at: nothing of it can land. left_out: values left out for another reason, with their
    number (`balance.left_out_sentence`). notes: what was done with values, and what of the file was not read.
    withdrawn: values whose cell is empty now, taken out. unstated: values this source stated before and the file has no
    row for; they stay. flagged: values of which it now says otherwise what they are (estimate, provisional, break).
    """

    file: str
    layout: str
    values: int
    empty: int
    aggregates: int
    fault_count: int
    row_faults: tuple[RowFault, ...]
    landed: bool
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    not_taken: int = 0
    skipped: int = 0
    regrouped: int = 0
    stopped: bool = False
    undescribed: tuple[str, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
    notes: tuple[Fault, ...] = ()
    withdrawn: int = 0
    unstated: int = 0
    flagged: int = 0

    @property
    def faults(self) -> pd.DataFrame:
        """What is wrong with the rows, in English: line, field, value, problem, remedy."""
        return row_faults.table(self.row_faults)

    snapshot: str | None = None

    @property
    def cells(self) -> int:
        """Cells of the file: those that landed, are as before or were left out, and the empty ones."""
        return self.values + self.empty

    def balance(self) -> tuple[Fault, ...]:
        """What became of every cell, reason by reason; the numbers add up to `cells`."""
        parts = [
            (self.added, Fault("{count} added", count=f"{self.added:,}")),
            (self.changed, Fault("{count} changed", count=f"{self.changed:,}")),
            (self.unchanged, Fault("{count} as before", count=f"{self.unchanged:,}")),
            (self.not_taken, Fault("{count} not taken (older than what stands)", count=f"{self.not_taken:,}")),
            (self.skipped, Fault("{count} skipped", count=f"{self.skipped:,}")),
            (
                self.aggregates,
                Fault("{count} values of regions and income groups left out", count=f"{self.aggregates:,}"),
            ),
            *((count, left_out_sentence(reason, count)) for reason, count in self.left_out),
            (self.empty, Fault("{count} empty cells", count=f"{self.empty:,}")),
        ]
        always = parts[:3] if self.landed else []
        return tuple(said for count, said in parts if count or (count, said) in always)

    def sentence(self) -> str:
        """What happened, for the terminal and the page."""
        told = ", ".join(str(said) for said in self.balance())
        if not self.landed:
            more = "more than " if self.stopped else ""
            rest = f" Of {self.cells:,} cells: {told}." if told else ""
            found = f"{self.values:,} values read, {more}{self.fault_count:,} fault(s)."
            return f"{self.file} ({self.layout}): {found}{rest}"
        return f"{self.file} ({self.layout}): {self.cells:,} cells, {self.values:,} values; {told}."

    def remarks(self) -> tuple[Fault, ...]:
        """What else is to be said: what was done with values, what was not read, what is no longer stated."""
        more = []
        if self.withdrawn:
            more.append(
                Fault(
                    "Values whose cells are empty in this edition, and which were withdrawn: {count}.",
                    count=f"{self.withdrawn:,}",
                )
            )
        if self.flagged:
            more.append(Fault("Flags that came to values, changed or went: {count}.", count=f"{self.flagged:,}"))
        if self.unstated:
            more.append(
                Fault(
                    "Values that this source stated before and that are no longer stated in this file: {count}. They "
                    "stay; remove the earlier arrival if they should go (python -m data remove).",
                    count=f"{self.unstated:,}",
                )
            )
        return (*self.notes, *more)


def source_name(text: str) -> str:
    """What a source is called, out of whatever a file is: one line of text, not too long, no control characters."""
    shown = "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in text)
    return " ".join(shown.split())[:MAX_NAME].strip() or "unnamed"


@dataclass(frozen=True)
class Arrived:
    """A file's bytes under a name that no library reads anything into. beside: copies of what describes it.

    digest: of all these bytes; sha256: of the file's own.
    """

    name: str
    file: Path
    beside: Path
    unpacked: Path
    sha256: str
    digest: str

    @property
    def folders(self) -> tuple[Path, Path]:
        return self.beside, self.unpacked


@dataclass(frozen=True)
class Choices:
    """What a person said where a file does not. keep: column -> the cell that rows must have, others are left out.
    decimal: the decimal sign. as_stated: values a power of ten from the stored ones are meant so.
    """

    keep: tuple[tuple[str, str], ...] = ()
    decimal: str = ""
    as_stated: bool = False

    def kept_in(self, part: layouts.Layout) -> dict[str, str]:
        """The choices about columns that this part of a file has, under the name the file gives them."""
        columns = {}
        for column in reversed([*part.columns, *part.keys]):
            columns |= {column.strip().lower(): column, layouts.plain(column): column}
        asked = ((columns.get(c.strip().lower()) or columns.get(layouts.plain(c)), value) for c, value in self.keep)
        return {column: value for column, value in asked if column}

    def check(self, layout: layouts.Layout, name: str) -> None:
        """Raises LayoutError for a column to keep rows by that no part of the file has."""
        parts = (layout, *layout.parts)
        known = {layouts.plain(column) for part in parts for column in (*part.columns, *part.keys)}
        absent = [column for column, _ in self.keep if layouts.plain(column) not in known]
        if absent:
            raise layouts.LayoutError(
                "{file} has no column {names} to keep rows by. It has: {columns}.",
                file=name,
                names=", ".join(map(repr, absent)),
                columns=", ".join(c for part in parts for c in (*part.columns, *part.keys)),
            )


NO_CHOICES = Choices()


@dataclass(frozen=True)
class Origin:
    """The service whose answer a file is: the whole of its indicators, so that what it stated before of one and no
    longer states is withdrawn. source: what the arrival is called.
    """

    source: str
    licence: str


@dataclass(frozen=True)
class Check:
    """What is checked, and how."""

    arrived: Arrived
    layout: layouts.Layout
    note: exports.Note | None
    now: datetime
    max_faults: int
    new_indicators: bool
    choices: Choices
    origin: Origin | None = None
