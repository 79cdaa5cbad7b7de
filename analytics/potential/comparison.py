"""Which learner explains most, against simpler rules, on markets, regions and years it has not seen?"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analytics.index.recipe import Recipe, Target
from analytics.potential import panel
from analytics.potential.over_time import lagged_rows, panel_model
from analytics.potential.panel import PotentialError

PARSIMONY = 0.005  # of R2: a simpler learner that comes this close to the best is preferred


@dataclass(frozen=True)
class Earlier:
    """The panel one horizon earlier, and today's features in the same columns."""

    features: pd.DataFrame
    outcome: pd.Series
    now: pd.DataFrame


def earlier(
    history: pd.DataFrame,
    target: Target,
    wanted: Sequence[panel.Measure],
    year: int,
    horizon: int,
    window: int,
    now: panel.Panel,
) -> Earlier | None:
    """What a model of `year` could have learnt from; None where the history does not reach back that far."""
    kept = [measure for measure in wanted if panel.key(measure) in now.features]
    try:
        then = panel.assemble(history, panel.outcome_of(history, target, year), kept, year - horizon, window)
    except PotentialError:
        return None
    columns = [column for column in now.features if column in then.features]
    return Earlier(then.training[columns], panel.to_scale(then.outcome, target.transform), now.training[columns])


def compare(
    now: panel.Panel,
    scaled: pd.Series,
    splits: "dict[str, list]",
    before: Earlier | None,
    groups: pd.DataFrame,
    seed: int,
) -> tuple[pd.DataFrame, pd.Series]:
    """R2 of every learner and of the income group's median under each way of splitting; absolute errors."""
    from analytics.potential import learners, validation

    baseline, income = "income group median", groups["income_group"]
    rows: dict[str, dict[str, object]] = {name: {"kind": "learner"} for name in learners.NAMES}
    rows[baseline] = {"kind": "baseline"}
    errors: dict[str, float] = {}
    for column, folds in splits.items():
        if not folds:
            continue
        predicted = validation.out_of_fold(learners.NAMES, now.training, scaled, folds, seed)
        predicted[baseline] = validation.group_median(scaled, income, folds)
        for name, row in rows.items():
            row[column] = validation.r2(scaled, predicted[name])
            errors[name] = float((scaled - predicted[name]).abs().mean())
    if before is not None:
        for name, later in _later(before, seed).items():
            rows[name]["r2_time_split"] = validation.r2(scaled, later)
        rows[baseline]["r2_time_split"] = validation.r2(scaled, _later_median(before, income))
    columns = ["kind", "r2_random", "r2_leave_region_out", "r2_time_split"]
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns).rename_axis("learner")
    table[columns[1:]] = table[columns[1:]].astype(float)
    return table, pd.Series(errors, dtype=float)


def _later(before: Earlier, seed: int) -> pd.DataFrame:
    """Today's outcome as predicted by what each learner learnt one horizon earlier."""
    from analytics.potential import learners

    preparation = learners.preparation()
    known, asked = preparation.fit_transform(before.features), preparation.transform(before.now)
    fitted = {name: learners.regressor(name, seed).fit(known, before.outcome) for name in learners.NAMES}
    return pd.DataFrame({name: model.predict(asked) for name, model in fitted.items()}, before.now.index)


def _later_median(before: Earlier, income: pd.Series) -> pd.Series:
    """The same by the median of the income group."""
    medians = before.outcome.groupby(income.reindex(before.outcome.index)).median()
    return income.reindex(before.now.index).map(medians).astype(float).fillna(before.outcome.median())


def last_value(history: pd.DataFrame, target: Target, year: int, scaled: pd.Series) -> pd.DataFrame | None:
    """What the market itself had by `year`, unchanged: hard to beat, and silent about potential."""
    from analytics.potential import validation

    table = panel.outcomes(history, target)
    earlier = table.loc[:, [column for column in table.columns if column <= year]]
    if earlier.empty:
        return None
    last = earlier.ffill(axis=1).iloc[:, -1].dropna()
    last = last[last > 0] if target.transform == "log" else last
    found = panel.to_scale(last, target.transform).reindex(scaled.index)
    score = validation.r2(scaled, found)
    row = {"kind": "baseline", "r2_random": score, "r2_leave_region_out": score, "r2_time_split": score}
    row["mae_log"] = float((scaled - found).abs().mean())
    return pd.DataFrame([row], index=pd.Index(["last value"], name="learner"))


def over_time(
    history: pd.DataFrame, recipe: Recipe, target: Target, year: int, horizon: int, scaled: pd.Series
) -> pd.DataFrame | None:
    """Fixed effects learnt up to one horizon earlier, predicting `year`, effects included.

    It needs each market's own past, so that no region can be left out.
    """
    from analytics.potential import validation

    try:
        outcome, rows = lagged_rows(history, recipe, target, year - horizon, horizon, also=year)
        past = rows.index.get_level_values("year") <= year - horizon
        found = panel_model(outcome, rows[past], year).predict(rows[~past]).droplevel("year")
    except PotentialError:
        return None
    found = found.reindex(scaled.index)
    row = {"kind": "panel", "r2_time_split": validation.r2(scaled, found)}
    row["mae_log"] = float((scaled - found).abs().mean())
    return pd.DataFrame([row], index=pd.Index(["fixed effects"], name="learner"))


def best(comparison: pd.DataFrame) -> str:
    """The learner that explains most leaving a region out; the simplest of those that come close."""
    scored = comparison[comparison["kind"] == "learner"]
    column = "r2_leave_region_out" if scored["r2_leave_region_out"].notna().any() else "r2_random"
    close = scored.index[scored[column] >= scored[column].max() - PARSIMONY]
    return str(close[0])
