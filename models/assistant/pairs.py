"""How well a question in one language finds the entry of another: every ordered pair of a base's languages by itself.

    python -m models evaluate assistant

For each pair the base is cut to the entries of the one language and asked in the other, so that nothing but meaning
leads from the question to its answer. The base about a clinic, 20 entries in six languages, and its questions, which
describe a case in words other than the entry's, are models/assistant/samples/clinic*.csv, written by us.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from models.assistant import knowledge, replies
from models.assistant.knowledge import KnowledgeBase
from models.assistant.replies import Case, Reply
from models.assistant.retrieval import Embedder, Index

CLINIC = Path(__file__).with_name("samples") / "clinic.csv"
QUESTIONS = CLINIC.with_name("clinic_questions.csv")


SHARES = ("first", "answered", "offered", "wrong", "refused")
TRANSLATED, REWORDED = "translated", "reworded"
"""Kinds of questions: the entry's own, as its translation asks it; and in words of their own."""


@dataclass(frozen=True)
class Pair:
    """Questions of a kind in one language (asked) against entries in another (held), as shares of the n that are
    answerable and of those outside, which are not.

    first: the right entry is the best. answered: and is said at once. offered: said, or among what is asked back.
    wrong: another is said, of all questions. refused: of those outside, not answered.
    """

    kind: str
    asked: str
    held: str
    n: int
    outside: int
    first: float
    answered: float
    offered: float
    wrong: float
    refused: float


def clinic() -> tuple[KnowledgeBase, list[Case]]:
    """The base about a clinic, and its questions in words of their own."""
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        cases = [Case(row["question"], row["language"], row["id"]) for row in csv.DictReader(file)]
    return knowledge.read("clinic.csv", CLINIC.read_bytes(), "csv"), cases


def judge(base: KnowledgeBase, cases: Sequence[Case], embedder: Embedder) -> list[Pair]:
    """Every ordered pair of the base's languages, and each language against itself, with both kinds of questions."""
    embedder = _once(embedder)
    own = [Case(entry.question, entry.language, entry.id) for entry in base.entries]
    outside = [case for case in cases if not case.id]
    found = []
    for held in base.languages:
        entries = tuple(entry for entry in base.entries if entry.language == held)
        index = Index(replace(base, entries=entries), embedder, crosses=True)
        for kind, asked in product((TRANSLATED, REWORDED), base.languages):
            put = [*own, *outside] if kind == TRANSLATED else cases
            found.append(_pair(index, kind, asked, held, [case for case in put if case.language == asked]))
    return found


def _once(embedder: Embedder) -> Embedder:
    """The same, but no text is computed twice."""
    known: dict[str, np.ndarray] = {}

    def vectors(texts: Sequence[str]) -> np.ndarray:
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            known.update(zip(new, embedder(new), strict=True))
        return np.stack([known[text] for text in texts])

    return vectors


def _pair(index: Index, kind: str, asked: str, held: str, cases: Sequence[Case]) -> Pair:
    said = [(case.id, replies.reply(index, case.question, asked)) for case in cases]
    inside = [(key, reply) for key, reply in said if key]
    outside = [reply for key, reply in said if not key]

    def right(key: str, reply: Reply) -> bool:
        return bool(reply.hits) and reply.hits[0].entry.id == key

    return Pair(
        kind, asked, held, len(inside), len(outside),
        first=_share([right(key, reply) for key, reply in inside]),
        answered=_share([right(key, reply) and reply.kind == "answer" for key, reply in inside]),
        offered=_share([key in [entry.id for entry in reply.cited + reply.options] for key, reply in inside]),
        wrong=_share([reply.kind == "answer" and not right(key, reply) for key, reply in said]),
        refused=_share([reply.kind != "answer" for reply in outside]),
    )  # fmt: skip


def _share(told: Sequence[bool]) -> float:
    return sum(told) / len(told) if told else 0.0


def summary(pairs: Sequence[Pair]) -> dict[str, Any]:
    """By kind of question, the means over the pairs of two languages and the worst share of them; and every pair."""
    crossing = [pair for pair in pairs if pair.asked != pair.held]
    found: dict[str, Any] = {}
    for kind in (TRANSLATED, REWORDED):
        chosen = [pair for pair in crossing if pair.kind == kind]
        means = {name: sum(getattr(pair, name) for pair in chosen) / len(chosen) for name in SHARES}
        found[kind] = {"pairs": len(chosen), **means, "worst_first": min(pair.first for pair in chosen)}
    return {**found, "per_pair": [asdict(pair) for pair in pairs]}
