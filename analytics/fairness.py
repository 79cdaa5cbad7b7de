"""Is a model as good for everyone: the gap between best and worst group, and whether small languages are worse off?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

MIN_GROUPS = 4
"""Groups below which a correlation says nothing."""
Z95 = 1.959963985


@dataclass(frozen=True)
class Gap:
    """Best minus worst score. certain: what of it remains when the best is as low and the worst as high as their 95 %
    intervals allow (0 at least); nan without intervals."""

    best: str
    worst: str
    gap: float
    certain: float


@dataclass(frozen=True)
class Association:
    """Spearman's rank correlation with its 95 % interval (Fisher z with the factor 1.06: Fieller 1957)."""

    rho: float
    low: float
    high: float
    n: int


def gap(scores: pd.DataFrame) -> Gap:
    """Best against worst group. scores: score, low, high (may be nan) by group. Raises ValueError without rows."""
    if scores.empty:
        raise ValueError("There is no group to compare.")
    best, worst = scores["score"].idxmax(), scores["score"].idxmin()
    certain = scores.at[best, "low"] - scores.at[worst, "high"]
    return Gap(
        best, worst, float(scores.at[best, "score"] - scores.at[worst, "score"]), float(np.maximum(certain, 0.0))
    )


def association(score: pd.Series, size: pd.Series) -> Association | None:
    """Whether the score goes with the size, by rank. Both by group; groups without a size are left out.

    None when fewer than MIN_GROUPS groups are left, or when all are the same.
    """
    both = pd.DataFrame({"score": score, "size": size}).dropna()
    if len(both) < MIN_GROUPS or both["score"].nunique() < 2 or both["size"].nunique() < 2:
        return None
    rho = float(both["score"].rank().corr(both["size"].rank()))
    middle, width = np.arctanh(np.clip(rho, -0.999999, 0.999999)), Z95 * np.sqrt(1.06 / (len(both) - 3))
    return Association(rho, float(np.tanh(middle - width)), float(np.tanh(middle + width)), len(both))


def wilson(share: pd.Series, n: pd.Series) -> pd.DataFrame:
    """The 95 % interval of a share seen in n cases: low, high (Wilson 1927). n over 0."""
    middle = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    width = Z95 / (1 + Z95**2 / n) * np.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    return pd.DataFrame({"low": (middle - width).clip(0, 1), "high": (middle + width).clip(0, 1)})


def frontier(cost: pd.Series, score: pd.Series) -> list[str]:
    """Those that none other beats in both: cheaper and better. Both by name; the cheapest first."""
    order = (
        pd.DataFrame({"cost": cost, "score": score}).dropna().sort_values(["cost", "score"], ascending=[True, False])
    )
    ahead = order["score"] > order["score"].astype(float).cummax().shift(fill_value=-np.inf)
    return order.index[ahead].tolist()
