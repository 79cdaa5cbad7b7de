"""What is written of the house is what stands there: packages, the README's tree, variables, sizes of files."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from dashboard import navigation

ROOT = Path(__file__).parents[2]
PACKAGES = ("analytics", "dashboard", "data", "models", "pages")
README = (ROOT / "README.md").read_text("utf-8")
MAX_LINES, MAX_PAGE = 500, 80
LONGER = {
    "data/reference/build.py",  # facts, and what fetches them
    "data/reference/hand.py",
}
FOLDERS = {"data": "datasets"}
"""`dashboard/data` would hide our own package: Streamlit puts dashboard/ first on the path."""


@cache
def there() -> set[str]:
    """Every path of the repository by each of its ends: docs/commands.md is also commands.md."""
    tops = [path for path in ROOT.iterdir() if not path.name.startswith(".")]
    paths = [path.relative_to(ROOT).parts for top in tops for path in (top, *top.rglob("*"))]
    return {"/".join(parts[begin:]) for parts in paths for begin in range(len(parts))}


def tree() -> str:
    return README.split("## The tree")[1].split("```")[1]


def named() -> list[str]:
    """Folders and files that the tree names; x stands for any page."""
    found = set(re.findall(r"(?<![\w*./-])[\w./]+(?:/|\.py|\.toml)(?![\w*])", tree()))
    return sorted(name for name in found if not re.search(r"\bx\b", name))


def code() -> list[Path]:
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def test_the_packages_that_are_installed_are_those_that_are_there():
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"])
    present = {".".join(file.parent.relative_to(ROOT).parts) for file in code() if file.name == "__init__.py"}
    assert listed == present


@pytest.mark.parametrize("name", named())
def test_what_the_tree_of_the_readme_names_is_there(name):
    assert name.rstrip("/") in there()


def test_every_room_is_in_the_tree_of_the_readme():
    rooms = [path for package in PACKAGES for path in (ROOT / package).iterdir() if (path / "__init__.py").exists()]
    assert [str(room.relative_to(ROOT)) for room in rooms if f"{room.name}/" not in tree()] == []


def test_every_page_has_its_folder_and_no_page_is_long():
    for entry in navigation.PAGES:
        drawn = entry.file.read_text("utf-8")
        assert len(drawn.splitlines()) <= MAX_PAGE, entry.name
        folder = FOLDERS.get(entry.name, entry.name)
        assert (ROOT / "dashboard" / folder / "__init__.py").exists() or entry.name == "overview"


def test_no_file_is_longer_than_one_reads():
    long = {str(file.relative_to(ROOT)) for file in code() if len(file.read_text("utf-8").splitlines()) > MAX_LINES}
    assert long == LONGER


def test_every_variable_is_documented_and_every_documented_one_is_read():
    pattern = re.compile(r"\bATLAS_[A-Z_]+[A-Z]\b")
    read = {name for file in code() for name in pattern.findall(file.read_text("utf-8"))}
    documents = [README, *(file.read_text("utf-8") for file in (ROOT / "docs").glob("*.md"))]
    documented = {name for text in documents for name in pattern.findall(text)}
    assert read == documented


def test_a_test_of_the_dashboard_lies_where_what_it_tests_does():
    folders = {path.name for path in (ROOT / "tests" / "dashboard").iterdir() if path.is_dir()} - {"__pycache__"}
    assert [folder for folder in folders if not (ROOT / "dashboard" / folder).is_dir()] == []
