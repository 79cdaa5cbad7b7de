"""Made-up cells: the diffusion model learns colours of the kinds, draws the same again, and pastes without overlap."""

import numpy as np
import pytest
import torch

from models.training.settings import Settings
from models.vision import scores
from models.vision.cells import diffusion
from models.vision.cells.diffusion import TrainingConfig
from models.vision.corpora import Boxed


def coloured(seed: int) -> Boxed:
    """A picture of one red and one blue square cell."""
    pixels = np.full((80, 120, 3), 230, np.uint8)
    pixels[20:60, 10:50], pixels[20:60, 70:110] = (220, 40, 40), (40, 40, 220)
    boxes = np.array([[10, 20, 50, 60], [70, 20, 110, 60]], np.float32)
    return Boxed(str(seed), "train", pixels, np.array([0, 1]), boxes)


@pytest.fixture(scope="module")
def learned():
    plan = TrainingConfig(settings=Settings(epochs=1, rate=3e-3, bf16=False), batch=16, steps=60, average=0.9)
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffusion.Network.__init__, "__defaults__", ((16, 24, 32), 32))
        return diffusion.fit(plan, [coloured(i) for i in range(4)])[0]


def test_the_kinds_come_out_in_their_colours(learned):
    made = diffusion.drawn(learned, [0] * 4 + [1] * 4, steps=12).astype(float)
    assert made.shape == (8, diffusion.SIDE, diffusion.SIDE, 3)
    middle = made[:, 12:20, 12:20].mean((1, 2))
    assert (middle[:4, 0] > middle[:4, 2]).mean() >= 0.75
    assert (middle[4:, 2] > middle[4:, 0]).mean() >= 0.75


def test_one_seed_draws_one_picture(learned):
    first, again, other = (diffusion.drawn(learned, [0, 1], seed=seed, steps=4) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_picture_and_noise_make_up_the_whole():
    signal, spread = diffusion.levels(torch.linspace(0, 1, 9))
    assert torch.allclose(signal**2 + spread**2, torch.ones(9, 1, 1, 1))
    assert (signal.flatten().diff() < 0).all()


def test_pasted_cells_do_not_lie_on_others_and_have_boxes():
    before = Boxed("a", "train", np.full((200, 300, 3), 230, np.uint8), np.array([0]), np.array([[10.0, 10, 60, 60]]))
    made = [(2, np.full((32, 32, 3), 90, np.uint8))] * 4
    after = diffusion.pasted(before, made, np.random.default_rng(0), np.array([[50, 50], [90, 90], [20, 20]]))
    assert 1 < len(after.boxes) <= 5
    assert (scores.box_iou(after.boxes, after.boxes) - np.eye(len(after.boxes))).max() == 0
    assert (after.classes[1:] == 2).all()
    assert (before.pixels == 230).all()
    assert after.pixels.shape == before.pixels.shape


def test_with_and_without_made_up_cells_the_detector_learns_on_from_the_same_weights(learned, monkeypatch):
    given = []

    def fit(plan, config, train, val, *, start, pasting):
        given.append((plan.settings, start, pasting and pasting(train[0], np.random.default_rng(0))))
        return None, None

    monkeypatch.setattr(diffusion.cells_training, "fit", fit)
    monkeypatch.setattr(diffusion.cells_training, "detect", lambda *_: None)
    monkeypatch.setattr(diffusion.cells_training, "evaluate", lambda seen, held: {"n": len(held), "seen": len(seen)})
    smears = [coloured(i) for i in range(3)]
    smears[0].classes[:] = (1, 2)
    found = diffusion.compared(learned, {}, smears, smears[:2], diffusion.Comparison(pool=2))
    assert list(found) == ["without", "with"] and found["with"] == {"n": 2, "seen": 2}
    (further, start, plain), (same, again, pasted) = given
    assert further == same and start is again and plain is None
    assert set(pasted.classes[2:]) <= set(diffusion.RARE)
