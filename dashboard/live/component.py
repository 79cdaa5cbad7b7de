"""Elements that share a channel in the browser: what the index is made of, its sliders, its answer, and sections.

A move of a slider draws the answer again, with the intervals that the server alone knows, and nothing else. A section
follows once the hand rests and somebody sees it. What the index is made of is large and stays the same while somebody
moves sliders, so that a browser which has it is not sent it again. Where components of our own cannot run
(ATLAS_LIVE=off, or as a reader wishes), pages draw Streamlit's own sliders.
"""

import json
import math
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.i18n.translation import _, locale

HERE = Path(__file__).parent
SWITCH = "live_sliders"
_SCRIPT = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("index.js", "panel.js"))
_LATER = """export default (component) => {
  let leave;
  const draw = () => { leave = window.leptonLive.%s(component); };
  if (window.leptonLive) draw();
  else document.addEventListener("lepton-live", draw, { once: true });
  return () => { document.removeEventListener("lepton-live", draw); leave?.(); };
};"""
"""The script comes with the first element, which may be drawn after the others."""

_base = st.components.v2.component(
    "lepton_base",
    css=(HERE / "panel.css").read_text(encoding="utf-8"),
    js=f"{_SCRIPT}\nexport default (component) => window.leptonLive.base(component);",
    isolate_styles=False,
)
_sliders = st.components.v2.component("lepton_sliders", js=_LATER % "sliders", isolate_styles=False)
_answer = st.components.v2.component("lepton_answer", js=_LATER % "answer", isolate_styles=False)
_later = st.components.v2.component("lepton_later", js=_LATER % "later", isolate_styles=False)


@dataclass(frozen=True)
class Slider:
    """One slider. low, high, step: of what is dragged; least, most: of what is typed. start: where nothing is assumed.

    seen: what it has been, drawn under it. unit: behind its number. percent: it moves percents of a scale. level: of
    one market where nothing is assumed. shock: what it assumes, as `portable.shocks_of` has it, but for the value.
    """

    key: str
    label: str
    about: str
    low: float
    high: float
    step: float
    least: float
    most: float
    start: float
    value: float
    shock: Mapping[str, Any]
    seen: tuple[float, float] | None = None
    unit: str = ""
    signed: bool = False
    percent: bool = False
    level: float | None = None


def is_on() -> bool:
    """Whether sliders are answered in the browser."""
    return bool(st.session_state.get(SWITCH, _default()))


def switch() -> None:
    """Let the reader choose Streamlit's own sliders, which are answered when they are let go."""
    st.toggle(
        _("Answer while a slider moves"),
        _default(),
        key=SWITCH,
        persist_state="session",
        help=_("Off: plain sliders, answered when they are let go."),
    )


def part(draw: Callable[[], None], turn: Callable[[], int] = lambda: 0) -> None:
    """A part of a page that is drawn again by itself. turn: counts the changes that sliders did not make; after one
    made in this part the whole page is drawn."""
    drawn_at = turn()

    @st.fragment
    def alone() -> None:
        if turn() != drawn_at:
            st.rerun()
        draw()

    alone()


def section(channel: str, name: str, draw: Callable[[], None], turn: Callable[[], int] = lambda: 0) -> None:
    """A part of what the server alone knows: after sliders moved it is dimmed, and drawn again when it is seen."""

    def whole() -> None:
        with st.container(key=f"lepton_server_{name}"):
            if is_on():
                shown = {"channel": channel, "old": _("From before the last move.")} | _shown(channel)
                _later(key=f"live_later_{channel}_{name}", data=shown, on_wanted_change=lambda: None)
            draw()

    part(whole, turn)


def _default() -> bool:
    return os.environ.get("ATLAS_LIVE", "on") != "off"


def base(channel: str, index: str, names: Sequence[str], dimensions: Sequence[str]) -> None:
    """Hand over what the index is made of. index: `portable.base_of` as JSON. names: of its markets, in its order;
    dimensions: what its dimensions are called.
    """
    told = {"channel": channel, "locale": locale().replace("_", "-"), "names": names, "titles": dimensions}
    head = json.dumps(told, ensure_ascii=False)
    _base(key=f"live_base_{channel}", data=f'{head[:-1]}, "base": {index}}}'.encode(), height=1)


def sliders(
    channel: str,
    group: str,
    controls: Sequence[Slider],
    shocks: Sequence[Mapping[str, Any]],
    moved: Callable[[dict[str, float], bool], None],
    turn: int = 0,
) -> None:
    """Some sliders of a channel. shocks: all that is assumed now, with their places.

    moved: called before the next run with the new values by key, and whether they belong to the same gesture as the
    last ones: one undo takes both back. turn: counts the changes that came from elsewhere, after which the sliders
    stand where the server says.

    A move is told by the answer, so that nothing else is drawn again; by the sliders where there is none.
    """
    key = f"live_sliders_{channel}_{group}"
    _state(channel)["groups"][group] = _Group({slider.key: slider for slider in controls}, moved, turn)
    _sliders(
        key=key,
        data={
            "channel": channel,
            "group": group,
            "turn": turn,
            "controls": [asdict(one) for one in controls],
            "shocks": list(shocks),
            "words": {
                "reset": _("Back to today's value"),
                "past": _("The grey part is the range of the last 15 years, the mark is today."),
                "range": _("Type a number within the limits."),
            },
        }
        | _shown(channel),
        on_moved_change=lambda: _take(channel, key),
    )


def answer(
    channel: str,
    ranks: pd.DataFrame,
    subject: str = "",
    first: int = 20,
    movers: int = 0,
) -> None:
    """The answer to where the sliders stand. ranks: low and high ends of their intervals where they stood when the
    server drew this, a row a market as the base has them, NaN where a market has no rank there. subject: the market in
    question. first, movers: how many are listed.
    """
    key = f"live_answer_{channel}"
    _answer(
        key=key,
        data={
            "channel": channel,
            "intervals": [
                None if math.isnan(low) else [int(low), int(high)]
                for low, high in ranks[["low", "high"]].to_numpy(float)
            ],
            "subject": subject,
            "first": first,
            "movers": movers,
            "words": {
                "first": _("The first {count}: rank, score and what makes it, change, 5–95 %").format(count=first),
                "movers": _("Who moves most"),
                "moving": _("{market} leads as it stands. Intervals follow when you let go."),
                "still": _("Computed on the server, intervals included."),
                "lost": _("No answer from the server yet: this is the browser's alone."),
                "unknown": _("This can be worked out on the server only: let go to see it."),
                "subject": _("{market}: rank {before} → {after}, score {score} ({gain})"),
            },
        }
        | _shown(channel),
        on_moved_change=lambda: _take(channel, key),
    )


@dataclass(frozen=True)
class _Group:
    """Some sliders as they were drawn last: by key, who takes their moves, and at which turn."""

    sliders: Mapping[str, Slider]
    moved: Callable[[dict[str, float], bool], None]
    turn: int


def _take(channel: str, key: str) -> None:
    """Follow the moves that an element of a channel told, unless they are older than what is known."""
    told, state = st.session_state[key].get("moved") or {}, _state(channel)
    seq, values, is_same = told.get("seq"), told.get("values"), told.get("gesture") == state["gesture"]
    groups = [group for group in state["groups"].values() if group.turn == told.get("turn")]
    is_ours = told.get("session") == state["session"] and groups
    if not (is_ours and isinstance(seq, int) and seq > state["seq"] and isinstance(values, dict)):
        return
    state |= {"seq": seq, "gesture": told.get("gesture")}
    for group in groups:
        known = group.sliders
        if mine := {name: _within(known[name], value) for name, value in values.items() if name in known}:
            group.moved(mine, is_same)
            is_same = True


def _state(channel: str) -> dict[str, Any]:
    """How far this session has followed the browser's moves on a channel, and the sliders it knows there."""
    fresh = {"seq": 0, "gesture": None, "session": uuid.uuid4().hex, "groups": {}}
    return st.session_state.setdefault(f"live:{channel}", fresh)


def _shown(channel: str) -> dict[str, Any]:
    return {name: _state(channel)[name] for name in ("seq", "session")}


def _within(slider: Slider, value: object) -> float:
    """A value from the browser: a number within what may be typed."""
    number = float(value) if isinstance(value, int | float) else slider.start
    return min(max(number, slider.least), slider.most) if number == number else slider.start
