"""Which markets may be entered next at all: not home, not where one is already, large enough, and known well enough."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

REASONS = ("home", "present", "small", "unknown size", "little known")
"""Why a market is left out of a ranking, the first that holds."""


@dataclass(frozen=True)
class Candidacy:
    """Who is ranked. The others still set the scales, so that leaving one out changes nobody's score.

    home, present: iso3 of where one comes from and of where one is. minimum_population: persons; 0 lets all in.
    minimum_known: share of the weight that is known for any market, 0-1. population: persons by iso3.
    """

    home: str = ""
    present: tuple[str, ...] = ()
    minimum_population: float = 0.0
    minimum_known: float = 0.0
    population: Mapping[str, float] = field(default_factory=dict)

    def left_out(self, known_share: pd.Series) -> pd.Series:
        """The reason by iso3, of the markets left out. known_share: share of the weight that is known, 0-1, by iso3."""
        people = pd.Series(self.population, dtype=float).reindex(known_share.index)
        reasons = pd.Series("", known_share.index, dtype=object)
        reasons[known_share.round(9) < self.minimum_known] = "little known"
        if self.minimum_population > 0:
            reasons[people.isna()] = "unknown size"
            reasons[people < self.minimum_population] = "small"
        reasons[known_share.index.isin(self.present)] = "present"
        reasons[known_share.index == self.home] = "home"
        return reasons[reasons != ""].rename("reason")


def from_settings(settings: Mapping[str, str], population: Mapping[str, float]) -> Candidacy:
    """The candidacy that the organisation's settings describe (`data.store.DEFAULT_SETTINGS`)."""
    return Candidacy(
        home=settings["home_market"],
        present=tuple(code for code in settings["present_markets"].split(",") if code),
        minimum_population=float(settings["minimum_population"]),
        minimum_known=float(settings["minimum_known_pct"]) / 100,
        population=population,
    )
