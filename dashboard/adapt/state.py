"""What the Adapt page works on: which model may be adapted, which training is this reader's, and how one begins."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import load
from dashboard.i18n.translation import locale
from dashboard.inference import text as language_lab_answers

if TYPE_CHECKING:
    import pandas as pd

    from models.cards import Source
    from models.errors import ModelError
    from models.text.adapter_checks import Checked
    from models.text.adapter_training import TrainedAdapter
    from models.training.jobs import Job
    from models.training.settings import Settings

TASK = "sentiment"
JOB, REGISTERED = "adapt_job", "adapt_registered"
ADDRESS = "training"
"""The id of a training in the address, which finds it again after a reload; nobody can guess it."""


@dataclass(frozen=True)
class Wish:
    """What to train: the model under it, the language (BCP 47), the rows and whose they are, and how."""

    base: str
    language: str
    checked: "Checked"
    source: "Source"
    settings: "Settings"
    rank: int


@dataclass(frozen=True)
class Learned:
    """What a training left, without the rows it learned from. general: rows of other languages that were repeated
    while learning; missing: why there were none, None else."""

    base: str
    language: str
    source: "Source"
    settings: "Settings"
    made: "TrainedAdapter"
    general: int
    missing: "ModelError | None"


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


def begin(wish: Wish) -> None:
    """Start to train in the background. Raises jobs.JobBusy."""
    from models.training import jobs

    title = f"{wish.base} → {wish.language}"
    st.session_state[JOB] = jobs.start(lambda report, should_stop: _learn(wish, report, should_stop), title).id
    st.session_state.pop(REGISTERED, None)


def _learn(wish: Wish, report, should_stop) -> Learned:
    from models.errors import ModelError
    from models.text import adapter_rows, adapter_training
    from models.text.lora import Lora

    general: pd.DataFrame | None = None
    missing: ModelError | None = None
    try:
        general = adapter_rows.general(wish.language)
    except ModelError as error:
        missing = error
    made = adapter_training.train(
        wish.base,
        wish.checked,
        wish.language,
        general,
        config=Lora(rank=wish.rank, alpha=2.0 * wish.rank),
        settings=wish.settings,
        on_progress=report,
        should_stop=should_stop,
    )
    repeated = int((general["split"] == "train").sum()) if general is not None else 0
    return Learned(wish.base, wish.language, wish.source, wish.settings, made, repeated, missing)


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
