"""Hashed n-grams: the same for a text alone and among others, and counted right."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from models.text import ngrams
from models.text.ngrams import Grams

PLAIN = Grams(longest=3, words=2, bits=18)


def alone(
    text: str, grams: Grams = PLAIN, language: int = -1, known: ngrams.Frequencies | None = None
) -> dict[int, float]:
    found = ngrams.bags([text], grams, [language], known)
    return dict(zip(found.buckets.tolist(), found.weights.tolist(), strict=True))


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_a_text_has_the_same_bag_alone_and_among_others(texts):
    found = ngrams.bags(texts, PLAIN)
    ends = [*found.offsets[1:], len(found.buckets)]
    for text, start, end in zip(texts, found.offsets, ends, strict=True):
        assert alone(text) == dict(
            zip(found.buckets[start:end].tolist(), found.weights[start:end].tolist(), strict=True)
        )


@given(st.text(max_size=60))
def test_a_bag_has_unit_length(text):
    assert np.square(list(alone(text).values())).sum() == pytest.approx(1, abs=1e-5)


def test_case_and_runs_of_white_space_do_not_matter():
    assert alone("Good  Day\n") == alone("good day")


def test_control_characters_and_null_bytes_count_as_white_space():
    assert alone("good\x00day") == alone("good day")


def test_how_many_different_n_grams_a_word_has():
    """Of ' ab ': space, a, b; the pairs ' a', 'ab', 'b '; the triples ' ab', 'ab '; one word and no pair of words."""
    assert len(alone("ab")) == 3 + 3 + 2 + 1


def test_a_known_language_adds_a_copy_of_every_n_gram_and_an_unknown_one_none():
    scoped = Grams(longest=3, bits=18, scoped=True)
    shared, own = alone("ab", scoped), alone("ab", scoped, 3)
    assert len(own) == 2 * len(shared)
    assert set(shared) < set(own)
    assert set(own) & set(alone("ab", scoped, 4)) == set(shared)


def test_a_word_and_the_same_letters_as_an_n_gram_are_kept_apart():
    assert len(alone("a")) == len(alone("a", Grams(longest=3, words=0, bits=18))) + 1


def test_a_word_has_n_grams_in_common_with_itself_in_another_script_when_both_are_read_in_latin_letters():
    latin = Grams(longest=4, bits=18, latin=True)
    shared = set(alone("москва", latin)) & set(alone("moskva", latin))
    assert set(alone("moskva", latin)) <= shared
    assert not set(alone("москва", Grams(longest=4, bits=18))) & set(alone("moskva")) - set(alone(" "))


def test_a_text_in_latin_letters_reads_the_same_with_and_without_its_latin_form():
    assert alone("a café in Zürich", Grams(longest=3, bits=18, latin=True)) == alone("a café in Zürich")


@given(st.text(max_size=40), st.integers(-1, 5), st.booleans())
def test_a_traced_bag_accounts_for_every_n_gram(text, language, latin):
    grams = Grams(longest=4, words=2, bits=16, scoped=True, latin=latin)
    bag, place, starts, ends = ngrams.traced(text, grams, language)
    expected = ngrams.bags([text], grams, [language])
    assert bag.buckets.tolist() == expected.buckets.tolist()
    assert set(place) == set(range(len(bag.buckets)))
    assert (starts < ends).all()
    assert ends.max() <= len(ngrams.clean(text)) + 1


def test_no_text_is_too_empty():
    assert len(ngrams.bags(["", " "], PLAIN).offsets) == 2


TEXTS = ["the red cat", "the red dog", "the blue dog", "the dog"] * 15


def test_an_n_gram_weighs_as_its_inverse_document_frequency_says():
    """Smoothed as in scikit-learn's TfidfVectorizer: ln((1 + n) / (1 + df)) + 1."""
    grams = Grams(longest=1, words=1, bits=18, idf=True)
    known = ngrams.frequencies(TEXTS, grams, np.zeros(len(TEXTS), dtype=int), 1)
    weight = alone("cat dog the", grams, 0, known)
    words = {word: only(word, grams, weight) for word in ("cat", "dog", "the")}
    fitted = TfidfVectorizer(norm=None).fit(TEXTS)
    expected = dict(zip(fitted.get_feature_names_out(), fitted.idf_, strict=True))
    for word, value in words.items():
        assert value / words["the"] == pytest.approx(expected[word] / expected["the"], rel=0.03), word


def only(word: str, grams: Grams, weight: dict[int, float]) -> float:
    """The weight of a word itself: of the bucket that its letters do not have."""
    (bucket,) = set(alone(word, grams)) - set(alone(word, replace(grams, words=0)))
    return weight[bucket]


def test_how_rare_an_n_gram_is_depends_on_the_language():
    grams = Grams(longest=1, words=1, bits=18, idf=True)
    languages = np.array([0] * 60 + [1] * 60)
    known = ngrams.frequencies(["x yes", *["x no"] * 59] + ["x yes"] * 60, grams, languages, 2)
    bags = [alone("x yes", grams, number, known) for number in (0, 1)]
    rare, common = (only("yes", grams, bag) / only("x", grams, bag) for bag in bags)
    assert rare > 2 * common


def test_a_language_with_few_texts_takes_rarity_from_all():
    grams = Grams(longest=1, words=1, bits=18, idf=True)
    languages = np.array([0] * 60 + [1] * (ngrams.FEW - 1))
    known = ngrams.frequencies(["x yes"] * 60 + ["x yes"] * (ngrams.FEW - 1), grams, languages, 2)
    assert alone("x yes", grams, 1, known) == alone("x yes", grams, -1, known)


@given(st.text(max_size=40), st.integers(-1, 1))
def test_a_traced_bag_weighs_its_n_grams_as_a_plain_one(text, language):
    grams = Grams(longest=3, bits=16, scoped=True, idf=True)
    known = ngrams.frequencies(TEXTS, grams, np.zeros(len(TEXTS), dtype=int), 2)
    traced = ngrams.traced(text, grams, language, known)[0]
    assert traced.weights.tolist() == ngrams.bags([text], grams, [language], known).weights.tolist()
