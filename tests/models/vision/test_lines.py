"""Finding lines, CTC decoding, and the shipped reader on lines whose text is known."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from models import registry
from models.vision import fonts, formats, lines, renders
from models.vision.spelling import Spelling

torch.set_num_threads(1)


def picture(text, size=40, pad=20, ink=20, ground=240, font=None):
    """Text in Pillow's own font, (height, width, 3)."""
    font = font or ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("RGB", (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad), (ground,) * 3)
    ImageDraw.Draw(image).text((pad - left, pad - top), text, fill=(ink,) * 3, font=font)
    return np.asarray(image)


@pytest.fixture(scope="module")
def reader():
    return lines.load("reader", device="cpu")


# ------------------------------------------------------------------ finding


def test_ink_is_found_whatever_the_colours():
    dark, light = lines.whole(picture("12.50")), lines.whole(picture("12.50", ink=240, ground=20))
    assert dark.pixels.shape[0] == lines.HEIGHT
    assert np.abs(dark.pixels.astype(int) - light.pixels).mean() < 3


def test_uneven_light_is_taken_out():
    flat = picture("12.50").astype(float)
    slope = np.linspace(1, 0.5, flat.shape[1])[None, :, None]
    even, shaded = lines.whole(flat.astype(np.uint8)), lines.whole((flat * slope).astype(np.uint8))
    assert np.allclose(even.box, shaded.box, atol=4)


@pytest.mark.parametrize("ink", [20, 235])
def test_the_edge_of_a_shadow_is_no_ink(ink):
    flat = picture("12.50", ink=ink, ground=255 - ink).astype(float)
    x = np.linspace(-1, 1, flat.shape[1])[None, :, None] + np.linspace(-0.2, 0.2, flat.shape[0])[:, None, None]
    shaded = (flat * np.where(x > 0.3, 0.6, 1.0)).astype(np.uint8)
    assert np.allclose(lines.whole(flat.astype(np.uint8)).box, lines.whole(shaded).box, atol=4)


def test_a_shadow_alone_is_no_line():
    ground = np.full((60, 200), 220, dtype=np.uint8)
    ground[:, 120:] = 140
    assert lines.whole(ground) is None


def test_what_lies_far_under_a_line_is_left_out():
    line = np.pad(picture("12.50"), ((0, 60), (0, 0), (0, 0)), mode="edge")
    ruled = line.copy()
    ruled[-12:-9] = 30
    assert np.allclose(lines.whole(ruled).box, lines.whole(line).box, atol=2)


@pytest.mark.parametrize("degrees", [0, 1.5, 3])
def test_a_rule_close_under_a_line_is_left_out_also_where_it_slants(degrees):
    line = picture("12.50")
    ruled = Image.fromarray(line)
    y, fall = line.shape[0] - 14, np.tan(np.deg2rad(degrees)) * line.shape[1]
    ImageDraw.Draw(ruled).line((0, y, line.shape[1], y + fall), fill=(40, 40, 40), width=2)
    assert np.allclose(lines.whole(np.asarray(ruled)).box, lines.whole(line).box, atol=2)


@pytest.mark.parametrize("blur", [0, 1.2])
def test_small_print_under_a_large_price_is_no_rule(blur):
    sheet = np.full((130, 190, 3), 240, dtype=np.uint8)
    for y, size, text in ((8, 60, "19.00"), (90, 14, "20261121-20261231-99")):
        part = picture(text, size, pad=4)[:, :180]
        sheet[y : y + part.shape[0], 5 : 5 + part.shape[1]] = part
    worn = np.asarray(Image.fromarray(sheet).filter(ImageFilter.GaussianBlur(blur)))
    assert len(lines.find(sheet)) == len(lines.find(worn)) == 2


def test_a_stroke_that_is_all_there_is_stays():
    sheet = np.full((40, 120, 3), 240, dtype=np.uint8)
    sheet[18:24, 20:100] = 20
    assert lines.whole(sheet).box[2] - lines.whole(sheet).box[0] > 75


@pytest.mark.parametrize("light_first", [True, False])
def test_faint_type_beside_heavy_type_belongs_to_the_line(light_first):
    faint, heavy = picture("SGD", ink=200, pad=6), picture("33.94", pad=6)
    parts = (faint, heavy) if light_first else (heavy, faint)
    sheet = np.full((80, 40 + faint.shape[1] + heavy.shape[1], 3), 240, dtype=np.uint8)
    at = 20
    for part in parts:
        sheet[20 : 20 + part.shape[0], at : at + part.shape[1]] = part
        at += part.shape[1]
    left, _, right, _ = lines.whole(sheet).box
    assert left < 30 and right > at - 10


def test_shade_in_a_corner_beside_a_line_is_not_taken_for_a_second_one(reader):
    sheet = picture("12.50", pad=40).astype(float)
    sheet[-30:, -36:] -= 70
    assert [r.text for r in reader.predict([sheet.astype(np.uint8)])] == ["12.50"]


def test_a_plain_picture_has_no_line():
    for level in (0, 128, 255):
        plain = np.full((40, 100, 3), level, dtype=np.uint8)
        assert lines.whole(plain) is None and lines.find(plain) == []


def test_two_lines_apart_are_two_and_a_wide_gap_parts_a_line():
    sheet = np.full((200, 500, 3), 255, dtype=np.uint8)
    for x, y, text in ((10, 10, "111"), (10, 110, "222"), (350, 110, "333")):
        part = picture(text, pad=4, ground=255)
        sheet[y : y + part.shape[0], x : x + part.shape[1]] = part
    boxes = [line.box for line in lines.find(sheet)]
    assert len(boxes) == 3
    assert boxes[0][1] < boxes[1][1] and boxes[1][0] < boxes[2][0]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (50, 1, 3)])
def test_a_picture_of_one_row_or_column_is_refused(shape):
    with pytest.raises(ValueError, match="pixels"):
        lines.find(np.zeros(shape, dtype=np.uint8))


@pytest.mark.parametrize("shape", [(20,), (20, 20, 2), (2, 20, 20, 3)])
def test_an_array_that_is_no_picture_is_refused(shape):
    with pytest.raises(ValueError, match=str(shape[0])):
        lines.find(np.zeros(shape, dtype=np.uint8))


@pytest.mark.parametrize("degrees", [-4, -2, 2, 4])
def test_a_tilted_line_is_levelled(degrees):
    text = "1990-12-31 USD"
    level = lines.whole(picture(text, pad=60))
    tilted = Image.fromarray(picture(text, pad=60)).rotate(degrees, Image.BICUBIC, fillcolor=(240,) * 3)
    found = lines.whole(np.asarray(tilted))
    ink = found.pixels > lines.GROUND + lines.REACH // 2
    left, right = (np.flatnonzero(part.any(1)) for part in (ink[:, : ink.shape[1] // 5], ink[:, -ink.shape[1] // 5 :]))
    assert abs(left.min() - right.min()) <= 4 and abs(left.max() - right.max()) <= 4
    assert found.pixels.shape[1] == pytest.approx(level.pixels.shape[1], rel=0.12)  # the letters stay as large


def test_the_fall_of_a_line_is_measured():
    ink = np.zeros((120, 300), dtype=bool)
    for x in range(300):
        ink[(y := round(40 + 0.05 * x)) : y + 4, x] = True
    assert lines.slope(ink) == pytest.approx(0.05, abs=0.006)
    assert lines.slope(ink[::-1]) == pytest.approx(-0.05, abs=0.006)
    assert lines.slope(np.zeros((20, 20), dtype=bool)) == 0


def test_a_tilted_line_keeps_the_lines_beside_it_out():
    upper = Image.fromarray(picture("1990-12-31", pad=30)).rotate(3, Image.BICUBIC, fillcolor=(240,) * 3)
    alone = np.asarray(upper)
    lower = picture("77777777", pad=2)
    sheet = np.full((alone.shape[0] + 60, alone.shape[1], 3), 240, dtype=np.uint8)
    sheet[: alone.shape[0]] = alone
    sheet[-lower.shape[0] :, : lower.shape[1]] = lower[:, : sheet.shape[1]]
    found = lines.find(sheet)
    assert len(found) == 2
    assert np.abs(found[0].pixels.astype(int).mean() - lines.whole(alone).pixels.mean()) < 6


def test_boxes_of_a_very_large_picture_are_in_its_own_pixels():
    small = picture("12.50")
    large = np.asarray(Image.fromarray(small).resize((small.shape[1] * 20, small.shape[0] * 20)))
    ratio = np.array(lines.whole(large).box) / np.array(lines.whole(small).box)
    assert np.allclose(ratio, 20, rtol=0.25)


# ------------------------------------------------------------------ decoding


def test_runs_count_once_and_nothing_parts_equal_characters():
    # Graves et al. 2006: aa-ab reads "aab"
    shares = np.full((6, 3), 0.05)
    for step, best in enumerate((1, 1, 0, 1, 2, 0)):
        shares[step, best] = 0.9
    path = lines.decoded(shares, "ab")
    assert path.drawn == "aab"
    assert path.peaks == pytest.approx((0.9, 0.9, 0.9))
    assert path.steps[0] in (0, 1) and path.steps[1:] == (3, 4)
    assert 0.5 < path.share <= 1


def test_only_nothing_reads_as_nothing():
    assert lines.decoded(np.tile((0.99, 0.01), (8, 1)), "a").drawn == ""


def test_paths_of_one_line_count_together():
    # Graves 2012, figure 7.5: the best path is empty, the likeliest line is "a"
    assert lines.decoded(np.array([(0.6, 0.4), (0.6, 0.4)]), "a").drawn == "a"


def test_spelling_decides_where_the_picture_does_not():
    spelling = Spelling.learnt(["12.50", "7.25", "103.99"] * 50)
    shares = np.full((7, 4), 0.01)
    for step, best in enumerate((1, 0, 2, 0, 1, 0, 1)):
        shares[step, best] = 0.97
    shares[2, 2:] = 0.47, 0.50  # point or comma
    shares /= shares.sum(1, keepdims=True)
    assert lines.decoded(shares, "1.,").drawn == "1,11"
    assert lines.decoded(shares, "1.,", spelling, 0.5).drawn == "1.11"


def test_characters_are_found_at_the_steps_where_they_are_likeliest():
    shares = np.full((7, 3), 0.05)
    for step, best in enumerate((0, 1, 1, 0, 2, 2, 0)):
        shares[step, best] = 0.8 + 0.01 * step
    assert lines.aligned(shares, [1, 2]) == [2, 5]
    assert lines.aligned(shares, []) == []


def test_the_network_answers_every_two_pixels():
    network = lines.Network(lines.Config("abc", 8, 8, 16, 1)).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, 32, 64), torch.tensor([64, 40])).shape == (2, 32, 4)


def test_what_stands_right_of_a_line_does_not_change_its_reading(reader):
    line = lines.whole(picture("12.50")).pixels
    wide = np.full((32, 400), lines.GROUND, dtype=np.uint8)
    assert reader.paths([line, wide])[0].drawn == reader.paths([line])[0].drawn


def test_a_line_has_digits_of_one_system_and_letters_of_one_alphabet():
    known = "01٠١AΑА."
    shares = np.full((4, len(known) + 1), 0.02)
    for step, (best, second) in enumerate((("0", "."), ("1", "0"), ("٠", "0"), ("A", "Α"))):
        shares[step, known.index(best) + 1], shares[step, known.index(second) + 1] = 0.6, 0.3
    left = lines.consistent(shares / shares.sum(1, keepdims=True), lines.families(known))
    assert lines.decoded(left, known).drawn == "010A"
    assert np.allclose(left.sum(1), 1)


def test_persian_digits_are_one_system_with_those_that_look_arabic():
    digits, _ = lines.families("٤٧۴")
    assert any(row[1] and row[2] for row in digits) and any(row[2] and row[3] for row in digits)
    assert not any(row[1] and row[3] for row in digits)


# ------------------------------------------------------------------ the shipped reader


@pytest.mark.parametrize("text", ["$12.50", "1299", "USD 45.00", "21/11/2026", "2026-11-21", "GBP 1,250.00"])
def test_clean_lines_in_a_font_never_learnt_are_read(reader, text):
    reading = reader.predict([picture(text)])[0]
    assert reading.text == text and reading.sure and reading.note == ""
    assert reading.confidence > 0.5


def test_inverted_and_small_lines_are_read(reader):
    assert reader.predict([picture("12.50", ink=250, ground=30)])[0].text == "12.50"
    assert reader.predict([picture("12.50", size=18)])[0].text == "12.50"


def test_characters_stand_from_left_to_right_inside_the_picture(reader):
    image = picture("1299.50")
    found = reader.predict([image])[0].characters
    assert "".join(c.text for c in found) == "1299.50"
    assert all(0 <= c.left < c.right <= image.shape[1] and 0 <= c.confidence <= 1 for c in found)
    assert [c.left for c in found] == sorted(c.left for c in found)


@pytest.mark.parametrize("seed", range(4))
def test_pictures_without_text_are_empty_and_not_sure(reader, seed):
    random = np.random.default_rng(seed)
    plain = np.full((60, 200, 3), 30 + 60 * seed, dtype=np.uint8)
    rough = np.clip(random.normal(128, 25, (60, 200, 3)), 0, 255).astype(np.uint8)
    for reading in reader.predict([plain, rough]):
        assert reading.text == "" and not reading.sure and reading.note == "empty"


def test_a_line_lower_than_ten_pixels_is_not_sure(reader):
    reading = reader.predict([picture("12.50", size=8, pad=3)])[0]
    assert not reading.sure


def test_every_line_of_a_tag_is_read_with_its_box(reader):
    tag = renders.tag("DE", seed=4)
    found = reader.predict_tag(np.asarray(tag.image))
    assert [reading.text for reading in found] == [formats.canonical(line.text) for line in tag.lines]
    for reading, line in zip(found, tag.lines, strict=True):
        assert np.allclose(reading.box, line.box, atol=12)


def test_a_tag_given_as_one_picture_is_read_line_by_line(reader):
    tag = renders.tag("US", seed=2)
    reading = reader.predict([np.asarray(tag.image)])[0]
    assert reading.text.split("\n") == [formats.canonical(line.text) for line in tag.lines]


def test_most_worn_lines_in_this_machines_fonts_are_read(reader):
    random = np.random.default_rng(11)
    made = [formats.written(script, random) for script in ("latin", "cyrillic", "greek") for _ in range(20)]
    drawn = []
    for line in made:
        try:
            drawn.append((line, renders.line(line.text, line.script, random, held_out=None)))
        except fonts.FontError:  # a rare sign that the fonts of a bare machine lack
            continue
    assert len(drawn) >= 30
    readings = reader.predict([image for _, image in drawn])
    right = [r.text == formats.canonical(line.text) for (line, _), r in zip(drawn, readings, strict=True)]
    assert np.mean(right) >= 0.85


def test_precisions_are_known_by_name(reader, empty_home):
    assert reader.precisions() == ("fp32", "bf16")
    with pytest.raises(ValueError, match="fp8"):
        reader.use("fp8")
    reader.use("bf16")
    try:
        assert reader.predict([picture("12.50")])[0].text == "12.50"
    finally:
        reader.use("fp32")


def test_a_reader_that_is_not_there_says_how_to_make_it():
    with pytest.raises(registry.ModelError, match="python -m models train nobody"):
        lines.load("nobody")


def test_a_model_of_another_kind_is_no_reader():
    with pytest.raises(registry.ModelError):
        lines.load("language")


def test_no_picture_gives_no_reading(reader):
    assert reader.predict([]) == []
