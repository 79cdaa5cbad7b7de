"""A text in several languages, taken apart: by script, then by sentence, so that each part is read in its own language.

A part must be long enough to be told from the rest, and clearly in another language: a brand's name in Latin letters
inside a Chinese sentence, or a sentence that might as well be in the language around it, stays where it is.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from models.text import languages
from models.text.clauses import SENTENCE_END

MIN_LATIN, MIN_WORDS, MIN_LETTERS = 3, 2, 4
"""Words in Latin letters (names of brands are), in others, and letters of a script without spaces, below which a piece
is not a part of its own."""
SURE, RULED_OUT = 0.8, 0.05
"""In one script, a sentence is in another language where that one has SURE and the text's own at most RULED_OUT."""
SPACELESS = frozenset({"Hani", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"})
Shares = Mapping[str, float]


@dataclass(frozen=True)
class Part:
    """What of a text is in one language. code: FLORES, None where it could not be told."""

    code: str | None
    text: str


def parts(text: str, whole: Shares, read: Callable[[Sequence[str]], Sequence[Shares]]) -> tuple[Part, ...]:
    """The parts of a text by language, in the order they begin; one where it is all in the same.

    whole: probability of each language for the text as a whole. read: the same for each of several texts.
    """
    pieces = _pieces(text)
    if len(pieces) < 2 or not whole:
        return (Part(None, text),)
    together = _by_macro(whole)
    main = max(together, key=together.__getitem__)
    scripts = [_script(piece) for piece in pieces]
    own = next((script for script in scripts if script == _own_script(whole, main)), scripts[0])
    found: dict[str, list[str]] = {}
    codes: dict[str, str | None] = {}
    for piece, script, shares in zip(pieces, scripts, read(pieces), strict=True):
        code = max(shares, key=shares.__getitem__, default=None)
        grouped = _by_macro(shares)
        of = max(grouped, key=grouped.__getitem__, default="")
        other_script = script != own
        if not other_script and not (grouped.get(of, 0) >= SURE and grouped.get(main, 0) <= RULED_OUT):
            of, code = main, _likeliest(whole, main)
        elif grouped.get(of, 0) < 0.5:
            of, code = f"?{script}", None
        found.setdefault(of, []).append(piece)
        codes.setdefault(of, code)
    if len(found) < 2:
        return (Part(None, text),)
    return tuple(Part(codes[of], " ".join(piece.strip() for piece in pieces)) for of, pieces in found.items())


def is_mixed(text: str) -> bool:
    """Whether a text holds parts in different scripts, each long enough to count."""
    if text.isascii():
        return False
    return len({_script(piece) for piece in _pieces(text) if _is_long(piece)}) > 1


def has_spaceless(text: str) -> bool:
    """Whether a letter of it is of a script that writes no spaces between words."""
    return not text.isascii() and any(_of(character) in SPACELESS for character in text)


def _by_macro(shares: Shares) -> Counter[str]:
    together: Counter[str] = Counter()
    for code, share in shares.items():
        together[languages.macro(code)] += share
    return together


def _likeliest(shares: Shares, macro: str) -> str:
    return max((code for code in shares if languages.macro(code) == macro), key=shares.__getitem__)


def _own_script(shares: Shares, macro: str) -> str:
    script = languages.script(_likeliest(shares, macro))
    return "Hani" if script in ("Hans", "Hant", "Jpan") else script


def _pieces(text: str) -> list[str]:
    """The text cut where a sentence ends or the script changes; what is too short goes to what stands before it."""
    cuts = {match.end() for match in SENTENCE_END.finditer(text)} | set(_script_changes(text))
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(text)), len(text)]
    pieces: list[str] = []
    for start, end in pairwise(edges):
        piece = text[start:end]
        if pieces and (not _is_long(piece) or not _is_long(pieces[-1])):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _script_changes(text: str) -> list[int]:
    """Where a letter's script differs from that of the letter before it."""
    changes, last = [], ""
    for place, character in enumerate(text):
        script = _of(character)
        if script and last and script != last:
            changes.append(place)
        last = script or last
    return changes


def _of(character: str) -> str:
    """The script of a letter, Chinese and Japanese as one; "" for what is no letter."""
    if character.isascii():
        return "Latn" if character.isalpha() else ""
    known = languages.scripts(character)
    if "Jpan" in known:
        return "Hani"
    return min(known, default="")


def _script(piece: str) -> str:
    """The script of most of its letters."""
    counts = Counter(filter(None, map(_of, piece)))
    return counts.most_common(1)[0][0] if counts else ""


def _is_long(piece: str) -> bool:
    script = _script(piece)
    if script in SPACELESS:
        return sum(bool(_of(character)) for character in piece) >= MIN_LETTERS
    fewest = MIN_LATIN if script == "Latn" else MIN_WORDS
    return sum(any(map(str.isalpha, word)) for word in piece.split()) >= fewest
