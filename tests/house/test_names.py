"""A name says what a thing is: no public parameter is called after how it came about."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EMPTY = {"found", "known", "said", "told"}
"""Words that do not tell a frame from a fit."""
OLD = ("FEWEST_", "LARGEST_", "LEAST_", "LONGEST_", "MOST_", "SMALLEST_")
"""How limits are not called: MAX_ and MIN_ are."""
PACKAGES = ("analytics", "dashboard", "data", "models")


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_public_parameter_is_a_word_without_content(package):
    wrong = [
        f"{file.relative_to(ROOT)}: {node.name}({argument.arg})"
        for file in files(package)
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        if argument.arg in EMPTY
    ]
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_limits_are_called_max_and_min(package):
    wrong = [
        f"{file.relative_to(ROOT)}: {name.id}"
        for file in files(package)
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name) and f"{name.id}_".startswith(OLD)
    ]
    assert wrong == []
