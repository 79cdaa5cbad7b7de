"""What a word is, in any script: letters and digits with the marks and joiners that belong to them.

`\\w` of `re` leaves combining marks out, so that it cuts Hindi, Tamil, Burmese or vowelled Arabic at every sign. A word
here begins with a letter or digit and takes every mark (general categories Mn, Mc, Me) and joiner behind it, as
Unicode's word boundaries do (UAX #29, revision 45, rule WB4); what is neither ends it, apostrophes and points too. Runs
of scripts without spaces between words need a dictionary (ibid., section 4) and stay whole; `clusters` cuts them into
letters with their marks.
"""

import re
import unicodedata
from itertools import groupby

JOINERS = "\u200c\u200d"
"""Zero width non-joiner and joiner: inside Persian, Sinhala and Malayalam words."""


def _marks() -> str:
    """Every combining mark as ranges of a character class; there is none outside these planes."""
    codes = (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0))
    marks = [code for code in codes if unicodedata.category(chr(code))[0] == "M"]
    runs = [[code for _place, code in run] for _key, run in groupby(enumerate(marks), lambda pair: pair[1] - pair[0])]
    return "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs)


MARKS = _marks()
"""Combining marks; like the next, for use inside a character class."""
SPACELESS = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e80-\u0eff\u1000-\u1049\u1050-\u109f\u1780-\u17d3\u17dc-\u17ff"
    "\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9fe\uaa60-\uaa7f\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Letters, marks and digits of Thai, Lao, Burmese, Khmer, Kana and Han."""
STACKERS = "\u1039\u17d2"
"""Signs of Burmese and Khmer that put the next consonant below the one before: one cluster with it."""
WORD = re.compile(rf"[^\W_]+(?:[{MARKS}{JOINERS}]+[^\W_]*)*")
CLUSTER = re.compile(rf"(?:.[{MARKS}{JOINERS}]*(?<=[{STACKERS}]))*.[{MARKS}{JOINERS}]*", re.DOTALL)
_SPACED_MARK = re.compile(rf"(?![{SPACELESS}])[{MARKS}]")


def words(text: str) -> list[str]:
    """The words of a text in the order they stand."""
    return WORD.findall(text)


def clusters(run: str) -> list[str]:
    """A run in what is written as one letter: each character with the marks and joiners behind it."""
    return CLUSTER.findall(run)


def is_letter(character: str) -> bool:
    """Whether a character is a letter or a mark beside which a word goes on; scripts without spaces have none."""
    return character.isalpha() or bool(_SPACED_MARK.match(character))
