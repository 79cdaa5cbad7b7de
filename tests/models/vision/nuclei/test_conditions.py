"""The same nuclei in blue, smaller and larger: the truth goes with the picture."""

import numpy as np

from dashboard.cards import dot_plots
from models.vision.corpora import Segmented
from models.vision.nuclei import conditions
from models.vision.nuclei import network as nuclei_network
from models.vision.nuclei.instances import InstanceRule, Maps


def picture(colour: tuple[int, int, int] = (200, 200, 200), ground: tuple[int, int, int] = (0, 0, 0)) -> Segmented:
    """Two squares of a colour."""
    truth = np.zeros((64, 64), np.int32)
    truth[8:24, 8:24], truth[36:56, 36:56] = 1, 2
    pixels = np.where(truth[..., None] > 0, np.array(colour, np.uint8), np.array(ground, np.uint8))
    return Segmented("a", "test", pixels, truth)


def test_in_blue_the_brightness_stands_in_one_channel():
    made = conditions.in_blue(picture())
    assert made.pixels[..., :2].max() == 0 and made.pixels[10, 10, 2] == 200
    assert (made.instances == picture().instances).all()


def test_in_another_size_the_nuclei_are_still_where_the_picture_is_bright():
    for factor in (0.5, 2.0):
        made = conditions.in_size(picture(), factor)
        assert made.pixels.shape[:2] == made.instances.shape == (round(64 * factor),) * 2
        assert ((made.pixels[..., 0] > 100) == (made.instances > 0)).mean() > 0.97


def test_stained_pictures_are_not_judged_in_blue():
    stained = picture((120, 70, 160), (225, 215, 228))
    assert {name: len(found) for name, found in conditions.changed([picture(), stained]).items()} == {
        "pure blue": 1, "half size": 2, "twice the size": 2,
    }  # fmt: skip
    assert list(conditions.changed([stained])) == ["half size", "twice the size"]


def test_each_condition_is_judged_on_its_own_pictures():
    def predict(pictures):
        """Nothing is seen in a picture in twice the size."""
        return [maps(pixels) for pixels in pictures]

    def maps(pixels: np.ndarray) -> Maps:
        numbers = nuclei_network.instances.ndimage.label(pixels.max(2) > 100)[0].astype(np.int32)
        numbers *= pixels.shape[0] <= 64
        inside = (numbers > 0).astype(np.float32)
        return Maps(inside, nuclei_network.distances(numbers), nuclei_network.flows(numbers), np.ones(1))

    told = conditions.evaluate(predict, [picture()] * 2, InstanceRule(odds=(10.0, *(0.0,) * 11, -6.0)))
    assert {name: entry["ap50"] for name, entry in told.items()} == {
        "pure blue": 1, "half size": 1, "twice the size": 0,
    }  # fmt: skip
    assert told["twice the size"]["count_error"] == 1
    assert set(told["half size"]) == set(conditions.TOLD)


def test_the_card_s_page_names_the_side_that_pictures_are_judged_up_to():
    assert dot_plots.CONDITION_SIDE == conditions.MAX_SIDE
