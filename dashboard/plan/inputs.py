"""What a plan on the page stands on: the atlas's figures, those of a scenario, or a file's; and the plans of both."""

from dataclasses import replace

import streamlit as st

from analytics.allocation.inputs import PlanInputs
from analytics.allocation.problem import Problem
from analytics.allocation.request import PlanRequest, complete
from analytics.allocation.solution import Answer, Refusal
from analytics.index.composite import NotRanked
from analytics.potential.panel import PotentialError
from analytics.scenario.base import ScenarioError
from analytics.scenario.document import Scenario
from analytics.scenario.forecast import ForecastError
from dashboard import load
from dashboard.filters import MarketFilters
from dashboard.i18n.translation import _, number
from dashboard.plan import state, words
from dashboard.scenarios import state as scenario_state

SLOW_S = 20
"""Seconds a search may take on the page."""


def scenario() -> Scenario | None:
    """The session's scenario, bare of what changes no potential; None where nothing is assumed."""
    kept = st.session_state.get(scenario_state.KEY)
    if kept is None or not any(shock.kind != "weight" for shock in kept.now.shocks):
        return None
    shocks = tuple(shock for shock in kept.now.shocks if shock.kind != "weight")
    return replace(kept.now, shocks=shocks, uncertain=(), author="", note="", horizon=0)


def missing(choice: MarketFilters, industries: tuple[str, ...]) -> tuple[str, ...]:
    """Industries whose potential is still to be asked for; none where another page has asked already."""
    if st.session_state.get("with_potential") and choice.recipe in industries:
        load.plan_potential(choice.recipe, choice.year)
    return load.plan_missing(industries, choice.year)


def material(choice: MarketFilters, industries: tuple[str, ...], under: Scenario | None) -> PlanInputs:
    """What can be planned with. Raises NotRanked, ScenarioError, ForecastError, PotentialError of a scenario."""
    home = load.settings()["home_market"]
    with st.spinner(_("Gathering what is known of the markets")):
        bare = None if under is None else replace(under, name="")
        return load.plan_material(industries, choice.year, home, bare)


def whole(choice: MarketFilters, inputs: PlanInputs, wish: PlanRequest) -> PlanRequest:
    """The wish with its markets and sites chosen where the reader chose none."""
    ranks = None
    if wish.by == "rank":
        try:
            ranks = load.ranking(choice.recipe, choice.year).scores["rank"]
        except NotRanked:
            ranks = None
    return complete(inputs, wish, ranks)


def solved(problem: Problem) -> Answer | Refusal:
    """The plan of a problem, with progress while it is searched for."""
    with st.spinner(
        _("Searching for the best plan; some seconds, at most {seconds}").format(seconds=number(SLOW_S)),
        show_time=True,
    ):
        return load.plan_answer(problem, brought=bool(state.now().file))


def shocked(
    choice: MarketFilters, wish: PlanRequest, industries: tuple[str, ...]
) -> tuple[PlanInputs, Scenario] | None:
    """The material under the session's scenario, where there is one and the reader wants it."""
    under = scenario()
    if under is None or state.now().file:
        return None
    if not st.toggle(
        _("Under the scenario “{name}”").format(name=under.name),
        value=True,
        key="plan_scenario",
        help=_("Untapped amounts, wages and frictions follow the scenario's figures."),
    ):
        return None
    try:
        found = material(choice, industries, under)
        _not_carried(choice, industries, under)
        return found, under
    except (NotRanked, ScenarioError, ForecastError, PotentialError) as error:
        st.warning(
            _("The scenario cannot be carried over to this plan: {reason}").format(reason=error),
            icon=":material/warning:",
        )
        return None


def _not_carried(choice: MarketFilters, industries: tuple[str, ...], under: Scenario) -> None:
    """Say which parts of the scenario a plan cannot follow."""
    if st.session_state[scenario_state.KEY].now.horizon:
        st.caption(_("Its years ahead are left out: untapped amounts are those of the model's own year."))
    for name in industries:
        try:
            kept = load.plan_scenario(name, choice.year, under).shocks
        except PotentialError:
            continue
        if len(kept) < len(under.shocks):
            st.caption(
                _("{count} of its assumptions concern no figure of {industry}.").format(
                    count=len(under.shocks) - len(kept), industry=words.industry(name)
                )
            )
