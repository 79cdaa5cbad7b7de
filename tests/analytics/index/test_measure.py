"""A measure is one figure of every market, and unknown where it cannot be worked out."""

import numpy as np
import pandas as pd

from analytics.index.measure import compute
from analytics.index.recipe import Measure

FIGURES = pd.DataFrame({"A": [1.0, 4.0], "B": [0.0, 2.0], "C": [50.0, 25.0]}, ["AAA", "BBB"])


def test_a_division_by_zero_is_unknown_and_not_infinite():
    ratio = compute(FIGURES, Measure("A", denominator="B"))
    assert np.isnan(ratio["AAA"]) and ratio["BBB"] == 2.0


def test_a_product_too_large_for_a_number_is_unknown():
    assert compute(FIGURES * 1e200, Measure("A", multiplier="C")).isna().all()


def test_a_share_of_another_figure_is_taken_in_percent():
    assert compute(FIGURES, Measure("A", share_of="C")).tolist() == [0.5, 1.0]


def test_a_code_that_is_not_there_is_unknown_for_every_market():
    assert compute(FIGURES, Measure("A", multiplier="Z")).isna().all()
