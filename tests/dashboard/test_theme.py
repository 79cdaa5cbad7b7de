"""Colours can be read, and are the same in the theme file and in the charts."""

import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from dashboard import theme

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))
LOOKS = (theme.LIGHT, theme.DARK)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
@pytest.mark.parametrize("text", ["ink", "muted", "accent"])
@pytest.mark.parametrize("ground", ["paper", "surface"])
def test_text_can_be_read(look, text, ground):
    assert contrast(getattr(look, text), getattr(look, ground)) >= 4.5


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_theme_file_has_the_same_colours(look):
    section = CONFIG["theme"][look.name]
    assert section["textColor"] == look.ink
    assert section["backgroundColor"] == look.paper
    assert section["secondaryBackgroundColor"] == look.surface
    assert section["borderColor"] == look.line
    assert section["primaryColor"] == section["linkColor"] == look.accent
    assert tuple(section["chartCategoricalColors"]) == theme.CATEGORIES


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_a_sequence_goes_one_way_and_missing_is_not_its_low_end(look):
    lights = [luminance(colour) for colour in look.sequence]
    assert sorted(lights) in (lights, lights[::-1])
    assert all(contrast(one, other) > 1.1 for one, other in pairwise(look.sequence))
    assert look.missing not in look.sequence
    assert contrast(look.missing, look.sequence[0]) > 1.1


def test_a_layout_takes_overrides_without_losing_the_rest():
    shape = theme.layout(theme.LIGHT, xaxis={"title": {"text": "years"}}, height=99)
    assert (shape["xaxis"]["title"]["text"], shape["height"]) == ("years", 99)
    assert shape["xaxis"]["gridcolor"] == shape["yaxis"]["gridcolor"] == theme.LIGHT.line
    assert theme.theme(dark=True) is theme.DARK
