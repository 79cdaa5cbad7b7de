"""What arrives, how it is checked, and what comes of it."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from data import exports, layouts, row_faults
from data.faults import Fault
from data.row_faults import RowFault

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
    rest of the file was not looked at: nothing of it can land.
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

    @property
    def faults(self) -> pd.DataFrame:
        """What is wrong with the rows, in English: line, field, value, problem, remedy."""
        return row_faults.table(self.row_faults)

    snapshot: str | None = None

    def sentence(self) -> str:
        """What happened, for the terminal and the page."""
        if not self.landed:
            more = "more than " if self.stopped else ""
            return f"{self.file} ({self.layout}): {self.values:,} values read, {more}{self.fault_count:,} fault(s)."
        parts = [f"{self.added:,} added", f"{self.changed:,} changed", f"{self.unchanged:,} as before"]
        if self.not_taken:
            parts.append(f"{self.not_taken:,} not taken (older than what stands)")
        if self.skipped:
            parts.append(f"{self.skipped:,} skipped")
        if self.aggregates:
            parts.append(f"{self.aggregates:,} values of regions and income groups left out")
        if self.empty:
            parts.append(f"{self.empty:,} empty cells")
        return f"{self.file} ({self.layout}): {self.values:,} values; " + ", ".join(parts) + "."


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
class Check:
    """What is checked, and how."""

    arrived: Arrived
    layout: layouts.Layout
    note: exports.Note | None
    now: datetime
    max_faults: int
    new_indicators: bool
