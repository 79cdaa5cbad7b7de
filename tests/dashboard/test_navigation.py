"""Every page is in the only list of pages, short, and opens with its question."""

import ast
from pathlib import Path

import pytest

from dashboard import navigation

FILES = sorted((navigation.ROOT / "pages").glob("*.py"))


def test_the_list_names_every_page_and_each_once():
    names = [entry.name for entry in navigation.PAGES]
    assert sorted(names) == [file.stem for file in FILES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_page_is_short_and_opens_with_its_question(file: Path):
    text = file.read_text("utf-8")
    assert len(text.splitlines()) < 100
    assert ast.get_docstring(ast.parse(text)).endswith("?")
    assert file.stem.isidentifier()


def test_a_page_is_found_by_its_name():
    assert navigation.file("market") == navigation.ROOT / "pages" / "market.py"
    with pytest.raises(StopIteration):
        navigation.file("nowhere")


def test_pages_and_titles_have_icons_of_streamlit():
    assert all(entry.icon.startswith(":material/") for entry in navigation.PAGES)
