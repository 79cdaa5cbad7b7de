"""Drawn lines and tags: the same for a seed, inside their boxes, in CLDR's formats."""

import numpy as np
import pytest

from models.prices import alphabet, formats, parse
from models.vision.reader import fonts, line_detection, rendering

WRITABLE = [script for script in alphabet.SCRIPTS if fonts.of(script)]
"""At least Latin, Cyrillic and Greek (test_fonts)."""


@pytest.mark.parametrize("script", WRITABLE)
def test_a_seed_draws_one_picture_in_every_script_that_can_be_written(script):
    pictures = []
    for _ in range(2):
        random = np.random.default_rng(5)
        line = formats.written(script, random)
        pictures.append(rendering.line(line.text, script, random, held_out=None))
    assert pictures[0].dtype == np.uint8 and pictures[0].ndim == 2
    assert np.array_equal(*pictures)


@pytest.mark.parametrize("script", alphabet.SCRIPTS)
def test_lines_hold_only_characters_that_the_reader_knows(script):
    random = np.random.default_rng(1)
    known = set(formats.characters())
    for _ in range(300):
        line = formats.written(script, random)
        assert set(line.drawn) <= known
        assert line.kind in ("amount", "date", "number") and line.drawn


def test_a_line_without_wear_is_dark_on_light_or_light_on_dark():
    picture = rendering.line("1234", "latin", np.random.default_rng(0), rendering.CLEAN, held_out=None, colour=True)
    assert picture.ndim == 3 and picture.shape[2] == 3
    assert int(picture.max()) - int(picture.min()) > 60


@pytest.mark.parametrize("space", ["\u00a0", "\u202f"])
def test_a_space_that_a_font_lacks_is_drawn_as_a_space_not_as_a_box(space):
    lacking = [font for font in fonts.of("latin") if font.spaced(space) == " "]
    for font in lacking[:20]:
        drawn, plain = (np.asarray(rendering.mask(f"1{gap}234", font, 32)) for gap in (space, " "))
        assert np.array_equal(drawn, plain)
    having = [font for font in fonts.of("latin") if font.spaced(space) == space]
    assert lacking or having
    assert all(font.spaced("1 234") == "1 234" for font in lacking[:5] + having[:5])


def test_letters_are_reshaped_but_stay_where_they_are():
    random = np.random.default_rng(2)
    drawn = rendering.mask("1990 USD", fonts.of("latin")[0], 44)
    others = [rendering.reshaped(drawn, 44, random) for _ in range(40)]
    assert sum(np.array_equal(np.asarray(drawn), np.asarray(other)) for other in others) < 15
    for other in others:
        assert other.mode == "L" and 0.6 * drawn.width < other.width < 1.8 * drawn.width
        assert 0.3 < np.asarray(other).mean() / np.asarray(drawn).mean() < 2.5


def test_held_out_lines_are_drawn_as_their_font_has_them(monkeypatch):
    called = []
    monkeypatch.setattr(rendering, "reshaped", lambda drawn, size, random: called.append(1) or drawn)
    for held_out in (None, True, False):
        try:
            rendering.line("1234", "latin", np.random.default_rng(0), held_out=held_out)
        except fonts.FontError:
            assert held_out  # a machine without a held-out font
    assert len(called) == 1


def test_what_is_beyond_starts_where_what_is_learnt_ends():
    assert rendering.BLURRED.blur[0] >= rendering.LEARNT.blur[1]
    for name in ("tilt", "bend"):
        assert getattr(rendering.TURNED, name)[0] >= getattr(rendering.LEARNT, name)[1]


@pytest.mark.parametrize("market", ["US", "DE", "GR", "RU", "UA", "MX"])
def test_a_tag_shows_the_price_and_date_of_its_market(market):
    tag = rendering.tag(market, seed=3)
    kinds = {line.kind: line for line in tag.lines}
    price, date = (parse.parse(formats.canonical(kinds[kind].text), market) for kind in ("amount", "date"))
    assert (price.number, price.currency) == (tag.amount, tag.currency)
    assert date.date == tag.date
    for line in tag.lines:
        left, top, right, bottom = line.box
        assert 0 <= left < right <= tag.image.width and 0 <= top < bottom <= tag.image.height


def test_the_lines_of_a_tag_are_found_where_they_were_drawn():
    tag = rendering.tag("DE", seed=1)
    found = line_detection.find(np.asarray(tag.image))
    assert len(found) == len(tag.lines)
    for line, drawn in zip(found, tag.lines, strict=True):
        assert np.allclose(line.box, drawn.box, atol=10)


def test_tags_of_one_seed_are_equal_and_of_two_seeds_differ():
    assert np.array_equal(np.asarray(rendering.tag("US", seed=1).image), np.asarray(rendering.tag("US", seed=1).image))
    assert rendering.tag("US", seed=1).amount != rendering.tag("US", seed=2).amount


def test_an_unknown_territory_has_no_tag():
    with pytest.raises(ValueError, match="ZZ"):
        rendering.tag("ZZ")


def test_a_market_in_a_script_we_do_not_know_is_refused():
    with pytest.raises(fonts.FontError, match="GE"):
        rendering.tag("GE")


def test_a_market_whose_script_has_no_font_names_the_package(monkeypatch):
    monkeypatch.setattr(fonts, "of", lambda script: ())
    monkeypatch.setattr(fonts, "check_shaping", lambda script: None)
    monkeypatch.setattr(rendering, "_CACHE", {})
    with pytest.raises(fonts.FontError, match="fonts-dejavu-core"):
        rendering.tag("DE")


def test_pictures_of_nothing_hold_no_line_of_letters():
    random = np.random.default_rng(0)
    shapes = {rendering.nothing(random).shape for _ in range(50)}
    assert len(shapes) > 10
