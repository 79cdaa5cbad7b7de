"""The composite index: a panel and a recipe in, a ranking with all its reasons out."""

from dataclasses import dataclass

import pandas as pd

from analytics import aggregate, normalise, treat
from analytics.recipe import Ingredient, Measure, Recipe
from data import catalog


class MissingIndicators(ValueError):
    """Too little of a recipe is in the store to rank on; names what is missing and how to get it."""

    def __init__(self, recipe: Recipe, missing: tuple[Ingredient, ...], share: float) -> None:
        self.recipe, self.missing, self.share = recipe, missing, share
        super().__init__(
            f"The recipe {recipe.name} needs {recipe.minimum_weight:.0%} of its weight and has {share:.0%}. Missing: "
            + "; ".join(f"{i.title} ({i.measures[0].code})" for i in missing)
            + ". Fetch them with `make refresh`, or import a file that holds them: python -m data import FILE"
        )


@dataclass(frozen=True)
class Ranking:
    """Scores of markets under a recipe, and what they are made of. Frames are indexed by iso3.

    scores: score (0-100), rank (1 the best, ties share the better), coverage (share of the recipe's
    whole weight that is known, 0-1).
    points: (markets, ingredients), what each adds to the score; rows sum to the score.
    dimensions: (markets, dimensions), each dimension's own score 0-100, NaN where nothing is known.
    normalised, values, years: (markets, ingredients); values in the measure's unit, years of the figures used.
    weights: (markets, ingredients), effective weights. measures: ingredient -> the figure used.
    treated: log of winsorised and transformed values. missing: ingredients without enough data.
    unranked: coverage of the markets that know less than minimum_coverage of the weight that is there for any market.
    """

    recipe: Recipe
    scores: pd.DataFrame
    points: pd.DataFrame
    dimensions: pd.DataFrame
    normalised: pd.DataFrame
    values: pd.DataFrame
    years: pd.DataFrame
    weights: pd.DataFrame
    measures: dict[str, Measure]
    treated: pd.DataFrame
    missing: tuple[Ingredient, ...]
    unranked: pd.Series

    @property
    def stand_ins(self) -> tuple[Ingredient, ...]:
        """Ingredients for which a stand-in figure had to serve."""
        return tuple(
            i for i in self.recipe.ingredients if i.key in self.measures and self.measures[i.key] != i.measures[0]
        )


def score(panel: pd.DataFrame, recipe: Recipe) -> Ranking:
    """Rank the markets of a panel: select, treat, normalise 0-100, weight, aggregate (OECD/JRC Handbook 2008).

    panel: iso3, indicator, year, value; one row a market and indicator (as `store.market_panel` gives). Not mutated.
    Raises MissingIndicators when less than recipe.minimum_weight of the weight is there.
    """
    values, years, measures = _select(panel, recipe)
    weights = pd.Series(recipe.weights())
    missing = tuple(i for i in recipe.ingredients if i.key not in measures)
    share = float(weights[list(measures)].sum())
    if share < recipe.minimum_weight:
        raise MissingIndicators(recipe, missing, share)
    keys = list(measures)
    chosen = {i.key: i for i in recipe.ingredients if i.key in measures}
    coverage = (values.notna() @ weights[keys]).round(9)  # a sum of weights is never quite 1
    enough = coverage >= round(recipe.minimum_coverage * share, 9)
    values, years = values[enough], years[enough]
    treatment = treat.treat(values)
    directions = pd.Series({key: chosen[key].direction for key in keys})
    labels = pd.Series({key: chosen[key].dimension for key in keys})
    normalised = normalise.min_max(treatment.values, directions)
    effective = aggregate.effective_weights(values.notna(), weights[keys], labels)
    points = aggregate.contributions(normalised, effective)
    scores = pd.DataFrame({"score": points.sum(axis=1), "coverage": coverage[enough]})
    scores["rank"] = scores["score"].round(9).rank(ascending=False, method="min").astype(int)
    scores = scores.sort_values(["rank"], kind="stable")[["score", "rank", "coverage"]]
    order = scores.index
    return Ranking(
        recipe=recipe,
        scores=scores,
        points=points.loc[order],
        dimensions=_dimension_scores(points, effective, labels).loc[order],
        normalised=normalised.loc[order],
        values=values.loc[order],
        years=years.loc[order],
        weights=effective.loc[order],
        measures=measures,
        treated=treatment.log,
        missing=missing,
        unranked=coverage[~enough].sort_values(ascending=False),
    )


def _select(panel: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Measure]]:
    """Per ingredient the first measure with enough markets: values and years (markets, ingredients)."""
    wide = panel.pivot(index=catalog.ISO3, columns=catalog.INDICATOR, values=[catalog.VALUE, catalog.YEAR])
    if wide.empty:
        empty = pd.DataFrame(index=pd.Index([], name=catalog.ISO3))
        return empty, empty, {}
    figures, dates = wide[catalog.VALUE], wide[catalog.YEAR]
    values, years, measures = {}, {}, {}
    for ingredient in recipe.ingredients:
        for measure in ingredient.measures:
            if not set(measure.codes) <= set(figures.columns):
                continue
            figure = _compute(figures, measure)
            if figure.notna().sum() >= recipe.minimum_markets:
                values[ingredient.key] = figure
                years[ingredient.key] = dates[list(measure.codes)].min(axis=1).where(figure.notna())
                measures[ingredient.key] = measure
                break
    index = figures.index
    return pd.DataFrame(values, index=index), pd.DataFrame(years, index=index), measures


def _compute(figures: pd.DataFrame, measure: Measure) -> pd.Series:
    figure = figures[measure.code]
    if measure.denominator:
        divisor = figures[measure.denominator]
        figure = figure / divisor.where(divisor > 0)
    if measure.multiplier:
        figure = figure * figures[measure.multiplier]
    return figure


def _dimension_scores(points: pd.DataFrame, weights: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """Score of each dimension on its own: its points over its weight."""
    points_by, weights_by = points.T.groupby(labels, sort=False).sum().T, weights.T.groupby(labels, sort=False).sum().T
    return points_by / weights_by.where(weights_by > 0)


def default_year(coverage: pd.DataFrame, recipe: Recipe) -> int | None:
    """The latest year for which half of the recipe's present indicators have figures of their own.

    coverage: indicator, year, markets (as `store.coverage` gives). None when nothing covers enough markets.
    """
    enough = coverage[coverage["markets"] >= recipe.minimum_markets]
    if enough.empty:
        return None
    latest = enough.groupby(catalog.INDICATOR)[catalog.YEAR].max()
    recent = latest[latest > latest.max() - recipe.window]
    return int(recent.quantile(0.5, interpolation="lower"))
