"""Taming skewed indicators before normalising: winsorise a few values, else take logarithms. Every touch is logged."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

SKEW, KURTOSIS, MOST_WINSORISED = 2.0, 3.5, 5


@dataclass(frozen=True)
class Treatment:
    """values: the treated frame. log: one row a touched value (iso3, indicator, method, before, after)."""

    values: pd.DataFrame
    log: pd.DataFrame


def is_skewed(values: np.ndarray) -> bool:
    """|skewness| > 2 and kurtosis > 3.5: the usual signs of outliers (OECD/JRC Handbook 2008, step 3)."""
    known = values[~np.isnan(values)]
    if len(known) < 4 or np.ptp(known) == 0:
        return False
    return bool(abs(stats.skew(known, bias=False)) > SKEW and stats.kurtosis(known, bias=False) > KURTOSIS)


def treat(values: pd.DataFrame) -> Treatment:
    """Treat each skewed column of (markets, indicators): up to 5 values winsorised, else a signed logarithm.

    Order within a column never changes. NaN stays NaN. Not mutated.
    """
    treated, log = {}, []
    for column in values:
        before = values[column].to_numpy(dtype=float)
        after, method = _treat_column(before)
        treated[column] = after
        touched = np.flatnonzero((after != before) & ~np.isnan(before))
        log += [(values.index[i], column, method, before[i], after[i]) for i in touched]
    frame = pd.DataFrame(treated, index=values.index)
    return Treatment(frame, pd.DataFrame(log, columns=["iso3", "indicator", "method", "before", "after"]))


def _treat_column(before: np.ndarray) -> tuple[np.ndarray, str]:
    if not is_skewed(before):
        return before, ""
    for count in range(1, MOST_WINSORISED + 1):
        after = _winsorise(before, count)
        if not is_skewed(after):
            return after, "winsorised"
    return _signed_log(before), "logarithm"


def _winsorise(values: np.ndarray, count: int) -> np.ndarray:
    """The `count` values on the skewed side take the value of the next one in."""
    known = np.sort(values[~np.isnan(values)])
    if stats.skew(known) > 0:
        return np.minimum(values, known[-count - 1])
    return np.maximum(values, known[count])


def _signed_log(values: np.ndarray) -> np.ndarray:
    """sign(x) ln(1 + |x| / s), s the median absolute value: monotone, defined at zero and below, free of the unit."""
    known = np.abs(values[~np.isnan(values)])
    scale = np.median(known[known > 0])
    return np.sign(values) * np.log1p(np.abs(values) / scale)
