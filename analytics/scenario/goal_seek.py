"""What would have to change for a market to reach a target? The smallest change, found and then tried."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize

from analytics.scenario import base as bases
from analytics.scenario import outcome as outcomes
from analytics.scenario import shocks as scenario_shocks
from analytics.scenario.base import ScenarioBase, ScenarioError
from analytics.scenario.document import Scenario, Shock
from analytics.scenario.outcome import Reading

AIMS = ("rank", "score", "potential")
STEPS = 24
HALVINGS = 6
CLOSE = 2.0**-30


@dataclass(frozen=True)
class Goal:
    """The answer to a goal seek.

    exists: does a change within the range of the other markets reach the target? changes: by indicator; before, after,
    change, effort (in historical standard deviations of the market). effort: root of the summed squares. reached: the
    reading under the changes, run again. best: the best reading that was found anywhere. scenario: with the changes,
    None where none reaches it. outside: the changed market lies beyond what the data have seen. is_smallest: one
    figure, searched along its whole range; with several it is the least effort a local search found.
    """

    market: str
    aim: str
    target: float
    exists: bool
    changes: pd.DataFrame
    effort: float
    reached: Reading
    best: float
    scenario: Scenario | None
    outside: bool
    is_smallest: bool


def seek(ground: ScenarioBase, scenario: Scenario, market: str, codes: Sequence[str], aim: str, target: float) -> Goal:
    """The least change of these figures of a market, on top of a scenario, for its rank, score or potential.

    A figure moves no further than the best and worst of the ranked markets. With one figure the whole range is searched
    from today's value outwards; with several, effort (squared historical standard deviations) is minimised by
    sequential quadratic programming (SLSQP) and the step shortened as far as the target allows. Raises
    ScenarioError for a target that means nothing, unknown figures or markets.
    """
    if aim not in AIMS:
        raise ScenarioError("{aim} cannot be sought; choose one of: {aims}.", aim=repr(aim), aims=", ".join(AIMS))
    if aim == "rank" and not 1 <= target <= len(ground.ranking.scores):
        raise ScenarioError(
            "There is no rank {rank}: {count} markets are ranked. Choose another.",
            rank=f"{target:g}",
            count=len(ground.ranking.scores),
        )
    if aim == "score" and not 0 <= target <= 100:
        raise ScenarioError("A score of {score} is not between 0 and 100. Choose another.", score=f"{target:g}")
    start = outcomes.read(ground, scenario, market)
    if aim == "potential" and not np.isfinite(start.potential):
        raise ScenarioError("There is no potential to seek: no model was fitted, or it does not know this market.")
    if aim == "potential" and not target > 0 and ground.estimate.fit.transform == "log":
        raise ScenarioError("A potential of {potential} is not positive. Choose another.", potential=f"{target:g}")
    codes = list(dict.fromkeys(codes))
    now, low, high, sd = _ranges(ground, scenario, market, codes)

    def shocks(effort: np.ndarray) -> Scenario:
        values = np.clip(now + effort * sd, low, high)
        moved = [
            Shock("indicator", code, "set", float(value), (market,))
            for code, value, before in zip(codes, values, now, strict=True)
            if value != before
        ]
        return replace(scenario, shocks=(*scenario.shocks, *moved))

    def read(effort: np.ndarray) -> Reading:
        return outcomes.read(ground, shocks(effort), market)

    def beyond(reading: Reading) -> float:
        return _margin(reading, aim, target)

    ends = np.stack([(low - now) / sd, (high - now) / sd])
    if beyond(start) >= 0:
        found, best = np.zeros(len(codes)), start
    elif len(codes) == 1:
        found, best = _along(read, beyond, ends[:, 0])
    else:
        found, best = _together(read, beyond, ends)
    if found is None:
        changes = pd.DataFrame(columns=["before", "after", "change", "effort"], index=pd.Index([], name="indicator"))
        of_best = getattr(best, aim)
        return Goal(market, aim, target, False, changes, np.nan, start, of_best, None, False, len(codes) == 1)
    after = np.clip(now + found * sd, low, high)
    changes = pd.DataFrame(
        {"before": now, "after": after, "change": after - now, "effort": found}, pd.Index(codes, name="indicator")
    )
    reaching = shocks(found)
    outcome = outcomes.run(ground, reaching)
    return Goal(
        market,
        aim,
        target,
        True,
        changes,
        float(np.sqrt((found**2).sum())),
        outcomes.read(ground, reaching, market),
        getattr(best, aim),
        reaching,
        bool(outcome.markets.at[market, "outside"]),
        len(codes) == 1,
    )


def _ranges(
    ground: ScenarioBase, scenario: Scenario, market: str, codes: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Value under the scenario, the lowest and highest of all markets, and the market's standard deviation."""
    figures = scenario_shocks.point(ground, scenario).figures
    if unknown := [code for code in codes if code not in figures.columns]:
        raise ScenarioError(
            "{target} is no figure of this recipe. It uses: {codes}.",
            target=", ".join(unknown),
            codes=", ".join(figures.columns),
        )
    bases.refuse_unranked(ground, market)
    if not codes:
        raise ScenarioError("Nothing may change, so no target can be sought. Choose at least one figure.")
    now = figures.loc[market, codes]
    if now.isna().any():
        raise ScenarioError("No figure is known of {codes}. Choose others.", codes=", ".join(now.index[now.isna()]))
    spread = ground.figures[codes].std()
    sd = pd.Series({code: ground.record["sd"].get((market, code), np.nan) for code in codes})
    sd = sd.where(sd > 0, spread).where(lambda s: s > 0, 1.0)
    low, high = figures[codes].min(), figures[codes].max()
    return now.to_numpy(float), low.to_numpy(float), high.to_numpy(float), sd.to_numpy(float)


def _margin(reading: Reading, aim: str, target: float) -> float:
    """How far beyond the target, at least 0 when it is reached: points of score, or log points of potential."""
    if aim == "score":
        return reading.score - target
    if aim == "potential":
        both = reading.potential > 0 and target > 0
        return float(np.log(reading.potential / target)) if both else reading.potential - target
    better = np.sort(reading.ahead)  # the market is at rank r when at most r - 1 others are ahead of it
    allowed = int(target) - 1
    return float(better[allowed]) if allowed < len(better) else np.inf


def _along(
    read: Callable[[np.ndarray], Reading], beyond: Callable[[Reading], float], ends: np.ndarray
) -> tuple[np.ndarray | None, Reading]:
    """One figure: the nearest point on either side at which the target is reached."""
    reached, best, best_margin = None, read(np.zeros(1)), -np.inf
    for end in ends:
        if end == 0:
            continue
        last = 0.0
        for step in np.linspace(0, end, STEPS + 1)[1:]:
            reading = read(np.array([step]))
            margin = beyond(reading)
            if margin > best_margin:
                best, best_margin = reading, margin
            if margin >= 0:
                near = _shorten(lambda x: beyond(read(np.array([x]))), last, step)
                if reached is None or abs(near) < abs(reached):
                    reached = near
                break
            last = step
    return (None if reached is None else np.array([reached])), best


def _shorten(margin: Callable[[float], float], outside: float, inside: float) -> float:
    """A place at which the target is just reached, to 2**-30 of the way: halved until there is one crossing, as a rule,
    then by the margins (Algorithm 748)."""
    accuracy = abs(inside - outside) * CLOSE
    for _ in range(HALVINGS):
        middle = (outside + inside) / 2
        if margin(middle) >= 0:
            inside = middle
        else:
            outside = middle
    reached = [inside]

    def beyond(place: float) -> float:
        here = margin(place)
        if here >= 0:
            reached.append(place)
        return here

    optimize.toms748(beyond, *sorted((outside, inside)), xtol=accuracy, rtol=CLOSE)
    return min(reached, key=lambda place: abs(place - outside))


def _together(
    read: Callable[[np.ndarray], Reading], beyond: Callable[[Reading], float], ends: np.ndarray
) -> tuple[np.ndarray | None, Reading]:
    """Several figures: the least squared effort that reaches the target, as far as a local search finds it."""

    def margin(effort: np.ndarray) -> float:
        return beyond(read(effort))

    width = ends.shape[1]
    step = np.clip(0.25, 0, np.maximum(np.abs(ends).max(axis=0), 1e-9))
    here = margin(np.zeros(width))
    slopes = np.array(
        [(margin(np.eye(width)[i] * step[i]) - margin(-np.eye(width)[i] * step[i])) for i in range(width)]
    )
    farthest = np.where(slopes >= 0, ends[1], ends[0])
    alone = [way for way in np.concatenate([np.diag(end) for end in ends]) if way.any()]
    farthest = max([farthest, *alone], key=margin)
    best = read(farthest)
    if margin(farthest) < 0:
        return None, best

    def least_on(way: np.ndarray) -> np.ndarray:
        return _shorten(lambda share: margin(share * way), 0.0, 1.0) * way

    candidates = [least_on(farthest)]
    gradient = slopes / (2 * step)
    if (gradient != 0).any():  # the least effort if the target were linear: along the gradient
        candidates.append(np.clip(gradient * (-here / (gradient**2).sum()) * 1.05, *ends))
    found = []
    for first in candidates:
        answer = optimize.minimize(
            lambda effort: float((effort**2).sum()),
            first,
            jac=lambda effort: 2 * effort,
            bounds=list(zip(*ends, strict=True)),
            constraints={"type": "ineq", "fun": margin},
            method="SLSQP",
            options={"maxiter": 40, "eps": 0.02, "ftol": 1e-6},
        )
        for effort in (answer.x, first):
            effort = np.clip(np.nan_to_num(effort), *ends)
            if margin(effort) >= 0:
                found.append(least_on(effort))
    least = min(found, key=np.linalg.norm)
    for way in alone:  # one figure alone may take less than the search found
        near = way * min(1.0, np.linalg.norm(least) / np.linalg.norm(way))
        if margin(near) >= 0:
            least = min(least, least_on(near), key=np.linalg.norm)
    return least, best
