"""Markets compared with themselves over the years: what moves with the outcome where all else stays."""

from typing import TYPE_CHECKING

import pandas as pd

from analytics.index.measure import compute
from analytics.index.recipe import Recipe, Target
from analytics.potential import panel
from analytics.potential.panel import PotentialError
from analytics.scales import MIN_ROWS

if TYPE_CHECKING:
    from analytics.potential.regression import FixedEffects

PANEL_YEARS = 10


def elasticities(history: pd.DataFrame, recipe: Recipe, year: int, horizon: int = 5) -> "FixedEffects":
    """Each market compared with itself over ten years: features `horizon` years earlier, market and year effects.

    Features that are nowhere negative and skewed are logged, as the outcome is where it is an amount. Only
    features with a figure of their own for 70 % of the markets and years are used. Raises PotentialError when none is.
    """
    outcome, rows = lagged_rows(history, recipe, panel.target_of(recipe), year, horizon)
    return panel_model(outcome, rows, year)


def panel_model(outcome: pd.Series, rows: pd.DataFrame, year: int) -> "FixedEffects":
    """Fixed effects of markets and years on lagged rows. Raises PotentialError where too few have a history."""
    from analytics.potential import regression

    complete = rows.join(outcome.rename("outcome"), how="inner").dropna()
    years = complete.index.get_level_values("year")
    if rows.shape[1] == 0 or len(complete) < MIN_ROWS or years.nunique() < 3:
        raise PotentialError(
            "Too few features have a yearly history before {year} to follow markets over time. Fetch more years with "
            "`make refresh`, or import a file that holds them: python -m data import FILE",
            year=year,
        )
    return regression.fixed_effects(rows, outcome)


def lagged_rows(
    history: pd.DataFrame, recipe: Recipe, target: Target, year: int, horizon: int, also: int | None = None
) -> tuple[pd.Series, pd.DataFrame]:
    """Outcome and lagged features by (iso3, year) over ten years, on the scale they are modelled on.

    also: a later year whose features are wanted too; it has no say in which are used or logged.
    """
    from analytics.potential import learners

    table = panel.outcomes(history, target)
    outcome = table[[c for c in table.columns if year - PANEL_YEARS < c <= year]].stack()
    outcome = panel.to_scale(outcome[outcome > 0] if target.transform == "log" else outcome, target.transform)
    wanted = panel.measures(recipe)
    rows = history[history["indicator"].isin({code for measure in wanted for code in measure.codes})]
    rows = rows.assign(year=rows["year"] + horizon)
    figures = rows.pivot_table(index=["iso3", "year"], columns="indicator", values="value", aggfunc="last")
    every = pd.DataFrame({panel.key(measure): compute(figures, measure) for measure in wanted})
    past = every.reindex(outcome.index)
    kept = past.columns[(past.notna().mean() >= 0.7) & (past.nunique() > 1)]
    asked = outcome.index
    if also is not None:
        asked = asked.append(every.index[every.index.get_level_values("year") == also])
    if not len(kept):
        return outcome, pd.DataFrame(index=asked)
    logs = learners.LogSkewed().fit(past[kept])
    return outcome, pd.DataFrame(logs.transform(every.reindex(asked)[kept]), asked, kept)
