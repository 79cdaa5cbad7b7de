"""A form over settings that hold for everybody: it writes what its reader changed, over nothing but what they saw."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard import load
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _
from data import store

Fields = Mapping[str, tuple[str, Callable[[str], Any]]]
"""By setting: the key of its widget, and what the widget holds for a stored value."""


def follow(form: str, fields: Fields) -> None:
    """Before the widgets are drawn, give them their values: what is stored now, but for what the reader changed."""
    present = load.settings()
    shown = st.session_state.setdefault(_shown(form), {})
    for name, (key, held) in fields.items():
        if key not in st.session_state or st.session_state[key] == held(shown[name]):
            shown[name] = present[name]
            st.session_state[key] = held(present[name])


def keep(form: str, chosen: Mapping[str, str]) -> str:
    """Write what differs from what was shown; why that cannot be, "" when it was done."""
    shown = st.session_state[_shown(form)]
    changed = {name: value for name, value in chosen.items() if value != shown[name]}
    if not changed:
        return ""
    try:
        store.put_settings(changed, shown={name: shown[name] for name in changed})
    except store.SettingsChanged as error:
        present = load.settings()
        shown.update({name: present[name] for name in error.names})
        return _("Somebody else changed the same setting meanwhile. Nothing was saved; save again to replace it.")
    except store.StoreError as error:
        return spelt(error)
    shown.update(changed)
    return ""


def _shown(form: str) -> str:
    return f"{form}_shown"
