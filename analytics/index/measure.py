"""What a measure is for every market: a figure, perhaps over another, times another, of another."""

import numpy as np
import pandas as pd

from analytics.index.recipe import Measure


def compute(figures: pd.DataFrame, measure: Measure) -> pd.Series:
    """A measure from its codes' columns; NaN where one is missing or infinite, or the denominator is not positive."""

    def column(code: str) -> np.ndarray:
        return figures[code].to_numpy(dtype=float) if code in figures else np.full(len(figures), np.nan)

    figure = column(measure.code)
    if measure.denominator:
        divisor = column(measure.denominator)
        figure = figure / np.where(divisor > 0, divisor, np.nan)
    if measure.multiplier:
        figure = figure * column(measure.multiplier)
    if measure.share_of:
        figure = figure / 100 * column(measure.share_of)
    return pd.Series(np.where(np.isfinite(figure), figure, np.nan), figures.index)
