"""How far is a market from home? The CAGE distances: cultural, administrative, geographic, economic."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

EARTH_RADIUS_KM = 6371.0
MEASURES = ("language", "memberships", "currency", "kilometres", "time zone", "border", "income")
"""Columns of `cage`, each 0 at home; the framework is Ghemawat's (Harvard Business Review 2001)."""


def great_circle(latitude: float, longitude: float, places: pd.DataFrame) -> pd.Series:
    """Kilometres from a place to others on the sphere (haversine). places: latitude, longitude in degrees."""
    here, there = np.radians([latitude, longitude]), np.radians(places[["latitude", "longitude"]].to_numpy(dtype=float))
    half = np.sin((there - here) / 2) ** 2
    chord = half[:, 0] + np.cos(here[0]) * np.cos(there[:, 0]) * half[:, 1]
    return pd.Series(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1))), index=places.index)


def common_language(home: Mapping[str, float], away: Mapping[str, float]) -> float:
    """How likely two people, one from each market, share a language, 0-1.

    home, away: share of people (0-1) by language. Melitz and Toubal (2014): the products of shares a_l sum to a, the
    largest is m, and the index is m + (a - m)(1 - m), which allows for people who speak several languages.
    """
    shared = [home[language] * away[language] for language in home if language in away]
    shared = [share for share in shared if not math.isnan(share)]
    if not shared:
        return 0.0
    largest, total = max(shared), sum(shared)
    return min(1.0, largest + (total - largest) * (1 - largest))


def shared_memberships(home: set[str], away: set[str]) -> float:
    """Organisations both belong to, as a share of those either does (Jaccard), 0-1."""
    return len(home & away) / len(home | away) if home | away else 0.0


def cage(
    home: str,
    markets: pd.DataFrame,
    languages: pd.DataFrame,
    memberships: pd.DataFrame,
    neighbours: pd.DataFrame,
    income: pd.Series,
    clock: pd.Series,
) -> pd.DataFrame:
    """The MEASURES of every market from a home market, by iso3; NaN where a fact is missing.

    markets: latitude, longitude, currency by iso3. languages: iso3, language, population_pct. memberships: iso3,
    organisation. neighbours: iso3, neighbour. income: per person, by iso3. clock: hours from UTC, by iso3. Measures
    are: 1 - common language, 1 - shared memberships, another currency (0/1), kilometres between capitals, hours by
    which clocks differ (14 from New York to Tokyo, not 10 across the date line), no common border (0/1), |ln income
    ratio|. Raises KeyError for an unknown home market.
    """
    here = markets.loc[home]
    spoken: dict[str, dict[str, float]] = {}
    shares = languages.groupby(["iso3", "language"])["population_pct"].max() / 100
    for (iso3, language), share in shares.items():
        spoken.setdefault(iso3, {})[language] = share
    belongs = memberships.groupby("iso3")["organisation"].agg(set)
    bordering = set(neighbours.loc[neighbours["iso3"] == home, "neighbour"]) | {home}
    own_language, own_groups = spoken.get(home, {}), belongs.get(home, set())
    hours = (clock.reindex(markets.index) - clock.get(home, np.nan)).abs()
    result = pd.DataFrame(index=markets.index)
    result["language"] = [
        1 - common_language(own_language, spoken[iso3]) if iso3 in spoken else np.nan for iso3 in markets.index
    ]
    result["memberships"] = [1 - shared_memberships(own_groups, belongs.get(iso3, set())) for iso3 in markets.index]
    result["currency"] = (markets["currency"] != here["currency"]).astype(float).where(markets["currency"].notna())
    result["kilometres"] = great_circle(here["latitude"], here["longitude"], markets)
    result["time zone"] = hours
    result["border"] = [float(iso3 not in bordering) for iso3 in markets.index]
    result["income"] = np.log(income.reindex(markets.index) / income.get(home, np.nan)).abs()
    result.loc[home] = 0.0
    return result[list(MEASURES)]


def euclidean(measures: pd.DataFrame) -> pd.Series:
    """One distance from home, 1 for a market that is as far on every measure as markets usually are.

    Root of the mean squared measure, each in units of its root mean square over the markets, over those that are known.
    Kogut and Singh's index is its square, with variances; the root keeps it a distance (see also `mahalanobis`).
    """
    usual = np.sqrt((measures**2).mean())
    scaled = measures / usual.where(usual > 0)
    return np.sqrt((scaled**2).mean(axis=1))


def mahalanobis(measures: pd.DataFrame) -> pd.Series:
    """Distance from home that discounts measures moving together (inverse covariance over the complete markets).

    NaN for markets with a missing measure. Measures that do not vary are left out.
    """
    complete = measures.loc[:, measures.std() > 0].dropna()
    if len(complete) <= complete.shape[1] + 1:
        return pd.Series(np.nan, index=measures.index)
    inverse = np.linalg.pinv(np.cov(complete.to_numpy().T).reshape(complete.shape[1], -1))
    squared = np.einsum("ij,jk,ik->i", complete, inverse, complete)
    return pd.Series(np.sqrt(np.clip(squared, 0, None)), index=complete.index).reindex(measures.index)


def ranks_with_distance(scores: pd.Series, distance: pd.Series, weight: float) -> pd.DataFrame:
    """What distance does to a ranking: rank_before, rank_after, score_after by iso3.

    score_after = (1 - weight) score + weight closeness; closeness is the share of markets further away, 0-100. A market
    of unknown distance keeps its score. Raises ValueError for a weight outside 0-1.
    """
    if not 0 <= weight <= 1:
        raise ValueError(f"The weight of distance must lie between 0 and 1, not {weight}.")
    closeness = 100 * (1 - distance.reindex(scores.index).rank(pct=True))
    after = ((1 - weight) * scores + weight * closeness).fillna(scores)
    ranks = {
        "rank_before": scores.rank(ascending=False, method="min").astype(int),
        "rank_after": after.rank(ascending=False, method="min").astype(int),
        "score_after": after,
    }
    return pd.DataFrame(ranks)
