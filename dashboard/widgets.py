"""Widgets whose value stands in the address as a code, whatever label the reader sees.

Streamlit's own bind="query-params" writes the label, so a link would hold only in the language it was made in. Here the
address holds `recipe=healthcare&market=DEU`: links work across languages, and can be written by hand.

What an address asks for and no option matches is refused, not replaced: it stays in the address, and is told, until the
reader chooses something. A page that has its own words for it asks `refused`; the shell tells the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from dashboard import places
from dashboard.i18n.translation import _

SEPARATOR = ","
KEPT, PAGE, REFUSED, DRAWN, TOLD = (f"address:{name}" for name in ("kept", "page", "refused", "drawn", "told"))
SEARCH = "contains"
"""What is typed must stand in the label: Streamlit's "fuzzy" takes letters in order, and finds Northern Mariana Islands
for Thailand."""


@dataclass(frozen=True)
class Refusal:
    """What was asked for and no option matches. shown: what is seen instead, in the reader's language.

    text: as it stands in the address. asked: the part of it that is unknown (some of several codes may be known).
    value: of the widget, as it would stand in the address; None until the widget was drawn.
    """

    key: str
    label: str
    text: str
    asked: str
    shown: str = ""
    value: str | None = None


def enter(page: str) -> None:
    """Carry every choice over to another page: there the same key is a new widget, which would start at its default."""
    st.session_state[DRAWN], st.session_state[TOLD] = set(), set()
    if st.session_state.get(PAGE) == page:
        return
    st.session_state[PAGE] = page
    for key in st.session_state.get(KEPT, ()):
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def refused(key: str) -> str | None:
    """What the address (or the page before) asked for under a key and no option here matches; None when all is well.

    Call it after the widget. The page then tells it: the shell does not.
    """
    st.session_state.setdefault(TOLD, set()).add(key)
    found = _refusals().get(key)
    return found.asked if found else None


def untold() -> list[Refusal]:
    """Refusals of the widgets drawn in this run that the page has not asked about."""
    drawn, told = st.session_state.get(DRAWN, set()), st.session_state.get(TOLD, set())
    return [found for key, found in _refusals().items() if key in drawn - told]


def drawn(key: str) -> Any:
    """The value of a widget that this run of the page has drawn; None where it has not."""
    return st.session_state.get(key) if key in st.session_state.get(DRAWN, set()) else None


def stated(key: str) -> Any:
    """What is chosen under a key before its widget is drawn: in the session, or else in the address; None without."""
    return st.session_state.get(key) or st.query_params.get(key)


def accept(key: str) -> None:
    """Take what is shown instead of what was refused: the address is written anew. For a button's callback."""
    _refusals().pop(key, None)


def selectbox(
    label: str,
    options: Sequence[Any],
    key: str,
    default: Any,
    format_func: Callable[[Any], str] = str,
    pinned: bool = False,
    strict: bool = False,
    quiet: bool = False,
    **more: Any,
) -> Any:
    """A select box kept in the address. Options are codes or numbers; one that is not among them is refused.

    pinned writes the default into the address as well: for one that depends on the data, and may be another tomorrow.
    strict leaves the box empty and returns None while something is refused, instead of the default: ask `refused` next.
    quiet falls back without a word when the options change under a choice: for one that hangs on another choice.
    """
    options, format_func = places.findable(options, format_func)
    by_text = {str(option): option for option in options}
    _take(key, label, by_text.get)
    present = st.session_state.get(key)
    if present not in options:
        if present is not None and not quiet and key not in _refusals():
            _refuse(key, label, str(present))
        st.session_state[key] = None if strict and key in _refusals() else default
    if st.session_state[key] is None:
        more["index"] = None
    value = st.selectbox(
        label, options, key=key, format_func=format_func, persist_state="session", filter_mode=SEARCH, **more
    )
    shown, text = ("", "") if value is None else (format_func(value), str(value))
    _publish(key, text, "" if pinned else str(default), shown)
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
    """A multiple choice kept in the address, comma separated; unknown codes in the address are refused."""
    most = more.get("max_selections")
    options, format_func = places.findable(options, format_func)

    def parse(text: str) -> list[str] | None:
        found = [code for code in dict.fromkeys(text.split(SEPARATOR)) if code in options]
        return found[:most] if found else None

    def unknown(text: str) -> str:
        return SEPARATOR.join(code for code in dict.fromkeys(text.split(SEPARATOR)) if code and code not in options)

    _take(key, label, parse, unknown)
    if key not in st.session_state:
        st.session_state[key] = list(default)
    known = [code for code in st.session_state[key] if code in options]
    if known != st.session_state[key]:
        st.session_state[key] = known
    value = st.multiselect(
        label,
        options,
        key=key,
        format_func=format_func,
        persist_state="session",
        filter_mode=SEARCH,
        select_all=False,
        wrap=True,
        **({"placeholder": _("none chosen")} | more),  # else Streamlit's own, in English
    )
    shown = ", ".join(format_func(code) for code in value)
    _publish(key, SEPARATOR.join(value), "" if pinned else SEPARATOR.join(default), shown)
    return value


def segmented(
    label: str, options: Sequence[str], key: str, default: str, format_func: Callable[[str], str], **more: Any
) -> str:
    """A segmented control kept in the address; always one is chosen."""
    _take(key, label, lambda text: text if text in options else None)
    if st.session_state.get(key) not in options:
        st.session_state[key] = default
    value = st.segmented_control(
        label, options, key=key, format_func=format_func, required=True, persist_state="session", **more
    )
    _publish(key, value, default, format_func(value))
    return value


def slider(label: str, low: float, high: float, key: str, default: float, step: float = 0.1, **more: Any) -> float:
    """A slider kept in the address; a number out of its range, or no number, is refused."""
    _take_number(label, low, high, key, default)
    value = st.slider(label, low, high, key=key, step=step, persist_state="session", **more)
    _publish(key, f"{value:g}", f"{default:g}", f"{value:g}")
    return value


def number(label: str, low: float, high: float, key: str, default: float) -> float:
    """What `slider` keeps in the address, for a slider that is drawn by other means, and moved by `choose`."""
    _take_number(label, low, high, key, default)
    value = st.session_state[key]
    _publish(key, f"{value:g}", f"{default:g}", f"{value:g}")
    return value


def _take_number(label: str, low: float, high: float, key: str, default: float) -> None:
    def parse(text: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if low <= value <= high else None

    _take(key, label, parse)
    if key not in st.session_state:
        st.session_state[key] = default


def whole(page: str, **choices: str) -> str:
    """The full address of a page as it stands now, with these choices in it: to copy and send."""
    kept = {key: value for key, value in st.query_params.to_dict().items() if key not in choices}
    start = (st.context.url or "").rstrip("/").removesuffix(f"/{page}")
    return f"{start}/{page}?{urlencode(kept | choices)}"


def choose(key: str, value: Any) -> None:
    """Set a choice from code before its widget is drawn: a click on the map, a row of a table."""
    accept(key)
    st.session_state[key] = value
    st.session_state[_seen(key)] = st.query_params.get(key)


def take_address(key: str, parse: Callable[[str], Any]) -> bool:
    """The address wins when it differs from what we last wrote there: a link was opened, or Back pressed.

    Returns whether it stated something new that cannot be parsed.
    """
    st.session_state.setdefault(KEPT, set()).add(key)
    text = st.query_params.get(key)
    if text is None or text == st.session_state.get(_seen(key)):
        return False
    value = parse(text)
    if value is not None:
        accept(key)
        st.session_state[key] = value
    return value is None


def _take(key: str, label: str, parse: Callable[[str], Any], unknown: Callable[[str], str] = str) -> None:
    """Take the address, and refuse what is unknown in it; what was refused elsewhere is taken where it is known."""
    st.session_state.setdefault(DRAWN, set()).add(key)
    before = _refusals().get(key)
    asked = st.query_params.get(key)
    news = asked is not None and asked != st.session_state.get(_seen(key))
    failed = take_address(key, parse)
    if news and asked and (failed or (unknown is not str and unknown(asked))):
        _refuse(key, label, asked, unknown(asked))
    elif not news and before is not None:
        value = parse(before.text)
        if value is not None and (unknown is str or not unknown(before.text)):
            accept(key)
            st.session_state[key] = value


def _refuse(key: str, label: str, text: str, asked: str = "") -> None:
    _refusals()[key] = Refusal(key, label, text, asked or text)


def _refusals() -> dict[str, Refusal]:
    return st.session_state.setdefault(REFUSED, {})


def _publish(key: str, text: str, default: str, shown: str) -> None:
    """Write the choice into the address; while something else was asked for and refused, that stays there."""
    found = _refusals().get(key)
    if found is not None and found.value in (None, text):
        _refusals()[key] = replace(found, shown=shown, value=text)
        text, default = found.text, ""
    else:
        accept(key)
    if text == default:
        st.query_params.pop(key, None)
        st.session_state.pop(_seen(key), None)
    else:
        if st.query_params.get(key) != text:
            st.query_params[key] = text
        st.session_state[_seen(key)] = text


def _seen(key: str) -> str:
    return f"address:{key}"
