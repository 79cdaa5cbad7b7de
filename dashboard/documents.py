"""Saving a scenario or a plan over nothing but what its reader was shown, and opening what was replaced or removed."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import widgets
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _
from dashboard.markup import literal
from data import shelf


def saving(kind: str, name: str, key: str, made: Callable[[], str]) -> None:
    """A button that saves under a name, or replaces what is saved there now: that and nothing newer.

    made: the text to save, asked for when the button was pressed. key: of the button.
    """
    shown = shelf.find(kind, name)
    label = _("Save {name}") if shown is None else _("Replace {name}")
    st.button(
        label.format(name=literal(name)),
        type="primary",
        key=key,
        on_click=_save,
        args=(kind, name, key, made, shown),
    )
    trouble = st.session_state.pop(_outcome(key), None)
    if trouble == "":
        st.success(_("Saved."), icon=":material/check:")
    elif trouble:
        st.error(trouble, icon=":material/error:")
    if shown is not None:
        st.caption(_("What it replaces can be opened again under Open. Change the name to save a copy."))


def _save(kind: str, name: str, key: str, made: Callable[[], str], shown: shelf.Saved | None) -> None:
    """Runs before the page is drawn, with what the reader saw when the button was pressed."""
    trouble = ""
    try:
        shelf.save(kind, name, made(), over=shown)
    except shelf.ShelfError as error:
        trouble = spelt(error)
    st.session_state[_outcome(key)] = trouble


def _outcome(key: str) -> str:
    return f"{key}_outcome"


def opening(kind: str, label: str, key: str, take: Callable[..., None], may_copy: bool = False) -> None:
    """What is saved, to be opened or removed, and what was replaced or removed.

    take: takes what reads the text, and a name for a copy; called before the page is drawn. key: of the widgets.
    """
    names = [entry.name for entry in shelf.saved(kind)]
    if names:
        name = st.selectbox(label, names, key=f"{key}_saved", filter_mode=widgets.SEARCH)
        read = partial(shelf.read, kind, name)
        with st.container(horizontal=True):
            st.button(_("Open"), key=f"{key}_open_saved", type="primary", on_click=take, args=(read,))
            if may_copy:
                copy = _("{name} (copy)").format(name=name)[: shelf.MAX_NAME]
                st.button(_("Duplicate"), key=f"{key}_duplicate_saved", on_click=take, args=(read, copy))
            if st.button(_("Remove"), key=f"{key}_remove_saved"):
                try:
                    shelf.remove(kind, name)
                    st.rerun()
                except shelf.ShelfError as error:
                    st.error(spelt(error), icon=":material/error:")
    else:
        st.write(_("Nothing is saved yet."))
    put_aside(kind, f"{key}_aside", take)


def put_aside(kind: str, key: str, opened: Callable[[Callable[[], str]], None]) -> None:
    """What was replaced or removed, to be opened again. opened: takes what reads the text. key: of the widgets."""
    entries = shelf.aside(kind)
    if not entries:
        return
    words = {shelf.REPLACED: _("replaced"), shelf.REMOVED: _("removed")}
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}_row"):
        chosen = st.selectbox(
            _("Replaced or removed"),
            entries,
            key=f"{key}_entry",
            format_func=lambda entry: f"{entry.name} · {words[entry.where]} · {entry.put_aside_at:%Y-%m-%d %H:%M} UTC",
            filter_mode=widgets.SEARCH,
        )
        st.button(_("Open again"), key=f"{key}_open", on_click=opened, args=(lambda: shelf.read_aside(kind, chosen),))
