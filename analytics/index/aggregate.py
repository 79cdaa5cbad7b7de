"""From indicator scores to one score: means over what a market has, or pairwise comparisons, a level at a time."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

EVEN = 1e-6
"""Two sides of a comparison whose weights differ by less are even (weights sum to 1, in single precision)."""
BLOCK = 32
"""Draws compared pairwise at a time: 6 MB for 217 markets, which a cache may hold."""


def effective_weights(reported: pd.DataFrame, weights: pd.Series, dimensions: pd.Series) -> pd.DataFrame:
    """Weight of each indicator in each market's score, summing to 1 per market.

    reported: (markets, indicators), bool. weights: (indicators,) in the whole. dimensions: (indicators,) labels. A
    missing indicator's weight goes to the others of its dimension first, and to the other dimensions only when the
    whole dimension is missing: a market without health figures is not scored as if health weighed nothing in part.
    """
    has = reported.to_numpy(dtype=float)
    weight = weights.reindex(reported.columns).to_numpy(dtype=float)
    labels = dimensions.reindex(reported.columns)
    result = np.zeros_like(has)
    for dimension in labels.unique():
        inside = np.flatnonzero(labels == dimension)
        present = has[:, inside] * weight[inside]
        total = present.sum(axis=1, keepdims=True)
        np.divide(present * weight[inside].sum(), total, out=present, where=total > 0)
        result[:, inside] = present
    total = result.sum(axis=1, keepdims=True)
    np.divide(result, total, out=result, where=total > 0)
    return pd.DataFrame(result, index=reported.index, columns=reported.columns)


def contributions(scores: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """Points each indicator adds to each market's score: score x effective weight; they sum to the weighted mean."""
    return scores.fillna(0.0) * weights


# Below, arrays. scores: (markets, columns) about 0-100, NaN where unknown. weights: (draws, columns), >= 0.
# Results: (draws, markets), NaN for a market of which nothing is known that weighs anything.


def arithmetic(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted arithmetic mean of what is known, sum w x / sum w."""
    known = ~np.isnan(scores)
    return _over(weights @ np.where(known, scores, 0.0).T, weights @ known.T)


def geometric(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted geometric mean of what is known, exp(sum w ln x / sum w), taken on 1-100 and put back on 0-100.

    A weak score is not fully offset by a strong one (OECD/JRC Handbook 2008, step 6). See `positive`.
    """
    return from_positive(np.exp(arithmetic(np.log(positive(scores)), weights)))


def positive(scores: np.ndarray) -> np.ndarray:
    """1 + 0.99 x, never below 1: 0-100 becomes 1-100, for a geometric mean needs positive numbers."""
    return np.maximum(1 + 0.99 * scores, 1.0)


def from_positive(scores: np.ndarray) -> np.ndarray:
    """The inverse of `positive` on 1-100."""
    return (scores - 1) / 0.99


def copeland(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of the other markets one beats pairwise, ties half, x 100 (Copeland 1951; Munda and Nardo 2005).

    A beats B when the columns on which A is better weigh more than those on which B is; columns unknown for either do
    not count. By how much A is better does not matter: nothing is compensated.
    """
    markets, columns = len(scores), np.ascontiguousarray(scores.T)
    better = (columns[:, :, None] > columns[:, None, :]).view(np.int8)
    better = (better - better.transpose(0, 2, 1)).astype(np.float32).reshape(len(columns), -1)
    share = (weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300) / EVEN).astype(np.float32)
    result = np.empty((len(weights), markets))
    room = np.empty((min(BLOCK, len(weights)), markets**2), dtype=np.float32)
    for start in range(0, len(weights), BLOCK):
        block = share[start : start + BLOCK]
        balance = np.matmul(block, better, out=room[: len(block)])
        np.trunc(np.clip(balance, -1, 1, out=balance), out=balance)  # 1 won, 0 even, -1 lost
        won = balance.reshape(-1, markets).sum(axis=1).reshape(-1, markets)
        result[start : start + BLOCK] = 50 + 50 * won / max(markets - 1, 1)
    result[weights @ (~np.isnan(scores)).T <= 0] = np.nan
    return result


RULES = {"arithmetic": arithmetic, "geometric": geometric, "copeland": copeland}


def index_scores(
    scores: np.ndarray, weights: np.ndarray, members: Mapping[str, np.ndarray], within: str, across: str
) -> np.ndarray:
    """Score of each market under each row of weights in the whole, (draws, markets).

    members: dimension -> positions of its columns. The same rule at both levels is applied once, to the indicators with
    their weights in the whole: for the means that is the same number, for Copeland it is the Handbook's procedure.
    """
    if within == across and (within == "copeland" or not np.isnan(scores).any()):
        return RULES[within](scores, weights)
    inner = dimension_scores(scores, weights, members, within)
    mass = np.stack([weights[:, columns].sum(axis=1) for columns in members.values()], axis=1)
    if across == "copeland":
        return np.concatenate([copeland(inner[draw].T, mass[[draw]]) for draw in range(len(weights))])
    if across == "geometric":
        inner = np.log(positive(inner))
    known = ~np.isnan(inner)
    mean = _over(
        np.einsum("rd,rdm->rm", mass, np.where(known, inner, 0.0)), np.einsum("rd,rdm->rm", mass, known.astype(float))
    )
    return from_positive(np.exp(mean)) if across == "geometric" else mean


def dimension_scores(
    scores: np.ndarray, weights: np.ndarray, members: Mapping[str, np.ndarray], within: str
) -> np.ndarray:
    """Each dimension's own score, (draws, dimensions, markets)."""
    return np.stack([RULES[within](scores[:, columns], weights[:, columns]) for columns in members.values()], axis=1)


def _over(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)
