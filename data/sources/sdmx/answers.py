"""SDMX-CSV as a service answers it: whether it is whole, and which of its rows are those of a series.

What the rows mean is not decided here: they are written out as a file, and read as any file that is imported.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data import layouts
from data.faults import Fault
from data.ingest.context import context_of
from data.sources import client
from data.sources.client import AGAIN, Answer, FetchError, report_it
from data.sources.sdmx.client import NoRows, series_changed
from data.sources.sdmx.series import ANY, AREA, Series

MAX_SHOWN = 6
"""Codes of a dimension that are named."""
TECHNICAL = frozenset(
    {"dataflow", "structure", "structure id", "structure name", "action", "key", "last update", "series key"}
)
"""Columns before the dimensions, which the standard or a service puts there."""


@dataclass(frozen=True)
class Table:
    """An answer: the names of its columns and its rows, as texts."""

    columns: tuple[str, ...]
    rows: list[list[str]]


def read(answer: Answer, page: str) -> Table:
    """The table an answer holds. Raises FetchError for what is none, or not a whole one; NoRows for an empty one."""
    _refuse_other_kinds(answer, page)
    try:
        text = answer.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FetchError(Fault("the answer is not UTF-8 text"), report_it(page)) from error
    if not text.strip():
        raise NoRows(Fault("the answer is empty"), series_changed(page))
    try:
        header, *rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise cut_short(Fault("it cannot be split into cells ({error})", error=error)) from error
    names = [layouts.plain(column) for column in header]
    if missing := [name for name in ("TIME_PERIOD", "OBS_VALUE") if layouts.plain(name) not in names]:
        raise FetchError(
            Fault("the answer's layout has changed: it has no column {names}", names=", ".join(missing)),
            report_it(page),
        )
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise cut_short(
                Fault("row {number} has {cells} of {columns} cells", number=number, cells=len(row), columns=len(header))
            )
    if not answer.is_whole and not text.endswith("\n"):
        raise cut_short(Fault("its last row has no end"))
    if not rows:
        raise NoRows(Fault("the answer has a header and no rows"), series_changed(page))
    return Table(tuple(header), rows)


def _refuse_other_kinds(answer: Answer, page: str) -> None:
    if client.is_web_page(answer):
        raise client.web_page()
    start = answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    kind = "SDMX-ML" if start == b"<" else "JSON" if start in (b"{", b"[") else None
    if kind:
        raise FetchError(
            Fault("the answer is {kind}, and SDMX-CSV was asked for", kind=kind),
            report_it(page),
        )


def cut_short(how: Fault) -> FetchError:
    """The refusal of an answer that breaks off."""
    return FetchError(Fault("the answer is cut short: {how}", how=how), AGAIN, transient=True)


def joined(tables: Sequence[Table]) -> Table:
    """Several pieces of one answer as one. Raises FetchError where they do not fit together."""
    first, *others = tables
    if any(table.columns != first.columns for table in others):
        raise FetchError(
            Fault("the pieces of the answer have different columns: the dataset changed while it was read"), AGAIN
        )
    return Table(first.columns, [row for table in tables for row in table.rows])


def of_series(table: Table, series: Series, page: str) -> Table:
    """The rows of a series, and of their columns those that say more of a value than the key does.

    Raises FetchError where the answer lacks a dimension or has one more than the series is known with, where no row
    has its codes, or where a country has two values for a period.
    """
    places = _places(table, series, page)
    rows = table.rows
    for name, (place, code) in places.items():
        if code == AREA:
            continue
        codes = list(dict.fromkeys(_code(row[place]) for row in rows))
        if code == ANY:
            if len(codes) > 1:
                raise FetchError(
                    Fault(
                        "dimension {name} has several values ({values}), and the catalog does not say which is meant",
                        name=name,
                        values=_shown(codes),
                    ),
                    series_changed(page),
                )
            continue
        rows = [row for row in rows if _code(row[place]).lower() == code.lower()]
        if not rows:
            raise FetchError(
                Fault("no row has {code} as its {name}; it has: {values}", code=code, name=name, values=_shown(codes)),
                series_changed(page),
            )
    fixed = {place for place, code in places.values() if code != AREA}
    _refuse_two_values(table, rows, places, fixed, page)
    kept = [n for n in range(len(table.columns)) if n not in fixed | _attributes(table, fixed)]
    return Table(tuple(table.columns[n] for n in kept), [[row[n] for n in kept] for row in rows])


def _places(table: Table, series: Series, page: str) -> Mapping[str, tuple[int, str]]:
    """Where each dimension of the key stands, and its code there."""
    plain = [layouts.plain(column) for column in table.columns]
    if series.dimensions:
        wanted = list(zip(series.dimensions, series.key, strict=True))
        lacking = [name for name, _ in wanted if layouts.plain(name) not in plain]
        if lacking:
            raise FetchError(
                Fault(
                    "the answer has no dimension {names} any more; it has: {columns}",
                    names=", ".join(lacking),
                    columns=", ".join(table.columns),
                ),
                series_changed(page),
            )
        return {name: (plain.index(layouts.plain(name)), code) for name, code in wanted}
    before = [n for n, name in enumerate(plain[: plain.index("time period")]) if name not in TECHNICAL]
    if len(before) != len(series.key):
        raise FetchError(
            Fault(
                "the answer has {count} dimensions ({names}), and the catalog has {known}",
                count=len(before),
                names=", ".join(table.columns[n] for n in before),
                known=len(series.key),
            ),
            series_changed(page),
        )
    return {table.columns[n]: (n, code) for n, code in zip(before, series.key, strict=True)}


def _code(cell: str) -> str:
    """A cell without its label, where a service writes `CODE: Label`."""
    return cell.split(": ")[0].strip()


def _shown(codes: Sequence[str]) -> str:
    return ", ".join(codes[:MAX_SHOWN]) + (f", ... ({len(codes)})" if len(codes) > MAX_SHOWN else "")


def _refuse_two_values(
    table: Table, rows: list[list[str]], places: Mapping[str, tuple[int, str]], fixed: set[int], page: str
) -> None:
    plain = [layouts.plain(column) for column in table.columns]
    time, value = plain.index("time period"), plain.index("obs value")
    area = next(place for place, code in places.values() if code == AREA)
    seen: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        other = seen.setdefault((row[area], row[time]), row)
        if other is not row and other[value] != row[value]:
            free = [n for n in range(min(time, value)) if n not in fixed and other[n] != row[n]]
            names = ", ".join(table.columns[n] for n in free) or Fault("none of its columns tells them apart")
            raise FetchError(
                Fault(
                    "{place} has two values for {period}; the dataset has a dimension more ({names})",
                    place=row[area],
                    period=row[time],
                    names=names,
                ),
                series_changed(page),
            )


def _attributes(table: Table, fixed: set[int]) -> set[int]:
    """Columns that say something of the figure which nobody reads: those of the service, and unknown ones behind the
    value, where the standard has attributes alone.
    """
    kept = [n for n in range(len(table.columns)) if n not in fixed]
    columns = tuple(table.columns[n] for n in kept)
    layout = layouts.Layout(
        "SDMX-CSV", Path(), columns, layouts.named_columns(columns, {"indicator": "=x"}), fixed={"indicator": "x"}
    )
    unknown = {column for column, _ in context_of(layout).dimensions}
    value = next(n for n, column in enumerate(table.columns) if layouts.plain(column) == "obs value")
    return {
        n
        for n in kept
        if layouts.plain(table.columns[n]) in TECHNICAL - {"action"} or (n > value and table.columns[n] in unknown)
    }


def write(table: Table, file: Path) -> None:
    """The table as a CSV file."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(table.rows)
