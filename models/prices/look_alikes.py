"""What a line read in a picture means, where the reader may have taken something it has never seen for a look-alike.

It learnt lines without "/-", "k", "L", "lakh", "Cr" and "rb" behind an amount and sees 1 or 7, ₭, 1, LKR, 0 and 16
there: Rs. 500/- comes as Rs.5001, 1.5 L as 1.51, ₹1.2 Cr as ₹1.20. Where the other spelling is usual in a market and
means another amount, the line is refused as "look":
{"token", "readings"}. Cyrillic letters that look Latin are taken for Latin ones where nobody writes Cyrillic.
"""

import datetime
import re

from models.prices import formats
from models.prices.parse import parse
from models.prices.parsed import Parsed, refused

SLASHED = frozenset(("IN", "PK", "BD", "NP", "LK", "MU", "KE", "TZ", "UG"))
"""Markets that end an amount with /- or /=."""
THOUSANDS = frozenset(("ID",))
"""Markets in which rb behind an amount is a thousand."""
MILLIONS = frozenset(("ID", "MY"))
"""Markets in which jt behind an amount is a million."""
LAKHS = frozenset(("IN", "PK", "BD", "NP", "LK"))
_SLASHED = re.compile(r"(?<=\d[059])[127]\s*$", re.M)
"""A last 1, 2 or 7 behind what a price usually ends on."""
_LAKHS = re.compile(r"(?<=\d\.\d)1\s*$|(?<=\d)\s?LKR\s*$", re.M)
_CRORES = re.compile(r"(?<![\d.,])([1-9]\.[1-9])0\s*$", re.M)
"""Few rupees and tens of paise, which hardly a price has: 1.20, or 1.2 Cr."""
_HUNDREDS = re.compile(r"(?<![.,]\d)(?<=\d)1?6\s*$", re.M)
"""No whole hundreds: 2516 and 256, or 25rb."""
_MILLIONS = re.compile(r"(?<=\d[.,]\d)1\s*$", re.M)
_UNIT = re.compile(r"^(\s*\d{1,2}[.,]\d)1\s*$", re.M)
"""A small number without a sign: 1.51, or 1.5 L."""
_THOUSANDS = re.compile(r"(?<=\d)\s?₭\s*$", re.M)
CYRILLIC_ONLY = re.compile("[бгдёжзийлпфцчшщъыьэюяБГДЁЖЗИЙЛПФЦЧШЩЪЫЬЭЮЯ]")
CYRILLIC = str.maketrans("авекмнорстухАВЕКМНОРСТУХ", "abekmhopctyxABEKMHOPCTYX")


def parse_seen(text: str, market: str, *, today: datetime.date | None = None) -> Parsed:
    """`parse` of a line that a picture was read as; refused as "look" where a look-alike would mean another amount."""
    text = _in_script(text, market)
    meant = parse(text, market, today=today)
    other = _other(text, market)
    if other == text or meant.number is None:
        return meant
    meant_then = parse(other, market, today=today)
    if meant_then.number is None or meant_then.number == meant.number:
        return meant
    readings = [str(meant.number), str(meant_then.number)]
    return refused(text, market, "amount", "look", token=text, readings=readings)


def _in_script(text: str, market: str) -> str:
    """The line with Latin letters for Cyrillic ones of the same look, unless the market writes Cyrillic or the line
    holds a letter that looks like no Latin one."""
    scripts = {formats.script_of(locale) for locale in formats.spoken_in(market)}
    is_other = "cyrillic" not in scripts and not CYRILLIC_ONLY.search(text)
    return text.translate(CYRILLIC) if is_other else text


def _other(text: str, market: str) -> str:
    """The line as it would stand there if its end were what the reader has never seen."""
    if market in LAKHS and _LAKHS.search(text):
        return _LAKHS.sub(" lakh", text)
    if market in LAKHS and _CRORES.search(text):
        return _CRORES.sub(r"\1 Cr", text)
    if market in THOUSANDS and _HUNDREDS.search(text):
        return _HUNDREDS.sub("rb", text)
    if market in MILLIONS and _MILLIONS.search(text):
        return _MILLIONS.sub("jt", text)
    if _UNIT.search(text):
        return _UNIT.sub(r"\1 L", text)
    if market in SLASHED:
        text = _SLASHED.sub("/-", text)
    return text if market == "LA" else _THOUSANDS.sub("k", text)
