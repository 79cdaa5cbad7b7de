"""Filling gaps, and saying how unsure the filling is: one central value, or many noisy copies (Rubin 1987).

values: (markets, indicators) on the treated scale, where relations are closer to linear. No value is imputed outside
what was observed in its column, so that nothing is stretched; a column without any value stays empty. Gaps are taken to
be missing at random given what is known of the market (OECD/JRC Handbook 2008, step 3).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import linalg, special

from analytics.index.design import DesignError

Seed = int | tuple[int, ...]
NEIGHBOURS = 5
ROUNDS, RIDGE = 15, 0.01


def fill(values: pd.DataFrame, method: str, groups: pd.Series | None = None) -> pd.DataFrame:
    """One central value a gap: median of the group, mean of the 5 nearest markets, or the conditional mean.

    groups: (markets,) labels, income group or region; group median needs it. Without a label: all markets.
    """
    return pd.DataFrame(_central_and_copies(values, method, groups, 0, 0)[0], values.index, values.columns)


def copies(values: pd.DataFrame, method: str, count: int, seed: Seed, groups: pd.Series | None = None) -> np.ndarray:
    """`count` filled copies (count, markets, indicators), each gap drawn from what it may have been.

    group median: a value of the group; nearest: one of the 5 nearest markets' (random hot deck, Andridge and Little
    2010); iterative: a draw of the conditional normal distribution. Over the copies each gap's draws are spread evenly
    over its distribution (Latin hypercube, McKay et al. 1979). The parameters' own uncertainty is not drawn.
    """
    return _central_and_copies(values, method, groups, count, seed)[1]


def _central_and_copies(
    values: pd.DataFrame, method: str, groups: pd.Series | None, count: int, seed: Seed
) -> tuple[np.ndarray, np.ndarray]:
    known = values.to_numpy(dtype=float)
    gaps = np.isnan(known) & ~np.isnan(known).all(axis=0)
    if method == "none" or not gaps.any():
        return known, np.repeat(known[None], count, axis=0)
    chance = _even_chances(count, int(gaps.sum()), seed)
    if method == "iterative":
        central, drawn = _conditional_normal(known, gaps, chance)
    elif method == "nearest":
        central, drawn = _nearest(known, gaps, chance)
    elif groups is None:
        raise DesignError("Imputing the group median needs groups: give each market's income group or region.")
    else:
        central, drawn = _group_median(known, gaps, chance, groups.reindex(values.index))
    filled, many = known.copy(), np.repeat(known[None], count, axis=0)
    filled[gaps], many[:, gaps] = central, drawn
    return filled, many


def _even_chances(count: int, gaps: int, seed: Seed) -> np.ndarray:
    """(count, gaps) in 0-1: each column has one number in each of `count` equal intervals, in random order."""
    random = np.random.default_rng(seed)
    places = random.permuted(np.tile(np.arange(count)[:, None], gaps), axis=0)
    return (places + random.random((count, gaps))) / max(count, 1)


def _group_median(
    known: np.ndarray, gaps: np.ndarray, chance: np.ndarray, groups: pd.Series
) -> tuple[np.ndarray, np.ndarray]:
    labels = groups.to_numpy(dtype=object)

    def donors(market: int, indicator: int) -> np.ndarray:
        column = known[:, indicator]
        same = column[(labels == labels[market]) & ~np.isnan(column)]
        return np.sort(same if len(same) else column[~np.isnan(column)])

    return _hot_deck(gaps, chance, donors, np.median)


def _nearest(known: np.ndarray, gaps: np.ndarray, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest by the mean squared difference of the standardised indicators that both markets know."""
    standard = _standardised(known)[0]
    has = ~np.isnan(standard)
    zeros = np.where(has, standard, 0.0)
    squares = (zeros**2) @ has.T
    shared = has.astype(float) @ has.T
    distance = np.full(shared.shape, np.inf)
    np.divide(squares + squares.T - 2 * zeros @ zeros.T, shared, out=distance, where=shared > 0)
    order = np.argsort(distance, axis=1, kind="stable")

    def donors(market: int, indicator: int) -> np.ndarray:
        column = known[order[market], indicator]
        return np.sort(column[~np.isnan(column)][:NEIGHBOURS])

    return _hot_deck(gaps, chance, donors, np.mean)


def _hot_deck(
    gaps: np.ndarray,
    chance: np.ndarray,
    donors: Callable[[int, int], np.ndarray],
    middle: Callable[[np.ndarray], float],
) -> tuple[np.ndarray, np.ndarray]:
    """Each gap from its donors' sorted values: their middle, and the one at each chance."""
    central, drawn = np.empty(chance.shape[1]), np.empty(chance.shape)
    for gap, (market, indicator) in enumerate(np.argwhere(gaps)):
        found = donors(market, indicator)
        central[gap] = middle(found)
        drawn[:, gap] = found[(chance[:, gap] * len(found)).astype(int)]
    return central, drawn


def _conditional_normal(known: np.ndarray, gaps: np.ndarray, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaps given what is known, under a normal distribution fitted by EM (Little and Rubin 2002, 11.2), 15 rounds.

    A ridge of 1 % keeps the covariance regular where indicators are many or collinear.
    """
    standard, mean, deviation = _standardised(known)
    used = np.flatnonzero(~np.isnan(known).all(axis=0))
    rows = np.flatnonzero(gaps.any(axis=1))
    open_ = gaps[np.ix_(rows, used)]
    z = np.where(np.isnan(standard), 0.0, standard)[:, used]
    both = open_[:, :, None] & open_[:, None, :]
    eye = np.eye(len(used))
    centre, covariance = np.zeros(len(used)), eye
    for _ in range(ROUNDS):
        precision = linalg.inv(covariance)
        spread = np.linalg.inv(np.where(both, precision, eye))  # of the gaps, given the rest
        spread[~both] = 0.0
        reported = np.where(open_, 0.0, z[rows] - centre)
        z[rows] = np.where(open_, centre - np.einsum("rij,rj->ri", spread, reported @ precision), z[rows])
        centre = z.mean(axis=0)
        moments = ((z - centre).T @ (z - centre) + spread.sum(axis=0)) / len(z)
        covariance = (1 - RIDGE) * moments + RIDGE * eye
    noise = np.zeros((len(chance), *open_.shape))
    noise[:, open_] = special.ndtri(np.clip(chance, 1e-9, 1 - 1e-9))
    root = np.linalg.cholesky(np.where(both, spread, eye))
    drawn = z[rows] + np.einsum("rij,crj->cri", root, noise)
    low, high = np.nanmin(known[:, used], axis=0), np.nanmax(known[:, used], axis=0)
    central = np.clip(z[rows] * deviation[used] + mean[used], low, high)
    many = np.clip(drawn * deviation[used] + mean[used], low, high)
    return central[open_], many[:, open_]


def _standardised(known: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    count = np.maximum((~np.isnan(known)).sum(axis=0), 1)
    mean = np.nansum(known, axis=0) / count
    deviation = np.sqrt(np.nansum((known - mean) ** 2, axis=0) / count)
    deviation[~(deviation > 0)] = 1.0
    return (known - mean) / deviation, mean, deviation
