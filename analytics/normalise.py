"""Putting indicators with different units on one scale."""

import pandas as pd


def min_max(values: pd.DataFrame, directions: pd.Series) -> pd.DataFrame:
    """Each column on 0-100, 100 the best: 100 (x - min) / (max - min), turned round where less is better.

    values: (markets, indicators), NaN allowed and kept. directions: (indicators,), 1 or -1. A column in which all
    values are equal says nothing about order and becomes 50 (OECD/JRC Handbook 2008, step 5).
    """
    low, high = values.min(), values.max()
    span = (high - low).where(high > low)
    scaled = (values - low) / span * 100
    less_is_better = directions.index[directions < 0].intersection(values.columns)
    turned = scaled.assign(**{column: 100 - scaled[column] for column in less_is_better})
    return turned.where(span.notna() | values.isna(), 50.0)
