"""A model in a business reader's words: what to use it for, what not, and where nobody can tell yet."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import fitness_words, model_figures
from dashboard.i18n.translation import _, listing, number
from models import fitness

if TYPE_CHECKING:
    from models.cards import Card

NAMED = 8
USE, NOT, TOO_FEW = ":material/check_circle: ", ":material/block: ", ":material/help: "
MEDICAL = ("nuclei", "cells")


def summary(card: "Card") -> None:
    """Use it for, not for, too few to judge: from the card's own figures by language, kind or script."""
    table = model_figures.fit(card)
    if card.task in MEDICAL:
        st.markdown(_("**Not a medical device.** For research and demonstration; a person must check every result."))
    if table.empty:
        return
    ready = table[table["verdict"] == fitness.READY]
    weak = table[(table["verdict"] == fitness.WEAK) & table["judged"]]
    few = table[~table["judged"]]
    if len(ready):
        st.markdown(USE + _("**Use it for** {groups}.").format(groups=_listed(ready, scores=False)))
    else:
        st.markdown(NOT + _("**Not good enough for any group tested.**"))
    if len(weak):
        st.markdown(NOT + _("**Not for** {groups}.").format(groups=_listed(weak)))
    if len(few):
        st.caption(TOO_FEW + too_few(few))
    untested = model_figures.untested(card)
    if untested:
        st.caption(
            TOO_FEW + _("Learned from, but never tested: {groups}.").format(groups=listing(sorted(untested)[:NAMED]))
        )


def too_few(table: pd.DataFrame) -> str:
    """The groups nobody can judge, with their test cases: Malay 3, Japanese 4."""
    order = table.sort_values("n")
    named = [f"{row.title} {number(row.n, 9)}" for row in order.head(NAMED).itertuples()]
    more = [_("{n} more").format(n=number(len(order) - NAMED, 9))] if len(order) > NAMED else []
    return _("Too few test cases to judge: {groups}.").format(groups=_(", ").join([*named, *more]))


def _scored(title: str, score: float, n: float) -> str:
    """A group with its score; with its test cases where only those are missing."""
    template = _("{group} ({score} on only {n})") if score >= fitness.MIN_SCORE else _("{group} ({score})")
    return template.format(group=title, score=fitness_words.score(score), n=number(n, 9))


def _listed(table: pd.DataFrame, scores: bool = True) -> str:
    """The first groups by name, those that matter to most people first, and how many more."""
    named = [_scored(row.title, row.score, row.n) if scores else row.title for row in table.head(NAMED).itertuples()]
    more = [_("{n} more").format(n=number(len(table) - NAMED, 9))] if len(table) > NAMED else []
    return listing([*named, *more])
