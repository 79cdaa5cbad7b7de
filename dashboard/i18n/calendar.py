"""Public holidays and weekends in the reader's words: which language the library has, and what is added to it."""

import re
from datetime import date, datetime

import holidays

from dashboard.i18n.translation import _, current, day

COMMON = (
    *("New Year's Day", "New Year's Eve", "Christmas Day", "Christmas Eve", "Second Day of Christmas", "Boxing Day"),
    *(
        "Orthodox Christmas Day",
        "Catholic Christmas Day",
        "Epiphany",
        "Maundy Thursday",
        "Good Friday",
        "Holy Saturday",
    ),
    *("Easter", "Easter Sunday", "Easter Monday", "Ascension Day", "Pentecost", "Pentecost Monday", "Whit Monday"),
    *("Corpus Christi", "Assumption Day", "All Saints' Day", "All Souls' Day", "Immaculate Conception"),
    *("Saint Stephen's Day", "Carnival", "Carnival Monday", "Carnival Tuesday", "Midsummer Day"),
    *("Eid al-Adha", "Eid al-Fitr", "Eid al-Adha Holiday", "Eid al-Fitr Holiday", "Prophet's Birthday", "Ashura"),
    *("Islamic New Year", "Isra' and Mi'raj", "Day of Arafah", "Diwali", "Nowruz Holiday"),
    *("Labor Day", "Labour Day", "May Day", "Workers' Day", "Worker's Day", "International Labor Day"),
    *("International Workers' Day", "International Worker's Day", "International Women's Day", "Women's Day"),
    *("Mother's Day", "Children's Day", "Youth Day", "National Youth Day", "Family Day", "Africa Day"),
    *(
        "Independence Day",
        "National Independence Day",
        "National Day",
        "Constitution Day",
        "Republic Day",
        "Victory Day",
    ),
    *(
        "Revolution Day",
        "Liberation Day",
        "Unity Day",
        "Statehood Day",
        "Memorial Day",
        "Martyrs' Day",
        "Armistice Day",
    ),
    *("Armed Forces Day", "Army Day", "Emancipation Day", "Abolition of Slavery", "National Heroes Day"),
    *("National Heroes' Day", "ANZAC Day", "Australia Day", "King's Birthday", "King's Day", "President's Day"),
    *("Thanksgiving Day", "Veterans Day", "Martin Luther King Jr. Day", "Washington's Birthday", "Columbus Day"),
    *("Juneteenth National Independence Day", "Public Holiday", "Spring Bank Holiday", "Chinese New Year"),
    *("Lunar New Year", "Lunar New Year's Eve", "Spring Festival", "Reformation Day", "German Unity Day"),
    *("Culture Day", "Labor Thanksgiving Day", "Coming of Age Day", "Foundation Day", "Emperor's Birthday"),
    *("Vernal Equinox Day", "Showa Day", "Greenery Day", "Marine Day", "Mountain Day", "Respect for the Aged Day"),
    *("Autumnal Equinox", "Sports Day", "Hangul Day", "Buddha's Birthday", "Chuseok", "National Foundation Day"),
)
"""Names of holidays that many countries have, as the library says them in English; translated by us."""
WRITTEN = {"en": "en_US", "zh": "zh_CN"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AFTERWARDS = re.compile(r"(?P<name>.*?) \((?P<how>observed, estimated|observed|estimated)\)")
_SUBSTITUTED = re.compile(r"Day off \(substituted from (\d\d/\d\d/\d{4})\)")


def public_holidays(iso2: str, year: int, language: str) -> dict[date, str]:
    """National public holidays by date, in the language or else in English or else as the country says them.

    The library is always told one of its own languages: for another it would take the server's (LANG). Empty where it
    knows none.
    """
    try:
        spoken = holidays.country_holidays(iso2).supported_languages
        wanted = [code for code in (WRITTEN[language], WRITTEN["en"]) if code in spoken]
        known = holidays.country_holidays(iso2, years=year, language=wanted[0] if wanted else None)
    except NotImplementedError:
        return {}
    return dict(sorted(known.items()))


def weekend(iso2: str) -> tuple[str, ...]:
    """The days the holidays library takes for the weekend; empty where it does not know the country."""
    try:
        return tuple(DAYS[number] for number in sorted(holidays.country_holidays(iso2).weekend))
    except NotImplementedError:
        return ()


def holiday(name: str) -> str:
    """A holiday's name in the reader's language, as far as it is a common one."""
    return _("; ").join(_one(part) for part in name.split("; "))


def untranslated(name: str) -> bool:
    """Is a part of the name still in another language than the reader's?"""
    return current() == "zh" and bool(re.search("[A-Za-z]{3}", holiday(name)))


def _one(name: str) -> str:
    if found := _SUBSTITUTED.fullmatch(name):
        instead = datetime.strptime(found[1], "%m/%d/%Y").date()
        return _("day off instead of {day}").format(day=day(instead))
    if found := _AFTERWARDS.fullmatch(name):
        kind = {
            "observed": _("observed"),
            "estimated": _("date estimated"),
            "observed, estimated": _("observed, date estimated"),
        }[found["how"]]
        return _("{holiday} ({how})").format(holiday=_(found["name"]), how=kind)
    return _(name)
