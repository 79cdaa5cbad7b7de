"""What the other columns of a table say of a row: its multiplier, its status, and whether it is the total."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data import layouts, reference

_WORDS = tomllib.loads((Path(reference.__file__).parent / "columns.toml").read_text(encoding="utf-8"))
TOTALS: dict[str, list[str]] = _WORDS["totals"]
"""Cells that mean all of a dimension, by its kind, in lower case."""
TOTAL_ENDING = r"(^|_)(t|tot|total|totl|btsx|_t|_z)$"
_KINDS: dict[str, str] = _WORDS["kinds"]
_MULTIPLIERS, _STATUSES, _DIMENSIONS, _ATTRIBUTES = (
    frozenset(_WORDS[name]) for name in ("multipliers", "statuses", "dimensions", "attributes")
)


@dataclass(frozen=True)
class Context:
    """Columns beside those that are read: the market's name, multiplier, statuses, dimensions with their kind."""

    name: str | None = None
    multiplier: str | None = None
    statuses: tuple[str, ...] = ()
    dimensions: tuple[tuple[str, str], ...] = ()


def context_of(layout: layouts.Layout) -> Context:
    """What the columns that are not read are good for, by their names."""
    used = {*layout.mapping.values(), *layout.spread, *layout.joined}
    columns = [*layout.keys, *(layout.columns[1:] if layout.keys else layout.columns)]
    free = [column for column in columns if column not in used and layouts.plain(column)]
    is_sdmx = layout.kind == "SDMX-CSV" or {layouts.plain(column) for column in columns} >= layouts.SDMX
    same = {layouts.plain(column) for column in used}
    strict = is_sdmx or bool(layout.keys)
    own = _own_indicator(columns, layout)
    dimensions = [
        (column, _KINDS.get(_stem(column), "dimension"))
        for column in free
        if _stem(column) in _DIMENSIONS or (strict and _is_unknown(layouts.plain(column), same))
    ]
    return Context(
        name=_market_name(free, layout),
        multiplier=next((c for c in free if layouts.plain(c) in _MULTIPLIERS), None),
        statuses=tuple(c for c in free if layouts.plain(c) in _STATUSES),
        dimensions=(
            *((column, kind) for column, kind in dimensions if column != own),
            *([(own, "indicator")] if own else []),
        ),
    )


def _own_indicator(columns: Sequence[str], layout: layouts.Layout) -> str | None:
    """The column that names indicators in a file of which somebody said that it holds one."""
    if "indicator" not in layout.fixed or layout.is_wide:
        return None
    return layouts.named_columns(columns).get("indicator")


def _stem(column: str) -> str:
    """A column's name without what makes it the label of another one."""
    return re.sub(r" (?:label|name|code|description)$", "", layouts.plain(column))


def _is_unknown(column: str, same: set[str]) -> bool:
    if column in _MULTIPLIERS | _STATUSES | _ATTRIBUTES or column in same or _is_market(column):
        return False
    stem = _stem(column)
    return stem not in same and stem not in _ATTRIBUTES


def _is_market(column: str) -> bool:
    return column in {layouts.plain(name) for name in layouts.FIELDS["market"]}


def _market_name(free: Sequence[str], layout: layouts.Layout) -> str | None:
    """The column that names the market once more; one that speaks of names first, and regions never."""
    market = layout.mapping.get("market")
    if market is None:
        return None
    beside = [c for c in free if _is_market(layouts.plain(c)) and layouts.plain(c) not in ("region", "area code")]
    names = {layouts.plain(name): rank for rank, name in enumerate(_WORDS["names"])}
    beside.sort(key=lambda column: names.get(layouts.plain(column), len(names)))
    return beside[0] if beside else None
