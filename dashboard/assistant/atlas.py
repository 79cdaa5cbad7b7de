"""Questions about the atlas itself: which country to enter next is answered by its own ranking, with a link to it."""

from typing import TYPE_CHECKING

import streamlit as st

from analytics.index import recipe
from analytics.index.composite import NotRanked
from dashboard import load, navigation
from dashboard.i18n.translation import _, current

if TYPE_CHECKING:
    from models.assistant.replies import Reply

REASON = "atlas"
ANSWERED_BY = ("shortlist", "overview")
"""The pages that answer it, the best first; the first that there is, is linked."""


def reply(question: str) -> "Reply | None":
    """What the atlas says to a question about countries; None where it is not asked for."""
    from models.assistant import replies, requests

    wish = requests.meant(question)
    if wish is None or wish[0] != requests.ATLAS:
        return None
    return replies.Reply("answer", REASON, _said(industry(question)), 1.0, current())


def industry(question: str) -> str:
    """The recipe that a question names, by its title; the one chosen on the other pages else."""
    asked = question.casefold()
    named = (name for name in recipe.NAMES if name != "general" and _(recipe.load(name).title).casefold() in asked)
    chosen = st.session_state.get("recipe", "general")
    return next(named, chosen if chosen in recipe.NAMES else "general")


def _said(name: str) -> str:
    title = _(recipe.load(name).title)
    try:
        found = load.overview(False, name, load.default_year(name), (), ())
    except NotRanked:
        found = None
    if found is None:
        return _("{industry} cannot be ranked yet: too few figures are there. Fetch or import them first.").format(
            industry=title
        )
    return found.headline


def link() -> None:
    """Where the answer stands with its map, its ranges and what is not known."""
    known = {entry.name: entry for entry in navigation.PAGES}
    entry = next(known[name] for name in ANSWERED_BY if name in known)
    st.page_link(entry.file, label=_("See the whole answer: {page}").format(page=_(entry.title)), icon=entry.icon)
