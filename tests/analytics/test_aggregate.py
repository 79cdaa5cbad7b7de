"""Weights that follow what a market has, and points that add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analytics import aggregate

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
