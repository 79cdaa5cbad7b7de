"""Different units on one scale: 0 the worst, 100 the best."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from analytics.index import normalise, treat
from analytics.index.design import NORMALISATIONS, Design, DesignError

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


# ------------------------------------------------------------------ the other methods, by hand

FOUR = pd.DataFrame({"x": [1.0, 2.0, 2.0, 7.0, np.nan]})
UP, DOWN = pd.Series({"x": 1}), pd.Series({"x": -1})


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # mean 3, deviations -2, -1, -1, 4, squares 22, / 3, root 2.7080: 50 + 10 z
        (normalise.z_score, [42.615, 46.307, 46.307, 64.771]),
        (normalise.rank, [0.0, 50.0, 50.0, 100.0]),  # places 1, 2.5, 2.5, 4 of 4
        (normalise.percentile, [12.5, 50.0, 50.0, 87.5]),
    ],
)
def test_methods_by_hand_and_turned_round_where_less_is_better(method, expected):
    assert method(FOUR, UP)["x"].tolist()[:4] == pytest.approx(expected, abs=1e-3)
    assert method(FOUR, DOWN)["x"].tolist()[:4] == pytest.approx([100 - x for x in expected], abs=1e-3)
    assert np.isnan(method(FOUR, UP)["x"].iloc[4])


def test_the_target_is_100_and_what_is_beyond_it_no_more():
    assert normalise.distance_to_target(FOUR, UP, {"x": 4.0})["x"].tolist()[:4] == pytest.approx(
        [0, 33.3, 33.3, 100], abs=0.1
    )
    assert normalise.distance_to_target(FOUR, DOWN, {"x": 2.0})["x"].tolist()[:4] == [100, 100, 100, 0]


def test_goalposts_of_the_human_development_index():
    # UNDP, Human Development Reports since 2014, technical note 1: life expectancy between 20 and 85 years.
    # 71.4 years: (71.4 - 20) / (85 - 20) = 0.7908.
    years = pd.DataFrame({"life": [20.0, 71.4, 85.0, 90.0]})
    found = normalise.between_goalposts(years, {"life": (20.0, 85.0)})["life"]
    assert found.tolist() == pytest.approx([0, 79.08, 100, 100], abs=0.01)
    assert normalise.between_goalposts(years, {"life": (85.0, 20.0)})["life"].tolist()[0] == 100


def test_goalposts_and_targets_in_the_unit_follow_a_logarithm():
    values = pd.DataFrame({"x": [*map(float, range(1, 100)), *(10_000.0 + n for n in range(10))]})
    treatment = treat.treat(values)
    assert treatment.scales == {"x": 55.0}
    design = Design(normalisation="goalposts", goalposts={"x": (1.0, 10_009.0)})
    found = normalise.normalise(treatment, treatment.values, UP, design)["x"]
    assert found.iloc[[0, -1]].tolist() == pytest.approx([0, 100])
    assert found.iloc[50] == pytest.approx(normalise.min_max(treatment.values, UP)["x"].iloc[50])


@pytest.mark.parametrize(
    ("design", "reason"),
    [
        (Design(normalisation="goalposts"), "needs a value for: x"),
        (Design(normalisation="distance to target"), "needs a value for: x"),
        (Design(normalisation="goalposts", goalposts={"x": (1.0, 1.0)}), "are equal or not numbers; set them apart"),
        (
            Design(normalisation="distance to target", targets={"x": 0.5}),
            "no better than the worst market; set another",
        ),
    ],
)
def test_posts_that_cannot_serve_are_named(design, reason):
    with pytest.raises(DesignError, match=reason):
        normalise.normalise(treat.treat(FOUR), FOUR, UP, design)


@pytest.mark.parametrize("method", [m for m in NORMALISATIONS if m not in ("distance to target", "goalposts")])
def test_a_flat_column_is_50_under_every_method_and_empty_stays_empty(method):
    values = pd.DataFrame({"flat": [7.0, 7.0, np.nan], "none": [np.nan] * 3, "one": [np.nan, 3.0, np.nan]})
    found = normalise.normalise(treat.treat(values), values, pd.Series({"flat": -1, "none": 1, "one": 1}),
                                Design(normalisation=method))  # fmt: skip
    assert found["flat"].tolist()[:2] == [50, 50] and found["one"].iloc[1] == 50
    assert found.isna().equals(values.isna())


def test_many_copies_side_by_side_are_normalised_each_for_itself():
    one, two = pd.DataFrame({"x": [1.0, 2, 3]}), pd.DataFrame({"x": [5.0, 1, 9]})
    both = pd.concat([one, two], axis=1, keys=[0, 1])
    for method in ("min-max", "z-score", "rank", "percentile"):
        found = normalise.normalise(treat.treat(one), both, DOWN, Design(normalisation=method))
        assert found[1].equals(normalise.SIMPLE[method](two, DOWN))
