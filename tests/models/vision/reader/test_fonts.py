"""Fonts of this machine, whatever it has: what they cover, which are held out, what a machine without is told."""

import dataclasses

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from PIL import ImageFont, features

from models.prices import alphabet
from models.vision.reader import fonts, rendering


def test_a_machine_with_nothing_but_our_dependencies_writes_most_scripts(monkeypatch):
    brought = [folder for folder in fonts.folders() if "site-packages" in str(folder)]
    monkeypatch.setattr(fonts, "folders", lambda: tuple(brought))
    there = [font for path in fonts._files() for font in fonts.read(path)]
    for script in ("latin", "cyrillic", "greek", "arabic", "persian", "devanagari", "bengali", "tamil", "thai"):
        assert any(font.covers(alphabet.SCRIPTS[script]) for font in there), script


def test_a_tag_that_is_shown_is_drawn_in_type_that_shops_print_in(monkeypatch):
    plain = next(font for font in fonts.of("latin") if font.family == "DejaVu Sans")
    ornamental = dataclasses.replace(plain, family="Noto Rashi Ornament")
    for there, taken in (((ornamental, plain), (plain,)), ((ornamental,), (ornamental,))):
        monkeypatch.setattr(fonts, "of", lambda script, there=there: there)
        assert fonts.everyday("latin") == taken


def test_what_a_font_covers_is_what_it_draws():
    for font in fonts.of("latin")[:5]:
        assert font.covers("12,50 USD")
        assert not font.covers("12 \U0010fffd")
        assert isinstance(font.opened(24), ImageFont.FreeTypeFont)


def test_no_design_is_both_learnt_from_and_held_out():
    for script in alphabet.SCRIPTS:
        learnt, held = ({fonts.stem(font) for font in fonts.split(side, script)} for side in (False, True))
        assert not learnt & held
        assert set(fonts.split(False, script)) | set(fonts.split(True, script)) <= set(fonts.of(script))


def test_a_held_out_design_under_another_name_is_not_learnt_from(monkeypatch):
    sans, serif = (next(f for f in fonts.of("latin") if f.family == f"DejaVu {kind}") for kind in ("Sans", "Serif"))
    held = dataclasses.replace(sans, family="Ubuntu")
    other = dataclasses.replace(sans, family="Borrowed")
    monkeypatch.setattr(fonts, "of", lambda script: (held, other, serif))
    fonts.split.cache_clear()
    try:
        assert fonts.split(True, "latin") == (held,)
        assert fonts.split(False, "latin") == (serif,)
    finally:
        fonts.split.cache_clear()


def test_a_script_without_a_font_says_which_package_to_install(monkeypatch):
    monkeypatch.setattr(fonts, "of", lambda script: ())
    monkeypatch.setattr(fonts, "check_shaping", lambda script: None)
    with pytest.raises(fonts.FontError, match="fonts-noto-core"):
        fonts.pick("tamil")
    with pytest.raises(fonts.FontError, match="fonts-noto-cjk"):
        fonts.pick("japanese", "100円")


def test_without_raqm_scripts_that_need_shaping_are_refused(monkeypatch):
    monkeypatch.setattr(features, "check", lambda name: False)
    with pytest.raises(fonts.FontError, match="Raqm"):
        fonts.check_shaping("arabic")
    fonts.check_shaping("latin")


def test_a_file_that_is_no_font_is_passed_over(tmp_path):
    for name, content in (
        ("a.ttf", b""),
        ("b.ttf", b"not a font at all, but long enough"),
        ("c.ttc", b"ttcf" + b"\xff" * 60),
    ):
        (tmp_path / name).write_bytes(content)
        assert fonts.read(tmp_path / name) == []


def test_a_font_of_bitmaps_is_passed_over(tmp_path):
    font = TTFont(fonts.of("latin")[0].path)
    order, empty = font.getGlyphOrder(), Glyph()
    for name in order:
        font["glyf"][name] = empty
    font.save(tmp_path / "bitmaps.ttf")
    assert fonts.read(tmp_path / "bitmaps.ttf") == []


def test_a_character_that_cannot_be_drawn_counts_as_missing(monkeypatch):
    font = fonts.of("latin")[0]
    assert font.draws("12")

    def broken(*_, **__):
        raise OSError("invalid opcode")

    fonts._inked.cache_clear()
    monkeypatch.setattr(fonts.ImageFont.FreeTypeFont, "getmask", broken)
    assert not font.draws("12")
    assert np.isnan(fonts._shapes(font, "12")).all()
    fonts._inked.cache_clear()


def test_a_truncated_font_is_passed_over(tmp_path):
    whole = fonts.of("latin")[0].path.read_bytes()
    for length in (11, 40, 300):
        (tmp_path / "cut.ttf").write_bytes(whole[:length])
        assert fonts.read(tmp_path / "cut.ttf") == []


def test_fonts_that_share_their_outlines_are_one_design():
    def named(family):
        return fonts.stem(fonts.Font(fonts.Path("x.ttf"), family, "Regular", None))

    assert named("Tinos") == named("Liberation Serif") == "liberation"
    assert named("Noto Sans Thai UI") == named("Noto Sans") == "noto sans"
    assert named("TakaoPGothic") == named("IPAexMincho") == "ipa"
    assert named("Noto Serif Tamil") != named("Noto Sans Tamil")


def test_a_line_that_no_font_has_is_refused(monkeypatch):
    with pytest.raises(fonts.FontError):
        rendering.line("12 \U0010fffd", "latin", np.random.default_rng(0), held_out=None)


def test_a_design_that_borrows_the_digits_of_ascii_does_not_write_the_script(monkeypatch):
    own = next(f for f in fonts.of("devanagari") if f.covers(alphabet.DIGITS["latn"] + alphabet.DIGITS["deva"]))
    shapes = fonts._shapes
    monkeypatch.setattr(fonts, "found", lambda: (own, dataclasses.replace(own, family="Borrower")))
    monkeypatch.setattr(
        fonts,
        "_shapes",
        lambda font, text: shapes(font, text.translate(to_ascii) if font.family == "Borrower" else text),
    )
    to_ascii = str.maketrans(alphabet.DIGITS["deva"], alphabet.DIGITS["latn"])
    assert fonts.of.__wrapped__("devanagari") == (own,)
