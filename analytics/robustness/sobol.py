"""Which choice moves the ranks most? Shares of their variance by Sobol's method, overall and for every market."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from analytics.index.composite import Ranking
from analytics.index.design import DesignError
from analytics.robustness import draws
from analytics.robustness.draws import Choices, Prepared

RESAMPLES = 100


@dataclass(frozen=True)
class Shares:
    """Shares of the variance of ranks. Columns first, first_error, total, total_error; errors are 95 % half-widths.

    first: alone; total: with all interactions. Estimates: they may lie a little below 0 or above 1. overall: by choice,
    of the mean absolute shift from the ranks shown. markets: by iso3 and choice, of the market's own rank; all 0 for a
    market whose rank never moves. shift: the mean absolute shift itself, in places. left_out: markets that have no
    score in some run, by iso3; the others are ranked without them.
    """

    overall: pd.DataFrame
    markets: pd.DataFrame
    shift: float
    runs: int
    left_out: tuple[str, ...] = ()


def shares(
    ranking: Ranking, seed: int, base: int = 512, choices: Choices | None = None, by_dimension: bool = False
) -> Shares:
    """First and total order shares with bootstrap intervals (Saltelli et al. 2010), base x (choices + 2) indices.

    base: a power of 2. choices: as in `sensitivity.monte_carlo`. by_dimension: split the weights into one factor a
    dimension, "weights: health" and so on. A market without a score in some run is left out, and named. Raises
    DesignError where fewer than two markets are left.
    """
    if base < 2 or base & (base - 1):
        raise DesignError(
            "A base of {base} is not a power of 2, which Sobol's sequence needs; use 512 or 1024.", base=base
        )
    if len(ranking.scores) < 2:
        raise DesignError("Fewer than two markets are ranked, so no rank can move. Import data on more markets.")
    prepared = draws.prepare(ranking, seed, choices, same_noise=True)
    problem = _problem(ranking, by_dimension)
    names = list(dict.fromkeys(problem["groups"]))
    from SALib.sample import sobol as sampler  # SALib takes a second to import: the first page does without it

    points = sampler.sample(problem, base, calc_second_order=False, seed=seed)
    place = prepared.values.index.get_indexer(ranking.scores.index)
    scores = draws.scores(prepared, ranking.members, _plan(ranking, prepared, points))[:, place]
    always = np.isfinite(scores).all(axis=0)
    kept, left_out = ranking.scores.index[always], tuple(ranking.scores.index[~always])
    if len(kept) < 2:
        raise DesignError(
            "{markets} of {all} markets have no score in some run, and fewer than two are left to rank. Fill the gaps "
            "by another method than none.",
            markets=len(left_out),
            all=len(always),
        )
    ranks = draws.ranks(scores[:, always])
    shown = draws.ranks(-ranking.scores.loc[kept, "rank"].to_numpy(float)[None])[0]
    shift = np.abs(ranks - shown).mean(axis=1, keepdims=True)
    outputs = np.hstack([shift, ranks]).reshape(base, len(names) + 2, -1)
    estimates = _estimate(outputs, np.random.default_rng(seed))  # (choices, outputs, 4)
    columns = ["first", "first_error", "total", "total_error"]
    markets = pd.DataFrame(
        estimates[:, 1:].transpose(1, 0, 2).reshape(-1, 4),
        pd.MultiIndex.from_product([kept, names], names=["iso3", "choice"]),
        columns,
    )
    overall = pd.DataFrame(estimates[:, 0], pd.Index(names, name="choice"), columns)
    return Shares(overall, markets, float(shift.mean()), len(points), left_out)


def _problem(ranking: Ranking, by_dimension: bool) -> dict:
    """SALib's description: numbers in 0-1, the same group for numbers that belong to one choice."""
    labels = [f"weights: {label}" if by_dimension else "weights" for label in ranking.labels]
    names = [*(f"w{n}" for n in range(len(labels))), "method", "copy", "normalisation", "treatment", "aggregation"]
    groups = [*labels, "imputation", "imputation", "normalisation", "treatment", "aggregation"]
    return {"num_vars": len(names), "names": names, "groups": groups, "bounds": [[0, 1]] * len(names)}


def _plan(ranking: Ranking, prepared: Prepared, points: np.ndarray) -> draws.SamplingDesign:
    choices, count = prepared.choices, len(ranking.overall_weights)
    method, copy, normalisation, treatment, aggregation = points[:, count:].T
    copies = max(len(ready) for ready in prepared.scores.values())

    def position(chance: np.ndarray, options: int) -> np.ndarray:
        return np.minimum((chance * options).astype(int), options - 1)

    return draws.SamplingDesign(
        treatment=position(treatment, len(choices.treatments)),
        imputation=position(method, len(choices.imputations)),
        copy=position(copy, copies),
        normalisation=position(normalisation, len(choices.normalisations)),
        aggregation=position(aggregation, len(choices.aggregations)),
        weights=draws.weights_around(ranking, np.clip(points[:, :count], 1e-6, 1 - 1e-6), choices),
    )


def _estimate(outputs: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """outputs: (base, choices + 2, outputs), first A, last B, between A with one choice of B. (choices, outputs, 4)."""
    deviation = outputs.std(axis=(0, 1))
    outputs = (outputs - outputs.mean(axis=(0, 1))) / np.where(deviation > 0, deviation, 1.0)
    found = _orders(outputs)
    again = np.stack([_orders(outputs[random.integers(0, len(outputs), len(outputs))]) for _ in range(RESAMPLES)])
    error = special.ndtri(0.975) * again.std(axis=0, ddof=1)
    return np.stack([found[0], error[0], found[1], error[1]], axis=-1)


def _orders(outputs: np.ndarray) -> np.ndarray:
    """(2, choices, outputs): first and total order, by SALib's estimators."""
    a, b = outputs[:, 0], outputs[:, -1]
    if np.ptp(np.r_[a, b]) == 0:
        return np.zeros((2, outputs.shape[1] - 2, outputs.shape[2]))
    from SALib.analyze import sobol as estimator

    mixed = [outputs[:, choice] for choice in range(1, outputs.shape[1] - 1)]
    first = [estimator.first_order(a, ab, b) for ab in mixed]
    total = [estimator.total_order(a, ab, b) for ab in mixed]
    return np.array([first, total])
