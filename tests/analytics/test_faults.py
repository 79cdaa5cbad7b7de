"""What analytics refuses is data: a template that stands in the code, and a value for each of its places."""

import ast
import pickle
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.allocation.infeasibility import Conflict, Infeasible, Need
from analytics.allocation.limits import Limit
from analytics.json_documents import DocumentError, read
from analytics.potential.panel import PotentialError, own_outcome
from data.faults import Fault, listed

ROOT = Path(__file__).parents[2] / "analytics"
TREES = {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text("utf-8")) for file in sorted(ROOT.rglob("*.py"))}


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def faults() -> set[str]:
    """Names of the classes that are Faults, directly or through another."""
    found, before = {"Fault"}, 0
    while len(found) > before:
        before = len(found)
        for tree in TREES.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and found & {name_of(base) for base in node.bases}:
                    found.add(node.name)
    return found


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every place where a Fault is made with a template: by its class, or in the __init__ that a class of ours has."""
    kinds = faults()
    nodes = [(file, node) for file, tree in TREES.items() for node in ast.walk(tree)]
    own = {
        node.name: (file, part)
        for file, node in nodes
        if isinstance(node, ast.ClassDef) and node.name in kinds
        for part in node.body
        if isinstance(part, ast.FunctionDef) and part.name == "__init__"
    }
    made = [
        (file, node) for file, node in nodes if isinstance(node, ast.Call) and name_of(node.func) in kinds - set(own)
    ]
    made += [
        (file, node)
        for file, method in own.values()
        for node in ast.walk(method)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"
    ]
    return ((f"{file}:{node.lineno}", node) for file, node in made)


def test_every_template_is_literal_and_each_of_its_places_has_a_value():
    wrong, count = [], 0
    for place, call in calls():
        count += 1
        first = call.args[0] if call.args else None
        if len(call.args) != 1 or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            wrong.append(f"{place}: {ast.unparse(call)}")
            continue
        places = {name for _, name, _, _ in string.Formatter().parse(first.value) if name is not None}
        if places != {keyword.arg for keyword in call.keywords}:
            wrong.append(f"{place}: {sorted(places)}")
    assert wrong == []
    assert count > 80


def test_every_error_class_of_analytics_is_a_fault():
    ends = ("Error", "Ranked", "Candidates", "Indicators", "Infeasible", "OutOfTime")
    classes = {node.name for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert {name for name in classes if name.endswith(ends)} - faults() == set()


def test_faults_of_a_list_are_each_told_by_themselves():
    import pandas as pd

    rows = pd.DataFrame({"iso3": ["DEU", "DEU", "XXX"], "value": ["1", "2", "x"]})
    with pytest.raises(PotentialError) as caught:
        own_outcome(rows, ["DEU"])
    assert str(caught.value) == (
        "The outcome cannot be used: unknown markets: XXX; use three-letter ISO codes such as DEU; two rows of DEU; "
        "keep one row a market; no number for XXX; give a value or leave the row out."
    )
    last = caught.value.values["faults"].values["after"]
    assert last == Fault("no number for {markets}; give a value or leave the row out", markets="XXX")
    assert listed([last]) is last


def test_a_reason_within_json_is_a_fault_too():
    with pytest.raises(DocumentError) as caught:
        read('{"version": 1, "version": 1}', "scenario.schema.json", "scenario")
    assert str(caught.value) == (
        "The scenario is not valid JSON: 'version' is given twice in one place. Export it again."
    )
    assert caught.value.values["error"] == DocumentError("{key} is given twice in one place", key="'version'")


def test_a_refusal_of_a_plan_crosses_processes_with_its_limits():
    need = Need((Limit("lock", "DEU", people=3),), 350_000.0, "USD", Limit("budget"), 200_000.0)
    refusal = Infeasible((Conflict((*need.others, need.cap), (2026, 2027), need),), ())
    again = pickle.loads(pickle.dumps(refusal))
    assert again == refusal
    assert again.conflicts[0].need.cap == Limit("budget")
    assert str(again) == (
        "No plan keeps all limits; 1 conflict:\n"
        "- 2026-2027: lock DEU people=3 needs 350,000 USD; budget allows 200,000."
    )
