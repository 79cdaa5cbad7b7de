"""How a search by HiGHS ended: done, or cut by its limit of time or nodes; then nothing it says is proven."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult

OPTIMAL, LIMIT, INFEASIBLE = 0, 1, 2
"""Statuses of `scipy.optimize.milp` and `linprog`."""


@dataclass(frozen=True)
class Found:
    """What a search found.

    x: None where it found nothing. cut: it ended before it was done, so that no x does not mean that there is none.
    gap: by which share of its own worth x may be off the best; 0 when the search was done, NaN where it is not known.
    """

    x: np.ndarray | None
    cut: bool
    gap: float


def found(result: OptimizeResult) -> Found:
    """A result of `scipy.optimize.milp`, read by its status: x alone does not say whether the search was done."""
    cut = result.status not in (OPTIMAL, INFEASIBLE)
    if not cut:
        return Found(result.x, False, 0.0)
    gap = getattr(result, "mip_gap", None)
    known = result.x is not None and gap is not None and np.isfinite(gap)
    return Found(result.x, True, float(gap) if known else float("nan"))
