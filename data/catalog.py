"""What the indicators are: code, unit, direction, dimension, publisher, licence, bounds; and column names."""

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ISO3, INDICATOR, YEAR, VALUE, UNIT, SOURCE, SNAPSHOT = (
    "iso3",
    "indicator",
    "year",
    "value",
    "unit",
    "source",
    "snapshot",
)

DIMENSIONS = (
    "size",
    "growth",
    "purchasing power",
    "digital",
    "infrastructure",
    "openness",
    "governance",
    "risk",
    "talent",
    "health",
    "finance",
    "education",
    "industry",
    "environment",
    "need",
    "competition",
    "policy",
)
DIRECTIONS = {"up": 1, "neutral": 0, "down": -1}
CATALOG_FILE = Path(__file__).with_name("catalog.toml")


class CatalogError(ValueError):
    """The catalog file breaks its own rules; the message lists every fault."""


@dataclass(frozen=True)
class Indicator:
    """One series: what a value means, which way is better, who publishes it.

    direction is 1 (more is better), -1 (less is better) or 0. minimum and maximum bound what the unit allows.
    status is "described" (in our catalog), "extended" (described by a file imported beside the data) or
    "undescribed" (seen in the data only).
    """

    code: str
    name: str
    unit: str
    direction: int
    dimension: str
    source: str
    licence: str
    url: str
    description: str
    minimum: float | None = None
    maximum: float | None = None
    api_source: int | None = None
    retired: str | None = None
    status: str = "described"


@cache
def load(path: Path = CATALOG_FILE) -> Mapping[str, Indicator]:
    """The catalog by code. Raises CatalogError listing every fault in the file."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    sources, faults = raw.get("source", {}), []
    indicators = {}
    for code, entry in raw.get("indicator", {}).items():
        wrong = _faults_of(code, entry, sources)
        if wrong:
            faults += wrong
            continue
        publisher = sources[entry["source"]]
        indicators[code] = Indicator(
            code=code,
            name=entry["name"],
            unit=entry["unit"],
            direction=DIRECTIONS[entry["direction"]],
            dimension=entry["dimension"],
            source=publisher["name"],
            licence=publisher["licence"],
            url=publisher["url"].format(code=code),
            description=entry["description"],
            minimum=entry.get("minimum"),
            maximum=entry.get("maximum"),
            api_source=publisher.get("api_source"),
            retired=entry.get("retired"),
        )
    if faults:
        raise CatalogError(f"{path.name} has {len(faults)} fault(s):\n" + "\n".join(faults))
    return indicators


def _faults_of(code: str, entry: dict, sources: dict) -> list[str]:
    required = ("name", "unit", "direction", "dimension", "source", "description")
    missing = [key for key in required if not entry.get(key)]
    if missing:
        return [f"{code}: missing {', '.join(missing)}"]
    faults = []
    if entry["direction"] not in DIRECTIONS:
        faults.append(f"{code}: direction {entry['direction']!r} is not one of {', '.join(DIRECTIONS)}")
    if entry["dimension"] not in DIMENSIONS:
        faults.append(f"{code}: dimension {entry['dimension']!r} is not one of {', '.join(DIMENSIONS)}")
    if entry["source"] not in sources:
        faults.append(f"{code}: source {entry['source']!r} has no [source.{entry['source']}] table")
    bounds = entry.get("minimum"), entry.get("maximum")
    if None not in bounds and bounds[0] >= bounds[1]:
        faults.append(f"{code}: minimum {bounds[0]} is not below maximum {bounds[1]}")
    return faults


def refreshable() -> tuple[Indicator, ...]:
    """The indicators the World Bank's API serves today, in catalog order."""
    return tuple(i for i in load().values() if i.api_source is not None and i.retired is None)


def read_companion(path: Path) -> dict[str, Indicator]:
    """Indicators described by an `indicators.csv` lying beside an imported file, by code.

    Needs a column `indicator`; takes name, unit, source, source_url, licence and notes where they are there.
    Codes of our own catalog keep our description. Raises ValueError when the column is missing.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if "indicator" not in (reader.fieldnames or ()):
            raise ValueError(f"{path.name} describes no indicators: it has no column 'indicator'.")
        return {
            row["indicator"]: Indicator(
                code=row["indicator"],
                name=row.get("name") or row["indicator"],
                unit=row.get("unit") or "",
                direction=0,
                dimension="",
                source=row.get("source") or path.name,
                licence=row.get("licence") or row.get("license") or "not stated",
                url=row.get("source_url") or "",
                description=row.get("notes") or "",
                status="extended",
            )
            for row in reader
            if row["indicator"] and row["indicator"] not in load()
        }


def from_world_bank_title(code: str, title: str | None) -> Indicator:
    """An indicator as a World Bank file names it: the unit stands in the title's last brackets."""
    title = title or code
    unit = re.search(r"\(([^()]*)\)\s*$", title)
    return Indicator(
        code=code,
        name=title,
        unit=unit[1] if unit else "",
        direction=0,
        dimension="",
        source="World Bank",
        licence="CC BY 4.0",
        url=f"https://data.worldbank.org/indicator/{code}",
        description="",
        status="extended",
    )
