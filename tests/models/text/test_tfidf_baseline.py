"""The scikit-learn row: a model a language, the better setting on dev, nothing for a language without rows."""

import numpy as np
import pytest

from models.errors import ModelError
from models.text import tfidf_baseline, training
from models.text.evaluation import Rows


@pytest.fixture
def tiny(rows, recipe, monkeypatch):
    made = recipe("topic", corpus=lambda where: training.Corpus(rows(), ()))
    monkeypatch.setitem(tfidf_baseline.RECIPES, "topic", made)


def test_the_row_says_what_the_table_of_a_card_needs(tiny):
    found = tfidf_baseline.row("topic")
    assert found.keys() == {"name", "macro_f1", "accuracy", "parameters", "dev", "seconds"}
    assert found["macro_f1"] > 0.9
    assert found["parameters"] > 100


def test_the_setting_that_is_better_on_dev_is_kept(tiny, monkeypatch):
    fitted = tfidf_baseline.fitted

    def worse(train, others, penalty, weights):
        found, size = fitted(train, others, penalty, weights)
        return [1 - labels for labels in found] if penalty == 3 else found, size

    monkeypatch.setattr(tfidf_baseline, "fitted", worse)
    found = tfidf_baseline.row("topic")
    assert found["name"].endswith("C 30")
    assert found["dev"] > 0.9


def test_a_language_without_rows_to_learn_from_gets_no_label():
    def of(language, texts):
        return Rows(np.array(texts, dtype=object), np.arange(len(texts)) % 2, np.array([language] * len(texts), object))

    train = of("en", ["good fine", "bad poor"] * 5)
    (english, french), _ = tfidf_baseline.fitted(
        train, (of("en", ["good", "bad"]), of("fr", ["bon", "mal"])), 30.0, None
    )
    assert english.tolist() == [0, 1]
    assert french.tolist() == [2, 2]


def test_a_name_that_is_no_such_task_is_refused(capsys):
    with pytest.raises(ModelError, match="sentiment or topic"):
        tfidf_baseline.row("nuclei")
    assert tfidf_baseline.main(["nuclei"]) == 1
    assert "tfidf:" in capsys.readouterr().err


def test_the_command_prints_the_row(tiny, capsys):
    assert tfidf_baseline.main(["topic"]) == 0
    assert "macro_f1 " in capsys.readouterr().out
