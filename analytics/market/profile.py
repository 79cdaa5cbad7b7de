"""What stands out about a market: where it is ahead of the others and where behind."""

from dataclasses import dataclass

import pandas as pd

from analytics.index.composite import Ranking


@dataclass(frozen=True)
class Standing:
    """One ingredient of a market's score. ahead_of: share of scored markets that score less on it, 0-1."""

    key: str
    value: float
    year: int
    ahead_of: float


def standings(ranking: Ranking, iso3: str) -> list[Standing]:
    """Every known ingredient of a ranked market, the strongest first."""
    normalised = ranking.normalised
    own = normalised.loc[iso3]
    known = own.dropna().index
    ahead = (normalised[known] < own[known]).sum() / (normalised[known].notna().sum() - 1).clip(lower=1)
    found = [
        Standing(key, float(ranking.values.at[iso3, key]), int(ranking.years.at[iso3, key]), float(ahead[key]))
        for key in known
    ]
    return sorted(found, key=lambda standing: (-standing.ahead_of, standing.key))


def dimension_profile(ranking: Ranking, iso3: str, region: pd.Series) -> pd.DataFrame:
    """Score of each dimension (0-100): the market's, the median of its region and of the world, and the rank.

    region: region code by iso3. Index: dimensions in the recipe's order; columns market, region, world.
    """
    scores = ranking.dimensions
    here = region.reindex(scores.index) == region.get(iso3)
    return pd.DataFrame({"market": scores.loc[iso3], "region": scores[here].median(), "world": scores.median()})
