"""Scales lead there and back, and one figure of every threshold serves all methods."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import scales


@given(st.lists(st.floats(0, 100), min_size=1, max_size=5))
def test_percentages_come_back_from_their_log_odds(percent):
    assert scales.from_logit(scales.logit(np.array(percent))) == pytest.approx(percent, abs=1e-9)


def test_nothing_and_everything_have_log_odds_and_a_series_keeps_its_index():
    odds = scales.logit(pd.Series({"AAA": 0.0, "BBB": 50.0, "CCC": 100.0}))
    assert [odds["AAA"], -odds["CCC"]] == pytest.approx([np.log(0.5 / 100.5)] * 2)
    assert odds["BBB"] == 0.0


def test_what_is_not_positive_has_no_logarithm():
    assert np.isnan(scales.log(np.array([0.0, -1.0]))).all()
    assert scales.log(np.array([1.0]))[0] == 0.0


def test_the_catalog_bounds_a_percentage_and_says_nothing_of_what_it_does_not_know():
    assert scales.bounds("IT.NET.USER.ZS") == (0, 100)
    assert scales.bounds("NO.SUCH.CODE") == (-np.inf, np.inf)


def test_nine_in_ten_lie_within_the_quantile_on_either_side():
    assert pytest.approx(1.644853627) == scales.Z90
