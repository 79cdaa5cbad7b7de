"""Members are trained, weighed on dev and judged on test; the card says what each gave."""

import numpy as np

from models import cards
from models.text import training
from models.text.abstention import AbstentionRule
from models.text.evaluation import Rows


def test_the_card_holds_every_member_and_the_whole(shipped):
    card = cards.card("tiny")
    assert [row["name"] for row in card.tried] == ["linear", "wide", "encoder", "all members together"]
    assert card.splits == {"train": 144, "dev": 48, "test": 48}
    assert card.metrics["per_language"].keys() == {"en", "fr"}
    assert card.metrics["macro_f1"] > 0.9
    assert card.training["command"] == "python -m models train tiny"


def test_weights_on_dev_favour_the_member_that_is_right():
    random = np.random.default_rng(0)
    y = random.integers(2, size=400)
    good = np.where(np.eye(2)[y] > 0, 1.0, -1.0) + random.normal(0, 1, (400, 2))
    noise = random.normal(0, 1, (400, 2))
    found = Rows(np.array([""] * 400, dtype=object), y, np.array([None] * 400, dtype=object))
    right, wrong = training.ensemble_weights([good, noise], found)
    assert right > 5 * wrong >= 0


def test_a_language_without_a_class_is_never_given_it(rows, recipe):
    short = rows().query("not (language == 'fr' and label == 'positive' and split == 'train')")
    made = recipe("masked", masked=True, corpus=lambda where: training.Corpus(short, ()))
    assert training.config_for(made, made.corpus(None), ()).allowed == {"fr": ("negative",)}


def test_what_is_out_of_scope_is_told_by_a_rule_found_on_dev(rows, recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(cards, "SHIPPED", tmp_path)
    odd = rows(80, seed=3).assign(label="oos", text=[f"zebra quartz {i} violin" for i in range(80)])
    both = training.pd.concat([rows(), odd], ignore_index=True).assign(language=None)
    made = recipe("scope", task="intent", corpus=lambda where: training.Corpus(both, ()),
                  abstention=AbstentionRule(outside="oos"), refit=True)  # fmt: skip
    training.make(made, root=tmp_path, say=lambda line: None)
    card = cards.card("scope")
    assert len(card.config["doubts"]["rule"]) == 3
    assert card.metrics["in_scope_accuracy"] > 0.9
    assert card.metrics["out_of_scope_recall"] > 0.9


def test_a_training_broken_off_goes_on_where_it_was(recipe, tmp_path):
    lines = []
    training.make(recipe(), root=tmp_path / "a", say=lines.append, working=tmp_path / "w")
    again = []
    training.make(recipe(), root=tmp_path / "b", say=again.append, working=tmp_path / "w")
    one, other = (tmp_path / name / "tiny" / cards.WEIGHTS for name in "ab")
    assert one.read_bytes() == other.read_bytes()
