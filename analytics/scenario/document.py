"""What is assumed to be otherwise: a scenario as data, to keep, to compare, and to carry in a link."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from analytics import json_documents

SCHEMA = "scenario.schema.json"
VERSION = 1
WHAT = "scenario"
MAX_VALUE = 1e18
"""Of a value: more than any figure is."""
KINDS = ("indicator", "weight", "exchange rate")
HOWS = ("set", "add", "scale")


def factor(percent: float) -> float:
    """What a figure is multiplied by to be so many percent more."""
    return 1 + percent / 100


@dataclass(frozen=True)
class Base:
    """On what a scenario stands: the recipe, what was known by a year, the learner of the potential, the store's state.

    snapshot: the newest arrival when the scenario was made; empty for whatever the store holds.
    """

    recipe: str
    year: int
    learner: str = "best"
    snapshot: str = ""


@dataclass(frozen=True)
class Shock:
    """One assumption. kind: indicator (target: its code), weight (target: a dimension or an ingredient), exchange rate.

    how: set to value, add value, scale by value; in the indicator's unit. An exchange rate scales every figure in
    current US$. Neither markets (ISO3) nor regions (UN M49): every market; both: either.
    """

    kind: str
    target: str
    how: str
    value: float
    markets: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @classmethod
    def from_percent(
        cls, kind: str, target: str, percent: float, markets: tuple[str, ...] = (), regions: tuple[str, ...] = ()
    ) -> "Shock":
        """A figure scaled by so many percent more, or fewer below 0."""
        return cls(kind, target, "scale", factor(percent), markets, regions)

    @property
    def percent(self) -> float:
        """How many percent more a scale makes it."""
        return (self.value - 1) * 100

    @property
    def place(self) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
        """What it is about: two shocks of one place replace each other on the sliders."""
        return self.kind, self.target, self.markets, self.regions

    def moved(self, before: float) -> float:
        """The value after the shock, not yet held within what the unit allows."""
        return {"set": self.value, "add": before + self.value, "scale": before * self.value}[self.how]


@dataclass(frozen=True)
class Uncertain:
    """An indicator whose shock is not known but drawn. parameters: of the distribution.

    triangular: low, mode, high. normal: mean, sd. bootstrap: years of the market's own past changes.
    """

    target: str
    how: str
    distribution: str
    parameters: Mapping[str, float] = field(hash=False)
    markets: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


PARAMETERS = {"triangular": ("low", "mode", "high"), "normal": ("mean", "sd"), "bootstrap": ("years",)}


@dataclass(frozen=True)
class Scenario:
    """A named set of assumptions. horizon: years the figures are carried forward before the shocks, 0-10.

    focus: iso3 of the market the answer is about, empty where nobody chose one.
    """

    name: str
    base: Base
    shocks: tuple[Shock, ...] = ()
    horizon: int = 0
    seed: int = 0
    author: str = ""
    note: str = ""
    uncertain: tuple[Uncertain, ...] = ()
    focus: str = ""

    def with_shock(self, shock: Shock) -> "Scenario":
        """With this shock in the place of one about the same thing, or at the end."""
        places = [known.place for known in self.shocks]
        if shock.place in places:
            at = places.index(shock.place)
            return replace(self, shocks=(*self.shocks[:at], shock, *self.shocks[at + 1 :]))
        return replace(self, shocks=(*self.shocks, shock))

    def without(self, place: tuple) -> "Scenario":
        """Without the shock about this."""
        return replace(self, shocks=tuple(shock for shock in self.shocks if shock.place != place))

    @property
    def own_weights(self) -> dict[str, Shock]:
        return {shock.target: shock for shock in self.shocks if shock.kind == "weight"}


@dataclass(frozen=True)
class BaseKey:
    """What the base of a scenario depends on: the same key, the same base.

    before: the store as it was before this snapshot arrived, None for now. learner: of the potential, "" to do without.
    """

    recipe: str
    year: int
    horizon: int = 0
    before: str | None = None
    learner: str = ""

    @classmethod
    def of(cls, scenario: Scenario, before: str | None = None) -> "BaseKey":
        """Of a scenario with its potential."""
        base = scenario.base
        return cls(base.recipe, base.year, scenario.horizon, before, base.learner)

    @property
    def without_potential(self) -> "BaseKey":
        return replace(self, learner="")


def to_json(scenario: Scenario, indent: int | None = 2) -> str:
    """The scenario as JSON; `from_json` gives it back equal. What is empty is left out."""
    return json.dumps(_document(scenario), ensure_ascii=False, allow_nan=False, indent=indent)


def _document(scenario: Scenario) -> dict[str, Any]:
    document = {"version": VERSION} | asdict(scenario)
    document["base"] = _filled(document["base"])
    document["shocks"] = [_filled(shock, keep=("value",)) for shock in document["shocks"]]
    document["uncertain"] = [
        _filled({key: value for key, value in entry.items() if key != "parameters"}) | entry["parameters"]
        for entry in document["uncertain"]
    ]
    return _filled(document)


def _filled(entry: Mapping[str, Any], keep: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in entry.items()
        if key in keep or value not in ("", (), [], 0)
    }


def from_json(text: str | bytes) -> Scenario:
    """A scenario from JSON that anybody may have written. Raises DocumentError naming every fault."""
    document = json_documents.read(text, SCHEMA, WHAT)
    shocks = tuple(
        Shock(
            entry["kind"],
            entry.get("target", ""),
            entry["how"],
            float(entry["value"]),
            tuple(dict.fromkeys(entry.get("markets", ()))),
            tuple(dict.fromkeys(entry.get("regions", ()))),
        )
        for entry in document.get("shocks", ())
    )
    uncertain = tuple(
        Uncertain(
            entry["target"],
            entry["how"],
            entry["distribution"],
            {key: entry[key] for key in PARAMETERS[entry["distribution"]] if key in entry},
            tuple(dict.fromkeys(entry.get("markets", ()))),
            tuple(dict.fromkeys(entry.get("regions", ()))),
        )
        for entry in document.get("uncertain", ())
    )
    json_documents.refuse(_faults(document, shocks, uncertain), WHAT)
    return Scenario(
        name=document["name"].strip() or "Scenario",
        base=Base(**document["base"] | {"year": int(document["base"]["year"])}),
        shocks=shocks,
        horizon=int(document.get("horizon", 0)),  # a schema takes 2.0 for a whole number
        seed=int(document.get("seed", 0)),
        author=document.get("author", ""),
        note=document.get("note", ""),
        uncertain=uncertain,
        focus=document.get("focus", ""),
    )


def check(scenario: Scenario) -> None:
    """Raises DocumentError naming all that no document of it may say."""
    document = _document(scenario)
    json_documents.check(document, SCHEMA, WHAT)
    json_documents.refuse(_faults(document, scenario.shocks, scenario.uncertain), WHAT)


def _faults(document: Mapping, shocks: tuple[Shock, ...], uncertain: tuple[Uncertain, ...]) -> list[str]:
    """What a schema cannot say."""
    faults = []
    for number, shock in enumerate(shocks):
        at = f"shocks[{number}]"
        if not math.isfinite(shock.value):
            faults.append(f"{at}: {shock.value} is not a number")
        elif abs(shock.value) > MAX_VALUE:
            faults.append(f"{at}: {shock.value:g} is too large; give at most {MAX_VALUE:g}")
        if shock.kind != "exchange rate" and not shock.target:
            faults.append(f"{at}: target is missing; name an indicator, or a dimension for a weight")
        if shock.kind == "exchange rate" and (shock.how != "scale" or shock.value <= 0 or shock.target):
            faults.append(f"{at}: an exchange rate is scaled by a positive number, and has no target")
        if shock.kind == "weight" and (shock.markets or shock.regions):
            faults.append(f"{at}: a weight holds for all markets; leave out markets and regions")
        if shock.kind == "weight" and shock.how != "add" and shock.value < 0:
            faults.append(f"{at}: a weight cannot be negative")
        if shock.how == "scale" and shock.kind == "indicator" and shock.value < 0:
            faults.append(f"{at}: a scale cannot be negative")
    places = [shock.place for shock in shocks]
    for number, place in enumerate(places):
        if place in places[:number]:
            faults.append(f"shocks[{number}]: says again what shocks[{places.index(place)}] says; keep one of them")
    for number, entry in enumerate(uncertain):
        at, given = f"uncertain[{number}]", entry.parameters
        missing = [key for key in PARAMETERS[entry.distribution] if key not in given]
        extra = document["uncertain"][number].keys() & {k for keys in PARAMETERS.values() for k in keys} - given.keys()
        faults += [f"{at}: {entry.distribution} needs {key}" for key in missing]
        faults += [f"{at}: {entry.distribution} has no {key}" for key in sorted(extra)]
        if any(not abs(value) <= MAX_VALUE for value in given.values()):
            faults.append(f"{at}: every parameter must be a number of at most {MAX_VALUE:g}")
        elif entry.distribution == "triangular" and not missing and not _is_triangle(**given):
            faults.append(f"{at}: low <= mode <= high must hold, and low < high")
        if entry.distribution == "bootstrap" and entry.how == "set":
            faults.append(f"{at}: a bootstrap draws changes; choose add or scale")
    return faults


def _is_triangle(low: float, mode: float, high: float) -> bool:
    return low <= mode <= high and low < high


def to_link(scenario: Scenario) -> str:
    """The scenario as text for an address. Raises DocumentError when it is too long for one."""
    return json_documents.pack(to_json(scenario, indent=None), WHAT)


def from_link(text: str) -> Scenario:
    """The scenario of a link. Raises DocumentError; nothing is executed, no more is unpacked than a link can hold."""
    return from_json(json_documents.unpack(text, WHAT))
