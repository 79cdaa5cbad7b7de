"""What the other columns of a table say of a row: its multiplier, its status, and whether it is the total."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from data import layouts
from data.layouts import columns as known

TOTALS = known.TOTALS
TOTAL_ENDING = r"(^|_)(t|tot|total|totl|btsx|_t|_z)$"


@dataclass(frozen=True)
class Context:
    """Columns beside those that are read: the market's name, multiplier, statuses, dimensions with their kind.

    labels: a dimension's column -> the one that says its cells in words.
    """

    name: str | None = None
    multiplier: str | None = None
    statuses: tuple[str, ...] = ()
    dimensions: tuple[tuple[str, str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


def context_of(layout: layouts.Layout) -> Context:
    """What the columns that are not read are good for, by their names."""
    if layout.split is not None:
        return _as_the_file_says(layout, layout.split)
    used = {*layout.mapping.values(), *layout.spread, *layout.joined, *layout.unread}
    columns = [*layout.keys, *(layout.columns[1:] if layout.keys else layout.columns)]
    free = [column for column in columns if column not in used and layouts.plain(column)]
    is_sdmx = layout.kind in ("SDMX-CSV", "SDMX-ML") or {layouts.plain(column) for column in columns} >= layouts.SDMX
    same = {layouts.plain(column) for column in used}
    strict = is_sdmx or bool(layout.keys)
    own = _own_indicator(columns, layout)
    dimensions = [
        (column, known.KINDS.get(known.stem(column), "dimension"))
        for column in free
        if known.stem(column) in known.DIMENSIONS or (strict and _is_unknown(layouts.plain(column), same))
    ]
    return Context(
        name=_market_name(free, layout),
        multiplier=next((c for c in free if layouts.plain(c) in known.MULTIPLIERS), None),
        statuses=tuple(c for c in free if layouts.plain(c) in known.STATUSES),
        dimensions=(
            *((column, kind) for column, kind in dimensions if column != own),
            *([(own, "indicator")] if own else []),
        ),
    )


def _as_the_file_says(layout: layouts.Layout, split: Mapping[str, str]) -> Context:
    """The context of a cube, which tells itself what each of its columns is."""
    return Context(
        name=layout.labels.get(layout.mapping.get("market", "")),
        multiplier=layout.mapping.get("multiplier"),
        statuses=tuple(column for field, column in layout.mapping.items() if field == "status"),
        dimensions=tuple(split.items()),
        labels={column: layout.labels[column] for column in split if column in layout.labels},
    )


def _own_indicator(columns: Sequence[str], layout: layouts.Layout) -> str | None:
    """The column that names indicators in a file of which somebody said that it holds one."""
    if "indicator" not in layout.fixed or layout.is_wide:
        return None
    return layouts.named_columns(columns).get("indicator")


def _is_unknown(column: str, same: set[str]) -> bool:
    if column in known.MULTIPLIERS | known.STATUSES | known.ATTRIBUTES or column in same or column in known.MARKETS:
        return False
    stem = known.stem(column)
    return stem not in same and stem not in known.ATTRIBUTES


def _market_name(free: Sequence[str], layout: layouts.Layout) -> str | None:
    """The column that names the market once more; one that speaks of names first, and regions never."""
    market = layout.mapping.get("market")
    if market is None:
        return None
    beside = [c for c in free if layouts.plain(c) in known.MARKETS and layouts.plain(c) not in ("region", "area code")]
    beside.sort(key=lambda column: known.NAMES.get(layouts.plain(column), len(known.NAMES)))
    return beside[0] if beside else None
