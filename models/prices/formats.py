"""What stands on price tags: amounts and dates as CLDR writes them in a locale, with the variants shops use.

Values, patterns, months, signs and separators come from CLDR through Babel; what CLDR lacks and shops write
(bare signs, words such as บาท, numerals such as 三百, the Buddhist and Persian years) is listed here.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import numpy as np
from babel import Locale, UnknownLocaleError, dates, numbers
from babel.languages import get_official_languages

from models.prices import alphabet, bidi, calendars

LOCALES = {
    "latin": (
        "en_US", "en_GB", "en_NG", "en_ZA", "en_SG", "en_AU", "de_DE", "de_AT", "de_CH", "fr_FR", "fr_CA", "es_ES",
        "es_MX", "es_CO", "es_AR", "es_CL", "it_IT", "pt_BR", "pt_PT", "nl_NL", "pl_PL", "cs_CZ", "sk_SK", "hu_HU",
        "ro_RO", "sv_SE", "nb_NO", "da_DK", "fi_FI", "tr_TR", "vi_VN", "id_ID", "ms_MY", "sw_KE", "fil_PH", "hr_HR",
        "sl_SI", "et_EE", "lv_LV", "lt_LT", "az_AZ",
    ),
    "cyrillic": ("ru_RU", "uk_UA", "bg_BG", "sr_RS", "kk_KZ", "mn_MN", "mk_MK", "be_BY", "ky_KG"),
    "greek": ("el_GR", "el_CY"),
    "arabic": ("ar_EG", "ar_SA", "ar_AE", "ar_IQ", "ar_MA", "ar_JO", "ar_KW", "ar_TN"),
    "persian": ("fa_IR", "fa_IR", "fa_AF", "ur_PK", "ps_AF"),
    "devanagari": ("hi_IN", "mr_IN", "ne_NP"),
    "bengali": ("bn_BD", "bn_IN"),
    "tamil": ("ta_IN", "ta_LK", "ta_SG"),
    "thai": ("th_TH",),
    "chinese": ("zh_CN", "zh_CN", "zh_TW", "zh_HK", "zh_SG"),
    "japanese": ("ja_JP",),
    "korean": ("ko_KR",),
    "ethiopic": ("am_ET", "ti_ET"),
}  # fmt: skip
"""Script -> the locales whose formats are written in it."""

FOREIGN = 0.08
"""Share of amounts with a currency's sign from anywhere."""
WORDS = {
    "th": ("บาท", "บ."), "fa_IR": ("ریال", "تومان"), "fa_AF": ("افغانی",), "ps": ("افغانۍ",), "ur": ("روپے", "روپیہ"),
    "ar_EG": ("جنيه", "ج.م"), "ar_SA": ("ريال", "ر.س"), "ar_AE": ("درهم", "د.إ"), "ar_IQ": ("دينار", "د.ع"),
    "ar_MA": ("درهم", "د.م"), "ar_JO": ("دينار", "د.أ"), "ar_KW": ("دينار", "د.ك"), "ar_TN": ("دينار", "د.ت"),
    "bn_BD": ("টাকা",), "bn_IN": ("টাকা",), "hi": ("रुपये", "रु."), "mr": ("रुपये", "रु."), "ne": ("रु.", "रुपैयाँ"),
    "ta": ("ரூ.", "ரூபாய்"), "am": ("ብር",), "ti": ("ብር",), "ko": ("원",), "ja": ("円",), "zh_CN": ("元", "圆"),
    "zh_TW": ("元", "圓"), "zh_HK": ("元",), "zh_SG": ("元",), "ru": ("руб.", "р.", "₽"), "uk": ("грн", "грн."),
    "bg": ("евро",), "sr": ("дин.", "РСД"), "kk": ("тг", "теңге"), "ky": ("сом",), "mk": ("ден.", "ден"),
    "be": ("руб.", "р."), "mn": ("төг",), "el": ("ευρώ", "€"), "sv": ("kr", ":-"), "nb": ("kr", ",-"), "da": ("kr.",),
    "tr": ("TL",), "vi": ("đ", "VNĐ"), "id": ("Rp",), "cs": ("Kč",), "hu": ("Ft",), "pl": ("zł",), "ro": ("lei",),
    "sw": ("KSh", "Ksh"), "en_NG": ("₦", "N"), "en_ZA": ("R",), "de_DE": ("€", "EUR"), "de_AT": ("€", "EUR"),
    "fr_CA": ("$",), "fil": ("₱", "P"),
    "az": ("man.",),
}  # fmt: skip
"""What a market's own currency is called on its tags besides CLDR's symbol; by locale, else language."""

CHANGED = {"BG": "EUR"}
"""Currencies newer than Babel's CLDR: Bulgaria's since 1 January 2026 (Council of the EU, 8 July 2025)."""
MINOR_UNITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
                     "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip
"""Decimals of currencies that have not two (ISO 4217, list one)."""
ABROAD = ("USD", "EUR", "GBP", "JPY", "CNY", "CHF", "INR", "KRW", "AED", "SAR", "THB", "TRY", "BRL", "RUB", "SGD")
LEADING = frozenset(("Rp", "₦", "N", "R", "₱", "P", "KSh", "Ksh", "ரூ.", "रु.", "$"))
_USUAL = {"JPY": 3.2, "KRW": 4.2, "IRR": 5.6, "VND": 5.0, "IDR": 4.6, "IQD": 4.2, "CLP": 3.9, "COP": 4.5, "HUF": 3.6,
          "NGN": 3.6, "KZT": 3.5, "MNT": 4.2, "LBP": 5.0}  # fmt: skip
"""log10 of an everyday price where it is far from 1.5."""


@dataclass(frozen=True)
class Written:
    """One line as it stands on a tag. text: in reading order, marks included; kind: "amount", "date" or "number"."""

    text: str
    kind: str
    locale: str
    script: str
    value: Decimal | None = None
    currency: str | None = None
    date: datetime.date | None = None

    @property
    def leftward(self) -> bool:
        """Whether the line's paragraph runs from right to left."""
        return self.script in alphabet.LEFTWARD

    @property
    def drawn(self) -> str:
        """The characters from left to right as drawn, folded: what the recogniser is to give."""
        return alphabet.fold(bidi.visual(self.text, self.leftward))


def canonical(text: str) -> str:
    """A line as the reader could give it at best: in the order that its picture is read in, folded."""
    drawn = alphabet.fold(bidi.visual(alphabet.spelled(text)))
    return alphabet.fold(bidi.logical(alphabet.spelled(drawn)))


@cache
def locale_of(market: str) -> str:
    """The locale a market's tags are in: its first official language. Raises ValueError for an unknown territory."""
    return locales_of(market)[0]


@cache
def locales_of(market: str) -> tuple[str, ...]:
    """Locales of a market's official languages as CLDR knows them, the most spoken first. market: ISO 3166 alpha-2."""
    found = []
    for language in get_official_languages(market, de_facto=True):
        name = {"zh_Hant": "zh_Hant", "sr_Latn": "sr_Latn"}.get(language, language)
        try:
            found.append(str(Locale.parse(f"{name}_{market}")))
        except (UnknownLocaleError, ValueError):
            continue
    if not found:
        raise ValueError(
            f"{market!r} is no territory whose official language CLDR knows: give an ISO 3166 alpha-2 code."
        )
    first = sorted(found, key=lambda name: name.startswith(("sr_Latn", "gsw")))
    return tuple(first)


def words_of(locale: str) -> tuple[str, ...]:
    """What shops of a locale call its currency besides CLDR's symbol; empty where nothing is listed."""
    parsed = Locale.parse(locale)
    return WORDS.get(f"{parsed.language}_{parsed.territory}", WORDS.get(parsed.language, ()))


@cache
def spoken_in(market: str) -> tuple[str, ...]:
    """Locales that tags of a market may be in: its official languages and those of LOCALES."""
    own = [name for names in LOCALES.values() for name in names if name.endswith(f"_{market}")]
    return tuple(dict.fromkeys((*locales_of(market), *own)))


@cache
def script_of(locale: str) -> str | None:
    """The script a locale is written in, as SCRIPTS names it; None for one the reader does not know."""
    parsed = Locale.parse(locale)
    sample = parsed.months["format"]["wide"][2] + parsed.days["format"]["wide"][0] + parsed.get_display_name()
    if parsed.language in ("fa", "ur", "ps"):
        return "persian"
    if parsed.language == "zh":
        return "chinese"
    if parsed.language == "ja":
        return "japanese"
    known = all(c in _known_letters() or not c.isalpha() for c in sample)
    return alphabet.script(sample) if known else None


@cache
def _known_letters() -> frozenset[str]:
    spans = ((0x41, 0x24F), (0x370, 0x52F), (0x600, 0x6FF), (0x900, 0x9FF), (0xB80, 0xBFF), (0xE00, 0xE7F),
             (0x1200, 0x139F), (0x1E00, 0x1FFF), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3))  # fmt: skip
    return frozenset(chr(code) for low, high in spans for code in range(low, high + 1))


@cache
def currency_of(market: str) -> str:
    """A market's currency today (ISO 4217). Raises ValueError where CLDR knows none."""
    if market in CHANGED:
        return CHANGED[market]
    found = numbers.get_territory_currencies(market)
    if not found:
        raise ValueError(f"CLDR knows no currency of {market!r}.")
    return found[-1] if "EUR" in found else found[0]


def decimals(currency: str) -> int:
    """How many decimals an amount of a currency may be written with (ISO 4217), whether or not coins exist for them."""
    return MINOR_UNITS.get(currency, 2)


def _native(locale: Locale) -> str:
    """The numbering system of the script's own digits."""
    return alphabet.OWN_DIGITS.get(script_of(str(locale)) or "latin", "latn")


def money(value: Decimal, currency: str, locale: str, *, system: str = "default", pattern: str | None = None) -> str:
    """CLDR's way to write an amount, with the digits of a numbering system ("default", "native" or a CLDR name)."""
    parsed, system = _system(locale, system)
    text = numbers.format_currency(value, currency, pattern, locale=parsed, numbering_system=_symbols(parsed, system))
    return alphabet.in_digits(text, system)


def number(value: Decimal, locale: str, *, system: str = "default", places: int | None = None) -> str:
    """CLDR's way to write a plain number."""
    parsed, system = _system(locale, system)
    pattern = None
    if places is not None:
        whole = parsed.decimal_formats[None].pattern.split(".")[0].split(";")[0]
        pattern = whole + ("." + "0" * places if places else "")
    text = numbers.format_decimal(value, pattern, locale=parsed, numbering_system=_symbols(parsed, system))
    return alphabet.in_digits(text, system)


def _system(locale: str, system: str) -> tuple[Locale, str]:
    parsed = Locale.parse(locale)
    if system == "default":
        system = parsed.default_numbering_system
    elif system == "native":
        system = _native(parsed)
    return parsed, system if system in alphabet.DIGITS else "latn"


def _symbols(locale: Locale, system: str) -> str:
    return system if system in locale.number_symbols else "latn"


def day(date: datetime.date, locale: str, style: str = "short", *, system: str = "default") -> str:
    """CLDR's way to write a date: style "short", "medium", "long" or a date pattern."""
    parsed, system = _system(locale, system)
    return alphabet.in_digits(dates.format_date(date, style, locale=parsed), system)


# ------------------------------------------------------------------ lines at random


def amount(locale: str, random: np.random.Generator, script: str | None = None, foreign: float = FOREIGN) -> Written:
    """An amount at random, written as shops of the locale do. foreign: share of them with a sign from anywhere."""
    parsed = Locale.parse(locale)
    script = script or script_of(locale) or "latin"
    home = currency_of(parsed.territory)
    currency = home if random.random() < 0.85 else str(random.choice(ABROAD))
    value = price(currency, random)
    system = "native" if random.random() < 0.5 else "default"
    way = random.random()
    if script in ("chinese", "japanese", "korean") and way < 0.16:
        return _numerals(value, home, locale, script, random)
    if script == "ethiopic" and way < 0.12:
        value = Decimal(int(value) % 10_000 or 1)
        return Written(f"{calendars.ethiopic_numeral(int(value))} ብር", "amount", locale, script, value, home)
    words = words_of(locale)
    if 0.45 <= way < 0.45 + foreign:
        signs = (
            alphabet.SIGNS if script in alphabet.LEFTWARD else alphabet.SIGNS.replace("﷼", "")
        )  # it turns lines round
        sign = str(random.choice(list(signs)))
        digits = number(value, locale, system=system, places=numbers.get_currency_precision(currency))
        gap = " " if random.random() < 0.4 else ""
        text = f"{sign}{gap}{digits}" if random.random() < 0.6 else f"{digits}{gap}{sign}"
        return Written(text, "amount", locale, script, value)
    if way < 0.45 or (way < 0.75 and (not words or currency != home)):
        text = money(value, currency, locale, system=system)
    elif way < 0.75:
        text, factor = _with_word(value, str(random.choice(words)), locale, system, home, random)
        value = Decimal(int(value)) if factor == 0 else value * factor
        currency = None if factor == 0 else currency
    elif way < 0.88:
        digits = number(value, locale, system=system, places=numbers.get_currency_precision(currency))
        text = f"{currency} {digits}" if random.random() < 0.5 else f"{digits} {currency}"
    else:
        places = numbers.get_currency_precision(currency) if random.random() < 0.6 else 0
        value = max(value, Decimal(10)) if places else Decimal(max(10, int(value)))  # a lone 0 is any script's
        return Written(number(value, locale, system=system, places=places), "number", locale, script, value)
    if script == "japanese" and random.random() < 0.15:
        text = f"税込{text}" if random.random() < 0.5 else f"{text}(税込)"
    return Written(text, "amount", locale, script, value, currency)


def _with_word(
    value: Decimal, word: str, locale: str, system: str, home: str, random: np.random.Generator
) -> tuple[str, int]:
    precision = numbers.get_currency_precision(home)
    places = precision if value != int(value) else 0
    if word in (":-", ",-"):
        return number(Decimal(int(value)), locale, system=system, places=0) + word, 0  # no currency is named
    digits = number(value, locale, system=system, places=places)
    if random.random() < 0.3:  # without separators of thousands
        group = numbers.get_group_symbol(locale, numbering_system=_symbols(*_system(locale, system)))
        digits = digits.replace(group, "")
    if word in LEADING:
        return (f"{word} {digits}" if random.random() < 0.5 else f"{word}{digits}"), 1
    factor = 10 if word == "تومان" else 1
    tight = word in ("元", "圆", "圓", "円", "원", "₽", "€", "đ") or random.random() < 0.1
    return (f"{digits}{word}" if tight else f"{digits} {word}"), factor


def _numerals(value: Decimal, currency: str, locale: str, script: str, random: np.random.Generator) -> Written:
    whole = Decimal(max(1, int(value) % 100_000_000))
    if random.random() < 0.6:  # few figures, as on a menu
        whole = Decimal(int(random.integers(1, 100)) * 10 ** int(random.integers(0, 6)))
    word = {"chinese": "元", "japanese": "円", "korean": "원"}[script]
    if script == "korean" or random.random() < 0.25:
        text = calendars.mixed_numeral(int(whole), "만" if script == "korean" else "万")
    else:
        formal = script == "chinese" and random.random() < 0.2
        text = calendars.han_numeral(int(whole), formal=formal, traditional=locale in ("zh_TW", "zh_HK"))
    return Written(text + word, "amount", locale, script, whole, currency)


def price(currency: str, random: np.random.Generator) -> Decimal:
    """A price as shops set them, positive, with the currency's decimals at most (ISO 4217 through CLDR)."""
    precision = numbers.get_currency_precision(currency)
    usual = _USUAL.get(currency, 1.6)
    value = 10 ** random.normal(usual, 0.9)
    value = min(max(value, 1.0 if not precision else 0.05), 10 ** (usual + 4))
    ending = random.random()
    if precision == 0:
        step = 10 ** max(0, int(np.log10(value)) - int(random.integers(1, 4)))
        return Decimal(max(1, int(value // step * step)))
    if ending < 0.3:
        return Decimal(int(value)) + Decimal(1).scaleb(-precision) * (10**precision - 1 - (0, 5, 1)[random.integers(3)])
    if ending < 0.55:
        return Decimal(max(1, int(value))).quantize(Decimal(1).scaleb(-precision))
    return max(Decimal(1).scaleb(-precision), Decimal(str(value)).quantize(Decimal(1).scaleb(-precision)))


def date(locale: str, random: np.random.Generator, script: str | None = None) -> Written:
    """A date at random between 1990 and 2049, in one of the ways its locale writes dates."""
    parsed = Locale.parse(locale)
    script = script or script_of(locale) or "latin"
    found = datetime.date(1990, 1, 1) + datetime.timedelta(days=int(random.integers(0, 21_900)))
    if random.random() < 0.6:
        found = datetime.date(2020, 1, 1) + datetime.timedelta(days=int(random.integers(0, 4_000)))
    system = "native" if random.random() < 0.45 else "default"
    way = random.random()
    if script == "thai" and way < 0.45:
        year = found.year + 543
        month = parsed.months["format"]["abbreviated"][found.month]
        text = (f"{found.day} {month} {year}", f"{found.day}/{found.month}/{year}", f"{found.day} {month} {year % 100}")
        text = alphabet.in_digits(text[int(random.integers(3))], _system(locale, system)[1])
    elif locale == "fa_IR" and way < 0.5:
        year, month, number_ = calendars.to_persian(found)
        text = alphabet.in_digits(f"{year}/{month:02d}/{number_:02d}", "arabext")
    elif script == "japanese" and way < 0.2 and found >= datetime.date(2019, 5, 1):
        text = f"令和{found.year - 2018}年{found.month}月{found.day}日"
    elif script == "chinese" and way < 0.1:
        digits = alphabet.in_digits(str(found.year), "hanidec")
        text = f"{digits}年{calendars.han_numeral(found.month)}月{calendars.han_numeral(found.day)}日"
    elif way < 0.62:
        text = day(found, locale, "short", system=system)
    elif way < 0.84:
        text = day(found, locale, "medium", system=system)
    elif way < 0.88:
        text = day(found, locale, "long", system=system)
    elif way < 0.94:
        text = found.isoformat()
    else:
        order = date_order(locale)
        parts = {"d": f"{found.day:02d}", "M": f"{found.month:02d}", "y": str(found.year)}
        text = str(random.choice(("/", ".", "-"))).join(parts[key] for key in order)
        text = alphabet.in_digits(text, _system(locale, system)[1])
    return Written(text, "date", locale, script, date=found)


@cache
def date_order(locale: str) -> str:
    """The order of day, month and year in CLDR's short date of a locale: "dMy", "Mdy", "yMd"."""
    pattern = Locale.parse(locale).date_formats["short"].pattern
    order = sorted("dMy", key=lambda key: pattern.find(key))
    return "".join(order)


def written(script: str, random: np.random.Generator, foreign: float = FOREIGN) -> Written:
    """A line of a script at random: six amounts to four dates. In a script with letters or digits of its own, lines
    that show none of them are rare. foreign: share of the amounts with a currency's sign from anywhere."""
    if script == "latin" and random.random() < 0.1:  # an article number
        digits = "".join(str(digit) for digit in random.integers(0, 10, int(random.integers(4, 14))))
        return Written(digits, "number", "en_US", script, Decimal(digits))
    for _ in range(4):
        locale = str(random.choice(LOCALES[script]))
        line = amount(locale, random, script, foreign) if random.random() < 0.6 else date(locale, random, script)
        if script == "latin" or alphabet.script(alphabet.fold(line.text)) != "latin" or random.random() < 0.15:
            break
    return line


@cache
def characters() -> str:
    """Every character that lines are made of, folded, in Unicode's order: the recogniser's classes."""
    found = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    found |= set(alphabet.POINTS + alphabet.SIGNS + alphabet.HAN_NUMERALS + alphabet.HAN_WORDS + alphabet.KOREAN_WORDS)
    found |= set(alphabet.ETHIOPIC_NUMERALS)
    for name in (*alphabet.DIGITS, "latn"):
        found |= set(alphabet.DIGITS[name])
    for words in WORDS.values():
        found |= set("".join(words))
    for names in LOCALES.values():
        for name in names:
            parsed = Locale.parse(name)
            for width in ("abbreviated", "wide"):
                for use in ("format", "stand-alone"):
                    found |= set("".join(parsed.months[use][width].values()))
            for style in ("short", "medium", "long"):
                found |= set(day(datetime.date(2026, 11, 21), name, style))
            codes = (currency_of(parsed.territory), *ABROAD)
            found |= set("".join(numbers.get_currency_symbol(code, parsed) for code in codes))
            for system in ("default", "native"):
                found |= set(money(Decimal("1234567.5"), currency_of(parsed.territory), name, system=system))
    folded = set(alphabet.fold("|".join(sorted(found)))) - {"|"}
    return "".join(sorted(folded | {" "}))
