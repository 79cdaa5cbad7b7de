"""Least squares with market and year effects, its errors clustered by market: the one way we reckon them.

As `pyfixest` (0.60) and R's `fixest` do by default: a market with one year, or a year with one market, says nothing and
is dropped, until none is left. The clustered variance (CRV1, Liang and Zeger 1986) is multiplied by G/(G-1) for G
markets and by (n-1)/(n-k-T) for n rows, k slopes and T years; market effects are not counted, since they are nested in
the markets. Intervals and p come from Student's t with G-1 degrees of freedom. linearmodels, which fits, would keep the
first, count market effects and take n-k-T-G+1 degrees.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Within:
    """coefficients: by feature; estimate, error, low, high (90 %), p. n, markets: rows and markets used."""

    coefficients: pd.DataFrame
    n: int
    markets: int
    r2_within: float


def without_singletons(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by (iso3, year) of markets with two years and years with two markets at least, of those that remain."""
    while True:
        often = np.ones(len(rows), dtype=bool)
        for level in (0, 1):
            groups = rows.index.get_level_values(level)
            often &= groups.map(groups.value_counts()).to_numpy() > 1
        if often.all():
            return rows
        rows = rows[often]


def within(features: pd.DataFrame, outcome: pd.Series) -> Within:
    """Regress the outcome on features, both complete and by (iso3, year), less what market and year explain.

    A feature that the effects and the others fix exactly is left out. Where nothing is left to tell the errors from,
    they are infinite. Raises ValueError naming "absorbed" where that is so of every feature.
    """
    from linearmodels.panel import PanelOLS
    from scipy import special

    rows = without_singletons(features.assign(_outcome=outcome))
    if rows.empty:
        raise ValueError("All features are absorbed: no market has two years that another one has too.")
    model = PanelOLS(
        rows["_outcome"], rows[list(features.columns)], entity_effects=True, time_effects=True, drop_absorbed=True
    )
    plain = {"cov_type": "clustered", "cluster_entity": True, "group_debias": True}
    result = model.fit(**plain, debiased=False, auto_df=False, count_effects=False)
    estimate, n = result.params, len(rows)
    markets, years = (rows.index.get_level_values(level).nunique() for level in (0, 1))
    if n - len(estimate) - years - markets + 1 > 0 and markets > 1:
        error = result.std_errors * np.sqrt(n / (n - len(estimate) - years))  # linearmodels' G/(G-1) has (n-1)/n in it
    else:
        error = pd.Series(np.inf, estimate.index)
    half = error * special.stdtrit(max(markets - 1, 1), 0.95)
    coefficients = pd.DataFrame(
        {
            "estimate": estimate,
            "error": error,
            "low": estimate - half,
            "high": estimate + half,
            "p": 2 * special.stdtr(max(markets - 1, 1), -np.abs(estimate / error)),
        }
    )
    return Within(coefficients, n, markets, float(result.rsquared_within))
