"""Taming skewed indicators before normalising: winsorise a few values, else take logarithms. Every touch is logged."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

SKEW, KURTOSIS, MAX_WINSORISED = 2.0, 3.5, 5


@dataclass(frozen=True)
class Treatment:
    """values: the treated frame. touched: of each touched value its market, indicator, method, before and after.

    scales: indicator -> s of its logarithm, for the indicators that became one.
    """

    values: pd.DataFrame
    touched: tuple[tuple[str, str, str, float, float], ...]
    scales: dict[str, float]

    @property
    def log(self) -> pd.DataFrame:
        """One row a touched value: iso3, indicator, method, before, after."""
        return pd.DataFrame(self.touched, columns=["iso3", "indicator", "method", "before", "after"])

    def convert(self, indicator: str, value: float) -> float:
        """A value of the indicator's unit (a goalpost, a target) on the treated scale."""
        if indicator not in self.scales:
            return value
        return float(signed_log(np.array([value]), self.scales[indicator])[0])


def is_skewed(values: np.ndarray) -> bool:
    """|skewness| > 2 and kurtosis > 3.5: the usual signs of outliers (OECD/JRC Handbook 2008, step 3).

    The adjusted sample G1 and G2 (Joanes and Gill 1998). False for fewer than 4 values or where all are equal.
    """
    known = values[~np.isnan(values)]
    count = len(known)
    if count < 4 or np.ptp(known) == 0:
        return False
    off = known - known.mean()
    square = (off * off).mean()
    if square <= (np.finfo(float).eps * known.mean()) ** 2:  # differences that are rounding only
        return False
    skewness = _third(off) / square**1.5 * np.sqrt(count * (count - 1)) / (count - 2)
    excess = (off**2 @ off**2) / count / square**2 - 3
    kurtosis = (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * excess + 6)
    return bool(abs(skewness) > SKEW and kurtosis > KURTOSIS)


def _third(off: np.ndarray) -> float:
    """Mean cube of deviations from the mean: positive where the long tail is above."""
    return float((off * off) @ off) / len(off)


def treat(values: pd.DataFrame, method: str = "skew") -> Treatment:
    """Treat each skewed column of (markets, indicators): up to 5 values winsorised, else a signed logarithm.

    method: skew as said; log takes the logarithm at once; none leaves all as it is. Order within a column never
    changes. NaN stays NaN. Not mutated.
    """
    treated, log, scales, names = {}, [], {}, values.index.to_numpy()
    for column in values:
        before = values[column].to_numpy(dtype=float)
        after, how = (before, "") if method == "none" else _treat_column(before, method)
        treated[column] = after
        if how == "logarithm":
            scales[column] = _scale(before)
        touched = np.flatnonzero((after != before) & ~np.isnan(before))
        log += [(names[i], column, how, before[i], after[i]) for i in touched]
    frame = pd.DataFrame(treated, index=values.index)
    return Treatment(frame, tuple(log), scales)


def _treat_column(before: np.ndarray, method: str) -> tuple[np.ndarray, str]:
    if not is_skewed(before):
        return before, ""
    for count in range(1, MAX_WINSORISED + 1 if method == "skew" else 1):
        after = _winsorise(before, count)
        if not is_skewed(after):
            return after, "winsorised"
    return signed_log(before, _scale(before)), "logarithm"


def _winsorise(values: np.ndarray, count: int) -> np.ndarray:
    """The `count` values on the skewed side take the value of the next one in."""
    known = np.sort(values[~np.isnan(values)])
    if _third(known - known.mean()) > 0:
        return np.minimum(values, known[-count - 1])
    return np.maximum(values, known[count])


def signed_log(values: np.ndarray, scale: float) -> np.ndarray:
    """sign(x) ln(1 + |x| / s): monotone, defined at zero and below, free of the unit where s is in the same unit."""
    return np.sign(values) * np.log1p(np.abs(values) / scale)


def _scale(values: np.ndarray) -> float:
    """The median absolute value of those that are not zero."""
    known = np.abs(values[~np.isnan(values)])
    return float(np.median(known[known > 0]))
