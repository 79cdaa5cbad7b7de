"""What the lines of a price tag mean in a market, in the reader's language, and in the home currency."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

import babel.numbers

from dashboard import load, widgets
from dashboard.i18n.translation import _, currency_name, day, locale, number, share
from dashboard.vision import answers
from dashboard.vision.answers import Seen
from dashboard.vision.pictures import Chosen

if TYPE_CHECKING:
    from models.prices.parsed import Parsed
    from models.vision.reader.line_reader import Reading
    from models.vision.reader.rendering import TagLine

RATES = ("PA.NUS.FCRF", "ecb:fx_rate")
"""Yearly exchange rates: the World Bank's where it has the year, else the ECB's, which come with the program."""
OLDEST_YEARS = 10
DOUBTFUL = 0.2
"""What is less likely to be read right is not told at all."""
ASKED_ABOUT = ("order", "separator", "scale", "look", "currency", "calendar", "date", "month")
"""Refusals that a person can settle; the others only say that a line is neither price nor date."""


@dataclass(frozen=True)
class Line:
    """A line read. meant: by the market's rules; drawn: what stands there, where that is known."""

    reading: "Reading"
    meant: "Parsed"
    drawn: "TagLine | None" = None

    @property
    def right(self) -> bool | None:
        """Whether it was read as it was drawn; None where that is not known."""
        from models.prices import alphabet, formats

        if self.drawn is None:
            return None
        return alphabet.fold(self.reading.text) == formats.canonical(self.drawn.text)


@dataclass(frozen=True)
class Rate:
    """Local currency for one US dollar, a yearly average, and the indicator it is from; the dollar needs neither."""

    value: float
    year: int | None = None
    code: str | None = None


@lru_cache(maxsize=2)
def _markets(known: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    from models.prices import formats

    found = []
    for iso3, iso2 in known:
        try:
            formats.locale_of(iso2)
            formats.currency_of(iso2)
        except ValueError:
            continue
        found.append(iso3)
    return tuple(found)


def markets() -> tuple[str, ...]:
    """Markets whose tags can be understood: CLDR knows their language and currency. By name."""
    rows = load.markets().sort_values("name")
    known = rows["iso2"].dropna()
    return _markets(tuple(zip(known.index, known, strict=True)))


def market_choice() -> str:
    """The market whose tags are drawn and whose rules decide, ISO 3166 alpha-2; the home market at first."""
    known = load.markets()
    iso3 = widgets.selectbox(
        _("Market"), markets(), "market", load.settings()["home_market"], lambda code: known.at[code, "name"],
        pinned=True,
    )  # fmt: skip
    return known.at[iso3, "iso2"]


def lines(seen: Seen, chosen: Chosen, iso2: str) -> list[Line]:
    """What was read, line by line, and what each means in a market."""
    from models.prices.look_alikes import parse_seen

    return [Line(one, parse_seen(one.text, iso2), _drawn(one, chosen)) for one in seen.found]


def _drawn(reading: "Reading", chosen: Chosen) -> "TagLine | None":
    """The drawn line that the middle of a reading lies in."""
    left, top, right, bottom = reading.box
    x, y = (left + right) / 2, (top + bottom) / 2
    for line in chosen.lines:
        if line.box[0] <= x <= line.box[2] and line.box[1] <= y <= line.box[3]:
            return line
    return None


# ------------------------------------------------------------------ words


def money(value: Decimal | float, currency: str) -> str:
    """An amount as the reader's language writes it: €1,299.00."""
    return babel.numbers.format_currency(value, currency, locale=locale())


def figure(value: Decimal) -> str:
    """A plain number with all its digits."""
    return babel.numbers.format_decimal(value, format="#,##0.######", locale=locale())


def told(line: Line) -> str:
    """What a line means, or why it is not taken for a price, a number or a date."""
    meant = line.meant
    if meant.date:
        return _("the date {day}").format(day=day(meant.date))
    if meant.number is not None and meant.currency:
        return _("{money}, {currency}").format(
            money=money(meant.number, meant.currency), currency=currency_name(meant.currency)
        )
    if meant.number is not None and not meant.refused:
        return _("the number {n}").format(n=figure(meant.number))
    return refusal(meant)


def refusal(meant: "Parsed") -> str:
    """Why a line is not understood, and what would settle it."""
    detail = meant.detail
    if meant.refused == "order":
        return _("a date that may be {readings}: this market's habits leave open which").format(
            readings=_(" or ").join(day(date.fromisoformat(found)) for found in detail["readings"])
        )
    if meant.refused in ("separator", "scale", "look"):
        template = {
            "separator": _("an amount that may be {readings}: the comma or point could separate thousands or decimals"),
            "scale": _("an amount that may be {readings}: the word beside it could multiply it, or be a unit"),
            "look": _(
                "an amount that may be {readings}: “/-”, “k”, “L”, “Cr” or “rb” at its end can look like a digit or a "
                "sign"
            ),
        }[meant.refused]
        return template.format(readings=_(" or ").join(figure(Decimal(found)) for found in detail["readings"]))
    if meant.refused == "calendar" and "readings" in detail:
        return _("a date that may be {readings}: the year could belong to more than one calendar").format(
            readings=_(" or ").join(day(date.fromisoformat(found)) for found in detail["readings"])
        )
    if meant.refused == "currency":
        value = figure(meant.number)
        if detail["candidates"]:
            return _("{value} in a currency that may be {currencies}").format(
                value=value, currencies=_(" or ").join(map(currency_name, detail["candidates"]))
            )
        return _("{value} beside “{sign}”, which is no currency here and may change the amount").format(
            value=value, sign=detail["sign"]
        )
    return {
        "empty": _("no text"),
        "text": _("neither a price nor a date"),
        "number": _("digits and separators that make no number"),
        "several": _("more than one number"),
        "percent": _("a percentage, not a price"),
        "date": _("no day of the calendar"),
        "month": _("a month without a day or without a year, not a price"),
        "calendar": _("the year could belong to more than one calendar"),
    }[meant.refused]


def headline(seen: Seen, read: list[Line]) -> str:
    """The answer in a line: the first price that is sure, else a date, else a number; else what it may be."""
    if seen.problem:
        return answers.headline("tags", seen)
    if not read:
        return _("No price, number or date found")
    sure = [line for line in read if line.reading.sure]
    if answer := _first(sure):
        kind, value, line = answer
        told = {
            "price": _("A price of {value}, {share} sure"),
            "date": _("The date {value}, {share} sure"),
            "number": _("The number {value}, {share} sure"),
        }
    elif answer := _first([line for line in read if line.reading.confidence >= DOUBTFUL]):
        kind, value, line = answer
        told = {
            "price": _("Perhaps a price of {value}, but only {share} sure"),
            "date": _("Perhaps the date {value}, but only {share} sure"),
            "number": _("Perhaps the number {value}, but only {share} sure"),
        }
    else:
        return _("Read, but neither a price nor a date") if sure else _("Nothing here can be read for sure")
    return told[kind].format(value=value, share=share(line.reading.confidence)).replace("$", "\\$")


def _first(lines: list[Line]) -> tuple[str, str, Line] | None:
    """The first price, else the first date, else the first number: what it is, how it is told, its line."""
    for line in lines:
        if line.meant.number is not None and line.meant.currency:
            return "price", money(line.meant.number, line.meant.currency), line
    for line in lines:
        if line.meant.date:
            return "date", day(line.meant.date), line
    for line in lines:
        if line.meant.number is not None:
            return "number", figure(line.meant.number), line
    return None


# ------------------------------------------------------------------ the home currency


def rates() -> dict[str, Rate]:
    """Local currency per US dollar by currency, the newest year of any market that uses it, the median of those.

    A year that both sources have is taken from the first of RATES.
    """
    found = load.latest(RATES, date.today().year, OLDEST_YEARS)
    known = {"USD": Rate(1.0)}
    if found.empty:
        return known
    rows = found.assign(currency=found["iso3"].map(load.markets()["currency"])).dropna(subset=["currency", "value"])
    rows = rows[rows["year"] == rows.groupby("currency")["year"].transform("max")]
    for currency, part in rows.groupby("currency"):
        code = next(code for code in RATES if (part["indicator"] == code).any())
        value = part.loc[part["indicator"] == code, "value"].median()
        known.setdefault(str(currency), Rate(float(value), int(part["year"].iloc[0]), code))
    return known


def at_home(meant: "Parsed", home: str, rates: dict[str, Rate]) -> str:
    """An amount in the home currency; "" where it is none, is one already, or no rate is known."""
    if meant.number is None or not meant.currency or meant.currency == home:
        return ""
    if meant.currency not in rates or home not in rates:
        return ""
    value = float(meant.number) / rates[meant.currency].value * rates[home].value
    return _("about {n} {currency}").format(n=number(value, 3 if value < 1000 else 4), currency=home)


def rate_note(read: list[Line], home: str, rates: dict[str, Rate]) -> str:
    """Where the conversion comes from, or why there is none; "" where nothing is to be converted."""
    asked = {line.meant.currency for line in read if line.meant.number is not None and line.meant.currency} - {home}
    if not asked:
        return ""
    missing = sorted(code for code in (*asked, home) if code not in rates)
    if missing:
        return _(
            "There is no exchange rate for {currencies} in the store, so amounts are not converted: fetch the World "
            "Bank's indicators on the Data page."
        ).format(currencies=_(", ").join(dict.fromkeys(missing)))
    used = [rates[code] for code in (*asked, home)]
    years = sorted({rate.year for rate in used if rate.year})
    codes = {rate.code for rate in used}
    return _("Converted at the exchange rate, yearly average of {year}. {source}").format(
        year=_(", ").join(map(str, years)), source=load.source_line(tuple(code for code in RATES if code in codes))
    )
