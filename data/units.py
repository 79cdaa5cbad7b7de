"""Units in the words of many publishers: what power of ten they hold, and whether two of them are the same."""

import re
from functools import cache

POWERS: dict[str, int] = {}
for _power, _words in {
    0: "unit units one ones none not_applicable _z n_a",
    1: "ten tens",
    2: "hundred hundreds lakh_hundredth",
    3: "thousand thousands thousandth th ths thd tsd thous k kilo 000 '000 000s '000s 1000 1000s",
    5: "lakh lakhs lac lacs hundred_thousand hundred_thousands 100000",
    6: "million millions mio mln mn mil mill mm mils 1000000 1e6 '000000 000000",
    7: "crore crores ten_million ten_millions 10000000",
    8: "hundred_million hundred_millions 100000000",
    9: "billion billions bn bln bil bill mrd mld md milliard milliards milliarden thousand_million 1000000000 1e9",
    12: "trillion trillions tn trn tril million_million 1000000000000 1e12",
}.items():
    POWERS |= {_word.replace("_", " ") if _word != "_z" else "_z": _power for _word in _words.split()}
"""Words for a power of ten, in lower case."""

MAX_POWER = 15
_SEPARATED = re.compile(r"(?<=\d)[,.\s\u00a0\u202f'](?=\d{3}(?!\d))")
_TEN_TO = re.compile(r"^(?:1\s*[x*·]\s*)?10\s*(?:\^|\*\*|e)\s*\+?(\d{1,2})$")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED_POWER = re.compile("10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_PER = re.compile(r"(?:\bper\b|/|\bfor every\b|\bout of\b|\bof each\b).*$")
_WORD = "|".join(
    sorted((re.escape(w) for w, p in POWERS.items() if p and not w.isdigit() and w != "k"), key=len, reverse=True)
)
_IN_UNIT = re.compile(
    rf"(?<![\w'])(?:{_WORD})(?![\w'])|(?<![\w.,'])10\s*(?:\^|\*\*)\s*\+?\d{{1,2}}(?!\w)"
    r"|(?<![\w.,'])10{3,12}(?![\w.,'])"
)
_GLUED = re.compile(r"^(ths|mio|mln|mrd|bn|thd)[_ ]")
_MONEY = re.compile(r"(\$|€|£|\b(?:usd|eur|gbp))\s?(mn|mio|mln|m|bn|b|k|tn)(?!\w)")
_SHORT = {"m": "million", "b": "billion", "k": "thousand"}


def _raised(text: str) -> str:
    return _RAISED_POWER.sub(lambda found: f"10^{found[1].translate(_RAISED)}", text)


def power(text: str) -> int | None:
    """The power of ten that a multiplier's cell means: 6 for `6`, `Millions`, `10^6`, `6: Millions`; None when it
    cannot be told. An empty cell means none, 0.
    """
    said = " ".join(_raised(text.strip().lower()).split())
    if not said:
        return 0
    if match := re.fullmatch(r"([+-]?\d{1,2})(?:\.0+)?(?:\s*[:=-]\s*\D.*)?", said):
        found = int(match[1])
        return found if 0 <= found <= MAX_POWER else None
    if (found := _word_power(said.strip("()[]. "))) is not None:
        return found
    return split(said)[0] or None  # Million US$, Thousands (3)


def _word_power(said: str) -> int | None:
    said = re.sub(r"^(?:in|x|×|\*|expressed in|values in)\s+", "", said)
    said = _SEPARATED.sub("", said)
    if match := _TEN_TO.match(said):
        found = int(match[1])
        return found if found <= MAX_POWER else None
    if re.fullmatch(r"10*", said):
        return len(said) - 1 if len(said) <= MAX_POWER + 1 else None
    return POWERS.get(said)


@cache
def split(unit: str) -> tuple[int | None, str]:
    """A unit's power of ten and the unit without it: (6, "us$") for `million US$`, (0, "per 1,000 people") as it is.

    What stands behind "per" is no multiplier. None for a unit that names two of them.
    """
    said = " ".join(_raised(unit.strip().lower()).split())
    said = _MONEY.sub(lambda found: f"{found[1]} {_SHORT.get(found[2], found[2])}", said)
    if glued := _GLUED.match(said):
        return POWERS[glued[1]], said[glued.end() :].strip()
    tail = _PER.search(said)
    head, rest = (said[: tail.start()], said[tail.start() :]) if tail else (said, "")
    head = _SEPARATED.sub("", head)
    found = [match for match in _IN_UNIT.finditer(head) if match[0]]
    if not found:
        return 0, said
    powers = [_word_power(match[0]) for match in found]
    for match in reversed(found):
        head = f"{head[: match.start()]} {head[match.end() :]}"
    head = re.sub(r"\(\s*(?:in|of)?\s*\)|\b(?:in|of)\s*$|^\s*(?:in|of)\b", " ", head)
    head = " ".join(head.replace("()", " ").split()).strip(" ,;-")
    return (None if len(powers) > 1 or None in powers else powers[0]), f"{head} {rest}".strip()


_SAME = (
    (r"\b(?:u\.?\s?s\.?|united states|american)\s*dollars?\b|\bdollars?, us\b", "us$"),
    (r"\bus\s*\$|\$\s*us\b|\busd\b", "us$"),
    (r"\bint(?:ernational|l)?\.?\s*(?:\$|dollars?)|\bppp\s*(?:\$|dollars?\b)", "international $"),
    (r"us\$\s+ppp\b|\bppp\s+us\$", "international $"),
    (r"\bper\s?cent\b|\bpercentage\b|\bpct\b|\bpcnt\b|\bpc\b|\bpt\b", "%"),
    (r"\bcurrent prices?\b", "current"),
    (r"\bconstant prices?\b|\bchained? (?:linked )?volumes?\b", "constant"),
    (r"\binhabitants?\b|\bpopulation\b|\bindividuals?\b|\bhead(?:s|count)?\b|\bps\b|\bper\s*$", "people"),
    (r"\bpersons?\b|\bpeople\b", "people"),
    (r"\b100,000\b", "100000"),
    (r"\b1,000\b|\bthousand\b", "1000"),
    (r"\b1,000,000\b|\b1 million\b|\bmillion\b", "1000000"),
    (r"\bper capita\b|/capita\b|/cap\b", "per people"),
    (r"\btonnes?\b|\bmetric tons?\b|\btons?\b", "t"),
    (r"\bkilograms?\b|\bkgs\b", "kg"),
    (r"\bkilowatt[- ]?hours?\b|\bkwh\b", "kwh"),
    (r"\bmegatonnes?\b", "mt"),
    (r"\byears?\b|\byrs?\b|\bannum\b|\ba\b(?= *$)", "year"),
    (r"\bannual\b|\bannually\b|\byearly\b", "annual"),
    (r"\blabour\b", "labor"),
    (r"\blocal currency units?\b|\bnational currency\b", "lcu"),
    (r"\bsquare kilomet(?:er|re)s?\b|\bsq\.? ?km\.?|\bkm2\b|\bkm²", "km2"),
)  # fmt: skip
_COUNTS = frozenset({"number", "numbers", "no", "nr", "nb", "count", "counts", "unit", "units", "#", "num"})
_FILLERS = frozenset({"the", "of", "in", "and", "a", "an", "total", "at", "for", "value", "share", "as", "each"})
_HARMLESS = frozenset({"per", "year", "annual", "current", "estimate", "estimates", "modeled", "modelled", "ilo"})
"""Words that may stand in one unit and not in the other."""
_OPPOSED = (
    frozenset({"current", "constant"}),
    frozenset({"us$", "international", "lcu", "eur", "euro", "euros", "gbp", "jpy", "cny", "inr", "xdr"}),
    frozenset({"net", "gross"}),
    frozenset({"men", "women", "male", "female"}),
)
_CODES = {
    "pc act": "% of total labor force",
    "pc pop": "% of people",
    "pc gdp": "% of gdp",
    "pt b1gq": "% of gdp",
    "pt gdp": "% of gdp",
    "pt lf": "% of total labor force",
    "pt pop": "% of people",
    "yr": "year",
    "nr": "number",
    "per": "people",
    "usd ppp": "international $",
}


@cache
def agree(unit: str, other: str) -> bool:
    """Whether a unit in a publisher's words is the one we know: `USD` is `current US$`, `EUR` is not."""
    if not unit.strip() or not other.strip():
        return True
    if unit.strip().lower() == other.strip().lower():
        return True
    stated, ours = _words(unit), _words(other)
    if stated and stated <= _COUNTS:
        return not ours & {"%", "index", "score", "per", "kwh", "year", *_OPPOSED[1]}
    stated = stated - _COUNTS or stated
    if not stated or any(len((stated | ours) & pair) > 1 for pair in _OPPOSED):
        return False
    if stated == {"$"}:
        return "us$" in ours or "international" in ours
    if "%" in stated and "%" in ours:
        return _same_base(stated - {"%", "annual"}, ours - {"%", "annual"})
    if "per" in ours and "per" not in stated:
        return False
    return stated <= ours or (ours <= stated and stated - ours <= _HARMLESS)


def _same_base(stated: frozenset[str], ours: frozenset[str]) -> bool:
    """Whether shares are of the same whole; none said is any."""
    whole = frozenset({"people"})
    if not stated or not ours:
        return not stated or stated <= whole
    return stated <= ours or (ours <= stated and stated - ours <= _HARMLESS)


def _words(unit: str) -> frozenset[str]:
    said = re.sub(r"[_\s]+", " ", unit.strip().lower())
    said = _CODES.get(said, said)
    for pattern, ours in _SAME:
        said = re.sub(pattern, f" {ours} ", said)
    tokens = re.findall(r"us\$|[%$#]|[\w.²]+", said)
    return frozenset(token.strip(".") for token in tokens) - _FILLERS - {""}


def measure(unit: str, multiplier: str | None, name: str, catalog_unit: str) -> tuple[int, str | None]:
    """By what power of ten a value is to be taken, and what is wrong with its unit: "unit", "multiplier", "two
    multipliers" or None. catalog_unit: the indicator's unit, "" where nobody described it.
    """
    stated, rest = split(unit)
    ours, our_rest = split(catalog_unit)
    if stated is None or ours is None:
        return 0, "unit"
    times = power(multiplier or "")
    if times is None:
        return 0, "multiplier"
    if stated and times and stated != times:
        return 0, "two multipliers"
    agrees = agree(rest, our_rest) or agree(rest, f"{our_rest} per capita" if _is_each(name) else our_rest)
    if not agrees:
        return 0, "unit"
    says_nothing = not unit.strip() and not (multiplier or "").strip()
    return (0 if says_nothing else max(stated, times) - ours), None


def _is_each(name: str) -> bool:
    return any(words in name.lower() for words in ("per capita", "per person", "per head"))
