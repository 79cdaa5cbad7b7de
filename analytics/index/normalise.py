"""Putting indicators with different units on one scale, 100 the better end (OECD/JRC Handbook 2008, step 5).

Everywhere values: (markets, indicators), NaN allowed and kept; directions: (indicators,), 1 or -1. A column in which
all values are equal says nothing about order and becomes 50.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analytics.index.design import Design, DesignError
from analytics.index.treat import Treatment


def normalise(treatment: Treatment, values: pd.DataFrame, directions: pd.Series, design: Design) -> pd.DataFrame:
    """Values (treated, perhaps imputed) by the design's method; targets and goalposts go through the treatment too.

    values: columns (indicators) or, for many copies of them side by side, (copies, indicators) as a MultiIndex.
    """
    names = values.columns.get_level_values(-1)
    if design.normalisation in SIMPLE:
        return SIMPLE[design.normalisation](values, directions.reindex(names).set_axis(values.columns))
    wanted = design.targets if design.normalisation == "distance to target" else design.goalposts
    if missing := [key for key in dict.fromkeys(names) if key not in wanted]:
        raise DesignError(
            "The normalisation {normalisation} needs a value for: {indicators}. Name it.",
            normalisation=design.normalisation,
            indicators=", ".join(missing),
        )
    if design.normalisation == "distance to target":
        targets = {key: treatment.convert(key, float(wanted[key])) for key in names}
        return distance_to_target(values, directions, targets)
    posts = {key: tuple(treatment.convert(key, float(post)) for post in wanted[key]) for key in names}
    return between_goalposts(values, posts)


def min_max(values: pd.DataFrame, directions: pd.Series) -> pd.DataFrame:
    """Each column on 0-100: 100 (x - min) / (max - min), turned round where less is better."""
    plain = values.to_numpy(dtype=float)
    low = np.fmin.reduce(plain, axis=0, initial=np.inf)
    high = np.fmax.reduce(plain, axis=0, initial=-np.inf)
    varies = high > low
    scaled = (plain - np.where(varies, low, 0.0)) / np.where(varies, high - low, 1.0) * 100
    scaled = np.where(varies | np.isnan(plain), scaled, 50.0)
    return _turned(pd.DataFrame(scaled, values.index, values.columns), directions)


def z_score(values: pd.DataFrame, directions: pd.Series) -> pd.DataFrame:
    """50 + 10 z, z = (x - mean) / standard deviation of the markets known (n - 1); not bounded."""
    plain = values.to_numpy(dtype=float)
    known = ~np.isnan(plain)
    count = known.sum(axis=0)
    mean = np.where(known, plain, 0.0).sum(axis=0) / np.maximum(count, 1)
    off = np.where(known, plain - mean, 0.0)
    deviation = np.sqrt((off * off).sum(axis=0) / np.maximum(count - 1, 1))
    low = np.fmin.reduce(plain, axis=0, initial=np.inf)
    varies = (np.fmax.reduce(plain, axis=0, initial=-np.inf) > low) & (deviation > 0)
    scaled = np.where(varies | ~known, 50 + 10 * (plain - mean) / np.where(varies, deviation, 1.0), 50.0)
    return _turned(pd.DataFrame(scaled, values.index, values.columns), directions)


def rank(values: pd.DataFrame, directions: pd.Series) -> pd.DataFrame:
    """100 (r - 1) / (n - 1), r the place from the worst among the n markets known, ties sharing the mean place."""
    places = values.rank().to_numpy()
    known = (~np.isnan(places)).sum(axis=0)
    scaled = np.where((known > 1) | np.isnan(places), 100 * (places - 1) / np.maximum(known - 1, 1), 50.0)
    return _turned(pd.DataFrame(scaled, values.index, values.columns), directions)


def percentile(values: pd.DataFrame, directions: pd.Series) -> pd.DataFrame:
    """100 (r - 1/2) / n: the share of markets known that are worse, half of the equal ones counted; never 0 or 100."""
    return _turned(100 * (values.rank() - 0.5) / values.notna().sum(), directions)


def distance_to_target(values: pd.DataFrame, directions: pd.Series, targets: Mapping[str, float]) -> pd.DataFrame:
    """100 (x - worst) / (target - worst) between 0 and 100; beyond the target counts no more."""
    names = values.columns.get_level_values(-1)
    worst = values.min().where(directions.reindex(names).to_numpy() > 0, values.max())
    for key in dict.fromkeys(names):
        mine = worst[names == key]
        if ((targets[key] - mine) * directions[key] <= 0).any():
            raise DesignError(
                "The target {target} of {indicator} is no better than the worst market; set another.",
                target=f"{targets[key]:g}",
                indicator=key,
            )
    span = pd.Series([targets[key] for key in names], index=values.columns) - worst
    return ((values - worst) / span * 100).clip(0, 100)


def between_goalposts(values: pd.DataFrame, posts: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """100 (x - low) / (high - low) between 0 and 100, low and high fixed beforehand as in the Human Development Index.

    posts: indicator -> (0 points, 100 points); the direction is that of the posts.
    """
    if level := [key for key, (low, high) in posts.items() if not (np.isfinite([low, high]).all() and low != high)]:
        raise DesignError(
            "The two goalposts of {indicators} are equal or not numbers; set them apart.", indicators=", ".join(level)
        )
    names = values.columns.get_level_values(-1)
    low = pd.Series([posts[key][0] for key in names], index=values.columns)
    high = pd.Series([posts[key][1] for key in names], index=values.columns)
    return ((values - low) / (high - low) * 100).clip(0, 100)


SIMPLE = {"min-max": min_max, "z-score": z_score, "rank": rank, "percentile": percentile}
ORDER_ONLY = tuple(SIMPLE)
"""Methods that keep the order within a column and make no ties: pairwise comparisons do not depend on them."""


def _turned(scaled: pd.DataFrame, directions: pd.Series) -> pd.DataFrame:
    """100 - x where less is better."""
    less_is_better = directions.reindex(scaled.columns).to_numpy() < 0
    plain = scaled.to_numpy()
    return pd.DataFrame(np.where(less_is_better, 100 - plain, plain), scaled.index, scaled.columns)
