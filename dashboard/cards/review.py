"""The release review of a model: a checklist, a decision, a name; kept in the store with the weights it was about."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import load
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, day
from data import store

if TYPE_CHECKING:
    from models.cards import Card

MAX_NAME, MAX_NOTE = 80, 1000


def sha256_of(card: "Card") -> str:
    """What tells these weights from others: the sha256 of the weights, or of the first file."""
    from models import cards

    return card.files.get(cards.WEIGHTS) or next(iter(card.files.values()), "")


def questions() -> dict[str, str]:
    """What each item asks."""
    return {
        "purpose": _("Purpose: it is used for what its card says, and for nothing else"),
        "data": _("Data: the licences of what it learned from allow this use"),
        "fairness": _("Fairness: the weakest languages or classes are good enough for those it serves"),
        "privacy": _("Privacy: no personal data is in it, and what people type is kept only if they agree"),
        "limits": _("Limits: those who use its answers know where it fails"),
    }


def decisions() -> dict[str, str]:
    """What a review may decide."""
    return {
        "approved": _("Approved"),
        "approved with conditions": _("Approved with conditions"),
        "rejected": _("Rejected"),
    }


def state(name: str, card: "Card") -> str:
    """In a word: whether these weights were signed off."""
    rows = _of(name)
    if rows.empty:
        return _("not reviewed")
    latest = rows.iloc[0]
    if latest["weights_sha256"] != sha256_of(card):
        return _("changed since its review")
    return decisions().get(latest["decision"], latest["decision"])


def review(name: str, card: "Card") -> None:
    """The checklist with sign-off, and what was signed before."""
    st.subheader(_("Release review"))
    rows = _of(name)
    left, right = st.columns([1.4, 1], gap="large")
    place = f"review_{name}_{len(rows)}"  # a signed form is followed by an empty one
    with left, st.form(place, border=True):
        ticked = {item: st.checkbox(text, key=f"{place}_{item}") for item, text in questions().items()}
        decision = st.segmented_control(
            _("Decision"),
            store.DECISIONS,
            default="rejected",
            required=True,
            key=f"{place}_decision",
            format_func=decisions().get,
        )
        reviewer = st.text_input(_("Reviewed by"), max_chars=MAX_NAME, key=f"{place}_by")
        note = st.text_area(_("Note"), max_chars=MAX_NOTE, height=80, key=f"{place}_note")
        if st.form_submit_button(_("Sign off"), icon=":material/draw:", key=f"{place}_sign"):
            _sign(name, card, reviewer.strip(), ticked, decision, note.strip())
    with right:
        st.markdown(f"**{_('Signed so far')}**")
        if rows.empty:
            st.write(_("Nobody has reviewed this model yet."))
        for row in rows.head(5).to_dict("records"):
            _past(row, card)


def _sign(name: str, card: "Card", reviewer: str, ticked: dict[str, bool], decision: str, note: str) -> None:
    open_items = [item for item, done in ticked.items() if not done]
    if not reviewer:
        st.error(_("Give the reviewer's name: a review needs one."), icon=":material/error:")
        return
    if decision == "approved" and open_items:
        st.error(
            _("Points still open: {n}. Tick what holds, approve with conditions, or reject.").format(n=len(open_items)),
            icon=":material/error:",
        )
        return
    try:
        store.put_review(
            name,
            version=card.version,
            weights_sha256=sha256_of(card),
            reviewer=reviewer,
            reviewed_at=datetime.now(UTC),
            checks=ticked,
            decision=decision,
            note=note,
        )
    except store.StoreError as error:
        st.error(spelt(error), icon=":material/error:")
        return
    st.rerun()


def _past(row: dict[str, Any], card: "Card") -> None:
    done = sum(bool(row[item]) for item in store.CHECKLIST)
    with st.container(border=True):
        st.text(
            _("{decided} by {reviewer} on {day}; {done} of {all} points ticked").format(
                decided=decisions().get(row["decision"], row["decision"]),
                reviewer=row["reviewer"],
                day=day(row["reviewed_at"]),
                done=done,
                all=len(store.CHECKLIST),
            )
        )
        if row["note"]:
            st.text(row["note"])
        if row["weights_sha256"] != sha256_of(card):
            st.caption(_("This review is of an earlier version: the model has been trained again since."))


def _of(name: str) -> pd.DataFrame:
    rows = load.reviews()
    return rows[rows["model"] == name] if len(rows) else pd.DataFrame()
