"""Every test of the data runs in a folder whose name libraries read something into: a partition, a pattern."""

from pathlib import Path

import pytest


@pytest.fixture
def tmp_path(tmp_path) -> Path:
    """Plain folders are what all other tests run in. A question mark is left to tests of its own: DuckDB opens no
    database below one.
    """
    folder = tmp_path / "year=1999" / "value=7" / "indicator=[x]*"
    folder.mkdir(parents=True)
    return folder
