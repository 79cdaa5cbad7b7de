"""The Language lab's first section: one text, what it says and why, model beside model."""

import pandas as pd
import streamlit as st

from analytics import reach
from dashboard import components, language_lab_answers, language_lab_drawing, load
from dashboard.charts import texts
from dashboard.language import _, number, share
from dashboard.language_lab_answers import Given, Said, Sample

SHOWN_CLASSES = 4
TEXT = "lab_text"


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
    with st.spinner(_("Reading"), show_time=True):
        language = language_lab_answers.ask(language_lab_answers.LANGUAGE, asked_for.text)
        code = language_lab_answers.settled(language.answer)
        sentiment = language_lab_answers.ask(language_lab_answers.SENTIMENT, asked_for.text, code)
        topic = language_lab_answers.ask(language_lab_answers.TOPIC, asked_for.text, code)
    st.title(language_lab_answers.headline(sentiment, topic, language))
    if language.answer and code is None:
        st.info(
            _("Which language this is, is not certain: the other models read it without knowing."),
            icon=":material/help:",
        )
    elif language.answer and code != language.answer.label:
        st.caption(_("Read as {language}.").format(language=language_lab_answers.language_of(code)))
    columns = st.columns(4, gap="medium")
    for column, said_by in zip(columns, (sentiment, topic, language), strict=False):
        with column:
            _block(said_by, code)
    with columns[3]:
        intent = _intent(asked_for.text, code)
    explained = _reasons(asked_for.text, code, [one for one in (sentiment, topic, intent) if one.answer])
    others = _side_by_side(asked_for.text, code, sentiment)
    st.caption(
        language_lab_answers.cost([language, sentiment, topic, intent, *others], explained)
        or _("No model has answered.")
    )


# ------------------------------------------------------------------ input


def _written(markets: list[str]) -> str:
    known = _ordered(markets)
    if TEXT not in st.session_state:
        st.session_state[TEXT] = next((s for s in known if s.language != "en"), known[0]).pleased
    text = st.text_area(
        _("Text"),
        key=TEXT,
        height=96,
        placeholder=_("Write or paste something, in any language"),
        persist_state="session",
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lab_samples"):
        st.button(_("Read it"), type="primary", key="lab_read", icon=":material/chat_bubble:")
        for sample in known:
            st.button(
                language_lab_answers.language_of(sample.language),
                key=f"sample_{sample.code}",
                type="tertiary",
                on_click=_take,
                args=(sample,),
                help=_("A sentence in this language; click again for another."),
            )
    return text or ""


def _take(sample: Sample) -> None:
    again = st.session_state.get(TEXT) == sample.pleased
    st.session_state[TEXT] = sample.displeased if again else sample.pleased


def _ordered(markets: list[str]) -> list[Sample]:
    """The samples, those of languages spoken in the chosen markets first, by speakers."""
    known = list(language_lab_answers.samples())
    if not markets:
        return known
    spoken = reach.shares(load.market_facts("market_languages"))
    spoken = spoken[spoken.index.isin(markets)].max()
    return sorted(known, key=lambda sample: -spoken.get(sample.language, 0.0))


def _unreadable(asked_for: Given) -> None:
    if asked_for.text:
        st.title(_("There is no word in this text"))
        st.info(_("The models read letters; digits, marks and emoji alone say nothing. Write some words."))
    elif asked_for.removed:
        st.title(_("There is no word in this text"))
        st.info(_("It held only control characters, which nobody can read. Write some words."))
    else:
        st.title(_("What would you like read?"))
        st.info(_("Write or paste a text above, or click on a language for a sample."), icon=":material/edit:")


# ------------------------------------------------------------------ answers


def _block(said_by: Said, language: str | None) -> None:
    """One question: the likeliest classes with their probability as bars."""
    st.markdown(f"**{language_lab_answers.model_title(said_by.model)}**")
    _bars(said_by, language)


def _bars(said_by: Said, language: str | None) -> None:
    if said_by.answer is None:
        st.info(said_by.problem, icon=":material/info:")
        return
    answer = said_by.answer
    for label, probability in list(answer.probabilities.items())[:SHOWN_CLASSES]:
        name = language_lab_answers.label_name(said_by.model, label)
        st.progress(min(max(probability, 0.0), 1.0), text=f"{name} · {share(probability)}")
    if answer.note or not answer.sure:
        st.caption(_note(answer.note))
    if told := language_lab_answers.quality(said_by.model, language):
        st.caption(told)


def _note(note: str) -> str:
    """Why not to rely on an answer, or what of the text it is about."""
    told = {
        "empty": _("There is nothing to read."),
        "no words": _("There is no word in it that this model could read."),
        "cut": _("Only the beginning was read."),
        "unseen": _("Not sure: this model has not seen this language or script."),
    }
    return told.get(note, _("Not sure: the likeliest class is not likely enough to rely on."))


def _intent(text: str, code: str | None) -> Said:
    chosen = st.selectbox(
        _("Intent"),
        language_lab_answers.INTENTS,
        key="lab_intent",
        format_func=lambda name: _("Intent: {set}").format(set=language_lab_answers.model_title(name)),
        label_visibility="collapsed",
        persist_state="session",
    )
    said_by = language_lab_answers.ask(load.intent_model(chosen), text, code)
    _bars(said_by, code)
    return said_by


def _reasons(text: str, code: str | None, answered: list[Said]):
    """The words of the text coloured by what they did to the likeliest class. Returns what it cost, if anything."""
    if not answered:
        return None
    st.subheader(_("Which words speak for it"))
    models = [one.model for one in answered]
    chosen = st.segmented_control(
        _("Explain"),
        models,
        default=models[0],
        required=True,
        key="lab_explain",
        format_func=language_lab_answers.model_title,
        label_visibility="collapsed",
    )
    one = next(each for each in answered if each.model == chosen)
    with st.spinner(_("Weighing the words"), show_time=True):
        explained = language_lab_answers.explain(one.model, text, one.answer.label, code)
    if isinstance(explained, str):
        st.info(explained, icon=":material/info:")
        return None
    look = components.look()
    label = language_lab_answers.label_name(one.model, one.answer.label).strip("`")
    st.html(language_lab_drawing.coloured(text, explained.answers, look))
    st.html(language_lab_drawing.legend(label, look))
    with st.container(horizontal=True, vertical_alignment="center", key="foot_lab_reasons"):
        st.caption(language_lab_answers.method(one.model).format(label=label), width="stretch")
        components.table_dialog(lambda: _words(text, explained.answers), "lab_reasons")
    return explained


def _words(text: str, reasons) -> pd.DataFrame:
    rows = [(text[reason.start : reason.end], round(reason.weight, 4)) for reason in reasons]
    table = pd.DataFrame(rows, columns=["word", "weight"])
    return table.sort_values("weight", key=abs, ascending=False)


# ------------------------------------------------------------------ models side by side


def _side_by_side(text: str, code: str | None, sentiment: Said) -> list[Said]:
    """The sentiment by the baseline, by the multilingual model and by every market adapter."""
    st.subheader(_("Would a simpler or a local model say the same?"))
    names = (language_lab_answers.BASELINE, *language_lab_answers.adapters())
    others = [language_lab_answers.ask(name, text, code) for name in names]
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
            st.info(one.problem, icon=":material/info:")
    if len(names) == 1:
        st.caption(_("No market adapter is trained yet."))
    return others


def _same(answered: list[Said], sentiment: Said) -> str:
    if sentiment.answer is None or len(answered) < 2:
        return _("Calibrated on texts none of them was trained on.")
    agree = sum(one.answer.label == sentiment.answer.label for one in answered if one is not sentiment)
    return _("{agree} of {others} others agree. Calibrated on texts none of them was trained on.").format(
        agree=agree, others=len(answered) - 1
    )
