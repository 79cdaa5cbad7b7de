"""From maps to cells: one box a cell, in the picture's own pixels, with a probability that means what it says."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.errors import TrainingError
from models.training.settings import Settings
from models.vision import scores, unet
from models.vision.cells import network as cells_network
from models.vision.cells import training as cells_training
from models.vision.cells.network import DetectionRule
from models.vision.corpora import CELLS, Boxed

SMALL = unet.Config(widths=(12, 16, 24), stem=4, outputs=12)


def test_targets_and_peaks_are_each_other_s_reverse():
    boxes = np.array([[40.0, 40, 120, 130], [200, 60, 260, 110], [150, 150, 170, 170]], np.float32)
    classes = np.array([1, 0, 2])
    heat, reach, weight = cells_training.targets(boxes, classes, (192, 320))
    assert heat.shape == (3, 48, 80)
    assert float(weight.max()) == 1
    found, kinds, strength = cells_network.peaks(heat, reach, 0.9)
    order = np.argsort(kinds)
    assert kinds[order].tolist() == [0, 1, 2]
    assert strength.min() == 1
    assert np.abs(found[order] - boxes[[1, 0, 2]]).max() < 0.01


def test_of_two_boxes_on_one_cell_the_weaker_goes_and_another_kind_stays():
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10], [30, 30, 40, 40]])
    kept = cells_network.suppressed(boxes, np.array([0, 0, 1, 0]), np.array([0.6, 0.9, 0.5, 0.1]), 0.5)
    assert kept.tolist() == [1, 2, 3]


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_no_two_boxes_of_one_kind_that_stay_overlap_more_than_allowed(seed, overlap):
    random = np.random.default_rng(seed)
    low = random.uniform(0, 50, (15, 2))
    boxes = np.concatenate((low, low + random.uniform(5, 40, (15, 2))), axis=1)
    kept = cells_network.suppressed(boxes, np.zeros(15, int), random.random(15), overlap)
    iou = scores.box_iou(boxes[kept], boxes[kept]) - np.eye(len(kept))
    assert iou.max(initial=0) <= overlap + 1e-9


def test_confidence_follows_the_odds_of_each_kind():
    rule = DetectionRule(odds=((1.0, 0.0), (2.0, 0.0), (1.0, 5.0)))
    found = cells_network.confidences(np.array([0.8, 0.8, 0.8]), np.array([0, 1, 2]), rule)
    assert found == pytest.approx([0.8, 0.8**2 / (0.8**2 + 0.2**2), 0.8 * np.e**5 / (0.8 * np.e**5 + 0.2)], abs=1e-6)


def test_a_crop_at_the_edge_is_cut_not_failed_on():
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    made, sides = cells_network.crops(pixels, np.array([[-5.0, -5, 10, 10], [70, 50, 90, 70], [79, 59, 80, 60]]))
    assert made.shape == (3, 3, cells_network.CROP, cells_network.CROP)
    assert sides[0].tolist() == pytest.approx(np.log([15 / 80, 15 / 60]).tolist())
    assert cells_network.crops(pixels, np.zeros((0, 4)))[0].shape == (0, 3, cells_network.CROP, cells_network.CROP)


def smear(seed: int) -> Boxed:
    """A pale picture with red discs, large blue ones and small violet ones."""
    random = np.random.default_rng(seed)
    pixels = np.full((128, 160, 3), 225.0) + random.normal(0, 4, (128, 160, 1))
    y, x = np.mgrid[:128, :160]
    boxes, classes = [], []
    looks = ((12, (205, 120, 120)), (18, (90, 70, 170)), (6, (150, 80, 190)))
    for place in random.permutation(12)[:7]:
        kind = int(random.integers(3))
        cy, cx = 20 + 40 * (place // 4) + random.integers(-2, 3), 20 + 40 * (place % 4) + random.integers(-2, 3)
        radius, colour = looks[kind]
        inside = np.hypot(y - cy, x - cx) < radius
        pixels[inside] = colour
        boxes.append((cx - radius, cy - radius, cx + radius, cy + radius))
        classes.append(kind)
    return Boxed(
        str(seed), "train", pixels.clip(0, 255).astype(np.uint8), np.array(classes), np.array(boxes, np.float32)
    )


@pytest.fixture(scope="module")
def learned():
    plan = cells_training.TrainingConfig(
        settings=Settings(epochs=3, rate=6e-3, bf16=False), batch=4, views=8,
        crop_settings=Settings(epochs=30, rate=3e-3, bf16=False),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells_training, "SIZE", (128, 160))
        patch.setattr(cells_network, "SIZE", (128, 160))
        network, _ = cells_training.fit(plan, SMALL, [smear(i) for i in range(16)], [])
        crops, _ = cells_training.fit_crops(plan, [smear(i) for i in range(16)], [])
        yield network, crops, [smear(i) for i in range(50, 56)]


def test_a_short_training_finds_the_discs_and_their_kinds(learned):
    network, _, smears = learned
    found = [cells_network.detected(network, s.pixels, DetectionRule(), "cpu", False) for s in smears]
    judged = cells_training.evaluate(found, smears, draws=20)
    assert judged["map50"] > 0.8
    assert set(judged["per_class"]) == set(CELLS)
    assert judged["map50_low"] <= judged["map50"] <= judged["map50_high"]


def test_boxes_are_in_the_pixels_of_the_picture_brought(learned):
    """The same smear at twice the size: the boxes are twice as far out."""
    network, _, smears = learned
    large = smears[0].pixels.repeat(2, 0).repeat(2, 1)
    strong = [
        cells_network.detected(network, pixels, DetectionRule(lowest=0.3), "cpu", False, mirrored=False)
        for pixels in (smears[0].pixels, large)
    ]
    iou = scores.box_iou(2 * strong[0].boxes, strong[1].boxes)
    assert (iou.max(1) > 0.8).mean() > 0.8


def test_the_crop_classifier_names_the_kinds(learned):
    _, crops, smears = learned
    pictures, sizes, kinds = cells_training.crops_of(smears)
    chances = cells_network.classified(crops, pictures, sizes)
    assert chances.sum(1) == pytest.approx(np.ones(len(kinds)), abs=1e-5)
    assert (chances.argmax(1) == kinds.numpy()).mean() > 0.9


def test_nothing_is_found_on_an_empty_picture(learned):
    network, _, _ = learned
    empty = np.full((128, 160, 3), 225, np.uint8)
    found = cells_network.detected(network, empty, DetectionRule(lowest=0.3), "cpu", False)
    assert found.boxes.shape == (0, 4)
    assert len(found.confidence) == 0


def test_the_rule_s_odds_make_confidences_that_mean_what_they_say(learned):
    network, _, smears = learned
    rule = cells_training.ruled(network, smears)
    found = [cells_network.detected(network, s.pixels, rule, "cpu", False) for s in smears]
    assert len(rule.odds) == len(CELLS)
    assert cells_training.evaluate(found, smears, draws=5)["ece"] < 0.15


def test_a_rule_cannot_be_had_from_a_network_that_learned_nothing():
    torch.manual_seed(0)
    with pytest.raises(TrainingError, match="train for longer"):
        cells_training.ruled(cells_training.Network(SMALL).eval(), [smear(1)])


def test_focal_loss_is_least_where_the_heat_is_right():
    heat, _, _ = cells_training.targets(np.array([[10.0, 10, 50, 50]]), np.array([0]), (64, 64))
    right = torch.where(heat >= 0.999, 8.0, torch.where(heat > 0.3, 0.0, -8.0))[None]
    assert cells_training.focal(right, heat[None]) < cells_training.focal(torch.zeros_like(right), heat[None])


def test_boxes_around_one_point_are_apart_by_one_less_their_iou_when_one_holds_the_other():
    """Rezatofighi et al. (2019): where one box encloses the other, generalised IoU is IoU: 4 / 16."""
    small, large = torch.ones(1, 4, 1, 1), torch.full((1, 4, 1, 1), 2.0)
    assert float(cells_training.apart(small, large, torch.ones(1, 1, 1))) == pytest.approx(0.75)


def test_settings_of_a_model_survive_the_card():
    rule = DetectionRule(overlap=0.4, odds=((1.0, 2.0), (3.0, 4.0), (5.0, 6.0)))
    assert cells_network.from_settings(cells_network.settings(SMALL, rule, (8, 16))) == (SMALL, rule, (8, 16))
