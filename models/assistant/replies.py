"""What an assistant does with a question: answer from the knowledge base, ask back, or hand over to a person.

It says an entry's own text or one of the sentences in phrases.toml, and nothing else: no text is generated.

    reply(Index(knowledge.sample()), "How much is a licence?").cited[0].id
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.assistant import requests
from models.assistant.knowledge import Entry
from models.assistant.retrieval import Hit, Index, words
from models.text.classifier import MAX_CHARACTERS

ANSWER_FROM, ASK_FROM = 0.75, 0.4
"""Confidence from which an entry is said, and from which one asks which entry is meant; below, a person takes over."""
MAX_OPTIONS = 3
WORTH_OFFERING = 0.4
"""An entry is offered from this share of the best one's score."""
PERSON_INTENTS = frozenset({"contact_human_agent"})
"""Intents by which a customer asks for a person (Bitext's name for it)."""
PHRASES = Path(__file__).with_name("phrases.toml")
ENGLISH = "en"


@dataclass(frozen=True)
class Reply:
    """What is said, and why.

    kind: "answer", "ask" or "handover". reason: "found", "unsure", "unsure again", "no words", "no subject" (function
    words alone), "nothing found", "requested" or "courtesy". cited: entries the text comes from (of an answer).
    options: entries to choose from (when it asks back). language: of the question, None where it was not recognised.
    hits: everything that was found, best first. cut: the question was longer than MAX_CHARACTERS; only those were
    read.
    """

    kind: str
    reason: str
    text: str
    confidence: float
    language: str | None = None
    cited: tuple[Entry, ...] = ()
    options: tuple[Entry, ...] = ()
    hits: tuple[Hit, ...] = ()
    cut: bool = False

    @property
    def borrowed(self) -> str:
        """The language of the entry that is said, where the question is in another; "" else."""
        entry = self.cited[0] if self.cited else None
        return entry.language if entry and self.language and entry.language != self.language else ""


def reply(
    index: Index,
    question: str,
    language: str | None = None,
    *,
    intent: str | None = None,
    asked_before: bool = False,
    usual: str = ENGLISH,
) -> Reply:
    """What to say to a question.

    language: of the question, where it is known. intent: its label, where a model is sure of it. asked_before: the
    last reply asked back already, so another doubt goes to a person. usual: language of our own sentences where the
    question's is not known.
    """
    cut = len(question) > MAX_CHARACTERS
    question = question[:MAX_CHARACTERS]
    tokens = words(question)
    told = re.split("[-_]", language)[0] if language else None
    known = told if told in index.base.languages or (told and index.crosses) else index.language_of(question) or told
    speaks = known if known in _phrases() else usual
    wish, heard = requests.meant(question) or ("", speaks)
    if wish in requests.COURTESIES:
        return Reply("answer", "courtesy", phrase(wish, known or heard), 1.0, known or heard, cut=cut)
    if wish == requests.PERSON:
        return Reply("handover", "requested", phrase("requested", known or heard), 0.0, known or heard, cut=cut)
    if intent in PERSON_INTENTS:
        return Reply("handover", "requested", phrase("requested", speaks), 0.0, known, cut=cut)
    if not tokens:
        return Reply("ask", "no words", phrase("no_words", speaks), 0.0, known, cut=cut)
    hits = tuple(index.search(question, known))
    sure = hits[0].confidence if hits else 0.0
    if (not hits or (index.crosses and sure < ASK_FROM)) and not index.has_subject(question, known):
        return Reply("ask", "no subject", phrase("no_subject", speaks), 0.0, known, cut=cut)
    if sure >= ANSWER_FROM:
        best = _read_in(index, hits[0].entry, known, usual)
        return Reply("answer", "found", best.answer, sure, known, (best,), (), hits, cut)
    if sure < ASK_FROM or asked_before:
        reason = "unsure again" if sure >= ASK_FROM else "nothing found"
        return Reply("handover", reason, phrase("handover", speaks), sure, known, (), (), hits, cut)
    near = [hit.entry for hit in hits if hit.score >= WORTH_OFFERING * hits[0].score][:MAX_OPTIONS]
    offered = [_read_in(index, entry, known, usual) for entry in near]
    return Reply("ask", "unsure", phrase("ask", speaks), sure, known, (), tuple(offered), hits, cut)


def _read_in(index: Index, entry: Entry, language: str | None, usual: str) -> Entry:
    """An entry as whoever asks can read it best: in the question's language, else in that of our own sentences."""
    if language in (None, entry.language):
        return entry
    same = (other for other in index.base.entries if other.id == entry.id and other.language == usual)
    return next(same, entry)


def chosen(entry: Entry, language: str | None = None) -> Reply:
    """The reply when a customer picked an entry after being asked back: nothing is in doubt then."""
    return Reply("answer", "found", entry.answer, 1.0, language or entry.language or None, (entry,))


def handed_over(language: str | None = None, usual: str = ENGLISH) -> Reply:
    """The reply when a person was asked for by the button."""
    return Reply("handover", "requested", phrase("requested", language or usual), 0.0, language)


@cache
def _phrases() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(PHRASES.read_text(encoding="utf-8"))


def phrase(name: str, language: str) -> str:
    """One of the assistant's own sentences, in English where it has none in the language."""
    return _phrases().get(language, _phrases()[ENGLISH])[name]


# ------------------------------------------------------------------ how good is it


@dataclass(frozen=True)
class Case:
    """A question in a language and the id of the entry that answers it; "" when none does."""

    question: str
    language: str
    id: str = ""


@dataclass(frozen=True)
class Evaluation:
    """Shares over cases, 0..1, and per language where it says so.

    top1: answerable questions whose best entry is right, in the question's language. answered: of those, said at
    once. refused: unanswerable questions that went to a person. wrong: of all cases, answered with a wrong entry.
    brier: mean squared distance between confidence and whether the best entry was right, over all cases.
    """

    cases: int
    top1: float
    top1_by_language: Mapping[str, float]
    answered: float
    refused: float
    refused_by_language: Mapping[str, float]
    wrong: float
    brier: float


def evaluate(index: Index, cases: Iterable[Case], tell_language: bool = False) -> Evaluation:
    """How well a base answers written questions. tell_language: whether the language is given, or found out.

    Raises ValueError without an answerable and an unanswerable case.
    """
    cases = list(cases)
    told = [(case, reply(index, case.question, case.language if tell_language else None)) for case in cases]
    inside = [(case, found) for case, found in told if case.id]
    outside = [(case, found) for case, found in told if not case.id]
    if not inside or not outside:
        raise ValueError("Give at least one question that the base answers and one that it does not.")

    def right(case: Case, reply: Reply) -> bool:
        best = reply.hits[0].entry if reply.hits else None
        return best is not None and (best.id, best.language) == (case.id, case.language)

    def share(rows: list[tuple[Case, Reply]], holds) -> float:
        return sum(bool(holds(case, found)) for case, found in rows) / len(rows)

    def by_language(rows: list[tuple[Case, Reply]], holds) -> dict[str, float]:
        codes = dict.fromkeys(case.language for case, _ in rows)
        return {code: share([row for row in rows if row[0].language == code], holds) for code in codes}

    def given_to_a_person(case: Case, reply: Reply) -> bool:
        return reply.kind == "handover"

    return Evaluation(
        cases=len(cases),
        top1=share(inside, right),
        top1_by_language=by_language(inside, right),
        answered=share(inside, lambda case, found: found.kind == "answer" and right(case, found)),
        refused=share(outside, given_to_a_person),
        refused_by_language=by_language(outside, given_to_a_person),
        wrong=share(told, lambda case, found: found.kind == "answer" and not right(case, found)),
        brier=sum((found.confidence - right(case, found)) ** 2 for case, found in told) / len(told),
    )
