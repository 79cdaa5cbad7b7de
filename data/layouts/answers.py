"""JSON that a publisher's service answered."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data import limits
from data.layouts import jsonstat
from data.layouts.layout import Layout, LayoutError

COLUMNS = ("market", "country", "indicator", "indicator name", "year", "value", "obs_status")


def from_json(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """JSON-stat, or an answer of the World Bank's API, [{page, pages, ...}, [rows]], written out as CSV."""
    found = _loaded(path, name)
    if tables := jsonstat.datasets(found):
        return jsonstat.from_jsonstat(tables, path, scratch, mapping, name)
    inside = found.get("data") if isinstance(found, dict) else None
    if isinstance(found, dict) and ("dataSets" in found or (isinstance(inside, dict) and "dataSets" in inside)):
        raise LayoutError(
            "{file} is SDMX-JSON. Fetch the same data as SDMX-CSV (format=csvfile), with codes, and import that.",
            file=name,
        )
    target = scratch / f"{path.name} rows.csv"
    try:
        page, rows = found
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(_cells(rows))
        if page["pages"] != 1:
            raise ValueError(f"it is page {page['page']} of {page['pages']}; ask for all rows with per_page=20000")
    except (ValueError, KeyError, TypeError) as error:
        raise _other(name, error) from error
    fields = {field: field for field in ("market", "indicator", "year", "value")} | {"name": "indicator name"}
    return Layout("World Bank API JSON", target, COLUMNS, fields)


def _loaded(path: Path, name: str) -> Any:
    try:
        if path.stat().st_size > limits.MAX_JSON:
            raise ValueError(f"it is larger than {limits.MAX_JSON / 1e6:.0f} MB")
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise _other(name, "it is nested too deeply" if isinstance(error, RecursionError) else error) from error


def _other(name: str, error: object) -> LayoutError:
    return LayoutError(
        "{file} is JSON, but not one whole answer of the World Bank's API for an indicator, nor JSON-stat ({error}). "
        "Fetch it again, or import CSV.",
        file=name,
        error=error,
    )


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
