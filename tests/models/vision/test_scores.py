"""Segmentation and detection are judged as their fields do: known cases, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vision import scores


def squares(*places: tuple[int, int, int, int]) -> np.ndarray:
    """Instances of top, left, bottom, right in a picture of 20 x 20."""
    found = np.zeros((20, 20), np.int32)
    for number, (top, left, bottom, right) in enumerate(places, start=1):
        found[top:bottom, left:right] = number
    return found


def test_dice_of_half_overlapping_masks():
    """Dice (1945): 2 x 8 / (16 + 16)."""
    a, b = squares((0, 0, 4, 4)) > 0, squares((0, 2, 4, 6)) > 0
    assert scores.dice(a, b) == pytest.approx(0.5)


def test_two_empty_masks_agree_whole():
    assert scores.dice(np.zeros((3, 3), bool), np.zeros((3, 3), bool)) == 1


def test_instance_ap_is_hits_over_hits_and_both_kinds_of_misses():
    """Data Science Bowl 2018: two of three true nuclei found, one found where none is: 2 / (2 + 1 + 1)."""
    truth = squares((0, 0, 5, 5), (0, 10, 5, 15), (10, 0, 15, 5))
    found = squares((0, 0, 5, 5), (0, 10, 5, 14), (15, 15, 18, 18))
    assert scores.instance_ap(truth, found)[0] == pytest.approx(0.5)


def test_a_stricter_threshold_refuses_a_looser_match():
    truth, found = squares((0, 0, 4, 4)), squares((0, 0, 4, 3))
    assert scores.instance_ap(truth, found, (0.5, 0.75, 0.8)).tolist() == [1, 1, 0]


def test_one_found_instance_cannot_match_two_true_ones():
    truth, found = squares((0, 0, 4, 4), (0, 4, 4, 8)), squares((0, 0, 4, 8))
    assert scores.instance_ap(truth, found)[0] == pytest.approx(0.5)


@given(st.integers(0, 2**32 - 1))
def test_numbers_of_instances_do_not_matter(seed):
    random = np.random.default_rng(seed)
    truth, found = random.integers(0, 4, (2, 12, 12))
    renamed = np.array([0, 30, 7, 11])[found]
    assert scores.instance_ap(truth, found).tolist() == scores.instance_ap(truth, renamed).tolist()


def test_box_iou_of_a_known_pair():
    a, b = np.array([[0.0, 0, 10, 10]]), np.array([[5.0, 0, 15, 10], [20, 20, 30, 30]])
    assert scores.box_iou(a, b)[0] == pytest.approx([1 / 3, 0])


def test_average_precision_of_a_known_ranking():
    """Everingham et al. (2010): right, wrong, right over two true boxes: 0.5 x 1 + 0.5 x 2/3."""
    found = scores.average_precision(np.array([0.9, 0.8, 0.7]), np.array([1, 0, 1]), 2)
    assert found == pytest.approx(0.5 + 1 / 3)


def test_precision_is_made_monotone_before_the_area_is_taken():
    """wrong, right: precision 0, 1/2; the one true box is reached at 1/2."""
    assert scores.average_precision(np.array([0.9, 0.8]), np.array([0, 1]), 1) == pytest.approx(0.5)


def test_nothing_found_has_no_precision_and_nothing_there_has_no_figure():
    assert scores.average_precision(np.zeros(0), np.zeros(0), 3) == 0
    assert np.isnan(scores.average_precision(np.array([0.5]), np.array([0]), 0))


def test_the_second_box_on_one_cell_is_wrong():
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 10, 9]])
    assert scores.hits(boxes, np.array([0.5, 0.9]), boxes[:1]).tolist() == [False, True]


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=12), st.data())
def test_average_precision_stays_between_none_and_all(strength, data):
    right = data.draw(st.lists(st.booleans(), min_size=len(strength), max_size=len(strength)))
    positives = max(1, sum(right))
    assert 0 <= scores.average_precision(np.array(strength), np.array(right), positives) <= 1 + 1e-12
