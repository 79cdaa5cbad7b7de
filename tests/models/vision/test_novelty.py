"""A picture far from all that a model learned from is called unlike them."""

import numpy as np
import pytest
from skimage import data

from models.vision import load, novelty, sample_drawings


def rows(seed: int, count: int, towards: int) -> np.ndarray:
    found = np.random.default_rng(seed).normal(0, 0.1, (count, 16))
    found[:, towards] += 1
    return found


def test_pictures_like_the_training_pictures_are_not_unlike_them():
    bank = novelty.reference_features(rows(0, 60, 3), rows(1, 30, 3))
    assert not any(bank.is_unlike(row) for row in rows(2, 30, 3))


def test_pictures_of_something_else_are_unlike_them():
    bank = novelty.reference_features(rows(0, 60, 3), rows(1, 30, 3))
    assert all(bank.is_unlike(row) for row in rows(2, 30, 9))


def test_brightness_alone_makes_no_difference():
    bank = novelty.reference_features(rows(0, 60, 3), rows(1, 30, 3))
    row = rows(2, 1, 3)[0]
    assert abs(bank.distance(row) - bank.distance(5 * row)) < 1e-6


def test_a_kind_that_is_rare_among_the_training_pictures_is_still_known():
    bank = novelty.reference_features(np.concatenate((rows(0, 60, 3), rows(1, 12, 7))), rows(2, 30, 3))
    assert not bank.is_unlike(rows(3, 1, 7)[0])


def test_an_empty_picture_has_a_distance():
    assert np.isfinite(novelty.reference_features(rows(0, 9, 3), rows(1, 5, 3)).distance(np.zeros(16)))


@pytest.mark.parametrize(("name", "draw"), [("nuclei", sample_drawings.nuclei), ("blood_cells", sample_drawings.smear)])
def test_the_shipped_models_know_their_drawn_sample_and_a_cat_is_unlike(name, draw):
    model = load.model(name, "cpu")
    assert not model.is_unlike(model.predict([draw(1)])[0])
    assert model.is_unlike(model.predict([data.cat()])[0])
