"""The Language lab's first section: one text, what it says and why, model beside model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from analytics.index import recipe
from analytics.market import language_reach
from dashboard import components, engineers, fitness_words, load, widgets
from dashboard.charts import texts
from dashboard.i18n.translation import LANGUAGES, _, listing, number, share
from dashboard.inference import text as language_lab_answers
from dashboard.inference.text import Given, Said, Sample
from dashboard.language import highlight
from dashboard.markup import literal

if TYPE_CHECKING:
    from models.text.classifier import Reason
    from models.text.clauses import Reading

SHOWN_CLASSES = 4
TEXT = "lab_text"
TOPIC, INTENT = "topic", "intent"
BADGES = {"positive": ":blue-badge", "negative": ":orange-badge", "": ":gray-badge"}


@dataclass(frozen=True)
class Read:
    """A part of the text in one language: code (FLORES; None where nobody knows), what its models say, and its clauses
    where they are of opposite signs."""

    code: str | None
    text: str
    sentiment: Said
    topic: Said | None = None
    intent: Said | None = None
    clauses: "tuple[Reading, ...]" = ()

    @property
    def asked(self) -> list[Said]:
        return [one for one in (self.sentiment, self.topic, self.intent) if one is not None]


def one_text(markets: list[str]) -> None:
    """Input, answer, reasons, models side by side, cost: from the top. markets: whose languages come first."""
    asked_for = language_lab_answers.given(_written(markets))
    if not asked_for.readable:
        _unreadable(asked_for)
        return
    if asked_for.cut:
        st.caption(
            _("The text has {length} characters; the first {read} are read.").format(
                length=number(asked_for.length, 9), read=number(len(asked_for.text), 9)
            )
        )
    heading = st.empty()
    more, intents = _more()
    with st.spinner(_("Reading"), show_time=True):
        language = language_lab_answers.ask(language_lab_answers.LANGUAGE, asked_for.text)
        read = _read(asked_for.text, language, more, intents)
    if len(read) > 1:
        heading.title(language_lab_answers.headline_of_parts([(one.code, one.sentiment, one.clauses) for one in read]))
    else:
        heading.title(language_lab_answers.headline(read[0].sentiment, language, read[0].code, read[0].clauses))
    if missing := language_lab_answers.alone():
        st.caption(
            _("Without the multilingual encoder, our own networks answer alone. {reason}").format(reason=missing)
        )
    for one in read:
        _banner(one)
    if len(read) > 1:
        st.info(_("This text is in {n} languages. Each part is read by itself.").format(n=len(read)))
    elif language.answer and read[0].code is None:
        st.info(
            _("Which language this is, is not certain: the other models read it without knowing."),
            icon=":material/help:",
        )
    elif language.answer and read[0].code != language.answer.label:
        st.caption(_("Read as {language}.").format(language=language_lab_answers.language_of(read[0].code)))
    _answers(read, language)
    explained = _reasons(read)
    others = _side_by_side(read[0]) if len(read) == 1 else []
    engineers.details(
        language_lab_answers.cost([language, *(said for one in read for said in one.asked), *others], explained)
    )


def _read(text: str, language: Said, more: list[str], intents: str) -> list[Read]:
    """Each part of a text by the models in question."""
    parts = language_lab_answers.in_parts(text, language.answer)
    whole = language_lab_answers.settled(language.answer)
    found = []
    for part in parts:
        code = part.code if len(parts) > 1 else whole
        found.append(
            Read(
                code,
                part.text,
                language_lab_answers.ask(language_lab_answers.SENTIMENT, part.text, code),
                language_lab_answers.ask(language_lab_answers.TOPIC, part.text, code) if TOPIC in more else None,
                language_lab_answers.ask(load.intent_model(intents), part.text, code) if intents else None,
                language_lab_answers.opposed(part.text, code),
            )
        )
    return found


def _banner(read: Read) -> None:
    """That a language is not one to rely on, where it is not."""
    if read.code is not None and read.sentiment.answer is not None:
        fitness_words.banner(
            language_lab_answers.fit(language_lab_answers.SENTIMENT, read.code),
            language_lab_answers.language_of(read.code),
        )
        if missing := language_lab_answers.not_offered(language_lab_answers.SENTIMENT, read.code):
            classes = [language_lab_answers.label_name(language_lab_answers.SENTIMENT, label) for label in missing]
            st.info(
                _(
                    "“{label}” is not offered in {language}: the training texts there had none, so a fact is called "
                    "positive or negative too."
                ).format(label=listing(classes), language=language_lab_answers.language_of(read.code)),
                icon=":material/help:",
            )


# ------------------------------------------------------------------ input


def _written(markets: list[str]) -> str:
    known = _ordered(markets)
    if TEXT not in st.session_state:
        st.session_state[TEXT] = known[0].pleased
    text = st.text_area(
        _("Text"),
        key=TEXT,
        height=96,
        placeholder=_("Write or paste something, in any language"),
        persist_state="session",
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lab_samples"):
        st.button(_("Analyse"), type="primary", key="lab_read", icon=":material/chat_bubble:")
        st.caption(_("Examples:"), width="content")
        for sample in known:
            st.button(
                _example(sample),
                key=f"sample_{sample.code}",
                type="tertiary",
                on_click=_take,
                args=(sample,),
                help=_("A sentence in this language; click again for another."),
            )
    return text or ""


def _example(sample: Sample) -> str:
    """What a sample's button is called; apart from the buttons that change the page's own language."""
    name = language_lab_answers.language_of(sample.language)
    return _("{language} example").format(language=name) if sample.language in LANGUAGES else name


def _take(sample: Sample) -> None:
    again = st.session_state.get(TEXT) == sample.pleased
    st.session_state[TEXT] = sample.displeased if again else sample.pleased


def _ordered(markets: list[str]) -> list[Sample]:
    """The samples, those of languages spoken in the chosen markets first, by speakers; else as they stand."""
    known = list(language_lab_answers.samples())
    if not markets:
        return known
    spoken = language_reach.shares(load.market_facts("market_languages"))
    spoken = spoken[spoken.index.isin(markets)].max()
    return sorted(known, key=lambda sample: -spoken.get(sample.language, 0.0))


def _more() -> tuple[list[str], str]:
    """What is asked beside sentiment and language, and which intents; nothing until it is switched on."""
    titles = {TOPIC: _("News topic"), INTENT: _("Customer's intent")}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lab_more_row"):
        more = st.pills(
            _("Also show"),
            tuple(titles),
            selection_mode="multi",
            key="lab_more",
            format_func=titles.get,
            persist_state="session",
            label_visibility="collapsed",
        )
        if INTENT not in more:
            return list(more), ""
        widgets.take_address("recipe", lambda text: text if text in recipe.NAMES else None)
        industry = st.session_state.get("recipe", "general")
        own = language_lab_answers.INTENTS_OF.get(industry)
        intents = st.selectbox(
            _("Intents of"),
            language_lab_answers.INTENTS,
            index=language_lab_answers.INTENTS.index(own or language_lab_answers.INTENTS_OF["general"]),
            key=f"lab_intent_{industry}",
            format_func=language_lab_answers.model_title,
            label_visibility="collapsed",
            width=240,
            filter_mode=widgets.SEARCH,
        )
    if own is None and industry in recipe.NAMES:
        st.caption(
            _("No intent model is made for {industry} yet: these know a bank, a shop and a general assistant.").format(
                industry=_(recipe.load(industry).title)
            )
        )
    return list(more), intents


def _unreadable(asked_for: Given) -> None:
    if asked_for.text:
        st.title(_("There is no word in this text"))
        st.info(_("The models read letters; digits, marks and emoji alone say nothing. Write some words."))
    elif asked_for.removed:
        st.title(_("There is no word in this text"))
        st.info(_("It held only control characters, which nobody can read. Write some words."))
    else:
        st.title(_("What would you like to analyse?"))
        st.info(_("Write or paste a text above, or choose a language for an example."), icon=":material/edit:")


# ------------------------------------------------------------------ answers


def _answers(read: list[Read], language: Said) -> None:
    """The probabilities: of each part its models, then the language of the whole."""
    for one in read:
        if len(read) > 1:
            name = language_lab_answers.language_of(one.code) if one.code else _("An unknown language")
            st.markdown(f"**{name}**")
            st.text(one.text)
        blocks = [*one.asked, *([language] if len(read) == 1 else [])]
        for column, said_by in zip(st.columns(max(3, len(blocks)), gap="medium"), blocks, strict=False):
            with column:
                _block(said_by, one.code)
        _clauses(one)


def _clauses(read: Read) -> None:
    """How each clause is read, where some are positive and some negative."""
    if not read.clauses:
        return
    st.markdown(f"**{_('Clause by clause')}**")
    for one in read.clauses:
        name = language_lab_answers.label_name(language_lab_answers.SENTIMENT, one.sign) if one.sign else _("unclear")
        sure = f"{name} {share(one.answer.confidence)}" if one.sign else name
        st.markdown(f"{BADGES[one.sign]}[{sure}] {literal(one.text)}")


def _block(said_by: Said, language: str | None) -> None:
    """One question: the likeliest classes with their probability as bars."""
    st.markdown(f"**{literal(language_lab_answers.model_title(said_by.model))}**")
    if said_by.answer is None:
        _cannot(said_by)
        return
    answer = said_by.answer
    for label, probability in list(answer.probabilities.items())[:SHOWN_CLASSES]:
        name = language_lab_answers.label_name(said_by.model, label)
        st.progress(min(max(probability, 0.0), 1.0), text=f"{name} · {share(probability)}")
    if answer.note or not answer.sure:
        st.caption(_note(answer.note))
    of = answer.label if said_by.model == language_lab_answers.LANGUAGE else language
    if told := language_lab_answers.quality(said_by.model, of):
        st.caption(told)
    elif of and said_by.model != language_lab_answers.SENTIMENT:
        st.caption(
            fitness_words.warning(language_lab_answers.fit(said_by.model, of), language_lab_answers.language_of(of))
        )


def _cannot(said_by: Said) -> None:
    """Why a model says nothing, its command for engineers."""
    title = literal(language_lab_answers.model_title(said_by.model))
    engineers.problem(said_by.problem, _("{model}: this model cannot answer at present.").format(model=title))


def _note(note: str) -> str:
    """Why not to rely on an answer, or what of the text it is about."""
    told = {
        "empty": _("There is nothing to read."),
        "no words": _("There is no word in it that this model could read."),
        "cut": _("Only the beginning was read."),
        "windowed": _("A long text: read window by window."),
        "unseen": _("Unclear: this model has not seen this language or script."),
    }
    return told.get(note, _("Unclear: no label is clearly ahead."))


def _reasons(read: list[Read]):
    """The words of the text coloured by what they did to the likeliest class. Returns what it cost, if anything."""
    answered = [(one, said_by) for one in read for said_by in one.asked if said_by.answer and _has_words(one)]
    if not answered:
        return None
    st.subheader(_("Words behind the result"))
    place = 0
    if len(answered) > 1:
        place = st.segmented_control(
            _("Explain"),
            range(len(answered)),
            default=0,
            required=True,
            key=f"lab_explain_{len(answered)}",
            format_func=lambda place: _explained_title(*answered[place], len(read)),
            label_visibility="collapsed",
        )
    one, said_by = answered[place]
    with st.spinner(_("Weighing the words"), show_time=True):
        explained = language_lab_answers.explain(said_by.model, one.text, said_by.answer.label, one.code)
    if isinstance(explained, str):
        _cannot(Said(said_by.model, problem=explained))
        return None
    look = components.look()
    label = language_lab_answers.label_name(said_by.model, said_by.answer.label)
    colours = highlight.colours(said_by.answer.label)
    st.html(highlight.coloured(one.text, explained.answers, look, colours))
    st.html(highlight.legend(label, look, colours))
    with st.container(horizontal=True, vertical_alignment="center", key="foot_lab_reasons"):
        st.caption(language_lab_answers.method(said_by.model).format(label=label), width="stretch")
        components.table_dialog(lambda: _words(one.text, explained.answers), "lab_reasons")
    return explained


def _has_words(read: Read) -> bool:
    """Whether reasons by word can be shown: not where a script has no spaces and the model is not good enough, as
    single characters then say nothing, or the opposite of what they mean."""
    from models.text import parts as text_parts

    fit = language_lab_answers.fit(language_lab_answers.SENTIMENT, read.code)
    return fit.ready or not text_parts.has_spaceless(read.text)


def _explained_title(read: Read, said_by: Said, of: int) -> str:
    title = literal(language_lab_answers.model_title(said_by.model))
    if of == 1 or not read.code:
        return title
    return _("{language}: {sentiment}").format(language=language_lab_answers.language_of(read.code), sentiment=title)


def _words(text: str, reasons: "list[Reason]") -> pd.DataFrame:
    rows = [(text[reason.start : reason.end], round(reason.weight, 4)) for reason in reasons]
    table = pd.DataFrame(rows, columns=["word", "weight"])
    return table.sort_values("weight", key=abs, ascending=False)


# ------------------------------------------------------------------ models side by side


def _side_by_side(read: Read) -> list[Said]:
    """The sentiment by the baseline, by the multilingual model and by every market adapter."""
    st.subheader(_("Cross-check with other models"))
    names = (language_lab_answers.BASELINE, *language_lab_answers.adapters())
    others = [language_lab_answers.ask(name, read.text, read.code) for name in names]
    sentiment = read.sentiment
    answered = [one for one in (others[0], sentiment, *others[1:]) if one.answer]
    if answered:
        classes = [name for name in texts.SENTIMENT if name in answered[0].answer.probabilities]
        titles = [language_lab_answers.model_title(one.model) for one in answered]
        titles = [_("Multilingual model") if one is sentiment else t for one, t in zip(answered, titles, strict=True)]
        table = pd.DataFrame(
            [[one.answer.probabilities.get(name, 0.0) for name in classes] for one in answered],
            index=titles,
            columns=classes,
        )
        components.chart(
            texts.stacked(
                table,
                {name: language_lab_answers.label_name(language_lab_answers.SENTIMENT, name) for name in classes},
                _("Probability"),
                components.look(),
            ),
            table.round(4).reset_index(names="model"),
            "lab_models",
            _("The probability of each sentiment, by model"),
            _same(answered, sentiment),
        )
    for one in others:
        if one.problem:
            _cannot(one)
    if len(names) == 1:
        st.caption(_("No market adapter is trained yet."))
    return others


def _same(answered: list[Said], sentiment: Said) -> str:
    others = [one for one in answered if one is not sentiment]
    if sentiment.answer is None or not others:
        return _("Probabilities are calibrated on texts set aside for testing.")
    agree = sum(one.answer.label == sentiment.answer.label for one in others)
    if len(others) == 1:
        return _("The other model agrees.") if agree else _("The other model disagrees.")
    if agree == len(others):
        return _("All {others} other models agree.").format(others=len(others))
    return _("{agree} of {others} other models agree.").format(agree=agree, others=len(others))
