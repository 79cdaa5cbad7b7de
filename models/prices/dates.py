"""Dates as markets write them, in the calendars that are civil there; months without a day are told apart.

A year says by itself which calendar it is of where only one of them makes it a likely one: 2083 is Nepal's present
year. Where two do, or none, the date is refused as "calendar".
"""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale
from babel.languages import get_territory_language_info

from data.words import is_letter
from models.prices import alphabet, calendars, formats
from models.prices.parsed import Parsed, refused

_NUMERIC = re.compile(r"(\d{1,4})(\s*[./-]\s*)(\d{1,2})(\s*[./-]\s*)(\d{1,4})\.?(?:\s?(?:г|р|ж)\.?)?")
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_HAN_YEAR = r"元|[\d〇零一二三四五六七八九]{1,4}"
_HAN = re.compile(rf"(?:中[華华])?({'|'.join(_ERAS)})?\s?({_HAN_YEAR})[年년]\s?"
                  r"([\d一二三四五六七八九十]{1,3})[月월]\s?"
                  r"([\d一二三四五六七八九十]{1,3})[日일]")  # fmt: skip
_MONTH = re.compile(
    r"(?<![\d.,/-])(?:"
    r"(?P<month>\d{1,2})\s?[./,-]\s?(?P<year>\d{4})|(?P<year_first>\d{4})\s?[./,-]\s?(?P<month_last>\d{1,2})|"
    r"(?P<short>\d{1,2})/(?P<short_year>\d{2})|(?P<zero>0\d)[.,-](?P<zero_year>\d{2})|"
    rf"(?P<han_year>{_HAN_YEAR})\s?[年년]\s?(?P<han_month>[\d一二三四五六七八九十]{{1,3}})\s?[月월]份?"
    r")(?![\d.,/-]|\s?%)"
)
MAX_LETTERS = 10
"""Beside the name of a month; more make a sentence."""


@dataclass(frozen=True)
class Calendar:
    """A calendar. ahead: years it is ahead of the Gregorian one; day: its date as a Gregorian one, or ValueError."""

    ahead: int
    day: Callable[[int, int, int], datetime.date]
    own_months: bool = True


GREGORIAN = Calendar(0, datetime.date, own_months=False)
PERSIAN = Calendar(-621, calendars.from_persian)
BUDDHIST = Calendar(543, lambda year, month, day: datetime.date(year - 543, month, day), own_months=False)
MINGUO = Calendar(-1911, lambda year, month, day: datetime.date(year + 1911, month, day), own_months=False)
BIKRAM = Calendar(57, calendars.from_bikram)
ETHIOPIAN = Calendar(-8, calendars.from_ethiopian)
BESIDE = {"TH": BUDDHIST, "IR": PERSIAN, "AF": PERSIAN, "TW": MINGUO, "NP": BIKRAM, "ET": ETHIOPIAN}
"""Civil calendars beside the Gregorian one that are read, by market."""
HIJRI = frozenset(("SA", "AE", "BH", "DZ", "EG", "IQ", "JO", "KW", "LY", "MA", "OM", "PK", "PS", "QA", "SD", "SY", "TN",
                   "YE"))  # fmt: skip
"""Markets whose goods bear the Islamic calendar too (CLDR, calendar preferences); its years are refused."""


def date_of(text: str, market: str, today: datetime.date) -> Parsed | None:
    """The date a line is, or the month; None when it is neither."""
    if match := _HAN.fullmatch(text):
        return _han_date(text, match, market, today)
    if match := _NUMERIC.fullmatch(text):
        return _numeric_date(text, match, market, today)
    return _named_date(text, market, today)


@dataclass(frozen=True)
class Month:
    """A month and year found in a line. text: as it stands there; amount: whether it could be an amount as well."""

    text: str
    amount: bool


def month_in(text: str, market: str, today: datetime.date) -> Month | None:
    """A month without a day, written in figures: 08.2026, 2026/08, 12/25, 2026年8月."""
    if not (match := _MONTH.search(text)):
        return None
    found = {name: value for name, value in match.groupdict().items() if value}
    year, month = (
        next(value for name, value in found.items() if ("year" in name) is wanted) for wanted in (True, False)
    )
    try:
        number = _figure(month)
    except ValueError:
        return None
    if not 1 <= number <= 12:
        return None
    if len(year) == 4 and year.isdigit() and not _likely(int(year), market, today):
        return None
    return Month(match.group(), "year_first" in found or "zero" in found)


def _likely(year: int, market: str, today: datetime.date) -> bool:
    """Whether goods bear a year of four digits: within 15 years of today in a calendar of the market."""
    ahead = (0, BESIDE[market].ahead) if market in BESIDE else (0,)
    return any(abs(year - today.year - years) <= 15 for years in ahead) or 1400 <= year <= 1500


# ------------------------------------------------------------------ what years may be


def _days(
    year: str, month: str, day: str, market: str, today: datetime.date, named: bool = False
) -> tuple[list[datetime.date], bool]:
    """Days that a year, month and day may be in a market, and whether the year is one that its calendars leave open.

    named: the month is a name of the Gregorian calendar, whose years it is then in, or those of one with its months.
    """
    if len(month) > 2 or len(day) > 2 or len(year) not in (2, 3, 4):
        return [], False
    beside = BESIDE.get(market)
    if named and beside is not None and beside.own_months:
        beside = None
    value, found, is_open = int(year), [], False
    if len(year) == 2 and beside is PERSIAN:
        return [], True
    for calendar in (GREGORIAN, *((beside,) if beside else ())):
        whole = _whole(value, len(year), calendar, today)
        if whole is None:
            is_open = True
            continue
        first, last = _span(market, calendar, beside, len(year), today.year)
        if not first <= whole - calendar.ahead <= last:
            is_open = True
            continue
        try:
            found.append(calendar.day(whole, int(month), int(day)))
        except ValueError:
            continue
    return list(dict.fromkeys(found)), is_open


def _whole(value: int, digits: int, calendar: Calendar, today: datetime.date) -> int | None:
    """All digits of a year: one of two digits is of this century, or the nearest; None where it cannot be of it."""
    if digits == 3:
        return value if calendar is MINGUO else None
    if digits == 4:
        return None if calendar is MINGUO else value
    if calendar is GREGORIAN:
        return _century(value, today)
    now = today.year + calendar.ahead
    return now + (value - now + 50) % 100 - 50


def _century(value: int, today: datetime.date) -> int:
    """A year of two digits within 79 years back and 20 ahead of today."""
    year = today.year // 100 * 100 + value
    if year > today.year + 20:
        return year - 100
    return year + 100 if year <= today.year - 80 else year


def _span(market: str, calendar: Calendar, beside: Calendar | None, digits: int, now: int) -> tuple[int, int]:
    """The first and last Gregorian year that a calendar's year is likely to be in a market.

    Where another calendar is civil a year that is far off is of that one; where both are near each other, as in
    Ethiopia, the years ahead end before the other calendar's present ones.
    """
    if beside in (BIKRAM, ETHIOPIAN):
        return now - 30, now + min(20, abs(beside.ahead) - 3)
    if digits == 2 and beside in (BUDDHIST, MINGUO):
        return now - (15 if beside is BUDDHIST else 30), now + 10
    if digits == 2 and market in HIJRI:
        return now - 67, now + 12  # 1438 to 1458 are the Islamic years near by
    if calendar is not GREGORIAN:
        return now - 80, now + 30
    return 1600, now + 30 if market in BESIDE or market in HIJRI else 2400


def _settled(text: str, market: str, readings: list[datetime.date], is_open: bool) -> Parsed:
    if len(readings) == 1:
        return Parsed(text, market, "date", date=readings[0])
    if readings:
        shown = sorted(day.isoformat() for day in readings)
        return refused(text, market, "date", "calendar", token=text, readings=shown)
    return refused(text, market, "date", "calendar" if is_open else "date", token=text)


# ------------------------------------------------------------------ ways to write a date


def _han_date(text: str, match: re.Match[str], market: str, today: datetime.date) -> Parsed:
    era, year, month, day = match.groups()
    try:
        number = 1 if year == "元" else calendars.from_han(year)
        months, days = str(_figure(month)), str(_figure(day))
        if era:
            made = datetime.date(number + _ERAS[era], int(months), int(days))
            return Parsed(text, market, "date", date=made)
    except ValueError:
        return refused(text, market, "date", "date", token=text)
    if year == "元":
        return refused(text, market, "date", "calendar", token=text)
    written = f"{number:0{max(2, len(year))}d}"
    return _settled(text, market, *_days(written, months, days, market, today))


def _figure(text: str) -> int:
    return int(text) if text.isdigit() else calendars.from_han(text)


def _numeric_date(text: str, match: re.Match[str], market: str, today: datetime.date) -> Parsed | None:
    first, mark, second, other, third = (group.strip() for group in match.groups())
    if mark != other:
        return None
    minguo = BESIDE.get(market) is MINGUO and len(first) == 3 and len(third) <= 2
    if ((len(first) in (1, 2) and len(third) == 3) or len(first) == 3) and not minguo:
        return None  # 1.234.567, 12.05.123: numbers
    parts = (first, second, third)
    if len(first) >= 3:
        orders = {"yMd"} if len(third) <= 2 else set()
    elif len(third) == 4:
        orders = {"dMy", "Mdy"}
    else:
        orders = {"dMy", "Mdy", "yMd"}
    readings: dict[str, list[datetime.date]] = {}
    is_open = False
    for order in sorted(orders):
        values = dict(zip(order, parts, strict=True))
        found, left_open = _days(values["y"], values["M"], values["d"], market, today)
        is_open = is_open or (left_open and not found)
        if found:
            readings[order] = found
    every = list(dict.fromkeys(day for found in readings.values() for day in found))
    if len(every) <= 1:
        return _settled(text, market, every, is_open)
    decided = _decided(readings, market, mark, len(third) == 4) if len(readings) > 1 else next(iter(readings.values()))
    if decided is None:
        shown = sorted(made.isoformat() for made in every)
        return refused(text, market, "date", "order", token=text, readings=shown)
    return _settled(text, market, decided, is_open)


def _decided(
    readings: Mapping[str, list[datetime.date]], market: str, mark: str, whole_year: bool
) -> list[datetime.date] | None:
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
        if (before and is_letter(before[-1]) and is_letter(name[0])) or (
            after and ((is_letter(after[0]) and is_letter(name[-1])) or (after[0].isalnum() and name[-1].isalnum()))
        ):
            continue
        figures, letters = re.findall(r"\d+", before + " " + after), sum(c.isalpha() for c in before + after)
        if letters > MAX_LETTERS:
            continue
        if len(figures) == 1 and _is_month(figures[0], letters, market, today):
            return refused(text, market, "date", "month", token=text)
        if len(figures) != 2:
            continue
        day, year = figures
        if len(day) == 4 or (len(day) == len(year) == 2 and formats.date_order(formats.locale_of(market)) == "yMd"):
            day, year = year, day
        if len(day) > 2 or len(year) not in (2, 4):
            continue
        return _settled(text, market, *_days(year, str(month), day, market, today, named=True))
    return None


def _is_month(figure: str, letters: int, market: str, today: datetime.date) -> bool:
    """Whether one figure beside a month's name is its year or day: NOV 2026, EXP NOV 2026, Nov 26."""
    return (len(figure) == 4 and _likely(int(figure), market, today)) or (len(figure) <= 2 and not letters)
