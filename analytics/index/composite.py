"""The composite index: a panel and a recipe in, a ranking with all its reasons out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analytics.index import aggregate, impute, normalise, treat
from analytics.index import weights as weighting
from analytics.index.candidates import Candidacy
from analytics.index.design import Design, DesignError
from analytics.index.measure import compute
from analytics.index.recipe import Ingredient, Measure, Recipe
from data import catalog
from data.faults import Fault

__all__ = [
    "Design",
    "DesignError",
    "MissingIndicators",
    "NoCandidates",
    "NotRanked",
    "Ranking",
    "by_group",
    "default_year",
    "rescore",
    "score",
]


class NotRanked(Fault, ValueError):
    """There is nothing to rank; the message says why and what helps."""


class NoCandidates(NotRanked):
    """Every market that is known well enough to be scored is left out of the ranking."""

    def __init__(self, left_out: pd.Series) -> None:
        self.left_out = left_out
        super().__init__(
            "None of the {count} scored markets may be ranked: they are home, a market you are in, too small or too "
            "little known. Lower the minimum size or the minimum share of known figures.",
            count=len(left_out),
        )


class MissingIndicators(NotRanked):
    """Too little of a recipe is in the store to rank on; names what is missing and how to get it."""

    def __init__(self, recipe: Recipe, missing: tuple[Ingredient, ...], share: float) -> None:
        self.recipe, self.missing, self.share = recipe, missing, share
        super().__init__(
            "The recipe {recipe} needs {needed} of its weight and has {share}. Missing: {missing}. Fetch them with "
            "`make refresh`, or import a file that holds them: python -m data import FILE",
            recipe=recipe.name,
            needed=f"{recipe.minimum_weight:.0%}",
            share=f"{share:.0%}",
            missing="; ".join(f"{i.title} ({i.measures[0].code})" for i in missing),
        )


@dataclass(frozen=True)
class Ranking:
    """Scores of markets under a recipe, and what they are made of. Frames are indexed by iso3.

    scores: of the markets that are ranked: score (0-100), rank (1 the best, ties share the better), coverage (share of
    the recipe's whole weight that is known, 0-1). aside: of those that only set the scales: score, coverage, reason
    (one of candidates.REASONS), place (the rank it would take). The other frames hold both, the ranked ones first.
    points: (markets, ingredients), what each adds to the score; rows sum to the score. Where the index is not a sum,
    the score split in proportion: by w ln x for geometric means, by w x for Copeland's comparisons.
    dimensions: (markets, dimensions), each dimension's own score 0-100, NaN where nothing is known.
    normalised, values, years: (markets, ingredients); values in the measure's unit, years of the figures used.
    weights: (markets, ingredients), effective weights. measures: ingredient -> the figure used.
    overall_weights: (ingredients,), weights before gaps; they need not sum to 1 where ingredients are missing for all.
    treated: log of winsorised and transformed values. missing: ingredients without enough data.
    unranked: coverage of the markets that know less than minimum_coverage of the weight that is there for any market.
    design, custom_weights (the reader's), groups: what the index was built with. warnings: what its weights may hide.
    imputed: (markets, ingredients), the imputed values in the measure's unit, NaN where reported or left empty.
    imputation_ranks: (markets, imputations), the rank under each noisy copy of the gaps; no columns without imputation.
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
    overall_weights: pd.Series
    imputed: pd.DataFrame
    imputation_ranks: pd.DataFrame
    design: Design = field(default_factory=Design)
    custom_weights: Mapping[str, float] = field(default_factory=dict)
    groups: pd.Series | None = None
    warnings: tuple[Fault, ...] = ()
    aside: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["score", "coverage", "reason", "place"]))

    @property
    def directions(self) -> pd.Series:
        """(ingredients,), 1 where more is better, else -1."""
        return _of(self.recipe, self.values.columns, "direction")

    @property
    def labels(self) -> pd.Series:
        """(ingredients,), the dimension of each."""
        return _of(self.recipe, self.values.columns, "dimension")

    @property
    def members(self) -> dict[str, np.ndarray]:
        """Dimension -> positions of its ingredients among the columns."""
        return members(self.labels)

    @property
    def proxies(self) -> tuple[Ingredient, ...]:
        """Ingredients for which a stand-in figure had to serve."""
        return tuple(
            i for i in self.recipe.ingredients if i.key in self.measures and self.measures[i.key] != i.measures[0]
        )


def score(
    panel: pd.DataFrame,
    recipe: Recipe,
    design: Design | None = None,
    groups: pd.Series | None = None,
    weights: Mapping[str, float] | None = None,
    candidacy: Candidacy | None = None,
) -> Ranking:
    """Rank the markets of a panel: select, treat, impute, normalise, weight, aggregate (OECD/JRC Handbook 2008).

    panel: iso3, indicator, year, value; one row a market and indicator (as `store.market_panel` gives). Not mutated.
    groups: label by iso3, for imputation. weights: the reader's own, by dimension or ingredient, any positive scale;
    they go before the design's. Coverage is counted with the recipe's weights, so that no market comes or goes while
    others are tried, unless nothing that still weighs is known of it. candidacy: who is ranked, all by default; the
    others set the scales all the same. Raises MissingIndicators when less than recipe.minimum_weight of the weight is
    there, NoCandidates when nobody is left to rank, DesignError when the design or the weights cannot be carried out.
    """
    values, years, measures = _select(panel, recipe)
    recipe_weights = pd.Series(recipe.weights())
    missing = tuple(i for i in recipe.ingredients if i.key not in measures)
    share = float(recipe_weights[list(measures)].sum())
    if share < recipe.minimum_weight:
        raise MissingIndicators(recipe, missing, share)
    coverage = (values.notna() @ recipe_weights[list(measures)]).round(9)  # a sum of weights is never quite 1
    enough = coverage >= round(recipe.minimum_coverage * share, 9)
    left_out = (candidacy or Candidacy()).left_out(coverage[enough] / share)
    if len(left_out) and len(left_out) == enough.sum():
        raise NoCandidates(left_out)
    return _rank(
        recipe,
        values[enough],
        years[enough],
        measures,
        missing,
        coverage,
        design or Design(),
        groups,
        weights or {},
        left_out,
    )


def rescore(
    ranking: Ranking,
    design: Design | None = None,
    weights: Mapping[str, float] | None = None,
    groups: pd.Series | None = None,
) -> Ranking:
    """The same markets and figures under another design or other weights; what is not given stays the ranking's own.

    Weights replace the ranking's own altogether; {} goes back to the design's.
    """
    coverage = pd.concat([ranking.scores["coverage"], ranking.aside["coverage"].astype(float), ranking.unranked])
    return _rank(
        ranking.recipe,
        ranking.values.sort_index(),
        ranking.years.sort_index(),
        ranking.measures,
        ranking.missing,
        coverage,
        design or ranking.design,
        ranking.groups if groups is None else groups,
        ranking.custom_weights if weights is None else weights,
        ranking.aside["reason"],
    )


def _rank(
    recipe: Recipe,
    values: pd.DataFrame,
    years: pd.DataFrame,
    measures: dict[str, Measure],
    missing: tuple[Ingredient, ...],
    coverage: pd.Series,
    design: Design,
    groups: pd.Series | None,
    own: Mapping[str, float],
    left_out: pd.Series,
) -> Ranking:
    directions, labels = _of(recipe, values.columns, "direction"), _of(recipe, values.columns, "dimension")
    treatment = treat.treat(values, design.treatment)
    filled = impute.fill(treatment.values, design.imputation, groups)
    normalised = normalise.normalise(treatment, filled, directions, design)
    whole, warnings = _whole_weights(recipe, normalised, labels, design, own)
    effective = aggregate.effective_weights(filled.notna(), whole, labels)
    counted = effective.sum(axis=1) > 0
    if not counted.all():  # nothing is known of these markets that weighs anything: the others are ranked without them
        values, years = values[counted], years[counted]
        return _rank(recipe, values, years, measures, missing, coverage, design, groups, own, left_out)
    points, dimensions = _points(normalised, effective, whole, labels, design)
    everyone = pd.DataFrame({"score": points.sum(axis=1), "coverage": coverage.reindex(values.index)})
    outside = everyone.index.isin(left_out.index)
    scores = everyone[~outside].copy()
    scores["rank"] = scores["score"].round(9).rank(ascending=False, method="min").astype(int)
    scores = scores.sort_values(["rank"], kind="stable")[["score", "rank", "coverage"]]
    aside = _aside(everyone[outside], scores["score"], left_out)
    order = scores.index.append(aside.index)
    return Ranking(
        recipe=recipe,
        scores=scores,
        points=points.loc[order],
        dimensions=dimensions.loc[order],
        normalised=normalised.loc[order],
        values=values.loc[order],
        years=years.loc[order],
        weights=effective.loc[order],
        measures=measures,
        treated=treatment.log,
        missing=missing,
        unranked=coverage[~coverage.index.isin(order)].sort_values(ascending=False),
        overall_weights=whole,
        imputed=_in_units(values, treatment.values, filled).loc[order],
        imputation_ranks=_imputation_ranks(treatment, directions, labels, whole, design, groups, scores.index),
        design=design,
        custom_weights=dict(own),
        groups=groups,
        warnings=warnings,
        aside=aside,
    )


def _aside(outside: pd.DataFrame, ranked: pd.Series, left_out: pd.Series) -> pd.DataFrame:
    """The markets left out, the best score first, with the reason and the place each would take among the ranked."""
    places = [int((ranked.round(9) > round(score, 9)).sum()) + 1 for score in outside["score"]]
    found = outside.assign(reason=left_out.reindex(outside.index), place=places)
    return found.sort_values("score", ascending=False, kind="stable")


def _of(recipe: Recipe, keys: pd.Index, attribute: str) -> pd.Series:
    by_key = {i.key: getattr(i, attribute) for i in recipe.ingredients}
    return pd.Series({key: by_key[key] for key in keys})


def members(labels: pd.Series) -> dict[str, np.ndarray]:
    """Dimension -> positions of its ingredients, in the order of the columns."""
    return {dimension: np.flatnonzero(labels == dimension) for dimension in labels.unique()}


def _whole_weights(
    recipe: Recipe, normalised: pd.DataFrame, labels: pd.Series, design: Design, own: Mapping[str, float]
) -> tuple[pd.Series, tuple[Fault, ...]]:
    """Weight of each ingredient in the whole: the reader's own, else the design's, level by level."""
    base = pd.Series(weighting.in_the_whole(recipe, own))[list(normalised.columns)]
    if not base.sum() > 0:
        raise DesignError("Only indicators without data have a weight. Give another one a weight, or import its data.")
    if own or design.indicator_weights == design.dimension_weights == "recipe":
        return base, ()
    warnings: list[Fault] = []
    by_dimension = base.groupby(labels, sort=False).sum()
    inside = base / base.groupby(labels).transform("sum")
    if design.indicator_weights != "recipe":
        for dimension, columns in members(labels).items():
            part = _weigh(
                normalised.iloc[:, columns],
                design.indicator_weights,
                Fault("the dimension {dimension}", dimension=dimension),
                warnings,
            )
            inside[part.index] = part
    if design.dimension_weights != "recipe":
        scores = aggregate.dimension_scores(
            normalised.to_numpy(), inside.to_numpy()[None], members(labels), design.within
        )
        frame = pd.DataFrame(scores[0].T, normalised.index, by_dimension.index)
        by_dimension = _weigh(frame, design.dimension_weights, Fault("the dimensions"), warnings)
    return inside * labels.map(by_dimension), tuple(warnings)


def _weigh(scores: pd.DataFrame, method: str, what: Fault, warnings: list[Fault]) -> pd.Series:
    if method == "equal":
        return weighting.equal(scores)
    if method == "entropy":
        return weighting.entropy(scores.clip(lower=0))
    found, warned = weighting.principal_component(scores, what)
    warnings.extend(warned)
    return found


def _points(
    normalised: pd.DataFrame, effective: pd.DataFrame, whole: pd.Series, labels: pd.Series, design: Design
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each ingredient adds to the score, and each dimension's own score."""
    points = aggregate.contributions(normalised, effective)
    if design.is_additive:
        return points, _dimension_scores(points, effective, labels)
    columns, weights = members(labels), whole.to_numpy()[None]
    inner = aggregate.dimension_scores(normalised.to_numpy(), weights, columns, design.within)[0].T
    dimensions = pd.DataFrame(inner, normalised.index, list(columns))
    total = aggregate.index_scores(normalised.to_numpy(), weights, columns, design.within, design.across)[0]
    mass = effective.T.groupby(labels, sort=False).sum().T
    outer = _split(dimensions, mass, design.across)
    shares = {}
    for dimension, inside in columns.items():
        part = _split(normalised.iloc[:, inside], effective.iloc[:, inside], design.within)
        shares |= {key: part[key] * outer[dimension] for key in part}
    return pd.DataFrame(shares, normalised.index).mul(total, axis=0), dimensions


def _split(scores: pd.DataFrame, weights: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Share of each column in a row's mean: by w ln x for the geometric mean, else by w x; by w where all are 0."""
    amounts = pd.DataFrame(np.log(aggregate.positive(scores)), scores.index, scores.columns)
    parts = weights * (amounts if rule == "geometric" else scores).fillna(0.0).clip(lower=0)
    parts = parts.where(parts.sum(axis=1) > 0, weights)
    return parts.div(parts.sum(axis=1).where(lambda total: total > 0, 1.0), axis=0)


def _in_units(values: pd.DataFrame, treated: pd.DataFrame, filled: pd.DataFrame) -> pd.DataFrame:
    """Imputed values taken back from the treated scale to the measure's unit, between the values observed."""
    result = pd.DataFrame(np.nan, values.index, values.columns)
    for key in values.columns[(values.isna() & filled.notna()).any()]:
        gaps = values[key].isna() & filled[key].notna()
        observed = pd.DataFrame({"unit": values[key], "scale": treated[key]}).dropna().sort_values(["scale", "unit"])
        result.loc[gaps, key] = np.interp(filled.loc[gaps, key], observed["scale"], observed["unit"])
    return result


def _imputation_ranks(
    treatment: treat.Treatment,
    directions: pd.Series,
    labels: pd.Series,
    whole: pd.Series,
    design: Design,
    groups: pd.Series | None,
    ranked: pd.Index,
) -> pd.DataFrame:
    """Rank of each ranked market under each noisy copy of the gaps (Rubin 1987)."""
    treated = treatment.values
    if design.imputation == "none":
        return pd.DataFrame(index=ranked)
    ranks = {}
    for number, copy in enumerate(
        impute.copies(treated, design.imputation, design.imputations, design.seed, groups), start=1
    ):
        frame = pd.DataFrame(copy, treated.index, treated.columns)
        normalised = normalise.normalise(treatment, frame, directions, design).to_numpy()
        total = aggregate.index_scores(
            normalised, whole.to_numpy()[None], members(labels), design.within, design.across
        )
        scores = pd.Series(total[0], treated.index)[ranked]
        ranks[number] = scores.round(9).rank(ascending=False, method="min")
    return pd.DataFrame(ranks)


def by_group(ranking: Ranking, groups: pd.Series) -> pd.DataFrame:
    """Where each market stands in its own group (income group, region): group, rank, of, score, ahead, by iso3.

    rank: within the group, ties share the better. of: its markets. ahead: points above the group's median, negative
    below. Markets without a group are left out.
    """
    labels = groups.reindex(ranking.scores.index).dropna()
    score = ranking.scores.loc[labels.index, "score"]
    inside = score.round(9).groupby(labels)
    columns = {
        "group": labels,
        "rank": inside.rank(ascending=False, method="min").astype(int),
        "of": inside.transform("size"),
        "score": score,
        "ahead": score - score.groupby(labels).transform("median"),
    }
    return pd.DataFrame(columns)


def _select(panel: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Measure]]:
    """Per ingredient the first measure with enough markets: values and years (markets, ingredients)."""
    twice = panel.duplicated([catalog.ISO3, catalog.INDICATOR])
    if twice.any():
        first = panel.loc[twice, [catalog.ISO3, catalog.INDICATOR]].iloc[0]
        raise DesignError(
            "{market} has two values of {indicator}; keep one row a market and indicator.",
            market=first.iloc[0],
            indicator=first.iloc[1],
        )
    infinite = np.isinf(panel[catalog.VALUE].to_numpy(dtype=float))
    if infinite.any():
        where = panel.loc[infinite, catalog.INDICATOR].unique()
        raise DesignError("Infinite values of {indicators} cannot be ranked; remove them.", indicators=", ".join(where))
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
            figure = compute(figures, measure)
            if figure.notna().sum() >= recipe.minimum_markets:
                values[ingredient.key] = figure
                years[ingredient.key] = dates[list(measure.codes)].min(axis=1).where(figure.notna())
                measures[ingredient.key] = measure
                break
    index = figures.index
    return pd.DataFrame(values, index=index), pd.DataFrame(years, index=index), measures


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
