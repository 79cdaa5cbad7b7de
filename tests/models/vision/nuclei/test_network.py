"""From maps to nuclei: touching ones are told apart, dirt is left out, nothing is found where nothing is."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from models.vision import augment, scores, unet
from models.vision.corpora import Segmented
from models.vision.nuclei import instances
from models.vision.nuclei import network as nuclei_network
from models.vision.nuclei import training as nuclei_training
from models.vision.nuclei.instances import InstanceRule, Maps

FEATURES = np.ones(4, np.float32)


def discs(*places: tuple[int, int, int], side: int = 96) -> np.ndarray:
    """Instances: discs of centre y, x and radius; where they meet the nearer centre has the pixel."""
    y, x = np.mgrid[:side, :side]
    depth = np.stack([r - np.hypot(y - cy, x - cx) for cy, cx, r in places])
    return np.where(depth.max(0) > 0, depth.argmax(0) + 1, 0).astype(np.int32)


def ideal(truth: np.ndarray) -> Maps:
    """The maps that a perfect network would give."""
    return Maps((truth > 0).astype(np.float32), nuclei_network.distances(truth), nuclei_network.flows(truth), FEATURES)


def test_distance_is_one_in_the_middle_of_small_and_large_nuclei_alike():
    found = nuclei_network.distances(discs((20, 20, 6), (60, 60, 25)))
    assert found[20, 20] == pytest.approx(1)
    assert found[60, 60] == pytest.approx(1)
    assert found[0, 0] == 0


def test_touching_nuclei_are_told_apart():
    truth = discs((40, 30, 14), (40, 54, 14), (64, 42, 14))
    found = instances.instances(ideal(truth), InstanceRule())
    assert found.max() == 3
    assert scores.instance_ap(truth, found, (0.8,))[0] == 1


def test_pixels_flow_to_the_middle_of_their_own_nucleus():
    truth = discs((40, 30, 14), (40, 54, 14), (75, 75, 8))
    flow = nuclei_network.flows(truth)
    y, x = np.indices(truth.shape)
    for number, (cy, cx) in enumerate(((40, 30), (40, 54), (75, 75)), start=1):
        own = truth == number
        assert ((flow[0] * (cy - y) + flow[1] * (cx - x))[own] >= -1e-5).all()
    assert np.hypot(*flow).max() == pytest.approx(1)
    assert not flow[:, truth == 0].any()


def test_the_flow_of_a_turned_view_is_that_of_the_turned_nuclei():
    truth = discs((150, 140, 60), (110, 230, 30), (240, 200, 45), side=320)
    layers = nuclei_training.prepared(Segmented("", "train", np.zeros((320, 320, 3), np.uint8), truth))
    for seed in range(4):
        seen = augment.view(np.random.default_rng(seed), (320, 320), (256, 256), (1.0, 1.4))
        made = nuclei_training.viewed(layers, seen)
        numbers = augment.crop(torch.from_numpy(truth.astype(np.float32))[None], seen, (256, 256), nearest=1)[0]
        flow = nuclei_network.flows(numbers.numpy().astype(int))
        whole = {
            n
            for n in (1, 2, 3)
            if abs((numbers == n).sum() / seen.zoom[0] / seen.zoom[1] / (truth == n).sum() - 1) < 0.05
        }
        sure = np.isin(numbers.numpy(), list(whole)) & (np.hypot(*flow) > 0.99)
        assert whole and (flow * made[-2:].numpy()).sum(0)[sure].mean() > 0.97


def test_of_two_ways_to_cut_the_one_that_agrees_with_the_flow_is_taken():
    pair = discs((40, 30, 14), (40, 52, 14))
    shallow = np.maximum(nuclei_network.distances(pair), np.where(pair > 0, 0.7, 0)).astype(
        np.float32
    )  # a dip that only some rules see
    apart = Maps((pair > 0).astype(np.float32), shallow, nuclei_network.flows(pair), FEATURES)
    assert instances.instances(apart, InstanceRule()).max() == 2
    joined = Maps(apart.inside, shallow, nuclei_network.flows((pair > 0).astype(np.int32)), FEATURES)
    assert instances.instances(joined, InstanceRule()).max() == 1


def test_what_is_unlikely_to_be_a_nucleus_is_dropped():
    truth = discs((30, 30, 18), (70, 70, 18))
    doubtful = InstanceRule(odds=(*(0.0,) * instances.FEATURES, -2.0))
    assert instances.instances(ideal(truth), doubtful).max() == 0
    assert instances.instances(ideal(truth), InstanceRule(odds=doubtful.odds, least=0.1)).max() == 2


def test_a_small_nucleus_beside_a_large_one_is_found():
    truth = discs((30, 30, 20), (80, 80, 7))
    assert scores.instance_ap(truth, instances.instances(ideal(truth), InstanceRule()))[0] == 1


def test_dirt_is_left_out():
    truth = discs((30, 30, 18), (70, 70, 18), (10, 80, 2))
    assert instances.instances(ideal(truth), InstanceRule()).max() == 2


def test_nothing_is_found_where_nothing_is():
    empty = Maps(*np.zeros((2, 40, 40), np.float32), np.zeros((2, 40, 40), np.float32), FEATURES)
    found = instances.instances(empty, InstanceRule())
    assert found.max() == 0
    assert nuclei_network.described(empty, found, InstanceRule()) == []


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 0.8), st.floats(0.05, 0.5))
def test_numbers_run_without_gaps_and_only_where_the_map_says_inside(seed, inside, depth):
    random = np.random.default_rng(seed)
    noise = random.random((4, 32, 32), np.float32)
    seen = Maps(noise[0], noise[1], 2 * noise[2:] - 1, FEATURES)
    rule = InstanceRule(inside=inside, depths=(depth,), smallest=2)
    found = instances.instances(seen, rule)
    assert sorted(set(found.ravel()) - {0}) == list(range(1, found.max() + 1))
    assert (seen.inside[found > 0] > inside).all()


def test_a_nucleus_is_described_by_its_pixels():
    truth = discs((40, 30, 10))
    seen = ideal(truth)
    found = nuclei_network.described(seen, instances.instances(seen, InstanceRule()), InstanceRule())[0]
    assert found.area == int((truth > 0).sum())
    assert found.centre == pytest.approx((40, 30), abs=0.5)
    assert found.box == (21, 31, 40, 50)
    assert 0 < found.confidence < 1


@pytest.mark.parametrize(
    ("colour", "kind"),
    [((8, 8, 8), "fluorescence"), ((215, 215, 215), "bright field"), ((225, 215, 228), "stained on white"),
     ((165, 145, 195), "stained tissue")],
)  # fmt: skip
def test_the_kind_of_a_picture_goes_by_its_colours(colour, kind):
    assert nuclei_network.kind(np.full((32, 32, 3), colour, np.uint8)) == kind


@pytest.mark.parametrize("colour", [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1), (0.1, 0.25, 1)])
def test_a_picture_in_one_colour_is_looked_at_as_the_same_in_grey(colour):
    light = np.random.default_rng(0).normal(0, 4, (96, 96)) + 20 + 150 * (discs((30, 30, 12), (60, 70, 9)) > 0)
    light = light.clip(0, 255)
    coloured = (light[..., None] * np.array(colour)).astype(np.uint8)
    grey = np.repeat(light[..., None], 3, 2).astype(np.uint8)
    assert np.abs(nuclei_network.without_tint(coloured).astype(int) - grey).max() <= 2
    assert (nuclei_network.normalised(coloured) - nuclei_network.normalised(grey)).abs().max() < 0.02
    assert nuclei_network.kind(coloured) == "fluorescence"
    out = io.BytesIO()
    Image.fromarray(coloured).save(out, "JPEG", quality=75)
    assert np.ptp(nuclei_network.without_tint(np.asarray(Image.open(out))), axis=2).max() == 0


@pytest.mark.parametrize("colours", [((225, 215, 228), (120, 70, 160)), ((8, 8, 8), (200, 200, 200)), ((0, 0, 0),) * 2])
def test_stained_and_grey_pictures_keep_their_colours(colours):
    ground, inside = np.array(colours, np.uint8)
    picture = np.where(discs((30, 30, 12), (60, 70, 9))[..., None] > 0, inside, ground)
    assert (nuclei_network.without_tint(picture) == picture).all()


def test_two_colours_beside_each_other_are_not_taken_for_one():
    picture = np.zeros((96, 96, 3), np.uint8)
    picture[discs((30, 30, 12)) > 0] = (0, 0, 200)
    picture[discs((60, 70, 12)) > 0] = (0, 200, 0)
    assert (nuclei_network.without_tint(picture) == picture).all()


def test_a_dark_picture_is_stretched_and_an_empty_one_is_not():
    dim = np.full((40, 40, 3), 4, np.uint8)
    dim[10:20, 10:20] = 40
    assert float(nuclei_network.normalised(dim).max()) == pytest.approx(1, abs=0.05)
    assert float(nuclei_network.normalised(np.full((40, 40, 3), 4, np.uint8)).abs().max()) < 0.2


@pytest.fixture(scope="module")
def learned():
    """A small network after a short training on discs, and pictures it has not seen."""

    def picture(seed: int) -> Segmented:
        random = np.random.default_rng(seed)
        truth = discs(*((*random.integers(12, 84, 2), int(random.integers(7, 13))) for _ in range(6)))
        pixels = np.where(truth > 0, 170, 20) + random.normal(0, 6, truth.shape)
        return Segmented(str(seed), "train", np.repeat(pixels.clip(0, 255).astype(np.uint8)[..., None], 3, 2), truth)

    plan = nuclei_training.TrainingConfig(
        settings=nuclei_training.Settings(epochs=1, rate=5e-3, bf16=False), batch=4, crops=160
    )
    config = unet.Config(widths=(12, 16, 24), outputs=8)
    network, _ = nuclei_training.fit(plan, config, [picture(i) for i in range(8)], [])
    return network, [picture(i) for i in range(100, 106)]


def test_a_short_training_finds_bright_discs(learned):
    network, pictures = learned
    seen = [nuclei_network.maps(network, p.pixels, "cpu", False) for p in pictures]
    found = nuclei_training.evaluate(seen, pictures, InstanceRule())
    assert found["dice"] > 0.9
    assert found["n"] == 6
    assert found["ap50_low"] <= found["ap50"] <= found["ap50_high"]
    assert list(found["per_kind"]) == ["fluorescence"]


def test_a_large_picture_is_looked_at_in_tiles_that_leave_no_seam(learned, monkeypatch):
    network, pictures = learned
    whole = nuclei_network.maps(network, pictures[0].pixels, "cpu", False, mirrored=False)
    monkeypatch.setattr(nuclei_network, "TILE", 48)
    tiled = nuclei_network.maps(network, pictures[0].pixels, "cpu", False, mirrored=False)
    assert tiled.inside.shape == whole.inside.shape
    assert np.abs(tiled.inside - whole.inside).max() < 0.05


def test_the_rule_found_on_val_is_no_worse_than_the_first(learned):
    network, pictures = learned
    seen = [nuclei_network.maps(network, p.pixels, "cpu", False) for p in pictures]
    rule = nuclei_training.ruled(seen, [p.instances for p in pictures])
    judged = [nuclei_training.evaluate(seen, pictures, r)["ap50"] for r in (InstanceRule(), rule)]
    assert judged[1] >= judged[0] - 0.05
    assert len(rule.odds) == instances.FEATURES + 1
    assert rule.trust[0] > 0


def test_settings_of_a_model_survive_the_card():
    rule = InstanceRule(inside=0.4, depths=(0.1, 0.3), odds=(1.0,) * 13, trust=(2.0, 3.0))
    assert nuclei_network.from_settings(nuclei_network.settings(unet.Config(), rule)) == (unet.Config(), rule)


def test_training_weighs_pixels_where_nuclei_touch_and_no_others():
    def layers(truth: np.ndarray) -> torch.Tensor:
        return nuclei_training.prepared(Segmented("", "train", np.zeros((*truth.shape, 3), np.uint8), truth))

    apart, touching = layers(discs((30, 30, 12), (70, 70, 12))), layers(discs((40, 30, 12), (40, 50, 12)))
    assert apart.shape == (8, 96, 96)
    assert float(apart[5].sum()) == 0
    assert float(touching[5, 38:42, 39:42].mean()) == 1
    assert float(touching[5, :, :30].sum()) == 0
