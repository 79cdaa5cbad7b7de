"""What plans are made of, and the plans."""

from collections.abc import Hashable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import babel
import pandas as pd
import streamlit as st

from analytics.index import recipe
from analytics.potential.panel import PotentialError
from analytics.scenario import base as bases
from analytics.scenario.document import BaseKey, Scenario
from dashboard.load.cache import cached, cached_by_profile, connection, settings, version
from dashboard.load.potentials import if_ready, potential, potential_if_ready
from dashboard.load.rankings import candidacy, distances
from dashboard.load.scenarios import ground
from dashboard.load.store import markets_in
from data import store

if TYPE_CHECKING:
    from analytics.allocation import inputs as plan_inputs
    from analytics.allocation import request as plan_request
    from analytics.allocation import solution
    from analytics.allocation.problem import Problem
    from analytics.json_documents import DocumentError

_estimated: set[tuple[Hashable, ...]] = set()
"""Potentials that plans have asked for: (store version, industry, year)."""


def plan_potential(industry: str, year: int) -> None:
    """Work out the potential of an industry for a plan; where there is none, plan_material says why."""
    with suppress(PotentialError):
        potential(industry, year)
    now = version()
    _estimated.difference_update([asked for asked in _estimated.copy() if asked[0] != now])
    _estimated.add((now, industry, year))


def plan_missing(industries: tuple[str, ...], year: int) -> tuple[str, ...]:
    """Industries whose potential no plan has asked for yet: they would take long."""
    return tuple(name for name in industries if (version(), name, year) not in _estimated)


@cached
def plan_facts(home: str, year: int, moved: tuple[tuple[str, str, float], ...]) -> pd.DataFrame:
    """What is known of markets for a plan (`plan_inputs.market_table`). moved: (iso3, code, value) of a scenario."""
    from analytics.allocation import inputs as plan_inputs

    english = babel.Locale("en").territories
    places = markets_in("en")
    places = places.assign(region=[english.get(code, code) for code in places["region"]])
    rows = store.market_panel(connection(), plan_inputs.CODES, year, recipe.Recipe.window)
    languages = store.market_facts(connection(), "market_languages")
    today = datetime.now(UTC).date()
    return plan_inputs.market_facts(places, rows, languages, distances(home, year)["euclidean"], home, today, moved)


@cached_by_profile
def plan_material(
    industries: tuple[str, ...], year: int, home: str, scenario: Scenario | None
) -> "plan_inputs.PlanInputs":
    """What a plan can be made of: the potential of each industry, under a scenario if one is given.

    An industry without a potential is left out, with the reason; half a minute an industry, the first time. Raises
    NotRanked, ScenarioError, ForecastError for a scenario that cannot be carried out.
    """
    from analytics.allocation import inputs as plan_inputs

    found, moved = [], ()
    for industry in industries:
        try:
            fit = potential(industry, year)
        except PotentialError as error:
            found.append(plan_inputs.left_out(industry, error))
            continue
        if scenario is None:
            found.append(plan_inputs.offers(industry, fit.estimates))
            continue
        offered, shifted = plan_inputs.offers_under(scenario, _plan_base(industry, year, scenario), year)
        found.append(offered)
        moved = moved or shifted
    barred = plan_inputs.barred(industries, home, markets_in("en").index, candidacy().present)
    return plan_inputs.gather(plan_facts(home, year, moved), found, home, barred)


def _plan_base(industry: str, year: int, scenario: Scenario) -> bases.ScenarioBase:
    return ground(BaseKey(industry, year, scenario.horizon, None, scenario.base.learner))


_plans: "dict[tuple[Hashable, ...], Future[solution.Answer | solution.Refusal | DocumentError | str]]" = {}


def plan_if_ready(
    industry: str, year: int, markets: tuple[str, ...]
) -> "solution.Answer | solution.Refusal | DocumentError | str | None":
    """The plan with the usual budget for these markets, or why there is none; None while it is worked out."""
    if potential_if_ready(industry, year) is None:
        return None
    return if_ready(_plans, (industry, year, markets), _usual_plan)


def _usual_plan(
    industry: str, year: int, markets: tuple[str, ...]
) -> "solution.Answer | solution.Refusal | DocumentError | str":
    from analytics.allocation import problem as allocation_problem
    from analytics.allocation import request as plan_request
    from analytics.json_documents import DocumentError

    material = plan_material((industry,), year, settings()["home_market"], None)
    here = tuple(iso3 for iso3 in markets if iso3 in set(material.offers["market"]))
    if not here:
        return ""
    wish = plan_request.PlanRequest(datetime.now(UTC).year, industries=(industry,), markets=here)
    try:
        problem = plan_request.build(material, plan_request.complete(material, wish))
        allocation_problem.check(problem)
    except DocumentError as error:
        return error
    return plan_answer(problem)


@st.cache_resource(scope="session", max_entries=8, show_spinner=False)
def plan_file(text: str) -> "tuple[plan_inputs.PlanInputs, plan_request.PlanRequest]":
    """The material and the wish of a problem's JSON; kept with the session that brought it. Raises DocumentError."""
    from analytics.allocation import problem as allocation_problem
    from analytics.allocation import request as plan_request

    return plan_request.from_problem(allocation_problem.read(text))


def plan_scenario(industry: str, year: int, scenario: Scenario) -> Scenario:
    """The assumptions that concern an industry's potential: shocks of figures it has, and of the exchange rate."""
    from analytics.allocation import inputs as plan_inputs

    return plan_inputs.concerning(scenario, _plan_base(industry, year, scenario), year)


def _answer(problem: "Problem") -> "solution.Answer | solution.Refusal":
    from analytics.allocation import solution

    return solution.answer(problem)


def _frontier(problem: "Problem") -> pd.DataFrame:
    from analytics.allocation import solution

    return solution.frontier(problem)


def _spelt_out(problem: "Problem") -> str:
    from analytics.allocation import problem as allocation_problem

    return allocation_problem.to_json(problem)


_shared_answer, _shared_frontier = cached(_answer), cached(_frontier)
_own = st.cache_resource(
    scope="session",
    max_entries=8,
    show_spinner=False,
    hash_funcs={"analytics.allocation.problem.Problem": _spelt_out},
)
_own_answer, _own_frontier = _own(_answer), _own(_frontier)


def plan_answer(problem: "Problem", brought: bool = False) -> "solution.Answer | solution.Refusal":
    """The plan of a problem with its rivals and offices; up to its time limit. Raises DocumentError.

    brought: whether it came in a reader's file; it is then kept with that reader's session, and ends with it.
    """
    return (_own_answer if brought else _shared_answer)(problem)


def plan_frontier(problem: "Problem", brought: bool = False) -> pd.DataFrame:
    """What less risk costs: five plans, kept as `plan_answer` keeps one."""
    return (_own_frontier if brought else _shared_frontier)(problem)
