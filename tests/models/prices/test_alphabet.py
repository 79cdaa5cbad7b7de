"""Digits, look-alikes, order on the page, numerals and calendars against published values."""

import datetime
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.prices import alphabet, bidi, calendars, formats


@pytest.mark.parametrize("system", alphabet.DIGITS)
def test_every_digit_is_the_decimal_digit_that_unicode_says(system):
    assert [unicodedata.numeric(c) for c in alphabet.DIGITS[system]] == list(range(10))


def test_arabic_indic_digits_become_ascii():
    assert alphabet.ascii_digits("١٢٣ ۴۵۶ ७८९ ০১ ๒๓") == "123 456 789 01 23"


@given(st.integers(0, 10**12), st.sampled_from([s for s in alphabet.DIGITS if s != "hanidec"]))
def test_digits_of_any_system_come_back(value, system):
    assert alphabet.ascii_digits(alphabet.in_digits(str(value), system)) == str(value)


def test_an_unknown_numbering_system_is_refused():
    with pytest.raises(KeyError):
        alphabet.in_digits("12", "runes")


def test_lines_that_look_the_same_fold_into_one():
    assert alphabet.fold("￥１２") == alphabet.fold("¥12")
    assert alphabet.fold("12\u202f345,00\u00a0€") == "12 345,00 €"
    assert alphabet.fold("ریال ۱۲۳") == alphabet.fold("ريال ١٢٣")
    assert alphabet.fold("۴۵۶") != alphabet.fold("٤٥٦")


@given(st.text())
def test_folding_twice_is_folding_once(text):
    once = alphabet.fold(text)
    assert alphabet.fold(once) == once


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("12.50", "latin"),
        ("12,50 руб.", "cyrillic"), ("5 ευρώ", "greek"), ("١٢ ج.م.", "arabic"), ("۴۵ تومان", "persian"),
        ("₹१२", "devanagari"), ("৳১২", "bengali"), ("௧௨", "tamil"), ("12 บาท", "thai"), ("三百元", "chinese"),
        ("300円", "japanese"), ("3만원", "korean"), ("12 ብር", "ethiopic"), ("฿12", "latin"),
    ],
)  # fmt: skip
def test_a_line_tells_its_script(text, script):
    assert alphabet.script(text) == script


# ------------------------------------------------------------------ order on the page


def test_an_egyptian_price_is_drawn_with_its_currency_on_the_left():
    text = "\u200f١٬٢٣٤٫٥٠ ج.م.\u200f"  # CLDR, ar-EG
    assert bidi.visual(text) == ".م.ج ١٬٢٣٤٫٥٠"
    assert bidi.logical(".م.ج ١٬٢٣٤٫٥٠") == "١٬٢٣٤٫٥٠ ج.م."


def test_marks_turn_an_arabic_date_round_on_the_page():
    assert bidi.visual("٢١\u200f/١١\u200f/٢٠٢٦") == "٢٠٢٦/١١/٢١"  # CLDR, ar-EG short


@pytest.mark.parametrize(
    ("text", "leftward", "drawn"),
    [
        ("Łódź (מצר) 2024", False, "Łódź (רצמ) 2024"),  # UAX #9, N0 c2: brackets go with what stands before them
        ("מצר (Łódź) 2024", True, "2024 )Łódź( רצמ"),  # brackets are not mirrored here
        ("a (b מצר) c", False, "a (b רצמ) c"),
        ("מצר [12] a", True, "a ]12[ רצמ"),
    ],
)
def test_both_brackets_of_a_pair_stand_on_the_side_of_what_they_belong_to(text, leftward, drawn):
    assert bidi.visual(text, leftward) == drawn


def test_runs_are_put_in_order_as_characters_are():
    assert bidi.levels("ab מצ 12", False) == [0, 0, 0, 1, 1, 1, 2, 2]
    assert bidi.order([0, 1, 2, 1]) == [0, 3, 2, 1]


def test_a_line_from_left_to_right_stays_as_it_is():
    assert bidi.visual("12,50 €") == bidi.logical("12,50 €") == "12,50 €"


@given(st.sampled_from(formats.LOCALES["arabic"] + formats.LOCALES["persian"]), st.integers(0, 10**6))
def test_the_reading_order_of_a_line_from_right_to_left_draws_the_same_picture(locale, seed):
    random = np.random.default_rng(seed)
    text = formats.canonical(formats.amount(locale, random).text)
    assert formats.canonical(text) == text


# ------------------------------------------------------------------ numerals and calendars


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "零"), (10, "十"), (17, "十七"), (105, "一百零五"), (300, "三百"), (2026, "二千零二十六"),
     (10_050, "一万零五十"),
     (120_000_340, "一亿二千万零三百四十")],
)  # fmt: skip
def test_chinese_numerals_are_written_as_in_books(value, text):
    assert calendars.han_numeral(value) == text
    assert calendars.from_han(text) == value


@given(st.integers(0, 10**12 - 1), st.booleans(), st.booleans())
def test_chinese_numerals_come_back(value, formal, traditional):
    assert calendars.from_han(calendars.han_numeral(value, formal=formal, traditional=traditional)) == value


@pytest.mark.parametrize(
    ("text", "value"), [("3만5천", 35_000), ("二〇二六", 2026), ("1억2000만", 120_000_000), ("两百", 200)]
)
def test_mixed_and_digitwise_numerals_are_read(text, value):
    assert calendars.from_han(text) == value


@pytest.mark.parametrize("text", ["", "三三百", "百千", "万亿亿", "12abc"])
def test_what_is_no_numeral_is_refused(text):
    with pytest.raises(ValueError, match=r"numeral"):
        calendars.from_han(text)


@pytest.mark.parametrize(
    ("value", "text"), [(1, "፩"), (10, "፲"), (100, "፻"), (2026, "፳፻፳፮"), (10_000, "፼"), (7_654, "፸፮፻፶፬")]
)
def test_ethiopic_numerals_are_those_of_the_unicode_standard(value, text):
    assert calendars.ethiopic_numeral(value) == text
    assert calendars.from_ethiopic(text) == value


@given(st.integers(1, 99_999_999))
def test_ethiopic_numerals_come_back(value):
    assert calendars.from_ethiopic(calendars.ethiopic_numeral(value)) == value


@pytest.mark.parametrize("value", [0, -1, 10**8])
def test_ethiopic_numerals_out_of_range_are_refused(value):
    with pytest.raises(ValueError, match="between"):
        calendars.ethiopic_numeral(value)


@pytest.mark.parametrize(
    ("gregorian", "persian"),
    [((2024, 3, 20), (1403, 1, 1)), ((2025, 3, 21), (1404, 1, 1)), ((2021, 3, 20), (1399, 12, 30)),
     ((1979, 2, 11), (1357, 11, 22))],
)  # fmt: skip
def test_persian_dates_are_those_of_the_iranian_calendar(gregorian, persian):
    assert calendars.to_persian(datetime.date(*gregorian)) == persian
    assert calendars.from_persian(*persian) == datetime.date(*gregorian)


@given(st.dates(datetime.date(1926, 1, 1), datetime.date(2080, 12, 31)))
def test_persian_dates_come_back(date):
    assert calendars.from_persian(*calendars.to_persian(date)) == date


def test_a_day_that_the_persian_calendar_lacks_is_refused():
    with pytest.raises(ValueError, match="1404/12/30"):
        calendars.from_persian(1404, 12, 30)
