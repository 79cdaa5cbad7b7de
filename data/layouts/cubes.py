"""Figures over several dimensions, as JSON-stat and PC-Axis hold them, written out as a row a cell."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from pathlib import Path

from data import limits, reference
from data.faults import Fault
from data.layouts.asking import no_indicator
from data.layouts.columns import KINDS, stem
from data.layouts.layout import YEAR_HEADER, Layout, UnknownColumns, check_mapping, fixed_fields, named_columns

FIELDS = ("market", "indicator", "year", "unit")


@dataclass(frozen=True)
class Axis:
    """A dimension: its categories in order.

    kind: which field it is ("market", "year", "indicator", "unit"), "" where its name and categories must tell. total:
    the category that means all of it, as the file says. units, multipliers: of each category, of the indicators alone.
    """

    name: str
    codes: tuple[str, ...]
    labels: tuple[str, ...]
    kind: str = ""
    total: str = ""
    units: tuple[str, ...] = ()
    multipliers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cube:
    """cells: position in row-major order, value and status of each. unit: of all values. left: what is to be said,
    asked once the cells were read.
    """

    kind: str
    axes: tuple[Axis, ...]
    cells: Iterable[tuple[int, str, str]]
    publisher: str = ""
    unit: str = ""
    left: Callable[[], tuple[Fault, ...]] = tuple


def size(axes: Sequence[Axis], name: str) -> int:
    """How many cells the dimensions make. Raises TooMuch beyond what is read."""
    found = prod(len(axis.codes) for axis in axes)
    limits.check_rows(found, name)
    return found


def written(cube: Cube, target: Path, mapping: Mapping[str, str] | None, name: str, packed: int) -> Layout:
    """The layout of a cube, written out as CSV.

    packed: bytes of the file it came from. Raises LayoutError when it does not say what it must, TooMuch.
    """
    axes = _distinct(cube.axes)
    fixed = fixed_fields([axis.name for axis in axes], mapping)
    chosen = _chosen(axes, mapping, fixed, name)
    table = _Table()
    fields, split, labels = {}, {}, {}
    for place, axis in enumerate(axes):
        field = chosen.get(axis.name, "")
        table.add(axis.name, place, _codes(axis, field))
        if field:
            fields[field] = axis.name
        is_said = axis.kind == "unit" and "unit" in fixed and len(axis.codes) == 1
        if (not field and not is_said) or (field == "indicator" and "indicator" in fixed):
            split[axis.name] = field or KINDS.get(stem(axis.name), "dimension")
        pairs = zip(axis.codes, axis.labels, strict=True)
        texts = axis.labels if field else tuple("total" if code == axis.total else label for code, label in pairs)
        if field not in ("year", "unit") and texts != axis.codes:
            labels[axis.name] = table.add(f"{axis.name} label", place, texts)
        for ours, texts in (("unit", axis.units), ("multiplier", axis.multipliers)):
            if field == "indicator" and any(texts) and ours not in {*fixed, *chosen.values()}:
                fields[ours] = table.add(ours, place, texts)
    if "indicator" in fixed:
        fields.pop("indicator", None)
    elif label := labels.get(fields["indicator"]):
        fields["name"] = label
    if cube.unit and "unit" not in {*fields, *fixed}:
        fixed |= {"unit": cube.unit}
    fields |= {"value": _free("value", table.columns), "status": _free("status", table.columns)}
    columns = (*table.columns, fields["value"], fields["status"])
    _write(target, columns, [len(axis.codes) for axis in axes], table.texts, cube.cells, limits.unfolded(packed), name)
    return Layout(
        cube.kind,
        target,
        columns,
        fields,
        fixed=fixed,
        split=split,
        labels=labels,
        publisher=cube.publisher[:200],
        decimal=".",
        left=cube.left(),
    )


class _Table:
    """The columns of a table, and for each the axis it belongs to and its texts by category."""

    def __init__(self) -> None:
        self.columns: list[str] = []
        self.texts: list[tuple[int, tuple[str, ...]]] = []

    def add(self, column: str, place: int, texts: tuple[str, ...]) -> str:
        self.columns.append(_free(column, self.columns))
        self.texts.append((place, texts))
        return self.columns[-1]


def _codes(axis: Axis, field: str) -> tuple[str, ...]:
    """What stands for the categories; a year's or unit's label where its code says nothing."""
    speaks = {"year": YEAR_HEADER.match, "unit": re.compile(r"[^\W\d]").search}.get(field)
    if speaks is None:
        return axis.codes
    return tuple(code if speaks(code) else label for code, label in zip(axis.codes, axis.labels, strict=True))


def _write(
    target: Path,
    header: Sequence[str],
    sizes: Sequence[int],
    columns: Sequence[tuple[int, tuple[str, ...]]],
    cells: Iterable[tuple[int, str, str]],
    letters: int,
    name: str,
) -> None:
    steps = [(prod(sizes[place + 1 :]), sizes[place], texts) for place, texts in columns]
    deadline, count = limits.Deadline(name), 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for position, value, status in cells:
            letters -= writer.writerow(
                [*(texts[position // stride % most] for stride, most, texts in steps), value, status]
            )
            count += 1
            if letters < 0:
                raise limits.TooMuch(
                    "{file} unfolds to far more than a genuine data file of its size does. Save it as CSV and import "
                    "that.",
                    file=name,
                )
            if count % 65_536 == 0:
                deadline.left()


def _chosen(
    axes: Sequence[Axis], mapping: Mapping[str, str] | None, fixed: Mapping[str, str], name: str
) -> dict[str, str]:
    """The field of each axis that is one: what the caller said, then what the file says, then by name and content."""
    names = [axis.name for axis in axes]
    said = {ours: text for ours, text in (mapping or {}).items() if ours not in fixed and ours in FIELDS}
    check_mapping(names, name, said)
    by_name = named_columns(names, said)
    chosen: dict[str, str] = {}
    for field in FIELDS:
        free = [axis for axis in axes if axis.name not in chosen]
        if field in fixed and field != "indicator":
            continue
        declared = [axis.name for axis in free if axis.kind == field]
        content = {"market": _holds_places, "year": _holds_years}.get(field)
        alike = [axis.name for axis in free if not axis.kind and content and content(axis)]
        named = by_name.get(field)
        if field in said:
            found = by_name[field]
        elif named in declared or (named in [axis.name for axis in free if not axis.kind] and not declared):
            found = named if field != "market" or declared or not alike or named in alike else alike[0]
        elif declared or alike:
            found = (declared or alike)[0] if len(declared or alike) == 1 else None
        else:
            found = None
        if found is not None:
            chosen[found] = field
    lacking = {"market", "year"} - set(chosen.values()) - set(fixed)
    if lacking:
        raise UnknownColumns(
            "{file} does not say which of its dimensions is the country and which the year. Say it: --map "
            "market=DIMENSION --map year=DIMENSION. Its dimensions: {columns}.",
            names,
            file=name,
            columns=", ".join(names),
        )
    if "indicator" not in {*chosen.values(), *fixed}:
        raise no_indicator(names)
    return chosen


def _holds_years(axis: Axis) -> bool:
    pairs = zip(axis.codes, axis.labels, strict=True)
    return all(re.fullmatch(r"(?:1[89]|2[01])\d\d", c) or re.fullmatch(r"(?:1[89]|2[01])\d\d", t) for c, t in pairs)


def _holds_places(axis: Axis) -> bool:
    """Whether half of the categories at least are countries' codes or names."""
    places = _places()
    known = sum(c.lower() in places or t.lower() in places for c, t in zip(axis.codes, axis.labels, strict=True))
    return known * 2 >= len(axis.codes) > 0


@cache
def _places() -> frozenset[str]:
    found: set[str] = set()
    folder = Path(reference.__file__).parent
    for file, columns in (("markets.csv", ("iso3", "iso2", "name", "official_name")), ("names.csv", ("name",))):
        with (folder / file).open(encoding="utf-8", newline="") as opened:
            for row in csv.DictReader(opened):
                found |= {row[column].lower() for column in columns if row.get(column)}
    return frozenset(found)


def _distinct(axes: Sequence[Axis]) -> list[Axis]:
    """The axes, no two of one name and none of a name that is ours."""
    taken: list[str] = []
    found = []
    for axis in axes:
        found.append(replace(axis, name=_free(axis.name.strip() or "dimension", taken), total=axis.total or "\0"))
        taken.append(found[-1].name)
    return found


def _free(name: str, taken: Sequence[str]) -> str:
    used, number, wanted = {column.lower() for column in taken}, 1, name
    while wanted.lower() in used:
        number += 1
        wanted = f"{name} {number}"
    return wanted
