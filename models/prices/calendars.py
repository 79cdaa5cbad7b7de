"""What Babel does not write: Persian, Ethiopian, Nepalese and Taiwanese years, Chinese, Korean, Ethiopic numerals."""

import datetime
import re

_DIGITS = "零一二三四五六七八九"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"
_SMALL = ("", "十", "百", "千")
_FORMAL_SMALL = ("", "拾", "佰", "仟")
_VALUES = {c: i for i, c in enumerate(_DIGITS)} | {c: i for i, c in enumerate(_FORMAL)}
_VALUES |= {"〇": 0, "两": 2, "兩": 2, "貳": 2, "參": 3, "陸": 6}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "십": 10, "백": 100, "천": 1000}
_LARGE = {"万": 10**4, "萬": 10**4, "만": 10**4, "亿": 10**8, "億": 10**8, "억": 10**8, "兆": 10**12, "조": 10**12}
LARGE = re.compile("[" + "".join(_LARGE) + "]")
HAN = re.compile("[" + "".join({*_VALUES, *_UNITS, *_LARGE}) + "]")


def han_numeral(value: int, *, formal: bool = False, traditional: bool = False) -> str:
    """An integer from 0 to 999,999,999,999 in Chinese numerals: 300 三百, 10,050 一万零五十, formal 叁佰."""
    if not 0 <= value < 10**12:
        raise ValueError(f"{value} is not between 0 and 999,999,999,999.")
    digits, small = (_FORMAL, _FORMAL_SMALL) if formal else (_DIGITS, _SMALL)
    if value == 0:
        return digits[0]
    large = ("", "萬" if traditional else "万", "億" if traditional else "亿")
    groups = [value // 10 ** (4 * i) % 10_000 for i in range(3)]
    text, gap = "", False
    for place in (2, 1, 0):
        group = groups[place]
        if group == 0:
            gap = gap or bool(text)
            continue
        if text and (gap or group < 1000):
            text += digits[0]
        text += _group(group, digits, small) + large[place]
        gap = False
    return text.removeprefix("一") if text.startswith("一十") else text


def _group(value: int, digits: str, small: tuple[str, ...]) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += (digits[0] if gap else "") + digits[digit] + small[place]
        gap = False
    return text


def mixed_numeral(value: int, unit: str) -> str:
    """Tens of thousands by a word, the rest in figures: 35,000 3만5000."""
    high, low = divmod(value, 10_000)
    return (f"{high}{unit}" if high else "") + (str(low) if low or not high else "")


def from_han(text: str) -> int:
    """The value of a Chinese, Japanese or Korean numeral, digits 0-9 allowed in it.

    三百 300, 3만5천 35,000, 二〇二六 2026. A last digit directly behind a unit is of the next unit down, as it is said
    (一百五 150, 三万五 35,000); behind 零 it is not (一百零五 105). Raises ValueError for what is not one.
    """
    if not text:
        raise ValueError("There is no numeral.")
    if all(c in _VALUES for c in text):  # digit by digit
        return int("".join(str(_VALUES[c]) for c in text))
    total = group = 0
    current: int | None = None
    last_unit, last_large = 10**4, 10**17
    before = 1  # the unit directly before what is read now; 1 where there is none, or 零 stands between
    tokens = re.findall(r"\d+|\D", text)
    for token in tokens:
        if token.isdigit() or token in _VALUES:
            if current:
                raise ValueError(f"{text!r} is no numeral.")
            current = int(token) if token.isdigit() else _VALUES[token]
            if not current:
                before = 1
            continue
        if token in _UNITS and _UNITS[token] < last_unit:
            last_unit = before = _UNITS[token]
            group += (current or 1) * last_unit
        elif token in _LARGE and _LARGE[token] < last_large:
            last_large = before = _LARGE[token]
            total += ((group + (current or 0)) or 1) * last_large
            group, last_unit = 0, 10**4
        else:
            raise ValueError(f"{text!r} is no numeral.")
        current = None
    return total + group + (current or 0) * (before // 10 if before > 1 and len(tokens[-1]) == 1 else 1)


def ethiopic_numeral(value: int) -> str:
    """An integer from 1 to 99,999,999 in Ethiopic numerals: 1 ፩, 10 ፲, 2026 ፳፻፳፮ (Unicode Standard, section 19.1)."""
    if not 1 <= value < 10**8:
        raise ValueError(f"{value} is not between 1 and 99,999,999.")
    text = str(value)
    text = text if len(text) % 2 == 0 else "0" + text
    pairs = [text[i : i + 2] for i in range(0, len(text), 2)]
    made = ""
    for index, pair in enumerate(pairs):
        place = len(pairs) - 1 - index
        separator = "" if place == 0 else ("፻" if place % 2 else "፼")
        tens, ones = int(pair[0]), int(pair[1])
        body = ("፲፳፴፵፶፷፸፹፺"[tens - 1] if tens else "") + ("፩፪፫፬፭፮፯፰፱"[ones - 1] if ones else "")
        if int(pair) == 0 and separator == "፻":
            separator = ""
        if int(pair) == 1 and (separator == "፻" or (separator == "፼" and index == 0)):
            body = ""
        made += body + separator
    return made


def from_ethiopic(text: str) -> int:
    """The value of Ethiopic numerals. Raises ValueError for what is not one."""
    if not text or any(not "\u1369" <= c <= "\u137c" for c in text):
        raise ValueError(f"{text!r} is no Ethiopic numeral.")
    total = group = current = 0
    for char in text:
        place = ord(char) - 0x1369
        if char == "፻":
            group += (current or 1) * 100
            current = 0
        elif char == "፼":
            total = (total + group + current or 1) * 10_000
            group = current = 0
        else:
            current += place + 1 if place < 9 else (place - 8) * 10
    return total + group + current


def to_persian(date: datetime.date) -> tuple[int, int, int]:
    """Year, month and day of the Persian calendar (33-year rule of leap years, right from 1925 to 2088)."""
    days = date.toordinal() - _PERSIAN_EPOCH
    year = days // 365 + 1  # never too small
    while _persian_days(year, 1, 1) > days:
        year -= 1
    rest = days - _persian_days(year, 1, 1)
    month = rest // 31 + 1 if rest < 186 else (rest - 186) // 30 + 7
    return year, month, rest - _before(month) + 1


def from_persian(year: int, month: int, day: int) -> datetime.date:
    """The Gregorian date of a Persian one. Raises ValueError where the month has no such day."""
    longest = 31 if month <= 6 else 30 if month < 12 or _is_leap(year) else 29
    if not (1 <= month <= 12 and 1 <= day <= longest):
        raise ValueError(f"{year}/{month}/{day} is no day of the Persian calendar.")
    return datetime.date.fromordinal(_PERSIAN_EPOCH + _persian_days(year, month, day))


def from_bikram(year: int, month: int, day: int) -> datetime.date:
    """The Gregorian date of a day of Bikram Sambat, Nepal's civil calendar: its months are as long as a table says.

    Of years to come a date may be a day off: the lengths are published from year to year, and from 2084 (2027) on
    tables differ by a day (nepali-datetime 1.0.8.5 against nepali 1.2.0 and bsad-converter 1.1.0; see `findings/`).
    Raises ValueError for a day that the table, 1975 to 2100, lacks.
    """
    import nepali_datetime  # reads its table when it is imported

    return nepali_datetime.date(year, month, day).to_datetime_date()


def from_ethiopian(year: int, month: int, day: int) -> datetime.date:
    """The Gregorian date of an Ethiopian one: twelve months of 30 days and a thirteenth of 5, or 6 before a leap year.

    Beyene and Kudlek's reckoning, whose first day is 29 August 8 of the Julian calendar. Raises ValueError where the
    month has no such day.
    """
    longest = 30 if month <= 12 else 6 if year % 4 == 3 else 5
    if not (1 <= month <= 13 and 1 <= day <= longest):
        raise ValueError(f"{day}/{month}/{year} is no day of the Ethiopian calendar.")
    days = 365 * (year - 1) + year // 4 + 30 * (month - 1) + day - 1
    return datetime.date.fromordinal(_ETHIOPIAN_EPOCH + days)


_ETHIOPIAN_EPOCH = datetime.date(8, 8, 27).toordinal()
_PERSIAN_EPOCH = datetime.date(622, 3, 21).toordinal()


def _before(month: int) -> int:
    return 31 * (month - 1) if month <= 7 else 30 * (month - 1) + 6


def _is_leap(year: int) -> bool:
    return (year * 8 + 29) % 33 < 8


def _persian_days(year: int, month: int, day: int) -> int:
    """Days since the epoch."""
    return 365 * (year - 1) + (8 * year + 21) // 33 + _before(month) + day - 1
