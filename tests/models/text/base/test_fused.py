"""Our own network and the encoder answer together: weighed, explained, once for all heads; or one alone."""

import numpy as np
import pytest

from models import cards, fitness
from models.errors import TextError
from models.text import fusion
from models.text.base import answers, place, shared
from models.text.base.fused import FusedModel
from models.text.classifier import MAX_CHARACTERS
from models.text.evaluation import Rows
from models.text.load import classifier

TEXTS = ["the day was lovely", "le jour était affreux", "my car is awful"]
LANGUAGES = ["en", "fr", None]


def test_both_answer_together(fused):
    assert isinstance(fused, FusedModel)
    answer = fused.predict(["the day was good"], ["en"])[0]
    assert (answer.label, answer.sure) == ("positive", True)
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_the_sum_is_the_weighted_sum_of_both_parts(fused):
    own = classifier("tiny", "cpu", fast=True).logits(TEXTS, LANGUAGES)
    number = fused.network.numbers(LANGUAGES) + 1
    import torch

    found = (
        fused.head.logits(torch.from_numpy(fused.base.features(TEXTS))).numpy() + fused.head.language[number].numpy()
    )
    mix = fused.head.mix[number].numpy()
    np.testing.assert_allclose(fused.logits(TEXTS, LANGUAGES), mix[:, :1] * own + mix[:, 1:] * found, atol=1e-5)


def test_fast_is_our_own_network_alone(fused):
    alone = classifier("tiny", "cpu", fast=True)
    assert not isinstance(alone, FusedModel)
    assert alone.remark == ""
    assert alone.card == cards.card("tiny")


def test_what_several_heads_ask_of_a_text_is_computed_once(fused):
    other = classifier("tiny", "cpu")
    assert other.base is fused.base
    before = fused.base.counted
    fused.predict(["my lovely car"], ["en"])
    other.predict(["my lovely car"], ["fr"])
    fused.embed(["my lovely car", "my lovely car"])
    assert fused.base.counted == before + 1


def test_what_is_kept_is_bounded(fused, monkeypatch):
    monkeypatch.setattr(fused.base, "most_kept", 3)
    texts = [f"the day {number}" for number in range(8)]
    whole = fused.base.features(texts)
    assert len(fused.base._kept) == 3
    np.testing.assert_allclose(fused.base.features(texts[:2]), whole[:2], atol=1e-2)


def test_a_batch_says_what_each_text_says_alone(fused):
    texts = ["the day was good", "bad", "le jour était bon " * 20, ""]
    together = fused.base.features(texts)
    fused.base._kept.clear()
    alone = np.concatenate([fused.base.features([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-2)


def test_the_reasons_add_up_to_what_the_text_does_to_the_score_of_both(fused):
    """Completeness (Sundararajan et al. 2017): through our own network and the encoder."""
    import torch

    from models.text import attribution
    from models.text.base import gates

    text, label = "the day was lovely and my car is good", 1
    spans = attribution.words(text)
    through, _tokens = gates.through(fused.base, fused.head.logits, text, spans, label)
    both, shut = (through(torch.full((1, len(spans)), value)).item() for value in (1.0, 0.0))
    mix = fused.head.mix[fused.network.numbers(["en"])[0] + 1].tolist()
    own = classifier("tiny", "cpu", fast=True)
    alone = sum(reason.weight for reason in own.explain(text, fused.labels[label], "en"))
    found = sum(reason.weight for reason in fused.explain(text, fused.labels[label], "en"))
    assert found == pytest.approx(mix[0] * alone + mix[1] * (both - shut), abs=0.02 * max(1, abs(found)))


def test_the_encoders_score_with_every_word_let_in_is_its_score_of_the_text(fused):
    import torch

    from models.text import attribution
    from models.text.base import gates

    text = "le jour était bon"
    spans = attribution.words(text)
    through, _tokens = gates.through(fused.base, fused.head.logits, text, spans, 0)
    fused.base.computing = fused.base.plain
    whole = fused.head.logits(torch.from_numpy(fused.base.features([text])))[0, 0]
    assert through(torch.ones(1, len(spans))).item() == pytest.approx(float(whole), abs=1e-3)


def test_an_empty_text_is_not_explained(fused):
    with pytest.raises(TextError):
        fused.explain(" ")


@pytest.mark.parametrize(
    ("length", "note"), [(MAX_CHARACTERS, ""), (MAX_CHARACTERS + 1, "windowed"), (shared.MAX_CHARACTERS + 1, "cut")]
)
def test_a_long_text_is_read_in_windows_and_that_is_said(fused, length, note):
    text = ("good lovely happy " * (length // 18 + 1))[:length]
    answer = fused.predict([text], ["en"])[0]
    assert answer.note in (note, "unsure")


def test_the_vectors_have_length_one(fused):
    found = fused.embed(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert fused.embed([]).shape == (0, fused.base.width)


def test_without_the_encoder_our_own_network_answers_and_says_why(fused, monkeypatch):
    monkeypatch.setenv(place.VARIABLE, place.OFF)
    alone = classifier("tiny", "cpu")
    assert not isinstance(alone, FusedModel)
    assert "left out" in alone.remark
    np.testing.assert_allclose(alone.logits(TEXTS), classifier("tiny", "cpu", fast=True).logits(TEXTS))


def test_an_altered_file_is_named_and_our_own_network_answers(fused, installed):
    installed.write_bytes(b"E5S1 something else")
    shared._opened.cache_clear()
    alone = classifier("tiny", "cpu")
    assert not isinstance(alone, FusedModel)
    assert str(installed) in alone.remark


def test_the_card_is_that_of_who_answers(fused, monkeypatch):
    together = answers.card("tiny")
    assert together == fused.card
    assert any(source.name == place.NAME and source.licence == "MIT" for source in together.data)
    assert all("before" in entry for entry in together.metrics["per_language"].values())
    assert answers.why_alone("tiny") is None
    monkeypatch.setenv(place.VARIABLE, place.OFF)
    assert answers.card("tiny") == cards.card("tiny")
    assert "left out" in str(answers.why_alone("tiny"))


def test_who_judges_fitness_reads_the_figures_of_who_answers(fused, made, monkeypatch):
    monkeypatch.setattr(fitness, "SHIPPED", made)
    assert fitness.card("tiny")["metrics"]["per_language"] == fused.card.metrics["per_language"]
    assert fitness.fit("tiny", "en").score == fused.card.metrics["per_language"]["en"]["macro_f1"]
    monkeypatch.setenv(place.VARIABLE, place.OFF)
    assert fitness.card("tiny")["metrics"] == cards.card("tiny").metrics


def test_a_model_trained_anew_is_no_longer_weighed_with_the_encoder(fused, monkeypatch):
    found = cards.card("base").config["tasks"]["tiny"]
    assert found["own_sha256"] == cards.card("tiny").files[cards.WEIGHTS]
    monkeypatch.setattr(answers.cards, "WEIGHTS", cards.CARD)  # as if the file were another
    assert "trained anew" in str(answers.why_alone("tiny"))


def test_the_updates_are_few(fused):
    assert 0 < cards.card("base").config["share_learned"] < 1  # of a tiny encoder; of the real one see its card


def test_weights_are_drawn_to_those_of_all_languages():
    """One language's part is right where that of all is wrong, in 40 rows and in 2."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 442)
    languages = np.array(["a"] * 400 + ["b"] * 40 + ["c"] * 2, dtype=object)
    numbers = np.array([0] * 400 + [1] * 40 + [2] * 2)
    signal = np.eye(2)[y] * 3
    noise = random.normal(0, 1, signal.shape)
    first = np.where((numbers == 0)[:, None], signal, 0) + noise
    second = np.where((numbers > 0)[:, None], signal, 0) + noise[::-1]
    rows = Rows(np.array([""] * 442, dtype=object), y, languages)
    found = fusion.weights_by_language(np.stack((first, second)), rows, numbers, 4)
    assert found.shape == (5, 2)
    assert found[1, 0] > found[1, 1]
    assert found[2, 1] > found[2, 0]
    assert abs(found[3] - found[0]).sum() < abs(found[2] - found[0]).sum()
    np.testing.assert_array_equal(found[4], found[0])
    assert (found >= 0).all()
