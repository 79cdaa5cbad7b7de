"""Why this estimate? What each feature is associated with, its curve, and the most similar real markets."""

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from analytics.potential import learners


def contributions(model: Pipeline, features: pd.DataFrame, asked: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """What each feature adds to each prediction, against the average training market, and that average.

    On the scale the model predicts on; base + a row's sum is its prediction. Linear models: coefficient times distance
    from the mean; trees: SHAP values (Lundberg and others 2020), exact for trees.
    """
    ready, wanted = learners.prepared(model, features), learners.prepared(model, asked)
    regressor = model.named_steps["learn"]
    if hasattr(regressor, "coef_"):
        parts = (wanted - ready.mean()) * regressor.coef_
        base = float(ready.mean() @ regressor.coef_ + regressor.intercept_)
        return parts, base
    import shap

    explainer = shap.TreeExplainer(regressor)
    parts = pd.DataFrame(explainer.shap_values(wanted.to_numpy()), asked.index, asked.columns)
    return parts, float(np.ravel(explainer.expected_value)[0])


def importance(model: Pipeline, features: pd.DataFrame) -> pd.Series:
    """How much each feature matters to the predictions: mean absolute contribution, summing to 1."""
    parts, _ = contributions(model, features, features)
    size = parts.abs().mean()
    return (size / size.sum() if size.sum() > 0 else size).sort_values(ascending=False, kind="stable")


def ale(model: Pipeline, features: pd.DataFrame, feature: str, bins: int = 20) -> pd.DataFrame:
    """First-order accumulated local effects of a feature (Apley and Zhu 2020): value, effect, n.

    Bins hold equal numbers of markets; in each, the prediction's change from its lower to its upper edge is averaged
    over the markets inside; effects are accumulated and centred to average zero over the markets. n: markets in the
    bin that ends at value. Unlike partial dependence it asks nothing of combinations that no market has.
    """
    known = features[features[feature].notna()]
    values = known[feature].to_numpy(dtype=float)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    if len(edges) < 2:
        return pd.DataFrame({"value": edges, "effect": np.zeros(len(edges)), "n": [len(values)] * len(edges)})
    inside = np.clip(np.searchsorted(edges, values, side="left"), 1, len(edges) - 1)
    lower = model.predict(known.assign(**{feature: edges[inside - 1]}))
    upper = model.predict(known.assign(**{feature: edges[inside]}))
    count = np.bincount(inside, minlength=len(edges))[1:]
    local = np.bincount(inside, upper - lower, minlength=len(edges))[1:] / np.maximum(count, 1)
    effect = np.r_[0.0, np.cumsum(local)]
    middle = (effect[:-1] + effect[1:]) / 2
    effect = effect - (middle * count).sum() / count.sum()
    return pd.DataFrame({"value": edges, "effect": effect, "n": np.r_[0, count]})


def analogues(
    model: Pipeline, features: pd.DataFrame, weights: pd.Series, iso3: str, among: pd.Index, n: int
) -> pd.Series:
    """The nearest real markets: distance over the standardised features, each weighted by its importance."""
    ready = learners.prepared(model, features)
    gaps = (ready - ready.loc[iso3]) ** 2 * weights.reindex(ready.columns)
    distance = np.sqrt(gaps.sum(axis=1)).rename("distance")
    return distance[distance.index.isin(among) & (distance.index != iso3)].sort_values(kind="stable").head(n)
