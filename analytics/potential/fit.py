"""How much larger could a market be? What similar markets have, against what it has, with an interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics.index.recipe import Recipe, Target
from analytics.potential import panel
from analytics.potential.comparison import Earlier, best, compare, earlier, last_value, over_time
from analytics.potential.panel import PotentialError, default_year, own_outcome

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from analytics.potential.validation import Check

__all__ = ["PotentialError", "PotentialFit", "default_year", "fit", "history_codes", "own_outcome"]

# scikit-learn, statsmodels, MAPIE and shap take seconds to load: the functions below import what uses them.
BEST = "best"
OWN_TITLE = "Your own outcome"
MIN_EXPLAINED = 0.5
"""R2 below which a model names no markets with potential."""


@dataclass(frozen=True)
class PotentialFit:
    """An estimate of what each market could be, and how far to trust it.

    estimates: by iso3; actual, predicted (by a model that did not see the market), low, high (90 %), untapped
    (predicted - actual), untapped_low, untapped_high, in outcome_unit; untapped_usd (times the population, NaN where
    the outcome is no amount per person); imputed_share (of its features); trained (has an outcome). Without an outcome
    actual and untapped are NaN, except that all of one's own outcome is untapped in markets not entered. comparison: by
    learner or baseline; kind, r2_random, r2_leave_region_out, r2_time_split, mae_log (absolute error leaving a region
    out, on the model's scale; of the time split where there is no other). r2_growth: R2 of the growth over the horizon,
    leaving a region out. NaN where it could not be measured. coverage_90, coverage_by: of the time split (coverage_from
    "time split"), or of random folds where the history is too short ("random folds"). coverage_by: kind, group, n,
    coverage. coefficients, influence: of least squares (regression.LeastSquares), coefficients with `logged`: the
    estimate is then an elasticity where outcome is logged. importance: mean share of each feature in the predictions.
    left_out: features, with the reason. sparse: markets with an outcome that too little else is known of. titles:
    feature -> title. features: (markets, features) as used.
    """

    recipe: Recipe
    outcome_title: str
    outcome_unit: str
    transform: str
    year: int
    horizon: int
    learner: str
    n: int
    estimates: pd.DataFrame
    comparison: pd.DataFrame
    r2_growth: float | None
    coverage_90: float
    coverage_from: str
    coverage_by: pd.DataFrame
    checks: "tuple[Check, ...]"
    coefficients: pd.DataFrame
    influence: pd.DataFrame
    importance: pd.Series
    titles: pd.Series
    left_out: pd.DataFrame
    sparse: tuple[str, ...]
    features: pd.DataFrame
    model: "Pipeline"

    @property
    def verdict(self) -> str:
        """The worst verdict of the checks on predictions; those on single coefficients do not count."""
        of_predictions = {check.verdict for check in self.checks if check.name not in _OF_COEFFICIENTS}
        return next((verdict for verdict in ("FAIL", "REVIEW") if verdict in of_predictions), "PASS")

    @cached_property
    def explained(self) -> float:
        """R2 in regions the model has not seen; of later years where that could not be measured; else NaN."""
        row = self.comparison.loc[self.learner]
        return float(row["r2_leave_region_out"] if pd.notna(row["r2_leave_region_out"]) else row["r2_time_split"])

    @cached_property
    def untapped(self) -> pd.DataFrame:
        """amount, low, high by iso3, the largest first: in US$ of the whole market where there is such an amount."""
        names = {"untapped": "amount", "untapped_low": "low", "untapped_high": "high"}
        gaps = self.estimates[list(names)].rename(columns=names)
        if self.estimates["untapped_usd"].notna().any():
            people = self.estimates["untapped_usd"] / gaps["amount"].where(gaps["amount"] != 0)
            gaps = gaps.mul(people, axis=0)
        return gaps.sort_values("amount", ascending=False, na_position="last", kind="stable")

    def clear_gaps(self, among: pd.Index) -> pd.DataFrame:
        """`untapped` of the markets whose whole interval lies above zero; none where too little is explained to say."""
        if not self.explained >= MIN_EXPLAINED:
            return self.untapped.iloc[:0]
        here = self.untapped.loc[lambda gaps: gaps.index.isin(among)]
        return here[here["low"] > 0]

    @property
    def _training(self) -> pd.DataFrame:
        return self.features[self.estimates["trained"]]

    def reasons(self, iso3: str) -> pd.DataFrame:
        """What each feature of a market is associated with: title, value (NaN: imputed), contribution; largest first.

        Contributions are on the model's scale (log points for amounts), against the average market. They sum to the
        prediction of the model trained on every market, which `predicted` is not.
        """
        from analytics.potential import explain

        parts, _ = explain.contributions(self.model, self._training, self._row(iso3))
        table = pd.DataFrame(
            {"title": self.titles, "value": self.features.loc[iso3], "contribution": parts.loc[iso3]}
        ).rename_axis("feature")
        return table.sort_values("contribution", key=np.abs, ascending=False, kind="stable")

    def ale(self, feature: str) -> pd.DataFrame:
        """How the prediction goes with one feature, others as they are: value, effect (model's scale), n."""
        from analytics.potential import explain

        return explain.ale(self.model, self._training, feature)

    def analogues(self, iso3: str, n: int = 5) -> pd.DataFrame:
        """The most similar markets with an outcome: distance, actual, predicted; the nearest first."""
        from analytics.potential import explain

        self._row(iso3)
        among = self.estimates.index[self.estimates["actual"].notna()]
        found = explain.analogues(self.model, self.features, self.importance, iso3, among, n)
        return found.to_frame().join(self.estimates[["actual", "predicted"]])

    def _row(self, iso3: str) -> pd.DataFrame:
        if iso3 not in self.features.index:
            raise PotentialError(
                "Too little is known of {market} to estimate it. Choose another market or import data.", market=iso3
            )
        return self.features.loc[[iso3]]


_OF_COEFFICIENTS = ("vif", "breusch-pagan", "reset", "influence")


def history_codes(recipe: Recipe) -> tuple[str, ...]:
    """The indicators whose histories `fit` needs: the outcome's, the features' and the population."""
    wanted = (panel.target_of(recipe).measure, *panel.measures(recipe, own=True))
    codes = [code for measure in wanted for code in measure.codes]
    return tuple(dict.fromkeys([*codes, panel.POPULATION]))


def _on_one_thread(function: Callable[..., PotentialFit]) -> Callable[..., PotentialFit]:
    """The matrices are small: more threads only wait for each other on a busy machine."""

    @wraps(function)
    def limited(*arguments: Any, **named: Any) -> PotentialFit:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            return function(*arguments, **named)

    return limited


@_on_one_thread
def fit(
    history: pd.DataFrame,
    recipe: Recipe,
    year: int,
    groups: pd.DataFrame,
    horizon: int = 5,
    learner: str = BEST,
    seed: int = 0,
    own_outcome: pd.Series | None = None,
    features: Sequence[str] | None = None,
) -> PotentialFit:
    """Estimate every market's outcome in `year` from what was known `horizon` years earlier.

    history: iso3, indicator, year, value (as `store.series` gives for `history_codes`). groups: region and income_group
    by iso3. learner: one of learners.NAMES, or "best": the one with the highest R2 leaving a region out, a simpler one
    if it comes within 0.005. own_outcome: the reader's, by iso3 (`panel.own_outcome` checks it); the model then learns
    from these markets and predicts the others. features: codes instead of the recipe's list. Raises PotentialError when
    the data do not allow it.
    """
    from analytics.potential import explain, learners, validation

    if learner != BEST and learner not in learners.NAMES:
        raise PotentialError(
            "There is no learner {learner}. Choose {best} or {learners}.",
            learner=repr(learner),
            best=BEST,
            learners=", ".join(learners.NAMES),
        )
    if not 1 <= horizon <= 30:
        raise PotentialError("A horizon of {horizon} years cannot be used; choose 1 to 30.", horizon=horizon)
    own = own_outcome is not None
    target = _target(recipe, own)
    if own:
        panel.refuse_untransformable(own_outcome, target.transform, target.title)
        outcome = own_outcome.astype(float).rename("actual")
    else:
        outcome = panel.outcome_of(history, target, year)
    wanted = panel.measures(recipe, own) if features is None else panel.chosen_measures(recipe, features, own)
    now = panel.assemble(history, outcome, wanted, year - horizon, recipe.window, strict=features is not None)
    scaled = panel.to_scale(now.outcome, target.transform)
    regions = groups["region"].reindex(scaled.index)
    splits = {
        "r2_random": validation.random_splits(len(scaled), seed),
        "r2_leave_region_out": validation.region_splits(regions),
    }
    before = None if own else earlier(history, target, wanted, year - horizon, horizon, recipe.window, now)

    comparison, errors = compare(now, scaled, splits, before, groups, seed)
    if not own:
        extra = [
            last_value(history, target, year - horizon, scaled),
            over_time(history, recipe, target, year, horizon, scaled),
        ]
        comparison = pd.concat([comparison, *(row for row in extra if row is not None)])
    chosen = best(comparison) if learner == BEST else learner
    model = learners.make(chosen, seed).fit(now.training, scaled)
    intervals = _intervals(chosen, now, scaled, splits["r2_random"], seed)
    inside, coverage_from, drift = _coverage(chosen, now, scaled, before, intervals, target, seed)
    by = validation.coverage_by(inside, groups[["region", "income_group"]])
    growth = _growth(chosen, scaled, history, target, year - horizon, now, regions, seed) if not own else None
    diagnostics, checks = _diagnose(now, scaled)

    imputed = now.features.isna().mean(axis=1)
    others = now.features.drop(index=now.outcome.index)
    row, naive = comparison.loc[chosen], comparison.loc["income group median"]
    checks = (
        *validation.check("markets per feature", len(scaled) / now.features.shape[1], 8, 4),
        *validation.check("region left out", row["r2_leave_region_out"], 0.75, 0.5),
        *validation.check("against naive", row["r2_leave_region_out"] - naive["r2_leave_region_out"], 0.1, 0.02),
        *validation.check("growth", growth, 0.3, -np.inf),
        *validation.check_coverage(float(inside.mean()), len(inside)),
        *validation.check("worst group", validation.worst_coverage(by), 0.87, 0.75),
        *validation.check("drift", drift, 0.7, 0.9),
        *validation.check("shift", validation.shift(now.training, others, seed), 0.7, 0.9),
        *validation.check("imputed", float(now.training.isna().mean().mean()), 0.1, 0.25),
        *checks,
    )
    return PotentialFit(
        recipe=recipe,
        outcome_title=target.title,
        outcome_unit=target.unit,
        transform=target.transform,
        year=year,
        horizon=horizon,
        learner=chosen,
        n=len(scaled),
        estimates=_estimates(now, intervals, target, imputed, history, year, own),
        comparison=comparison.assign(mae_log=errors.reindex(comparison.index).fillna(comparison.get("mae_log"))),
        r2_growth=growth,
        coverage_90=float(inside.mean()),
        coverage_from=coverage_from,
        coverage_by=by,
        checks=checks,
        coefficients=diagnostics.coefficients.assign(
            title=now.names, logged=learners.logged(model, now.features).reindex(diagnostics.coefficients.index)
        ),
        influence=diagnostics.influence,
        importance=explain.importance(model, now.training),
        titles=now.names,
        left_out=now.left_out,
        sparse=now.sparse,
        features=now.features,
        model=model,
    )


def _target(recipe: Recipe, own: bool) -> Target:
    target = panel.target_of(recipe)
    return Target(target.measure, OWN_TITLE, "as given") if own else target


def _intervals(chosen: str, now: panel.Panel, scaled: pd.Series, splits: list, seed: int) -> pd.DataFrame:
    """Prediction and interval on the model's scale: of trained markets by models that did not see them."""
    from analytics.potential import learners, validation

    model = learners.make(chosen, seed)
    found = validation.cross_conformal(model, now.training, scaled, splits, seed)
    others = now.features.drop(index=scaled.index)
    if others.empty:
        return found
    return pd.concat([found, validation.conformal(model, now.training, scaled, others, seed)])


def _coverage(
    chosen: str,
    now: panel.Panel,
    scaled: pd.Series,
    before: Earlier | None,
    intervals: pd.DataFrame,
    target: Target,
    seed: int,
) -> tuple[pd.Series, str, float | None]:
    """Which markets lie within their interval, how that was measured, and how far the features drifted."""
    from analytics.potential import learners, validation

    if before is None:
        return validation.covered(scaled, intervals.loc[scaled.index]), "random folds", None
    later = validation.conformal(learners.make(chosen, seed), before.features, before.outcome, before.now, seed)
    drift = validation.shift(before.features, before.now, seed)
    return validation.covered(scaled, later), "time split", drift


def _growth(
    chosen: str,
    scaled: pd.Series,
    history: pd.DataFrame,
    target: Target,
    year: int,
    now: panel.Panel,
    regions: pd.Series,
    seed: int,
) -> float | None:
    """R2 of the outcome's growth since `year`, leaving a region out."""
    from analytics.potential import validation

    try:
        then = panel.to_scale(panel.outcome_of(history, target, year), target.transform)
    except PotentialError:
        return None
    growth = (scaled - then.reindex(scaled.index)).dropna()
    splits = validation.region_splits(regions.reindex(growth.index))
    if not splits or len(growth) < now.features.shape[1] + 2:
        return None
    predicted = validation.out_of_fold([chosen], now.features.loc[growth.index], growth, splits, seed)
    return validation.r2(growth, predicted[chosen])


def _diagnose(now: panel.Panel, scaled: pd.Series) -> tuple:
    """Least squares on the prepared features, in their own (or logged) units, and its checks."""
    from analytics.potential import learners, regression, validation

    model = learners.make("least squares").fit(now.training, scaled)
    ready = learners.prepared(model, now.training)
    scale = model.named_steps["scale"]
    found = regression.least_squares(ready * scale.scale_ + scale.mean_, scaled)
    return found, (
        *validation.check("vif", float(found.coefficients["vif"].max()), 5, 10),
        *validation.check("breusch-pagan", found.breusch_pagan_p, 0.05, 0.001),
        *validation.check("reset", found.reset_p, 0.05, 0.001),
        *validation.check("influence", float(found.influence["change"].abs().max()), 0.1, 0.25),
    )


def _estimates(
    now: panel.Panel,
    intervals: pd.DataFrame,
    target: Target,
    imputed: pd.Series,
    history: pd.DataFrame,
    year: int,
    own: bool,
) -> pd.DataFrame:
    bounds = {column: panel.from_scale(intervals[column], target.transform) for column in ("predicted", "low", "high")}
    table = pd.DataFrame({"actual": now.outcome.reindex(intervals.index), **bounds}, intervals.index)
    has = table["actual"].fillna(0.0) if own else table["actual"]
    for column, of in (("untapped", "predicted"), ("untapped_low", "low"), ("untapped_high", "high")):
        table[column] = table[of] - has
    population = panel.latest(history, [panel.Measure(panel.POPULATION)], year, 8).get(panel.POPULATION)
    amount = target.per_person and population is not None
    table["untapped_usd"] = table["untapped"] * population.reindex(table.index) if amount else np.nan
    table["imputed_share"] = imputed.reindex(table.index)
    table["trained"] = table.index.isin(now.outcome.index)
    return table.reindex(now.features.index)
