"""Counts with an interval: what was missed on pictures not learnt from widens it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import cards
from models.vision import counts


def test_what_was_missed_before_widens_the_interval_upwards():
    around = counts.spread([8.0, 24.0, 3.0], [11, 29, 3])
    assert around == (0.0, 1.0)
    assert counts.count_interval([0.9] * 10, around) == pytest.approx((9, 9, 9 + np.sqrt(10)))


def test_of_many_pictures_the_outermost_are_left_out():
    true = np.arange(1, 200)
    low, high = counts.spread(np.full(199, 99.0), true)
    assert (low, high) == ((5 - 99) / 10, (195 - 99) / 10)
    assert counts.covered(np.full(199, 99.0), true, (low, high)) >= 1 - counts.MISS


def test_no_picture_has_no_spread():
    with pytest.raises(ValueError, match="at least one picture"):
        counts.spread([], [])


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(-5, 0), st.floats(0, 5))
def test_the_interval_holds_the_number_expected_and_nothing_below_zero(confidences, low, high):
    mean, least, most = counts.count_interval(confidences, (low, high))
    assert 0 <= least <= mean <= most
    assert mean == pytest.approx(sum(confidences))


@pytest.mark.parametrize("name", ["nuclei", "blood_cells"])
def test_intervals_of_shipped_models_held_the_true_number_on_nine_test_pictures_in_ten(name):
    coverage = cards.card(name).metrics["count_coverage"]
    assert min(coverage.values()) >= 0.9
