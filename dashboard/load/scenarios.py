"""What scenarios stand on, and what comes of them."""

from typing import TYPE_CHECKING

from analytics.index import recipe
from analytics.scenario import base as bases
from analytics.scenario import outcome as outcomes
from analytics.scenario import propagation
from analytics.scenario.document import BaseKey, Scenario
from dashboard.load.cache import cached, cached_by_profile, connection
from dashboard.load.potentials import history, potential_as_of
from dashboard.load.rankings import SEED, candidacy, gap_groups
from dashboard.load.store import markets
from data import store

if TYPE_CHECKING:
    from analytics.scenario.forecast import Forecast


@cached
def propagations(recipe_name: str, year: int, before: str | None) -> "tuple[propagation.Elasticity, ...]":
    """How the recipe's figures move with each other; takes a second the first time."""
    return propagation.estimate(history(recipe_name, before), recipe.load(recipe_name), year)


@cached
def outlook(recipe_name: str, year: int, horizon: int, before: str | None) -> "Forecast":
    """The recipe's figures carried forward; takes some seconds the first time. Raises ForecastError."""
    from analytics.scenario import forecast as outlooks

    chosen = recipe.load(recipe_name)
    return outlooks.forecast(history(recipe_name, before), chosen.codes, year, horizon, chosen.window, SEED)


@cached_by_profile
def ground(key: BaseKey) -> bases.ScenarioBase:
    """What scenarios stand on.

    Load the potential and the outlook first: this one waits for them. Raises NotRanked, PotentialError.
    """
    chosen = recipe.load(key.recipe)
    return bases.build_base(
        store.market_panel(connection(), chosen.codes, key.year, chosen.window, key.before),
        chosen,
        markets()["region"],
        history(key.recipe, key.before),
        key.year,
        propagations(key.recipe, key.year, key.before),
        potential_as_of(key) if key.learner else None,
        outlook(key.recipe, key.year, key.horizon, key.before) if key.horizon else None,
        candidacy(),
        gap_groups(),
    )


@cached_by_profile
def outcome(key: BaseKey, scenario: Scenario) -> outcomes.ScenarioResult:
    """A scenario carried out. Raises as `ground`, and ScenarioError."""
    return outcomes.run(ground(key), scenario)
