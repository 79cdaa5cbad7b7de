"""How much each indicator counts: by the recipe, the reader, equal shares, entropy or the first component."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from analytics.index.design import DesignError
from analytics.index.recipe import Recipe
from data.faults import Fault, listed

LITTLE = 0.5
"""A first component that explains less of the variance than this speaks for a part of the indicators only."""


def in_the_whole(recipe: Recipe, own: Mapping[str, float] | None = None) -> dict[str, float]:
    """Weight of each ingredient in the whole, summing to 1: its dimension's share times its share within that.

    own: the reader's weights on any positive scale, by dimension, by ingredient or both; what is not named keeps the
    recipe's. A dimension that weighs nothing may have ingredients that weigh nothing.
    """
    if not own:
        return recipe.weights()
    _check(recipe, own)
    dimensions = {key: float(own.get(key, weight)) for key, weight in recipe.dimensions.items()}
    inside = {i.key: float(own.get(i.key, i.weight)) for i in recipe.ingredients}
    total = sum(dimensions.values())
    by = {
        dimension: sum(inside[i.key] for i in recipe.ingredients if i.dimension == dimension)
        for dimension in dimensions
    }
    if not total > 0:
        raise DesignError("All weights are zero, so nothing would count. Give at least one dimension a weight above 0.")
    if empty := [dimension for dimension, weight in dimensions.items() if weight > 0 and not by[dimension] > 0]:
        raise DesignError(
            "All indicators of {dimensions} weigh nothing while the dimension has a weight. "
            "Raise one of them, or set the dimension to 0.",
            dimensions=", ".join(empty),
        )
    return {
        i.key: dimensions[i.dimension] / total * inside[i.key] / by[i.dimension] if dimensions[i.dimension] else 0.0
        for i in recipe.ingredients
    }


def _check(recipe: Recipe, own: Mapping[str, float]) -> None:
    keys = {i.key for i in recipe.ingredients}
    faults = []
    for key, weight in own.items():
        if key not in keys and key not in recipe.dimensions:
            faults.append(
                Fault(
                    "{key} is neither a dimension nor an indicator of the recipe {recipe}", key=key, recipe=recipe.name
                )
            )
        elif key in keys and key in recipe.dimensions:
            faults.append(
                Fault("{key} is both a dimension and an indicator; rename the indicator in the recipe", key=key)
            )
        elif isinstance(weight, bool) or not isinstance(weight, int | float | np.number) or not math.isfinite(weight):
            faults.append(Fault("the weight of {key} is {weight}, not a number", key=key, weight=repr(weight)))
        elif weight < 0:
            faults.append(
                Fault("the weight of {key} is {weight}; weights are 0 or more", key=key, weight=f"{weight:g}")
            )
    if faults:
        raise DesignError("These weights cannot be used: {faults}.", faults=listed(faults))


def as_own(recipe: Recipe, whole: Mapping[str, float]) -> dict[str, float]:
    """Weights in the whole, by ingredient, in the form `in_the_whole` and `composite.score` take. Not named: 0."""
    own = {i.key: float(whole.get(i.key, 0.0)) for i in recipe.ingredients}
    for dimension in recipe.dimensions:
        own[dimension] = sum(own[i.key] for i in recipe.ingredients if i.dimension == dimension)
    return own


def equal(scores: pd.DataFrame) -> pd.Series:
    """1/k each."""
    return pd.Series(1 / len(scores.columns), index=scores.columns)


def entropy(scores: pd.DataFrame) -> pd.Series:
    """Weights by how much a column tells markets apart: 1 - entropy of its shares, rescaled to 1.

    scores: (markets, columns), all >= 0. Entropy is in units of ln(markets known), NaN left out; a column without
    differences gets 0, and all get the same where none has any (Shannon 1948; Hwang and Yoon 1981, 3.1.2).
    """
    shares = scores / scores.sum().where(lambda total: total > 0)
    known = scores.notna().sum()
    logs = np.log(shares.where(shares > 0))
    disorder = -(shares * logs).sum() / np.log(known.where(known > 1))
    told = (1 - disorder).where(scores.max() > scores.min(), 0.0).fillna(0.0).clip(lower=0)
    return told / told.sum() if told.sum() > 0 else equal(scores)


def principal_component(scores: pd.DataFrame, what: str | Fault) -> tuple[pd.Series, tuple[Fault, ...]]:
    """Squared loadings of the first principal component of the correlations, summing to 1, and warnings.

    OECD/JRC Handbook 2008, step 6. Warns when the component explains less than half, or loads some columns against the
    others, for then its weights do not mean importance. what: the name of the set in the warnings.
    """
    varying = scores.columns[scores.max() > scores.min()]
    if len(varying) < 2:
        return equal(scores), ()
    if len(scores) <= len(varying):
        raise DesignError(
            "PCA weights of {what} need more markets than columns: there are {markets} for {columns}. "
            "Choose other weights, or lower the coverage a market needs.",
            what=what,
            markets=len(scores),
            columns=len(varying),
        )
    correlation = scores[varying].corr().fillna(0.0).to_numpy(copy=True)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    first, explained = vectors[:, -1], values[-1] / len(varying)
    warnings = []
    if explained < LITTLE:
        warnings.append(
            Fault(
                "The first component of {what} explains only {share} of the variance: it speaks for a part.",
                what=what,
                share=f"{explained:.0%}",
            )
        )
    against = varying[np.sign(first) != np.sign(first[np.argmax(np.abs(first))])]
    if len(against):
        warnings.append(
            Fault(
                "The first component of {what} sets {columns} against the others: do not read its weights as "
                "importance.",
                what=what,
                columns=", ".join(against),
            )
        )
    return pd.Series(first**2, index=varying).reindex(scores.columns, fill_value=0.0), tuple(warnings)
