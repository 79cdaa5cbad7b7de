"""Skewed indicators are tamed without changing anybody's place, and every touch is on record."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analytics.index import treat


def column(values) -> pd.DataFrame:
    return pd.DataFrame({"x": np.asarray(values, dtype=float)}, index=[f"M{n:02d}" for n in range(len(values))])


def test_a_well_behaved_column_is_left_alone():
    values = column(range(30))
    treated = treat.treat(values)
    assert treated.values.equals(values) and treated.log.empty


def test_a_single_outlier_takes_the_next_value_and_is_logged():
    treated = treat.treat(column([*range(20), 500]))
    assert treated.values["x"].iloc[-1] == 19
    assert treated.log.to_numpy().tolist() == [["M20", "x", "winsorised", 500.0, 19.0]]


def test_an_outlier_below_is_pulled_up():
    treated = treat.treat(column([*range(20), -500]))
    assert treated.values["x"].iloc[-1] == 0


def test_a_column_with_many_outliers_becomes_a_logarithm_by_hand():
    values = [float(n) for n in range(1, 100)] + [10_000.0 + n for n in range(10)]  # median 55
    treated = treat.treat(column(values))
    assert set(treated.log["method"]) == {"logarithm"}
    assert treated.values["x"].to_numpy() == pytest.approx(np.log(1 + np.array(values) / 55))


def test_missing_values_stay_missing_and_touch_nothing():
    treated = treat.treat(column([*range(20), np.nan, 500]))
    assert treated.values["x"].isna().tolist() == [False] * 20 + [True, False]
    assert list(treated.log["iso3"]) == ["M21"]


NUMBERS = st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 3)) | st.sampled_from([0.0, np.nan]), max_size=40)


@given(NUMBERS)
def test_order_within_a_column_never_turns(numbers):
    values = column(numbers)
    after = treat.treat(values).values["x"]
    known = values["x"].notna()
    order = np.argsort(values["x"][known].to_numpy(), kind="stable")
    assert (np.diff(after[known].to_numpy()[order]) >= -1e-12).all()
    assert after.isna().equals(values["x"].isna())


@given(NUMBERS, st.sampled_from([1e-6, 0.5, 1000.0]))
def test_the_log_tells_exactly_which_values_were_touched(numbers, factor):
    values = column(numbers) * factor
    treated = treat.treat(values)
    touched = (treated.values["x"] != values["x"]) & values["x"].notna()
    assert set(treated.log["iso3"]) == set(values.index[touched])
    assert (treated.log["before"] != treated.log["after"]).all()


def test_skewness_and_kurtosis_are_the_adjusted_sample_ones():
    # Joanes and Gill (1998), "Comparing measures of sample skewness and kurtosis", The Statistician 47: G1 and G2.
    x = np.array([*range(20), 60.0])
    n, d = len(x), x - x.mean()
    g1 = (d**3).mean() / (d**2).mean() ** 1.5 * np.sqrt(n * (n - 1)) / (n - 2)
    assert stats.skew(x, bias=False) == pytest.approx(g1)
    assert treat.is_skewed(x) == (abs(g1) > 2 and stats.kurtosis(x, bias=False) > 3.5)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 1000.0], [5.0] * 30, [np.nan] * 30])
def test_what_is_too_short_or_constant_is_not_skewed(values):
    assert treat.is_skewed(np.array(values)) is False


def test_the_input_is_not_mutated():
    values = column([*range(20), 500])
    copy = values.copy()
    treat.treat(values)
    assert values.equals(copy)


def test_a_design_may_leave_values_alone_or_take_logarithms_at_once():
    values = column([*range(20), 500])
    untouched = treat.treat(values, "none")
    assert untouched.values.equals(values) and untouched.log.empty
    logged = treat.treat(values, "log")
    assert set(logged.log["method"]) == {"logarithm"} and logged.scales == {"x": 10.5}
    assert logged.convert("x", 500.0) == logged.values["x"].iloc[-1]
    assert treat.treat(column(range(30)), "log").log.empty  # what is not skewed stays


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=40))
def test_our_moments_are_scipys(numbers):
    x = np.array(numbers)
    if x.std() > 1e-6 * (1 + np.abs(x).max()):
        skewness, kurtosis = stats.skew(x, bias=False), stats.kurtosis(x, bias=False)
        if min(abs(abs(skewness) - 2), abs(kurtosis - 3.5)) > 1e-6:
            assert treat.is_skewed(x) == (abs(skewness) > 2 and kurtosis > 3.5)
