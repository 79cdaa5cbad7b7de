"""How sure is a rank? What it becomes when the weights are not quite what we chose."""

import numpy as np
import pandas as pd
from scipy import stats

from analytics.index import Ranking

SPREAD = 0.25
"""Relative spread of a weight: one standard deviation of its logarithm."""


def rank_ranges(ranking: Ranking, seed: int, draws: int = 1000, spread: float = SPREAD) -> pd.DataFrame:
    """Rank of each market when every weight moves: low and high (5th and 95th percentile), p_top10.

    Indicator weights are multiplied by independent lognormal factors of the given spread and rescaled; values,
    treatment and normalisation stay. Indexed by iso3 in rank order. A statement about weights, not about errors in the
    data.
    """
    factors = np.random.default_rng(seed).lognormal(0.0, spread, (draws, ranking.points.shape[1]))
    weights = ranking.weights.to_numpy()
    scores = (ranking.points.to_numpy() @ factors.T) / (weights @ factors.T)
    ranks = stats.rankdata(-scores.round(9), method="min", axis=0)  # ties share the better rank, as in the ranking
    low, high = np.percentile(ranks, [5, 95], axis=1, method="nearest")
    columns = {"low": low.astype(int), "high": high.astype(int), "p_top10": (ranks <= 10).mean(axis=1)}
    return pd.DataFrame(columns, index=ranking.scores.index)
