"""How sure is a rank? What it becomes under other weights, imputations, normalisations, treatments and aggregations."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.index import aggregate
from analytics.index.composite import Ranking
from analytics.index.design import Design, DesignError
from analytics.robustness import draws as many
from analytics.robustness.draws import SPREAD, Choices, Prepared, prepare
from analytics.scales import HIGH, LOW

__all__ = ["SPREAD", "Choices", "Prepared", "Robustness", "leave_one_out", "monte_carlo", "prepare"]


@dataclass(frozen=True)
class Robustness:
    """Ranks over many draws, by iso3 in the order of the ranking they are about.

    ranks: rank (as shown), low, median, high (5th, 50th and 95th percentile; low and high reach at least to the rank
    shown, which is one of the ways to build the index), p_top10. distribution:
    (markets, ranks), share of draws at rank 1, 2, ...; ties share the better rank. beats: (markets, markets), share of
    draws in which the row's market ranks before the column's; empty unless asked for. design, overall_weights, choices:
    what was varied around.
    """

    ranks: pd.DataFrame
    distribution: np.ndarray
    beats: pd.DataFrame
    draws: int
    seed: int
    choices: Choices
    design: Design
    overall_weights: pd.Series

    def p_top(self, k: int) -> pd.Series:
        """Share of draws in which each market is among the first k, 0-1."""
        if k < 1:
            raise DesignError("The first {count} markets are none; ask for 1 or more.", count=k)
        return pd.Series(self.distribution[:, :k].sum(axis=1).clip(0, 1), self.ranks.index, name=f"p_top{k}")

    def about(self, ranking: Ranking) -> pd.DataFrame:
        """The ranking's scores beside these ranks. Raises DesignError when they are about another index."""
        same = self.design == ranking.design and self.overall_weights.equals(ranking.overall_weights)
        if not (same and self.ranks["rank"].equals(ranking.scores["rank"])):
            raise DesignError(
                "These rank intervals are about another index than the one shown: its design, weights or figures "
                "differ. Run the robustness check on this ranking."
            )
        return ranking.scores.join(self.ranks.drop(columns="rank"))


def monte_carlo(
    ranking: Ranking,
    seed: int,
    draws: int = 10_000,
    choices: Choices | None = None,
    prepared: Prepared | None = None,
    pairs: bool = False,
) -> Robustness:
    """Ranks when all five choices vary together: weights, imputation, normalisation, treatment and aggregation.

    choices: what is varied, by default the usual alternatives and the index's own. prepared: from `prepare`, to try
    weight after weight on the same figures. pairs: also P(A before B), about a third more time. The same seed gives the
    same numbers. A statement about how the index is built, not about errors in the figures. Raises DesignError when the
    choices or `prepared` are about another index.
    """
    if prepared is not None and choices is None:
        choices = prepared.choices
    choices = choices or Choices.around(ranking)
    choices.refuse_another_index(ranking)
    if draws < 1:
        raise DesignError("{draws} draws show nothing; ask for 1 or more, 1,000 for a first look.", draws=draws)
    copies = many.copies_for(draws, choices)
    if prepared is None:
        prepared = prepare(ranking, seed, choices, copies)
    elif not (prepared.fits(ranking) and prepared.choices == choices):
        raise DesignError("What was prepared is about other figures or another design. Prepare this ranking again.")
    copies = max(len(copy) for copy in prepared.scores.values())
    plan = many.balanced(ranking, choices, draws, copies, seed)
    place = prepared.values.index.get_indexer(ranking.scores.index)
    scores = many.scores(prepared, ranking.members, plan)[:, place]
    if (missing := np.isnan(scores).any(axis=0)).any():  # it would count as the last in those draws
        raise DesignError(
            "Some draws have no score for {markets}, so their ranks have no interval. Fill the gaps by another method "
            "than none.",
            markets=", ".join(ranking.scores.index[missing]),
        )
    drawn = many.ranks(scores)
    return _summary(ranking, np.ascontiguousarray(drawn.T), seed, choices, pairs)


def _two_markets(ranking: Ranking) -> None:
    if len(ranking.scores) < 2:
        raise DesignError(
            "{count} market is ranked, and a rank needs another to compare with. "
            "Import data on more markets, or lower the recipe's minimum_coverage.",
            count=len(ranking.scores),
        )


def _summary(ranking: Ranking, drawn: np.ndarray, seed: int, choices: Choices, pairs: bool) -> Robustness:
    """drawn: (markets, draws), int16."""
    markets, count = drawn.shape
    cells = np.arange(markets)[:, None] * markets + drawn - 1
    counts = np.bincount(cells.ravel(), minlength=markets**2).reshape(markets, markets)
    reached = counts.cumsum(axis=1)
    low, median, high = (
        (reached <= np.rint(share * (count - 1))).sum(axis=1) + 1 for share in (LOW, 0.5, HIGH)
    )  # the draw nearest to the percentile
    distribution = counts / count
    shown = ranking.scores["rank"].to_numpy()
    columns = {
        "rank": shown,
        "low": np.minimum(low, shown),
        "median": median,
        "high": np.maximum(high, shown),
        "p_top10": reached[:, min(10, markets) - 1] / count,
    }
    names = ranking.scores.index
    return Robustness(
        ranks=pd.DataFrame(columns, names),
        distribution=distribution,
        beats=pd.DataFrame(_beats(drawn), names, names) if pairs else pd.DataFrame(),
        draws=count,
        seed=seed,
        choices=choices,
        design=ranking.design,
        overall_weights=ranking.overall_weights,
    )


def _beats(drawn: np.ndarray) -> np.ndarray:
    """(markets, markets): share of draws in which the row ranks before the column. Bits are counted, 8 draws a byte."""
    markets, count = drawn.shape
    result = np.empty((markets, markets))
    for market in range(markets):
        before = np.packbits(drawn[market] < drawn, axis=1)
        result[market] = np.bitwise_count(before).sum(axis=1, dtype=np.int64)
    return result / count


def leave_one_out(ranking: Ranking) -> pd.DataFrame:
    """(markets, ingredients): places each market moves down when the ingredient is left out; negative is up.

    Its weight goes to the others of its dimension, or to the other dimensions where it is alone; nothing else changes.
    An ingredient that is all there is cannot be left out: its column is 0. A market of which nothing else is known goes
    last.
    """
    _two_markets(ranking)
    whole, keys, labels = ranking.overall_weights.to_numpy(), ranking.overall_weights.index, ranking.labels.to_numpy()
    weights = np.tile(whole, (len(keys), 1))
    np.fill_diagonal(weights, 0.0)
    for position, dimension in enumerate(labels):
        inside = labels == dimension
        left = weights[position, inside].sum()
        if left > 0:
            weights[position, inside] *= whole[inside].sum() / left
    possible = weights.sum(axis=1) > 0
    weights[~possible] = whole
    totals = aggregate.index_scores(
        ranking.normalised.loc[ranking.scores.index].to_numpy(),
        weights,
        ranking.members,
        ranking.design.within,
        ranking.design.across,
    )
    moved = many.ranks(np.nan_to_num(totals, nan=-np.inf)) - ranking.scores["rank"].to_numpy()
    return pd.DataFrame(moved.T.astype(int), ranking.scores.index, keys)
