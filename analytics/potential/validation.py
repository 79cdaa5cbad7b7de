"""How wrong is it, honestly? Folds that leave a region or the future out, naive baselines, measured coverage."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from mapie.regression import CrossConformalRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut
from sklearn.pipeline import Pipeline

from analytics.potential import learners

CONFIDENCE = 0.9
FOLDS = 5
MIN_GROUP = 5

Splits = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Check:
    """One check of a fit. name: a key; verdict: PASS, REVIEW or FAIL; figure: what was measured; advice: a sentence."""

    name: str
    title: str
    verdict: str
    figure: float
    advice: str


def random_splits(count: int, seed: int, folds: int = FOLDS) -> Splits:
    return list(KFold(folds, shuffle=True, random_state=seed).split(np.arange(count)))


def region_splits(regions: pd.Series) -> Splits:
    """One fold a region; regions with fewer than five markets are left out together."""
    labels = regions.fillna("unknown")
    small = labels.map(labels.value_counts()) < MIN_GROUP
    labels = labels.where(~small, "others")
    if labels.nunique() < 2:
        return []
    return list(LeaveOneGroupOut().split(np.arange(len(labels)), groups=labels))


def out_of_fold(
    names: Sequence[str], features: pd.DataFrame, outcome: pd.Series, splits: Splits, seed: int
) -> pd.DataFrame:
    """Prediction of each market, a column a learner, by models that never saw its fold; a fold is prepared once."""
    predicted = pd.DataFrame(np.nan, features.index, list(names))
    for train, test in splits:
        preparation = learners.preparation()
        known = preparation.fit_transform(features.iloc[train])
        asked = preparation.transform(features.iloc[test])
        for place, name in enumerate(names):
            fitted = learners.regressor(name, seed).fit(known, outcome.iloc[train])
            predicted.iloc[test, place] = fitted.predict(asked)
    return predicted


def r2(actual: pd.Series, predicted: pd.Series) -> float | None:
    """1 - squared errors over squared deviations from the mean, on the pairs that are known. None for fewer than 3."""
    pairs = pd.DataFrame({"actual": actual, "predicted": predicted}).dropna()
    spread = ((pairs["actual"] - pairs["actual"].mean()) ** 2).sum()
    if len(pairs) < 3 or not spread > 0:
        return None
    return float(1 - ((pairs["actual"] - pairs["predicted"]) ** 2).sum() / spread)


def group_median(outcome: pd.Series, groups: pd.Series, splits: Splits) -> pd.Series:
    """The naive guess: the median of the market's income group in the training rows, of all where it has none."""
    found = pd.Series(np.nan, outcome.index)
    labels = groups.reindex(outcome.index)
    for train, test in splits:
        known = outcome.iloc[train]
        medians = known.groupby(labels.iloc[train]).median()
        found.iloc[test] = labels.iloc[test].map(medians).astype(float).fillna(known.median()).to_numpy()
    return found


def conformal(
    model: Pipeline, features: pd.DataFrame, outcome: pd.Series, asked: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Prediction and 90 % interval for markets not trained on: CV+ (Barber, Candes, Ramdas and Tibshirani 2021).

    Holds on average over markets exchangeable with the training ones; it is measured elsewhere whether it does.
    """
    slow = hasattr(model.named_steps["learn"], "n_estimators")  # a forest
    folds = KFold(FOLDS if slow else 2 * FOLDS, shuffle=True, random_state=seed)
    machine = CrossConformalRegressor(model, confidence_level=CONFIDENCE, method="plus", cv=folds)
    machine.fit_conformalize(features, outcome.to_numpy())
    predicted, bounds = machine.predict_interval(asked)
    low, high = bounds[:, 0, 0], bounds[:, 1, 0]
    return pd.DataFrame(
        {"predicted": predicted, "low": np.minimum(low, predicted), "high": np.maximum(high, predicted)}, asked.index
    )


def cross_conformal(
    model: Pipeline, features: pd.DataFrame, outcome: pd.Series, splits: Splits, seed: int
) -> pd.DataFrame:
    """Prediction and interval of each market, both from markets outside its fold only."""
    parts = [
        conformal(model, features.iloc[train], outcome.iloc[train], features.iloc[test], seed) for train, test in splits
    ]
    return pd.concat(parts).loc[features.index]


def covered(actual: pd.Series, intervals: pd.DataFrame) -> pd.Series:
    actual = actual.reindex(intervals.index)
    return (actual >= intervals["low"]) & (actual <= intervals["high"])


def coverage_by(inside: pd.Series, groups: pd.DataFrame) -> pd.DataFrame:
    """Share of markets within their interval: kind (column of groups), group, n, coverage; the worst first."""
    rows = []
    for kind in groups.columns:
        labels = groups[kind].reindex(inside.index)
        for group, members in inside.groupby(labels):
            rows.append((kind, group, len(members), float(members.mean())))
    table = pd.DataFrame(rows, columns=["kind", "group", "n", "coverage"])
    return table.sort_values(["kind", "coverage", "n"], kind="stable", ignore_index=True)


def shift(trained: pd.DataFrame, asked: pd.DataFrame, seed: int) -> float | None:
    """Can a classifier tell the markets asked about from those trained on? Area under its ROC curve, out of fold.

    0.5: no, they are alike (exchangeable); 1: always. A market in both stays in one fold. None for fewer than 8 each.
    """
    if min(len(trained), len(asked)) < 8:
        return None
    both = pd.concat([trained, asked])
    label = np.r_[np.zeros(len(trained)), np.ones(len(asked))]
    model = learners.make("least squares")
    model.steps[-1] = ("learn", LogisticRegression(C=0.1, max_iter=500, class_weight="balanced"))
    chance = np.full(len(both), np.nan)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(both, groups=both.index):
        if len(set(label[train])) == 2:
            chance[test] = model.fit(both.iloc[train], label[train]).predict_proba(both.iloc[test])[:, 1]
    known = np.isfinite(chance)
    if len(set(label[known])) < 2:
        return None
    return float(roc_auc_score(label[known], chance[known]))


ADVICE: dict[str, tuple[str, str, str, str]] = {
    "markets per feature": (
        "Markets per feature",
        "There are enough markets for this many features.",
        "Few markets for so many features: prefer ridge, or choose fewer features.",
        "Too few markets for so many features: choose fewer features before using the estimates.",
    ),
    "region left out": (
        "R² leaving a region out",
        "The model carries over to regions it never saw.",
        "It carries over to unseen regions only in part: use the intervals, not the point.",
        "It does not carry over to unseen regions: do not use it for a region without markets of its own.",
    ),
    "against naive": (
        "R² above the income-group median, leaving a region out",
        "The features say more than the income group alone.",
        "The features add little to the income group: the simple median serves almost as well.",
        "The income group's median does as well or better: use that.",
    ),
    "growth": (
        "R² of growth over the horizon",
        "Part of the growth is predictable too.",
        "Levels are explained, growth is not: read the gap as distance from similar markets, not as a forecast.",
        "Growth is not predictable: read the gap as distance from similar markets, not as a forecast.",
    ),
    "coverage": (
        "Coverage of the 90 % intervals",
        "The intervals held as promised on outcomes the model had not seen.",
        "The intervals held somewhat more or less often than promised: read them as a little wider or narrower.",
        "The intervals did not hold: do not rely on them.",
    ),
    "worst group": (
        "Coverage in the worst region or income group",
        "The intervals hold in every region and income group with enough countries to judge.",
        "In at least one group the intervals hold less often: look at the table before deciding there.",
        "In at least one group the intervals fail often: do not rely on them there.",
    ),
    "drift": (
        "Shift between earlier and later features",
        "Markets look much as they did at the time of training: the intervals' assumption is fair.",
        "Markets have moved since: expect the time-split error rather than the random one.",
        "Markets look quite different from the time of training: rely on the time-split error only.",
    ),
    "shift": (
        "Shift between markets with and without an outcome",
        "Markets without an outcome look like those with one: the intervals' assumption is fair.",
        "Markets without an outcome differ from those with one: treat their intervals as too narrow.",
        "Markets without an outcome are of another kind: predictions for them are extrapolation.",
    ),
    "imputed": (
        "Share of imputed figures",
        "Nearly all figures are reported.",
        "Many of the figures are imputed: check a market's own share before relying on it.",
        "Much is imputed: import more data or choose better known features.",
    ),
    "vif": (
        "Largest variance inflation factor",
        "Features overlap little: single coefficients can be read.",
        "Features overlap: read single coefficients with care.",
        "Features overlap strongly: predictions stand, single coefficients do not; drop one of those above 10.",
    ),
    "breusch-pagan": (
        "Breusch-Pagan p (equal variances)",
        "No sign of unequal variances.",
        "Variances differ between markets: the standard errors shown (HC3) allow for it.",
        "Variances differ strongly between markets: the standard errors shown (HC3) allow for it, intervals may not.",
    ),
    "reset": (
        "RESET p (form)",
        "No sign that a curve is missing.",
        "The straight-line form may miss a curve: compare with the forest and its curves.",
        "The straight-line form misses a curve: prefer the forest or boosting for predictions if they score better.",
    ),
    "influence": (
        "Largest change of the leading coefficient without one market",
        "No single market carries the result.",
        "One market moves the leading coefficient noticeably: see the table of influence.",
        "One market carries the leading coefficient: judge the result without it.",
    ),
}


def check(name: str, figure: float | None, good: float, fair: float) -> tuple[Check, ...]:
    """One check, or none where nothing could be measured. Above good passes, above fair is for review.

    good < fair means that less is better.
    """
    if figure is None or not np.isfinite(figure):
        return ()
    sign = 1 if good > fair else -1
    grade = 0 if sign * figure >= sign * good else 1 if sign * figure >= sign * fair else 2
    title, *advice = ADVICE[name]
    return (Check(name, title, ("PASS", "REVIEW", "FAIL")[grade], float(figure), advice[grade]),)


def check_coverage(figure: float | None, count: int) -> tuple[Check, ...]:
    """90 % promised: 87-93 % passes, 80-97 % is for review."""
    if figure is None or not count:
        return ()
    grade = 0 if 0.87 <= figure <= 0.93 else 1 if 0.80 <= figure <= 0.97 else 2
    title, *advice = ADVICE["coverage"]
    return (Check("coverage", title, ("PASS", "REVIEW", "FAIL")[grade], float(figure), advice[grade]),)


def worst_coverage(table: pd.DataFrame, kinds: Sequence[str] = ("region", "income_group")) -> float | None:
    """The lowest coverage among groups of at least five markets."""
    large = table[(table["n"] >= MIN_GROUP) & table["kind"].isin(kinds)]
    return float(large["coverage"].min()) if len(large) else None


def weak_groups(
    table: pd.DataFrame, good: float = 0.87, kinds: Sequence[str] = ("region", "income_group")
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Groups in which the intervals hold less often than `good`, and groups too small to be judged; the worst first.

    table: as `coverage_by` gives; columns kind, group, n, coverage.
    """
    here = table[table["kind"].isin(kinds)].sort_values("coverage", kind="stable")
    large = here["n"] >= MIN_GROUP
    return here[large & (here["coverage"] < good)], here[~large]
