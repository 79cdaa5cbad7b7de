"""What the assistant does with a question, and the conversation in words: summary for a person, transcript."""

import re
import time
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from dashboard import load
from dashboard.assistant import atlas, state
from dashboard.assistant.state import Conversation, Intent, Turn
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, current, language_name, listing, number, share
from dashboard.inference import text as language_lab_answers
from data import store

if TYPE_CHECKING:
    from models.assistant.knowledge import Entry, KnowledgeBase
    from models.assistant.replies import Reply
    from models.assistant.retrieval import Index

LANGUAGE = language_lab_answers.LANGUAGE
INTENTS = ("clinc150", "banking77", "bitext")
OUTSIDE = "oos"
"""The label of CLINC150 for what none of its intents is."""
SAMPLE_QUESTIONS = 5
SHOWN_IN_SUMMARY = 12


def answer(question: str, intent_model: str) -> Turn:
    """Find the reply to a question and put both at the end of the conversation."""
    from models.assistant import replies

    talk = state.now()
    given = language_lab_answers.given(question)
    if (of_the_atlas := atlas.reply(given.text)) is not None:
        return state.add(given.text, of_the_atlas)
    told = language_lab_answers.ask(LANGUAGE, given.text) if given.readable else None
    language = _language(told)
    intent, asked = intent_of(given.text, intent_model, language) if given.readable else (None, None)
    index, problem = index_of(base_of(talk))
    started = time.perf_counter()
    options = {
        "intent": intent.label if intent and intent.sure else None,
        "asked_before": talk.asked_back,
        "usual": current(),
    }
    try:
        reply = replies.reply(index, given.text, language, **options)
    except _failures() as error:
        index, problem = load.knowledge_index(index.base, ""), spelt(error)
        reply = replies.reply(index, given.text, language, **options)
    if given.length > len(given.text):
        reply = replace(reply, cut=True)
    taken = (time.perf_counter() - started) * 1000
    foot = _foot(index, taken, [one for one in (told, asked) if one is not None and one.served is not None])
    feeling = _feeling(given.text, language) if reply.kind == "handover" and given.readable else ""
    turn = state.add(given.text, reply, intent, foot, feeling)
    state.change(problem=problem)
    return turn


def _failures() -> tuple[type[Exception], ...]:
    from models.errors import ModelError, ServingError, TextError

    return ModelError, ServingError, TextError


def _language(told: language_lab_answers.Said | None) -> str | None:
    """The code of a question's language, where it is clear enough to be told to the other models."""
    spoken = language_lab_answers.settled(told.answer if told else None)
    code = language_lab_answers.language_code(spoken) if spoken else None
    return code.split("-")[0] if code else None


def _feeling(text: str, language: str | None) -> str:
    """The sentiment of a message in words, clause by clause where it is mixed; "" where it is not sure."""
    sentiment = language_lab_answers.ask(language_lab_answers.SENTIMENT, text, language)
    if sentiment.answer is None:
        return ""
    clauses = language_lab_answers.opposed(text, language)
    if not clauses and not sentiment.answer.sure:
        return ""
    read = [f"{language_lab_answers.label_name(sentiment.model, one.sign)}: {one.text}" for one in clauses if one.sign]
    return " | ".join((language_lab_answers.feeling(sentiment, language, clauses), *read))


def intent_of(text: str, model: str, language: str | None) -> tuple[Intent, language_lab_answers.Said]:
    """What a text is taken for; why not, where the model is missing or busy."""
    model = load.intent_model(model)
    asked = language_lab_answers.ask(model, text, language)
    if asked.answer is None:
        return Intent(model, problem=asked.problem), asked
    label = asked.answer.label
    return Intent(model, label, asked.answer.confidence, asked.answer.sure, label == OUTSIDE), asked


def base_of(talk: Conversation) -> "KnowledgeBase":
    return talk.base or load.knowledge_sample()


def index_of(base: "KnowledgeBase") -> "tuple[Index, str]":
    """The search over a base, and why it goes by words alone where the hub's embeddings were asked for."""
    embedded_by, problem = load.embeddings()
    try:
        return load.knowledge_index(base, embedded_by), spelt(problem) if problem else ""
    except _failures() as error:
        return load.knowledge_index(base, ""), spelt(error)


def _foot(index: "Index", taken: float, models: list[language_lab_answers.Said]) -> str:
    how = _("words and meaning") if index.embedder is not None else _("words")
    found = _("{entries} entries searched by {how} in {ms} ms").format(
        entries=number(len(index.base.entries), 9), how=how, ms=number(taken, 2)
    )
    return " · ".join(part for part in (found, language_lab_answers.cost(models, None)) if part)


def judged(turn: Turn, verdict: str, words: bool, comment: str = "") -> None:
    """Keep in the store what the reader thinks of a turn. Raises store.StoreError.

    words: whether they agreed that their question and comment are kept, too; without, none of their words is.
    """
    store.put_feedback(
        turn.key,
        asked_at=turn.asked_at,
        question=turn.question if words else "",
        kind=turn.reply.kind,
        entries=[entry.id for entry in turn.reply.cited or turn.reply.options],
        confidence=turn.reply.confidence,
        intent=turn.intent.label if turn.intent else "",
        verdict=verdict,
        comment=comment if words else "",
    )


# ------------------------------------------------------------------ in words


def sample_questions(base: "KnowledgeBase") -> tuple[tuple[str, str], ...]:
    """Questions to start with, (language, question), each of another entry: every other one in the reader's language
    where the base has it, the others in the base's other languages."""
    wanted = _alternating(base.languages or ("",))
    step = max(1, len(base.ids) // SAMPLE_QUESTIONS)
    found = []
    for place, language in enumerate(wanted):
        key = base.ids[min(place * step, len(base.ids) - 1)]
        entry = base.entry(key, language)
        found.append((entry.language, entry.also[0] if entry.also else entry.question))
    return tuple(dict.fromkeys(found))


def _alternating(languages: tuple[str, ...]) -> tuple[str, ...]:
    """The reader's language, another, the reader's, another: as many as there are samples."""
    own = current() if current() in languages else languages[0]
    others = [code for code in languages if code != own] or [own]
    return tuple(own if place % 2 == 0 else others[(place // 2) % len(others)] for place in range(SAMPLE_QUESTIONS))


def intent_words(intent: Intent) -> str:
    """The intent with its probability, as its data set names it."""
    if intent.outside:
        return _("out of scope {share}").format(share=share(intent.probability))
    name = intent.label.replace("_", " ")
    text = _("{intent} {share}") if intent.sure else _("perhaps {intent} {share}")
    return text.format(intent=name, share=share(intent.probability))


def why(reply: "Reply") -> str:
    """Why the reply is what it is, to whoever runs the assistant."""
    reasons = {
        "found": _("An entry answers it."),
        "unsure": _("More than one entry could be meant, or none for sure, so it asks for clarification."),
        "unsure again": _("It was unsure a second time, so a person takes over."),
        "no words": _("There is no word in the message, so it asks for clarification."),
        "no subject": _("The message does not say what it is about, so it asks for clarification."),
        "nothing found": _("No entry answers it for sure, so a person takes over."),
        "requested": _("A person was asked for."),
        "courtesy": _("The message is a courtesy."),
        "atlas": _("The question is about the atlas, so its own ranking answers it."),
    }
    return reasons[reply.reason]


def kind_name(kind: str) -> str:
    return {"answer": _("Answer"), "ask": _("Asks for clarification"), "handover": _("A person takes over")}[kind]


def language_words(reply: "Reply") -> str:
    """The question's language in the reader's; "" where it was not recognised."""
    return language_name(reply.language) if reply.language else ""


def borrowed_line(reply: "Reply") -> str:
    """That a reply comes from an entry in another language than the question; "" where it does not."""
    if not reply.borrowed:
        return ""
    return _("Answered from the {language} entry: there is none in {asked}.").format(
        language=language_name(reply.borrowed), asked=language_words(reply)
    )


def cited_line(entry: "Entry") -> str:
    """What an entry is called among the sources."""
    return " · ".join(part for part in (entry.topic, entry.question, entry.id) if part)


def pieces(text: str) -> list[str]:
    """A text in the pieces it is written out by: words, or pairs of characters where there are no blanks."""
    return re.findall(r"\s*[^\s\u3000-\u9fff]+|\s*[\u3000-\u9fff]{1,2}|\s+", text)


def summary(talk: Conversation) -> str:
    """What a person needs to take over: languages, what was recognised, every question and what was said."""
    turns = talk.turns[-SHOWN_IN_SUMMARY:]
    languages = list(dict.fromkeys(language_words(turn.reply) for turn in turns if turn.reply.language))
    intents = [intent_words(turn.intent) for turn in turns if turn.intent and turn.intent.label]
    lines = [
        _("Conversation with the assistant, {count} question(s), {moment} UTC").format(
            count=len(talk.turns), moment=f"{turns[-1].asked_at.astimezone(UTC):%Y-%m-%d %H:%M}" if turns else ""
        )
    ]
    if languages:
        lines.append(_("Language: {languages}").format(languages=listing(languages)))
    if intents:
        lines.append(_("Recognised: {intents}").format(intents=_("; ").join(dict.fromkeys(intents))))
    lines.append(_("Why: {reason}").format(reason=why(turns[-1].reply)) if turns else "")
    if turns and turns[-1].feeling:
        lines.append(_("Sentiment: {sentiment}").format(sentiment=turns[-1].feeling))
    for turn in turns:
        lines += ["", f"> {turn.question}", f"{_said(turn)}"]
    return "\n".join(lines)


def _said(turn: Turn) -> str:
    cited = ", ".join(entry.id for entry in turn.reply.cited)
    said = f"{turn.reply.text} [{cited}]" if cited else turn.reply.text
    return " ".join(part for part in (said, borrowed_line(turn.reply)) if part)


def transcript(talk: Conversation, base: str) -> str:
    """The whole conversation as a text file, with sources, confidence and verdicts."""
    lines = [_("Conversation over the knowledge base {base}").format(base=base), ""]
    for turn in talk.turns:
        facts = [kind_name(turn.reply.kind), _("confidence {share}").format(share=share(turn.reply.confidence))]
        if turn.intent and turn.intent.label:
            facts.append(f"{turn.intent.model}: {intent_words(turn.intent)}")
        if turn.verdict:
            facts.append(_("judged helpful") if turn.verdict == "up" else _("judged not helpful"))
        lines += [f"{turn.asked_at:%Y-%m-%d %H:%M:%S} UTC", f"> {turn.question}", _said(turn)]
        lines += [f"({'; '.join(facts)})", ""]
    return "\n".join(lines)
