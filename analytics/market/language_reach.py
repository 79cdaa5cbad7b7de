"""How many people, and how much GDP, does each next language reach?

People speak several languages, so shares within a market add up to more than 100 %. Nobody publishes who speaks which
together; for a set of languages with shares p in a market, the share reached lies between max(p), where all who speak
the others speak the largest too, and min(1, sum p), where no one speaks two. The estimate drawn is 1 - prod(1 - p):
speaking one says nothing about speaking another.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.faults import Fault

MAX_LANGUAGES = 20
MIN_SHARE = 0.05
MIN_OF_ALL = 0.01
BY = ("people", "gdp")


class ReachError(Fault, ValueError):
    """There is nothing to reach; the message says why and what to do."""


@dataclass(frozen=True)
class Reach:
    """Languages in the order that adds most, with what they reach together up to each.

    curve: a row a language, in order: language, people, people_low, people_high, gdp, gdp_low, gdp_high (together with
    those above it), added_people, added_gdp (over those above it), speakers (alone), markets (in which at least
    MIN_SHARE speak it). people, gdp: in the markets altogether. without_people, without_gdp: markets whose figure is
    not known; they count nothing.
    """

    curve: pd.DataFrame
    people: float
    gdp: float
    markets: tuple[str, ...]
    without_people: tuple[str, ...]
    without_gdp: tuple[str, ...]


def shares(languages: pd.DataFrame) -> pd.DataFrame:
    """Share of a market's people who speak a language, 0 to 1: (markets, languages).

    languages: iso3, language, population_pct (0 to 100), a row a market, language and script; scripts are added up.
    """
    table = languages.pivot_table(
        index="iso3", columns="language", values="population_pct", aggfunc="sum", fill_value=0.0
    )
    return (table / 100).clip(0, 1).astype(float)


def preselected(
    languages: pd.DataFrame, people: pd.Series, markets: Collection[str] = (), most: int = MAX_LANGUAGES
) -> list[str]:
    """Languages worth knowing in these markets (empty: all), those with most speakers first.

    Spoken by at least 1 % of all their people, or, where markets are named, by at least 5 % in one of them.
    languages: as `shares`. people: by iso3.
    """
    spoken = _of(shares(languages), markets)
    size = people.reindex(spoken.index).fillna(0.0)
    speakers = spoken.mul(size, axis=0).sum()
    total = size.sum()
    wanted = (speakers >= MIN_OF_ALL * total) & (speakers > 0)
    if len(markets):
        wanted |= (spoken >= MIN_SHARE).any()
    return speakers[wanted].sort_values(ascending=False, kind="stable").index[:most].tolist()


def reach(
    languages: pd.DataFrame,
    people: pd.Series,
    gdp: pd.Series,
    markets: Collection[str] = (),
    supported: Collection[str] | None = None,
    by: str = "people",
    most: int = MAX_LANGUAGES,
) -> Reach:
    """What each next language adds, the one that adds most first.

    languages: as `shares`. people (persons), gdp (any currency): by iso3; GDP is taken to be reached as people are, in
    proportion. markets: which count, empty for all. supported: the languages to put in order, None for all. by:
    "people" or "gdp", what to order by. Greedy: the order is the best single next step, each time; for what 1 - prod(1
    - p) counts, no set of the same size reaches over 1 / (1 - 1/e) = 1.58 times as much (Nemhauser, Wolsey, Fisher
    1978).
    Raises ReachError when there is no market or no language left, ValueError for another `by`.
    """
    if by not in BY:
        raise ValueError(f"by is {' or '.join(BY)}, not {by!r}.")
    spoken = _of(shares(languages), markets)
    if supported is not None:
        spoken = spoken[[code for code in spoken.columns if code in set(supported)]]
    if spoken.empty:
        raise ReachError("No language facts for these markets. Choose other markets or languages.")
    sizes = {name: _sizes(figures, spoken.index) for name, figures in (("people", people), ("gdp", gdp))}
    if not sizes["people"].sum():
        raise ReachError("The population of these markets is not known. Choose others, or import figures on it.")
    order = _greedy(spoken.to_numpy(), sizes[by].to_numpy(), most)
    if not order:
        raise ReachError("None of these languages is spoken in these markets. Choose others.")
    return Reach(
        _curve(spoken, sizes, order),
        float(sizes["people"].sum()),
        float(sizes["gdp"].sum()),
        tuple(spoken.index),
        *(tuple(spoken.index[f.reindex(spoken.index).isna()]) for f in (people, gdp)),
    )


def _of(spoken: pd.DataFrame, markets: Collection[str]) -> pd.DataFrame:
    if not len(markets):
        return spoken
    chosen = spoken[spoken.index.isin(list(markets))]
    return chosen.loc[:, (chosen > 0).any()]


def _sizes(figures: pd.Series, index: pd.Index) -> pd.Series:
    return figures.reindex(index).fillna(0.0).clip(lower=0.0).astype(float)


def _greedy(spoken: np.ndarray, size: np.ndarray, most: int) -> list[int]:
    """Columns in the order of what they add to size x (1 - prod(1 - p)), until nothing is added."""
    left, order = size.copy(), []
    while len(order) < min(most, spoken.shape[1]):
        gain = left @ spoken
        gain[order] = -1.0
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        order.append(best)
        left *= 1 - spoken[:, best]
    return order


def _curve(spoken: pd.DataFrame, sizes: dict[str, pd.Series], order: list[int]) -> pd.DataFrame:
    chosen = spoken.to_numpy()[:, order]
    together = {
        "": 1 - np.cumprod(1 - chosen, axis=1),
        "_low": np.maximum.accumulate(chosen, axis=1),
        "_high": np.minimum(np.cumsum(chosen, axis=1), 1.0),
    }
    curve = pd.DataFrame({"language": spoken.columns[order]})
    for name, size in sizes.items():
        for bound, reached in together.items():
            curve[name + bound] = size.to_numpy() @ reached
        curve[f"added_{name}"] = np.diff(curve[name].to_numpy(), prepend=0.0)
    curve["speakers"] = sizes["people"].to_numpy() @ chosen
    curve["markets"] = (chosen >= MIN_SHARE).sum(axis=0)
    return curve
