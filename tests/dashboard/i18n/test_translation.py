"""Numbers, shares, units and names as a reader of either language expects them."""

import math
from datetime import date, datetime

import pytest

from dashboard.i18n import translation


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (0, 3, "0"),
        (0.0, 3, "0"),
        (1410, 3, "1,410"),
        (1414, 3, "1,410"),
        (12.345, 3, "12.3"),
        (0.012345, 3, "0.0123"),
        (-0.012345, 3, "-0.0123"),
        (-1234.5, 3, "-1,230"),
        (999.6, 3, "1,000"),
        (0.9996, 3, "1"),
        (105, 2, "100"),
        (8693, 9, "8,693"),
        (5.0, 3, "5"),
        (1e-9, 3, "0"),
        (float("nan"), 3, "–"),
        (None, 3, "–"),
    ],
)
def test_a_number_has_as_many_digits_as_are_known(speak, value, digits, said):
    speak("en")
    assert translation.number(value, digits) == said


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (999_999, "1,000,000", "100万"),
        (49_800, "49,800", "4.98万"),
        (1_410_000_000, "1.41 billion", "14.1亿"),
        (1_414_999_999, "1.41 billion", "14.1亿"),
        (-2_500_000, "-2.5 million", "-250万"),
        (24_700_000_000_000, "24.7 trillion", "24.7万亿"),
        (7120, "7,120", "7,120"),
        (0, "0", "0"),
        (math.nan, "–", "–"),
        (None, "–", "–"),
    ],
)
def test_a_large_number_is_said_as_in_its_language(speak, value, english, chinese):
    for code, said in (("en", english), ("zh", chinese)):
        speak(code)
        assert translation.compact(value).replace("\xa0", " ") == said


@pytest.mark.parametrize(
    ("low", "high", "english", "chinese"),
    [
        (152_000, 9.07e7, ("0.15 million", "90.7 million"), ("15.2万", "9,070万")),
        (49_800, 1.16e8, ("0.05 million", "116 million"), ("0.0005亿", "1.16亿")),
        (-2.22e11, 7.83e11, ("-222 billion", "783 billion"), ("-2,220亿", "7,830亿")),
        (0.0, 3e8, ("0", "300 million"), ("0", "3亿")),
        (300, 5_000, ("300", "5,000"), ("300", "5,000")),
        (math.nan, 3.0, ("–", "3"), ("–", "3")),
    ],
)
def test_both_ends_of_an_interval_stand_in_one_unit(speak, low, high, english, chinese):
    for code, said in (("en", english), ("zh", chinese)):
        speak(code)
        assert tuple(end.replace("\xa0", " ") for end in translation.ends(low, high)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.973, "97 %"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (-0.05, "-5 %"),
        (0.997, "> 99 %"),
        (0.004, "< 1 %"),
        (0.994, "99 %"),
        (0.006, "1 %"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
@pytest.mark.parametrize("code", ["en", "zh"])
def test_a_share_is_a_whole_percent(speak, code, value, said):
    speak(code)
    assert translation.share(value) == (said.replace(" %", "%") if code == "zh" else said)  # Chinese writes no space


def test_a_figure_carries_its_unit_in_its_language(speak):
    speak("en")
    assert translation.with_unit(81.23, "% of population") == "81.2 % of population"
    assert translation.with_unit(1_410_000_000, "persons") == "1.41 billion persons"
    assert translation.with_unit(3, "") == "3"
    assert translation.with_unit(math.nan, "persons") == "–"
    speak("zh")
    assert translation.with_unit(1_410_000_000, "persons") == "14.1亿人"
    assert translation.with_unit(81.23, "% of population") == "81.2%（占人口）"


def test_dates_and_names_follow_the_language(speak):
    speak("en")
    assert translation.day(date(2026, 11, 20)) == "Nov 20, 2026"
    assert (translation.territory_name("150"), translation.weekday("sun")) == ("Europe", "Sunday")
    speak("zh")
    assert translation.day(datetime(2026, 11, 20, 23, 59)) == "2026年11月20日"
    assert (translation.territory_name("150"), translation.weekday("sun")) == ("欧洲", "星期日")
    assert (translation.currency_name("EUR"), translation.language_name("de")) == ("欧元", "德语")


def test_what_has_no_name_or_translation_stays_as_it_is(speak):
    speak("zh")
    assert translation.language_name("xx-unknown") == "xx-unknown"
    assert translation.territory_name("ZZZ") == "ZZZ"
    assert translation.weekday("someday") == "someday"
    assert translation._("Nobody translated this.") == "Nobody translated this."
    assert translation._("") == ""


def test_a_language_without_a_catalogue_is_english(speak):
    speak("en")
    assert translation._("Overview") == "Overview"
