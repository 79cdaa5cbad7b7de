"""Many texts or pictures, a part at a time with progress: what is done is kept, so that nothing is lost."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import streamlit as st

from dashboard.i18n.translation import _, number

MINUTES_FROM_S = 90
"""Seconds left from which on minutes are told."""


class Work(Protocol):
    """A frozen dataclass. about: what it belongs to; another file or question is other work. count: of the total, how
    many are done. seconds: spent so far. problem: what stopped it last, "" for nothing."""

    about: tuple[Any, ...]
    count: int
    total: int
    seconds: float
    problem: str


W = TypeVar("W", bound=Work)


def running(key: str) -> str:
    """The session's key under which it stands whether the work goes on."""
    return f"{key}_running"


def taken_up(key: str, wanted: W) -> W:
    """The work in the session where it is about the same as what is wanted; else that, not begun."""
    work = st.session_state.get(f"{key}_result")
    if work is not None and work.about == wanted.about:
        return work
    st.session_state[running(key)] = False
    return wanted


def forget(key: str) -> None:
    """Nothing of the work stays."""
    st.session_state.pop(f"{key}_result", None)
    st.session_state.pop(running(key), None)


def carry_on(
    key: str,
    work: W,
    step: Callable[[W], W],
    progress: str,
    begin: str,
    take_away: Callable[[W], object],
    can_begin: bool = True,
) -> W:
    """The button, and the work while it is on; returns how far it has come.

    step: the work with the next part done, or the problem that stops it. progress: words, of {done} and {total}.
    begin: what the button says of {n}. take_away: draws what one does with the finished parts.
    """
    place = st.container(horizontal=True, vertical_alignment="center", key=f"{key}_run")
    if st.session_state.get(running(key)) and work.count < work.total:
        with place:
            st.button(_("Stop"), icon=":material/stop_circle:", key=f"{key}_stop", on_click=_stop, args=(key,))
        bar = st.progress(_part(work), text=_progress(work, progress))
        while work.count < work.total and not work.problem:
            started = time.perf_counter()
            work = step(work)
            work = replace(work, seconds=work.seconds + time.perf_counter() - started)
            st.session_state[f"{key}_result"] = work
            bar.progress(_part(work), text=_progress(work, progress))
        st.session_state[running(key)] = False
        st.rerun()
    with place:
        if work.count < work.total:
            st.button(
                (_("Go on") if work.count else begin).format(n=number(work.total, 9)),
                type="primary",
                icon=":material/play_arrow:",
                key=f"{key}_start",
                disabled=not can_begin,
                on_click=_start,
                args=(key, work),
            )
        if work.count:
            take_away(work)
    return work


def _start(key: str, work: Work) -> None:
    st.session_state[f"{key}_result"], st.session_state[running(key)] = replace(work, problem=""), True


def _stop(key: str) -> None:
    st.session_state[running(key)] = False


def _part(work: Work) -> float:
    return min(work.count / max(work.total, 1), 1.0)


def _progress(work: Work, words: str) -> str:
    line = words.format(done=number(work.count, 9), total=number(work.total, 9))
    if not work.count:
        return line
    left = (work.total - work.count) * work.seconds / work.count
    if left < MINUTES_FROM_S:
        return _("{line}, about {left} seconds left").format(line=line, left=number(left, 2))
    return _("{line}, about {left} minutes left").format(line=line, left=number(left / 60, 2))
