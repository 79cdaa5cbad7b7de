"""Widgets whose value stands in the address as a code, whatever label the reader sees.

Streamlit's own bind="query-params" writes the label, so a link would hold only in the language it was made in. Here the
address holds `recipe=healthcare&market=DEU`: links work across languages, and can be written by hand.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

SEPARATOR = ","
KEPT, PAGE = "address:kept", "address:page"


def enter(page: str) -> None:
    """Carry every choice over to another page: there the same key is a new widget, which would start at its default."""
    if st.session_state.get(PAGE) == page:
        return
    st.session_state[PAGE] = page
    for key in st.session_state.get(KEPT, ()):
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def selectbox(
    label: str,
    options: Sequence[Any],
    key: str,
    default: Any,
    format_func: Callable[[Any], str] = str,
    pinned: bool = False,
    **more: Any,
) -> Any:
    """A select box kept in the address. Options are codes or numbers; an unknown code in the address is ignored.

    pinned writes the default into the address as well: for one that depends on the data, and may be another tomorrow.
    """
    by_text = {str(option): option for option in options}
    take_address(key, lambda text: by_text.get(text))
    if st.session_state.get(key) not in options:
        st.session_state[key] = default
    value = st.selectbox(label, options, key=key, format_func=format_func, persist_state="session", **more)
    _publish(key, str(value), "" if pinned else str(default))
    return value


def multiselect(
    label: str,
    options: Sequence[str],
    key: str,
    default: Sequence[str] = (),
    format_func: Callable[[str], str] = str,
    pinned: bool = False,
    **more: Any,
) -> list[str]:
    """A multiple choice kept in the address, comma separated; unknown codes in the address are ignored."""
    most = more.get("max_selections")

    def parse(text: str) -> list[str] | None:
        found = [code for code in dict.fromkeys(text.split(SEPARATOR)) if code in options]
        return found[:most] if found else None

    take_address(key, parse)
    if key not in st.session_state:
        st.session_state[key] = list(default)
    known = [code for code in st.session_state[key] if code in options]
    if known != st.session_state[key]:
        st.session_state[key] = known
    value = st.multiselect(label, options, key=key, format_func=format_func, persist_state="session", **more)
    _publish(key, SEPARATOR.join(value), "" if pinned else SEPARATOR.join(default))
    return value


def segmented(
    label: str, options: Sequence[str], key: str, default: str, format_func: Callable[[str], str], **more: Any
) -> str:
    """A segmented control kept in the address; always one is chosen."""
    take_address(key, lambda text: text if text in options else None)
    if st.session_state.get(key) not in options:
        st.session_state[key] = default
    value = st.segmented_control(
        label, options, key=key, format_func=format_func, required=True, persist_state="session", **more
    )
    _publish(key, value, default)
    return value


def slider(label: str, low: float, high: float, key: str, default: float, step: float = 0.1, **more: Any) -> float:
    """A slider kept in the address; a number out of its range, or no number, is ignored."""

    def parse(text: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if low <= value <= high else None

    take_address(key, parse)
    if key not in st.session_state:
        st.session_state[key] = default
    value = st.slider(label, low, high, key=key, step=step, persist_state="session", **more)
    _publish(key, f"{value:g}", f"{default:g}")
    return value


def choose(key: str, value: Any) -> None:
    """Set a choice from code before its widget is drawn: a click on the map, a row of a table."""
    st.session_state[key] = value
    st.session_state[_seen(key)] = st.query_params.get(key)


def take_address(key: str, parse: Callable[[str], Any]) -> None:
    """The address wins when it differs from what we last wrote there: a link was opened, or Back pressed."""
    st.session_state.setdefault(KEPT, set()).add(key)
    text = st.query_params.get(key)
    if text is None or text == st.session_state.get(_seen(key)):
        return
    value = parse(text)
    if value is not None:
        st.session_state[key] = value


def _publish(key: str, text: str, default: str) -> None:
    if text == default:
        st.query_params.pop(key, None)
        st.session_state.pop(_seen(key), None)
    else:
        if st.query_params.get(key) != text:
            st.query_params[key] = text
        st.session_state[_seen(key)] = text


def _seen(key: str) -> str:
    return f"address:{key}"
