"""Nuclei that are far smaller or larger than those learnt from are looked at again, and only those."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.vision.nuclei import instances, scale
from models.vision.nuclei import network as nuclei_network
from models.vision.nuclei.instances import InstanceRule, Maps

RULE = InstanceRule(odds=(10.0, *(0.0,) * 11, -6.0))
"""How likely something is a nucleus goes by how bright it is."""


def grid(across: int, side: int = 240) -> np.ndarray:
    """A picture of bright discs of that diameter, their middles twice as far apart; uint8 (side, side, 3)."""
    y, x = np.mgrid[:side, :side] % (2 * across) - across
    return np.repeat(np.where(np.hypot(y, x) < across / 2, 255, 0).astype(np.uint8)[..., None], 3, 2)


class Looks:
    """A network that sees bright things, in each width of a picture as surely as told."""

    def __init__(self, sure: Callable[[int], float]) -> None:
        self.sure, self.widths = sure, []

    def __call__(self, pixels: np.ndarray) -> Maps:
        width = pixels.shape[1]
        self.widths.append(width)
        numbers = nuclei_network.instances.ndimage.label(pixels[..., 0] > 127)[0].astype(np.int32)
        inside = np.where(numbers > 0, self.sure(width), 0).astype(np.float32)
        features = np.array([width], np.float32)
        return Maps(inside, nuclei_network.distances(numbers), nuclei_network.flows(numbers), features)


@pytest.mark.parametrize(("across", "widths"), [(10, [240, 480]), (30, [240]), (60, [240, 120])])
def test_only_nuclei_of_other_sizes_than_learnt_are_looked_at_again(across, widths):
    looks = Looks(lambda width: 0.9)
    seen = scale.looked_at(looks, grid(across), RULE)
    assert looks.widths == widths
    assert seen.zoom == widths[-1] / 240
    assert seen.inside.shape == (widths[-1], widths[-1])


@pytest.mark.parametrize(("second", "zoom"), [(0.95, 2.0), (0.7, 1.0)])
def test_of_two_looks_the_surer_is_taken_and_the_other_kept_in_mind(second, zoom):
    seen = scale.looked_at(Looks(lambda width: second if width == 480 else 0.85), grid(10), RULE)
    assert seen.zoom == zoom
    assert sorted((float(seen.features[0]), float(seen.otherwise[0]))) == [240, 480]
    assert float(seen.features[0]) == 240 * zoom


def test_a_picture_of_nothing_is_looked_at_once():
    looks = Looks(lambda width: 0.9)
    assert scale.looked_at(looks, np.zeros((240, 240, 3), np.uint8), RULE).zoom == 1
    assert looks.widths == [240]


def test_the_second_look_is_no_larger_than_any_picture_is_looked_at(monkeypatch):
    numbers = np.zeros((240, 240), np.int32)
    numbers[50:60, 50:60] = 1
    assert scale.second_zoom(numbers, 12) == 2
    monkeypatch.setattr(scale, "MAX_PIXELS", 360 * 360)
    assert scale.second_zoom(numbers, 12) == pytest.approx(1.5)
    monkeypatch.setattr(scale, "MAX_PIXELS", 250 * 250)
    assert scale.second_zoom(numbers, 12) == 1


def test_nuclei_found_in_another_size_are_judged_by_the_truth_in_the_finer_one():
    truth = np.zeros((40, 40), np.int32)
    truth[4:14, 4:14], truth[20:36, 20:36] = 1, 2
    for factor in (0.5, 2.0):
        found = instances.in_size(truth, (round(40 * factor),) * 2)
        one, other = instances.in_one_size(truth, found)
        assert one.shape == other.shape == (max(40, round(40 * factor)),) * 2
        assert (one == other).mean() > 0.97


def test_nuclei_are_looked_for_once_under_one_rule_and_again_under_another(monkeypatch):
    asked, proposals = [], instances.proposals
    monkeypatch.setattr(instances, "proposals", lambda *given: asked.append(given) or proposals(*given))
    seen = scale.looked_at(Looks(lambda width: 0.9), grid(30), RULE)
    once = instances.instances(seen, RULE)
    assert (len(asked), once.max()) == (1, len(np.unique(once)) - 1)
    instances.instances(seen, replace(RULE, least=0.31))
    assert len(asked) == 2
