"""What a scenario assumes, carried out on the figures: shocks in their order, and what is associated with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics import scales
from analytics.index.recipe import Recipe
from analytics.scenario import propagation
from analytics.scenario.base import MAX_FIGURE, IndexState, ScenarioBase, ScenarioError, rows_of
from analytics.scenario.document import Scenario, Shock
from data import catalog
from data.faults import Fault

EXCHANGED = "current US$"


@dataclass(frozen=True)
class Caveat:
    """Something a reader of a scenario must know. kind: clamped, no figure, not ranked, new figure, moves nothing."""

    kind: str
    target: str
    market: str = ""
    wanted: float = float("nan")
    used: float = float("nan")


@dataclass(frozen=True)
class ShockedFigures:
    """The figures with the shocks alone, before what is associated with them moves too.

    figures: (markets, codes). start: what they are compared with to see what moves along: the unshocked figures, but at
    the scenario's exchange rates, since converting money is nothing that others are associated with. mask: the cells
    the scenario set. converted: those an exchange rate moved, which may still move with others. notes: clamped values
    and the like.
    """

    figures: pd.DataFrame
    start: pd.DataFrame
    mask: np.ndarray
    converted: np.ndarray
    notes: tuple[Caveat, ...]


def own_weights(recipe: Recipe, scenario: Scenario) -> dict[str, float] | None:
    """The weights of a scenario in the form `composite.score` takes; None when it leaves them alone.

    A dimension whose indicators all weigh nothing weighs nothing itself. Raises ScenarioError for an unknown name, a
    weight too large to compute with, or when nothing is left that weighs.
    """
    inside = {ingredient.key: ingredient.weight for ingredient in recipe.ingredients}
    usual, own = inside | dict(recipe.dimensions), {}
    for shock in scenario.shocks:
        if shock.kind != "weight":
            continue
        if shock.target not in usual:
            raise ScenarioError(
                "{target} has no weight in the recipe {recipe}. Name one of its dimensions ({names}) or indicators.",
                target=repr(shock.target),
                recipe=recipe.name,
                names=", ".join(recipe.dimensions),
            )
        own[shock.target] = max(shock.moved(own.get(shock.target, usual[shock.target])), 0.0)
        if not own[shock.target] <= MAX_FIGURE:
            raise ScenarioError(
                "A weight of {weight} for {target} is too large. Give a smaller one.",
                weight=f"{own[shock.target]:g}",
                target=shock.target,
            )
    if own:
        weighing = {i.dimension for i in recipe.ingredients if own.get(i.key, i.weight) > 0}
        own |= dict.fromkeys(recipe.dimensions.keys() - weighing, 0.0)
    if own and not any(own.get(dimension, weight) > 0 for dimension, weight in recipe.dimensions.items()):
        raise ScenarioError("No dimension is left with a weight. Give one of them a weight above zero.")
    return own or None


def shock(ground: ScenarioBase, shocks: Sequence[Shock]) -> ShockedFigures:
    """Carry out shocks in their order, held within what the units allow. Raises ScenarioError."""
    with np.errstate(over="ignore"):  # refused with a sentence
        return _shock(ground, shocks)


def _shock(ground: ScenarioBase, shocks: Sequence[Shock]) -> ShockedFigures:
    figures, start = ground.figures.to_numpy(copy=True), ground.figures.to_numpy(copy=True)
    mask, converted = np.zeros(figures.shape, dtype=bool), np.zeros(figures.shape, dtype=bool)
    notes: list[Caveat] = []
    columns = {code: number for number, code in enumerate(ground.figures)}
    for assumed in shocks:
        if assumed.kind == "weight":
            continue
        rows, strangers = rows_of(ground, assumed.markets, assumed.regions)
        notes += [Caveat("not ranked", assumed.target, market) for market in strangers]
        if assumed.kind == "exchange rate":
            at = np.ix_(rows, [columns[code] for code in exchanged(ground)])
            figures[at] *= assumed.value
            start[at] *= assumed.value
            converted[at] = True
            _refuse_too_large(figures[at], Fault("The exchange rate"), assumed.value)
            continue
        if assumed.target not in columns:
            raise ScenarioError(
                "{target} is no figure of the recipe {recipe} that the store holds. It uses: {codes}.",
                target=repr(assumed.target),
                recipe=ground.recipe.name,
                codes=", ".join(ground.figures.columns),
            )
        column = columns[assumed.target]
        before = figures[rows, column]
        wanted = assumed.moved(before) if assumed.how != "set" else np.full(len(rows), assumed.value)
        used = np.clip(wanted, *scales.bounds(assumed.target))
        _refuse_too_large(used, assumed.target, assumed.value)
        figures[rows, column] = used
        mask[rows, column] |= ~np.isnan(used)
        for odd in np.flatnonzero(np.isnan(before) | (used != wanted)):
            kind = "no figure" if np.isnan(used[odd]) else "new figure" if np.isnan(before[odd]) else "clamped"
            market = ground.figures.index[rows[odd]]
            notes.append(Caveat(kind, assumed.target, market, float(wanted[odd]), float(used[odd])))

    def framed(values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values, ground.figures.index, ground.figures.columns)

    return ShockedFigures(framed(figures), framed(start), mask, converted, tuple(notes))


def _refuse_too_large(figures: np.ndarray, target: str | Fault, value: float) -> None:
    if (np.abs(figures) > MAX_FIGURE).any():
        raise ScenarioError(
            "{target}: {value} makes figures too large to compute with. Give a smaller number.",
            target=target,
            value=f"{value:g}",
        )


def exchanged(ground: ScenarioBase) -> list[str]:
    """The figures that a change of the exchange rate moves: those in current US$."""
    known = catalog.load()
    return [code for code in ground.figures if code in known and EXCHANGED in known[code].unit]


def spread(ground: ScenarioBase, shocked: ShockedFigures, noise: np.ndarray | None = None) -> pd.DataFrame:
    """The figures after what is associated with the shocked ones moved too. noise: standard errors by link."""
    if not ground.elasticities or not shocked.mask.any():
        return shocked.figures
    mask = pd.DataFrame(shocked.mask, shocked.figures.index, shocked.figures.columns)
    return propagation.spread(ground.elasticities, shocked.start, shocked.figures, mask, noise)


def point(ground: ScenarioBase, scenario: Scenario) -> IndexState:
    """The index under a scenario, without its intervals."""
    own = own_weights(ground.recipe, scenario)
    return ground.start.at(spread(ground, shock(ground, scenario.shocks)), own)
