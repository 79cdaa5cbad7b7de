"""What the network answers at every step, decoded into a line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vision.reader import ctc
from models.vision.reader.character_lm import CharacterLM


def test_runs_count_once_and_nothing_parts_equal_characters():
    # Graves et al. 2006: aa-ab reads "aab"
    shares = np.full((6, 3), 0.05)
    for step, best in enumerate((1, 1, 0, 1, 2, 0)):
        shares[step, best] = 0.9
    path = ctc.decoded([shares], "ab")
    assert path.drawn == "aab"
    assert path.peaks == pytest.approx((0.9, 0.9, 0.9))
    assert path.steps[0] in (0, 1) and path.steps[1:] == (3, 4)
    assert 0.5 < path.share <= 1


def test_only_nothing_reads_as_nothing():
    assert ctc.decoded([np.tile((0.99, 0.01), (8, 1))], "a").drawn == ""


def test_paths_of_one_line_count_together():
    # Graves 2012, figure 7.5: the best path is empty, the likeliest line is "a"
    assert ctc.decoded([np.array([(0.6, 0.4), (0.6, 0.4)])], "a").drawn == "a"


def test_the_likelihood_of_a_line_is_the_sum_over_its_paths():
    # Graves 2012, figure 7.5: "a" by three paths, 0.64, nothing by one, 0.36
    shares = np.array([(0.6, 0.4), (0.6, 0.4)])
    assert np.exp(ctc.likelihoods(shares, [[1], [], [1, 1]])) == pytest.approx((0.64, 0.36, 0))
    assert ctc.decoded([shares], "a").share == pytest.approx(0.64)


def test_a_clear_look_decides_where_another_is_blurred_and_neither_need_have_as_many_steps():
    blurred = np.array([(0.02, 0.5, 0.48), (0.98, 0.01, 0.01)])
    clear = np.array([(0.98, 0.01, 0.01), (0.02, 0.1, 0.88), (0.98, 0.01, 0.01)])
    assert ctc.decoded([blurred], "ab").drawn == "a"
    both = ctc.decoded([blurred, clear], "ab")
    assert both.drawn == "b" and both.steps == (0,) and both.peaks == pytest.approx((0.48,))


@given(st.integers(0, 10_000))
def test_looking_twice_at_the_same_changes_nothing(seed):
    shares = np.random.default_rng(seed).dirichlet((0.3,) * 4, 6)
    once, twice = (ctc.decoded([shares] * count, "abc") for count in (1, 2))
    assert (once.drawn, once.steps) == (twice.drawn, twice.steps) and once.share == pytest.approx(twice.share)


def test_spelling_decides_where_the_picture_does_not():
    spelling = CharacterLM.learnt(["12.50", "7.25", "103.99"] * 50)
    shares = np.full((7, 4), 0.01)
    for step, best in enumerate((1, 0, 2, 0, 1, 0, 1)):
        shares[step, best] = 0.97
    shares[2, 2:] = 0.47, 0.50  # point or comma
    shares /= shares.sum(1, keepdims=True)
    assert ctc.decoded([shares], "1.,").drawn == "1,11"
    assert ctc.decoded([shares], "1.,", spelling, 0.5).drawn == "1.11"


def test_characters_are_found_at_the_steps_where_they_are_likeliest():
    shares = np.full((7, 3), 0.05)
    for step, best in enumerate((0, 1, 1, 0, 2, 2, 0)):
        shares[step, best] = 0.8 + 0.01 * step
    assert ctc.aligned(shares, [1, 2]) == [2, 5]
    assert ctc.aligned(shares, []) == []


def test_a_line_has_digits_of_one_system_and_letters_of_one_alphabet():
    known = "01٠١AΑА."
    shares = np.full((4, len(known) + 1), 0.02)
    for step, (best, second) in enumerate((("0", "."), ("1", "0"), ("٠", "0"), ("A", "Α"))):
        shares[step, known.index(best) + 1], shares[step, known.index(second) + 1] = 0.6, 0.3
    left = ctc.consistent(shares / shares.sum(1, keepdims=True), ctc.families(known))
    assert ctc.decoded([left], known).drawn == "010A"
    assert np.allclose(left.sum(1), 1)


def test_persian_digits_are_one_system_with_those_that_look_arabic():
    digits, _ = ctc.families("٤٧۴")
    assert any(row[1] and row[2] for row in digits) and any(row[2] and row[3] for row in digits)
    assert not any(row[1] and row[3] for row in digits)
