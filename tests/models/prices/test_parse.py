"""What lines mean in a market: CLDR's formats read back, signs, dates, and every reason to refuse."""

import datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.prices import dates, formats
from models.prices import parse as prices_parse
from models.vision.reader import evaluation

TODAY = datetime.date(2026, 11, 21)


def parse(text, market):
    return prices_parse.parse(text, market, today=TODAY)


@pytest.mark.parametrize(
    ("text", "market", "number", "currency"),
    [
        ("$1,234.50", "US", "1234.50", "USD"),
        ("$1,234.50", "MX", "1234.50", "MXN"),
        ("$ 1.234,50", "CO", "1234.50", "COP"),
        ("1.234,56 €", "DE", "1234.56", "EUR"),
        ("1\u202f234,56 €", "FR", "1234.56", "EUR"),
        ("CHF 1’234.50", "CH", "1234.50", "CHF"),
        ("12.- CHF", "CH", "12", "CHF"),
        ("₹12,34,567.50", "IN", "1234567.50", "INR"),
        ("रु-500", "IN", "500", "INR"),
        ("रुपये - 500", "IN", "-500", "INR"),
        ("\u200f١٬٢٣٤٫٥٠ ج.م.\u200f", "EG", "1234.50", "EGP"),
        ("‎ریال ۱٬۲۳۴٬۵۶۸", "IR", "1234568", "IRR"),
        ("۵۰۰ تومان", "IR", "5000", "IRR"),
        ("১২,৩৪,৫৬৭.৫০৳", "BD", "1234567.50", "BDT"),
        ("๑๒๓.๕๐ บาท", "TH", "123.50", "THB"),
        ("ரூ. ௧௨.௫௦", "IN", "12.50", "INR"),
        ("三百元", "CN", "300", "CNY"),
        ("壹佰元整", "CN", "100", "CNY"),
        ("￥1,234", "JP", "1234", "JPY"),
        ("¥12.80", "CN", "12.80", "CNY"),
        ("1,980円(税込)", "JP", "1980", "JPY"),
        ("3만5천원", "KR", "35000", "KRW"),
        ("፳፻፳፮ ብር", "ET", "2026", "ETB"),
        ("1 234,50 ₽", "RU", "1234.50", "RUB"),
        ("kr 12,50", "NO", "12.50", "NOK"),
        ("1.250.000 ₫", "VN", "1250000", "VND"),
        ("1.250 KWD", "KW", "1.250", "KWD"),
        ("USD 12.50", "GB", "12.50", "USD"),
        ("-5,00 €", "DE", "-5.00", "EUR"),
    ],
)
def test_an_amount_is_read_as_its_market_writes_it(text, market, number, currency):
    found = parse(text, market)
    assert (found.kind, found.number, found.currency, found.refused) == ("amount", Decimal(number), currency, "")


@pytest.mark.parametrize(
    ("text", "market", "number", "currency"),
    [
        ("$.99", "US", "0.99", "USD"),
        ("$ .5", "US", "0.5", "USD"),
        ("£.99", "GB", "0.99", "GBP"),
        (".99 €", "FR", "0.99", "EUR"),  # a point parts nothing in French numbers
        (",99 €", "DE", "0.99", "EUR"),
        ("–,99 €", "DE", "0.99", "EUR"),
        ("EUR,99", "DE", "0.99", "EUR"),
        ("Fr. -.90", "CH", "0.90", "CHF"),
        ("٫٩٩ ج.م.", "EG", "0.99", "EGP"),
        (".250 KWD", "KW", "0.250", "KWD"),
        ("-.99", "US", "-0.99", None),
        ("Rs.99", "IN", "99", "INR"),
        ("руб.50", "RU", "50", "RUB"),
        (".40917723", "US", "40917723", None),
    ],
)
def test_a_leading_decimal_sign_makes_a_fraction_of_one_unit(text, market, number, currency):
    found = parse(text, market)
    assert (found.kind, found.number, found.currency, found.refused) == ("amount", Decimal(number), currency, "")


@pytest.mark.parametrize(
    ("text", "market", "readings"),
    [
        ("€.99", "DE", ["0.99", "99"]),
        ("$,99", "US", ["0.99", "99"]),
        ("$.999", "US", ["0.999", "999"]),
        ("¥.99", "JP", ["0.99", "99"]),
    ],
)
def test_a_leading_sign_that_is_no_decimal_sign_here_is_refused_with_its_readings(text, market, readings):
    found = parse(text, market)
    assert (found.refused, found.detail["readings"]) == ("separator", readings)


@pytest.mark.parametrize(
    ("text", "currency", "markets"),
    [
        ("US$ 12", "USD", ("US", "DE", "MX", "CA", "EC")),
        ("A$12", "AUD", ("AU", "US", "DE")),
        ("C$12", "CAD", ("CA", "US", "DE")),
        ("C$12", "NIO", ("NI",)),
        ("HK$12", "HKD", ("HK", "DE")),
        ("NT$12", "TWD", ("TW", "US", "DE")),
        ("NZ$12", "NZD", ("NZ", "AU", "DE")),
        ("R$12", "BRL", ("BR", "PT", "US")),
        ("S$12", "SGD", ("SG", "MY", "DE")),
        ("Rs. 12", "INR", ("IN",)),
        ("Rs 12", "PKR", ("PK",)),
        ("Rs 12", "NPR", ("NP",)),
        ("Fr. 12", "CHF", ("CH", "LI")),
        ("12 CFA", "XOF", ("SN", "CI")),
        ("12 CFA", "XAF", ("CM", "GA")),
        ("12 лв.", "BGN", ("BG", "DE")),
        ("12 лева", "BGN", ("BG",)),
        ("12 €", "EUR", ("BG",)),
    ],
)
def test_a_sign_that_tags_bear_is_known(text, currency, markets):
    assert {market: parse(text, market).currency for market in markets} == dict.fromkeys(markets, currency)


def test_a_sign_of_several_currencies_is_refused_where_none_of_them_is_at_home():
    assert parse("500 CFA", "FR").detail == {"sign": "CFA", "candidates": ["XOF", "XAF"]}
    assert parse("Rs 50", "DE").detail["candidates"] == list(prices_parse.RUPEES)


def test_a_number_without_a_sign_has_no_currency():
    found = parse("12,50", "DE")
    assert (found.number, found.currency, found.refused) == (Decimal("12.50"), None, "")


@pytest.mark.parametrize(
    ("text", "market", "date"),
    [
        ("03/04/26", "US", (2026, 3, 4)),
        ("03/04/26", "GB", (2026, 4, 3)),
        ("25/12/2026", "US", (2026, 12, 25)),
        ("2026-11-21", "CA", (2026, 11, 21)),
        ("21.11.2026", "DE", (2026, 11, 21)),
        ("21.11.2026 г.", "BG", (2026, 11, 21)),
        ("21 нояб. 2026 г.", "RU", (2026, 11, 21)),
        ("21 Νοε 2026", "GR", (2026, 11, 21)),
        ("٢١ نوفمبر ٢٠٢٦", "EG", (2026, 11, 21)),
        ("٢٠٢٦/١١/٢١", "EG", (2026, 11, 21)),
        ("۱۴۰۵/۰۸/۳۰", "IR", (2026, 11, 21)),
        ("21 พ.ย. 2569", "TH", (2026, 11, 21)),
        ("21/11/69", "TH", (2026, 11, 21)),
        ("7/6/26", "TH", (2026, 6, 7)),
        ("2026年11月21日", "CN", (2026, 11, 21)),
        ("令和8年11月21日", "JP", (2026, 11, 21)),
        ("二〇二六年十一月二十一日", "CN", (2026, 11, 21)),
        ("26. 11. 21.", "KR", (2026, 11, 21)),
        ("2026년 11월 21일", "KR", (2026, 11, 21)),
        ("২১ নভে, ২০২৬", "BD", (2026, 11, 21)),
        ("21 ኖቬም 2026", "ET", (2026, 11, 21)),
        ("Nov 21, 2026", "US", (2026, 11, 21)),
        ("21 thg 11, 2026", "VN", (2026, 11, 21)),
        ("31.12.99", "DE", (1999, 12, 31)),
    ],
)
def test_a_date_is_read_as_its_market_writes_it(text, market, date):
    found = parse(text, market)
    assert (found.kind, found.date, found.refused) == ("date", datetime.date(*date), "")


@pytest.mark.parametrize(
    ("text", "market", "code"),
    [
        ("", "US", "empty"),
        (" \u200f ", "EG", "empty"),
        ("hello", "US", "text"),
        ("5 % off", "US", "percent"),
        ("12 or 15", "US", "several"),
        ("1.234", "US", "separator"),
        ("1,234 $", "CA", "separator"),
        ("12.34.56.78", "DE", "number"),
        ("31/02/2026", "GB", "date"),
        ("03/04/26", "CA", "order"),
        ("03/04/2026", "SE", "order"),
        ("1448/06/01", "SA", "calendar"),
        ("05/08/30", "IR", "calendar"),
        ("13 ส.ค. 41", "TH", "calendar"),
        ("₨ 50", "DE", "currency"),
        ("xyzzy 12", "US", "currency"),
    ],
)
def test_what_the_market_leaves_open_is_refused_with_its_reason(text, market, code):
    assert parse(text, market).refused == code


def test_a_refused_date_shows_its_readings():
    assert parse("03/04/26", "CA").detail["readings"] == ["2003-04-26", "2026-03-04", "2026-04-03"]


def test_an_unknown_sign_leaves_the_number():
    found = parse("₨ 50", "DE")
    assert found.number == 50 and found.currency is None and "INR" in found.detail["candidates"]


def test_of_a_tag_with_several_lines_amount_and_date_are_taken():
    found = parse("40917723\n1.299,00 €\n21.11.26", "DE")
    assert (found.number, found.currency, found.date) == (Decimal("1299.00"), "EUR", datetime.date(2026, 11, 21))


def test_an_unknown_territory_is_refused_by_name():
    with pytest.raises(ValueError, match="ZZ"):
        parse("12", "ZZ")


@settings(max_examples=300)
@given(st.sampled_from(evaluation.MARKETS), st.integers(1, 10**9))
def test_what_cldr_writes_for_a_market_is_read_back(market, units):
    currency, locale = formats.currency_of(market), formats.locale_of(market)
    value = Decimal(units).scaleb(-formats.numbers.get_currency_precision(currency))
    for system in ("default", "native"):
        found = parse(formats.canonical(formats.money(value, currency, locale, system=system)), market)
        assert (found.number, found.currency) == (value, currency)


@settings(max_examples=300)
@given(
    st.sampled_from([market for market in evaluation.MARKETS if market not in ("TH", "NP", "ET")]),
    st.dates(datetime.date(1950, 1, 1), datetime.date(2045, 12, 31)),
    st.sampled_from(["short", "medium", "long"]),
)
def test_what_cldr_writes_for_a_date_is_read_back(market, date, style):
    text = formats.canonical(formats.day(date, formats.locale_of(market), style))
    found = parse(text, market)
    is_islamic = market in dates.HIJRI and not 1959 <= date.year <= 2038  # 48 may be 1448 there
    assert found.date == date or (is_islamic and found.refused == "calendar")


SCRIBBLES = st.text("0123456789٠٤۴९௧.,٫٬’ -/:%()€$¥kr元百万三千年月日원년월일만ብር፩፻፼税", max_size=14)


@settings(max_examples=250)
@given(st.text(max_size=30) | SCRIBBLES, st.sampled_from(evaluation.MARKETS))
def test_any_text_is_parsed_or_refused(text, market):
    found = parse(text, market)
    assert found.refused or found.number is not None or found.date is not None


def test_prices_at_random_are_positive_and_have_the_decimals_of_their_currency():
    random = np.random.default_rng(0)
    for currency, places in (("JPY", 0), ("EUR", 2), ("KWD", 3)):
        values = [formats.price(currency, random) for _ in range(200)]
        assert all(value > 0 and -value.as_tuple().exponent <= places for value in values)
