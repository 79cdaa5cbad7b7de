"""What the language models say about a text, in words; a model that is missing or fails says so and stops no other."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard import load
from dashboard.language import _, locale, number
from dashboard.sentences import said

if TYPE_CHECKING:
    from models.registry import Card
    from models.serving import Served
    from models.text.classifier import Answer

LANGUAGE, SENTIMENT, TOPIC, BASELINE = "language", "sentiment", "topic", "sentiment-baseline"
INTENTS = ("banking77", "clinc150", "bitext")
SAMPLES = Path(__file__).with_name("language_lab_samples.toml")
FILE_TIMEOUT_S = 120
CODE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
COMMAND = re.compile(r"python -m models train [\w.-]*\w")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Sample:
    """Two sentences in a language. code: FLORES-200; language: as the language facts of markets name it."""

    code: str
    language: str
    pleased: str
    displeased: str


@dataclass(frozen=True)
class Given:
    """A text as the models get it: without control characters, at most as long as they read. length: as given."""

    text: str
    length: int
    removed: int

    @property
    def cut(self) -> bool:
        return self.length - self.removed > len(self.text)

    @property
    def readable(self) -> bool:
        """Whether there is a letter in it: emoji, digits and marks alone say nothing to these models."""
        return any(unicodedata.category(character).startswith("L") for character in self.text)


@dataclass(frozen=True)
class Said:
    """What a model says of a text. problem: why it says nothing, "" when it does."""

    model: str
    answer: "Answer | None" = None
    served: "Served | None" = None
    problem: str = ""


@cache
def samples() -> tuple[Sample, ...]:
    return tuple(Sample(**entry) for entry in tomllib.loads(SAMPLES.read_text(encoding="utf-8"))["sample"])


def given(text: str) -> Given:
    """The part of a text that is read."""
    from models.text.classifier import LONGEST

    kept = CONTROL.sub("", text.encode("utf-8", "ignore").decode("utf-8")).strip()
    return Given(kept[:LONGEST], len(text.strip()), len(text.strip()) - len(kept))


def fault(error: Exception) -> str:
    """A fault of a model in the reader's language, the command in it as one."""
    return COMMAND.sub(r"`\g<0>`", said(str(error)))


def ask(model: str, text: str, language: str | None = None) -> Said:
    """One text, one model. language: its FLORES code where it is known."""
    from models.registry import ModelError
    from models.serving import ServingError
    from models.text.classifier import TextError

    try:
        served = load.text_server(model).ask([text], [language_code(language)] if language else None)
    except (ModelError, ServingError, TextError) as error:
        return Said(model, problem=fault(error))
    return Said(model, served.answers[0], served)


def explain(model: str, text: str, label: str, language: str | None) -> "Served | str":
    """The reasons of a class by word, or why there are none."""
    from models.registry import ModelError
    from models.serving import ServingError
    from models.text.classifier import TextError

    try:
        return load.text_server(model).explain(text, label, language_code(language) if language else None)
    except (ModelError, ServingError, TextError) as error:
        return fault(error)


class Unanswered(RuntimeError):
    """A model could not answer the rows of a file; the message is in the reader's language."""


def answer_rows(models: Sequence[str], rows: Sequence[str], told: Sequence[str]) -> list[tuple[object, ...]]:
    """Class, probability and whether it is sure, of each model in turn, a tuple a row; empty where there is no word.

    told: each row's language as its file gives it, "" where it does not. Raises Unanswered.
    """
    from models.registry import ModelError
    from models.serving import ServingError
    from models.text.classifier import TextError

    texts = [given(row) for row in rows]
    places = [place for place, text in enumerate(texts) if text.readable]
    asked = [texts[place].text for place in places]
    known = [language_code(told[place]) for place in places]
    answers: list[list[object]] = [[] for _row in rows]
    try:
        # The language is found out first, for the other models to know it.
        for model in sorted(models, key=lambda name: name != LANGUAGE):
            found = load.text_server(model).ask(asked, known, timeout_s=FILE_TIMEOUT_S).answers
            by_place = dict(zip(places, found, strict=True))
            for place, row in enumerate(answers):
                answer = by_place.get(place)
                row.append((answer.label, answer.confidence, answer.sure) if answer else ("", None, False))
            if model == LANGUAGE:
                known = [
                    code or (language_code(heard) if (heard := settled(answer)) else None)
                    for code, answer in zip(known, found, strict=True)
                ]
    except (ModelError, ServingError, TextError) as error:
        raise Unanswered(fault(error)) from error
    order = sorted(models, key=lambda name: name != LANGUAGE)
    return [tuple(part for model in models for part in row[order.index(model)]) for row in answers]


def settled(answer: "Answer | None") -> str | None:
    """The language that the other models are told, by what the language model found; None where it is too unsure."""
    from models.text import languages

    if answer is None or answer.note in ("empty", "no words", "unseen"):
        return None
    card = card_of(SENTIMENT)
    return languages.settled(answer.probabilities, card.languages if card else ())


def language_code(told: str) -> str | None:
    """A language as a person or a model names it, as BCP 47: swh_Latn, sw, zh-Hans. None for what is no code."""
    from models.text import languages

    code = told.strip()
    if not CODE.fullmatch(code):
        return None
    return languages.bcp47(code) if code in languages.FLORES else code.replace("_", "-")


def adapters() -> tuple[str, ...]:
    """Models of one market on top of the sentiment model, by name; a damaged card is left to the Model cards page."""
    return tuple(name for name in load.model_names() if (card := card_of(name)) and card.base == SENTIMENT)


def languages_known(model: str) -> frozenset[str]:
    """Languages a model was tested on, as the language facts of markets name them (sw, zh); empty without the model."""
    from models.text import languages

    card = card_of(model)
    codes = card.languages if card else ()
    return frozenset((languages.bcp47(code) if code in languages.FLORES else code).partition("-")[0] for code in codes)


def card_of(model: str) -> "Card | None":
    """A model's card; None where there is none that can be read."""
    from models.registry import ModelError

    try:
        return load.model_card(model)
    except (ModelError, OSError):
        return None


# ------------------------------------------------------------------ words


def model_title(model: str) -> str:
    """What a model is called on the page."""
    named = {
        LANGUAGE: _("Language"),
        SENTIMENT: _("Sentiment"),
        TOPIC: _("Topic"),
        BASELINE: _("Baseline: character n-grams"),
        "banking77": _("Bank (Banking77)"),
        "clinc150": _("Assistant (CLINC150)"),
        "bitext": _("Shop (Bitext)"),
    }
    if model in named:
        return named[model]
    card = card_of(model)
    if over := hub_under(card):
        return _("{model} with {hub}").format(model=model_title(over["base"]), hub=over["model"])
    return sentence(card, card.title) if card else model


def sentence(card: "Card", text: str) -> str:
    """A sentence of a card in the reader's language; the language an adapter is for by its name there."""
    from models.text import languages

    code = card.config.get("language")
    named = {"language": languages.name(str(code), locale())} if code else {}
    return said(text, name=card.name, **named)


def hub_under(card: "Card | None") -> dict[str, str]:
    """The hub model that a model of ours answers together with, and which of ours it is; empty for most."""
    return card.config.get("hub", {}) if card else {}


def method(model: str) -> str:
    """How the reasons of a model are found; {label} stands for the class."""
    if hub_under(card_of(model)):
        return _(
            "Each word left out in turn: what that takes from the score of “{label}”. Associated with the answer; "
            "another text with the same word may be read otherwise."
        )
    return _(
        "Integrated gradients: each word's part in the score of “{label}”. Associated with the answer; another "
        "text with the same word may be read otherwise."
    )


def label_name(model: str, label: str) -> str:
    """A class in the reader's language; an intent is named as its data set names it."""
    if model == LANGUAGE:
        return language_of(label)
    known = {
        "negative": _("negative"),
        "neutral": _("neutral"),
        "positive": _("positive"),
        "science/technology": _("science and technology"),
        "travel": _("travel"),
        "politics": _("politics"),
        "sports": _("sports"),
        "health": _("health"),
        "entertainment": _("entertainment"),
        "geography": _("geography"),
    }
    return known.get(label, f"`{label.replace('`', '')}`")


def language_of(code: str) -> str:
    """A language by its FLORES code, in the reader's language."""
    from models.text import languages

    return languages.name(code, locale())


def headline(sentiment: Said, topic: Said, language: Said) -> str:
    """The answer in a line: what of it there is."""
    parts = [_sure(sentiment)] if sentiment.answer else []
    if topic.answer:
        name = label_name(topic.model, topic.answer.label)
        parts.append((_("about {topic}") if topic.answer.sure else _("perhaps about {topic}")).format(topic=name))
    if language.answer:
        parts.append(_sure(language))
    line = " · ".join(parts)
    return line[:1].upper() + line[1:] if line else _("No model has read this yet")


def _sure(said_by: Said) -> str:
    name = label_name(said_by.model, said_by.answer.label)
    return name if said_by.answer.sure else _("perhaps {label}").format(label=name)


def quality(model: str, language: str | None) -> str:
    """How good a model was on held-out texts of a language (FLORES code), else on all; "" where nobody measured."""
    card = card_of(model)
    if card is None:
        return ""
    from models.text import languages

    by_language = card.metrics.get("per_language") or {}
    row = by_language.get(language) or (by_language.get(languages.bcp47(language)) if language else None)
    if row and "low" in row:
        return _("In {language} F1 {score} ({low} to {high}) on {n} test texts.").format(
            language=language_of(language),
            score=number(row["macro_f1"], 2),
            low=number(row["low"], 2),
            high=number(row["high"], 2),
            n=number(row["n"], 9),
        )
    if "macro_f1" not in card.metrics:
        return ""
    return _("F1 {score} on {n} test texts.").format(
        score=number(card.metrics["macro_f1"], 2), n=number(card.metrics.get("n", float("nan")), 9)
    )


def cost(asked: list[Said], explained: "Served | None") -> str:
    """The line at the foot: where it ran, how long each model took, in which version."""
    parts, places = [], {}
    for one in asked:
        if one.served is None:
            continue
        card = card_of(one.model)
        parts.append(
            _("{model} v{version} {ms} ms").format(
                model=model_title(one.model), version=card.version if card else "?", ms=number(one.served.latency_ms, 2)
            )
        )
        place = computed_on(one.served)
        places[place] = max(places.get(place, 0), one.served.batch)
    if explained is not None:
        parts.append(_("reasons {ms} ms").format(ms=number(explained.latency_ms, 2)))
    where = ", ".join(_("{place}, batch of {n}").format(place=place, n=n) for place, n in places.items())
    return " · ".join(([where] if where else []) + parts)


def computed_on(served: "Served") -> str:
    """Where an answer was computed, and in which number format: "cpu (int8)"; the device alone where it has none."""
    named = {"onnx": _("fp32 in ONNX Runtime")}
    formats = ", ".join(named.get(precision, precision) for precision in served.precision.split(", "))
    return f"{served.device} ({formats})" if formats else served.device
