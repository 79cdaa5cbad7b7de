"""The plan a reader works on: in the session with what can be undone, and its main figures in the address."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from analytics.allocation import problem as allocation_problem
from analytics.allocation import request as plan_request
from analytics.allocation.inputs import PlanInputs
from analytics.allocation.problem import Problem
from analytics.allocation.request import PlanRequest
from analytics.index import recipe
from analytics.json_documents import DocumentError
from dashboard import load
from dashboard.i18n.faults import spelt

KEY = "plan"
LIMITS = "limits"
"""In the address: what a plan is asked beyond its main figures."""
STEPS = 50
"""Changes that can be undone."""
SEPARATOR = ","
MAX_YEARS = 5
MAX_USD, MAX_PEOPLE, MAX_MARKETS = 1e12, 100_000, 60


@dataclass(frozen=True)
class Draft:
    """What a plan is asked, and of what: the atlas's figures, or the problem in a file (its JSON text)."""

    wish: PlanRequest
    file: str = ""


@dataclass(frozen=True)
class Kept:
    """now: the draft on the page. past: earlier ones, the latest last. seen: what was last put in the address."""

    now: Draft
    past: tuple[Draft, ...] = ()
    seen: dict[str, str] = field(default_factory=dict)


def fresh() -> Draft:
    return Draft(PlanRequest(datetime.now(UTC).year))


def take_address() -> str:
    """What the address asks wins over the session's, where it is new. Returns what is wrong with it, "" for nothing."""
    trouble = ""
    kept = st.session_state.get(KEY) or Kept(fresh())
    wish, seen = kept.now.wish, dict(kept.seen)
    for name, parse in _ADDRESS.items():
        text = st.query_params.get(name)
        if text is None or text == seen.get(name):
            continue
        value = parse(text)
        if value is not None:
            wish = replace(wish, **{_FIELD.get(name, name): value})
        seen[name] = text
    text = st.query_params.get(LIMITS)
    if text is not None and text != seen.get(LIMITS):
        seen[LIMITS] = text
        try:
            wish = plan_request.with_link(wish, text)
        except DocumentError as error:
            trouble = spelt(error)
    if len(wish.people) != len(wish.budget_usd):
        wish = wish.lasting(len(wish.budget_usd))
    st.session_state[KEY] = replace(kept, now=replace(kept.now, wish=wish), seen=seen)
    return trouble


def publish() -> None:
    """Put the whole wish in the address. A plan from a file has none: its markets are in the file.

    Raises DocumentError when its limits are too many for an address.
    """
    kept: Kept = st.session_state[KEY]
    wish, usual = kept.now.wish, fresh().wish
    told = {
        "industries": SEPARATOR.join(wish.industries),
        "into": SEPARATOR.join(wish.markets),
        "budget": SEPARATOR.join(f"{value:.0f}" for value in wish.budget_usd),
        "people": SEPARATOR.join(map(str, wish.people)),
        "risk": f"{wish.risk:g}",
        LIMITS: plan_request.to_link(wish),
    }
    same = {"budget": wish.budget_usd == usual.budget_usd, "people": wish.people == usual.people, "risk": not wish.risk}
    for name, text in told.items():
        if kept.now.file or not text or same.get(name, False):
            st.query_params.pop(name, None)
            told[name] = ""
        elif st.query_params.get(name) != text:
            st.query_params[name] = text
    st.session_state[KEY] = replace(kept, seen=told)


def now() -> Draft:
    return st.session_state[KEY].now


def change(**fields: Any) -> None:
    """Change fields of the wish; the draft before can be had back."""
    put(replace(now(), wish=replace(now().wish, **fields)))


def put(draft: Draft) -> None:
    """Work on this draft from now on; the one before can be had back."""
    kept = st.session_state[KEY]
    if draft != kept.now:
        st.session_state[KEY] = replace(kept, now=draft, past=(*kept.past, kept.now)[-STEPS:])


def undo() -> None:
    kept = st.session_state[KEY]
    if kept.past:
        st.session_state[KEY] = replace(kept, now=kept.past[-1], past=kept.past[:-1])


def can_undo() -> bool:
    return bool(st.session_state[KEY].past)


def reset() -> None:
    """Everything as it was at first; of a file, as the file has it. The name stays."""
    draft = now()
    usual = file_wish(draft.file) if draft.file else fresh().wish
    put(Draft(replace(usual, name=draft.wish.name), draft.file))


def open_text(text: str | bytes) -> None:
    """Work on the problem in a file's text. Raises DocumentError, and leaves what is there."""
    problem = allocation_problem.read(text)
    kept = allocation_problem.to_json(problem)
    put(Draft(file_wish(kept), kept))


def file_wish(text: str) -> PlanRequest:
    return load.plan_file(text)[1]


def file_material(text: str) -> PlanInputs:
    return load.plan_file(text)[0]


def problem(material: PlanInputs, wish: PlanRequest, seconds: float = plan_request.PAGE_SECONDS) -> Problem:
    """The problem of a wish, checked; without its name, which changes no plan. Raises DocumentError naming faults."""
    if not wish.industries or not wish.markets:
        raise DocumentError("A plan needs at least one market and one industry.")
    built = plan_request.build(material, replace(wish, name=""), seconds)
    allocation_problem.check(built)
    return built


def file_of(problem: Problem, name: str) -> str:
    """A problem's JSON with its name, to keep."""
    return allocation_problem.to_json(replace(problem, name=name))


# ------------------------------------------------------------------ codes in the address


def _codes(text: str, known: Callable[[str], bool], most: int) -> tuple[str, ...] | None:
    found = tuple(code for code in dict.fromkeys(text.split(SEPARATOR)) if known(code))
    return found[:most] or None


def _numbers(text: str, most: float) -> tuple[float, ...] | None:
    try:
        found = tuple(float(part) for part in text.split(SEPARATOR))
    except ValueError:
        return None
    return found if 1 <= len(found) <= MAX_YEARS and all(0 <= value <= most for value in found) else None


def _people(text: str) -> tuple[int, ...] | None:
    found = _numbers(text, MAX_PEOPLE)
    return None if found is None else tuple(map(int, found))


def _risk(text: str) -> float | None:
    found = _numbers(text, 1.0)
    return found[0] if found else None


_ADDRESS: dict[str, Callable[[str], Any]] = {
    "industries": lambda text: _codes(text, lambda code: code in recipe.NAMES, len(recipe.NAMES)),
    "into": lambda text: _codes(text, lambda code: code in load.markets().index, MAX_MARKETS),
    "budget": lambda text: _numbers(text, MAX_USD),
    "people": _people,
    "risk": _risk,
}
_FIELD = {"into": "markets", "budget": "budget_usd"}
