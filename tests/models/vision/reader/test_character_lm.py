"""Character n-grams: shares add up to one, digits are alike, what was seen is likelier."""

import math

import pytest

from models.vision.reader.character_lm import END, START, CharacterLM

LINES = ["12.50", "7.25", "103.99", "1,250.00"] * 20


@pytest.fixture(scope="module")
def spelling():
    return CharacterLM.learnt(LINES)


def test_the_characters_that_may_follow_share_no_more_than_one(spelling):
    for history in (START, START + "0", "0.", "zz"):
        total = sum(math.exp(spelling.after(history, char)) for char in "0123456789.," + END)
        assert 0.5 < total <= 1.001


def test_every_digit_is_as_likely_as_any_other(spelling):
    assert spelling.after(START, "1") == spelling.after(START, "8")


def test_what_was_seen_is_likelier_than_what_was_not(spelling):
    assert spelling.after(START + "00", ".") > spelling.after(START + "00", ";")
    assert spelling.after("0.00", END) > spelling.after("0.00", "5")


def test_arabic_and_persian_digits_are_one_system():
    spelling = CharacterLM.learnt(["١٢٬٥٠٠", "۴٬٧۵٠"] * 10)
    assert spelling.after(START, "۴") == spelling.after(START, "١") > spelling.after(START, "4")


def test_it_comes_back_from_bytes_unchanged(spelling):
    again = CharacterLM.from_bytes(spelling.to_bytes())
    assert again.to_bytes() == spelling.to_bytes()
    assert again.after(START + "0", ".") == spelling.after(START + "0", ".")


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a": 1}', b"\xff"])
def test_what_is_no_table_of_counts_is_refused(content):
    with pytest.raises(ValueError):
        CharacterLM.from_bytes(content)


def test_nothing_learnt_gives_every_character_a_floor():
    assert CharacterLM.learnt([]).after(START, "1") > -30
