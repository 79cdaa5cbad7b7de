"""Speakers by CLDR: every language has a count, the large ones theirs."""

from models.text import languages
from models.text.speakers import FEWEST, speakers


def test_every_language_has_speakers_and_large_ones_many():
    found = speakers()
    assert set(found) == set(languages.FLORES)
    assert min(found.values()) == FEWEST
    assert found["eng_Latn"] > 1e9 and found["zho_Hans"] > 1e9
    assert found["kor_Hang"] > 7e7
    assert found["spa_Latn"] > 100 * found["ast_Latn"]
