"""From what a line says to a number, a currency and a date, for a market; refused where the market leaves it open.

Separators, month names, signs and the order of a date are CLDR's for the market's official languages (Babel). Refusals
are codes with values, sentences are made where they are shown:

    empty      nothing to parse
    text       neither an amount nor a date
    number     digits and separators that are no number: {"token"}
    several    more than one number: {"tokens"}
    separator  1.234 may be a thousand or one and a bit here, ,99 a fraction or not, and no currency here has as many
               decimals as 2,5001: {"token", "readings"}
    scale      a word beside the number may multiply it or be a unit of measure: {"token", "readings"}
    look       read in a picture, where another spelling looks the same (`look_alikes`): {"token", "readings"}
    currency   a sign that is nobody's or several currencies' here: {"sign", "candidates"}; the number is given
    percent    a percentage, no amount: {"token"}
    date       no day of the calendar: {"token"}
    month      a month without a day, or a day without a year: {"token"}
    order      day and month (or year) may be read either way here: {"token", "readings"}
    calendar   a year that may belong to more than one calendar here: {"token"}, and {"readings"} where they are known
"""

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale, numbers
from babel.core import get_global

from data.words import MARKS
from models.prices import alphabet, calendars, dates, formats, scales
from models.prices.dates import main_locales
from models.prices.parsed import NOTHING, Parsed, refused

RUPEES = ("INR", "PKR", "NPR", "LKR", "MUR", "SCR")
SIGNS = {
    "€": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY"), "₹": ("INR",), "₩": ("KRW",), "₽": ("RUB",), "₴": ("UAH",),
    "₸": ("KZT",), "₺": ("TRY",), "₫": ("VND",), "₦": ("NGN",), "₱": ("PHP",), "฿": ("THB",), "৳": ("BDT",),
    "₪": ("ILS",), "₼": ("AZN",), "₡": ("CRC",), "₲": ("PYG",), "₵": ("GHS",), "₭": ("LAK",), "₮": ("MNT",),
    "₾": ("GEL",), "円": ("JPY",), "원": ("KRW",), "元": ("CNY", "TWD", "HKD"), "﷼": ("IRR", "SAR", "YER", "OMR"),
    "₨": RUPEES, "Rs": RUPEES, "$": ("USD", "CAD", "AUD", "MXN"), "RMB": ("CNY",), "人民币": ("CNY",),
    "US$": ("USD",), "A$": ("AUD",), "AU$": ("AUD",), "C$": ("CAD",), "CA$": ("CAD",), "HK$": ("HKD",),
    "MX$": ("MXN",), "NT$": ("TWD",), "NZ$": ("NZD",), "R$": ("BRL",), "S$": ("SGD",), "SFr": ("CHF",),
    "Fr": ("CHF", "XOF", "XAF"), "CFA": ("XOF", "XAF"), "лв": ("BGN",), "лева": ("BGN",), "块": ("CNY",),
    "塊": ("TWD", "HKD"), "đồng": ("VND",), "Sh": ("KES", "TZS", "UGX", "SOS"),
}  # fmt: skip
"""Bare signs and whose they are, for markets whose own currency is not among them."""
TOMAN = frozenset(("تومان", "تومن"))
_POINTS = ".,٫٬’"
_LEADING = rf"(?:(?<![^\s\-+(:=/{alphabet.SIGNS}])[.٫]|(?<![\d{_POINTS}]),)(?=\d{{1,3}}(?![\d{_POINTS}]))"
"""A decimal sign with nothing before it: a point directly behind a letter belongs to the word (Rs.99)."""
_HAN_GROUP = f"[\\d,.]*{calendars.HAN.pattern}[\\d,.]*"
_IN_HAN = re.compile(rf"{_HAN_GROUP}(?:\s?{_HAN_GROUP})*")
_NUMBER = re.compile(rf"(?:{_LEADING})?\d+(?:[{_POINTS}]\d+| \d{{3}}(?!\d))*")


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
    open_ = next((p for p in found if p.refused), None) if not (amount or date) else None
    kind = "amount" if amount else "date" if date else open_.kind if open_ else ""
    return Parsed(
        text, market, kind, amount.number if amount else None, amount.currency if amount else None,
        date.date if date else None, open_.refused if open_ else "", open_.detail if open_ else NOTHING,
    )  # fmt: skip


def _row(text: str, market: str, today: datetime.date) -> Parsed:
    plain = alphabet.ascii_digits(text)
    found = dates.date_of(plain, market, today)
    if found is not None:
        return found
    return _amount(plain, market, today)


# ------------------------------------------------------------------ amounts


def _amount(text: str, market: str, today: datetime.date) -> Parsed:
    if re.search("[%٪]", text):
        return refused(text, market, "", "percent", token=text)
    bare = _bare(text)
    if month := dates.month_in(bare, market, today):
        beside = bare.replace(month.text, " ", 1)
        known = bool(_plain(beside)) and _currency(beside, market)[2] is None
        if not known and not re.search(r"\d", beside):
            return refused(text, market, "date", "month", token=month.text)
    if found := _IN_HAN.search(bare):
        return _in_han(text, bare, found.group().strip(".,"), market)
    if found := re.search("[\u1369-\u137c]+", bare):
        number = Decimal(calendars.from_ethiopic(found.group()))
        return _valued(text, bare.replace(found.group(), " ", 1), number, market, found.group())
    tokens = _NUMBER.findall(bare)
    if not tokens:
        return refused(text, market, "", "text")
    if len(tokens) > 1:
        return refused(text, market, "", "several", tokens=tokens)
    token = tokens[0]
    head, _, tail = bare.partition(token)
    scale = scales.behind(tail, market, _own_signs(market))
    if scale:
        tail = tail[scale.length :]
    elif scale := scales.before(head, market):
        head = head[: -scale.length]
    rest = f"{head} {tail}"
    currency, _factor, candidates = _currency(rest, market)
    precision = 9 if scale else numbers.get_currency_precision(currency or formats.currency_of(market))
    number, readings = _number(token, market, precision)
    if number is None:
        code = "separator" if readings else "number"
        detail = {"token": token} | ({"readings": [str(value) for value in readings]} if readings else {})
        return refused(text, market, "amount", code, **detail)
    dashed = re.search(rf"(^|\s|[^\w\s{MARKS}])-\s*$", head)
    number *= -1 if dashed and not _stands_for_none(token, market) else 1
    if scale is None:
        return _valued(text, rest, number, market, token)
    by_sign = candidates is None and currency is not None
    if not _multiplies(scale, number, market, by_sign):
        word = f"{token} {scale.word}"
        shown = [str(_written_out(number * factor)) for factor in (1, *scale.factors)]
        return refused(text, market, "amount", "scale", token=word, readings=shown)
    return _valued(text, rest, _written_out(number * scale.factors[0]), market, token)


def _bare(text: str) -> str:
    """A line without what tags bear beside the amount: tax included, "only", M.R.P., and the Indian end of an amount,
    /-."""
    bare = re.sub(r"\(?税[込抜]\)?|[正整]$", "", text).replace("廿", "二十").replace("卅", "三十")
    bare = re.sub(
        r"^m\.?\s?r\.?\s?p\.?(?![a-z])\s?:?-?|\(?\b(incl|inclusive)\b[\w .]*tax(es)?\)?", "", bare, flags=re.I
    )
    bare = re.sub(r"(?<=\d)\s?/\s?[-=](?!\d)(?:\s*only\b)?", "", bare, flags=re.I)
    return re.sub(r"[.,:]-$", "", bare).strip()


def _in_han(text: str, bare: str, token: str, market: str) -> Parsed:
    """An amount with Chinese or Korean numerals in it; figures before the last unit may have decimals: 1.5万."""
    rest, token = bare.replace(token, " ", 1), token.replace(" ", "")
    if others := re.findall(rf"\d+|{calendars.HAN.pattern}", rest):
        return refused(text, market, "", "several", tokens=[token, *others])
    try:
        number = _marked(token, market) if re.search("[.,]", token) else Decimal(calendars.from_han(token))
    except ValueError:
        return refused(text, market, "amount", "number", token=token)
    if isinstance(number, tuple):
        return refused(text, market, "amount", "separator", token=token, readings=[str(value) for value in number])
    if market in ("JP", "KR") and re.search(
        f"{calendars.LARGE.pattern}\\d$", token
    ):  # 3万5: as they say it, or as written
        exact = calendars.from_han(f"{token[:-1]}0{token[-1]}")
        return refused(text, market, "amount", "scale", token=token, readings=[str(exact), str(number)])
    return _valued(text, rest, number, market, token)


def _marked(token: str, market: str) -> Decimal | tuple[Decimal, ...]:
    """The value of a numeral with points or commas, or what it may be. Raises ValueError for what is none."""
    figures = re.compile(r"\d[\d.,]*")
    parts = figures.findall(token)
    last = re.fullmatch(rf"(\d[\d.,]*)((?:{calendars.HAN.pattern})*)", token)
    found: list[Decimal] = []
    for part in parts:
        number, readings = _number(part, market, 9)
        if number is None:
            if last and readings:
                unit = calendars.from_han(last[2]) if last[2] else 1
                return tuple(_written_out(value * unit) for value in readings)
            raise ValueError(token)
        if number != int(number):
            if not last or not calendars.LARGE.match(last[2]):
                raise ValueError(token)
            if "." not in part and "decimal" not in _roles(",", market):
                grouped = Decimal(part.replace(",", ""))
                return tuple(_written_out(value * calendars.from_han(last[2])) for value in (number, grouped))
            return _written_out(number * calendars.from_han(last[2]))
        found.append(number)
    whole = iter(found)
    return Decimal(calendars.from_han(figures.sub(lambda _match: str(int(next(whole))), token)))


def _written_out(value: Decimal) -> Decimal:
    """A product without the noughts that multiplying left behind its decimal sign, and without an exponent."""
    return Decimal(format(value.normalize(), "f"))


def _multiplies(scale: scales.Scale, number: Decimal, market: str, by_sign: bool) -> bool:
    """Whether a word beside a number says for sure by how much it is multiplied. by_sign: a currency is written too."""
    if len(scale.factors) > 1 or scale.word in _own_signs(market):
        return False
    if scale.word == "k":
        return abs(number) < 1000
    if scale.told:
        return True
    return by_sign and scale.factors[0] < 10**12 and (scale.glued or scale.large or len(scale.word) > 1)


def _valued(text: str, rest: str, number: Decimal, market: str, token: str) -> Parsed:
    """The amount, with what stands beside the number; refused with more decimals than its currency has."""
    currency, factor, candidates = _currency(rest, market)
    home = formats.currency_of(market)
    if candidates is not None and not candidates["candidates"] and scales.is_cent(candidates["sign"].casefold(), home):
        currency, factor, candidates = home, Decimal("0.01"), None
    unknown = candidates is not None and not candidates["candidates"]
    codes = candidates["candidates"] if candidates is not None else (currency or home,)
    most = 3 if unknown else max(formats.decimals(code) for code in codes)
    number *= factor
    if -number.as_tuple().exponent > most and not re.search(r"[.,’ ]\d{3}[.,]00$", token):
        shown = [str(_written_out(value)) for value in (number, Decimal(re.sub(r"\D", "", token)) * factor)]
        return refused(text, market, "amount", "separator", token=token, readings=shown)
    if candidates is not None:
        return Parsed(text, market, "amount", number, refused="currency", detail=candidates)
    return Parsed(text, market, "amount", number, currency)


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
        beside = sign.replace(code.group(), "").casefold()
        others = () if beside in scales.words(market) else _signs(market).get(beside, (code.group(),))
        known = (code.group(),) if code.group() in others else None  # "US$ USD", "€EUR"; not "Mio. EUR"
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
def _own_signs(market: str) -> frozenset[str]:
    """Signs and words, plain and case-folded, that may stand for a market's own currency."""
    home = formats.currency_of(market)
    return frozenset(sign for sign, codes in _signs(market).items() if home in codes)


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
    for count in (1, 2):  # Nigerian naira, US dollars
        add(numbers.get_currency_name(home, count, "en").rpartition(" ")[2], home)
    for sign, codes in SIGNS.items():
        if sign.casefold() not in found or home in codes:
            for code in codes:
                add(sign, code)
    return {sign: tuple(codes) for sign, codes in found.items()}
