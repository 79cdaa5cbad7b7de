"""The Assistant page: the conversation, what stands behind each reply, the hand-over, the knowledge base beside it."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import components, engineers, load, widgets
from dashboard.assistant import answers as assistant_answers
from dashboard.assistant import atlas, state
from dashboard.assistant.state import Conversation, Turn
from dashboard.i18n.faults import spelt, told
from dashboard.i18n.translation import _, current, language_name, listing, number, share
from dashboard.inference import text as language_lab_answers
from dashboard.markup import literal
from data import store

if TYPE_CHECKING:
    from models.assistant.knowledge import Entry, LineFault

HEIGHT = 560
WRITING_S = 0.5
"""How long the writing out of a reply takes at most; it is there at once."""
WORDS = "assistant_words"
"""Whether the reader agreed that their words are kept with their thumbs."""
FILE_MB = 5
SHOWN_FAULTS, FIRST_FAULTS = 200, 5
SUREST = 0.99
"""No more is said of a confidence: nothing is certain."""
KINDS = {"answer": "green", "ask": "orange", "handover": "red"}
ICONS = {"answer": ":material/check_circle:", "ask": ":material/help:", "handover": ":material/support_agent:"}
OFF_TOPIC: dict[str, str] = {"en": "What will the weather be like tomorrow?", "zh": "明天天气怎么样？"}


# ------------------------------------------------------------------ conversation


def conversation(intent_model: str) -> None:
    """Everything said so far, the question that waits, and the line to type the next one."""
    talk = state.now()
    with st.container(height=HEIGHT, border=True, autoscroll=True, key="assistant_talk"):
        if not talk.turns and not talk.pending:
            _welcome(talk)
        for turn in talk.turns:
            _turn(turn, last=turn is talk.turns[-1] and not talk.pending)
        if talk.pending:
            _answer_pending(talk.pending, intent_model)
    typed = st.chat_input(_("Ask in any language"), key="assistant_question", max_chars=state.MAX_QUESTION)
    if typed is not None:
        state.ask(typed)
        st.rerun()
    problem = state.now().problem
    if problem:
        st.warning(problem, icon=":material/warning:")
    _bar(talk)


def _welcome(talk: Conversation) -> None:
    base = assistant_answers.base_of(talk)
    st.write(
        _(
            "It answers from the knowledge base and cites the entry, asks for clarification when unsure, and hands "
            "over to a person when it has no answer. Questions about countries are answered from the atlas."
        )
    )
    st.caption(_("For example"))
    with st.container(horizontal=True, gap="small", key="assistant_samples"):
        for number_, (language, question) in enumerate(assistant_answers.sample_questions(base)):
            st.button(
                literal(question),
                key=f"assistant_sample_{number_}",
                help=language_name(language) if language else None,
                on_click=state.ask,
                args=(question,),
            )
        off = OFF_TOPIC[current()]
        st.button(
            off,
            key="assistant_sample_off",
            icon=":material/explore_off:",
            help=_("The knowledge base has no answer to this one."),
            on_click=state.ask,
            args=(off,),
        )


def _answer_pending(question: str, intent_model: str) -> None:
    """Show the question, find its reply, and draw it again with everything behind it."""
    with st.chat_message("user", avatar=":material/person:"):
        st.text(question)
    with st.chat_message("assistant", avatar=":material/assistant:"), st.spinner(_("Looking it up"), show_time=True):
        assistant_answers.answer(question, intent_model)
    st.rerun()


def _turn(turn: Turn, last: bool) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.text(turn.question or " ")
        if turn.reply.cut:
            st.caption(
                _("The message was longer; only its first {count} characters are read.").format(
                    count=number(state.MAX_QUESTION, 9)
                )
            )
    with st.chat_message("assistant", avatar=":material/assistant:"):
        _text(turn)
        if line := assistant_answers.borrowed_line(turn.reply):
            st.caption(line)
        _chips(turn, last)
        if last and turn.reply.options:
            _options(turn)
        if turn.reply.kind == "handover" and last:
            _handed_over()
        if turn.reply.reason == atlas.REASON:
            atlas.link()
        for entry in turn.reply.cited:
            _source(entry, turn.key)
        _verdict(turn, last)
        if last:
            engineers.details(turn.foot, _recognised(turn))


def _text(turn: Turn) -> None:
    """The reply; the newest one is written out, once."""
    if turn.key == state.now().fresh:
        state.change(fresh="")
        st.write_stream(_written_out(turn.reply.text))
    else:
        st.markdown(literal(turn.reply.text))


def _written_out(text: str) -> Iterator[str]:
    parts = assistant_answers.pieces(text)
    for part in parts:
        yield literal(part)
        time.sleep(min(0.02, WRITING_S / len(parts)))


def _chips(turn: Turn, last: bool) -> None:
    reply = turn.reply
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.badge(
            assistant_answers.kind_name(reply.kind),
            icon=ICONS[reply.kind],
            color=KINDS[reply.kind],
            help=assistant_answers.why(reply),
        )
        if reply.cited and reply.hits:
            st.badge(
                _("confidence {share}").format(share=share(min(SUREST, reply.confidence))),
                color="gray",
                help=_("How sure the search is of its best entry."),
            )
        if language := assistant_answers.language_words(reply):
            st.badge(language, icon=":material/translate:", color="gray")


def _recognised(turn: Turn) -> str:
    """What a model takes the question for, and which; why it says nothing, where it does not."""
    intent = turn.intent
    if intent is None:
        return ""
    if intent.problem:
        return _("No intent: {problem}").format(problem=intent.problem)
    return _("{model}: {intent}").format(
        model=literal(language_lab_answers.model_title(intent.model)),
        intent=literal(assistant_answers.intent_words(intent)),
    )


def _options(turn: Turn) -> None:
    with st.container(key="assistant_options", gap="small"):
        for entry in turn.reply.options:
            st.button(
                literal(entry.question),
                key=f"option_{turn.key}_{entry.id}",
                icon=":material/subdirectory_arrow_right:",
                help=language_name(entry.language) if entry.language else None,
                on_click=_choose,
                args=(entry, turn.reply.language),
            )
        st.button(
            _("None of these: a person, please"),
            key=f"option_{turn.key}_none",
            icon=":material/support_agent:",
            type="tertiary",
            on_click=_want_person,
        )


def _choose(entry: "Entry", language: str | None) -> None:
    from models.assistant import replies

    state.add(entry.question, replies.chosen(entry, language), foot=_("Chosen from the options offered"))


def _want_person() -> None:
    from models.assistant import replies

    turns = state.now().turns
    language = turns[-1].reply.language if turns else None
    state.add(_("A person, please"), replies.handed_over(language, current()), foot=_("Asked for by button"))


def _source(entry: "Entry", key: str) -> None:
    label = _("Source: {entry}").format(entry=literal(assistant_answers.cited_line(entry)))
    with st.expander(label, icon=":material/menu_book:", key=f"source_{key}"):
        st.text(entry.question)
        st.text(entry.answer)
        st.caption(
            _("Entry {id}, line {line} of the file, {language}").format(
                id=literal(entry.id),
                line=entry.line,
                language=language_name(entry.language) if entry.language else _("language not stated"),
            )
        )


def _handed_over() -> None:
    """What whoever takes over needs, ready to copy."""
    with st.container(border=True, key="assistant_handover"):
        st.markdown(f"**{_('For the person who takes over')}**")
        st.code(assistant_answers.summary(state.now()), language=None, wrap_lines=True, height=160)
        st.caption(_("Copy it into your ticket. Another question goes to the assistant again."))


# ------------------------------------------------------------------ verdicts


def _verdict(turn: Turn, last: bool) -> None:
    key = f"verdict_{turn.key}"
    if key not in st.session_state and turn.verdict:
        st.session_state[key] = int(turn.verdict == "up")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.feedback("thumbs", key=key, on_change=_judge, args=(turn,))
        if turn.verdict:
            st.caption(_("Kept, thank you."))
    if last:
        st.caption(
            _(
                "A thumb keeps which entries were shown and what you thought of them. Your words are kept only if you "
                "agree; whoever runs this program can read them then."
            )
        )
        st.checkbox(_("Keep my question and comment, too"), key=WORDS, persist_state="session")
    if turn.verdict == "down" and _agreed():
        st.text_input(
            _("What was wrong with it?"),
            key=f"comment_{turn.key}",
            max_chars=500,
            placeholder=_("What was wrong with it?"),
            on_change=_comment,
            args=(turn,),
            label_visibility="collapsed",
        )


def _agreed() -> bool:
    return bool(st.session_state.get(WORDS))


def _judge(turn: Turn) -> None:
    chosen = st.session_state.get(f"verdict_{turn.key}")
    if chosen is not None:
        _keep(turn, "up" if chosen else "down", "")


def _comment(turn: Turn) -> None:
    _keep(turn, "down", st.session_state.get(f"comment_{turn.key}") or "")


def _keep(turn: Turn, verdict: str, comment: str) -> None:
    try:
        assistant_answers.judged(turn, verdict, _agreed(), comment)
    except store.StoreError as error:
        st.session_state.pop(f"verdict_{turn.key}", None)
        state.change(problem=_("Your verdict was not kept. {problem}").format(problem=spelt(error)))
        return
    state.judge(turn.key, verdict)
    state.change(problem="")


def _bar(talk: Conversation) -> None:
    """Below the conversation: a person, a new one, take it away."""
    with st.container(horizontal=True, gap="small", key="assistant_bar"):
        st.button(
            _("Hand over to a person"),
            icon=":material/support_agent:",
            key="assistant_person",
            on_click=_want_person,
            disabled=not talk.turns or talk.with_a_person,
        )
        st.button(
            _("New conversation"),
            icon=":material/restart_alt:",
            key="assistant_clear",
            on_click=state.clear,
            disabled=not talk.turns,
        )
        if talk.turns:
            name = assistant_answers.base_of(talk).name
            st.download_button(
                _("Transcript"),
                lambda: assistant_answers.transcript(talk, name).encode("utf-8-sig"),
                "lepton-atlas-conversation.txt",
                "text/plain",
                icon=":material/download:",
                key="assistant_transcript",
                on_click="ignore",
            )


# ------------------------------------------------------------------ beside it


def intent_choice() -> str:
    """Which model says what a question is about."""
    with st.expander(_("Details for engineers"), icon=":material/build:"):
        return st.selectbox(
            _("Intent recognised by"),
            assistant_answers.INTENTS,
            key="assistant_intent",
            format_func=language_lab_answers.model_title,
            persist_state="session",
            help=_("It labels the question and helps whoever takes over; answers come from the knowledge base alone."),
            filter_mode=widgets.SEARCH,
        )


def knowledge() -> None:
    """Which base it answers from, and how to bring one's own."""
    talk = state.now()
    base = assistant_answers.base_of(talk)
    st.subheader(_("Knowledge base"))
    languages = listing([language_name(code) for code in base.languages]) or _("language not stated")
    st.text(base.name)
    st.caption(
        _("{entries} entries on {ids} questions · {languages}").format(
            entries=number(len(base.entries), 9), ids=number(len(base.ids), 9), languages=languages
        )
    )
    rows = [(entry.id, entry.language, entry.question, entry.answer) for entry in base.entries]
    table = pd.DataFrame(rows, columns=["id", "language", "question", "answer"])
    with st.container(horizontal=True, gap="small"):
        components.table_dialog(table, "knowledge")
        if talk.base is not None:
            st.button(
                _("Back to the sample"), icon=":material/undo:", key="knowledge_sample", on_click=_back_to_the_sample
            )
    st.file_uploader(
        _("Answer from a file of your own"),
        type=["csv", "tsv", "md", "txt"],
        key="knowledge_file",
        max_upload_size=FILE_MB,
        on_change=_take_file,
        help=_(
            "CSV with the columns question and answer (id, language, topic and also are optional), or Markdown with "
            "an entry under each heading. It stays in this session."
        ),
    )
    if talk.refused:
        _refused(*talk.refused)
    elif talk.base is not None:
        st.success(_("All checks passed; the conversation starts afresh."), icon=":material/check:")
    _judged_so_far()


def _back_to_the_sample() -> None:
    state.use(None)


def _take_file() -> None:
    from models.assistant import knowledge as assistant_knowledge

    given = st.session_state.get("knowledge_file")
    if given is None:
        state.change(refused=None)
        return
    try:
        base = assistant_knowledge.read(given.name, given.getvalue())
    except assistant_knowledge.KnowledgeError as error:
        state.change(refused=(error.name, error.faults))
        return
    state.use(base)


def _refused(name: str, faults: "tuple[LineFault, ...]") -> None:
    st.error(
        _("{file} was not taken: {count} fault(s). The base above stays in use.").format(
            file=literal(name), count=len(faults)
        ),
        icon=":material/error:",
    )
    rows = [(fault.line, told(fault.what), told(fault.advice)) for fault in faults[:SHOWN_FAULTS]]
    if len(rows) <= FIRST_FAULTS:
        for line, problem, remedy in rows:
            st.text((_("Line {line}: ").format(line=line) if line else "") + f"{problem} {remedy}")
    else:
        columns = [_("Line"), _("What"), _("Remedy")]
        st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True)


def _judged_so_far() -> None:
    st.subheader(_("Feedback"))
    kept = load.feedback()
    if kept.empty:
        st.caption(_("No feedback yet."))
        return
    up = int((kept["verdict"] == "up").sum())
    st.caption(
        _("Replies judged: {count}; helpful: {share}").format(count=number(len(kept), 9), share=share(up / len(kept)))
    )
    components.table_dialog(kept.assign(entries=kept["entries"].map(" ".join)).drop(columns="id"), "verdicts")
