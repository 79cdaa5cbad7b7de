"""Weights that follow what a market has, and points that add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analytics.index import aggregate

COLUMNS = ["a", "b", "c"]
WEIGHTS = pd.Series({"a": 0.3, "b": 0.3, "c": 0.4})
DIMENSIONS = pd.Series({"a": "health", "b": "health", "c": "size"})


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([True, True, True], [0.3, 0.3, 0.4]),
        ([True, False, True], [0.6, 0.0, 0.4]),  # b's weight stays in health
        ([False, False, True], [0.0, 0.0, 1.0]),  # nothing of health is known
        ([True, True, False], [0.5, 0.5, 0.0]),
        ([False, False, False], [0.0, 0.0, 0.0]),
    ],
)
def test_a_missing_indicators_weight_stays_in_its_dimension(known, expected):
    found = aggregate.effective_weights(pd.DataFrame([known], columns=COLUMNS), WEIGHTS, DIMENSIONS)
    assert found.to_numpy()[0] == pytest.approx(expected)


@given(arrays.arrays(bool, (5, 3)), st.lists(st.floats(0.01, 10), min_size=3, max_size=3))
def test_weights_sum_to_1_for_every_market_that_has_anything(known, weights):
    frame = pd.DataFrame(known, columns=COLUMNS)
    found = aggregate.effective_weights(frame, pd.Series(weights, index=COLUMNS), DIMENSIONS)
    assert found.sum(axis=1).to_numpy() == pytest.approx(known.any(axis=1).astype(float))
    assert (found.to_numpy()[~known] == 0).all()


def test_weights_and_labels_go_by_name_not_by_position():
    frame = pd.DataFrame([[True, False, True]], columns=COLUMNS)
    turned = aggregate.effective_weights(frame, WEIGHTS[::-1], DIMENSIONS[::-1])
    assert turned.to_numpy()[0] == pytest.approx([0.6, 0.0, 0.4])


def test_contributions_are_score_times_weight_and_nothing_where_nothing_is_known():
    scores = pd.DataFrame({"a": [100.0, np.nan], "b": [50.0, 40.0]})
    weights = pd.DataFrame({"a": [0.25, 0.0], "b": [0.75, 1.0]})
    assert aggregate.contributions(scores, weights).to_numpy().tolist() == [[25.0, 37.5], [0.0, 40.0]]


# ------------------------------------------------------------------ means and comparisons

NOTHING = np.nan
EVEN = np.array([[0.5, 0.5]])


def test_the_means_by_hand():
    scores = np.array([[0.0, 100.0], [50.0, 50.0], [NOTHING, 30.0], [NOTHING, NOTHING]])
    assert aggregate.arithmetic(scores, EVEN)[0] == pytest.approx([50, 50, 30, np.nan], nan_ok=True)
    # On 1-100: sqrt(1 x 100) = 10, back on 0-100: 9 / 0.99.
    assert aggregate.geometric(scores, EVEN)[0] == pytest.approx([9 / 0.99, 50, 30, np.nan], nan_ok=True)


def test_a_published_comparison_of_three_countries_without_compensation():
    # OECD/JRC Handbook 2008, step 6, after Munda and Nardo 2005: GDP, unemployment, solid waste, income disparity and
    # crime of countries A, B, C, weights 1/6, 1/6, 2/6, 1/6, 1/6. A before B with 4/6 (waste, disparity, crime), C
    # before A and before B with 4/6 (unemployment, waste, disparity): the order is C, A, B.
    gdp, unemployment, waste = [25_000, 45_000, 20_000], [0.15, 0.10, 0.08], [0.4, 0.7, 0.35]
    disparity, crime = [9.2, 13.2, 5.3], [40, 52, 80]
    better = np.array([gdp, *(-np.array(bad) for bad in (unemployment, waste, disparity, crime))], dtype=float).T
    found = aggregate.copeland(better, np.array([[1, 1, 2, 1, 1]]) / 6)
    assert found.tolist() == [[50.0, 0.0, 100.0]]  # A beats one of two, B none, C both


def test_copeland_counts_ties_half_and_ignores_what_either_lacks():
    scores = np.array([[9.0, 1.0], [1.0, 9.0], [5.0, NOTHING]])
    # 1 and 2 tie; 3 is compared on the first column only: it loses to 1 and beats 2.
    assert aggregate.copeland(scores, EVEN).tolist() == [[75.0, 25.0, 50.0]]
    assert aggregate.copeland(np.array([[3.0]]), np.array([[1.0]])).tolist() == [[50.0]]


TABLES = arrays.arrays(float, (6, 4), elements=st.floats(0, 100))
MEMBERS = {"size": np.array([0, 1]), "risk": np.array([2, 3])}
NUMBERS = st.lists(st.floats(0.01, 1), min_size=4, max_size=4)


@given(TABLES, NUMBERS)
def test_the_geometric_mean_is_never_above_the_arithmetic_one(scores, weights):
    rows = np.array([weights])
    assert (aggregate.geometric(scores, rows) <= aggregate.arithmetic(scores, rows) + 1e-9).all()


@given(TABLES, NUMBERS, st.sampled_from(["arithmetic", "geometric"]))
def test_one_mean_at_both_levels_is_that_mean_over_all(scores, weights, rule):
    rows = np.array([weights]) / sum(weights)
    inner = aggregate.dimension_scores(scores, rows, MEMBERS, rule)[0].T
    mass = np.array([[rows[0, :2].sum(), rows[0, 2:].sum()]])
    by_level = aggregate.RULES[rule](inner, mass)
    assert aggregate.index_scores(scores, rows, MEMBERS, rule, rule) == pytest.approx(by_level, abs=1e-8)


@given(TABLES, NUMBERS)
def test_copeland_scores_add_up_and_do_not_mind_a_monotone_change(scores, weights):
    rows = np.array([weights])
    found = aggregate.copeland(scores, rows)
    assert found.mean() == pytest.approx(50)  # every comparison gives one point in all
    assert (aggregate.copeland(np.sqrt(np.round(scores)), rows) == aggregate.copeland(np.round(scores), rows)).all()


@given(arrays.arrays(float, (6, 4), elements=st.floats(0, 100) | st.just(np.nan)), NUMBERS)
def test_two_levels_with_gaps_are_the_effective_weights(scores, weights):
    frame, whole = pd.DataFrame(scores, columns=list("abcd")), pd.Series(weights, index=list("abcd"))
    labels = pd.Series({"a": "size", "b": "size", "c": "risk", "d": "risk"})
    effective = aggregate.effective_weights(frame.notna(), whole, labels)
    expected = aggregate.contributions(frame, effective).sum(axis=1).where(frame.notna().any(axis=1))
    found = aggregate.index_scores(scores, np.array([weights]), MEMBERS, "arithmetic", "arithmetic")[0]
    assert found == pytest.approx(expected.to_numpy(), nan_ok=True)
