"""What would have to be believed for B to rank before A? The smallest change of weights, found and then tried."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.index import aggregate, composite
from analytics.index import weights as weighting
from analytics.index.composite import Ranking
from analytics.index.design import DesignError

MARGIN = 1e-6
"""Points by which the challenger must be ahead; scores are compared to 9 decimals."""
STEPS = 60
LEVELS = ("indicator", "dimension")
Lead = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Flip:
    """The smallest change of weights that makes the challenger rank before the leader.

    exists: is there one? change: sum of the absolute changes of all weights, 0-2 (weights sum to 1). weights: before,
    after, change by indicator or dimension. own: the same for `composite.score(..., weights=own)`. gap: points the
    challenger is ahead in the index run again with them. is_smallest: proven by linear programming; else the smallest
    found by a search. sentence: why there is none, or what would have to change most.
    """

    leader: str
    challenger: str
    exists: bool
    change: float
    weights: pd.DataFrame
    own: dict[str, float]
    gap: float
    is_smallest: bool
    sentence: str


def overtake(ranking: Ranking, challenger: str, leader: str, level: str = "indicator") -> Flip:
    """The least L1 change of weights, none negative, for the challenger to rank before the leader; run again to verify.

    level: move the weight of every indicator, or of dimensions with the shares inside kept. Where both markets have
    all indicators and one mean serves both levels it is a linear programme (HiGHS) and the answer is exact; with gaps
    or two rules, successive linear programmes from the best point on the way to any single indicator. Raises
    DesignError for markets that are not ranked, a challenger who is ahead already, or Copeland's rule, under which
    scores jump.
    """
    _check(ranking, challenger, leader, level)
    whole = ranking.overall_weights / ranking.overall_weights.sum()
    to_whole, start = _levels(ranking, whole, level)
    matrix, scores = to_whole.to_numpy(), ranking.normalised.loc[[challenger, leader]].to_numpy()

    def lead(moved: np.ndarray) -> np.ndarray:
        """Points the challenger is ahead under each row of weights."""
        design = ranking.design
        totals = aggregate.index_scores(scores, moved @ matrix, ranking.members, design.within, design.across)
        return totals[:, 0] - totals[:, 1]

    is_linear = ranking.design.within == ranking.design.across and not np.isnan(scores).any()
    found = _linear(matrix, scores, start, ranking.design.within) if is_linear else _search(lead, start)
    if found is None:
        none = (
            f"No weights put {challenger} before {leader}: it is better on no {level}."
            if is_linear
            else f"No weights were found that put {challenger} before {leader}."
        )
        return _none(challenger, leader, start, to_whole, is_linear, none)
    own = weighting.as_own(ranking.recipe, dict(zip(whole.index, found @ matrix, strict=True)))
    again = composite.rescore(ranking, weights=own).scores
    if not again["rank"].get(challenger, np.inf) < again["rank"].get(leader, -np.inf):
        none = f"The weights found for {challenger} do not put it before {leader} when the index is run again."
        return _none(challenger, leader, start, to_whole, False, none)
    weights = pd.DataFrame({"before": start, "after": found, "change": found - start}, to_whole.index)
    most = weights["change"].abs().sort_values(ascending=False).index[:2]
    told = " and ".join(f"{key} from {weights.at[key, 'before']:.1%} to {weights.at[key, 'after']:.1%}" for key in most)
    return Flip(
        leader=leader,
        challenger=challenger,
        exists=True,
        change=float(weights["change"].abs().sum()),
        weights=weights,
        own=own,
        gap=float(again.at[challenger, "score"] - again.at[leader, "score"]),
        is_smallest=is_linear,
        sentence=f"{challenger} ranks before {leader} with {told}.",
    )


def _check(ranking: Ranking, challenger: str, leader: str, level: str) -> None:
    ranks = ranking.scores["rank"]
    if strangers := [iso3 for iso3 in (challenger, leader) if iso3 not in ranks.index]:
        raise DesignError(
            "{markets} is not in this ranking; choose markets that are ranked.", markets=" and ".join(strangers)
        )
    if ranks[challenger] < ranks[leader]:
        raise DesignError(
            "{challenger} ranks before {leader} already; exchange the two.", challenger=challenger, leader=leader
        )
    if challenger == leader:
        raise DesignError("{market} cannot overtake itself; choose two markets.", market=challenger)
    if level not in LEVELS:
        raise DesignError("Weights move by {levels}, not by {level}.", levels=" or ".join(LEVELS), level=repr(level))
    if "copeland" in (ranking.design.within, ranking.design.across):
        raise DesignError(
            "Under Copeland's rule a score jumps from one win to the next, so there is no smallest change of weights. "
            "See P(A before B) in the robustness check, or choose another aggregation."
        )


def _levels(ranking: Ranking, whole: pd.Series, level: str) -> tuple[pd.DataFrame, np.ndarray]:
    """(moved, ingredients) matrix from the weights that move to those in the whole, and where they start."""
    if level == "indicator":
        return pd.DataFrame(np.eye(len(whole)), whole.index, whole.index), whole.to_numpy()
    shares = {}
    for dimension, columns in ranking.members.items():
        inside = whole.iloc[columns]
        share = inside / inside.sum() if inside.sum() > 0 else inside * 0 + 1 / len(columns)
        shares[dimension] = share.reindex(whole.index, fill_value=0.0)
    start = [float(whole.iloc[columns].sum()) for columns in ranking.members.values()]
    return pd.DataFrame(shares).T, np.array(start)


def _linear(matrix: np.ndarray, scores: np.ndarray, start: np.ndarray, rule: str) -> np.ndarray | None:
    if rule == "geometric":  # ln of the score is what is linear in the weights
        scores = np.log(aggregate.positive(scores))
    return _programme(start, matrix @ (scores[0] - scores[1]), MARGIN, None, np.inf)


def _programme(
    start: np.ndarray, slope: np.ndarray, least: float, centre: np.ndarray | None, reach: float
) -> np.ndarray | None:
    """min |w - start|_1 with slope . w >= least, sum w = 1, w >= 0 and |w - centre| <= reach; None when impossible.

    Variables: w and the size of each change.
    """
    from scipy import optimize  # it takes half a second to import: the first page does without it

    count, eye = len(start), np.eye(len(start))
    around = start if centre is None else centre
    result = optimize.linprog(
        c=np.r_[np.zeros(count), np.ones(count)],
        A_ub=np.block([[eye, -eye], [-eye, -eye], [-slope[None], np.zeros((1, count))]]),
        b_ub=np.r_[start, -start, -least],
        A_eq=np.r_[np.ones(count), np.zeros(count)][None],
        b_eq=[1.0],
        bounds=[(max(0.0, w - reach), min(1.0, w + reach)) for w in around] + [(0, None)] * count,
        method="highs",
    )
    if not result.success:
        return None
    found = np.clip(result.x[:count], 0, 1)
    return found / found.sum()


def _search(lead: Lead, start: np.ndarray) -> np.ndarray | None:
    """Successive linear programmes with a shrinking reach, from the nearest crossing on the way to each corner."""
    best = _nearest_crossing(lead, start)
    reach = 0.1
    for _ in range(STEPS):
        if best is None or reach < 1e-6:
            break
        nudges = 1e-6 * np.eye(len(start))
        here = lead(best[None])[0]
        slope = (lead(best + nudges) - here) / 1e-6
        step = _programme(start, slope, MARGIN - here + slope @ best, best, reach)
        closer = step is not None and np.abs(step - start).sum() < np.abs(best - start).sum() - 1e-9
        if closer and lead(step[None])[0] >= MARGIN / 2:
            best = step
        else:
            reach /= 2
    return best


def _nearest_crossing(lead: Lead, start: np.ndarray) -> np.ndarray | None:
    """Of the straight ways from the start to all weight on one column, the shortest to where the challenger leads."""
    corners = np.eye(len(start))
    with np.errstate(invalid="ignore"):
        reached = lead(0.001 * start + 0.999 * corners) >= MARGIN
    low, high = np.zeros(len(start)), np.full(len(start), 0.999)
    for _ in range(50):
        middle = (low + high) / 2
        ahead = lead((1 - middle)[:, None] * start + middle[:, None] * corners) >= MARGIN
        low, high = np.where(ahead, low, middle), np.where(ahead, middle, high)
    ends = (1 - high)[:, None] * start + high[:, None] * corners
    length = np.where(reached, np.abs(ends - start).sum(axis=1), np.inf)
    return ends[np.argmin(length)] if np.isfinite(length).any() else None


def _none(challenger: str, leader: str, start: np.ndarray, to_whole: pd.DataFrame, proven: bool, sentence: str) -> Flip:
    weights = pd.DataFrame({"before": start, "after": np.nan, "change": np.nan}, to_whole.index)
    return Flip(leader, challenger, False, np.nan, weights, {}, np.nan, proven, sentence)
