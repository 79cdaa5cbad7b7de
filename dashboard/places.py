"""How countries and groups are called where one searches for them: in both languages, by code, short name first.

Streamlit filters options by what is typed ("contains") but does not sort them: Enter takes the first. So whatever is
named by the whole of what was typed must stand before what only contains it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from anyascii import anyascii

from dashboard import load
from dashboard.i18n.translation import LANGUAGES, STORE_LANGUAGES, _, current, in_language, listing, territory_name

CODE = re.compile(r"[A-Z]{3}")
SHORT = re.compile(r"[A-Z]{2,4}")
WHOLE_WORLD = "UN"
"""No group to filter by: nearly every market is in it."""
CONTINENTS = ("002", "019", "142", "150", "009")
"""UN M49: Africa, Americas, Asia, Europe, Oceania."""


def findable(options: Sequence[Any], format_func: Callable[[Any], str]) -> tuple[Sequence[Any], Callable[[Any], str]]:
    """Options in the order in which one finds them, and their labels. Options that are no markets stay as they are."""
    if not any(isinstance(option, str) and CODE.fullmatch(option) for option in options):
        return options, format_func
    known = set(load.markets().index)
    if not all(option in known for option in options if option):
        return options, format_func
    labels = market_labels()
    return _sorted(tuple(options), current(), load.version()), lambda code: labels.get(code) or format_func(code)


def market_labels() -> dict[str, str]:
    """What a market is found by, by iso3: United Kingdom (UK) · 英国 · GBR."""
    return _labels(current(), load.version())[0]


def group_labels() -> dict[str, str]:
    """Continents, then organisations, then regions that have markets, by code: Asia · 亚洲, ASEAN · 东盟."""
    return _groups(current(), load.version())


@lru_cache(maxsize=8)
def _labels(language: str, _version: Any) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Labels by iso3, and every name that stands in one."""
    other = next(code for code in LANGUAGES if code != language)
    own, foreign = load.market_names(STORE_LANGUAGES[language]), load.market_names(STORE_LANGUAGES[other])
    aliases = load.market_aliases()
    labels, names = {}, {}
    for iso3, name in own.items():
        short = _short(own[iso3] if language == "en" else foreign[iso3], aliases.get(iso3, []), iso3)
        labels[iso3] = " · ".join((f"{name} ({short})" if short else name, foreign[iso3], iso3))
        names[iso3] = [text.casefold() for text in (name, short, foreign[iso3]) if text]
    return labels, names


def _short(english: str, aliases: list[str], iso3: str) -> str:
    """UK for the United Kingdom, Turkey for Türkiye: what one types instead of the English name; "" for most."""
    typed = [alias for alias in aliases if SHORT.fullmatch(alias) and alias != iso3]
    plain = english.replace("’", "'")
    if not plain.isascii():
        bare = anyascii(plain)
        others = [alias for alias in aliases if alias.isascii() and _letters(alias) != _letters(bare)]
        typed += [alias for alias in others if "Republic" not in alias] + [bare]
    return typed[0] if typed else ""


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, name.casefold()))


@lru_cache(maxsize=32)
def _sorted(options: tuple[Any, ...], language: str, version: Any) -> tuple[Any, ...]:
    """The same options in the same order, but one whose name another's label contains before that other."""
    labels, names = _labels(language, version)
    folded = {option: labels.get(option, "").casefold() for option in options}
    done: dict[Any, None] = {}

    def put(option: Any, waiting: frozenset[Any]) -> None:
        if option in done or option in waiting:
            return
        for before in options:
            if before != option and before not in done and any(n in folded[option] for n in names.get(before, ())):
                put(before, waiting | {option})
        done[option] = None

    for option in options:
        put(option, frozenset())
    return tuple(done)


@lru_cache(maxsize=8)
def _groups(language: str, _version: Any) -> dict[str, str]:
    other = next(code for code in LANGUAGES if code != language)
    markets, facts = load.markets(), load.market_facts("market_memberships")
    here = set(markets["continent"].dropna())
    named = {code: (territory_name(code), territory_name(code, other)) for code in CONTINENTS if code in here}
    for organisation in sorted(set(facts["organisation"]) - {WHOLE_WORLD}):
        named[organisation] = _(organisation), in_language(organisation, other)
    for code, name in load.regions().items():
        named.setdefault(code, (name, territory_name(code, other)))
    return {code: " · ".join(dict.fromkeys(pair)) for code, pair in named.items()}


@dataclass(frozen=True)
class Names:
    """What markets are called in the reader's language, by iso3; a file's own name where the atlas knows none."""

    known: Mapping[str, str]

    def __getitem__(self, iso3: str) -> str:
        return self.known.get(iso3, iso3)

    def listed(self, codes: list[str] | tuple[str, ...]) -> str:
        return listing([self[code] for code in codes])
