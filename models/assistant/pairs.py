"""How well a question in one language finds the entry of another: every ordered pair of a base's languages by itself.

    python -m models evaluate assistant

For each pair the base is cut to the entries of the one language and asked in the other, so that nothing but meaning
leads from the question to its answer. The base about a clinic, 20 entries in six languages, and its questions, each in
words other than the entry's, are models/assistant/samples/clinic*.csv, written by us.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

from models.assistant import knowledge, replies
from models.assistant.knowledge import KnowledgeBase
from models.assistant.replies import Case
from models.assistant.retrieval import Embedder, Index

CLINIC = Path(__file__).with_name("samples") / "clinic.csv"
QUESTIONS = CLINIC.with_name("clinic_questions.csv")


@dataclass(frozen=True)
class Pair:
    """Questions in one language (asked) against entries in another (held), as shares of n that are answerable and of
    outside that are not.

    first: the right entry is the best. answered: and is said at once. offered: said, or among what is asked back. wrong:
    another is said, of all. refused: of those outside, not answered.
    """

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
    """The base about a clinic, and the questions that it is judged on."""
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        cases = [Case(row["question"], row["language"], row["id"]) for row in csv.DictReader(file)]
    return knowledge.read("clinic.csv", CLINIC.read_bytes(), "csv"), cases


def judge(base: KnowledgeBase, cases: Sequence[Case], embedder: Embedder) -> list[Pair]:
    """Every ordered pair of the base's languages, and each language against itself."""
    indexes = {}
    for held in base.languages:
        entries = tuple(entry for entry in base.entries if entry.language == held)
        indexes[held] = Index(replace(base, entries=entries), embedder, crosses=True)
    return [
        _pair(indexes[held], asked, held, [case for case in cases if case.language == asked])
        for asked, held in product(base.languages, repeat=2)
    ]


def _pair(index: Index, asked: str, held: str, cases: Sequence[Case]) -> Pair:
    said = [(case, replies.reply(index, case.question, asked)) for case in cases]
    inside = [(case.id, reply) for case, reply in said if case.id]
    outside = [reply for case, reply in said if not case.id]
    right = [bool(reply.hits) and reply.hits[0].entry.id == key for key, reply in inside]
    answered = [reply.kind == "answer" for _key, reply in inside]
    offered = [key in [entry.id for entry in reply.cited + reply.options] for key, reply in inside]
    wrong = sum(a and not r for a, r in zip(answered, right, strict=True)) + sum(r.kind == "answer" for r in outside)
    return Pair(
        asked, held, len(inside), len(outside),
        first=_share(right),
        answered=_share([a and r for a, r in zip(answered, right, strict=True)]),
        offered=_share(offered),
        wrong=wrong / len(said),
        refused=_share([reply.kind != "answer" for reply in outside]),
    )  # fmt: skip


def _share(told: Sequence[bool]) -> float:
    return sum(told) / len(told) if told else 0.0


def summary(pairs: Sequence[Pair]) -> dict[str, object]:
    """Means over the pairs of two languages, the worst of them, and every pair."""
    crossing = [pair for pair in pairs if pair.asked != pair.held]
    names = ("first", "answered", "offered", "wrong", "refused")
    return {
        "pairs": len(crossing),
        **{name: sum(getattr(pair, name) for pair in crossing) / len(crossing) for name in names},
        "worst_first": min(pair.first for pair in crossing),
        "per_pair": [asdict(pair) for pair in pairs],
    }
