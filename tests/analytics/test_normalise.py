"""Different units on one scale: 0 the worst, 100 the best."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from analytics import normalise

MARKETS = ["DEU", "FRA", "IND"]


def test_the_best_gets_100_and_the_worst_0_by_hand():
    values = pd.DataFrame({"internet": [90.0, 60.0, 30.0], "inflation": [2.0, 4.0, 10.0]}, index=MARKETS)
    scaled = normalise.min_max(values, pd.Series({"internet": 1, "inflation": -1}))
    expected = pd.DataFrame({"internet": [100.0, 50.0, 0.0], "inflation": [100.0, 75.0, 0.0]}, index=MARKETS)
    assert_frame_equal(scaled, expected)


@pytest.mark.parametrize("order", [["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"]])
def test_each_direction_goes_with_its_own_column_whatever_the_order(order):
    values = pd.DataFrame({name: [1.0, 2.0, 3.0] for name in "abc"}, index=MARKETS)
    scaled = normalise.min_max(values, pd.Series({"a": 1, "b": -1, "c": 1})[order])
    assert scaled.loc["IND"].to_dict() == {"a": 100.0, "b": 0.0, "c": 100.0}


def test_a_column_of_equal_values_says_nothing_and_a_missing_value_stays_missing():
    values = pd.DataFrame({"flat": [7.0, 7.0, np.nan], "x": [1.0, np.nan, 3.0], "none": np.nan}, index=MARKETS)
    scaled = normalise.min_max(values, pd.Series({"flat": -1, "x": 1, "none": 1}))
    expected = pd.DataFrame({"flat": [50.0, 50.0, np.nan], "x": [0.0, np.nan, 100.0], "none": np.nan}, index=MARKETS)
    assert_frame_equal(scaled, expected)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9), st.sampled_from([1, -1]))
def test_scores_stay_between_0_and_100_and_keep_or_turn_the_order(numbers, direction):
    values = pd.DataFrame({"x": numbers})
    scaled = normalise.min_max(values, pd.Series({"x": direction}))["x"]
    assert scaled.between(-1e-9, 100 + 1e-9).all()
    if max(numbers) > min(numbers):
        assert scaled.iloc[int(np.argmax(direction * np.array(numbers)))] == 100
        assert scaled.iloc[int(np.argmin(direction * np.array(numbers)))] == 0


def test_the_input_is_not_mutated():
    values, directions = pd.DataFrame({"x": [1.0, 2.0]}), pd.Series({"x": -1})
    copy = values.copy(), directions.copy()
    normalise.min_max(values, directions)
    assert values.equals(copy[0]) and directions.equals(copy[1])
