"""Many indices at once: every combination of the design's choices made ready, then ranks for any number of draws.

A draw is one index somebody could as well have built: a treatment, an imputed copy of the gaps, a normalisation, a pair
of aggregation rules and a set of weights (Saisana, Saltelli and Tarantola 2005, J. R. Stat. Soc. A 168).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special
from threadpoolctl import ThreadpoolController

from analytics.index import aggregate, impute, normalise, treat
from analytics.index.composite import Ranking
from analytics.index.design import IMPUTATIONS, DesignError

SPREAD = 0.25
"""Relative spread of a weight: one standard deviation of its logarithm."""
A_COPY = 4
"""Draws of one combination that share an imputed copy: comparing all pairs of a copy is what takes time."""
ONE_THREAD = ThreadpoolController()
"""Products as small as ours get slower, and under load much slower, when BLAS shares them among threads."""


@dataclass(frozen=True)
class Choices:
    """What is varied. aggregations: (within, across) pairs. spread: of each indicator's weight.

    Percentiles are left out of the defaults because they rank as ranks do, targets and goalposts because they are the
    reader's to set: they are in when the index shown uses them.
    """

    treatments: tuple[str, ...] = ("none", "skew", "log")
    imputations: tuple[str, ...] = IMPUTATIONS
    normalisations: tuple[str, ...] = ("min-max", "z-score", "rank")
    aggregations: tuple[tuple[str, str], ...] = (
        ("arithmetic", "arithmetic"),
        ("arithmetic", "geometric"),
        ("geometric", "geometric"),
        ("copeland", "copeland"),
    )
    spread: float = SPREAD

    @classmethod
    def around(cls, ranking: Ranking, spread: float = SPREAD) -> "Choices":
        """The defaults and the shown index's own choices; without group medians where no groups are known."""
        usual, shown = cls(), ranking.design
        imputations = tuple(i for i in usual.imputations if i != "group median" or ranking.groups is not None)
        if not ranking.values.isna().any(axis=None):
            imputations = (shown.imputation,)
        return cls(
            treatments=_with(usual.treatments, shown.treatment),
            imputations=_with(imputations, shown.imputation),
            normalisations=_with(usual.normalisations, shown.normalisation),
            aggregations=_with(usual.aggregations, (shown.within, shown.across)),
            spread=spread,
        )

    @classmethod
    def weights_only(cls, ranking: Ranking, spread: float = SPREAD) -> "Choices":
        """Only the weights move; all else is as shown."""
        shown = ranking.design
        rules = (shown.within, shown.across)
        return cls((shown.treatment,), (shown.imputation,), (shown.normalisation,), (rules,), spread)

    def refuse_another_index(self, ranking: Ranking) -> None:
        """Raises DesignError when the index shown is not one of those that would be drawn."""
        shown = ranking.design
        own = {
            "treatments": shown.treatment,
            "imputations": shown.imputation,
            "normalisations": shown.normalisation,
            "aggregations": (shown.within, shown.across),
        }
        if strangers := [f"{name} lack {used!r}" for name, used in own.items() if used not in getattr(self, name)]:
            raise DesignError(
                "The choices leave out the index shown ({choices}), so the intervals would be about another one. Add "
                "its own choices, or use Choices.around(ranking).",
                choices="; ".join(strangers),
            )
        if not 0 <= self.spread <= 3:
            raise DesignError(
                "A spread of {spread} is not between 0 and 3; 0.25 moves a weight by a quarter.",
                spread=f"{self.spread:g}",
            )


def _with(usual: tuple, own: object) -> tuple:
    return usual if own in usual else (*usual, own)


@dataclass(frozen=True)
class Prepared:
    """Normalised scores for every combination; does not depend on weights, so a reader may try many.

    scores: (treatment, imputation, normalisation) as positions in choices -> (copies, markets, ingredients), in the
    ranking's order of markets sorted by iso3. observed: (treatment, normalisation) -> (markets, ingredients), the
    scores with gaps left empty.
    """

    choices: Choices
    values: pd.DataFrame
    scores: Mapping[tuple[int, int, int], np.ndarray]
    observed: Mapping[tuple[int, int], np.ndarray]

    def fits(self, ranking: Ranking) -> bool:
        """Was it made from this ranking's figures, and is its design among the choices?"""
        try:
            self.choices.refuse_another_index(ranking)
        except DesignError:
            return False
        return self.values.equals(ranking.values.sort_index())


@dataclass(frozen=True)
class SamplingDesign:
    """One choice a draw, as positions in the choices; (draws,) each. weights: (draws, ingredients) in the whole."""

    treatment: np.ndarray
    imputation: np.ndarray
    copy: np.ndarray
    normalisation: np.ndarray
    aggregation: np.ndarray
    weights: np.ndarray


def prepare(
    ranking: Ranking, seed: int, choices: Choices | None = None, copies: int = 5, same_noise: bool = False
) -> Prepared:
    """Treat, impute (`copies` times) and normalise in every combination of the choices.

    Every treatment and normalisation has imputed copies of its own, so that their chance averages out; with same_noise
    all share it, so that what it moves is not ascribed to them.
    """
    choices = choices or Choices.around(ranking)
    choices.refuse_another_index(ranking)
    values, directions = ranking.values.sort_index(), ranking.directions
    scores, observed = {}, {}
    for t, method in enumerate(choices.treatments):
        treatment = treat.treat(values, method)
        for z, normalisation in enumerate(choices.normalisations):
            design = replace(ranking.design, normalisation=normalisation)
            observed[t, z] = normalise.normalise(treatment, treatment.values, directions, design).to_numpy()
        for i, imputation in enumerate(choices.imputations):
            count = 1 if imputation == "none" else copies
            sets = 1 if same_noise else len(choices.normalisations)
            stream = (seed, i, 0 if same_noise else t)
            filled = impute.copies(treatment.values, imputation, count * sets, stream, ranking.groups)
            for z, normalisation in enumerate(choices.normalisations):
                design = replace(ranking.design, normalisation=normalisation)
                side_by_side = pd.DataFrame(
                    filled[z % sets :: sets].transpose(1, 0, 2).reshape(len(values), -1),
                    values.index,
                    pd.MultiIndex.from_product([range(count), values.columns]),
                )
                done = normalise.normalise(treatment, side_by_side, directions, design).to_numpy()
                scores[t, i, z] = np.ascontiguousarray(done.reshape(len(values), count, -1).transpose(1, 0, 2))
    return Prepared(choices, values, scores, observed)


def moved(prepared: Prepared, ranking: Ranking, values: pd.DataFrame) -> Prepared:
    """The same combinations on other figures of some ingredients; what fills a gap keeps its score.

    values: (markets, the ingredients that moved), every market of the ranking's. Scores change by as much as those of
    the observed figures do, so that nothing changes where nothing moved.
    """
    if values.empty:
        return prepared
    columns = prepared.values.columns.get_indexer(values.columns)
    values, directions = values.reindex(prepared.values.index), ranking.directions[list(values.columns)]
    scores = {}
    for t, method in enumerate(prepared.choices.treatments):
        treatment = treat.treat(values, method)
        for z, normalisation in enumerate(prepared.choices.normalisations):
            design = replace(ranking.design, normalisation=normalisation)
            now = normalise.normalise(treatment, treatment.values, directions, design).to_numpy()
            change = np.nan_to_num(now - prepared.observed[t, z][:, columns])
            for i in range(len(prepared.choices.imputations)):
                scores[t, i, z] = prepared.scores[t, i, z].copy()
                scores[t, i, z][:, :, columns] += change
    return replace(prepared, scores=scores)


def balanced(ranking: Ranking, choices: Choices, draws: int, copies: int, seed: int) -> SamplingDesign:
    """Every combination equally often, weights spread evenly around the ranking's own; in random order.

    Each weight is multiplied by a lognormal factor whose draws form a Latin hypercube (McKay et al. 1979): chance then
    moves the results less than with independent draws.
    """
    random = np.random.default_rng(seed)
    options = [
        len(choices.treatments),
        len(choices.imputations),
        len(choices.normalisations),
        len(choices.aggregations),
    ]
    cells = int(np.prod(options))
    turn = np.arange(draws) // cells
    cell = random.permutation(cells)[np.arange(draws) % cells]
    t, i, z, a = np.unravel_index(cell, options)
    return SamplingDesign(
        t, i, turn // A_COPY % copies, z, a, weights_around(ranking, _hypercube(random, draws, ranking), choices)
    )


def weights_around(ranking: Ranking, chance: np.ndarray, choices: Choices) -> np.ndarray:
    """(draws, ingredients) weights in the whole from chances in 0-1: lognormal factors of the choices' spread."""
    moved = ranking.overall_weights.to_numpy() * np.exp(choices.spread * special.ndtri(chance))
    return moved / moved.sum(axis=1, keepdims=True)


def _hypercube(random: np.random.Generator, draws: int, ranking: Ranking) -> np.ndarray:
    shape = (draws, len(ranking.overall_weights))
    places = random.permuted(np.broadcast_to(np.arange(draws)[:, None], shape), axis=0)
    return (places + random.random(shape)) / draws


def copies_for(draws: int, choices: Choices) -> int:
    """Imputed copies worth making: one for every 4 draws of a combination, 5 to 20."""
    cells = len(choices.treatments) * len(choices.imputations) * len(choices.normalisations) * len(choices.aggregations)
    return int(np.clip(draws // (cells * A_COPY), 5, 20))


def scores(prepared: Prepared, members: Mapping[str, np.ndarray], plan: SamplingDesign) -> np.ndarray:
    """Score of each market in each draw, (draws, markets), markets sorted by iso3."""
    choices = prepared.choices
    normalisation = plan.normalisation
    if set(choices.normalisations) <= set(normalise.ORDER_ONLY):  # pairs compare alike under all of them
        pairwise = [n for n, rules in enumerate(choices.aggregations) if rules == ("copeland", "copeland")]
        normalisation = np.where(np.isin(plan.aggregation, pairwise), 0, normalisation)
    copy = np.where(np.array(choices.imputations)[plan.imputation] == "none", 0, plan.copy)
    keys = np.stack([plan.treatment, plan.imputation, normalisation, copy, plan.aggregation], axis=1)
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(kind, kind="stable")
    ends = np.searchsorted(kind[order], np.arange(len(kinds)), side="right")
    result = np.empty((len(plan.weights), len(prepared.values)))
    with ONE_THREAD.limit(limits=1, user_api="blas"):
        for (t, i, z, c, a), start, end in zip(kinds, [0, *ends[:-1]], ends, strict=True):
            mine = order[start:end]
            within, across = choices.aggregations[a]
            ready = prepared.scores[t, i, z][c]
            result[mine] = aggregate.index_scores(ready, plan.weights[mine], members, within, across)
    return result


def ranks(scores: np.ndarray) -> np.ndarray:
    """Rank in each row, 1 the highest score; ties (to 9 decimals) share the better rank, as in the ranking."""
    rounded = scores.round(9)
    order = np.argsort(-rounded, axis=1)
    sorted_ = np.take_along_axis(rounded, order, axis=1)
    starts = np.ones(scores.shape, dtype=bool)
    starts[:, 1:] = sorted_[:, 1:] != sorted_[:, :-1]
    places = np.where(starts, np.arange(1, scores.shape[1] + 1, dtype=np.int16), np.int16(0))
    result = np.empty(scores.shape, dtype=np.int16)
    np.put_along_axis(result, order, np.maximum.accumulate(places, axis=1), axis=1)
    return result
