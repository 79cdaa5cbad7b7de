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
    target: Target,
    groups: pd.DataFrame,
    seed: int,
) -> tuple[pd.DataFrame, pd.Series]:
    """R2 of every learner and of the income group's median under each way of splitting; absolute errors."""
    from analytics.potential import learners, validation

    rows, errors = {}, {}
    income = groups["income_group"]
    for name in (*learners.NAMES, "income group median"):
        row: dict[str, object] = {"kind": "learner" if name in learners.NAMES else "baseline"}
        for column, folds in splits.items():
            if not folds:
                row[column] = None
                continue
            if name in learners.NAMES:
                found = validation.out_of_fold(learners.make(name, seed), now.training, scaled, folds)
            else:
                found = validation.group_median(scaled, income, folds)
            row[column] = validation.r2(scaled, found)
            errors[name] = float((scaled - found).abs().mean())
        if before is not None:
            row["r2_time_split"] = validation.r2(scaled, _later(name, before, income, seed))
        rows[name] = row
    columns = ["kind", "r2_random", "r2_leave_region_out", "r2_time_split"]
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns).rename_axis("learner")
    table[columns[1:]] = table[columns[1:]].astype(float)
    return table, pd.Series(errors, dtype=float)


def _later(name: str, before: Earlier, income: pd.Series, seed: int) -> pd.Series:
    """Today's outcome as predicted by what was learnt one horizon earlier."""
    from analytics.potential import learners

    if name in learners.NAMES:
        model = learners.make(name, seed).fit(before.features, before.outcome)
        return pd.Series(model.predict(before.now), before.now.index)
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
