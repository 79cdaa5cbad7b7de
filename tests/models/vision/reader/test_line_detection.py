"""Lines are found in pictures, levelled and cut out, whatever the colours, the light and the rules around them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from models.vision.reader import line_detection


def test_ink_is_found_whatever_the_colours(picture):
    dark, light = line_detection.whole(picture("12.50")), line_detection.whole(picture("12.50", ink=240, ground=20))
    assert dark.pixels.shape[0] == line_detection.HEIGHT
    assert np.abs(dark.pixels.astype(int) - light.pixels).mean() < 3


def test_uneven_light_is_taken_out(picture):
    flat = picture("12.50").astype(float)
    slope = np.linspace(1, 0.5, flat.shape[1])[None, :, None]
    even, shaded = line_detection.whole(flat.astype(np.uint8)), line_detection.whole((flat * slope).astype(np.uint8))
    assert np.allclose(even.box, shaded.box, atol=4)


@pytest.mark.parametrize("ink", [20, 235])
def test_the_edge_of_a_shadow_is_no_ink(picture, ink):
    flat = picture("12.50", ink=ink, ground=255 - ink).astype(float)
    x = np.linspace(-1, 1, flat.shape[1])[None, :, None] + np.linspace(-0.2, 0.2, flat.shape[0])[:, None, None]
    shaded = (flat * np.where(x > 0.3, 0.6, 1.0)).astype(np.uint8)
    assert np.allclose(line_detection.whole(flat.astype(np.uint8)).box, line_detection.whole(shaded).box, atol=4)


def test_a_shadow_alone_is_no_line():
    ground = np.full((60, 200), 220, dtype=np.uint8)
    ground[:, 120:] = 140
    assert line_detection.whole(ground) is None


def test_what_lies_far_under_a_line_is_left_out(picture):
    line = np.pad(picture("12.50"), ((0, 60), (0, 0), (0, 0)), mode="edge")
    ruled = line.copy()
    ruled[-12:-9] = 30
    assert np.allclose(line_detection.whole(ruled).box, line_detection.whole(line).box, atol=2)


@pytest.mark.parametrize("degrees", [0, 1.5, 3])
def test_a_rule_close_under_a_line_is_left_out_also_where_it_slants(picture, degrees):
    line = picture("12.50")
    ruled = Image.fromarray(line)
    y, fall = line.shape[0] - 14, np.tan(np.deg2rad(degrees)) * line.shape[1]
    ImageDraw.Draw(ruled).line((0, y, line.shape[1], y + fall), fill=(40, 40, 40), width=2)
    assert np.allclose(line_detection.whole(np.asarray(ruled)).box, line_detection.whole(line).box, atol=2)


@pytest.mark.parametrize("blur", [0, 1.2])
def test_small_print_under_a_large_price_is_no_rule(picture, blur):
    sheet = np.full((130, 190, 3), 240, dtype=np.uint8)
    for y, size, text in ((8, 60, "19.00"), (90, 14, "20261121-20261231-99")):
        part = picture(text, size, pad=4)[:, :180]
        sheet[y : y + part.shape[0], 5 : 5 + part.shape[1]] = part
    worn = np.asarray(Image.fromarray(sheet).filter(ImageFilter.GaussianBlur(blur)))
    assert len(line_detection.find(sheet)) == len(line_detection.find(worn)) == 2


def test_a_stroke_that_is_all_there_is_stays():
    sheet = np.full((40, 120, 3), 240, dtype=np.uint8)
    sheet[18:24, 20:100] = 20
    assert line_detection.whole(sheet).box[2] - line_detection.whole(sheet).box[0] > 75


@pytest.mark.parametrize("light_first", [True, False])
def test_faint_type_beside_heavy_type_belongs_to_the_line(picture, light_first):
    faint, heavy = picture("SGD", ink=200, pad=6), picture("33.94", pad=6)
    parts = (faint, heavy) if light_first else (heavy, faint)
    sheet = np.full((80, 40 + faint.shape[1] + heavy.shape[1], 3), 240, dtype=np.uint8)
    at = 20
    for part in parts:
        sheet[20 : 20 + part.shape[0], at : at + part.shape[1]] = part
        at += part.shape[1]
    left, _, right, _ = line_detection.whole(sheet).box
    assert left < 30 and right > at - 10


def test_a_plain_picture_has_no_line():
    for level in (0, 128, 255):
        plain = np.full((40, 100, 3), level, dtype=np.uint8)
        assert line_detection.whole(plain) is None and line_detection.find(plain) == []


def test_two_lines_apart_are_two_and_a_wide_gap_parts_a_line(picture):
    sheet = np.full((200, 500, 3), 255, dtype=np.uint8)
    for x, y, text in ((10, 10, "111"), (10, 110, "222"), (350, 110, "333")):
        part = picture(text, pad=4, ground=255)
        sheet[y : y + part.shape[0], x : x + part.shape[1]] = part
    boxes = [line.box for line in line_detection.find(sheet)]
    assert len(boxes) == 3
    assert boxes[0][1] < boxes[1][1] and boxes[1][0] < boxes[2][0]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (50, 1, 3)])
def test_a_picture_of_one_row_or_column_is_refused(shape):
    with pytest.raises(ValueError, match="pixels"):
        line_detection.find(np.zeros(shape, dtype=np.uint8))


@pytest.mark.parametrize("shape", [(20,), (20, 20, 2), (2, 20, 20, 3)])
def test_an_array_that_is_no_picture_is_refused(shape):
    with pytest.raises(ValueError, match=str(shape[0])):
        line_detection.find(np.zeros(shape, dtype=np.uint8))


@pytest.mark.parametrize("degrees", [-4, -2, 2, 4])
def test_a_tilted_line_is_levelled(picture, degrees):
    text = "1990-12-31 USD"
    level = line_detection.whole(picture(text, pad=60))
    tilted = Image.fromarray(picture(text, pad=60)).rotate(degrees, Image.BICUBIC, fillcolor=(240,) * 3)
    found = line_detection.whole(np.asarray(tilted))
    ink = found.pixels > line_detection.GROUND + line_detection.REACH // 2
    left, right = (np.flatnonzero(part.any(1)) for part in (ink[:, : ink.shape[1] // 5], ink[:, -ink.shape[1] // 5 :]))
    assert abs(left.min() - right.min()) <= 4 and abs(left.max() - right.max()) <= 4
    assert found.pixels.shape[1] == pytest.approx(level.pixels.shape[1], rel=0.12)  # the letters stay as large


def test_the_fall_of_a_line_is_measured():
    ink = np.zeros((120, 300), dtype=bool)
    for x in range(300):
        ink[(y := round(40 + 0.05 * x)) : y + 4, x] = True
    assert line_detection.slope(ink) == pytest.approx(0.05, abs=0.006)
    assert line_detection.slope(ink[::-1]) == pytest.approx(-0.05, abs=0.006)
    assert line_detection.slope(np.zeros((20, 20), dtype=bool)) == 0


def test_a_tilted_line_keeps_the_lines_beside_it_out(picture):
    upper = Image.fromarray(picture("1990-12-31", pad=30)).rotate(3, Image.BICUBIC, fillcolor=(240,) * 3)
    alone = np.asarray(upper)
    lower = picture("77777777", pad=2)
    sheet = np.full((alone.shape[0] + 60, alone.shape[1], 3), 240, dtype=np.uint8)
    sheet[: alone.shape[0]] = alone
    sheet[-lower.shape[0] :, : lower.shape[1]] = lower[:, : sheet.shape[1]]
    found = line_detection.find(sheet)
    assert len(found) == 2
    assert np.abs(found[0].pixels.astype(int).mean() - line_detection.whole(alone).pixels.mean()) < 6


def test_boxes_of_a_very_large_picture_are_in_its_own_pixels(picture):
    small = picture("12.50")
    large = np.asarray(Image.fromarray(small).resize((small.shape[1] * 20, small.shape[0] * 20)))
    ratio = np.array(line_detection.whole(large).box) / np.array(line_detection.whole(small).box)
    assert np.allclose(ratio, 20, rtol=0.25)


def shelf(*tags, ground=45):
    """Pictures beside one another on a dark ground, 50 pixels apart and from the border."""
    high, wide = max(tag.shape[0] for tag in tags) + 100, sum(tag.shape[1] + 50 for tag in tags) + 50
    sheet, left = np.full((high, wide, 3), ground, dtype=np.uint8), 50
    for tag in tags:
        sheet[50 : 50 + tag.shape[0], left : left + tag.shape[1]] = tag
        left += tag.shape[1] + 50
    return sheet


def test_lines_on_a_tag_that_lies_on_something_else_are_those_of_the_tag(picture):
    tag = picture("12.50")
    (alone,) = line_detection.find(tag)
    for found in line_detection.sheets(shelf(tag)):
        assert len(found) == 1 and np.allclose(found[0].box, np.array(alone.box) + 50, atol=3)
        assert np.abs(found[0].pixels[:, 8:-8].mean() - alone.pixels[:, 8:-8].mean()) < 8
    assert line_detection.sheets(shelf(tag)) and line_detection.sheets(shelf(255 - tag, ground=220))


def test_every_tag_on_a_shelf_is_a_sheet_the_largest_first(picture):
    found = line_detection.sheets(shelf(picture("7.25"), picture("12.50", size=60)))
    assert found[0][0].box[0] > 150
    assert {line.box[0] < 150 for sheet in found for line in sheet} == {True, False}


def test_boxes_on_sheets_of_a_very_large_picture_are_in_its_own_pixels(picture):
    small = Image.fromarray(shelf(picture("12.50", size=80)))
    large = small.resize((small.width * 8, small.height * 8))
    boxes = [np.array(line_detection.sheets(np.asarray(image))[0][0].box) for image in (small, large)]
    assert np.allclose(boxes[1] / boxes[0], 8, rtol=0.05)


def test_where_no_sheet_lies_whole_in_the_picture_there_is_none(picture):
    ground = np.full((200, 300, 3), 220, dtype=np.uint8)
    shaded = ground.copy()
    shaded[:, 140:] = 120  # reaches the border
    bent = ground.copy()
    bent[20:180, 20:60] = bent[140:180, 20:280] = 40  # not convex
    assert line_detection.sheets(ground) == line_detection.sheets(shaded) == line_detection.sheets(bent) == []
    assert line_detection.sheets(picture("12.50")) == []  # the hollow of a nought is too small


@given(st.integers(0, 10_000))
def test_any_small_picture_is_looked_through_for_sheets(seed):
    random = np.random.default_rng(seed)
    size = random.integers(2, 60, 2)
    for sheet in line_detection.sheets(random.choice(random.integers(0, 256, 3), size).astype(np.uint8)):
        assert all(line.box[0] + 2 >= 0 and line.box[2] <= size[1] + 2 for line in sheet)
