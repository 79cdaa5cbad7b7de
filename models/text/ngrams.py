"""Hashed n-grams of characters and words, for all texts at once in numpy.

The hashing trick (Weinberger et al. 2009): an n-gram's bucket is a hash of it, so there is no vocabulary to ship and no
word is unknown. With a language, every n-gram stands twice, once for all languages and once for this one (Daume III
2007, "Frustratingly easy domain adaptation").
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from anyascii import anyascii

BASE = np.uint64(1_000_003)
WORD, PAIR, OWN = 101, 102, 999
"""Salts that keep words, word pairs and a language's own n-grams apart from character n-grams."""

AT_ONCE = 2_000
MOSTLY = 0.6
"""A text with more ASCII characters than this share is in Latin letters as it is."""


@dataclass(frozen=True)
class Grams:
    """What is counted: character n-grams of 1 to `longest`, words and pairs of words, in 2**bits buckets.

    scoped: each n-gram a second time for the text's language. lower: case is folded. latin: a text in another script
    stands a second time in Latin letters, so that names and loanwords are one in all scripts. idf: n-grams count the
    more the fewer texts of the language have them (inverse document frequency, Sparck Jones 1972).
    """

    longest: int = 5
    words: int = 2
    bits: int = 20
    scoped: bool = False
    lower: bool = True
    latin: bool = False
    idf: bool = False


@dataclass(frozen=True)
class Frequencies:
    """How many texts have an n-gram. buckets: uint8, STEPS ln(1 + texts with one of the bucket), rounded; texts: all
    texts, then those of every language."""

    buckets: np.ndarray
    texts: np.ndarray

    def rarity(self, hashes: np.ndarray, number: np.ndarray) -> np.ndarray:
        """ln((1 + texts) / (1 + texts with it)) + 1 of n-grams, among the texts of their language where there are
        enough of these."""
        total = self.texts[number + 1]
        few = total < FEW
        where = np.where(few, hashes, _own(hashes, number.astype(np.uint64)))
        having = self.buckets[(where & np.uint64(len(self.buckets) - 1)).astype(np.int64)] / np.float32(STEPS)
        return np.log1p(np.where(few, self.texts[0], total)).astype(np.float32) - having + 1


STEPS = 20
FEW = 50
"""Texts of a language below which an n-gram's rarity is taken from all languages."""


@dataclass(frozen=True)
class Bags:
    """Texts as bags: buckets (int64) and weights (float32) of all texts in a row; text i starts at offsets[i]."""

    buckets: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray


def bags(
    texts: Sequence[str],
    grams: Grams,
    languages: Sequence[int] | None = None,
    frequencies: Frequencies | None = None,
) -> Bags:
    """Count n-grams; a text's weights are 1 + ln(count), times the rarity, scaled to unit length (Euclid).

    languages: a number a text, needed for scoped n-grams; below 0 where it is unknown (then only the shared ones).
    frequencies: what rarity is taken from; without them every n-gram is as rare.
    """
    prepared = [_read(text, grams)[0] for text in texts]
    points = np.frombuffer("".join(prepared).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in prepared], dtype=np.int64)
    rows = np.repeat(np.arange(len(prepared)), lengths)
    hashes, owners = _characters(points, rows, grams.longest)
    if grams.words:
        found = _words(points, rows, grams.words)
        hashes, owners = hashes + found[0], owners + found[1]
    hashed, owner = np.concatenate(hashes), np.concatenate(owners)
    number = np.full(len(prepared), -1) if languages is None else np.asarray(languages, dtype=np.int64)
    number = number[owner]
    rarity = np.ones(len(hashed), dtype=np.float32) if frequencies is None else frequencies.rarity(hashed, number)
    if grams.scoped:
        known = number >= 0
        scoped = _own(hashed[known], number[known].astype(np.uint64))
        hashed, owner = np.concatenate((hashed, scoped)), np.concatenate((owner, owner[known]))
        rarity = np.concatenate((rarity, rarity[known]))
    buckets = (hashed & np.uint64(2**grams.bits - 1)).astype(np.int64)
    keys, first, counts = np.unique((owner << grams.bits) | buckets, return_index=True, return_counts=True)
    owner, weights = keys >> grams.bits, (1 + np.log(counts)) * rarity[first]
    squares = np.bincount(owner, weights**2, minlength=len(prepared))
    starts = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=len(prepared)))[:-1]))
    scaled = weights / np.sqrt(squares[owner])
    return Bags(keys & (2**grams.bits - 1), scaled.astype(np.float32), starts.astype(np.int64))


def frequencies(texts: Sequence[str], grams: Grams, languages: Sequence[int], count: int) -> Frequencies:
    """In how many of these texts each n-gram stands, in half as many buckets. languages: a number a text, below
    `count`."""
    scoped = replace(grams, scoped=True, bits=grams.bits - 1)
    having = np.zeros(2**scoped.bits, dtype=np.int64)
    for start in range(0, len(texts), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        having += np.bincount(bags(texts[part], scoped, languages[part]).buckets, minlength=len(having))
    of_language = np.bincount(np.asarray(languages, dtype=np.int64) + 1, minlength=count + 1)
    of_language[0] = len(texts)
    return Frequencies((STEPS * np.log1p(having)).round().clip(0, 255).astype(np.uint8), of_language)


def traced(
    text: str, grams: Grams, language: int = -1, frequencies: Frequencies | None = None
) -> tuple[Bags, np.ndarray, np.ndarray, np.ndarray]:
    """The bag of one text, and where its n-grams stand in the cleaned text.

    Returns the bag and, a row an occurrence, the position of its bucket in the bag, its first and its end character
    (in `clean(text)`, so that a space before the text is -1).
    """
    found = bags([text], grams, [language], frequencies)
    prepared, origin = _read(text, grams)
    points = np.frombuffer(prepared.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    rows = np.zeros(len(points), dtype=np.int64)
    hashes, spans = [], []
    for size, part in enumerate(_characters(points, rows, grams.longest)[0], start=1):
        hashes.append(part)
        spans.append(np.stack((np.arange(len(part)), np.arange(len(part)) + size), axis=1))
    space = points == 32
    begins = np.flatnonzero(~space & np.concatenate(([True], space[:-1])))
    ends = np.flatnonzero(~space & np.concatenate((space[1:], [True]))) + 1
    for apart, part in enumerate(_words(points, rows, grams.words)[0] if grams.words else ()):
        hashes.append(part)
        spans.append(np.stack((begins[: len(part)], ends[apart:]), axis=1))
    hashed, where = np.concatenate(hashes), np.concatenate(spans)
    ends = np.stack((origin[where[:, 0]], origin[where[:, 1] - 1]), axis=1)
    where = np.stack((ends.min(1), ends.max(1) + 1), axis=1) - 1
    if grams.scoped and language >= 0:
        hashed = np.concatenate((hashed, _own(hashed, np.uint64(language))))
        where = np.concatenate((where, where))
    place = np.searchsorted(found.buckets, (hashed & np.uint64(2**grams.bits - 1)).astype(np.int64))
    return found, place, where[:, 0], where[:, 1]


def _read(text: str, grams: Grams) -> tuple[str, np.ndarray]:
    """What the n-grams are cut from, between two spaces, and for each of its characters the one it stands for."""
    cleaned = f" {clean(text, grams.lower)} "
    origin = np.arange(len(cleaned))
    if not grams.latin or sum(map(str.isascii, cleaned)) > MOSTLY * len(cleaned):
        return cleaned, origin
    parts = [anyascii(character).lower() for character in cleaned[1:]]
    again = np.repeat(origin[1:], [len(part) for part in parts])
    return cleaned + "".join(parts), np.concatenate((origin, again))


def clean(text: str, lower: bool = True) -> str:
    """NFC, one space for any run of white space or control characters, folded case if asked."""
    text = unicodedata.normalize("NFC", text)
    text = " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())
    return text.lower() if lower else text


def _characters(points: np.ndarray, rows: np.ndarray, longest: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Rolling hashes of the character n-grams that stay within their text."""
    hashes, owners = [], []
    rolling = np.zeros(len(points), dtype=np.uint64)
    for size in range(1, longest + 1):
        count = max(0, len(points) - size + 1)
        rolling = rolling[:count] * BASE + points[size - 1 :] + np.uint64(1)
        within = rows[:count] == rows[size - 1 :]
        hashes.append(_mixed(rolling[within], size))
        owners.append(rows[:count][within])
    return hashes, owners


def _words(points: np.ndarray, rows: np.ndarray, pairs: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Hashes of whole words and, for pairs >= 2, of two words beside each other."""
    space = points == 32
    begins = np.flatnonzero(~space & np.concatenate(([True], space[:-1])))
    if not len(begins):
        return [], []
    ends = np.flatnonzero(~space & np.concatenate((space[1:], [True]))) + 1
    started = np.zeros(len(points), dtype=np.int64)
    started[begins] = begins
    place = np.arange(len(points)) - np.maximum.accumulate(started)
    powers = np.cumprod(np.full(int((ends - begins).max()) + 1, BASE, dtype=np.uint64))
    values = np.where(space, np.uint64(0), (points + np.uint64(7)) * powers[np.minimum(place, len(powers) - 1)])
    words, owner = np.add.reduceat(values, begins), rows[begins]
    hashes, owners = [_mixed(words, WORD)], [owner]
    if pairs > 1:
        beside = owner[1:] == owner[:-1]
        both = _mixed(words[:-1], PAIR) * np.uint64(31) + words[1:]
        hashes.append(_mixed(both[beside], PAIR))
        owners.append(owner[1:][beside])
    return hashes, owners


def _own(hashes: np.ndarray, language: np.ndarray | np.uint64) -> np.ndarray:
    """Where an n-gram stands a second time, for its language."""
    return _mixed(hashes + language * np.uint64(0x51ED27), OWN)


def _mixed(hashes: np.ndarray, salt: int) -> np.ndarray:
    """The finaliser of MurmurHash3 (Appleby, public domain): every bit of the input moves every bit of the output."""
    hashes = (hashes ^ np.uint64(salt)) * np.uint64(0xFF51AFD7ED558CCD)
    hashes ^= hashes >> np.uint64(33)
    hashes *= np.uint64(0xC4CEB9FE1A85EC53)
    return hashes ^ (hashes >> np.uint64(33))
