"""Language first, then the rest: what several models say of texts, each told the language where it is known.

For a page, a file, the assistant or a service alike. Who serves the models is given, so that this imports no torch.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from models.text import languages, parts
from models.text.classifier import Answer
from models.text.clauses import Reading, opposed

LANGUAGE, SENTIMENT = "language", "sentiment"
"""The model that is asked first, for the others to be told what it found; and the one that reads clauses, too."""
Ask = Callable[[str, Sequence[str], Sequence[str | None]], Sequence[Answer]]
"""(model, texts, their languages as BCP 47 where known) -> an answer a text."""
_CODE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_UNHEARD = ("empty", "no words", "unseen")


@dataclass(frozen=True)
class TextResult:
    """What the models say of a text, by model. language: what they were told it is in (BCP 47), None for nothing.
    mixed: it holds several scripts and was read as one, so that no answer to it is sure. clauses: where sentiment was
    asked for and the text is surely positive and surely negative, its clauses with how each is read."""

    answers: Mapping[str, Answer]
    language: str | None
    mixed: bool
    clauses: tuple[Reading, ...] = ()


def answer(
    models: Sequence[str], texts: Sequence[str], spoken: Sequence[str], ask: Ask, readable: Sequence[str]
) -> list[TextResult]:
    """Each text by each model. spoken: the language of each as its file gives it, "" where it does not. readable: the
    languages (BCP 47) that the other models read. Raises what `ask` raises."""
    known = [language_code(code) for code in spoken]
    answers: list[dict[str, Answer]] = [{} for _text in texts]
    for model in sorted(models, key=lambda name: name != LANGUAGE):
        for found, heard in zip(answers, ask(model, texts, known), strict=True):
            found[model] = heard
        if model == LANGUAGE:
            known = [
                code or language_code(settled(found[LANGUAGE], readable) or "")
                for code, found in zip(known, answers, strict=True)
            ]
    read: Sequence[tuple[Reading, ...]] = [()] * len(texts)
    if SENTIMENT in models:
        read = opposed(texts, known, lambda cut, codes: ask(SENTIMENT, cut, codes))
    return [
        TextResult(found, code, parts.is_mixed(text), clause_by_clause)
        for found, code, text, clause_by_clause in zip(answers, known, texts, read, strict=True)
    ]


def settled(answer: Answer | None, readable: Sequence[str]) -> str | None:
    """The language (FLORES) that the other models are told, by what the language model found; None where it is too
    unsure. Doubt between languages that the others do not tell apart is none: see `languages.settled`."""
    if answer is None or answer.note in _UNHEARD:
        return None
    return languages.settled(answer.probabilities, readable)


def language_code(spoken: str) -> str | None:
    """A language as a person or a model names it, as BCP 47: swh_Latn, sw, zh-Hans. None for what is no code."""
    code = spoken.strip()
    if not _CODE.fullmatch(code):
        return None
    return languages.bcp47(code) if code in languages.FLORES else code.replace("_", "-")
