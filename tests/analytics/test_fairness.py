"""Gaps between groups, what goes with size, intervals of shares, and what nothing beats."""

import numpy as np
import pandas as pd
import pytest

from analytics import fairness

SCORES = pd.DataFrame(
    {"score": [0.9, 0.5, 0.7], "low": [0.85, 0.4, 0.6], "high": [0.95, 0.6, 0.8]}, index=["en", "ha", "sw"]
)


def test_the_gap_and_what_of_it_is_certain():
    found = fairness.gap(SCORES)
    assert (found.best, found.worst) == ("en", "ha")
    assert (found.gap, found.certain) == (pytest.approx(0.4), pytest.approx(0.25))
    unsure = fairness.gap(SCORES.assign(low=0.1, high=0.99))
    assert unsure.certain == 0
    assert np.isnan(fairness.gap(SCORES.assign(low=np.nan)).certain)
    with pytest.raises(ValueError, match="no group"):
        fairness.gap(SCORES.head(0))


def test_what_goes_with_size_has_an_interval():
    size = pd.Series(range(10), index=list("abcdefghij"), dtype=float)
    found = fairness.association(size**2, size)
    assert found.rho == pytest.approx(1)
    assert found.low > 0.9 and found.n == 10
    noise = fairness.association(pd.Series([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], index=size.index, dtype=float), size)
    assert noise.low < 0 < noise.high
    assert fairness.association(size.head(3), size) is None
    assert fairness.association(size * 0, size) is None


def test_the_interval_of_a_share_as_wilson_has_it():
    found = fairness.wilson(pd.Series([0.1, 1.0]), pd.Series([10, 5]))
    assert found["low"].tolist() == pytest.approx([0.0179, 0.5655], abs=1e-4)
    assert found["high"].tolist() == pytest.approx([0.4042, 1.0], abs=1e-4)


def test_what_nothing_beats_in_both():
    cost, score = (
        pd.Series({"a": 1, "b": 2, "c": 3, "d": 4, "e": 1}),
        pd.Series({"a": 5, "b": 4, "c": 7, "d": 7, "e": 4}),
    )
    assert fairness.frontier(cost, score) == ["a", "c"]
    assert fairness.frontier(cost, score * np.nan) == []
