"""What columns beside the figures are called: multipliers, flags, dimensions, notes (data/reference/columns.toml)."""

import re
import tomllib
from pathlib import Path

from data import reference
from data.layouts.layout import FIELDS, plain

_WORDS = tomllib.loads((Path(reference.__file__).parent / "columns.toml").read_text(encoding="utf-8"))
TOTALS: dict[str, list[str]] = _WORDS["totals"]
"""Cells that mean all of a dimension, by its kind, in lower case."""
KINDS: dict[str, str] = _WORDS["kinds"]
"""Dimensions whose cells have meanings of their own."""
MULTIPLIERS, STATUSES, DIMENSIONS, ATTRIBUTES = (
    frozenset(_WORDS[name]) for name in ("multipliers", "statuses", "dimensions", "attributes")
)
NAMES: dict[str, int] = {plain(name): rank for rank, name in enumerate(_WORDS["names"])}
"""Columns that spell a market's name, the likeliest first."""
MARKETS = frozenset(plain(name) for name in FIELDS["market"])


def stem(column: str) -> str:
    """A column's name without what makes it the label of another one."""
    return re.sub(r" (?:label|name|code|description)$", "", plain(column))


def is_beside(column: str) -> bool:
    """Whether a column says something of the figures and holds none."""
    name = plain(column)
    return bool({name, stem(column)} & (MULTIPLIERS | STATUSES | DIMENSIONS | ATTRIBUTES | MARKETS))
