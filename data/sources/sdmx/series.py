"""Which series of a service is which indicator of the catalog: dataset and key."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data import catalog
from data.sources.sdmx.services import SERVICES

SERIES_FILE = Path(__file__).with_name("series.toml")
AREA, ANY = "", "*"
"""What a key has in place of a code: for the country, and for a dimension that must have one value, whichever."""


class SeriesError(ValueError):
    """The file of series breaks its own rules; the message lists every fault."""


@dataclass(frozen=True)
class Series:
    """One series of a service.

    code: of the catalog. flow: the dataset, as the service's address has it. key: a code a dimension. dimensions: their
    names in the same order; empty where they are known by their place alone. asked: the key that is asked for, where it
    is not the key itself. unsure: what of it nobody confirmed.
    """

    code: str
    service: str
    flow: str
    key: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    asked: str | None = None
    unsure: str = ""

    @property
    def path(self) -> str:
        """What follows the service's address."""
        asked = ".".join("" if code == ANY else code for code in self.key) if self.asked is None else self.asked
        return f"data/{self.flow}/{asked}".rstrip("/")

    @property
    def indicator(self) -> catalog.Indicator:
        return catalog.load()[self.code]


@cache
def load(path: Path = SERIES_FILE) -> Mapping[str, Series]:
    """The series by code, in the file's order. Raises SeriesError listing every fault of the file."""
    found, faults = {}, []
    for code, entry in tomllib.loads(path.read_text(encoding="utf-8"))["series"].items():
        key = tuple(str(entry.get("key", "")).split("."))
        names = tuple(entry["dimensions"].split(".")) if entry.get("dimensions") else ()
        wrong = _faults_of(code, entry, key, names)
        faults += wrong
        if not wrong:
            found[code] = Series(
                code=code,
                service=entry["service"],
                flow=entry["flow"],
                key=key,
                dimensions=names,
                asked=entry.get("asked"),
                unsure=entry.get("unsure", ""),
            )
    if faults:
        raise SeriesError(f"{path.name} has {len(faults)} fault(s):\n" + "\n".join(faults))
    return found


def _faults_of(code: str, entry: Mapping, key: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    faults = []
    if entry.get("service") not in SERVICES:
        faults.append(f"{code}: service {entry.get('service')!r} is not one of {', '.join(SERVICES)}")
    if not entry.get("flow"):
        faults.append(f"{code}: no flow")
    if key.count(AREA) != 1:
        faults.append(f"{code}: its key leaves {key.count(AREA)} places empty; one, the country's, must be")
    if names and len(names) != len(key):
        faults.append(f"{code}: {len(names)} dimensions and {len(key)} places in its key")
    if code not in catalog.load():
        faults.append(f"{code}: not in catalog.toml")
    return faults


def of_service(key: str) -> tuple[Series, ...]:
    """What is fetched from a service, in the file's order."""
    return tuple(series for series in load().values() if series.service == key)
