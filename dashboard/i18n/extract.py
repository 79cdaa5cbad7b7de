"""Every message a reader may see, gathered for the translators: `python -m dashboard.i18n.extract` updates locale/*.po.

Most stand in `_("...")` in dashboard/ and pages/. The others are facts that pages show through `_`: names and units of
indicators, titles of recipes, findings and their remedies, faults of a file.
"""

import ast
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pandas as pd
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from analytics.index import recipe
from analytics.index.design import AGGREGATIONS, IMPUTATIONS, NORMALISATIONS, TREATMENTS, WEIGHTINGS
from analytics.potential import fit as potential
from analytics.potential import learners, panel, validation
from analytics.scenario import forecast, propagation
from dashboard import load, navigation, ranking_words, readiness
from dashboard.i18n import calendar, faults, translation
from data import catalog, gates, quality, row_faults, store
from data.sources import publishers

ROOT = Path(__file__).parents[2]
FOLDERS = ("dashboard", "pages")
PACKAGES = ("analytics", "dashboard", "data", "models")
WIDTH = 120
WORLD_BANK_REGIONS = (
    "East Asia & Pacific",
    "Europe & Central Asia",
    "Latin America & Caribbean",
    "Middle East & North Africa",
    "North America",
    "South Asia",
    "Sub-Saharan Africa",
)
"""As the World Bank's country files name them; markets show the UN's regions, coverage tables these."""
BORN = datetime(2026, 11, 21, tzinfo=UTC)
"""A fixed date in every header: the file changes when a message does, and only then."""


def gather() -> dict[str, list[str]]:
    """Every message, and the files it comes from (no lines: they would change with every edit)."""
    found: dict[str, set[str]] = defaultdict(set)
    for message, place in (*_in_code(), *_in_faults(), *_in_facts(), *_in_cards()):
        found[message].add(place)
    return {message: sorted(found[message]) for message in sorted(found)}


def _in_code() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            place = file.relative_to(ROOT).as_posix()
            calls = (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call))
            for call in calls:
                if isinstance(call.func, ast.Name) and call.func.id == "_" and isinstance(call.args[0], ast.Constant):
                    yield call.args[0].value, place


def _in_faults() -> Iterator[tuple[str, str]]:
    """The templates of faults: what a class that derives from Fault is called with, here or in its own opening."""
    for place, call in fault_calls():
        if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
            yield call.args[0].value, place


def fault_calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in our packages that names the sentence of a fault, with the file it stands in."""
    trees = {
        file.relative_to(ROOT).as_posix(): ast.parse(file.read_text("utf-8"))
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
    }
    classes = {node.name: node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    kinds = {"Fault"}
    while more := {
        name for name, node in classes.items() if name not in kinds and kinds & set(map(called, node.bases))
    }:
        kinds |= more
    own = {name for name in kinds - {"Fault"} if _opens_itself(classes[name])}
    while heirs := {name for name in kinds - own - {"Fault"} if own & set(map(called, classes[name].bases))}:
        own |= heirs
    for place, tree in trees.items():
        inside = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name in own]
        openings = {id(call) for node in inside for call in ast.walk(node) if _is_super(call)}
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and (called(call.func) in kinds - own or id(call) in openings):
                yield place, call


def called(node: ast.expr) -> str:
    """The last part of a name, of what is called for a call."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _opens_itself(node: ast.ClassDef) -> bool:
    """Whether the class takes something else than a template first."""
    opening = next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None)
    return opening is not None and [*opening.args.posonlyargs, *opening.args.args][1].arg != "template"


def _is_super(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"


def _in_facts() -> Iterator[tuple[str, str]]:
    yield readiness.TITLE, "dashboard/readiness.py"
    for indicator in catalog.load().values():
        texts = [indicator.name, indicator.unit, indicator.description, indicator.source, indicator.licence]
        if indicator.retired:
            texts.append(indicator.retired[0].upper() + indicator.retired[1:])
        yield from ((text, "data/catalog.toml") for text in texts)
    for name in recipe.NAMES:
        chosen = recipe.load(name)
        texts = [chosen.title, chosen.question, *(i.title for i in chosen.ingredients)]
        yield from ((text, f"analytics/index/recipes/{name}.toml") for text in texts)
    members = pd.read_csv(store.REFERENCE / "memberships.csv", usecols=["organisation"])["organisation"].unique()
    targets = [panel.target_of(recipe.load(name)) for name in recipe.NAMES]
    measures = {measure for name in recipe.NAMES for measure in panel.measures(recipe.load(name), own=True)}
    facts = {
        "data/reference/gates.toml": [gate.text for gate in gates.shipped()],
        "analytics/potential/validation.py": [text for texts in validation.ADVICE.values() for text in texts],
        "analytics/potential/learners.py": (
            *learners.NAMES,
            "income group median",
            "last value",
            "learner",
            "baseline",
        ),
        "analytics/potential/fit.py, comparison": ("fixed effects", "panel"),
        "data/sources/publishers.py": [publisher.name for publisher in publishers.all_of_them().values()],
        "data/sources/worldbank.py": (*WORLD_BANK_REGIONS, "income groups and regions"),
        "analytics/potential/panel.py": (*(panel.title(measure) for measure in measures), "region", "income_group"),
        "analytics/potential/fit.py": (potential.OWN_TITLE,),
        "analytics/index/recipes": [text for target in targets for text in (target.title, target.unit)],
        "data/catalog.py": (*catalog.DIMENSIONS, "described", "extended", "undescribed"),
        "analytics/scenario/forecast.py": (forecast.DAMPED, forecast.LAST),
        "analytics/scenario/propagation.py": (
            propagation.ZERO,
            propagation.AGAINST,
            propagation.FEW,
            propagation.STILL,
        ),
        "analytics/index/recipes, propagation": [
            link.why for name in recipe.NAMES for link in recipe.load(name).propagation
        ],
        "data/quality.py": (
            *quality.SEVERITIES,
            *quality.SENTENCES,
            *(sentence for pair in quality.SENTENCES.values() for sentence in pair),
        ),
        "data/row_faults.py": [
            *(sentence for pair in row_faults.SENTENCES.values() for sentence in pair),
            *row_faults.COUNTED.values(),
        ],
        "data/store/": ("complete", "partial", "product"),
        "data/reference/memberships.csv": members,
        "data/reference/markets.csv": _capitals(),
        "dashboard/i18n/calendar.py": calendar.COMMON,
        "dashboard/ranking_words.py": ranking_words.ASKED_FOR,
        "dashboard/load/": (*load.INCOME_GROUPS, "Not classified"),
        "analytics/index/design.py": (*TREATMENTS, *IMPUTATIONS, *NORMALISATIONS, *WEIGHTINGS, *AGGREGATIONS),
        "analytics/robustness/sobol.py": ("weights", "imputation", "normalisation", "treatment", "aggregation"),
        "dashboard/navigation.py": [text for page in navigation.PAGES for text in (page.title, page.section)],
        "dashboard/i18n/faults.py": faults.TEMPLATES,
    }
    yield from ((text, place) for place, texts in facts.items() for text in texts)


def _capitals() -> list[str]:
    """Capitals of the member states of the United Nations: those that are named to a reader."""
    places = pd.read_csv(store.REFERENCE / "markets.csv", keep_default_na=False)
    members = pd.read_csv(store.REFERENCE / "memberships.csv")
    states = set(members.loc[members["organisation"] == "UN", "iso3"])
    return sorted(set(places.loc[places["iso3"].isin(states), "capital"]) - {""})


def _in_cards() -> Iterator[tuple[str, str]]:
    """Titles, purposes and limits of the models that ship."""
    for file in sorted((ROOT / "models" / "weights").glob("*/card.json")):
        card = json.loads(file.read_text(encoding="utf-8"))
        for text in (card["title"], card["purpose"], *card["limits"]):
            yield text, file.relative_to(ROOT).as_posix()


def read(file: Path) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened, locale=file.stem)


def updated(old: Catalog) -> Catalog:
    """The catalogue with today's messages: translations kept, new ones empty, those no longer shown dropped."""
    new = Catalog(
        locale=old.locale,
        project="Lepton Atlas",
        msgid_bugs_address="none",
        version="1",
        header_comment="# Messages of Lepton Atlas. Updated by: python -m dashboard.i18n.extract",
        creation_date=BORN,
        revision_date=BORN,
        last_translator="Lepton Atlas",
        language_team="Lepton Atlas",
        fuzzy=False,
    )
    for message, places in gather().items():
        known = old.get(message)
        entry = new.add(message, known.string if known else "", [(place, None) for place in places])
        entry.flags = {"fuzzy"} if known and known.fuzzy else set()  # no python-format: "% of GDP" is none
    return new


def written(messages: Catalog) -> bytes:
    target = BytesIO()
    write_po(target, messages, width=WIDTH, sort_output=True, include_lineno=False)
    return target.getvalue()


def main() -> None:
    for file in sorted(translation.CATALOGS.glob("*.po")):
        old = read(file)
        new = updated(old)
        file.write_bytes(written(new))
        empty = sum(not message.string for message in new if message.id)
        dropped = sum(message.id not in new for message in old if message.id)
        print(f"{file.name}: {len(new)} messages, {empty} without a translation, {dropped} dropped")


if __name__ == "__main__":
    main()
