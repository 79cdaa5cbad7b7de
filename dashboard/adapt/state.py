"""What the Adapt page works on: which model may be adapted, which training is this reader's, and how one begins."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import load
from dashboard.i18n.translation import locale
from dashboard.inference import text as language_lab_answers
from data import apart
from models.text.adapter_request import AdapterRequest, Learned, learn

if TYPE_CHECKING:
    from models.training.jobs import Job
    from models.training.settings import Progress

TASK = "sentiment"
JOB, REGISTERED = "adapt_job", "adapt_registered"
ADDRESS = "training"
"""The id of a training in the address, which finds it again after a reload; nobody can guess it."""


def candidates() -> tuple[str, ...]:
    """Models that can be adapted: for sentiment, no adapter themselves, with an encoder."""
    found = []
    for name in load.model_names():
        card = language_lab_answers.card_of(name)
        if card is None or card.task != TASK or card.base:
            continue
        members = (card.config.get("network") or {}).get("members") or ()
        if any(member.get("kind") == "encoder" for member in members):
            found.append(name)
    return tuple(sorted(found, key=lambda name: (name != TASK, name)))


def mine() -> "Job | None":
    """The training this reader began, until it is discarded or an hour old; after a reload by its id in the address."""
    from models.training import jobs

    key = st.session_state.get(JOB) or st.query_params.get(ADDRESS)
    job = jobs.find(key)
    if job is None:
        st.query_params.pop(ADDRESS, None)
        return None
    st.session_state[JOB] = key
    if st.query_params.get(ADDRESS) != key:
        st.query_params[ADDRESS] = key
    return job


def begin(request: AdapterRequest) -> None:
    """Start to train in the background. Raises jobs.JobBusy."""
    from models.training import jobs

    def work(report: Callable[["Progress"], None], should_stop: Callable[[], bool]) -> Learned:
        return apart.run(learn, request, on_message=report, should_stop=should_stop)

    st.session_state[JOB] = jobs.start(work, f"{request.base} → {request.language}").id
    st.session_state.pop(REGISTERED, None)


def leave() -> None:
    """Discard this reader's training and its result."""
    from models.training import jobs

    if (job := mine()) is not None:
        jobs.discard(job)
    st.session_state.pop(JOB, None)
    st.query_params.pop(ADDRESS, None)


def title_of(title: str) -> str:
    """A training as `begin` names it, in the reader's language."""
    from models.text import languages

    base, _arrow, code = title.partition(" → ")
    return f"{language_lab_answers.model_title(base)} → {languages.name(code, locale())}"
