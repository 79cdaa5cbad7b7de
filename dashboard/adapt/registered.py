"""The adapters that were trained here: what each is for, how good it is, and a button that removes it."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import fitness_words, load, navigation
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, locale, number
from dashboard.inference import text as language_lab_answers

if TYPE_CHECKING:
    from models.cards import Card


def own() -> None:
    """Every adapter of one's own, with a link to its card and its removal."""
    from models import cards as model_cards

    st.subheader(_("Your adapters"))
    cards = [card for name in load.model_names() if (card := language_lab_answers.card_of(name)) and card.base]
    cards = [card for card in cards if (model_cards.own() / card.name / model_cards.CARD).is_file()]
    if not cards:
        st.caption(_("None yet. Saved adapters appear here, on the Model cards and in the Language lab."))
    for card in cards:
        _one(card)


def _one(card: "Card") -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"adapt_own_{card.name}"):
        st.markdown(f"**{card.name}** · {_told(card)}", width="stretch")
        st.page_link(
            navigation.file("cards"), label=_("Card"), icon=":material/badge:", query_params={"model": card.name}
        )
        with st.popover(_("Remove"), icon=":material/delete:", type="tertiary", key=f"adapt_remove_{card.name}"):
            st.write(_("Its files are deleted from this machine. The model under it stays as it is."))
            if st.button(_("Remove it for good"), key=f"adapt_removed_{card.name}", type="primary"):
                _remove(card.name)


def _told(card: "Card") -> str:
    """Language, score before and after, rows."""
    from models.text import languages

    code = str(card.config.get("language", ""))
    before = (card.metrics.get("before") or {}).get("macro_f1")
    after = card.metrics.get("macro_f1")
    name = languages.name(code, locale()) if code else "–"
    if before is None or after is None:
        return name
    return _("{language}, F1 {before} before, {after} after, {n} examples").format(
        language=name,
        before=fitness_words.score(before),
        after=fitness_words.score(after),
        n=number(sum(card.splits.values()), 9),
    )


def _remove(name: str) -> None:
    from models import cards as model_cards
    from models import errors

    try:
        model_cards.remove(name)
    except (errors.ModelError, OSError) as error:
        st.error(spelt(error), icon=":material/error:")
        return
    st.rerun()
