"""What a recipe is: the indicators that make up an industry's score, with directions, weights and dimensions."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from data import catalog
from data.faults import Fault

FOLDER = Path(__file__).with_name("recipes")
NAMES = ("general", "healthcare", "finance", "education", "manufacturing", "environment")


LIMITS = {
    "window": (1, 100),
    "minimum_markets": (2, 300),
    "minimum_coverage": (0, 1),
    "minimum_weight": (0, 1),
}
TOP_KEYS = {"title", "question", "outcome", "potential", "dimension", "indicator", "propagation", *LIMITS}
TARGET_KEYS = {"title", "unit", "share_of", "transform", "per_person", "features", "excludes"}
TRANSFORMS = ("log", "share", "none")
PARTS = ("denominator", "multiplier", "share_of")
KEYS = {"code", *PARTS, "title", "dimension", "direction", "weight", "alternatives"}
LINK_KEYS = {"from", "to", "why", "direction"}


class RecipeError(Fault, ValueError):
    """A recipe file breaks its rules; the message lists every fault."""


@dataclass(frozen=True)
class Measure:
    """A figure computed from observations: code, divided by denominator or multiplied by multiplier if given.

    share_of: the code is a percentage of this one; the figure is the amount, in the unit of share_of.
    """

    code: str
    denominator: str | None = None
    multiplier: str | None = None
    share_of: str | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for code in (self.code, self.denominator, self.multiplier, self.share_of) if code)


@dataclass(frozen=True)
class Target:
    """What regression predicts: a measure, in unit; from the recipe's own ingredients and the features named here.

    transform: log (positive amounts), share (percent, modelled on the logit) or none. per_person: times the population
    it is an amount of US$. excludes: patterns of codes that contain the outcome or a part of it, never features.
    """

    measure: Measure
    title: str
    unit: str
    transform: str = "log"
    per_person: bool = False
    features: tuple[Measure, ...] = ()
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ingredient:
    """One line of a recipe. measures: the preferred figure first, then its stand-ins. weight: within its dimension."""

    key: str
    title: str
    dimension: str
    direction: int
    weight: float
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Link:
    """A shock to the source is carried on to the target, both codes, by an estimated elasticity.

    why: what the two have to do with each other. direction: the sign that is credible, 1 (they rise together) or -1.
    """

    source: str
    target: str
    why: str
    direction: int = 1


@dataclass(frozen=True)
class Recipe:
    """An industry's score.

    dimensions: weight of each dimension, any positive scale. window: years within which the latest value counts.
    minimum_markets: markets an indicator must cover to count. minimum_coverage: share of the weight in the store that a
    market needs. minimum_weight: share of the recipe's weight that must be there at all. outcome: code of what
    regression predicts; target: how, and from what. propagation: which figures move with which; none in a circle.
    """

    name: str
    title: str
    question: str
    outcome: str
    dimensions: Mapping[str, float]
    ingredients: tuple[Ingredient, ...]
    window: int = 8
    minimum_markets: int = 60
    minimum_coverage: float = 0.6
    minimum_weight: float = 0.75
    target: Target | None = None
    propagation: tuple[Link, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Every indicator the recipe may need, each once, in order."""
        found = [code for i in self.ingredients for measure in i.measures for code in measure.codes]
        return tuple(dict.fromkeys(found))

    def weights(self) -> dict[str, float]:
        """Weight of each ingredient in the whole, summing to 1: its dimension's share times its share of that."""
        total = sum(self.dimensions.values())
        inside = {
            dimension: sum(i.weight for i in self.ingredients if i.dimension == dimension)
            for dimension in self.dimensions
        }
        return {i.key: self.dimensions[i.dimension] / total * i.weight / inside[i.dimension] for i in self.ingredients}


@cache
def load(name: str, folder: Path = FOLDER) -> Recipe:
    """The recipe of an industry. Raises RecipeError for an unknown name or a file with faults, naming them all."""
    file = folder / f"{name}.toml"
    if not name.isidentifier() or not file.exists():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.toml")))
        raise RecipeError("There is no recipe {name}. Known recipes: {known}.", name=repr(name), known=known)
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RecipeError("{file} is not valid TOML: {error}", file=file.name, error=str(error)) from error
    misspelt = _misspelt(raw)
    entries = raw.get("indicator", {}).items()
    ingredients = [_ingredient(key, entry) for key, entry in entries if isinstance(entry, dict)]
    recipe = Recipe(
        name=name,
        title=raw.get("title", ""),
        question=raw.get("question", ""),
        outcome=raw.get("outcome", ""),
        dimensions={key: _number(weight, 1.0) for key, weight in raw.get("dimension", {}).items()},
        ingredients=tuple(ingredients),
        target=_target(raw),
        propagation=tuple(_link(entry) for entry in _links(raw)),
        **{key: raw[key] for key in LIMITS if key in raw},
    )
    if faults := misspelt + _faults(recipe):
        raise RecipeError(
            "{file} has {count} fault(s):\n{faults}", file=file.name, count=len(faults), faults="\n".join(faults)
        )
    return recipe


def _misspelt(raw: dict) -> list[str]:
    """Keys that mean nothing, and values of the wrong kind: what would otherwise be passed over in silence."""
    faults = [f"unknown key {key}" for key in raw.keys() - TOP_KEYS]
    faults += [f"potential: unknown key {key}" for key in raw.get("potential", {}).keys() - TARGET_KEYS]
    for key, (low, high) in LIMITS.items():
        if key in raw and not (_is_number(raw[key]) and low <= raw[key] <= high):
            faults.append(f"{key}: {raw[key]!r} is not a number from {low} to {high}")
    for dimension, weight in raw.get("dimension", {}).items():
        if not _is_number(weight):
            faults.append(f"dimension {dimension}: weight {weight!r} is not a number")
    for key, entry in raw.get("indicator", {}).items():
        if not isinstance(entry, dict):
            faults.append(f'{key}: {entry!r} is not a table; write [indicator."{key}"] above its settings')
            continue
        faults += [f"{key}: unknown key {name}" for name in entry.keys() - KEYS]
        if not _is_number(entry.get("weight", 1.0)):
            faults.append(f"{key}: weight {entry['weight']!r} is not a number")
        if entry.get("direction", "up") not in ("up", "down"):
            faults.append(f"{key}: direction {entry['direction']!r} is not up or down")
        for alternative in entry.get("alternatives", []):
            unknown = alternative.keys() - {"code", *PARTS}
            faults += [f"{key}: unknown key {name} of an alternative" for name in unknown]
            faults += [f"{key}: an alternative has no code"] if "code" not in alternative else []
    return sorted(faults + _misspelt_links(raw))


def _misspelt_links(raw: dict) -> list[str]:
    entries = raw.get("propagation", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return ["propagation: not a list of tables; write [[propagation]] above each link"]
    faults = []
    for entry in entries:
        name = f"propagation {entry.get('from', '?')} -> {entry.get('to', '?')}"
        faults += [f"{name}: unknown key {key}" for key in entry.keys() - LINK_KEYS]
        faults += [f"{name}: {key} is missing" for key in ("from", "to", "why") if not entry.get(key)]
        if entry.get("direction", "up") not in ("up", "down"):
            faults.append(f"{name}: direction {entry['direction']!r} is not up or down")
    return faults


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object, otherwise: float) -> float:
    return value if _is_number(value) else otherwise


def _ingredient(key: str, entry: dict) -> Ingredient:
    code = entry.get("code", key)
    preferred = Measure(code, *(entry.get(part) for part in PARTS))
    known = catalog.load().get(code)
    direction = catalog.DIRECTIONS.get(entry.get("direction"), known.direction if known else 0)
    return Ingredient(
        key=key,
        title=entry.get("title") or (known.name if known else key),
        dimension=entry.get("dimension", ""),
        direction=direction,
        weight=_number(entry.get("weight"), 1.0),
        measures=(preferred, *(_stand_in(alternative) for alternative in entry.get("alternatives", []))),
    )


def _links(raw: dict) -> list[dict]:
    entries = raw.get("propagation", [])
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _link(entry: dict) -> Link:
    source, target, why = (str(entry.get(key, "")) for key in ("from", "to", "why"))
    return Link(source, target, why, -1 if entry.get("direction") == "down" else 1)


def _target(raw: dict) -> Target | None:
    entry = raw.get("potential")
    if entry is None:
        return None
    known = catalog.load().get(raw.get("outcome", ""))
    features = [{"code": line} if isinstance(line, str) else line for line in entry.get("features", [])]
    return Target(
        measure=Measure(raw.get("outcome", ""), share_of=entry.get("share_of")),
        title=entry.get("title") or (known.name if known else ""),
        unit=entry.get("unit") or (known.unit if known else ""),
        transform=entry.get("transform", "log"),
        per_person=bool(entry.get("per_person", False)),
        features=tuple(_stand_in(line) for line in features),
        excludes=tuple(entry.get("excludes", [])),
    )


def _stand_in(entry: dict) -> Measure:
    return Measure(entry.get("code", ""), *(entry.get(part) for part in PARTS))


def _faults(recipe: Recipe) -> list[str]:
    faults = [f"missing {field}" for field in ("title", "question", "outcome") if not getattr(recipe, field)]
    faults += [f"unknown indicator {code}" for code in recipe.codes if code not in catalog.load()]
    if recipe.outcome not in catalog.load():
        faults.append(f"unknown outcome {recipe.outcome}")
    if recipe.target:
        codes = [code for measure in (recipe.target.measure, *recipe.target.features) for code in measure.codes]
        faults += [f"potential: unknown indicator {code}" for code in codes if code not in catalog.load()]
        if recipe.target.transform not in TRANSFORMS:
            faults.append(f"potential: transform {recipe.target.transform!r} is not one of {', '.join(TRANSFORMS)}")
    for dimension, weight in recipe.dimensions.items():
        if dimension not in catalog.DIMENSIONS:
            faults.append(f"unknown dimension {dimension}")
        if weight <= 0:
            faults.append(f"dimension {dimension}: weight {weight} is not positive")
        if not any(i.dimension == dimension for i in recipe.ingredients):
            faults.append(f"dimension {dimension} has no indicator")
    for ingredient in recipe.ingredients:
        if ingredient.dimension not in recipe.dimensions:
            faults.append(f"{ingredient.key}: dimension {ingredient.dimension!r} has no weight")
        if ingredient.direction == 0:
            faults.append(f"{ingredient.key}: say which direction is better")
        if ingredient.weight <= 0:
            faults.append(f"{ingredient.key}: weight {ingredient.weight} is not positive")
    return faults + _faults_of_links(recipe)


def _faults_of_links(recipe: Recipe) -> list[str]:
    """Links between figures the recipe does not use, of a figure to itself, named twice, or in a circle."""
    figures, seen, faults = {i.measures[0].code for i in recipe.ingredients}, set(), []
    for link in recipe.propagation:
        name = f"propagation {link.source} -> {link.target}"
        for code in filter(None, dict.fromkeys((link.source, link.target))):
            if code not in catalog.load():
                faults.append(f"{name}: unknown indicator {code}")
            elif code not in figures:
                faults.append(f"{name}: {code} is not an indicator of this recipe")
        if link.source == link.target:
            faults.append(f"{name}: a figure cannot move itself")
        if (link.source, link.target) in seen:
            faults.append(f"{name}: named twice")
        seen.add((link.source, link.target))
    try:
        TopologicalSorter({target: {s for s, t in seen if t == target and s != t} for _, target in seen}).prepare()
    except CycleError as error:
        faults.append(f"propagation goes in a circle: {' -> '.join(error.args[1])}")
    return faults
