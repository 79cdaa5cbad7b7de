"""What effort wins in a market and industry: a curve that flattens, made of straight pieces, and how unsure it is."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from analytics.allocation.problem import Problem
from analytics.scales import Z90

QUANTILES = 2000
ENOUGH = 12.0
"""Times kappa: all but 6 in a million of what is attainable."""


@dataclass(frozen=True)
class Curves:
    """Share of what is attainable that a stock of effort wins, 1 - exp(-stock / kappa), for each opportunity.

    kappa: (opportunities,) USD. attainable: (opportunities,) USD a year, expected. market: (opportunities,) position.
    """

    kappa: np.ndarray
    attainable: np.ndarray
    market: np.ndarray

    def share(self, stock: np.ndarray) -> np.ndarray:
        """stock: (opportunities, years) USD -> 0-1."""
        return -np.expm1(-stock / self.kappa[:, None])

    def pieces(self, most: np.ndarray, segments: int) -> "Pieces":
        """Chords under each curve up to its largest stock. most: (opportunities, years) USD.

        Their ends are dense where the curve bends, in proportion to the root of its second derivative, which makes all
        about equally good. Beyond ENOUGH times kappa nothing more is counted.
        """
        scale = np.clip(most / self.kappa[:, None], 1e-6, ENOUGH)
        steps = np.arange(segments + 1) / segments
        ends = -2 * np.log1p(-steps * -np.expm1(-scale / 2)[..., None])
        height = -np.expm1(-ends)
        slope = np.diff(height) / np.diff(ends)
        intercept = height[..., :-1] - slope * ends[..., :-1]
        farthest = -np.log(slope)  # where the curve is as steep as its chord
        error = -np.expm1(-farthest) - (intercept + slope * farthest)
        return Pieces(intercept, slope / self.kappa[:, None, None], height[..., -1], error.max(axis=-1))


@dataclass(frozen=True)
class Pieces:
    """share <= intercept + slope * stock for every segment, and <= top.

    intercept, slope (per USD): (opportunities, years, segments), concave and never above the curve within its range.
    top, error: (opportunities, years), largest share and largest distance from the curve.
    """

    intercept: np.ndarray
    slope: np.ndarray
    top: np.ndarray
    error: np.ndarray


def curves(problem: Problem) -> Curves:
    """The response of each opportunity, from what is untapped, friction and problem.response.

    kappa = scale * (attainable / scale)^exponent * (1 + weight * friction).
    """
    how = problem.response
    position = {market.market: n for n, market in enumerate(problem.markets)}
    market = np.array([position[row.market] for row in problem.opportunities], dtype=int)
    friction = np.array([row.friction for row in problem.markets])[market]
    attainable = how.attainable_share * expected_usd(problem)
    size = np.maximum(attainable, 1.0) / how.scale_usd
    kappa = how.scale_usd * size**how.scale_exponent * (1 + how.friction_weight * friction)
    return Curves(kappa, attainable, market)


def expected_usd(problem: Problem) -> np.ndarray:
    """(opportunities,) mean of the untapped amounts' distributions, USD a year; not below 0."""
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return _amounts(problem, np.broadcast_to(special.ndtri(at)[:, None], (QUANTILES, len(problem.opportunities)))).mean(
        axis=0
    )


def draws(problem: Problem, count: int, seed: int, matched: bool = False) -> np.ndarray:
    """Untapped amounts, (draws, opportunities) USD a year, none below 0.

    The estimate is the median and the interval's ends are the 5th and 95th percentile: lognormal on either side of the
    median where low_usd > 0, else normal on either side and cut off at 0. Opportunities share a factor within their
    market and one among all. matched: scale each to its exact mean, which keeps few draws from flattering any of them.
    """
    random = np.random.default_rng(seed)
    market = curves(problem).market
    how = problem.response
    everywhere = random.standard_normal((count, 1))
    here = random.standard_normal((count, len(problem.markets)))
    own = random.standard_normal((count, len(market)))
    rest = max(0.0, 1 - how.correlation_all - how.correlation_market)
    normal = np.sqrt(how.correlation_all) * everywhere + np.sqrt(how.correlation_market) * here[:, market]
    amounts = _amounts(problem, normal + np.sqrt(rest) * own)
    if matched:
        mean = amounts.mean(axis=0)
        amounts = amounts * np.divide(expected_usd(problem), mean, out=np.ones_like(mean), where=mean > 0)
    return amounts


def _amounts(problem: Problem, normal: np.ndarray) -> np.ndarray:
    rows = problem.opportunities
    low, middle, high = (
        np.array([getattr(row, name) for row in rows]) for name in ("low_usd", "untapped_usd", "high_usd")
    )
    positive = low > 0
    logs = [np.log(np.where(positive, figure, 1.0)) for figure in (low, middle, high)]
    below, above = (
        np.where(positive, logs[1] - logs[0], middle - low),
        np.where(positive, logs[2] - logs[1], high - middle),
    )
    moved = np.where(positive, logs[1], middle) + normal / Z90 * np.where(normal < 0, below, above)
    return np.where(positive, np.exp(np.where(positive, moved, 0.0)), np.maximum(moved, 0.0))


def cvar(totals: np.ndarray, tail: float) -> float:
    """Mean of the worst share `tail` of totals (Rockafellar and Uryasev 2000): the last draw counts in part."""
    return float(_worst(totals, tail) @ totals)


def _worst(totals: np.ndarray, tail: float) -> np.ndarray:
    """Weight of each draw in the tail's mean; they sum to 1."""
    left = tail * len(totals) - np.arange(len(totals))
    weights = np.empty(len(totals))
    weights[np.argsort(totals, kind="stable")] = np.clip(left, 0, 1)
    return weights / weights.sum()
