"""Words that multiply the number beside them (50k, 1.5 lakh, 1,2jt, 2,5 Mio.) and words for a hundredth (99p, 50 ct).

Most are CLDR's compact numbers in the languages of a market and in English; what CLDR lacks and shops write is here.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel import Locale

from data.words import is_letter
from models.prices import alphabet, formats

SHOPS = {"k": 10**3, "mn": 10**6, "mio": 10**6, "mln": 10**6, "mrd": 10**9, "bn": 10**9}
"""What is written in any market."""
SOUTH_ASIA = {"lakh": 10**5, "lakhs": 10**5, "lac": 10**5, "lacs": 10**5, "l": 10**5, "crore": 10**7, "crores": 10**7,
              "cr": 10**7, "hazar": 10**3}  # fmt: skip
OF_MARKET = {
    "IN": SOUTH_ASIA, "PK": SOUTH_ASIA, "BD": SOUTH_ASIA, "NP": SOUTH_ASIA, "LK": SOUTH_ASIA,
    "VN": {"ngàn": 10**3, "ng": 10**3, "tỉ": 10**9, "tỷ": 10**9}, "MY": {"rb": 10**3, "jt": 10**6},
    "CN": {"w": 10**4}, "KE": {"laki": 10**5}, "TZ": {"laki": 10**5}, "MX": {"mdp": 10**6},
    "DE": {"tsd": 10**3}, "AT": {"tsd": 10**3}, "CH": {"tsd": 10**3}, "RU": {"т": 10**3}, "BY": {"т": 10**3},
}  # fmt: skip
OPEN = {"RU": {"к": (Decimal(1000), Decimal("0.01"))}, "KZ": {"к": (Decimal(1000), Decimal("0.01"))}}
"""Words that two readings are usual of: 50к is 50 thousand, or 50 kopecks."""
MEASURES = frozenset(("min", "tn", "mil", "mm", "mi", "ml", "ng", "md"))
"""Words of several letters that are units too: five minutes, five tonnes."""
CENTS = {
    "GBP": ("p", "pence", "penny"), "EUR": ("ct", "cts", "cent", "cents", "¢"), "USD": ("¢", "cent", "cents"),
    "CAD": ("¢", "cent", "cents"), "AUD": ("c", "¢", "cent", "cents"), "NZD": ("c", "¢", "cent", "cents"),
    "ZAR": ("c", "cent", "cents"), "RUB": ("коп",), "UAH": ("коп",), "PLN": ("gr",), "INR": ("paise", "paisa"),
    "CNY": ("分",),
}  # fmt: skip
"""By currency, what its hundredth is called on tags."""


@dataclass(frozen=True)
class Scale:
    """A word that may multiply a number. factors: more than one where it is not said which; glued: no space between."""

    word: str
    factors: tuple[Decimal, ...]
    length: int
    glued: bool
    large: bool

    @property
    def told(self) -> bool:
        """Whether it is too long and too plain to be a unit of measure or a sign."""
        return len(self.factors) == 1 and (self.word == "k" or (len(self.word) > 1 and self.word not in MEASURES))


@cache
def words(market: str) -> dict[str, tuple[Decimal, ...]]:
    """Words behind a number in a market, plain, the longest first, with what they may multiply it by."""
    return _sorted(market, before=False)


@cache
def leading(market: str) -> dict[str, tuple[Decimal, ...]]:
    """The same for words that stand before a number, as in Swahili: elfu 50."""
    return _sorted(market, before=True)


def _sorted(market: str, before: bool) -> dict[str, tuple[Decimal, ...]]:
    found: dict[str, set[Decimal]] = {}
    for word, factor, first in _of_cldr(market):
        if first == before:
            found.setdefault(word, set()).add(factor)
    if not before:
        for word, value in (SHOPS | OF_MARKET.get(market, {})).items():
            found.setdefault(plain(word), set()).add(Decimal(value))
        for word, factors in OPEN.get(market, {}).items():
            found.setdefault(plain(word), set()).update(factors)
    return {word: tuple(sorted(found[word])) for word in sorted(found, key=lambda word: (-len(word), word))}


def _of_cldr(market: str) -> Iterator[tuple[str, Decimal, bool]]:
    """Word, factor and whether it stands before the number, from patterns such as "00 Mio'.'" for ten millions."""
    spoken = formats.spoken_in(market)
    english = any(name.startswith("en") for name in spoken)
    for name in (*spoken, "en"):
        for by_plural in Locale.parse(name).compact_decimal_formats.values():
            for by_size in by_plural.values():
                for size, made in by_size.items():
                    pattern = made.pattern.split(";")[0].replace("'", "")
                    word, zeros = plain(pattern.replace("0", "")), pattern.count("0")
                    if word and zeros and (name != "en" or english or word in "km" or len(word) > 1):
                        yield word, Decimal(size).scaleb(1 - zeros), not pattern.startswith("0")


def plain(word: str) -> str:
    """A word as it is compared: folded, in small letters, without the point at its end."""
    return alphabet.fold(word).casefold().rstrip(".")


def behind(tail: str, market: str, signs: frozenset[str]) -> Scale | None:
    """The word of `words` that a text directly behind a number begins with. signs: plain ones of the home currency."""
    text = tail.lstrip()
    lowered = text.casefold()
    for word, factors in words(market).items():
        if not lowered.startswith(word):
            continue
        rest = lowered[len(word) :]
        if _ends(word, rest) or _sign(rest) in signs:
            gap = len(tail) - len(text)
            length = gap + len(word) + rest.startswith(".")
            return Scale(word, factors, length, not gap, text[: len(word)] != word)
    return None


def before(head: str, market: str) -> Scale | None:
    """The word of `leading` that a text directly before a number ends with."""
    text = head.rstrip()
    lowered = text.casefold()
    for word, factors in leading(market).items():
        if lowered.endswith(word) and (len(lowered) == len(word) or not is_letter(lowered[-len(word) - 1])):
            return Scale(word, factors, len(head) - len(text) + len(word), len(head) == len(text), False)
    return None


def _ends(word: str, rest: str) -> bool:
    """Whether a word ends where it does: no letter or vowel sign follows, or its script writes no spaces."""
    if not rest or unicodedata.category(rest[0])[0] not in "LM":
        return True
    return alphabet.script(word) in ("thai", "chinese", "japanese", "korean") and unicodedata.category(rest[0]) == "Lo"


def _sign(rest: str) -> str:
    return re.sub(r"[\s.]", "", rest)


def is_cent(sign: str, currency: str) -> bool:
    """Whether a plain sign is what a currency's hundredth is called."""
    return sign in CENTS.get(currency, ())
