"""Files of labelled rows are found, and read with the columns that are needed, or refused by name."""

import pandas as pd
import pytest

from models import corpora
from models.errors import ModelError


def test_a_folder_that_is_given_goes_before_the_environment_and_what_lies_beside(tmp_path, monkeypatch):
    named, beside = tmp_path / "named", tmp_path / "beside"
    named.mkdir()
    beside.mkdir()
    monkeypatch.setenv("SOME_DATA", str(named))
    assert corpora.folder(tmp_path, "SOME_DATA", beside, ("a.parquet",)) == tmp_path
    assert corpora.folder(None, "SOME_DATA", beside, ("a.parquet",)) == named
    monkeypatch.delenv("SOME_DATA")
    assert corpora.folder(None, "SOME_DATA", beside, ("a.parquet",)) == beside


def test_a_missing_folder_is_told_with_what_belongs_there(tmp_path):
    with pytest.raises(ModelError, match=r"a\.parquet, b\.parquet with --data-dir or SOME_DATA"):
        corpora.folder(None, "SOME_DATA", tmp_path / "none", ("a.parquet", "b.parquet"))


def test_only_the_columns_asked_for_are_read_and_a_missing_one_is_named(tmp_path):
    pd.DataFrame({"text": ["a"], "label": ["b"], "other": [1]}).to_parquet(tmp_path / "a.parquet")
    assert list(corpora.read(tmp_path / "a.parquet", ("label", "text"))) == ["label", "text"]
    with pytest.raises(ModelError, match="lacks the columns split; it has text, label, other"):
        corpora.read(tmp_path / "a.parquet", ("text", "split"))
