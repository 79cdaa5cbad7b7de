"""Which characters the reader knows, script by script, and when two spellings of a line count as the same picture.

Digits follow Unicode's decimal digits (UAX #44) in the numbering systems of CLDR; letters are those that CLDR's months
and currency signs need. Some characters cannot be told apart by their picture and are folded into one: the Arabic
and extended Arabic digits 0-3 and 7-9, Arabic and Persian yeh and kaf, both yen signs, dashes, kinds of space.
"""

import re
import unicodedata
from functools import cache

DIGITS = {
    "latn": "0123456789",
    "arab": "٠١٢٣٤٥٦٧٨٩",
    "arabext": "۰۱۲۳۴۵۶۷۸۹",
    "deva": "०१२३४५६७८९",
    "beng": "০১২৩৪৫৬৭৮৯",
    "tamldec": "௦௧௨௩௪௫௬௭௮௯",
    "thai": "๐๑๒๓๔๕๖๗๘๙",
    "hanidec": "〇一二三四五六七八九",
    "fullwide": "０１２３４５６７８９",
}
"""Ten digits a numbering system, by its CLDR name."""

SCRIPTS = {
    "latin": "AZaz09é",
    "cyrillic": "АЯаярубюн09",
    "greek": "ΑΩαωςόέ09",
    "arabic": "جمدرسيالنوف٠٤٥٦٩",
    "persian": "ریالپکگ۰۴۵۶۹",
    "devanagari": "नेरूजनफ०५९ि्",
    "bengali": "টাকানভে০৫৯",
    "tamil": "ரூபாய்நவெ",
    "thai": "บาทมคพย๐๕๙่",
    "chinese": "元年月日三百万",
    "japanese": "円年月日三百万令税込",
    "korean": "원년월일만",
    "ethiopic": "ብርኖቬም",
}
"""Script -> characters that a font needs to write it."""

OWN_DIGITS = {"arabic": "arab", "persian": "arabext", "devanagari": "deva", "bengali": "beng", "tamil": "tamldec",
              "thai": "thai"}  # fmt: skip
"""Script -> the numbering system of its own decimal digits; the others write 0-9."""

SHAPED = frozenset({"arabic", "persian", "devanagari", "bengali", "tamil", "thai"})
"""Scripts that cannot be written glyph by glyph: Pillow needs Raqm for them."""
LEFTWARD = frozenset({"arabic", "persian"})
"""Scripts written from right to left."""

ETHIOPIC_NUMERALS = "፩፪፫፬፭፮፯፰፱፲፳፴፵፶፷፸፹፺፻፼"
HAN_NUMERALS = "〇零一二三四五六七八九十百千万萬亿億两兩壹贰貳叁參肆伍陆陸柒捌玖拾佰仟"
HAN_WORDS = "元圆圓円角分厘年月日整正税込令和平成人民币港幣新臺台币"
KOREAN_WORDS = "원년월일만천백십억조"
SIGNS = "$€£¥₩₹₽₴₸₺₫₦₱฿৳₪₡₲₵₭₮₾₼₨﷼"
POINTS = " .,:;/-'’%()+*٫٬،፡"
_PLAIN = {
    "￥": "¥", "￦": "₩", "＄": "$", "′": "’", "‘": "’", "'": "’", "`": "’", "´": "’", "–": "-", "—": "-", "−": "-",
    "‐": "-",     "‑": "-",
    "，": ",", "．": ".", "：": ":", "／": "/", "、": ",", "ی": "ي", "ى": "ي", "ک": "ك", "ہ": "ه", "۾": "م",
    "۔": ".", "॰": ".", "〇": "〇", "○": "〇", "՚": "’", "ʼ": "’", "․": ".",
}  # fmt: skip
_SAME_DIGITS = dict(zip((DIGITS["arabext"][i] for i in (0, 1, 2, 3, 7, 8, 9)),
                        (DIGITS["arab"][i] for i in (0, 1, 2, 3, 7, 8, 9)), strict=True))  # fmt: skip
_FULLWIDE = dict(zip(DIGITS["fullwide"], DIGITS["latn"], strict=True))
_FOLD = str.maketrans(_PLAIN | _SAME_DIGITS | _FULLWIDE)
_MARKS = re.compile("[\u200b-\u200f\u061c\u202a-\u202e\u2060-\u2069\ufeff\u00ad\ufe0e\ufe0f]")
_SPACES = re.compile(r"[\s\u00a0\u202f\u2000-\u200a\u3000]+")
_TO_EXTENDED = str.maketrans(dict(zip(DIGITS["arab"], DIGITS["arabext"], strict=True)) | {"ي": "ی", "ك": "ک"})
_PERSIAN = re.compile("[پچژگ۴۵۶ټډړښګڼٹڈڑےں]")
_VALUES = {digit: str(value) for digits in DIGITS.values() for value, digit in enumerate(digits)}
_ASCII = str.maketrans({key: value for key, value in _VALUES.items() if key not in DIGITS["hanidec"]})


def fold(text: str) -> str:
    """The line as it looks: marks without a shape dropped, one kind of space, look-alikes made one; NFC."""
    text = _MARKS.sub("", unicodedata.normalize("NFC", text))
    return _SPACES.sub(" ", text.translate(_FOLD)).strip()


def spelled(text: str) -> str:
    """A folded line in the letters of its language: with anything Persian or Urdu in it, their yeh, kaf and digits."""
    return text.translate(_TO_EXTENDED) if _PERSIAN.search(text) else text


def ascii_digits(text: str) -> str:
    """Every decimal digit as 0-9; Chinese numerals stay, they may be words (三百)."""
    return text.translate(_ASCII)


def in_digits(text: str, system: str) -> str:
    """ASCII digits in another numbering system. Raises KeyError for one that is not in DIGITS."""
    return text.translate(str.maketrans(DIGITS["latn"], DIGITS[system]))


@cache
def _ranges() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return (
        ("persian", re.compile("[پچژگ۰-۹ټډړښګڼٹڈڑےں]")),
        ("arabic", re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")),
        ("devanagari", re.compile("[\u0900-\u097f]")),
        ("bengali", re.compile("[\u0980-\u09ff]")),
        ("tamil", re.compile("[\u0b80-\u0bff]")),
        ("thai", re.compile("[\u0e01-\u0e3a\u0e40-\u0e5b]")),  # without the baht sign: it stands beside any digits
        ("korean", re.compile("[\uac00-\ud7a3\u1100-\u11ff]")),
        ("ethiopic", re.compile("[\u1200-\u139f]")),
        ("japanese", re.compile("[円込令\u3040-\u30ff]")),
        ("chinese", re.compile("[\u3007\u4e00-\u9fff]")),
        ("greek", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
        ("cyrillic", re.compile("[\u0400-\u052f]")),
    )


def script(text: str) -> str:
    """The script a line is in, by its first tell-tale character; "latin" without one."""
    return next((name for name, pattern in _ranges() if pattern.search(text)), "latin")
