"""Where the shipped reader looks: at the strokes of the characters it reads, and nowhere else."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from skimage import data

from models.vision.reader import line_reader
from models.vision.reader.tags import TagReader


@pytest.fixture(scope="module")
def tags():
    return TagReader(line_reader.load("reader", device="cpu"))


def picture(text: str, size: tuple[int, int], at: tuple[int, int]) -> np.ndarray:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text(at, text, fill="black", font=ImageFont.load_default(40))
    return np.asarray(image)


def test_it_looks_at_the_ink(tags):
    pixels = picture("12.50\n\n9.99", (300, 200), (30, 20))
    heat = tags.explain(pixels)
    assert heat.shape == (200, 300) and heat.min() == 0 and 0.9 < heat.max() <= 1
    ink = pixels[..., 0] < 128
    near = ink.copy()
    for shift in range(-3, 4):
        near |= np.roll(ink, shift, 0) | np.roll(ink, shift, 1)
    assert heat[near].sum() > 0.9 * heat.sum()
    assert heat[:100].max() > 0.5 and heat[100:].max() > 0.5


def test_ink_at_the_edge_of_the_picture_is_laid_where_it_is(tags):
    pixels = picture("12.50", (110, 34), (1, -6))
    heat = tags.explain(pixels)
    assert heat.shape == (34, 110) and heat.max() > 0


def test_strokes_speak_also_on_a_tag_that_lies_on_something_else(tags):
    shelf = np.full((300, 500, 3), 30, np.uint8)
    shelf[90:210, 100:400] = picture("12.50", (300, 120), (90, 40))
    (line,) = tags.predict([shelf])[0]
    heat = tags.explain(shelf)
    left, top, right, bottom = (round(side) for side in line.box)
    assert line.text == "12.50" and heat[top:bottom, left:right].max() == 1
    heat[max(0, top) : bottom, max(0, left) : right] = 0
    assert heat.max() == 0


def test_where_nothing_is_read_nothing_speaks(tags):
    assert tags.explain(np.full((60, 200, 3), 200, np.uint8)).max() == 0


@pytest.mark.parametrize("name", ["cat", "coins", "rocket", "brick", "astronaut"])
def test_on_a_photograph_without_a_price_no_line_is_sure(tags, name):
    found = np.asarray(getattr(data, name)())
    assert not any(line.sure for line in tags.predict([found])[0])
