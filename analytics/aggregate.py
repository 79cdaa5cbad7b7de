"""From indicator scores to one score: weighted means over what a market has."""

import numpy as np
import pandas as pd


def effective_weights(known: pd.DataFrame, weights: pd.Series, dimensions: pd.Series) -> pd.DataFrame:
    """Weight of each indicator in each market's score, summing to 1 per market.

    known: (markets, indicators), bool. weights: (indicators,) in the whole. dimensions: (indicators,) labels. A missing
    indicator's weight goes to the others of its dimension first, and to the other dimensions only when the whole
    dimension is missing: a market without health figures is not scored as if health weighed nothing in part.
    """
    has = known.to_numpy(dtype=float)
    weight = weights.reindex(known.columns).to_numpy(dtype=float)
    labels = dimensions.reindex(known.columns)
    result = np.zeros_like(has)
    for dimension in labels.unique():
        inside = np.flatnonzero(labels == dimension)
        present = has[:, inside] * weight[inside]
        total = present.sum(axis=1, keepdims=True)
        np.divide(present * weight[inside].sum(), total, out=present, where=total > 0)
        result[:, inside] = present
    total = result.sum(axis=1, keepdims=True)
    np.divide(result, total, out=result, where=total > 0)
    return pd.DataFrame(result, index=known.index, columns=known.columns)


def contributions(scores: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """Points each indicator adds to each market's score: score x effective weight; they sum to the weighted mean."""
    return scores.fillna(0.0) * weights
