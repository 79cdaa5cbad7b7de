"""Every test has its own store: built once from the embedded facts, then copied."""

import shutil
from pathlib import Path

import pytest

from data import store


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The folder of a store that holds the embedded facts only. Not to be written to."""
    home = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLAS_HOME", str(home))
        assert store.ensure() == "built"
    return home


@pytest.fixture
def home(built, tmp_path, monkeypatch) -> Path:
    """This test's own folder, with a store of the embedded facts."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copyfile(built / "atlas.duckdb", folder / "atlas.duckdb")
    monkeypatch.setenv("ATLAS_HOME", str(folder))
    return folder


@pytest.fixture
def empty_home(tmp_path, monkeypatch) -> Path:
    """This test's own folder, with no store in it yet."""
    folder = tmp_path / "empty"
    monkeypatch.setenv("ATLAS_HOME", str(folder))
    return folder
