"""The assistant's knowledge and how it is searched."""

from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.load.models import HUB_AGAIN_S, model_card, model_fault, model_names
from data.faults import Fault

if TYPE_CHECKING:
    from models.assistant.knowledge import KnowledgeBase
    from models.assistant.retrieval import Embedder, Index


@lru_cache(maxsize=1)
def knowledge_sample() -> "KnowledgeBase":
    """The knowledge base about our own products."""
    from models.assistant import knowledge

    return knowledge.sample()


@st.cache_resource(show_spinner=False, max_entries=2, ttl=HUB_AGAIN_S)
def _embedder(name: str) -> "Embedder | Fault":
    """Embeddings of a hub model or of the encoder that crosses languages, or why there are none."""
    from models import errors as model_errors
    from models.text import hub as text_hub
    from models.text.base import place, shared

    try:
        return shared.opened().vectors if name == place.NAME else text_hub.embedder(name)
    except (model_errors.HubError, model_errors.ModelError) as error:
        return error


def embeddings() -> tuple[str, Fault | None]:
    """Which embeddings the assistant searches with ("" for words alone), and why the hub's were not to be had, if so.

    Those of the encoder that crosses languages where it is installed and no other is asked for. Our own encoder is not
    asked: with it fewer questions are answered right than by words alone (README).
    """
    from models.text import hub as text_hub
    from models.text.base import place

    wanted = text_hub.wanted()
    found = _embedder(wanted or place.NAME)
    if isinstance(found, Fault):
        return "", found if wanted else None
    return wanted or place.NAME, None


def intent_model(name: str) -> str:
    """What answers for an intent model: its partner over the embeddings that ATLAS_HUB_MODEL names, where there is one
    and they are to be had; else itself."""
    from models.text import hub as text_hub

    wanted, partner = text_hub.wanted(), name + text_hub.PARTNER
    if not wanted or partner not in model_names() or model_fault(partner):
        return name
    over = model_card(partner).config.get("hub", {}).get("model")
    return partner if over == wanted and not isinstance(_embedder(wanted), Fault) else name


def knowledge_index(base: "KnowledgeBase", embedded_by: str) -> "Index":
    """The search over a base. embedded_by: as `embeddings` names them, "" for words alone.

    One that a reader brought stays with their session, and goes with it.
    """
    kept_by = _knowledge_index if base is knowledge_sample() else _own_knowledge_index
    return kept_by((base.name, base.digest), embedded_by, base)


@st.cache_resource(show_spinner=False, max_entries=2)
def _knowledge_index(content: tuple[str, str], embedded_by: str, _base: "KnowledgeBase") -> "Index":
    return _indexed(_base, embedded_by)


@st.cache_resource(show_spinner=False, max_entries=4, scope="session")
def _own_knowledge_index(content: tuple[str, str], embedded_by: str, _base: "KnowledgeBase") -> "Index":
    return _indexed(_base, embedded_by)


def _indexed(base: "KnowledgeBase", embedded_by: str) -> "Index":
    from models.assistant import retrieval
    from models.text.base import place

    found = _embedder(embedded_by) if embedded_by else None
    return retrieval.Index(base, None if isinstance(found, Fault) else found, crosses=embedded_by == place.NAME)
