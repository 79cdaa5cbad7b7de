"""What a market's figures did before: their range, their standard deviation and their yearly changes."""

import numpy as np
import pandas as pd

from analytics.scales import RECORD_YEARS
from analytics.scenario import propagation

MIN_FIGURES = 5
"""Own figures below which the median of the other markets stands in for a standard deviation."""


def is_amount(code: str) -> bool:
    """Does the indicator move in proportion (an amount, a count), not in points (a share, an index, a rate)?"""
    return propagation.scale_of(code) == "log"


def record(history: pd.DataFrame, year: int, years: int = RECORD_YEARS) -> pd.DataFrame:
    """The last `years` years by `year`: low, high, sd, n, own; indexed by (iso3, indicator), in the indicator's unit.

    sd: of the values (n - 1). own: False where fewer than 5 figures are known, and sd is the indicator's median over
    the other markets (relative to the level for amounts).
    """
    rows = history[history["year"].between(year - years + 1, year)]
    table = rows.groupby(["iso3", "indicator"])["value"].agg(["min", "max", "std", "count", "last"])
    table.columns = ["low", "high", "sd", "n", "last"]
    table["own"] = table["n"] >= MIN_FIGURES
    codes = table.index.get_level_values("indicator")
    level = np.where([is_amount(code) for code in codes], table["last"].abs(), 1.0)
    usual = (table["sd"] / np.where(level > 0, level, np.nan)).where(table["own"]).groupby(codes).transform("median")
    table["sd"] = table["sd"].where(table["own"], usual * level)
    return table[["low", "high", "sd", "n", "own"]]


def changes(history: pd.DataFrame, code: str, year: int, years: int = RECORD_YEARS) -> pd.DataFrame:
    """(changes,) yearly changes of an indicator: iso3, change; ratios for amounts, else differences.

    Only changes between consecutive years count.
    """
    rows = history[(history["indicator"] == code) & history["year"].between(year - years, year)]
    wide = rows.pivot_table(index="year", columns="iso3", values="value", aggfunc="last")
    wide = wide.reindex(range(int(wide.index.min()), int(wide.index.max()) + 1)) if len(wide) else wide
    before = wide.shift()
    moved = wide / before.where(before > 0) if is_amount(code) else wide - before
    moved = moved.where(np.isfinite(moved)).melt(value_name="change").dropna()
    return moved[["iso3", "change"]].reset_index(drop=True)
