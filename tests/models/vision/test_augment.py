"""Views of training pictures move picture and labels alike."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.vision import augment
from models.vision.augment import View
from models.vision.cells.training import moved

PICTURE = torch.rand(3, 40, 60, generator=torch.Generator().manual_seed(0))


def test_a_plain_view_of_the_whole_picture_is_the_picture():
    seen = View((20.0, 30.0), (1.0, 1.0), 0.0, False)
    assert torch.allclose(augment.crop(PICTURE, seen, (40, 60)), PICTURE, atol=1e-4)


def test_a_mirrored_view_is_the_mirror_image():
    seen = View((20.0, 30.0), (1.0, 1.0), 0.0, True)
    assert torch.allclose(augment.crop(PICTURE, seen, (40, 60)), PICTURE.flip(-1), atol=1e-4)


def test_half_a_turn_turns_by_half():
    seen = View((20.0, 30.0), (1.0, 1.0), np.pi, False)
    assert torch.allclose(augment.crop(PICTURE, seen, (40, 60)), PICTURE.flip(-1, -2), atol=1e-3)


@given(st.booleans(), st.sampled_from([0.0, np.pi]), st.floats(0.6, 1.6), st.floats(0.6, 1.6))
def test_boxes_move_with_the_picture(mirrored, angle, zoom_y, zoom_x):
    """A bright rectangle's box in the view is where the rectangle is drawn in the view."""
    picture = torch.zeros(1, 80, 120)
    picture[:, 30:50, 40:80] = 1
    seen = View((40.0, 60.0), (zoom_y, zoom_x), angle, mirrored)
    drawn = augment.crop(picture, seen, (80, 120))[0] > 0.5
    boxes, classes = moved(np.array([[40.0, 30, 80, 50]]), np.array([2]), seen, (80, 120))
    ys, xs = torch.nonzero(drawn.any(1))[:, 0], torch.nonzero(drawn.any(0))[:, 0]
    assert classes.tolist() == [2]
    found = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], dtype=float)
    assert np.abs(boxes[0] - found).max() <= 1.01


def test_a_box_mostly_outside_the_view_is_gone():
    seen = View((20.0, 30.0), (1.0, 1.0), 0.0, False)
    boxes, _ = moved(np.array([[-30.0, 0, 10, 40], [-5.0, 0, 30, 40]]), np.array([0, 0]), seen, (40, 60))
    assert boxes.tolist() == [[0, 0, 30, 40]]


def test_other_colours_keep_the_shape_and_change_by_the_seed_only():
    pictures = torch.rand(4, 3, 8, 8)
    found = []
    for _ in range(2):
        torch.manual_seed(1)
        found.append(augment.recoloured(pictures, np.random.default_rng(3)))
    assert found[0].shape == pictures.shape
    assert torch.equal(*found)
    assert not torch.allclose(found[0], pictures)
