"""Hashed n-grams: the same for a text alone and among others, and counted right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text import ngrams
from models.text.ngrams import Grams

PLAIN = Grams(longest=3, words=2, bits=18)


def alone(text: str, grams: Grams = PLAIN, language: int = -1) -> dict[int, float]:
    found = ngrams.bags([text], grams, [language])
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
