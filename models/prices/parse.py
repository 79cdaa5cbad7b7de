"""From what a line says to a number, a currency and a date, for a market; refused where the market leaves it open.

Separators, month names, signs and the order of a date are CLDR's for the market's official languages (Babel). Refusals
are codes with values, sentences are made where they are shown:

    empty      nothing to parse
    text       neither an amount nor a date
    number     digits and separators that are no number: {"token"}
    several    more than one number: {"tokens"}
    separator  1.234 may be a thousand or one and a bit here, ,99 a fraction or not: {"token", "readings"}
    currency   a sign that is nobody's or several currencies' here: {"sign", "candidates"}; the number is given
    percent    a percentage, no amount: {"token"}
    date       no day of the calendar: {"token"}
    order      day and month (or year) may be read either way here: {"token", "readings"}
    calendar   a year that may belong to more than one calendar here: {"token"}
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale, numbers
from babel.core import get_global
from babel.languages import get_territory_language_info

from models.prices import alphabet, calendars, formats

RUPEES = ("INR", "PKR", "NPR", "LKR", "MUR", "SCR")
SIGNS = {
    "€": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY"), "₹": ("INR",), "₩": ("KRW",), "₽": ("RUB",), "₴": ("UAH",),
    "₸": ("KZT",), "₺": ("TRY",), "₫": ("VND",), "₦": ("NGN",), "₱": ("PHP",), "฿": ("THB",), "৳": ("BDT",),
    "₪": ("ILS",), "₼": ("AZN",), "₡": ("CRC",), "₲": ("PYG",), "₵": ("GHS",), "₭": ("LAK",), "₮": ("MNT",),
    "₾": ("GEL",), "円": ("JPY",), "원": ("KRW",), "元": ("CNY", "TWD", "HKD"), "﷼": ("IRR", "SAR", "YER", "OMR"),
    "₨": RUPEES, "Rs": RUPEES, "$": ("USD", "CAD", "AUD", "MXN"), "RMB": ("CNY",), "人民币": ("CNY",),
    "US$": ("USD",), "A$": ("AUD",), "AU$": ("AUD",), "C$": ("CAD",), "CA$": ("CAD",), "HK$": ("HKD",),
    "MX$": ("MXN",), "NT$": ("TWD",), "NZ$": ("NZD",), "R$": ("BRL",), "S$": ("SGD",), "SFr": ("CHF",),
    "Fr": ("CHF", "XOF", "XAF"), "CFA": ("XOF", "XAF"), "лв": ("BGN",), "лева": ("BGN",),
}  # fmt: skip
"""Bare signs and whose they are, for markets whose own currency is not among them."""
TOMAN = frozenset(("تومان", "تومن"))
_POINTS = ".,٫٬’"
_LEADING = rf"(?:(?<![^\s\-+(:=/{alphabet.SIGNS}])[.٫]|(?<![\d{_POINTS}]),)(?=\d{{1,3}}(?![\d{_POINTS}]))"
"""A decimal sign with nothing before it: a point directly behind a letter belongs to the word (Rs.99)."""
_NUMBER = re.compile(rf"(?:{_LEADING})?\d+(?:[{_POINTS}]\d+| \d{{3}}(?!\d))*")
_NUMERIC_DATE = re.compile(r"(\d{1,4})(\s*[./-]\s*)(\d{1,2})(\s*[./-]\s*)(\d{1,4})\.?(?:\s?(?:г|р|ж)\.?)?")
_ERAS = {"令和": 2018, "平成": 1988}
_HAN_DATE = re.compile(r"(令和|平成)?\s?(元|[\d〇零一二三四五六七八九]{1,4})[年년]\s?"
                       r"([\d一二三四五六七八九十]{1,3})[月월]\s?"
                       r"([\d一二三四五六七八九十]{1,3})[日일]")  # fmt: skip
_EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Parsed:
    """What a line means in a market. kind: "amount", "date" or "" when refused before that was known.

    number: of the amount, in units of the currency. currency: ISO 4217, None where none is written. refused: a code of
    the module's table or "". detail: the values that belong to the code.
    """

    text: str
    market: str
    kind: str = ""
    number: Decimal | None = None
    currency: str | None = None
    date: datetime.date | None = None
    refused: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def parse(text: str, market: str, *, today: datetime.date | None = None) -> Parsed:
    """A line as an amount or a date of a market (ISO 3166 alpha-2). Of several lines, the first
    amount and the first date.

    today: which century years of two digits are in, and which calendar; None for the clock's. Raises ValueError for a
    territory that CLDR does not know.
    """
    formats.locales_of(market)
    today = today or datetime.date.today()
    rows = [row for row in text.splitlines() if alphabet.fold(row)]
    if not rows:
        return Parsed(text, market, refused="empty")
    found = [_row(alphabet.fold(row), market, today) for row in rows]
    if len(found) == 1:
        return Parsed(**{**vars(found[0]), "text": text})
    amount = next((p for p in found if p.number is not None and p.currency), None) or next(
        (p for p in found if p.number is not None), None
    )
    date = next((p for p in found if p.date), None)
    refused = next((p for p in found if p.refused), None) if not (amount or date) else None
    kind = "amount" if amount else "date" if date else refused.kind if refused else ""
    return Parsed(
        text, market, kind, amount.number if amount else None, amount.currency if amount else None,
        date.date if date else None, refused.refused if refused else "", refused.detail if refused else _EMPTY,
    )  # fmt: skip


def _row(text: str, market: str, today: datetime.date) -> Parsed:
    plain = alphabet.ascii_digits(text)
    found = _date(plain, market, today)
    if found is not None:
        return found
    return _amount(plain, market)


def _refused(text: str, market: str, kind: str, code: str, **detail: Any) -> Parsed:
    return Parsed(text, market, kind, refused=code, detail=detail)


# ------------------------------------------------------------------ dates


def _date(text: str, market: str, today: datetime.date) -> Parsed | None:
    """The date a line is; None when it is none."""
    if match := _HAN_DATE.fullmatch(text):
        return _han_date(text, match, market, today)
    if match := _NUMERIC_DATE.fullmatch(text):
        return _numeric_date(text, match, market, today)
    return _named_date(text, market, today)


def _han_date(text: str, match: re.Match[str], market: str, today: datetime.date) -> Parsed:
    era, year, month, day = match.groups()
    try:
        number = 1 if year == "元" else calendars.from_han(year)
        if era:
            number += _ERAS[era]
        elif len(year) <= 2:
            number = _century(number, today)
        return Parsed(text, market, "date", date=datetime.date(number, _figure(month), _figure(day)))
    except ValueError:
        return _refused(text, market, "date", "date", token=text)


def _figure(text: str) -> int:
    return int(text) if text.isdigit() else calendars.from_han(text)


def _numeric_date(text: str, match: re.Match[str], market: str, today: datetime.date) -> Parsed | None:
    first, mark, second, other, third = (group.strip() for group in match.groups())
    if mark != other:
        return None
    if (len(first) in (1, 2) and len(third) == 3) or len(first) == 3:
        return None  # 1.234.567, 12.05.123: numbers
    parts = (first, second, third)
    if len(first) == 4:
        orders = {"yMd"} if len(third) <= 2 else set()
    elif len(third) == 4:
        orders = {"dMy", "Mdy"}
    else:
        orders = {"dMy", "Mdy", "yMd"}
    readings: dict[str, datetime.date] = {}
    untold = False
    for order in sorted(orders):
        values = dict(zip(order, parts, strict=True))
        years = _years(values["y"], market, today)
        untold = untold or years is None
        made = years and _made(years, values["M"], values["d"])
        if made:
            readings[order] = made
    if not readings:
        return _refused(text, market, "date", "calendar" if untold else "date", token=text)
    if len(set(readings.values())) == 1:
        return Parsed(text, market, "date", date=next(iter(readings.values())))
    decided = _decided(readings, market, mark, len(third) == 4)
    if decided is None:
        shown = sorted({made.isoformat() for made in readings.values()})
        return _refused(text, market, "date", "order", token=text, readings=shown)
    return Parsed(text, market, "date", date=decided)


def _decided(readings: Mapping[str, datetime.date], market: str, mark: str, whole_year: bool) -> datetime.date | None:
    """The reading that the market's CLDR short dates agree on; a year-first one decides with its own separator only."""
    orders = set()
    for locale in main_locales(market):
        order = formats.date_order(locale)
        if order != "yMd" or (not whole_year and mark in _short_pattern(locale)):
            orders.add(order)
    return readings.get(orders.pop()) if len(orders) == 1 else None


@cache
def _short_pattern(locale: str) -> str:
    return Locale.parse(locale).date_formats["short"].pattern


@cache
def main_locales(market: str) -> tuple[str, ...]:
    """Locales of the official languages that at least 15 % of a market speak, the first one always."""
    shares = get_territory_language_info(market)
    found = formats.locales_of(market)

    def spoken(name: str) -> float:
        keys = (name.split("_")[0], name.rpartition("_")[0])  # zh, zh_Hant
        return max(shares.get(key, {}).get("population_percent", 0) for key in keys)

    known = [name for name in found[1:] if spoken(name) >= 15]
    return (found[0], *known)


def _years(year: str, market: str, today: datetime.date) -> tuple[int, bool] | None:
    """Year and whether it is Persian; None when the calendar is not told."""
    value = int(year)
    if len(year) == 4:
        if market == "TH" and 2400 <= value <= 2700:
            return value - 543, False
        if 1250 <= value <= 1500 and market in ("IR", "AF"):
            return value, True
        return None if value < 1600 or value > 2400 else (value, False)
    if market in ("IR", "AF"):
        return None
    century = _century(value, today)
    if market == "TH":
        buddhist = 2500 + value - 543
        near = [y for y in (century, buddhist) if -15 <= y - today.year <= 10]
        if len(set(near)) != 1:
            return None
        return near[0], False
    return century, False


def _century(value: int, today: datetime.date) -> int:
    """A year of two digits within 79 years back and 20 ahead of today."""
    year = today.year // 100 * 100 + value
    if year > today.year + 20:
        return year - 100
    return year + 100 if year <= today.year - 80 else year


def _made(years: tuple[int, bool], month: str, day: str) -> datetime.date | None:
    if len(month) > 2 or len(day) > 2:
        return None
    year, persian = years
    try:
        if persian:
            return calendars.from_persian(year, int(month), int(day))
        return datetime.date(year, int(month), int(day))
    except ValueError:
        return None


@cache
def _months(market: str) -> tuple[tuple[str, int], ...]:
    """Month names of a market's languages and English, folded, longest first, with their numbers."""
    found: dict[str, int] = {}
    for name in (*formats.spoken_in(market), "en"):
        months = Locale.parse(name).months
        for use in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, spelled in months[use][width].items():
                    plain = alphabet.ascii_digits(alphabet.fold(spelled)).casefold().rstrip(".")
                    if len(plain) > 1 and any(c.isalpha() for c in plain) and not re.search("[月월]", plain):
                        found.setdefault(plain, month)
    return tuple(sorted(found.items(), key=lambda item: -len(item[0])))


def _named_date(text: str, market: str, today: datetime.date) -> Parsed | None:
    lowered = text.casefold()
    for name, month in _months(market):
        at = lowered.find(name)
        if at < 0:
            continue
        before, after = lowered[:at], lowered[at + len(name) :]
        if (before and before[-1].isalpha() and name[0].isalpha()) or (
            after and after[0].isalnum() and name[-1].isalnum()
        ):
            continue
        figures = re.findall(r"\d+", before + " " + after)
        if len(figures) != 2 or sum(c.isalpha() for c in before + after) > 10:
            continue
        day, year = figures
        if len(day) == 4 or (len(day) == len(year) == 2 and formats.date_order(formats.locale_of(market)) == "yMd"):
            day, year = year, day
        if len(day) > 2 or len(year) not in (2, 4):
            continue
        years = _years(year, market, today)
        if years is None or years[1]:
            return _refused(text, market, "date", "calendar", token=text)
        made = _made(years, str(month), day)
        return Parsed(text, market, "date", date=made) if made else _refused(text, market, "date", "date", token=text)
    return None


# ------------------------------------------------------------------ amounts


def _amount(text: str, market: str) -> Parsed:
    if re.search("[%٪]", text):
        return _refused(text, market, "", "percent", token=text)
    bare = re.sub(r"\(?税[込抜]\)?|[正整]$", "", text)
    bare = re.sub(r"[.,:]-$", "", bare).strip()
    if found := re.search(f"(?:[\\d,.]*{calendars.HAN.pattern}[\\d,.]*)+", bare):
        token = found.group().strip(".,")
        try:
            number = Decimal(calendars.from_han(token.replace(",", "")))
        except ValueError:
            return _refused(text, market, "amount", "number", token=token)
        return _with_currency(text, bare.replace(token, " ", 1), number, market)
    if found := re.search("[\u1369-\u137c]+", bare):
        number = Decimal(calendars.from_ethiopic(found.group()))
        return _with_currency(text, bare.replace(found.group(), " ", 1), number, market)
    tokens = _NUMBER.findall(bare)
    if not tokens:
        return _refused(text, market, "", "text")
    if len(tokens) > 1:
        return _refused(text, market, "", "several", tokens=tokens)
    token = tokens[0]
    rest = bare.replace(token, " ", 1)
    dashed = re.search(r"(^|\s|[^\w\s])-\s*$", bare[: bare.find(token)])
    sign = -1 if dashed and not _stands_for_none(token, market) else 1
    currency, factor, candidates = _currency(rest, market)
    precision = numbers.get_currency_precision(currency or formats.currency_of(market))
    number, readings = _number(token, market, precision)
    if number is None:
        code = "separator" if readings else "number"
        detail = {"token": token} | ({"readings": [str(value) for value in readings]} if readings else {})
        return _refused(text, market, "amount", code, **detail)
    number *= sign * factor
    if candidates is not None:
        return Parsed(text, market, "amount", number, refused="currency", detail=candidates)
    return Parsed(text, market, "amount", number, currency)


def _with_currency(text: str, rest: str, number: Decimal, market: str) -> Parsed:
    currency, factor, candidates = _currency(rest, market)
    if candidates is not None:
        return Parsed(text, market, "amount", number * factor, refused="currency", detail=candidates)
    return Parsed(text, market, "amount", number * factor, currency)


def _stands_for_none(token: str, market: str) -> bool:
    """Whether a dash before a number is no minus: -,99 and the Swiss -.90 have no whole units."""
    return token[0] == "," or (token[0] == "." and market in ("CH", "LI"))


def _number(token: str, market: str, precision: int) -> tuple[Decimal | None, tuple[Decimal, ...]]:
    """The value of digits with separators, or what it may be read as. precision: decimals of the currency."""
    if token[0] in _POINTS:
        return _fraction(token, market, precision)
    marks = [c for c in token if c in _POINTS or c == " "]
    kinds = set(marks)
    decimal = ""
    if not kinds:
        pass
    elif kinds <= {"٫", "٬"}:
        decimal = "٫" if "٫" in kinds else ""
        if marks.count("٫") > 1 or (marks[-1] == "٬" and decimal):
            return None, ()
    elif len(kinds) > 1:
        decimal = marks[-1]
        if marks.count(decimal) > 1 or decimal in " ’٬" or len(kinds) > 2:
            return None, ()
    elif len(marks) == 1:
        mark, behind = marks[0], len(token) - token.index(marks[0]) - 1
        if mark in ".,":
            roles = _roles(mark, market)
            if behind != 3 or token[0] == "0" or len(token) - behind - 1 > 3:
                decimal = mark
            elif len(roles) != 1 or ("decimal" in roles and precision < 3):
                return None, (Decimal(token.replace(mark, ".")), Decimal(token.replace(mark, "")))
            else:
                decimal = mark if "decimal" in roles else ""
    whole, _, fraction = token.partition(decimal) if decimal else (token, "", "")
    groups = re.split(f"[{_POINTS} ]", whole)
    if len(groups) > 1 and not (
        1 <= len(groups[0]) <= 3 and len(groups[-1]) == 3 and {len(group) for group in groups[1:-1]} <= {2, 3}
    ):
        return None, ()
    locale = formats.locale_of(market)
    point = numbers.get_decimal_symbol(locale, numbering_system="latn")
    return numbers.parse_decimal(
        "".join(groups) + (point + fraction if fraction else ""), locale=locale, numbering_system="latn"
    ), ()


def _fraction(token: str, market: str, precision: int) -> tuple[Decimal | None, tuple[Decimal, ...]]:
    """The value of digits behind a decimal sign with nothing before it, or what it may be read as."""
    value, roles = Decimal(f"0.{token[1:]}"), _roles(token[0], market)
    decimal = token[0] == "٫" or "decimal" in roles or "group" not in roles
    if decimal and len(token) - 1 <= precision:
        return value, ()
    return None, (value, Decimal(token[1:]))


@cache
def _roles(mark: str, market: str) -> frozenset[str]:
    """What "." or "," is in a market's numbers, "decimal" or "group": both where its languages differ."""
    roles = set()
    for locale in main_locales(market):
        if mark == numbers.get_decimal_symbol(locale, numbering_system="latn"):
            roles.add("decimal")
        elif mark == numbers.get_group_symbol(locale, numbering_system="latn"):
            roles.add("group")
    return frozenset(roles)


def _currency(rest: str, market: str) -> tuple[str | None, int, Mapping[str, Any] | None]:
    """The currency that signs and words beside a number stand for, a factor (toman), and why it is not known."""
    sign = _plain(rest)
    if not sign:
        return None, 1, None
    home = formats.currency_of(market)
    if sign in TOMAN and home == "IRR":
        return home, 10, None
    if re.fullmatch("[A-Z]{3}", sign) and sign in _currencies():
        return sign, 1, None
    known = _signs(market).get(sign.casefold())
    if known is None and len(sign) > 3 and (code := re.search("[A-Z]{3}", sign)) and code.group() in _currencies():
        others = _signs(market).get(sign.replace(code.group(), "").casefold(), (code.group(),))
        known = (code.group(),) if code.group() in others else None  # "US$ USD", "€EUR"
    if known is None:
        return None, 1, {"sign": sign, "candidates": []}
    if home in known:
        return home, 1, None
    if len(known) > 1:
        return None, 1, {"sign": sign, "candidates": list(known)}
    return known[0], 1, None


def _plain(sign: str) -> str:
    """A sign or word without spaces and points, letters first: ج.م. as جم, kr. as kr, $R as R$."""
    bare = re.sub(r"[\s.,:;()\-+/’]", "", alphabet.fold(sign))
    return "".join(sorted(bare, key=lambda c: c in alphabet.SIGNS))


@cache
def _currencies() -> tuple[str, ...]:
    """Currencies that are tender somewhere today."""
    return tuple(sorted({code for territory in get_global("territory_currencies")
                         for code in numbers.get_territory_currencies(territory)}))  # fmt: skip


@cache
def _signs(market: str) -> dict[str, tuple[str, ...]]:
    """Sign or word, plain and case-folded -> the currencies it may stand for in a market."""
    found: dict[str, list[str]] = {}
    home = formats.currency_of(market)

    def add(spelled: str, code: str) -> None:
        plain = _plain(spelled).casefold()
        if plain and code not in found.setdefault(plain, []):
            found[plain].append(code)

    for name in formats.spoken_in(market):
        locale = Locale.parse(name)
        for code in _currencies():
            add(numbers.get_currency_symbol(code, locale), code)
        for count in (None, 1, 2, 5, 100):
            add(numbers.get_currency_name(home, count, locale), home)
        for word in formats.words_of(name):
            add(word, "EUR" if word in ("€", "EUR", "ευρώ") else home)
    for sign, codes in SIGNS.items():
        if sign.casefold() not in found or home in codes:
            for code in codes:
                add(sign, code)
    return {sign: tuple(codes) for sign, codes in found.items()}
