"""Tables with a column an indicator: a heading that is a known code or title says which; any other is asked about."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path

from data import catalog, units
from data.faults import Fault
from data.layouts.asking import NoIndicator
from data.layouts.columns import is_beside
from data.layouts.layout import Layout, LayoutError, fixed_fields, named_columns, own_codes, plain

SAMPLE = 200
"""Rows that are looked at to tell figures from words."""
MIN_PERSONS = 100_000
"""A title without a unit is believed from here on, where it counts persons."""
SHOWN = 12
"""Headings that a refusal lists."""
_IN_BRACKETS = re.compile(r"^(.*\S)\s*[(\[]([^()\[\]]+)[)\]]$")
_WORDS = (
    ("gross domestic product", "gdp"),
    ("gross national income", "gni"),
    ("per capita", "per person"),
    ("per head", "per person"),
    ("labor", "labour"),
    ("enrollment", "enrolment"),
    ("capitalization", "capitalisation"),
)
SELF_EVIDENT = frozenset(
    {
        "persons", "years", "annual %", "rank", "days", "index 0-100", "1-5 score", "% of population", "% of total",
        "% of total labor force", "% gross", "%", "standard normal units, about -2.5 to 2.5",
    }
)  # fmt: skip
"""Units that need not stand in a heading: nobody states these indicators in another."""


class UnknownHeadings(NoIndicator):
    """A table with a column an indicator, of which some have headings we do not know; `columns` are these."""


@dataclass
class _Read:
    """What the headings of a table say."""

    series: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    by_title: dict[str, Fault] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def panel(
    row: Sequence[str], below: Iterator[Sequence[str]], path: Path, at: Mapping, mapping: Mapping[str, str] | None
) -> Layout | None:
    """The layout of a table with a column for the country, one for the year, and one an indicator.

    below: the rows below the header, of which some are looked at. Raises UnknownHeadings for columns of figures whose
    headings are not known, while nothing was said of them.
    """
    fields, fixed, said = named_columns(row, mapping), fixed_fields(row, mapping), own_codes(mapping)
    if "year" not in fields or not {"market"} & (set(fields) | set(fixed)) or {"value", "indicator"} & set(fields):
        return None
    read = _read_headings([c for c in row if plain(c) and c not in fields.values()], said)
    rows = list(islice(below, SAMPLE))
    _ask_about_thousands(read, rows, row)
    words = [c for c in read.unknown if not _holds_numbers(rows, row.index(c))]
    figures = [c for c in read.unknown if c not in words]
    if "indicator" in fixed and len(figures) == 1 and not read.series:
        read.series, figures = {fixed["indicator"]: figures[0]}, []
    elif not read.series and ((words and len(figures) < 2) or not figures):
        return None  # more likely a row a figure, with names of its own for the columns
    if (figures and not said) or not read.series:
        raise _unknown(figures or read.unread, read)
    left = [*words, *figures, *read.unread]
    notes = [Fault("Columns not read: {columns}.", columns=", ".join(left)[:300])] if left else []
    kept = ("market", "year") if read.units else ("market", "year", "unit")
    return Layout(
        "a column for each indicator",
        path,
        tuple(row),
        {ours: column for ours, column in fields.items() if ours in kept},
        series=read.series,
        units=read.units,
        fixed={ours: text for ours, text in fixed.items() if ours != "indicator"},
        unread=(*figures, *read.unread),
        left=(*read.by_title.values(), *notes),
        **at,
    )


def _read_headings(free: Sequence[str], said: Mapping[str, str]) -> _Read:
    read = _Read()
    for column in free:
        unit = _parts(column)[1]
        code, answered = known_heading(column), said.get(plain(column))
        if answered is not None:
            code = answered
        elif is_beside(column) and code is None:
            continue
        if answered == "":
            read.unread.append(column)
        elif code is None:
            read.unknown.append(column)
        elif code in read.series:
            raise LayoutError(
                "The columns {first} and {second} are both {code}. Leave one of them out (--column '{second}=-').",
                first=read.series[code],
                second=column,
                code=code,
            )
        else:
            read.series[code] = column
            if unit and (answered is None or units.split(unit)[0] != 0 or code in catalog.load()):
                read.units[code] = unit
            if answered is None and column.strip().lower() != code.lower():
                entry = catalog.load()[code]
                read.by_title[code] = Fault(
                    "Column {column} is read as {name} ({code}), in {unit}.",
                    column=column.strip(),
                    name=entry.name,
                    code=code,
                    unit=entry.unit,
                )
    return read


def _parts(heading: str) -> tuple[str, str]:
    """A heading without its brackets, and what stands in them: its unit."""
    found = _IN_BRACKETS.match(heading.strip())
    if found is None or found[2].strip() in catalog.load():
        return heading.strip(), ""
    return found[1].strip(), found[2].strip()


def known_heading(heading: str) -> str | None:
    """The code of the indicator that a heading names: by its code, or by its title with a unit that fits.

    A title alone is enough only where its unit goes without saying: `GDP` may be in dollars of any year.
    """
    text = heading.strip()
    in_brackets = _IN_BRACKETS.match(text)
    for said in (text, in_brackets[2].strip() if in_brackets else ""):
        if code := _codes().get(said.lower()):
            return code
    name, unit = _parts(text)
    name = _folded(name)
    if not unit:
        code = _titles().get(name)
        return code if code and catalog.load()[code].unit in SELF_EVIDENT else None
    family = [code for title, code in _titles().items() if title == name or title.startswith(f"{name}, ")]
    fits = [code for code in family if units.measure(unit, None, name, catalog.load()[code].unit)[1] is None]
    exact = _titles().get(name)
    if exact is None:
        return None
    return exact if exact in fits else fits[0] if len(fits) == 1 else None


def _folded(name: str) -> str:
    said = " ".join(name.lower().replace("_", " ").split())
    for theirs, ours in _WORDS:
        said = said.replace(theirs, ours)
    return said.removesuffix(", total")


@cache
def _codes() -> dict[str, str]:
    return {code.lower(): code for code in catalog.load()}


@cache
def _titles() -> dict[str, str]:
    return {_folded(known.name): code for code, known in catalog.load().items()}


def _holds_numbers(rows: Sequence[Sequence[str]], place: int) -> bool:
    return any(re.match(r"^[-+]?[.,]?\d", row[place].strip()) for row in rows if len(row) > place)


def _ask_about_thousands(read: _Read, rows: Sequence[Sequence[str]], row: Sequence[str]) -> None:
    """Persons in fractions, or fewer than live in any but the smallest countries, are thousands or millions."""
    for code in [code for code in read.by_title if code not in read.units]:
        place = row.index(read.series[code])
        texts = [one[place].strip() for one in rows if len(one) > place and one[place].strip()]
        if catalog.load()[code].unit != "persons" or not texts:
            continue
        whole = [int(text) for text in texts if text.isascii() and text.isdigit()]
        if len(whole) < len(texts) or max(whole) < MIN_PERSONS:
            read.unknown.append(read.series.pop(code))
            del read.by_title[code]


def _unknown(headings: Sequence[str], read: _Read) -> UnknownHeadings:
    shown = ", ".join(heading.strip() for heading in headings[:SHOWN])
    return UnknownHeadings(
        "The table has a column for each indicator, and it is not known which indicators these are: {columns}. Say the "
        "code of each that is to be read (--column '{example}=CODE'), or leave it out (--column '{example}=-'). Known: "
        "{known}. A title needs its unit: GDP (current US$).",
        headings,
        columns=f"{shown} ..." if len(headings) > SHOWN else shown,
        example=headings[0].strip(),
        known=", ".join(read.series) or "-",
    )
