"""What the language models say about a text, in words; a model that is missing or fails says so and stops no other."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard import fitness_words, load
from dashboard.i18n.faults import said, spelt
from dashboard.i18n.translation import _, locale, number
from dashboard.markup import literal
from models import fitness
from models.fitness import Fitness
from models.text import pipeline
from models.text.pipeline import language_code

if TYPE_CHECKING:
    from models.cards import Card
    from models.serving.server import Served
    from models.text.classifier import Answer
    from models.text.clauses import Reading
    from models.text.parts import Part
    from models.text.pipeline import TextResult

LANGUAGE, SENTIMENT, TOPIC, BASELINE = pipeline.LANGUAGE, pipeline.SENTIMENT, "topic", "sentiment-baseline"
INTENTS = ("banking77", "clinc150", "bitext")
INTENTS_OF = {"general": "clinc150", "finance": "banking77", "manufacturing": "bitext"}
"""The intent model of an industry, by its recipe; the others have none yet."""
SAMPLES = Path(__file__).with_name("samples.toml")
FILE_TIMEOUT_S = 120
COMMAND = re.compile(r"python -m models train [\w.-]*\w")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
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
    from models.text.classifier import MAX_CHARACTERS

    kept = CONTROL.sub("", text.encode("utf-8", "ignore").decode("utf-8")).strip()
    return Given(kept[:MAX_CHARACTERS], len(text.strip()), len(text.strip()) - len(kept))


def fault(error: Exception | str) -> str:
    """A fault of a model in the reader's language, the command in it as one."""
    return COMMAND.sub(r"`\g<0>`", spelt(error))


def ask(model: str, text: str, language: str | None = None) -> Said:
    """One text, one model. language: its FLORES code where it is known."""
    from models.errors import ModelError, ServingError, TextError

    try:
        served = load.text_server(model).ask([text], [language_code(language)] if language else None)
    except (ModelError, ServingError, TextError) as error:
        return Said(model, problem=fault(error))
    return Said(model, served.answers[0], served)


def explain(model: str, text: str, label: str, language: str | None) -> "Served | str":
    """The reasons of a class by word, or why there are none."""
    from models.errors import ModelError, ServingError, TextError

    try:
        return load.text_server(model).explain(text, label, language_code(language) if language else None)
    except (ModelError, ServingError, TextError) as error:
        return fault(error)


class Unanswered(RuntimeError):
    """A model could not answer the rows of a file; the message is in the reader's language."""


def answer_rows(
    models: Sequence[str], rows: Sequence[str], languages: Sequence[str], fast: bool = False
) -> list[tuple[object, ...]]:
    """Class, probability, whether it is sure and whether the model is fit for the language, of each model in turn, a
    tuple a row; empty where there is no word. With the sentiment, last: the clauses and how each is read where some are
    surely positive and some surely negative, else "".

    languages: each row's language as its file gives it, "" where it does not. fast: without the encoder. No answer to a
    text in several scripts is sure: it is read as one. Raises Unanswered.
    """
    from models.errors import ModelError, ServingError, TextError

    def ask_server(model: str, texts: Sequence[str], codes: Sequence[str | None]) -> "Sequence[Answer]":
        return load.text_server(model, fast).ask(texts, codes, timeout_s=FILE_TIMEOUT_S).answers

    texts = [given(row) for row in rows]
    places = [place for place, text in enumerate(texts) if text.readable]
    try:
        found = pipeline.answer(
            models, [texts[place].text for place in places], [languages[place] for place in places], ask_server, _read()
        )
    except (ModelError, ServingError, TextError) as error:
        raise Unanswered(fault(error)) from error
    nothing = ("", None, False, False) * len(models) + ("",) * (SENTIMENT in models)
    by_place = dict(zip(places, found, strict=True))
    return [_row(models, by_place[place]) if place in by_place else nothing for place in range(len(rows))]


def _row(models: Sequence[str], result: "TextResult") -> tuple[object, ...]:
    cells: list[object] = []
    for model in models:
        answer = result.answers[model]
        judged = fit(model, answer.label if model == LANGUAGE else result.language)
        cells += (answer.label, answer.confidence, answer.sure and not result.mixed, judged.ready)
    if SENTIMENT in models:
        cells.append(" | ".join(f"{one.sign or 'unclear'}: {one.text}" for one in result.clauses))
    return tuple(cells)


def _read() -> tuple[str, ...]:
    """The languages that the sentiment model reads."""
    card = card_of(SENTIMENT)
    return tuple(card.languages) if card else ()


def settled(answer: "Answer | None") -> str | None:
    """The language that the other models are told, by what the language model found; None where it is too unsure."""
    return pipeline.settled(answer, _read())


def adapters() -> tuple[str, ...]:
    """Models of one market on top of the sentiment model, by name; a damaged card is left to the Model cards page."""
    return tuple(name for name in load.model_names() if (card := card_of(name)) and card.base == SENTIMENT)


def alone(model: str = SENTIMENT) -> str:
    """Why our own network answers without the encoder beside it, "" where it does not."""
    from models.errors import ModelError
    from models.text.base import answers

    try:
        problem = answers.why_alone(model)
    except ModelError:
        return ""  # its own fault is told where it is asked
    return fault(problem) if problem else ""


def with_encoder(model: str = SENTIMENT) -> bool:
    """Whether an encoder answers beside our own network."""
    card = card_of(model)
    return card is not None and "before" in next(iter((card.metrics.get("per_language") or {"": {}}).values()))


def fit(model: str, code: str | None, territory: str = "") -> Fitness:
    """Whether a model may be relied on for a language, by its card; unknown without a card or a language."""
    card = card_of(model)
    if card is None or code is None:
        return Fitness(fitness.UNKNOWN)
    return fitness.of_language(card.metrics, code, territory, card.languages)


def not_offered(model: str, code: str | None) -> tuple[str, ...]:
    """Classes that a model never answers in a language, by its card: its training texts there had none."""
    from models.text import languages

    card = card_of(model)
    return languages.not_offered(card.config.get("network", {}), code) if card else ()


def in_parts(text: str, language: "Answer | None") -> "tuple[Part, ...]":
    """A text by language, each part with what it is in; one part where it is all in the same, or nobody could tell."""
    from models.errors import ModelError, ServingError
    from models.text.parts import Part, parts

    if language is None:
        return (Part(None, text),)

    def read(texts: Sequence[str]) -> list[dict[str, float]]:
        return [answer.probabilities for answer in load.text_server(LANGUAGE).ask(list(texts)).answers]

    try:
        return parts(text, language.probabilities, read)
    except (ModelError, ServingError):
        return (Part(None, text),)


def opposed(text: str, code: str | None) -> "tuple[Reading, ...]":
    """The clauses of a text with their sentiment where some are surely positive and some surely negative; none else,
    and where the model cannot be asked. code: FLORES, None where nobody knows."""
    from models.errors import ModelError, ServingError, TextError
    from models.text import clauses

    def ask_server(texts: Sequence[str], codes: Sequence[str | None]) -> "Sequence[Answer]":
        return load.text_server(SENTIMENT).ask(texts, codes).answers

    try:
        return clauses.opposed([text], [language_code(code) if code else None], ask_server)[0]
    except (ModelError, ServingError, TextError):
        return ()


def card_of(model: str) -> "Card | None":
    """A model's card; None where there is none that can be read."""
    from models.errors import ModelError

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
    return known.get(label) or intent_name(label)


def intent_name(label: str) -> str:
    """An intent as its data set names it, in words: card_arrival -> card arrival."""
    words = CAMEL.sub(" ", re.sub(r"[_`]+", " ", label))
    return " ".join(words.split()).lower()


def language_of(code: str) -> str:
    """A language by its FLORES code, in the reader's language."""
    from models.text import languages

    return languages.name(code, locale())


def headline(sentiment: Said, language: Said, code: str | None, clauses: "Sequence[Reading]" = ()) -> str:
    """The answer in a line: what of it there is. code: the language it was read in, None where nobody knows. clauses:
    as `opposed` has them."""
    parts = [feeling(sentiment, code, clauses)] if sentiment.answer else []
    if language.answer:
        name = label_name(LANGUAGE, language.answer.label)
        parts.append(name if language.answer.sure else _("perhaps {label}").format(label=name))
    return _begun(" · ".join(parts)) or _("No model has read this yet")


def headline_of_parts(read: "Sequence[tuple[str | None, Said, Sequence[Reading]]]") -> str:
    """The same for a text in several languages: each with its sentiment."""
    template = _("{language}: {sentiment}")
    told = [
        template.format(
            language=language_of(code) if code else _("an unknown language"),
            sentiment=feeling(sentiment, code, clauses),
        )
        for code, sentiment, clauses in read
        if sentiment.answer
    ]
    return _begun(" · ".join(told)) or _("No model has read this yet")


def _begun(line: str) -> str:
    return line[:1].upper() + line[1:]


def feeling(sentiment: Said, code: str | None, clauses: "Sequence[Reading]" = ()) -> str:
    """A sentiment as it may be said: plainly only where it is clearly ahead, in a language the model is fit for; as
    both where its clauses are."""
    answer = sentiment.answer
    if not clauses and not answer.sure:
        return _("mixed or unclear")
    name = _("mixed: positive and negative") if clauses else label_name(SENTIMENT, answer.label)
    return name if fit(sentiment.model, code).ready else _("perhaps {label}").format(label=name)


def quality(model: str, language: str | None) -> str:
    """How good a model was on held-out texts of a language (FLORES code); "" where it is not good enough, which a
    banner says, and where nobody measured."""
    judged = fit(model, language)
    if not judged.ready:
        return ""
    return _("{group}: {figure}").format(group=language_of(language), figure=fitness_words.figure(judged))


def cost(asked: list[Said], explained: "Served | None") -> str:
    """The line at the foot: where it ran, how long each model took, in which version."""
    parts, places = [], {}
    for one in asked:
        if one.served is None:
            continue
        card = card_of(one.model)
        parts.append(
            _("{model} v{version} {ms} ms").format(
                model=literal(model_title(one.model)),
                version=literal(card.version) if card else "?",
                ms=number(one.served.latency_ms, 2),
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
