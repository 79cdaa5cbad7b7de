"""JSON that a publisher's service answered."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data import limits
from data.layouts.layout import Layout, LayoutError

COLUMNS = ("market", "country", "indicator", "indicator name", "year", "value", "obs_status")


def from_json(path: Path, scratch: Path, name: str) -> Layout:
    """An answer of the World Bank's API, [{page, pages, ...}, [rows]], written out as CSV."""
    target = scratch / "rows.csv"
    try:
        if path.stat().st_size > limits.MAX_JSON:
            raise ValueError(f"it is larger than {limits.MAX_JSON / 1e6:.0f} MB")
        page, rows = json.loads(path.read_bytes())
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(_cells(rows))
        if page["pages"] != 1:
            raise ValueError(f"it is page {page['page']} of {page['pages']}; ask for all rows with per_page=20000")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise LayoutError(
            "{file} is JSON, but not one whole answer of the World Bank's API for an indicator ({error}). Fetch it "
            "again, or import CSV.",
            file=name,
            error=reason,
        ) from error
    fields = {field: field for field in ("market", "indicator", "year", "value")} | {"name": "indicator name"}
    return Layout("World Bank API JSON", target, COLUMNS, fields)


def _cells(rows: list[dict[str, Any]]) -> Iterator[list[Any]]:
    for row in rows:
        code = row["countryiso3code"] or row["country"]["id"]
        value = "" if row["value"] is None else row["value"]
        indicator = row["indicator"]
        yield [
            code,
            row["country"].get("value", ""),
            indicator["id"],
            indicator.get("value", ""),
            row["date"],
            value,
            row.get("obs_status", ""),
        ]
