"""The reader's network, and the shipped reader on lines whose text is known."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from models import errors
from models.prices import formats
from models.vision.reader import fonts, line_detection, line_reader, rendering
from models.vision.reader import network as reader_network

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def reader():
    return line_reader.load("reader", device="cpu")


def test_the_network_answers_every_two_pixels():
    network = reader_network.Network(reader_network.Config("abc", 8, 8, 16, 1)).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, 32, 64), torch.tensor([64, 40])).shape == (2, 32, 4)


def test_what_stands_right_of_a_line_does_not_change_its_reading(picture, reader):
    line = line_detection.whole(picture("12.50")).pixels
    wide = np.full((32, 400), line_detection.GROUND, dtype=np.uint8)
    assert reader.paths([line, wide])[0].drawn == reader.paths([line])[0].drawn


def test_only_lines_in_doubt_are_looked_at_again(reader, picture, monkeypatch):
    seen = []
    look = reader._shares
    monkeypatch.setattr(reader, "_shares", lambda pixels: seen.append(len(pixels)) or look(pixels))
    clear = line_detection.whole(picture("12.50")).pixels
    worn = np.asarray(Image.fromarray(clear).filter(ImageFilter.GaussianBlur(3)))
    once, again = reader.paths([clear, worn])
    assert seen == [2, 1, 1] and once.drawn == "12.50" and once.share > line_reader.CERTAIN
    assert reader.paths([worn])[0].drawn == again.drawn


def test_further_looks_are_the_same_line_moved_and_widened(picture):
    line = line_detection.whole(picture("12.50")).pixels
    assert (
        np.array_equal(line_reader.moved(line)[:, 2:], line)
        and (line_reader.moved(line)[:, :2] == line_detection.GROUND).all()
    )
    assert line_reader.widened(line).shape == (32, round(1.2 * line.shape[1]))
    assert line_reader.widened(line).mean() == pytest.approx(line.mean(), rel=0.02)


def test_shade_in_a_corner_beside_a_line_is_not_taken_for_a_second_one(picture, reader):
    sheet = picture("12.50", pad=40).astype(float)
    sheet[-30:, -36:] -= 70
    assert [r.text for r in reader.predict([sheet.astype(np.uint8)])] == ["12.50"]


@pytest.mark.parametrize("text", ["$12.50", "1299", "USD 45.00", "21/11/2026", "2026-11-21", "GBP 1,250.00"])
def test_clean_lines_in_a_font_never_learnt_are_read(picture, reader, text):
    reading = reader.predict([picture(text)])[0]
    assert reading.text == text and reading.sure and reading.note == ""
    assert reading.confidence > 0.5


def test_inverted_and_small_lines_are_read(picture, reader):
    assert reader.predict([picture("12.50", ink=250, ground=30)])[0].text == "12.50"
    assert reader.predict([picture("12.50", size=18)])[0].text == "12.50"


def test_characters_stand_from_left_to_right_inside_the_picture(picture, reader):
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


def test_a_line_lower_than_ten_pixels_is_not_sure(picture, reader):
    reading = reader.predict([picture("12.50", size=8, pad=3)])[0]
    assert not reading.sure


def test_every_line_of_a_tag_is_read_with_its_box(reader):
    tag = rendering.tag("DE", seed=4)
    found = reader.predict_tag(np.asarray(tag.image))
    assert [reading.text for reading in found] == [formats.canonical(line.text) for line in tag.lines]
    for reading, line in zip(found, tag.lines, strict=True):
        assert np.allclose(reading.box, line.box, atol=12)


@pytest.mark.parametrize("degrees", [0, 3])
@pytest.mark.parametrize("level", [20, 130])
def test_a_tag_that_lies_on_something_else_is_read_as_it_is_alone(reader, degrees, level):
    tag = rendering.tag("US", seed=2)
    turned, whole = (
        Image.new(mode, tag.image.size, 255).rotate(degrees, expand=True) if mode == "L"
        else tag.image.rotate(degrees, Image.BICUBIC, expand=True)
        for mode in ("RGB", "L")
    )  # fmt: skip
    shelf = Image.new("RGB", (turned.width * 2, turned.height * 2), (level,) * 3)
    shelf.paste(turned, (turned.width // 3, turned.height // 3), whole)
    found = reader.predict_tag(np.asarray(shelf))
    assert [reading.text for reading in found] == [formats.canonical(line.text) for line in tag.lines]
    for reading, line in zip(found, tag.lines, strict=True):
        left, _, right, _ = reading.box
        assert left - turned.width // 3 == pytest.approx(line.box[0], abs=25 + degrees * 8) and right < shelf.width


def test_where_lines_are_sure_no_sheet_is_looked_for(reader, picture, monkeypatch):
    monkeypatch.setattr(line_detection, "sheets", lambda image: pytest.fail("looked for sheets"))
    assert [reading.text for reading in reader.predict_tag(picture("12.50"))] == ["12.50"]


def test_a_tag_given_as_one_picture_is_read_line_by_line(reader):
    tag = rendering.tag("US", seed=2)
    reading = reader.predict([np.asarray(tag.image)])[0]
    assert reading.text.split("\n") == [formats.canonical(line.text) for line in tag.lines]


def test_most_worn_lines_in_this_machines_fonts_are_read(reader):
    random = np.random.default_rng(11)
    made = [formats.written(script, random) for script in ("latin", "cyrillic", "greek") for _ in range(20)]
    drawn = []
    for line in made:
        try:
            drawn.append((line, rendering.line(line.text, line.script, random, held_out=None)))
        except fonts.FontError:  # a rare sign that the fonts of a bare machine lack
            continue
    assert len(drawn) >= 30
    readings = reader.predict([image for _, image in drawn])
    right = [r.text == formats.canonical(line.text) for (line, _), r in zip(drawn, readings, strict=True)]
    assert np.mean(right) >= 0.85


def test_precisions_are_known_by_name(with_bf16, picture, reader, empty_home):
    assert reader.precisions() == ("fp32", "bf16")
    with pytest.raises(ValueError, match="fp8"):
        reader.use("fp8")
    reader.use("bf16")
    try:
        assert reader.predict([picture("12.50")])[0].text == "12.50"
    finally:
        reader.use("fp32")


def test_a_reader_that_is_not_there_says_how_to_make_it():
    with pytest.raises(errors.ModelError, match="python -m models train nobody"):
        line_reader.load("nobody")


def test_a_model_of_another_kind_is_no_reader():
    with pytest.raises(errors.ModelError):
        line_reader.load("language")


def test_no_picture_gives_no_reading(reader):
    assert reader.predict([]) == []


def test_a_line_with_a_letter_that_was_not_read_is_not_sure(reader, picture, monkeypatch):
    line = line_detection.whole(picture("1299"))
    path = reader.paths([line])[0]
    assert reader._reading(line, path).sure
    stroke = np.full((32, 40), line_detection.GROUND, np.uint8)
    stroke[4:28, 16:20] = line_detection.GROUND + line_detection.REACH
    longer = line_detection.Line(np.hstack((line.pixels, stroke)), line.box)
    found = reader._reading(longer, path)
    assert (found.text, found.sure, found.note) == ("1299", False, "unsure")
    assert found.confidence < reader.trust.threshold
