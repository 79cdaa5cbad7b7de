"""Texts become XLM-R's tokens, window by window; each token knows its place in the text."""

import pytest

from models.text.base import packed, tokens
from tests.encoders import packed_file


@pytest.fixture
def reader():
    found = packed.read(packed_file())
    return tokens.Reader(tokens.of_pieces(found.pieces, found.unknown), found.normal, longest=12)


def words(reader, row) -> list[str]:
    return [reader.tokenizer.id_to_token(number) for number in row]


def test_the_prefix_stands_before_a_text(reader):
    (window,) = reader.windows(["the day"])[0]
    assert words(reader, window) == ["<s>", "▁query", ":", "▁the", "▁day", "</s>"]


def test_runs_of_spaces_and_what_the_normaliser_changes_are_read_as_one(reader):
    assert reader.windows(["the  \t day😀"]) == reader.windows(["the day"])
    assert "f" in words(reader, reader.windows(["ﬁ"])[0][0])


def test_a_long_text_is_read_in_windows_and_nothing_is_left_out(reader):
    found = reader.windows([("the day " * 40).strip()])[0]
    assert all(len(window) <= 12 and window[0] == tokens.FIRST and window[-1] == tokens.LAST for window in found)
    assert sum(len(window) - 2 for window in found) == 2 + 80
    assert reader.first([("the day " * 40).strip()], 7)[0] == [*found[0][:6], tokens.LAST]


def test_an_empty_text_has_a_window_too(reader):
    assert [len(windows) for windows in reader.windows(["", " "])] == [1, 1]


def test_tokens_know_the_place_of_their_word(reader):
    ids, starts = reader.owners("ﬁ the  day")
    named = list(zip(words(reader, ids), starts, strict=True))
    assert named[0] == ("▁query", -1)
    assert ("▁the", 4) in named
    assert ("▁day", 9) in named
    assert ("i", 0) in named
