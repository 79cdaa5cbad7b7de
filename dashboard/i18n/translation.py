"""The reader's language: messages through gettext, names and numbers through CLDR (Babel)."""

import gettext
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path

import babel
import babel.dates
import babel.numbers
import streamlit as st
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "zh": "简体中文"}
LOCALES = {"en": "en", "zh": "zh_Hans_CN"}
STORE_LANGUAGES = {"en": "en", "zh": "zh_Hans"}
CATALOGS = Path(__file__).with_name("locale")
KEY = "lang"
MAX_WRITTEN = 50_000
"""Numbers of which it is kept how they are written: a page writes hundreds, and the same ones at every rerun."""
_of_this_run: ContextVar[str | None] = ContextVar("language", default=None)


def current() -> str:
    """The language code of this session: en or zh."""
    return _of_this_run.get() or st.session_state.get(KEY, "en")


def settle(language: str) -> None:
    """Fix the language for this run of the script: it is asked for at every word."""
    _of_this_run.set(language)


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Words and numbers in that language meanwhile, whatever the reader's is now."""
    before = current()
    settle(language)
    try:
        yield
    finally:
        settle(before)


def locale() -> str:
    return LOCALES[current()]


def _(message: str) -> str:
    """The message in the reader's language; itself where it has no translation."""
    return _messages(current()).gettext(message) if message else ""


def in_language(message: str, language: str) -> str:
    """The message in a language that need not be the reader's."""
    return _messages(language).gettext(message) if message else ""


@cache
def _messages(language: str) -> gettext.NullTranslations:
    file = CATALOGS / f"{language}.po"
    if not file.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with file.open("rb") as opened:
        write_mo(compiled, read_po(opened))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


# ------------------------------------------------------------------ numbers and dates


def number(value: float, digits: int = 3) -> str:
    """A plain number with that many significant digits, grouped: 1,410 or 0.0123.

    Missing, or none that is finite, is an en dash.
    """
    if value is None or not math.isfinite(value):
        return "–"
    return _number(float(value), digits, locale())


@lru_cache(MAX_WRITTEN)
def _number(value: float, digits: int, spoken: str) -> str:
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    pattern = "#,##0" + ("." + "#" * min(places, 8) if places else "")
    return babel.numbers.format_decimal(rounded, format=pattern, locale=spoken)


def compact(value: float, digits: int = 3) -> str:
    """A number as one says it: 1.41 billion, 14.1亿, 4.98万. Missing, or none that is finite, is an en dash."""
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) < (10_000 if current() == "zh" else 1_000_000):
        return number(value, digits)
    return _compact(float(value), digits, locale())


@lru_cache(MAX_WRITTEN)
def _compact(value: float, digits: int, spoken: str) -> str:
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    form = "short" if spoken.startswith("zh") else "long"  # 14.1亿; CLDR has no long form for Chinese
    return babel.numbers.format_compact_decimal(rounded, format_type=form, fraction_digits=2, locale=spoken)


SCALES = {"en": (1e12, 1e9, 1e6), "zh": (1e12, 1e8, 1e4)}
"""What `compact` counts large numbers in: trillion, billion, million; 万亿, 亿, 万."""


def ends(low: float, high: float) -> tuple[str, str]:
    """Both ends of an interval in the same unit: 0.15 million and 90.7 million, not 152,000 and 90.7 million."""
    largest = max(abs(low), abs(high))
    scale = next((scale for scale in SCALES[current()] if largest >= scale), None)
    if scale is None:  # also where one is missing
        return compact(low), compact(high)
    return _in(low, scale), _in(high, scale)


def _in(value: float, scale: float) -> str:
    """A number in millions, billions and so on: three digits, or two where it is less than one of them."""
    unit = compact(scale).removeprefix(number(1))  # " million", 亿
    return number(value / scale, 3 if abs(value) >= scale else 2) + unit if value else number(value)


def share(value: float) -> str:
    """A share of one as percent, whole: 0.973 -> 97 %. Only none and all are 0 % and 100 %: 0.998 -> > 99 %."""
    if value is None or not math.isfinite(value):
        return "–"
    near = "< " if 0 < value < 0.005 else "> " if 0.995 <= value < 1 else ""
    held = min(max(value, 0.01), 0.99) if near else value
    return near + percent(babel.numbers.format_decimal(round(held * 100), "#,##0", locale()))


def percent(written: str) -> str:
    """A number written already, as a percentage: 12.3 % in English, 12.3% in Chinese."""
    return f"{written}%" if current() == "zh" else f"{written} %"


def with_unit(value: float, unit: str) -> str:
    """A figure and its unit: 81.2 % of population, 1.41 billion persons."""
    if value is None or not math.isfinite(value):
        return "–"
    return _("{value} {unit}").format(value=compact(value), unit=_(unit)) if unit else compact(value)


def day(moment: date | datetime) -> str:
    return babel.dates.format_date(moment, "medium", locale())


def language_name(code: str) -> str:
    try:
        return babel.Locale.parse(locale()).languages.get(code) or code
    except babel.UnknownLocaleError:
        return code


def territory_name(code: str, language: str = "") -> str:
    """Name of a CLDR territory or UN M49 region code, in the reader's language or another."""
    return babel.Locale.parse(LOCALES[language or current()]).territories.get(code, code)


WITH_ARTICLE = frozenset(
    [
        "ARE",
        "BHS",
        "CAF",
        "COK",
        "COM",
        "CYM",
        "DOM",
        "FLK",
        "FRO",
        "GBR",
        "GMB",
        "IOT",
        "MDV",
        "MHL",
        "MNP",
        "NLD",
        "PHL",
        "SLB",
        "TCA",
        "USA",
        "VGB",
        "VIR",
    ]
)
"""Countries that take the article in an English sentence."""


def in_sentence(iso3: str, name: str) -> str:
    """A country's name as it stands inside a sentence: the United States."""
    return f"the {name}" if current() == "en" and iso3 in WITH_ARTICLE else name


def sentence(text: str) -> str:
    """A text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def script_name(code: str) -> str:
    return babel.Locale.parse(locale()).scripts.get(code, code)


def currency_name(code: str) -> str:
    return babel.numbers.get_currency_name(code, locale=locale())


def weekday(key: str) -> str:
    order = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return babel.dates.get_day_names("wide", locale=locale())[order.index(key)] if key in order else key


def listing(names: list[str]) -> str:
    """Names as one says them: A, B and C."""
    if len(names) < 2:
        return "".join(names)
    comma, last = ("、", "和") if current() == "zh" else (", ", " and ")
    return comma.join(names[:-1]) + last + names[-1]
