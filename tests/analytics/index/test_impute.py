"""Filling gaps: by hand, never beyond what was observed, in copies that differ as much as we do not know."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analytics.index import impute
from analytics.index.design import DesignError

METHODS = ("group median", "nearest", "iterative")


def frame(columns: dict) -> pd.DataFrame:
    first = next(iter(columns.values()))
    return pd.DataFrame(columns, index=[f"M{n}" for n in range(len(first))], dtype=float)


def groups(values: pd.DataFrame, labels: str) -> pd.Series:
    return pd.Series(list(labels), values.index)


def test_a_gap_gets_the_median_of_its_group_by_hand():
    values = frame({"x": [1, 2, 9, np.nan, 100, np.nan]})
    assert impute.fill(values, "group median", groups(values, "aaaabb"))["x"].tolist() == [1, 2, 9, 2, 100, 100]


@pytest.mark.parametrize("label", [None, np.nan, "alone"])
def test_without_a_group_or_with_an_empty_one_all_markets_count(label):
    values = frame({"x": [1, 2, 9, np.nan]})
    labels = pd.Series(["a", "a", "b", label], values.index, dtype=object)
    assert impute.fill(values, "group median", labels).at["M3", "x"] == 2


def test_a_gap_gets_the_mean_of_the_five_nearest_by_hand():
    # M0 is nearest to M1..M5 by `near`; the distant M6 and M7 do not count: (10 + 20 + 30 + 40 + 50) / 5.
    values = frame({"near": [0, 1, 1, 1, 1, 1, 90, 99], "x": [np.nan, 10, 20, 30, 40, 50, 999, 999]})
    assert impute.fill(values, "nearest").at["M0", "x"] == 30


def test_a_gap_in_a_straight_line_is_found_on_the_line():
    line = np.arange(60.0)
    values = frame({"a": line, "b": 2 * line + 5, "c": line**1.0 * -1})
    values.loc["M20", "b"] = np.nan
    assert impute.fill(values, "iterative").at["M20", "b"] == pytest.approx(45, abs=2.5)  # the ridge pulls to the mean


def test_copies_of_the_normal_model_spread_as_the_regression_leaves_it_open():
    # y = x + noise of deviation 1: given x, y is unsure by about 1 (Little and Rubin 2002).
    random = np.random.default_rng(0)
    x = random.normal(0, 3, 400)
    values = frame({"x": x, "y": x + random.normal(0, 1, 400)})
    values.iloc[0] = [1.0, np.nan]
    drawn = impute.copies(values, "iterative", 400, 0)[:, 0, 1]
    assert drawn.mean() == pytest.approx(1, abs=0.35)
    assert drawn.std() == pytest.approx(1, abs=0.35)


def test_copies_of_a_group_median_are_values_of_the_group_each_as_often():
    values = frame({"x": [1, 2, 9, np.nan, 100]})
    drawn = impute.copies(values, "group median", 30, 0, groups(values, "aaaab"))[:, 3, 0]
    assert pd.Series(drawn).value_counts().to_dict() == {1.0: 10, 2.0: 10, 9.0: 10}


@pytest.mark.parametrize("method", METHODS)
def test_copies_differ_only_in_the_gaps_and_a_seed_repeats_them(method):
    values = frame({"x": [1, 2, 9, np.nan, 4, 7], "y": [3, 1, np.nan, 2, 5, 8], "empty": [np.nan] * 6})
    labels = groups(values, "aaabbb")
    first, again = (impute.copies(values, method, 6, 3, labels) for _ in range(2))
    assert np.array_equal(first, again, equal_nan=True)
    assert not np.array_equal(first, impute.copies(values, method, 6, 4, labels), equal_nan=True)
    known = values.notna().to_numpy()
    assert (first[:, known] == values.to_numpy()[known]).all()
    assert np.isnan(first[:, :, 2]).all() and not np.isnan(first[:, :, :2]).any()


@settings(max_examples=40)
@given(arrays.arrays(float, (8, 3), elements=st.floats(-100, 100) | st.just(np.nan)), st.sampled_from(METHODS))
def test_nothing_is_imputed_outside_what_was_observed_and_the_input_is_not_mutated(numbers, method):
    values = frame(dict(zip("abc", numbers.T, strict=True)))
    copy = values.copy()
    drawn = impute.copies(values, method, 5, 0, groups(values, "aaaabbbb"))
    central = impute.fill(values, method, groups(values, "aaaabbbb"))
    assert values.equals(copy)
    for found in (central.to_numpy(), *drawn):
        for column, before in zip(found.T, numbers.T, strict=True):
            if not np.isnan(before).all():
                assert (np.nanmin(before) - 1e-9 <= column).all() and (column <= np.nanmax(before) + 1e-9).all()


def test_without_a_method_gaps_stay_and_without_gaps_nothing_happens():
    values = frame({"x": [1, np.nan]})
    assert impute.fill(values, "none").equals(values)
    whole = frame({"x": [1, 2]})
    assert impute.fill(whole, "group median").equals(whole)


def test_group_medians_without_groups_are_refused_with_the_remedy():
    with pytest.raises(DesignError, match="needs groups: give each market's income group or region"):
        impute.fill(frame({"x": [1, np.nan]}), "group median")
