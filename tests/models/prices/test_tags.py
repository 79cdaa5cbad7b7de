"""Lines as they stand on tags around the world: read rightly, or refused with the reason, and never silently else."""

import datetime
from decimal import Decimal

import pytest
from babel import Locale, numbers
from hypothesis import given
from hypothesis import strategies as st

from models.prices import calendars, dates, formats, look_alikes, parse, scales
from models.vision.reader import evaluation

TODAY = datetime.date(2026, 11, 29)

LINES = """
IN | Rs. 650/- | 650 INR
IN | Rs. 1,475/- only | 1475 INR
IN | M.R.P. ₹ 85.00 (incl. of all taxes) | 85.00 INR
IN | MRP: Rs. 249/- | 249 INR
PK | Rs 780/= | 780 PKR
NP | रु. ७५०/- | 750 NPR
BD | ৳ ২,৪৫০/- | 2450 BDT
LK | Rs. 3,600/- | 3600 LKR
KE | KSh 1,900/= | 1900 KES
TZ | TSh 14,000/= | 14000 TZS
IN | ₹3.5L | 350000 INR
IN | 3.5 L | refused scale
DE | 0,75 L | refused currency
IN | ₹ 4.25 Crore | 42500000 INR
IN | Rs 65 lacs | 6500000 INR
IN | Rs. 1.2 lakh | 120000 INR
IN | ₹18 लाख | 1800000 INR
PK | Rs 1.75 crore | 17500000 PKR
IN | ₹95/L | refused currency
VN | 65k | 65000
VN | 45K | 45000
VN | 180kđ | 180000 VND
VN | 2,3tr | 2300000
VN | 2.5 triệu đồng | 2500000 VND
VN | 390 nghìn | 390000
VN | 79 ngàn đồng | 79000 VND
VN | 3 tỷ | 3000000000
VN | 65.000k | refused scale
VN | 65.000đ | 65000 VND
ID | Rp75rb | 75000 IDR
ID | 15rb | 15000
ID | 3,4jt | 3400000
ID | Rp 1,5 juta | 1500000 IDR
ID | Rp1,5M | refused scale
ID | Rp 2 miliar | 2000000000 IDR
PH | ₱85K | 85000 PHP
MY | RM 8 ribu | 8000 MYR
US | $75k | 75000 USD
US | $3.5M | 3500000 USD
US | $1.4 billion | 1400000000 USD
US | 7 m | refused scale
GB | £4.5m | 4500000 GBP
GB | £2bn | 2000000000 GBP
GB | 85p | 0.85 GBP
GB | 139.9p | refused separator
US | 89¢ | 0.89 USD
DE | 75 ct | 0.75 EUR
DE | 3,5 Mio. € | 3500000 EUR
DE | 1,7 Mrd. Euro | 1700000000 EUR
DE | 3 Billion € | refused scale
DE | 3 Billionen € | 3000000000000 EUR
DE | Mio. EUR 3,5 | refused currency
US | USDm 7 | refused currency
DE | TEUR 350 | refused currency
DE | 7 kEUR | 7000 EUR
FR | 12,50 €/kg | refused currency
VN | 2tr3 | refused several
CN | 廿六元 | 26 CNY
KR | 만원 | 10000 KRW
CN | 十六元五角 | refused several
FR | 4 k€ | 4000 EUR
FR | 1,5 M€ | 1500000 EUR
ES | 6 mil euros | 6000 EUR
BR | R$ 8 mil | 8000 BRL
BR | R$ 3,5 mi | 3500000 BRL
RU | 7 тыс. руб. | 7000 RUB
RU | 2,5 млн ₽ | 2500000 RUB
RU | 75к | refused scale
RU | 75 коп | 0.75 RUB
PL | 6 tys. zł | 6000 PLN
TR | 8 bin TL | 8000 TRY
AZ | 8 min | refused scale
TH | 3 แสนบาท | 300000 THB
TH | 1.5 ล้านบาท | 1500000 THB
IR | ۷۵۰ هزار تومان | 7500000 IRR
EG | ٧ آلاف جنيه | 7000 EGP
KE | elfu 75 | 75000
ZM | 75K | refused scale
ZM | K75 | 75 ZMW
NG | 3.5m naira | 3500000 NGN
CN | 2.5万元 | 25000 CNY
CN | 2,5万 | refused separator
CN | 2,345万 | 23450000
CN | 四百六 | 460
CN | 四百六元 | 460 CNY
CN | 四百零六元 | 406 CNY
CN | 六千二 | 6200
CN | 四万八 | 48000
CN | 4万8 | 48000
CN | 24万6 | 246000
CN | 一亿三 | 130000000
CN | 四块八 | refused several
CN | 六千块 | 6000 CNY
TW | NT$2.4萬 | 24000 TWD
JP | 四百六 | 460
JP | 3.5億円 | 350000000 JPY
JP | 2.5万円 | 25000 JPY
JP | 4万8 | refused scale
JP | 四万八千円 | 48000 JPY
KR | 4만8천원 | 48000 KRW
KR | 3억 2000만원 | 320000000 KRW
KR | 2조원 | 2000000000000 KRW
DE | 07.2027 | refused month
AT | MHD 07.2027 | refused month
FR | 07,2027 | refused month
RU | годен до 07.2027 | refused month
KR | 2027.07 | refused month
KR | 소비기한 2027.07 | refused month
JP | 2027年7月 | refused month
CN | 2027/07 | refused month
US | EXP 07/27 | refused month
US | JUL 2027 | refused month
DE | 07.27 | refused month
TH | 07/2570 | refused month
NP | 2084.04 | refused month
US | $2027.07 | 2027.07 USD
US | $12/25 | refused several
US | 3,7502 | refused separator
IN | 3,7502 | refused separator
DE | 3.7502 € | refused separator
KW | 3.750 KWD | 3.750 KWD
KW | 3.7502 KWD | refused separator
JP | ¥37.5 | refused separator
JP | ¥3,750.00 | 3750.00 JPY
VN | 37.5 | refused separator
UG | USh 37.5 | refused separator
IS | 3.750,50 kr | refused separator
HU | 3750,50 Ft | 3750.50 HUF
NP | 21/06/2083 | 2026-10-07
NP | २०८३-०६-२१ | 2026-10-07
NP | 21/06/83 | 2026-10-07
NP | 2026-10-07 | 2026-10-07
NP | 2050-01-01 | refused calendar
NP | 7 Oct 2026 | 2026-10-07
ET | 27/01/2026 | 2026-01-27
ET | 27/01/2019 | refused calendar
ET | 3/13/2018 | 2026-09-08
ET | 27 ኦክቶ 2026 | 2026-10-27
TW | 115.10.07 | 2026-10-07
TW | 民國115年10月7日 | 2026-10-07
TW | 115年10月7日 | 2026-10-07
CN | 115年10月7日 | refused calendar
SA | 25/04/1448 | refused calendar
SA | 25/04/48 | refused calendar
SA | 07/10/26 | 2026-10-07
AF | 1448/04/25 | refused calendar
AF | 1405/07/15 | 2026-10-07
JP | 昭和63年10月7日 | 1988-10-07
TH | 07/10/2083 | refused calendar
LA | 07/10/2569 | refused calendar
"""


def meant(text: str, market: str) -> str:
    found = parse.parse(text, market, today=TODAY)
    if found.date:
        return found.date.isoformat()
    return f"refused {found.refused}" if found.refused else f"{found.number} {found.currency or ''}".strip()


@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_a_tag_is_read_rightly_or_refused_with_its_reason(line):
    market, text, expected = (part.strip() for part in line.split(" | "))
    assert meant(text, market) == expected


def test_an_amount_never_has_more_decimals_than_its_currency():
    for market in ("US", "IN", "JP", "KR", "VN", "KW", "DE", "CL", "UG", "IS"):
        for token in ("1.5", "1,5", "2.75", "2.7501", "2,7501", "13.4567", "0.125"):
            found = parse.parse(token, market, today=TODAY)
            most = formats.decimals(formats.currency_of(market))
            assert found.refused or -found.number.as_tuple().exponent <= most, (market, token)


def test_the_words_of_a_market_that_multiply_are_those_of_its_languages():
    assert scales.words("IN")["लाख"] == (Decimal(100_000),)
    assert scales.words("DE")["mio"] == (Decimal(10**6),)
    assert scales.words("DE")["billion"] == (Decimal(10**9), Decimal(10**12))
    assert scales.leading("KE")["elfu"] == (Decimal(1000),)


def test_a_doubt_about_a_multiplier_shows_what_the_amount_may_be():
    assert parse.parse("7 m", "US", today=TODAY).detail == {"token": "7 m", "readings": ["7", "7000000"]}
    assert parse.parse("4万8", "JP", today=TODAY).detail["readings"] == ["40008", "48000"]


def test_a_doubt_about_a_calendar_shows_both_days():
    found = parse.parse("27/01/2019", "ET", today=TODAY)
    assert found.detail["readings"] == ["2019-01-27", "2026-10-07"]


@pytest.mark.parametrize(
    ("ethiopian", "gregorian"),
    [((2000, 1, 1), (2007, 9, 12)), ((2016, 1, 1), (2023, 9, 12)), ((2015, 13, 6), (2023, 9, 11)),
     ((2019, 4, 29), (2027, 1, 7))],
)  # fmt: skip
def test_ethiopian_new_year_and_christmas_fall_on_their_days(ethiopian, gregorian):
    assert calendars.from_ethiopian(*ethiopian) == datetime.date(*gregorian)


def test_a_thirteenth_month_has_six_days_before_a_leap_year_only():
    with pytest.raises(ValueError, match="6/13/2016"):
        calendars.from_ethiopian(2016, 13, 6)


@pytest.mark.parametrize(
    ("bikram", "gregorian"),
    [((2072, 1, 12), (2015, 4, 25)), ((2080, 1, 1), (2023, 4, 14)), ((2081, 1, 1), (2024, 4, 13))],
)
def test_days_of_nepal_are_those_of_its_calendar(bikram, gregorian):
    """The earthquake of 12 Baisakh 2072, and two new years."""
    assert calendars.from_bikram(*bikram) == datetime.date(*gregorian)


def test_every_market_with_another_civil_calendar_reads_its_present_year():
    for market, calendar in dates.BESIDE.items():
        year = TODAY.year + calendar.ahead
        found = parse.parse(f"{year}/02/25", market, today=TODAY)
        assert found.date or "readings" in found.detail, market


# ------------------------------------------------------------------ read in a picture


@pytest.mark.parametrize(
    ("seen", "market", "readings"),
    [
        ("Rs.6501", "IN", ["6501", "650"]),
        ("Rs. 991", "PK", ["991", "99"]),
        ("Rs.757", "NP", ["757", "75"]),
        ("2.5 LKR", "IN", ["2.5", "250000"]),
        ("₹1.70", "IN", ["1.70", "17000000"]),
        ("Rp 3516", "ID", ["3516", "35000"]),
        ("Rp 456", "ID", ["456", "45000"]),
        ("65₭", "VN", ["65", "65000"]),
        ("₹3.51", "IN", ["3.51", "350000"]),
        ("3,41", "ID", ["3.41", "3400000"]),
        ("2.51", "DE", ["2.51", "2.5"]),
    ],
)
def test_what_the_reader_may_have_taken_for_a_look_alike_is_in_doubt(seen, market, readings):
    found = look_alikes.parse_seen(seen, market, today=TODAY)
    assert (found.refused, found.number, found.detail["readings"]) == ("look", None, readings)


@pytest.mark.parametrize(
    ("seen", "market", "number"),
    [
        ("Rs. 131", "IN", "131"),
        ("₹13.70", "IN", "13.70"),
        ("Rp 3500", "ID", "3500"),
        ("$12.36", "ID", "12.36"),
        ("RM 12.36", "MY", "12.36"),
        ("$6501", "US", "6501"),
        ("65₭", "LA", "65"),
        ("Rs. 650", "IN", "650"),
        ("$2.51", "US", "2.51"),
        ("85р", "GB", "0.85"),
        ("85 лв.", "DE", "85"),
    ],
)
def test_what_has_no_look_alike_in_its_market_stays_sure(seen, market, number):
    assert look_alikes.parse_seen(seen, market, today=TODAY).number == Decimal(number)


@pytest.mark.parametrize(
    ("seen", "market", "code"),
    [
        ("Rs.1,2501", "IN", "separator"),
        ("07.2027", "DE", "month"),
        ("2027.07", "KR", "month"),
        ("3,7502", "US", "separator"),
    ],
)
def test_the_rules_of_decimals_and_months_hold_for_what_a_picture_was_read_as(seen, market, code):
    assert look_alikes.parse_seen(seen, market, today=TODAY).refused == code


# ------------------------------------------------------------------ whatever CLDR writes


@pytest.mark.parametrize("market", evaluation.MARKETS)
def test_a_compact_number_of_cldr_is_read_rightly_or_refused(market):
    currency = formats.currency_of(market)
    swahili = "sw_KE"  # Babel 2.18 counts the noughts of its negative patterns too, and writes elfu 40 for 4000
    for locale in (name for name in formats.spoken_in(market) if name != swahili):
        for width in Locale.parse(locale).compact_decimal_formats:  # some have no long ones
            for value in (4_000, 20_000, 300_000, 2_000_000, 60_000_000, 7_000_000_000):
                text = numbers.format_compact_decimal(value, format_type=width, locale=locale)
                for line in (text, f"{text} {currency}"):
                    found = parse.parse(formats.canonical(line), market, today=TODAY)
                    assert found.refused or found.number == value, (locale, line, found)


@given(st.sampled_from(("NP", "ET")), st.dates(datetime.date(2024, 9, 12), datetime.date(2031, 12, 31)))
def test_a_gregorian_date_near_today_is_read_where_another_calendar_is_civil(market, date):
    found = parse.parse(formats.canonical(formats.day(date, formats.locale_of(market), "short")), market, today=TODAY)
    assert found.date == date or found.refused == "calendar"
