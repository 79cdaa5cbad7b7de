"""A line with ink behind its last character was not read to its end."""

import numpy as np
import pytest

from models.vision.reader import unread
from models.vision.reader.line_detection import GROUND, HEIGHT, REACH
from models.vision.reader.network import STEP


def line(*inked: tuple[int, int, int, int]) -> np.ndarray:
    """A line of 200 columns with ink in these columns and rows: left, right, top, bottom."""
    pixels = np.full((HEIGHT, 200), GROUND, np.uint8)
    for left, right, top, bottom in inked:
        pixels[top:bottom, left:right] = GROUND + REACH
    return pixels


DIGITS = ((10, 24, 4, 28), (34, 48, 4, 28))
STEPS = (16 // STEP, 40 // STEP)
"""Two digits, each read in its middle."""


def test_a_line_read_to_its_end_has_nothing_behind_it():
    assert not unread.has_unread_end(line(*DIGITS), STEPS)


@pytest.mark.parametrize("letter", [(58, 70, 4, 28), (58, 60, 4, 28)])
def test_a_letter_behind_the_last_character_was_not_read(letter):
    assert unread.has_unread_end(line(*DIGITS, letter), STEPS)


@pytest.mark.parametrize("rule", [(0, 200, 30, 32), (70, 73, 20, 23)])
def test_a_rule_under_the_line_and_a_speck_are_no_letters(rule):
    assert not unread.has_unread_end(line(*DIGITS, rule), STEPS)


def test_faint_ink_is_none():
    pixels = line(*DIGITS)
    pixels[4:28, 58:70] = GROUND + REACH // 4
    assert not unread.has_unread_end(pixels, STEPS)


def test_a_line_of_which_nothing_was_read_has_no_end():
    assert not unread.has_unread_end(line(*DIGITS), ())
