"""What scenarios stand on: the index without shocks, its figures, and what is known about how they move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.index import aggregate, composite, normalise, treat
from analytics.index import weights as weighting
from analytics.index.candidates import Candidacy
from analytics.index.composite import Ranking
from analytics.index.measure import compute
from analytics.index.recipe import Measure, Recipe
from analytics.potential import extrapolation, panel
from analytics.robustness import draws as many
from analytics.robustness.draws import Choices
from analytics.scales import HIGH, LOW
from analytics.scenario import history as histories
from analytics.scenario.propagation import Elasticity
from data.faults import Fault

if TYPE_CHECKING:
    from analytics.potential.fit import PotentialFit
    from analytics.scenario.forecast import Forecast

DRAWS = 400
COPIES = 2
"""Imputed copies of the gaps; more move no interval by a rank."""
MAX_FIGURE = 1e24
"""Figures and weights beyond are no assumption any more, and their powers no numbers."""
IDENTITIES = (
    Elasticity(
        "NY.GDP.PCAP.PP.CD",
        "NY.GDP.PCAP.CD",
        coefficient=1.0,
        standard_error=0.0,
        low=1.0,
        high=1.0,
        n_markets=0,
        n=0,
        source_scale="log",
        target_scale="log",
        used=True,
        why="The same income at two sets of prices.",
    ),
)
"""Figures that move together because they measure one thing: without this, richer would mean cheaper."""


class ScenarioError(Fault, ValueError):
    """A scenario cannot be carried out on these data; the message names the cause and a remedy."""


@dataclass(frozen=True)
class Estimate:
    """The potential model of a ground, and the figures it was asked about.

    figures: (markets, codes) as known when the model's features were. measures: the features, in the order of
    fit.features. What a shock changes today is carried over to these: amounts in proportion, the rest in points.
    """

    fit: "PotentialFit"
    figures: pd.DataFrame
    measures: tuple[Measure, ...]

    @cached_property
    def base(self) -> pd.Series:
        """The model's prediction of every market on its own scale, unshocked."""
        return pd.Series(self.fit.model.predict(self.fit.features), self.fit.features.index)


@dataclass(frozen=True)
class ScenarioBase:
    """What scenarios stand on: the ranking without shocks, its figures, and what is known about how they move.

    figures: (scored markets, codes), the ranked ones first, in the indicators' units, NaN where unknown; those of the
    index, then those that only the potential's model knows. regions: UN M49 code by iso3.
    record: range and standard deviation of the last years (`history.record`). history: iso3, indicator, year, value.
    outlook: how the figures were carried forward, for a base in the future; today: the ranking they started from.
    """

    ranking: Ranking
    figures: pd.DataFrame
    regions: pd.Series
    elasticities: tuple[Elasticity, ...]
    record: pd.DataFrame
    history: pd.DataFrame
    estimate: Estimate | None = None
    outlook: "Forecast | None" = None
    today: Ranking | None = None

    @property
    def recipe(self) -> Recipe:
        return self.ranking.recipe

    @property
    def ranked(self) -> slice:
        """Positions of the ranked markets among the scored ones."""
        return slice(len(self.ranking.scores))

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Market -> its position among the scored ones."""
        return {market: place for place, market in enumerate(self.figures.index)}

    @cached_property
    def members(self) -> Mapping[str, np.ndarray]:
        """Dimension -> positions of its ingredients."""
        return self.ranking.members

    @cached_property
    def directions(self) -> pd.Series:
        """(ingredients,), 1 where more is better, else -1."""
        return self.ranking.directions

    @cached_property
    def support(self) -> extrapolation.ApplicabilityDomain:
        """The region the data have seen: the model's training markets where there is one, else the ranked markets.

        Raises ScenarioError when they are too few.
        """
        known = self.ranking.values
        if self.estimate is not None:
            known = self.estimate.fit.features[self.estimate.fit.estimates["trained"]]
        try:
            return extrapolation.fit(known)
        except extrapolation.ExtrapolationError as error:
            raise ScenarioError.of(error) from error

    @cached_property
    def factors(self) -> np.ndarray:
        """(draws, ingredients), what multiplies each weight in each draw; the same before and after."""
        return self.variants.weights / self.ranking.overall_weights.to_numpy()

    @cached_property
    def variants(self) -> many.SamplingDesign:
        """The ways to build the index over which every rank interval is taken: all five choices vary."""
        return many.balanced(self.ranking, Choices.around(self.ranking), DRAWS, COPIES, 0)

    @cached_property
    def prepared(self) -> many.Prepared:
        """The unshocked figures under every combination of choices."""
        return many.prepare(self.ranking, 0, copies=COPIES)

    @cached_property
    def drift(self) -> np.ndarray:
        """(markets,), standard deviation of each score that comes from carrying the figures forward; 0 for today."""
        spread = np.zeros(len(self.figures))
        if self.outlook is None:
            return spread
        start, carried = self.start, set(self.outlook.methods.index)
        for code in self.figures.columns.intersection(list(carried)):
            edges = []
            for side in (1.0, -1.0):
                drawn = pd.Series(self.outlook.draw(code, self.figures.index, side), self.figures.index)
                edges.append(start.at(self.figures.assign(**{code: drawn.fillna(self.figures[code])})).scores)
            spread += ((edges[0] - edges[1]) / 2) ** 2
        return np.sqrt(spread)

    @cached_property
    def start(self) -> "IndexState":
        """The index on the unshocked figures."""
        whole = self.ranking.overall_weights.to_numpy()
        return IndexState(self, self.figures, self.ranking.normalised.to_numpy(), whole, {})

    @cached_property
    def _now(self) -> dict[str, np.ndarray]:
        """`before` without noise: the same for every seed when nothing was carried forward."""
        return self._summary(np.zeros((1, 1)))

    def before(self, noise: np.ndarray) -> dict[str, np.ndarray]:
        """Scores and ranks without the scenario, with their intervals, and the rank in every draw (`drawn`).

        noise: (draws, markets), points every score is off because the figures were carried forward.
        """
        return self._now if self.outlook is None else self._summary(noise)

    def _summary(self, noise: np.ndarray) -> dict[str, np.ndarray]:
        scores, ranks = (self.start.drawn + noise)[:, self.ranked], self.start.ranks_drawn(noise)
        return (
            interval("score_before", self.start.scores[self.ranked], scores)
            | interval("rank_before", self.start.ranks, ranks)
            | {"drawn": ranks}
        )

    def chance(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Standard normals of a seed: (draws, links) for the elasticities, (draws, markets) for the outlook."""
        random = np.random.default_rng(seed)
        return (
            random.standard_normal((DRAWS, max(len(self.elasticities), 1))),
            random.standard_normal((DRAWS, len(self.figures))) if self.outlook is not None else np.zeros((1, 1)),
        )


@dataclass(frozen=True)
class IndexState:
    """The index on one set of figures: only the columns that moved are worked out again.

    figures: (markets, codes). normalised: (markets, ingredients). overall_weights: (ingredients,). recomputed: the
    values (markets,) of the ingredients that differ from the unshocked ones.
    """

    ground: ScenarioBase
    figures: pd.DataFrame
    normalised: np.ndarray
    overall_weights: np.ndarray
    recomputed: Mapping[str, np.ndarray]

    def at(self, figures: pd.DataFrame, own: Mapping[str, float] | None = None) -> "IndexState":
        """The same index on other figures (same rows and columns), and perhaps other weights."""
        ranking = self.ground.ranking
        now, then = figures.to_numpy(), self.figures.to_numpy()
        moved = ~((now == then) | (np.isnan(now) & np.isnan(then))).all(axis=0)
        codes = set(figures.columns[moved])
        normalised, recomputed = self.normalised, dict(self.recomputed)
        keys = [key for key, measure in ranking.measures.items() if codes & set(measure.codes)]
        if keys:
            normalised = normalised.copy()
            recomputed |= {key: compute(figures, ranking.measures[key]).to_numpy() for key in keys}
            values = pd.DataFrame({key: recomputed[key] for key in keys}, figures.index)
            treatment = treat.treat(values, ranking.design.treatment)
            columns = [ranking.normalised.columns.get_loc(key) for key in keys]
            normalised[:, columns] = normalise.normalise(
                treatment, treatment.values, self.ground.directions, ranking.design
            ).to_numpy()
        whole = self.overall_weights
        if own is not None:
            whole = pd.Series(weighting.in_the_whole(self.ground.recipe, own))[ranking.overall_weights.index].to_numpy()
            if not whole.sum() > 0:
                raise ScenarioError(
                    "Only indicators without data are left with a weight. Give another one a weight, or import data."
                )
        return IndexState(self.ground, figures, normalised, whole, recomputed)

    @cached_property
    def scores(self) -> np.ndarray:
        """(markets,), 0-100."""
        return self._index(self.overall_weights[None])[0]

    @cached_property
    def ranks(self) -> np.ndarray:
        """(ranked markets,), 1 the best."""
        return many.ranks(self.scores[None, self.ground.ranked])[0].astype(int)

    @cached_property
    def drawn(self) -> np.ndarray:
        """(draws, markets), scores when every weight is off by about 25 %: on the scale of the index shown."""
        return self.weighed(self.ground.factors)

    @cached_property
    def _varied(self) -> np.ndarray:
        """(draws, markets), scores over the ways to build the index (`ScenarioBase.variants`), on their own scales."""
        ground = self.ground
        moved = pd.DataFrame(dict(self.recomputed), self.figures.index)
        ready = many.moved(ground.prepared, ground.ranking, moved)
        plan = replace(ground.variants, weights=ground.factors * self.overall_weights)
        place = ready.values.index.get_indexer(ground.figures.index)
        return many.scores(ready, ground.members, plan)[:, place]

    def ranks_drawn(self, noise: np.ndarray | float = 0.0) -> np.ndarray:
        """(draws, ranked markets), ranks over the ways to build the index.

        noise: (draws, markets), points every score is off on the scale shown; as wide against each variant's spread.
        """
        varied, spread = self._varied, float(self.scores.std())
        if spread > 0:
            varied = varied + noise * (varied.std(axis=1, keepdims=True) / spread)
        return many.ranks(varied[:, self.ground.ranked])

    def weighed(self, factors: np.ndarray) -> np.ndarray:
        """(draws, markets), scores with every weight multiplied by a factor; factors: (draws, ingredients)."""
        return self._index(factors * self.overall_weights)

    def _index(self, weights: np.ndarray) -> np.ndarray:
        design = self.ground.ranking.design
        with many.ONE_THREAD.limit(limits=1, user_api="blas"):
            return aggregate.index_scores(self.normalised, weights, self.ground.members, design.within, design.across)


def build_base(
    observations: pd.DataFrame,
    recipe: Recipe,
    regions: pd.Series,
    history: pd.DataFrame,
    year: int,
    elasticities: Sequence[Elasticity] = (),
    fit: "PotentialFit | None" = None,
    outlook: "Forecast | None" = None,
    candidacy: Candidacy | None = None,
    groups: pd.Series | None = None,
) -> ScenarioBase:
    """The base of scenarios. observations: the panel of the recipe (as `composite.score` takes); history: of its codes
    and the potential's; candidacy: who is ranked; groups: to fill gaps by. Raises NotRanked.
    """
    today = composite.score(observations, recipe, groups=groups, candidacy=candidacy)
    ranking = today
    if outlook is not None:
        ahead = observations[["iso3", "indicator", "year", "value"]]
        carried = outlook.values.set_index(["iso3", "indicator"])["value"]
        keys = pd.MultiIndex.from_frame(ahead[["iso3", "indicator"]])
        value = carried.reindex(keys).to_numpy()
        ahead = ahead.assign(value=np.where(np.isnan(value), ahead["value"], value))
        observations = ahead
        ranking = composite.score(ahead, recipe, groups=groups, candidacy=candidacy)
    codes = [code for measure in ranking.measures.values() for code in measure.codes]
    wide = observations.pivot(index="iso3", columns="indicator", values="value")
    estimate = None if fit is None else _estimate(fit, history)
    if estimate is not None:
        others = [code for code in estimate.figures if code not in codes]
        wide = wide.drop(columns=others, errors="ignore")
        wide = wide.join(panel.latest(history, [Measure(code) for code in others], year, recipe.window))
        codes += others
    codes = list(dict.fromkeys(codes))
    links = [*elasticities, *IDENTITIES]
    return ScenarioBase(
        ranking=ranking,
        figures=wide.reindex(index=ranking.normalised.index, columns=codes),
        regions=regions.reindex(ranking.normalised.index),
        elasticities=tuple(e for e in links if e.used and e.source in codes and e.target in codes),
        record=histories.record(history[history["indicator"].isin(codes)], year),
        history=history,
        estimate=estimate,
        outlook=outlook,
        today=None if outlook is None else today,
    )


def _estimate(fit: "PotentialFit", history: pd.DataFrame) -> Estimate:
    named = {panel.key(measure): measure for measure in panel.measures(fit.recipe)}
    measures = tuple(named[key] for key in fit.features)
    codes = tuple(dict.fromkeys(code for measure in measures for code in measure.codes))
    figures = panel.latest(history, [Measure(code) for code in codes], fit.year - fit.horizon, fit.recipe.window)
    return Estimate(fit, figures.reindex(fit.features.index), measures)


def interval(name: str, exact: np.ndarray, drawn: np.ndarray) -> dict[str, np.ndarray]:
    """A figure with the 5th and 95th percentile of its draws (the nearest draw), reaching at least to itself."""
    low, high = round(LOW * (len(drawn) - 1)), round(HIGH * (len(drawn) - 1))
    rows = np.ascontiguousarray(drawn.T)
    is_rank = rows.dtype.kind == "i"  # small integers sort faster than they part
    ordered = np.sort(rows, axis=1) if is_rank else np.partition(rows, (low, high), axis=1)
    ends = {f"{name}_low": np.minimum(ordered[:, low], exact), f"{name}_high": np.maximum(ordered[:, high], exact)}
    return {name: exact} | ends


def rows_of(ground: ScenarioBase, markets: Sequence[str], regions: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Positions of the markets meant, and the named ones that are not ranked. Raises ScenarioError for nobody."""
    if not markets and not regions:
        return np.arange(len(ground.places)), []
    inside = np.zeros(len(ground.places), dtype=bool)
    inside[[ground.places[market] for market in markets if market in ground.places]] = True
    strangers = [market for market in markets if market not in ground.places]
    unknown = []
    for region in regions:
        here = (ground.regions == region).to_numpy()
        inside |= here
        unknown += [] if here.any() else [region]
    if unknown:
        raise ScenarioError(
            "No ranked market lies in the region {region}. Use UN M49 codes such as 142.", region=", ".join(unknown)
        )
    if not inside.any():
        raise ScenarioError(
            "{markets} is not ranked by this recipe: too little is known of it. Choose another market, or import data "
            "on it.",
            markets=", ".join(strangers),
        )
    return np.flatnonzero(inside), strangers


def refuse_unranked(ground: ScenarioBase, market: str) -> None:
    """Raises ScenarioError for a market that has no rank here, with the reason."""
    if market in ground.ranking.scores.index:
        return
    if market in ground.ranking.aside.index:
        reason = ground.ranking.aside.at[market, "reason"]
        raise ScenarioError(
            "{market} is left out of this ranking ({reason}). Choose another market.",
            market=market,
            reason=reason,
        )
    raise ScenarioError(
        "{markets} is not ranked by this recipe: too little is known of it. Choose another market.", markets=market
    )
