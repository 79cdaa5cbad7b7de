"""AutoML goes on where it ended and says what was best."""

from dataclasses import asdict, replace

import pytest

from models import cards, tensors
from models.errors import ModelError
from models.text import automl
from models.text.encoder import Encoder


@pytest.fixture
def searched(shipped, recipe, monkeypatch):
    monkeypatch.setattr(automl, "RECIPES", {"tiny": recipe()})
    monkeypatch.setattr(automl, "FAMILIES", ("linear", "bag"))
    return shipped


def test_a_second_call_goes_on_with_the_study_of_the_first(searched, tmp_path):
    file = tmp_path / "study.sqlite3"
    first, second = (automl.run("tiny", 10, file, trials=2) for _ in range(2))
    assert "2 trials (2 of them now)" in first
    assert "4 trials (2 of them now)" in second
    best = [float(text.splitlines()[1].split()[0]) for text in (first, second)]
    assert best[1] >= best[0]


def test_networks_that_read_tokens_are_searched_where_there_is_what_they_start_from(
    searched, tokenizer, shapes, monkeypatch, tmp_path
):
    monkeypatch.setattr(automl, "TOKENISED", "tiny")
    monkeypatch.setattr(automl, "SHAPE", shapes)
    monkeypatch.setattr(automl, "FAMILIES", ("lstm", "encoder"))
    said = automl.run("tiny", 10, tmp_path / "study.sqlite3", trials=1)
    assert "1 whole" in said and "family lstm" in said
    assert "Without the family encoder" in said

    monkeypatch.setattr(automl, "FAMILIES", ("encoder",))
    card = replace(cards.card("tiny"), name="encoder", config={"shape": asdict(shapes)})
    tensors.save(card, Encoder(shapes).state_dict(), {"tokenizer.json": tokenizer.to_str().encode()}, packed=False)
    said = automl.run("tiny", 10, tmp_path / "study.sqlite3", trials=1)
    assert "1 whole" in said and "family encoder" in said
    assert "Without" not in said


def test_a_budget_too_short_for_one_trial_says_so(searched, tmp_path):
    assert "No trial came to its end" in automl.run("tiny", 1e-6, tmp_path / "study.sqlite3")


def test_a_task_without_a_recipe_or_a_budget_of_nothing_is_refused(searched):
    with pytest.raises(ModelError, match="no recipe 'chess'"):
        automl.run("chess", 1)
    with pytest.raises(ValueError, match="minutes > 0"):
        automl.run("tiny", 0)
