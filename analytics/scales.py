"""Scales that figures are modelled on, what the catalog lets them be, and the thresholds that several methods share."""

import numpy as np
import pandas as pd
from scipy import special

from data import catalog

MILLION = 1e6
LOW, HIGH = 0.05, 0.95
"""Ends of every interval of 90 %."""
Z90 = float(special.ndtri(HIGH))
"""Standard normal quantile of HIGH: half of an interval of 90 %."""
RECORD_YEARS = 15
"""Years of history that count for how a figure moves."""
MIN_MARKETS = 12
"""Markets below which nothing is said of how figures go together."""
MIN_ROWS = 50
"""Markets and years below which none are followed over time."""
MIN_POINT = 0.5
"""Of a percentage, so that shares of 0 and 100 have a logit."""


def bounds(code: str) -> tuple[float, float]:
    """What the catalog allows the indicator to be; infinite where it says nothing."""
    known = catalog.load().get(code)
    low = -np.inf if known is None or known.minimum is None else known.minimum
    high = np.inf if known is None or known.maximum is None else known.maximum
    return low, high


def log(values: np.ndarray) -> np.ndarray:
    """Natural logarithm; NaN for what is not positive."""
    return np.log(values, where=values > 0, out=np.full(np.shape(values), np.nan))


def logit(percent: np.ndarray | pd.Series) -> np.ndarray | pd.Series:
    """Log odds of percentages; 0 and 100 count as half a point within."""
    return special.logit((percent + MIN_POINT) / (100 + 2 * MIN_POINT))


def from_logit(values: np.ndarray) -> np.ndarray:
    """The percentages of log odds, from -MIN_POINT to 100 + MIN_POINT."""
    return (100 + 2 * MIN_POINT) * special.expit(values) - MIN_POINT
