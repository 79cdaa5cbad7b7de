"""What stands between a company and a market: sanctions, ownership limits, approvals, rules on data; with sources."""

import csv
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("reference") / "gates.toml"
MEMBERSHIPS = FILE.with_name("memberships.csv")
KINDS = ("closed", "restricted", "ownership", "approval", "data")
"""The hardest first. closed, restricted: nothing without legal clearance. ownership: no company of one's own."""
ANYWHERE = "*"
KEYS = {"kind", "markets", "homes", "industries", "text", "source", "url", "as_of"}


class GateError(ValueError):
    """The file of gates breaks its rules; the message lists every fault."""


@dataclass(frozen=True)
class Gate:
    """One rule. markets: iso3 it guards. homes: iso3 of companies it binds, or "*". industries: empty for all.

    text: what it asks, a clause in English. as_of: YYYY-MM up to which the source was read.
    """

    kind: str
    markets: frozenset[str]
    homes: frozenset[str]
    industries: tuple[str, ...]
    text: str
    source: str
    url: str
    as_of: str


def read(file: Path = FILE, memberships: Path = MEMBERSHIPS) -> tuple[Gate, ...]:
    """Every gate of a file, organisations replaced by their members. Raises GateError with every fault."""
    members: dict[str, set[str]] = {}
    with memberships.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            members.setdefault(row["organisation"], set()).add(row["iso3"])

    def codes(names: Sequence[str]) -> frozenset[str]:
        return frozenset(code for name in names for code in members.get(name, {name}))

    gates, faults = [], []
    for number, raw in enumerate(tomllib.loads(file.read_text(encoding="utf-8")).get("gate", []), start=1):
        missing = KEYS - {"industries"} - raw.keys()
        if missing or raw.keys() - KEYS:
            faults.append(f"gate {number}: missing {sorted(missing)}, unknown {sorted(raw.keys() - KEYS)}")
            continue
        if raw["kind"] not in KINDS:
            faults.append(f"gate {number}: {raw['kind']!r} is none of {', '.join(KINDS)}")
        named = {**raw, "industries": tuple(raw.get("industries", ()))}
        gates.append(Gate(**named | {"markets": codes(raw["markets"]), "homes": codes(raw["homes"])}))
    if faults:
        raise GateError("; ".join(faults))
    return tuple(sorted(gates, key=lambda gate: KINDS.index(gate.kind)))


@cache
def shipped() -> tuple[Gate, ...]:
    """The gates that come with the program."""
    return read()


def between(home: str, market: str, industry: str, gates: Sequence[Gate] | None = None) -> tuple[Gate, ...]:
    """The gates a company of the home market meets in a market, the hardest first; none means none known to us.

    Rules that bind by the law of the market hold for foreign companies, not for its own.
    """
    if home == market:
        return ()
    return tuple(
        gate
        for gate in (shipped() if gates is None else gates)
        if market in gate.markets
        and (ANYWHERE in gate.homes or home in gate.homes)
        and (not gate.industries or industry in gate.industries)
    )
