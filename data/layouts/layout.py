"""How a file is to be read, and the usual names of its columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from data.faults import Fault

YEAR_HEADER = re.compile(r"^(?:YR|Y)?(\d{4})(?: \[YR\d{4}\])?$")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "market": (
        "iso3",
        "country code",
        "countrycode",
        "country_code",
        "iso_code",
        "iso3c",
        "iso code",
        "economy code",
        "ref_area",
        "ref area",
        "geo",
        "location",
        "spatialdimvaluecode",
        "code",
        "country",
        "country name",
        "country or area",
        "reference area",
        "ref_area_label",
        "economy",
        "entity",
        "market",
        "iso_alpha",
        "iso2",
        "iso2c",
        "area",
        "country/area",
        "region",
    ),
    "indicator": (
        "indicator",
        "indicator code",
        "indicatorcode",
        "series code",
        "seriescode",
        "series",
        "indicator_id",
        "weo subject code",
        "subject",
        "measure",
        "variable",
        "indicator name",
        "indicator label",
        "series name",
    ),
    "year": ("year", "date", "time", "time_period", "time period", "timeperiod", "year(s)", "timedim"),
    "value": ("value", "obs_value", "observation", "obs value", "observation value", "numericvalue"),
    "unit": ("unit", "units", "unit of measure", "unit_measure", "unit measure", "uom"),
}
OWN = "column "
"""A caller's mapping may say `column HEADING` -> the code of the indicator that stands in this column."""
REQUIRED = ("market", "indicator", "year", "value")
SDMX = frozenset({"obs value", "time period"})
"""A table with these columns is SDMX: whatever else it has is a dimension or an attribute."""


class LayoutError(Fault, ValueError):
    """The file cannot be read as market data; the message says why and what would help."""


class UnknownColumns(LayoutError):
    """A table whose columns we cannot tell apart; `columns` are their names, for the caller to say which is which."""

    def __init__(self, template: str, header: Sequence[str], /, **values: object) -> None:
        super().__init__(template, **values)
        self.columns = tuple(header)


@dataclass(frozen=True)
class Layout:
    """How to read a file, or one sheet or file in it.

    kind: "tidy", "parquet", "atlas export" or the name of a publisher's layout (docs/layouts.md).
    path: the plain file to read, unpacked if it was packed. columns: every column name in order. mapping: our field
    names to the file's columns. years: for wide layouts, year -> column name. series: where each indicator has a
    column, its code -> column name. titles: code -> what the file calls it. fixed: fields that are the same in every
    row. keys: what stands joined by commas in the first column. joined: columns that make up the indicator together.
    units: code -> the unit in the heading of its column. unread: columns that may hold figures and are left out.
    split: the columns of a cube that split its figures up, with their kind; None where names must tell. labels: a
    cube's column -> the one that says its cells in words. publisher: who made the file, as it says itself.
    decimal: the sign the layout writes numbers with, "" where it must be found out. is_typed: whether cells were
    numbers before they were written out. header_line: 1 for the first line.
    part: the sheet or file this is, where there are several; parts: the others. left: what is not read, and why.
    """

    kind: str
    path: Path
    columns: tuple[str, ...]
    mapping: Mapping[str, str]
    header_line: int = 1
    delimiter: str = ","
    years: Mapping[int, str] = field(default_factory=dict)
    series: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    split: Mapping[str, str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    publisher: str = ""
    decimal: str = ""
    is_typed: bool = False
    part: str = ""
    parts: tuple["Layout", ...] = ()
    left: tuple[Fault, ...] = ()

    @property
    def is_wide(self) -> bool:
        return bool(self.years or self.series)

    @property
    def spread(self) -> tuple[str, ...]:
        """Columns that hold values, where a row has several."""
        return tuple(self.years.values()) or tuple(self.series.values())


def together(tables: list[Layout], left: list[Fault]) -> Layout:
    """Several tables as one layout; a single one needs no name of its part."""
    first, *others = tables
    if not others:
        first = replace(first, part="")
    return replace(first, parts=tuple(others), left=(*first.left, *left))


def plain(column: str) -> str:
    """A column's name as it is compared: `UNIT_MULT: Unit multiplier`, `Unit_Mult` and `unit mult` are one; so are
    `STRUCTURE[;]` and `STRUCTURE`: SDMX-CSV 2.0 adds the sign that separates several values in a cell.
    """
    name = re.sub(r"\[[^\w\s]?\]$", "", column.split(": ")[0].strip())
    return re.sub(r"[\s_\-.]+", " ", name.lower())


def is_labelled(column: str) -> bool:
    """Whether a column is headed `CODE: Label`, as SDMX-CSV with both has it; its cells are written alike."""
    return re.match(r"^[A-Za-z][A-Za-z0-9_]*: \S", column) is not None


def match_columns(columns: Sequence[str], mapping: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """Which column holds which field, by the usual names and the caller's mapping; None when one is missing.

    A field the caller gives as `=TEXT` is that text in every row and has no column (`fixed_fields`).
    """
    chosen = named_columns(columns, mapping)
    fixed = fixed_fields(columns, mapping)
    return chosen if all(name in chosen or name in fixed for name in REQUIRED) else None


def named_columns(columns: Sequence[str], mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """The fields that have a column, by the usual names and the caller's mapping."""
    exact, alike = {}, {}
    for column in reversed(columns):
        exact[column.strip().lower()] = column
        alike[plain(column)] = column
        if re.match(r"^(?:obs )?value\s*[(\[,]", plain(column)):  # value (millions)
            alike.setdefault("value", column)
    chosen: dict[str, str] = {}
    for ours, names in FIELDS.items():
        found = (exact.get(name) or alike.get(plain(name)) for name in names)
        if column := next((column for column in found if column is not None), None):
            chosen[ours] = column
    for ours, column in _of_fields(mapping).items():
        if (named := exact.get(column.strip().lower())) is not None:
            chosen[ours] = named
        elif column.startswith("="):
            chosen.pop(ours, None)
    return chosen


def _of_fields(mapping: Mapping[str, str] | None) -> dict[str, str]:
    """What the caller said of fields, without what was said of columns of their own."""
    return {field: column for field, column in (mapping or {}).items() if not field.startswith(OWN)}


def own_codes(mapping: Mapping[str, str] | None) -> dict[str, str]:
    """What the caller said of columns that hold an indicator each: the heading as it is compared -> its code, "" for a
    column that is to be left out.
    """
    said = {plain(key[len(OWN) :]): code.strip() for key, code in (mapping or {}).items() if key.startswith(OWN)}
    return {heading: "" if code == "-" else code for heading, code in said.items()}


def fixed_fields(columns: Sequence[str], mapping: Mapping[str, str] | None) -> dict[str, str]:
    """Fields that the caller gave as `=TEXT`."""
    present = {column.strip().lower() for column in columns}
    return {
        field: text[1:].strip()
        for field, text in _of_fields(mapping).items()
        if text.startswith("=") and text[1:].strip() and text.strip().lower() not in present
    }


def check_mapping(columns: Sequence[str], name: str, mapping: Mapping[str, str] | None) -> None:
    """Raises LayoutError for a column the caller's mapping names and the file does not have."""
    present = {column.strip().lower() for column in columns}
    fixed = fixed_fields(columns, mapping)
    absent = [c for f, c in _of_fields(mapping).items() if c.strip().lower() not in present and f not in fixed]
    if absent:
        raise LayoutError(
            "{file} has no column {names}, which --map names. It has: {columns}.",
            file=name,
            names=", ".join(map(repr, absent)),
            columns=", ".join(columns),
        )
    headings = {plain(column) for column in columns}
    if strange := [heading for heading in own_codes(mapping) if heading not in headings]:
        raise LayoutError(
            "{file} has no column {names}, which --column names. It has: {columns}.",
            file=name,
            names=", ".join(map(repr, strange)),
            columns=", ".join(columns),
        )
