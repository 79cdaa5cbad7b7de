"""What speaks for a language before its words do: speakers by CLDR, and the letters of the text."""

import numpy as np
import pytest

from models.text import languages
from models.text.prior import MIN_SPEAKERS, Prior, speakers


def test_every_language_has_speakers_and_large_ones_many():
    found = speakers()
    assert set(found) == set(languages.FLORES)
    assert min(found.values()) == MIN_SPEAKERS
    assert found["eng_Latn"] > 1e9 and found["zho_Hans"] > 1e9
    assert found["kor_Hang"] > 7e7
    assert found["spa_Latn"] > 100 * found["ast_Latn"]


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("caf?", {"eng_Latn", "arb_Latn"}),
        ("医生很好", {"zho_Hans", "jpn_Jpan"}),
        ("iPhone 很好", {"eng_Latn", "arb_Latn", "zho_Hans", "zho_Hant", "jpn_Jpan"}),
        ("123", {"eng_Latn", "arb_Latn", "zho_Hans", "zho_Hant", "jpn_Jpan", "arb_Arab"}),
        ("\u13a3", {"eng_Latn", "arb_Latn", "zho_Hans", "zho_Hant", "jpn_Jpan", "arb_Arab"}),
    ],
)
def test_only_languages_in_the_scripts_of_a_text_are_possible(text, possible):
    labels = ("eng_Latn", "arb_Latn", "zho_Hans", "zho_Hant", "jpn_Jpan", "arb_Arab")
    weighed = Prior(labels).weighed(np.zeros((1, 6), np.float32), [text])[0]
    assert {label for label, value in zip(labels, weighed, strict=True) if np.isfinite(value)} == possible


def test_the_fewer_letters_a_text_has_the_less_its_words_count():
    labels = ("eng_Latn", "lus_Latn")
    given = np.array([[0.0, 8.0]] * 3, np.float32)
    likelier = np.diff(Prior(labels).weighed(given, ["hi", "hi there", "hi there, how are you today?"]), axis=1)[:, 0]
    assert likelier[0] < 0 < likelier[2]
    assert (np.diff(likelier) > 0).all()
    nothing = Prior(labels).weighed(given[:1], ["..."])
    assert np.isfinite(nothing).all() and nothing[0, 0] > nothing[0, 1]
