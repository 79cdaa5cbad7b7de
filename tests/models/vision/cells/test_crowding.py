"""Red cells that lie close to each other are judged by themselves."""

import numpy as np
import pytest

from models.vision.cells import crowding
from models.vision.cells.network import Detections
from models.vision.corpora import Boxed

ROW = np.array([[0, 0, 20, 20], [15, 0, 35, 20], [30, 0, 50, 20], [100, 0, 120, 20]], np.float32)
"""Three cells in a chain, each within a diameter of the next, and one by itself."""


def smear(boxes: np.ndarray, classes: list[int] | None = None) -> Boxed:
    kinds = np.array(classes or [0] * len(boxes))
    return Boxed("", "test", np.zeros((150, 150, 3), np.uint8), kinds, boxes)


def found(boxes: np.ndarray, confidence: list[float], classes: list[int] | None = None) -> Detections:
    sure = np.array(confidence)
    return Detections(boxes, np.array(classes or [0] * len(boxes)), sure, sure, np.zeros(1))


def test_neighbours_are_those_whose_middle_is_within_a_diameter():
    assert crowding.neighbours(ROW).tolist() == [1, 2, 1, 0]
    assert crowding.neighbours(ROW[:1]).tolist() == [0]


def test_each_group_has_its_own_recall():
    told = crowding.recall([found(ROW[[0, 1, 3]], [0.9, 0.2, 0.8])], [smear(ROW)])
    assert told == {
        "no neighbour": {"n": 1, "recall": 1.0, "proposed": 1.0},
        "1 or 2 neighbours": {"n": 3, "recall": pytest.approx(1 / 3), "proposed": pytest.approx(2 / 3)},
    }


def test_a_cell_in_a_crowd_counts_there():
    close = np.array([[x, y, x + 20, y + 20] for x in (0, 8) for y in (0, 8)], np.float32)
    told = crowding.recall([found(close[:2], [0.9, 0.9])], [smear(close)])
    assert told == {"3 or more neighbours": {"n": 4, "recall": 0.5, "proposed": 0.5}}


def test_other_kinds_neither_find_a_red_cell_nor_crowd_it():
    told = crowding.recall([found(ROW[:2], [0.9, 0.9], [1, 0])], [smear(ROW[:2], [0, 1])])
    assert told == {"no neighbour": {"n": 1, "recall": 0.0, "proposed": 0.0}}


def test_a_smear_without_red_cells_says_nothing():
    none = np.zeros((0, 4), np.float32)
    told = crowding.recall([found(none, [])] * 2, [smear(none), smear(ROW[:1])])
    assert told == {"no neighbour": {"n": 1, "recall": 0.0, "proposed": 0.0}}
