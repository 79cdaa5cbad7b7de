"""Clauses in many scripts, and what is claimed of a text from how each of them is read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text import clauses, pipeline
from models.text.classifier import Answer

HOSPITAL = "We waited two hours at the hospital, but the doctor was wonderful and explained everything"


def reads(texts, codes) -> list[Answer]:
    """Stands in for a sentiment model: sure where one of its words is there, neutral elsewhere."""
    words_of = {"waited": "negative", "cold": "negative", "wonderful": "positive", "kind": "positive"}
    found = [next((sign for word, sign in words_of.items() if word in text), "neutral") for text in texts]
    return [Answer(sign, {sign: 0.9, "other": 0.1}, sign != "neutral" or "maybe" not in text, "") for sign, text in
            zip(found, texts, strict=True)]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", HOSPITAL, [
            "We waited two hours at the hospital,", "but the doctor was wonderful and explained everything"]),
        ("en", "The food was cold but the staff was kind.", ["The food was cold", "but the staff was kind."]),
        ("en", "Yes, it cost 1,000 dollars.", ["Yes, it cost 1,000 dollars."]),
        ("en", "Nothing but praise for them.", ["Nothing but praise for them."]),
        ("en", "Good. Bad!", ["Good.", "Bad!"]),
        ("eng_Latn", "Slow although kind", ["Slow", "although kind"]),
        (None, "The food was cold but kind", ["The food was cold but kind"]),
        ("es", "Esperé tres horas, pero el médico fue amable.", ["Esperé tres horas,", "pero el médico fue amable."]),
        ("sw", "Chakula kilikuwa kibaya lakini wahudumu ni wema", [
            "Chakula kilikuwa kibaya", "lakini wahudumu ni wema"]),
        ("zh", "等了两个小时，但是医生很好。", ["等了两个小时，", "但是医生很好。"]),
        ("zh-Hant", "醫生很好可是等太久", ["醫生很好", "可是等太久"]),
        ("zh", "这里不但便宜而且好吃", ["这里不但便宜而且好吃"]),
        ("th", "อาหารอร่อยมาก แต่บริการช้ามาก", ["อาหารอร่อยมาก", "แต่บริการช้ามาก"]),
        ("th", "ที่นี่ดีตั้งแต่วันแรก", ["ที่นี่ดีตั้งแต่วันแรก"]),
        ("hi", "हमने दो घंटे इंतज़ार किया लेकिन डॉक्टर बहुत अच्छे थे।", [
            "हमने दो घंटे इंतज़ार किया", "लेकिन डॉक्टर बहुत अच्छे थे।"]),
        ("ar", "الطعام بارد لكن الخدمة ممتازة", ["الطعام بارد", "لكن الخدمة ممتازة"]),
        ("am", "ምግቡ ቀዝቃዛ ነበር፣ ግን አገልግሎቱ ጥሩ ነው።", ["ምግቡ ቀዝቃዛ ነበር፣", "ግን አገልግሎቱ ጥሩ ነው።"]),
        ("ja", "料理は美味しかったけど店員は冷たかった。", ["料理は美味しかった", "けど店員は冷たかった。"]),
        ("ko", "음식은 좋았지만 서비스가 느렸다", ["음식은 좋았지만", "서비스가 느렸다"]),
        ("my", "အစားအသောက်ကောင်းတယ်။ဝန်ဆောင်မှုနှေးတယ်။", ["အစားအသောက်ကောင်းတယ်။", "ဝန်ဆောင်မှုနှေးတယ်။"]),
        ("km", "ម្ហូបឆ្ងាញ់ ប៉ុន្តែសេវាកម្មយឺត។", ["ម្ហូបឆ្ងាញ់", "ប៉ុន្តែសេវាកម្មយឺត។"]),
        ("en", "", []),
        ("en", " ... !", ["... !"]),
    ],
)  # fmt: skip
def test_a_text_is_cut_at_its_clauses(language, text, found):
    assert clauses.clauses(text, language) == found


@given(st.text(max_size=200), st.sampled_from([None, "en", "zh", "th", "ja", "ar"]))
def test_clauses_together_have_every_word_of_the_text(text, language):
    found = clauses.clauses(text, language)
    assert len(found) <= clauses.MAX_CLAUSES
    assert letters(" ".join(found)) == letters(unicodedata.normalize("NFC", text))


def letters(text: str) -> list[str]:
    return [character for character in text if character.isalnum()]


def test_a_long_text_is_cut_at_its_sentences():
    found = clauses.clauses("It was warm, and it was dry. " * 100, "en")
    assert len(found) == clauses.MAX_CLAUSES
    assert found[0] == "It was warm, and it was dry."
    assert len(found[-1]) > 1_000


def test_every_list_has_its_language_once_and_its_words_are_found():
    tables = clauses._tables()
    for language, listed in tables["begins"].items():
        for word in listed.split():
            word = word.replace("_", " ")
            text = f"xx {word} yy"
            assert clauses._contrasts(text, language) == {3}, (language, word)


def test_the_mixed_sentence_of_a_customer_is_positive_and_negative():
    [read] = clauses.opposed([HOSPITAL], ["en"], reads)
    assert [one.sign for one in read] == ["negative", "positive"]


@pytest.mark.parametrize(
    "text",
    ["The doctor was wonderful", "We waited, and the food was cold", "It is maybe so, but they were kind", "", "!"],
)
def test_nothing_is_claimed_without_both_signs(text):
    assert clauses.opposed([text], ["en"], reads) == [()]


@pytest.mark.parametrize(
    ("text", "share", "mixed"),
    [
        ("The food was cold, but the staff was kind", 0.6, True),
        ("Although the food was cold, the staff was kind", 0.6, True),
        ("The food was cold, the staff was kind", 0.6, False),
        ("The food was cold, the staff was kind", 0.9, True),
        ("The food was cold, it was Monday, but the staff was kind", 0.6, False),
    ],
)
def test_signs_that_no_word_sets_against_each_other_must_be_clearer(text, share, mixed):
    def less(texts, codes):
        return [Answer(one.label, {one.label: share, "other": 1 - share}, one.sure) for one in reads(texts, codes)]

    assert bool(clauses.opposed([text], ["en"], less)[0]) == mixed


def test_texts_of_one_clause_are_not_asked_about():
    asked = []

    def counts(texts, codes):
        asked.append((list(texts), list(codes)))
        return reads(texts, codes)

    assert clauses.opposed(["kind", "cold"], ["en", None], counts) == [(), ()]
    assert not asked
    clauses.opposed(["kind", HOSPITAL], [None, "en"], counts)
    assert [codes for _texts, codes in asked] == [["en", "en"]]


def test_the_pipeline_tells_the_clauses_of_mixed_texts_and_of_no_others():
    def ask(model, texts, codes):
        return (
            reads(texts, codes) if model == "sentiment" else [Answer("eng_Latn", {"eng_Latn": 1.0}, True)] * len(texts)
        )

    found = pipeline.answer(("language", "sentiment"), [HOSPITAL, "They were kind"], ["", ""], ask, ("en",))
    assert [[one.sign for one in result.clauses] for result in found] == [["negative", "positive"], []]
    assert not pipeline.answer(("language",), [HOSPITAL], [""], ask, ("en",))[0].clauses
