"""A conversation with the assistant: one frozen object in the session, and the steps that change it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import streamlit as st

if TYPE_CHECKING:
    from models.assistant.knowledge import KnowledgeBase, LineFault
    from models.assistant.replies import Reply

KEY = "assistant"
MAX_QUESTION = 2_000
MAX_TURNS = 50
"""Turns that are kept; older ones leave the page."""


@dataclass(frozen=True)
class Intent:
    """What a model takes a question for. problem: why it says nothing, "" when it does; outside: out of its scope."""

    model: str
    label: str = ""
    probability: float = 0.0
    sure: bool = False
    outside: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Turn:
    """A question and what was said to it. foot: how it was found, where and how long it took. verdict: "", up, down.
    feeling: the question's sentiment, for the person who takes over; "" where it is not sure or nobody does."""

    key: str
    asked_at: datetime
    question: str
    reply: "Reply"
    intent: Intent | None = None
    foot: str = ""
    verdict: str = ""
    feeling: str = ""


@dataclass(frozen=True)
class Conversation:
    """turns: oldest first. pending: a question that is not answered yet. fresh: key of the turn to be written out word
    by word. base: the reader's own, None for the sample. refused: the name of a file that was no knowledge base, and
    its faults. problem: what went wrong with the last step.
    """

    turns: tuple[Turn, ...] = ()
    pending: str = ""
    fresh: str = ""
    base: "KnowledgeBase | None" = None
    refused: "tuple[str, tuple[LineFault, ...]] | None" = None
    problem: str = ""

    @property
    def asked_back(self) -> bool:
        """Whether the assistant's last word was a question."""
        return bool(self.turns) and self.turns[-1].reply.kind == "ask"

    @property
    def with_a_person(self) -> bool:
        return bool(self.turns) and self.turns[-1].reply.kind == "handover"


def now() -> Conversation:
    return st.session_state.get(KEY) or Conversation()


def change(**fields: object) -> None:
    st.session_state[KEY] = replace(now(), **fields)


def ask(question: str) -> None:
    """Put a question, to be answered when the page is drawn."""
    change(pending=question[: MAX_QUESTION + 1] or " ", problem="")


def add(question: str, reply: "Reply", intent: Intent | None = None, foot: str = "", feeling: str = "") -> Turn:
    """A question and its reply, at the end of the conversation."""
    turn = Turn(uuid4().hex, datetime.now(UTC), question, reply, intent, foot, feeling=feeling)
    change(turns=(*now().turns, turn)[-MAX_TURNS:], pending="", fresh=turn.key)
    return turn


def judge(key: str, verdict: str) -> None:
    """What the reader thinks of a turn: up, down, or "" again."""
    turns = tuple(replace(turn, verdict=verdict) if turn.key == key else turn for turn in now().turns)
    change(turns=turns)


def clear() -> None:
    """A new conversation over the same base."""
    change(turns=(), pending="", fresh="", problem="")


def use(base: "KnowledgeBase | None") -> None:
    """A new conversation over a base of the reader's own, or over the sample."""
    st.session_state[KEY] = Conversation(base=base)
