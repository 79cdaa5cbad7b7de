"""Rows to adapt to: our own example, a sample the model did not learn from, general rows of the other languages."""

import pandas as pd
import pytest

from models.errors import ModelError
from models.text import adapter_checks, adapter_rows

LABELS = ("negative", "neutral", "positive")


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """Shared texts of three languages, one of them with too few rows."""
    counts = {"sw": (300, 120, 60), "ha": (80, 70, 30), "ja": (10, 2, 1)}
    rows = [
        ("afrisenti", language, split, f"{language} {split} {place}", LABELS[place % 3])
        for language, sizes in counts.items()
        for split, size in zip(("train", "dev", "test"), sizes, strict=True)
        for place in range(size)
    ]
    table = pd.DataFrame(rows, columns=["source", "language", "split", "text", "label"])
    table.to_parquet(tmp_path / "sentiment.parquet")
    monkeypatch.setenv("ATLAS_TEXT_DATA", str(tmp_path))
    return table


def test_the_example_passes_every_check():
    market = adapter_rows.example()
    found = adapter_checks.check(market.rows, LABELS, adapter_rows.EXAMPLE_LANGUAGE)
    assert found.findings == ()
    assert set(found.balance.values()) == {24}
    assert market.source.rows == len(market.rows) == 72


def test_a_sample_has_no_row_the_model_learned_from_and_is_judged_on_test_rows(shared):
    rows = adapter_rows.shared("sw").rows
    assert not rows["text"].str.contains("train").any()
    assert rows.loc[rows["split"] == "test", "text"].str.contains("test").all()
    assert rows.loc[rows["split"] != "test", "text"].str.contains("dev").all()
    assert rows["split"].value_counts().to_dict() == {"train": 96, "test": 60, "dev": 24}
    source = adapter_rows.shared("sw").source
    assert (source.name, source.licence, source.rows) == ("AfriSenti", "CC BY 4.0", 180)


def test_only_languages_with_rows_enough_are_offered(shared):
    assert adapter_rows.languages() == ("ha", "sw")


def test_general_rows_are_of_the_other_languages_and_as_many_each(shared):
    rows = adapter_rows.general("sw-KE")
    assert set(rows["language"]) == {"ha", "ja"}
    assert rows.groupby(["language", "split"]).size().to_dict() == {
        ("ha", "test"): 30,
        ("ha", "train"): 40,
        ("ja", "test"): 1,
        ("ja", "train"): 10,
    }


def test_what_the_general_test_holds_is_known(shared):
    assert adapter_rows.seen() == set(shared.loc[shared["split"] == "test", "text"])


def test_without_the_shared_texts_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("ATLAS_TEXT_DATA", str(tmp_path / "none"))
    for ask in (adapter_rows.languages, adapter_rows.seen, lambda: adapter_rows.general("sw")):
        with pytest.raises(ModelError, match="no data to train on"):
            ask()
