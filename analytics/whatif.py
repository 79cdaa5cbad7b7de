"""What happens if an assumption moves: scores, ranks and potential before and after, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics import aggregate, index, normalise, panel, past, propagation, support, treat
from analytics import draws as many
from analytics import weights as weighting
from analytics.candidates import Candidacy
from analytics.draws import Choices
from analytics.index import Ranking
from analytics.propagation import Elasticity
from analytics.recipe import Measure, Recipe
from analytics.scenario import Scenario, Shock
from data import catalog
from data.faults import Fault

if TYPE_CHECKING:
    from analytics.outlook import Outlook
    from analytics.potential import PotentialFit

DRAWS = 400
COPIES = 2
"""Imputed copies of the gaps; more move no interval by a rank."""
LOW, HIGH = 0.05, 0.95
NORMAL_95 = 1.6449
"""Standard normal quantile of 0.95: half of a 90 % interval."""
EXCHANGED = "current US$"
LARGEST = 1e24
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
class Note:
    """Something a reader of a scenario must know. kind: clamped, no figure, not ranked, new figure, moves nothing."""

    kind: str
    target: str
    market: str = ""
    wanted: float = float("nan")
    used: float = float("nan")


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
class Ground:
    """What scenarios stand on: the ranking without shocks, its figures, and what is known about how they move.

    figures: (scored markets, codes), the ranked ones first, in the indicators' units, NaN where unknown; those of the
    index, then those that only the potential's model knows. regions: UN M49 code by iso3.
    record: range and standard deviation of the last years (`past.record`). history: iso3, indicator, year, value.
    outlook: how the figures were carried forward, for a base in the future; today: the ranking they started from.
    """

    ranking: Ranking
    figures: pd.DataFrame
    regions: pd.Series
    elasticities: tuple[Elasticity, ...]
    record: pd.DataFrame
    history: pd.DataFrame
    estimate: Estimate | None = None
    outlook: "Outlook | None" = None
    today: Ranking | None = None

    @property
    def recipe(self) -> Recipe:
        return self.ranking.recipe

    @property
    def ranked(self) -> slice:
        """Positions of the ranked markets among the scored ones."""
        return slice(len(self.ranking.scores))

    @cached_property
    def members(self) -> Mapping[str, np.ndarray]:
        """Dimension -> positions of its ingredients."""
        return self.ranking.members

    @cached_property
    def directions(self) -> pd.Series:
        """(ingredients,), 1 where more is better, else -1."""
        return self.ranking.directions

    @cached_property
    def support(self) -> support.Support:
        """The region the data have seen: the model's training markets where there is one, else the ranked markets.

        Raises ScenarioError when they are too few.
        """
        known = self.ranking.values
        if self.estimate is not None:
            known = self.estimate.fit.features[self.estimate.fit.estimates["trained"]]
        try:
            return support.fit(known)
        except support.SupportError as error:
            raise ScenarioError("{reason}", reason=error) from error

    @cached_property
    def factors(self) -> np.ndarray:
        """(draws, ingredients), what multiplies each weight in each draw; the same before and after."""
        return self.variants.weights / self.ranking.whole.to_numpy()

    @cached_property
    def variants(self) -> many.Plan:
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
    def start(self) -> "Point":
        """The index on the unshocked figures."""
        whole, nothing = self.ranking.whole.to_numpy(), pd.DataFrame(index=self.figures.index)
        return Point(self, self.figures, self.ranking.normalised.to_numpy(), whole, nothing)

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
class Point:
    """The index on one set of figures: only the columns that moved are worked out again.

    figures: (markets, codes). normalised: (markets, ingredients). whole: (ingredients,), weights in the whole. moved:
    the ingredients whose values differ from the unshocked ones, as values (markets, ingredients).
    """

    ground: Ground
    figures: pd.DataFrame
    normalised: np.ndarray
    whole: np.ndarray
    moved: pd.DataFrame

    def at(self, figures: pd.DataFrame, own: Mapping[str, float] | None = None) -> "Point":
        """The same index on other figures (same rows and columns), and perhaps other weights."""
        ranking = self.ground.ranking
        now, then = figures.to_numpy(), self.figures.to_numpy()
        moved = ~((now == then) | (np.isnan(now) & np.isnan(then))).all(axis=0)
        codes = set(figures.columns[moved])
        normalised, changed = self.normalised, self.moved
        keys = [key for key, measure in ranking.measures.items() if codes & set(measure.codes)]
        if keys:
            normalised = normalised.copy()
            values = pd.DataFrame({key: panel.compute(figures, ranking.measures[key]) for key in keys})
            changed = changed.drop(columns=keys, errors="ignore").join(values)
            treatment = treat.treat(values, ranking.design.treatment)
            columns = ranking.normalised.columns.get_indexer(keys)
            normalised[:, columns] = normalise.normalise(
                treatment, treatment.values, self.ground.directions, ranking.design
            ).to_numpy()
        whole = self.whole
        if own is not None:
            whole = pd.Series(weighting.in_the_whole(self.ground.recipe, own))[ranking.whole.index].to_numpy()
            if not whole.sum() > 0:
                raise ScenarioError(
                    "Only indicators without data are left with a weight. Give another one a weight, or import data."
                )
        return Point(self.ground, figures, normalised, whole, changed)

    @cached_property
    def scores(self) -> np.ndarray:
        """(markets,), 0-100."""
        return self._index(self.whole[None])[0]

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
        """(draws, markets), scores over the ways to build the index (`Ground.variants`), each on a scale of its own."""
        ground = self.ground
        ready = many.moved(ground.prepared, ground.ranking, self.moved)
        plan = replace(ground.variants, weights=ground.factors * self.whole)
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
        return self._index(factors * self.whole)

    def _index(self, weights: np.ndarray) -> np.ndarray:
        design = self.ground.ranking.design
        with many.ONE_THREAD.limit(limits=1, user_api="blas"):
            return aggregate.index_scores(self.normalised, weights, self.ground.members, design.within, design.across)


@dataclass(frozen=True)
class Shocked:
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
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Outcome:
    """What a scenario does. Frames are indexed by iso3.

    markets: the ranked ones; score_before, score, rank_before, rank, each with _low and _high (5-95 % over the draws:
    of weights for the scores, which other scales would not leave comparable; of all five choices for the ranks);
    p_improves, p_worsens (share of the draws in which it ranks better, or worse, than before in the same draw);
    potential_before, potential, each with _low and _high (90 %), in the outcome's unit, NaN without a model; outside
    (the what-if point lies beyond what the data have seen), distance, limit, nearest (three real markets). moved: iso3,
    indicator, before, after, how (shock, propagated). notes: clamped values and the like.
    """

    scenario: Scenario
    markets: pd.DataFrame
    moved: pd.DataFrame
    notes: tuple[Note, ...]
    draws: int
    figures: pd.DataFrame


def stand(
    observations: pd.DataFrame,
    recipe: Recipe,
    regions: pd.Series,
    history: pd.DataFrame,
    year: int,
    elasticities: Sequence[Elasticity] = (),
    fit: "PotentialFit | None" = None,
    outlook: "Outlook | None" = None,
    candidacy: Candidacy | None = None,
    groups: pd.Series | None = None,
) -> Ground:
    """The ground of scenarios. observations: the panel of the recipe (as `index.score` takes); history: of its codes
    and the potential's; candidacy: who is ranked; groups: to fill gaps by. Raises
    index.NotRanked.
    """
    today = index.score(observations, recipe, groups=groups, candidacy=candidacy)
    ranking = today
    if outlook is not None:
        ahead = observations[["iso3", "indicator", "year", "value"]]
        carried = outlook.values.set_index(["iso3", "indicator"])["value"]
        keys = pd.MultiIndex.from_frame(ahead[["iso3", "indicator"]])
        value = carried.reindex(keys).to_numpy()
        ahead = ahead.assign(value=np.where(np.isnan(value), ahead["value"], value))
        observations = ahead
        ranking = index.score(ahead, recipe, groups=groups, candidacy=candidacy)
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
    return Ground(
        ranking=ranking,
        figures=wide.reindex(index=ranking.normalised.index, columns=codes),
        regions=regions.reindex(ranking.normalised.index),
        elasticities=tuple(e for e in links if e.used and e.source in codes and e.target in codes),
        record=past.record(history[history["indicator"].isin(codes)], year),
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


def run(ground: Ground, scenario: Scenario) -> Outcome:
    """Carry a scenario out: shocks in their order, what is associated with them, then index, ranks and potential.

    Raises ScenarioError for a target the recipe does not know, or a market or region that is not there.
    """
    shocked = shock(ground, scenario.shocks)
    after = spread(ground, shocked)
    end = ground.start.at(after, own_weights(ground.recipe, scenario))
    by_link, by_outlook = ground.chance(scenario.seed)
    carried = by_outlook * ground.drift
    before = dict(ground.before(carried))
    ranks_before = before.pop("drawn")
    noise = carried + _propagation_noise(ground, shocked, end, by_link)
    drawn, ranks = (end.drawn + noise)[:, ground.ranked], end.ranks_drawn(noise)
    columns = before | interval("score", end.scores[ground.ranked], drawn) | interval("rank", end.ranks, ranks)
    columns["p_improves"] = (ranks < ranks_before).mean(axis=0)
    columns["p_worsens"] = (ranks > ranks_before).mean(axis=0)
    columns |= dict(_potential(ground, shocked, after).items()) | dict(_outside(ground, after).items())
    table = pd.DataFrame(columns, ground.figures.index[ground.ranked])
    moved = _moved(ground, after, shocked.mask | shocked.converted)
    return Outcome(scenario, table, moved, shocked.notes, DRAWS, after)


def interval(name: str, exact: np.ndarray, drawn: np.ndarray) -> dict[str, np.ndarray]:
    """A figure with the 5th and 95th percentile of its draws (the nearest draw), reaching at least to itself."""
    low, high = round(LOW * (len(drawn) - 1)), round(HIGH * (len(drawn) - 1))
    rows = np.ascontiguousarray(drawn.T)
    is_rank = rows.dtype.kind == "i"  # small integers sort faster than they part
    ordered = np.sort(rows, axis=1) if is_rank else np.partition(rows, (low, high), axis=1)
    ends = {f"{name}_low": np.minimum(ordered[:, low], exact), f"{name}_high": np.maximum(ordered[:, high], exact)}
    return {name: exact} | ends


def own_weights(recipe: Recipe, scenario: Scenario) -> dict[str, float] | None:
    """The weights of a scenario in the form `index.score` takes; None when it leaves them alone.

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
        if not own[shock.target] <= LARGEST:
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


def shock(ground: Ground, shocks: Sequence[Shock]) -> Shocked:
    """Carry out shocks in their order, held within what the units allow. Raises ScenarioError."""
    with np.errstate(over="ignore"):  # refused with a sentence
        return _shock(ground, shocks)


def _shock(ground: Ground, shocks: Sequence[Shock]) -> Shocked:
    figures, start = ground.figures.to_numpy(copy=True), ground.figures.to_numpy(copy=True)
    mask, converted = np.zeros(figures.shape, dtype=bool), np.zeros(figures.shape, dtype=bool)
    notes: list[Note] = []
    columns = {code: number for number, code in enumerate(ground.figures)}
    for assumed in shocks:
        if assumed.kind == "weight":
            continue
        rows, strangers = rows_of(ground, assumed.markets, assumed.regions)
        notes += [Note("not ranked", assumed.target, market) for market in strangers]
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
        used = np.clip(wanted, *propagation.bounds(assumed.target))
        _refuse_too_large(used, assumed.target, assumed.value)
        figures[rows, column] = used
        mask[rows, column] |= ~np.isnan(used)
        for odd in np.flatnonzero(np.isnan(before) | (used != wanted)):
            kind = "no figure" if np.isnan(used[odd]) else "new figure" if np.isnan(before[odd]) else "clamped"
            market = ground.figures.index[rows[odd]]
            notes.append(Note(kind, assumed.target, market, float(wanted[odd]), float(used[odd])))

    def framed(values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values, ground.figures.index, ground.figures.columns)

    return Shocked(framed(figures), framed(start), mask, converted, tuple(notes))


def _refuse_too_large(figures: np.ndarray, target: str | Fault, value: float) -> None:
    if (np.abs(figures) > LARGEST).any():
        raise ScenarioError(
            "{target}: {value} makes figures too large to compute with. Give a smaller number.",
            target=target,
            value=f"{value:g}",
        )


def exchanged(ground: Ground) -> list[str]:
    """The figures that a change of the exchange rate moves: those in current US$."""
    known = catalog.load()
    return [code for code in ground.figures if code in known and EXCHANGED in known[code].unit]


def rows_of(ground: Ground, markets: Sequence[str], regions: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Positions of the markets meant, and the named ones that are not ranked. Raises ScenarioError for nobody."""
    names = ground.figures.index
    if not markets and not regions:
        return np.arange(len(names)), []
    inside = names.isin(markets) | ground.regions.isin(regions).to_numpy()
    unknown = [region for region in regions if not (ground.regions == region).any()]
    if unknown:
        raise ScenarioError(
            "No ranked market lies in the region {region}. Use UN M49 codes such as 142.", region=", ".join(unknown)
        )
    strangers = [market for market in markets if market not in names]
    if not inside.any():
        raise ScenarioError(
            "{markets} is not ranked by this recipe: too little is known of it. Choose another market, or import data "
            "on it.",
            markets=", ".join(strangers),
        )
    return np.flatnonzero(inside), strangers


def refuse_unranked(ground: Ground, market: str) -> None:
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


def spread(ground: Ground, shocked: Shocked, noise: np.ndarray | None = None) -> pd.DataFrame:
    """The figures after what is associated with the shocked ones moved too. noise: standard errors by link."""
    if not ground.elasticities or not shocked.mask.any():
        return shocked.figures
    mask = pd.DataFrame(shocked.mask, shocked.figures.index, shocked.figures.columns)
    return propagation.spread(ground.elasticities, shocked.start, shocked.figures, mask, noise)


def _one_error_off(ground: Ground, shocked: Shocked, errors: float = 1.0) -> list[tuple[int, pd.DataFrame]]:
    """For each link that carries a shock on: its number, and the figures if its elasticity were one error larger."""
    found = []
    for number, sources in enumerate(_sources(ground)):
        if shocked.mask[:, sources].any():
            one = np.zeros(len(ground.elasticities))
            one[number] = errors
            found.append((number, spread(ground, shocked, one)))
    return found


def _propagation_noise(ground: Ground, shocked: Shocked, end: Point, chance: np.ndarray) -> np.ndarray | float:
    """(draws, markets), points the score is off because the elasticities are estimates (first order, either side).

    The best market can lose points where a figure is smaller, and gain none where it is larger.
    """
    noise: np.ndarray | float = 0.0
    for (number, more), (_, less) in zip(
        _one_error_off(ground, shocked), _one_error_off(ground, shocked, -1.0), strict=True
    ):
        drawn = chance[:, [number]]
        up, down = end.at(more).scores - end.scores, end.scores - end.at(less).scores
        noise = noise + drawn * np.where(drawn > 0, up, down)
    return noise


def _sources(ground: Ground) -> list[list[int]]:
    """For each link the columns whose shock reaches it: its source, and what moves that."""
    reach: list[list[int]] = []
    for link in ground.elasticities:
        found, open_ = set(), [link.source]
        while open_:
            code = open_.pop()
            if code not in found:
                found.add(code)
                open_ += [other.source for other in ground.elasticities if other.target == code]
        reach.append([ground.figures.columns.get_loc(code) for code in found])
    return reach


def potential_shift(ground: Ground, after: pd.DataFrame, markets: Sequence[str] = ()) -> pd.Series:
    """How much the model's prediction moves, on its own scale; only (of these) markets whose figures moved."""
    estimate = ground.estimate
    now, then = after.to_numpy(), ground.figures.to_numpy()
    changed = ~((now == then) | (np.isnan(now) & np.isnan(then)))
    names = after.index[changed.any(axis=1)]
    names = names.intersection(pd.Index(markets)) if len(markets) else names
    moved = set(after.columns[changed.any(axis=0)]) & set(estimate.figures.columns)
    features = _points(ground, after.loc[names], moved) if len(names) and moved else pd.DataFrame()
    if features.empty:
        return pd.Series(dtype=float)
    return pd.Series(estimate.fit.model.predict(features), features.index) - estimate.base[features.index]


def carried(code: str, earlier: pd.Series, before: pd.Series, after: pd.Series) -> pd.Series:
    """An earlier figure moved as today's was: amounts in proportion, the rest in points; within what the unit allows.

    Without a figure of today, or of then, it becomes the new figure itself.
    """
    moved = earlier * (after / before.where(before > 0)) if past.is_amount(code) else earlier + (after - before)
    same = (after == before) | (after.isna() & before.isna())
    return moved.where(moved.notna(), after).where(~same, earlier).clip(*propagation.bounds(code))


def _potential(ground: Ground, shocked: Shocked, after: pd.DataFrame) -> pd.DataFrame:
    """The potential with its 90 % interval before and after, by market."""
    names = ["potential_before", "potential_before_low", "potential_before_high"]
    names += ["potential", "potential_low", "potential_high"]
    if ground.estimate is None:
        return pd.DataFrame(np.nan, ground.figures.index, names)
    fit = ground.estimate.fit
    before = fit.estimates[["predicted", "low", "high"]].reindex(ground.figures.index)
    shift = potential_shift(ground, after)
    error = pd.Series(0.0, shift.index)
    for _, figures in _one_error_off(ground, shocked) if len(shift) else ():
        off = potential_shift(ground, figures)
        error = error + (off.reindex(shift.index).fillna(shift) - shift) ** 2
    scale = before.apply(panel.to_scale, transform=fit.transform)
    middle = scale["predicted"].add(shift.reindex(scale.index).fillna(0.0))
    wider = (NORMAL_95 * np.sqrt(error)).reindex(scale.index).fillna(0.0)
    ends = pd.DataFrame(
        {
            "potential": middle,
            "potential_low": middle - np.hypot(scale["predicted"] - scale["low"], wider),
            "potential_high": middle + np.hypot(scale["high"] - scale["predicted"], wider),
        }
    )
    ends = ends.apply(panel.from_scale, transform=fit.transform)
    return before.set_axis(names[:3], axis=1).join(ends)


def _points(ground: Ground, after: pd.DataFrame, moved: set[str]) -> pd.DataFrame:
    """The what-if points in the columns of the support. after: the markets whose figures moved; moved: which did."""
    if ground.estimate is None:
        points, figures = ground.ranking.values.loc[after.index].copy(), after
        measures = {key: measure for key, measure in ground.ranking.measures.items() if moved & set(measure.codes)}
    else:
        estimate = ground.estimate
        names = after.index.intersection(estimate.fit.features.index)
        points, figures = estimate.fit.features.loc[names].copy(), estimate.figures.loc[names].copy()
        for code in moved & set(figures.columns):
            figures[code] = carried(code, figures[code], ground.figures.loc[names, code], after.loc[names, code])
        measures = {panel.key(m): m for m in estimate.measures if moved & set(m.codes)}
    for key, measure in measures.items():
        points[key] = panel.compute(figures, measure)
    return points


def _outside(ground: Ground, after: pd.DataFrame) -> pd.DataFrame:
    """Which markets' what-if points lie beyond what the data have seen: outside, distance, nearest, reasons."""
    columns = ["distance", "outside", "nearest", "reasons"]
    now = after.to_numpy()
    changed = (now != ground.figures.to_numpy()) & ~np.isnan(now)
    rows = changed.any(axis=1)
    points = _points(ground, after[rows], set(after.columns[changed.any(axis=0)])) if rows.any() else None
    if points is None or points.empty:
        return pd.DataFrame(columns=columns, index=after.index).assign(outside=False)
    found = ground.support.check(points).reindex(after.index)
    return found.assign(outside=found["outside"].eq(True))[columns]


def _moved(ground: Ground, after: pd.DataFrame, shocked: np.ndarray) -> pd.DataFrame:
    now, then = after.to_numpy(), ground.figures.to_numpy()
    rows, columns = np.nonzero((now != then) & ~np.isnan(now))
    return pd.DataFrame(
        {
            "iso3": after.index[rows],
            "indicator": after.columns[columns],
            "before": then[rows, columns],
            "after": now[rows, columns],
            "how": np.where(shocked[rows, columns], "shock", "propagated"),
        }
    )


def contributions(ground: Ground, scenario: Scenario) -> pd.DataFrame:
    """What each shock adds to each market's score: (markets, shocks), rows summing to the whole change.

    Each is the mean of its part when the shocks join in their order and in the reverse one, so that none gains from
    standing first. Ranks and potential are not sums: see `run`.
    """
    total = np.zeros((len(ground.figures), len(scenario.shocks)))
    numbers = list(range(len(scenario.shocks)))
    for order in (numbers, numbers[::-1]):
        taken: list[int] = []
        last = ground.start.scores
        for number in order:
            taken.append(number)
            some = replace(scenario, shocks=tuple(scenario.shocks[n] for n in sorted(taken)))
            scores = point(ground, some).scores
            total[:, number] += (scores - last) / 2
            last = scores
    return pd.DataFrame(total, ground.figures.index, range(len(scenario.shocks)))


@dataclass(frozen=True)
class Reading:
    """One market under a scenario: score (0-100), rank, potential (outcome's unit, NaN without a model).

    ahead: points it is ahead of each other market, the closest rival first when sorted.
    """

    score: float
    rank: int
    potential: float
    ahead: np.ndarray


def read(ground: Ground, scenario: Scenario, market: str) -> Reading:
    """Where one market stands under a scenario. Raises ScenarioError."""
    refuse_unranked(ground, market)
    row = ground.ranking.scores.index.get_loc(market)
    found = point(ground, scenario)
    potential = np.nan
    if ground.estimate is not None and market in ground.estimate.fit.features.index:
        fit = ground.estimate.fit
        before = panel.to_scale(fit.estimates.loc[[market], "predicted"], fit.transform)
        shift = potential_shift(ground, found.figures, (market,)).reindex([market]).fillna(0.0)
        potential = float(panel.from_scale(before + shift, fit.transform)[0])
    ahead = found.scores[row] - np.delete(found.scores[ground.ranked], row)
    return Reading(float(found.scores[row]), int(found.ranks[row]), potential, ahead)


def point(ground: Ground, scenario: Scenario) -> Point:
    """The index under a scenario, without its intervals."""
    own = own_weights(ground.recipe, scenario)
    return ground.start.at(spread(ground, shock(ground, scenario.shocks)), own)
