"""What a line means in a market, or why that is left open there."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Parsed:
    """What a line means in a market. kind: "amount", "date" or "" when refused before that was known.

    number: of the amount, in units of the currency. currency: ISO 4217, None where none is written. refused: a code of
    the table in `parse` or "". detail: the values that belong to the code.
    """

    text: str
    market: str
    kind: str = ""
    number: Decimal | None = None
    currency: str | None = None
    date: datetime.date | None = None
    refused: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def refused(text: str, market: str, kind: str, code: str, **detail: Any) -> Parsed:
    """A line that is not understood: why, as a code of `parse`, and the values that belong to it."""
    return Parsed(text, market, kind, refused=code, detail=detail)
