"""Drawn stand-ins for microscope pictures are what they say, the same for the same seed."""

import numpy as np
import pytest

from models.vision import sample_drawings
from models.vision.nuclei import network as nuclei_network


@pytest.mark.parametrize("draw", [sample_drawings.nuclei, sample_drawings.smear])
def test_one_seed_draws_one_picture(draw):
    assert (draw(3) == draw(3)).all()
    assert (draw(3) != draw(4)).any()
    assert draw(3).dtype == np.uint8


def test_sizes_are_those_asked_for():
    assert sample_drawings.nuclei(0, (64, 96)).shape == (64, 96, 3)
    assert sample_drawings.smear(0, (240, 320)).shape == (240, 320, 3)


def test_drawn_nuclei_look_like_fluorescence_and_a_drawn_smear_does_not():
    assert nuclei_network.kind(sample_drawings.nuclei(1)) == "fluorescence"
    assert nuclei_network.kind(sample_drawings.smear(1)) != "fluorescence"
