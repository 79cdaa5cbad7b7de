"""A text in clauses, each read by itself: "We waited for hours, but the doctor was kind" is negative and positive.

A text ends its sentences with one of its script's marks, its clauses with a comma or its like; a word that sets one
against another (models/text/contrasts.toml) begins a clause too. Scripts without spaces between words have one between
clauses. Nothing is claimed unless a model is sure of two clauses, one of either sign, and these are set against each
other in words, or the model is very sure of both.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from data.words import MARKS, SPACELESS, clusters, words
from models.text import languages
from models.text.classifier import Answer

CONTRASTS = Path(__file__).with_name("contrasts.toml")
CLOSING = "\"'”’»)\\]）」』】〉》"
SENTENCE_END = re.compile(rf"[.!?…‽؟߹]+[{CLOSING}]*\s+|[۔।॥։፧።၊။។៕᙮᠃᠉᱾᱿꩞꫰꯫。！？｡]+[{CLOSING}]*\s*|[།༎]+\s*|\n+")
"""Where a sentence ends: at its mark and what closes with it; white space follows where numbers have the mark too."""
CLAUSE_END = re.compile(rf"[,;:·،؛߸][{CLOSING}]*\s+|\s[–-]\s+|\s?—\s*|[፣፤፥՝՟᠂᠈꓾꛵，；：、]+[{CLOSING}]*\s*")
GAP = re.compile(rf"(?<=[{SPACELESS}{MARKS}])\s+(?=[{SPACELESS}])")
"""A space inside a script that has none between words."""
MIN_WORDS, MIN_LETTERS = 2, 4
"""Words of a clause that a comma ends, and letters in a script without spaces; a shorter one goes to its neighbour."""
MAX_CLAUSES = 24
CLEAR = 0.8
"""Probability from which two clauses of opposite signs count without a word that sets them against each other. Of
English test texts of several clauses, 12 % have two that the sentiment model is sure of, 2 % two from this on."""
SIGNS = ("positive", "negative")
Ask = Callable[[Sequence[str], Sequence[str | None]], Sequence[Answer]]
"""(clauses, their languages as BCP 47 where known) -> an answer a clause."""


@dataclass(frozen=True)
class Reading:
    """A clause and what a sentiment model says of it."""

    text: str
    answer: Answer

    @property
    def sign(self) -> str:
        """positive or negative where the model is sure of it; else ""."""
        return self.answer.label if self.answer.sure and self.answer.label in SIGNS else ""


def opposed(texts: Sequence[str], spoken: Sequence[str | None], ask: Ask) -> list[tuple[Reading, ...]]:
    """The clauses of each text with how they are read, where some are surely positive and some surely negative; none
    for every other text. spoken: language of each text, None where nobody knows. Raises what `ask` raises."""
    cut = [clauses(text, language) for text, language in zip(texts, spoken, strict=True)]
    several = [(place, clause) for place, found in enumerate(cut) if len(found) > 1 for clause in found]
    if not several:
        return [()] * len(texts)
    answers = ask([clause for _place, clause in several], [spoken[place] for place, _clause in several])
    read: list[list[Reading]] = [[] for _text in texts]
    for (place, clause), answer in zip(several, answers, strict=True):
        read[place].append(Reading(clause, answer))
    return [tuple(found) if _is_opposed(found, language) else () for found, language in zip(read, spoken, strict=True)]


def _is_opposed(read: Sequence[Reading], language: str | None) -> bool:
    if set(SIGNS) <= {one.sign for one in read if one.answer.confidence >= CLEAR}:
        return True
    return any(
        {one.sign, other.sign} == set(SIGNS) and _set_against(one, other, language) for one, other in pairwise(read)
    )


def _set_against(one: Reading, other: Reading, language: str | None) -> bool:
    """Whether a word at the edge between two clauses, or where the first begins, sets them against each other."""
    return bool({0, len(one.text)} & _contrasts(one.text, language)) or 0 in _contrasts(other.text, language)


def clauses(text: str, language: str | None = None) -> list[str]:
    """The clauses of a text (NFC), at most MAX_CLAUSES: above, its sentences, the last taking what is left.

    language: its BCP 47 or FLORES code; without it no word is known to set clauses against one another.
    """
    text = unicodedata.normalize("NFC", text)
    strong = {match.end() for match in SENTENCE_END.finditer(text)}
    sentences = _pieces(text, strong, strong)
    strong |= _contrasts(text, language)
    weak = {match.end() for pattern in (CLAUSE_END, GAP) for match in pattern.finditer(text)}
    found = _pieces(text, strong | weak, strong)
    if len(found) > MAX_CLAUSES:
        found = sentences
    rest = [" ".join(found[MAX_CLAUSES - 1 :])] if len(found) >= MAX_CLAUSES else []
    return [*found[: MAX_CLAUSES - 1], *rest]


def _pieces(text: str, cuts: set[int], strong: set[int]) -> list[str]:
    """What lies between the cuts, without blanks around. A piece without a word goes to the one before it; across a cut
    that is not strong, a short one does, or takes the next one in."""
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(text)), len(text)]
    spans: list[tuple[int, int]] = []
    for start, end in pairwise(edges):
        if spans and _joins(text[slice(*spans[-1])], text[start:end], start in strong):
            start = spans.pop()[0]
        spans.append((start, end))
    return [piece for start, end in spans if (piece := text[start:end].strip())]


def _joins(before: str, piece: str, strong: bool) -> bool:
    if not words(before) or not words(piece):
        return True
    return not strong and not (_is_long(before) and _is_long(piece))


def _is_long(piece: str) -> bool:
    found = words(piece)
    return len(found) >= MIN_WORDS or any(
        re.match(f"[{SPACELESS}]", word) and len(clusters(word)) >= MIN_LETTERS for word in found
    )


def _contrasts(text: str, language: str | None) -> set[int]:
    """Where a word sets what follows it, or what it ends, against what stands on its other side."""
    found = set()
    if language and (pattern := _pattern(languages.macro(language))):
        for match in pattern.finditer(text):
            if match.lastgroup == "begins":
                found.add(match.start())
            elif match.lastgroup == "ends":
                found.add(match.end())
    return found


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(CONTRASTS.read_text(encoding="utf-8"))


@cache
def _pattern(language: str) -> re.Pattern[str] | None:
    """What `_contrasts` looks for in a language: `other` before all, longer words before shorter."""
    groups = []
    for name in ("other", "ends", "begins"):
        listed = sorted(_tables()[name].get(language, "").split(), key=len, reverse=True)
        if listed:
            whole = "|".join(_whole(unicodedata.normalize("NFC", word).replace("_", " "), name) for word in listed)
            groups.append(rf"(?P<{name}>(?:{whole})(?:\s*(?:{whole}))*)")
    return re.compile("|".join(groups), re.IGNORECASE) if groups else None


def _whole(word: str, kind: str) -> str:
    """A word as a pattern: nothing before it goes on into it, nothing behind it goes on from it, where its script has
    spaces."""
    escaped = re.escape(word).replace(r"\ ", r"\s+")
    if re.match(f"[{SPACELESS}]", word):
        return escaped
    before = "" if kind == "ends" else rf"(?<![\w{MARKS}])"
    return rf"{before}{escaped}(?![\w{MARKS}])"
