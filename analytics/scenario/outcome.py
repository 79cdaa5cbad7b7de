"""What happens if an assumption moves: scores, ranks and potential before and after, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analytics import scales
from analytics.index.measure import compute
from analytics.potential import panel
from analytics.scales import Z90
from analytics.scenario import history as histories
from analytics.scenario.base import DRAWS, IndexState, ScenarioBase, interval, refuse_unranked
from analytics.scenario.document import Scenario
from analytics.scenario.shocks import Caveat, ShockedFigures, own_weights, point, shock, spread


@dataclass(frozen=True)
class ScenarioResult:
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
    notes: tuple[Caveat, ...]
    draws: int
    figures: pd.DataFrame


def run(ground: ScenarioBase, scenario: Scenario) -> ScenarioResult:
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
    return ScenarioResult(scenario, table, moved, shocked.notes, DRAWS, after)


def _one_error_off(
    ground: ScenarioBase, shocked: ShockedFigures, errors: float = 1.0
) -> list[tuple[int, pd.DataFrame]]:
    """For each link that carries a shock on: its number, and the figures if its elasticity were one error larger."""
    found = []
    for number, sources in enumerate(_sources(ground)):
        if shocked.mask[:, sources].any():
            one = np.zeros(len(ground.elasticities))
            one[number] = errors
            found.append((number, spread(ground, shocked, one)))
    return found


def _propagation_noise(
    ground: ScenarioBase, shocked: ShockedFigures, end: IndexState, chance: np.ndarray
) -> np.ndarray | float:
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


def _sources(ground: ScenarioBase) -> list[list[int]]:
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


def potential_shift(ground: ScenarioBase, after: pd.DataFrame, markets: Sequence[str] = ()) -> pd.Series:
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
    moved = earlier * (after / before.where(before > 0)) if histories.is_amount(code) else earlier + (after - before)
    same = (after == before) | (after.isna() & before.isna())
    return moved.where(moved.notna(), after).where(~same, earlier).clip(*scales.bounds(code))


def _potential(ground: ScenarioBase, shocked: ShockedFigures, after: pd.DataFrame) -> pd.DataFrame:
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
    wider = (Z90 * np.sqrt(error)).reindex(scale.index).fillna(0.0)
    ends = pd.DataFrame(
        {
            "potential": middle,
            "potential_low": middle - np.hypot(scale["predicted"] - scale["low"], wider),
            "potential_high": middle + np.hypot(scale["high"] - scale["predicted"], wider),
        }
    )
    ends = ends.apply(panel.from_scale, transform=fit.transform)
    return before.set_axis(names[:3], axis=1).join(ends)


def _points(ground: ScenarioBase, after: pd.DataFrame, moved: set[str]) -> pd.DataFrame:
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
        points[key] = compute(figures, measure)
    return points


def _outside(ground: ScenarioBase, after: pd.DataFrame) -> pd.DataFrame:
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


def _moved(ground: ScenarioBase, after: pd.DataFrame, shocked: np.ndarray) -> pd.DataFrame:
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


def contributions(ground: ScenarioBase, scenario: Scenario) -> pd.DataFrame:
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


def read(ground: ScenarioBase, scenario: Scenario, market: str) -> Reading:
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
