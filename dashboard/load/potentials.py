"""Market potential, in the background where a page can go on without it."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics.index import recipe
from analytics.potential import fit as potentials
from analytics.potential import over_time
from analytics.potential.fit import PotentialFit
from analytics.potential.panel import PotentialError
from analytics.scenario.document import BaseKey
from dashboard.load.cache import cached, connection, profile_version
from dashboard.load.kept import of_result
from dashboard.load.rankings import SEED
from dashboard.load.store import markets_in, series
from data import apart, store

if TYPE_CHECKING:
    from analytics.potential.regression import FixedEffects

potential_reasons = of_result(PotentialFit.reasons)
potential_analogues = of_result(PotentialFit.analogues)
potential_effect = of_result(PotentialFit.ale)


def potential_groups() -> pd.DataFrame:
    table = markets_in("en")
    return pd.DataFrame({"region": table["wb_region"].fillna(table["region"]), "income_group": table["income_group"]})


class Interrupted(PotentialError):
    """The estimate was broken off; another try may succeed."""


def _fitted(history: pd.DataFrame, chosen: recipe.Recipe, year: int, **options: Any) -> PotentialFit:
    fit = partial(potentials.fit, groups=potential_groups(), seed=SEED, **options)
    try:
        return apart.run(fit, history, chosen, year)
    except apart.BrokenOff as error:
        raise Interrupted.of(error) from error


@cached
def potential(recipe_name: str, year: int) -> PotentialFit:
    """The potential of every market by a year; takes half a minute the first time. Raises PotentialError."""
    chosen = recipe.load(recipe_name)
    history = series(potentials.history_codes(chosen), None)
    history = history[history["year"] <= year]
    return _fitted(history, chosen, potentials.default_year(history, chosen))


_background = ThreadPoolExecutor(1, thread_name_prefix="estimates")
_estimates: "dict[tuple[Hashable, ...], Future[PotentialFit]]" = {}
KEPT_ESTIMATES = 24
"""Answers of the background that are remembered, of each kind."""


def if_ready(
    begun: dict[tuple[Hashable, ...], Future], arguments: tuple[Hashable, ...], work: Callable[..., Any]
) -> Any:
    """What the background made of it, or None while it works; begins it the first time. Raises what `work` raised."""
    key = (profile_version(), *arguments)
    with _beginning:
        if key not in begun:
            for old in [other for other in begun if other[0] != key[0]]:
                begun.pop(old).cancel()
            while len(begun) >= KEPT_ESTIMATES:
                begun.pop(next(iter(begun)))
            begun[key] = _background.submit(work, *arguments)
        future = begun[key]
        if future.done() and isinstance(future.exception(), Interrupted):
            del begun[key]  # it is told now, and tried again when somebody looks again
    return future.result() if future.done() else None


_beginning = Lock()


def potential_if_ready(recipe_name: str, year: int) -> "PotentialFit | PotentialError | None":
    """The potential, or why there is none; None while it is worked out in the background, which this begins."""
    try:
        return if_ready(_estimates, (recipe_name, year), potential)
    except PotentialError as error:
        return error


@cached
def elasticities(recipe_name: str, year: int) -> "FixedEffects":
    """Each market compared with itself over ten years. Raises PotentialError."""
    chosen = recipe.load(recipe_name)
    history = series(potentials.history_codes(chosen), None)
    return over_time.elasticities(history[history["year"] <= year], chosen, year)


@cached
def history(recipe_name: str, before: str | None) -> pd.DataFrame:
    """The histories of a recipe's figures and of its potential's."""
    chosen = recipe.load(recipe_name)
    codes = tuple(dict.fromkeys((*chosen.codes, *potentials.history_codes(chosen))))
    return store.series(connection(), codes, None, before)


@cached
def _other_potential(recipe_name: str, year: int, before: str | None, learner: str) -> PotentialFit:
    chosen = recipe.load(recipe_name)
    rows = history(recipe_name, before)
    rows = rows[rows["year"] <= year]
    outcome_year = potentials.default_year(rows, chosen)
    return _fitted(rows, chosen, outcome_year, learner=learner)


def potential_as_of(key: BaseKey) -> PotentialFit:
    """The potential of a base, by its learner and the state of the store. Raises PotentialError."""
    if key.before is None and key.learner == potentials.BEST:
        return potential(key.recipe, key.year)
    return _other_potential(key.recipe, key.year, key.before, key.learner)


def own_potential(recipe_name: str, year: int, outcome: pd.Series) -> PotentialFit:
    """The same, of the reader's own outcome by iso3; not kept, since it is theirs. Raises PotentialError."""
    chosen = recipe.load(recipe_name)
    history = series(potentials.history_codes(chosen), None)
    return _fitted(history, chosen, year, own_outcome=outcome)
