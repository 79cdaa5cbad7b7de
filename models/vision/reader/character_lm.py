"""How prices, numbers and dates are spelled: character n-grams of the lines that `formats` writes.

Which digit stands where is not learnt, only that a digit does: an n-gram sees every digit of a numbering system as one
token. What it knows are separators and groups, signs, words, months, spaces. P(token | before) is interpolated over
ever shorter histories (Witten and Bell 1991).
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from models.prices import alphabet

ORDER = 6
"""Characters of a history and the one that follows."""
START, END = "\x02", "\x03"
RAREST = 4
"""Histories seen less often are not kept."""
_TOKENS = {
    alphabet.fold(digit): alphabet.fold(digits[0])
    for name, digits in alphabet.DIGITS.items()
    if name not in ("hanidec", "fullwide")
    for digit in digits
} | dict.fromkeys("۴۵۶", "٠")


class CharacterLM:
    """Log probabilities of characters after others. Reading is thread-safe."""

    def __init__(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        self.counts = {history: (dict(after), sum(after.values())) for history, after in counts.items()}
        self.score = lru_cache(maxsize=200_000)(self._score)

    @classmethod
    def learnt(cls, texts: Iterable[str]) -> "CharacterLM":
        """From lines as drawn (left to right, folded)."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            tokens = START + "".join(_TOKENS.get(c, c) for c in text) + END
            for at in range(1, len(tokens)):
                for back in range(min(at, ORDER - 1) + 1):
                    counts[tokens[at - back : at]][tokens[at]] += 1
        return cls({h: after for h, after in counts.items() if len(h) < 2 or sum(after.values()) >= RAREST})

    @classmethod
    def from_bytes(cls, content: bytes) -> "CharacterLM":
        """Raises ValueError for anything but what `to_bytes` gives."""
        found = json.loads(content)
        if not isinstance(found, dict) or not all(isinstance(after, dict) and after for after in found.values()):
            raise ValueError("The spelling is not a table of counts.")
        return cls(found)

    def to_bytes(self) -> bytes:
        """As JSON: history -> {token: count}."""
        plain = {history: after for history, (after, _) in sorted(self.counts.items())}
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()

    def after(self, history: str, char: str) -> float:
        """log P(char | history); char END for the line's end. A digit's share is a tenth of its system's."""
        return self.score(history[-ORDER + 1 :], _TOKENS.get(char, char)) - (math.log(10) if char in _TOKENS else 0.0)

    def _score(self, history: str, token: str) -> float:
        share = 1e-4
        for back in range(len(history) + 1):
            found = self.counts.get(history[len(history) - back :])
            if found is None:
                break
            after, total = found
            share = (after.get(token, 0) + len(after) * share) / (total + len(after))
        return math.log(share)


def token(char: str) -> str:
    """The character as histories hold it: a digit as the zero of its system."""
    return _TOKENS.get(char, char)
