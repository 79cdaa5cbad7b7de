"""What data/, analytics/ and models/ say, which know no languages, in the reader's.

A refusal is a Fault: its template is translated, and filled. What is stored in English beside the data - where a figure
comes from, what a card says of an adapted model - is recognised by the few templates listed here.
"""

import re
from collections.abc import Callable
from functools import cache

from dashboard.i18n.translation import _, current
from dashboard.markup import literal
from data.faults import Fault

LAYOUTS = ("tidy", "atlas export")
NOTES = ("comes with the program", "{count} indicators fetched", "{count} faults skipped", "failed: {codes}")
SOURCES = ("embedded reference", "World Bank API", "{publisher} API", "file {name}")
LICENCES = ("see data/reference/sources.csv", "as its publisher states", "not stated")


ADAPTED = (
    "{language} adapter ({name})",
    "{purpose} Adapted to one market's rows in {language}.",
    "Learned from {n} rows; judged on {tests}.",
)
HUB_LIMITS = (
    "Reads every text with a model of the hub as well: slower than our own, and only where its packages are installed.",
    "What the hub's model learned from is not known here: texts like those of the test split may have been among it.",
)
TEMPLATES = LAYOUTS + NOTES + SOURCES + LICENCES + ADAPTED + HUB_LIMITS


def told(sentence: str | Exception, **known_as: str) -> str:
    """A refusal, or a sentence of data/, analytics/ or models/, in the reader's language; as it is where there is none.

    What fills the places of a Fault is told too, if it is a message of ours or a Fault. known_as: what stands in
    places instead.
    """
    if isinstance(sentence, Fault):
        return _(sentence.template).format(**_values(sentence, told, str) | known_as)
    return said(str(sentence), **known_as)


def spelt(sentence: str | Exception, **known_as: str) -> str:
    """The same for Markdown: what fills a template, or a sentence that is none of ours, is shown as it is written."""
    if isinstance(sentence, Fault):
        shown = {field: literal(value) for field, value in known_as.items()}
        return _(sentence.template).format(**_values(sentence, spelt, literal) | shown)
    text = str(sentence)
    if text in _ours():
        return _(text)
    for template, pattern in _patterns():
        if found := pattern.fullmatch(text):
            parts = {field: known_as.get(field) or said(part) for field, part in found.groupdict().items()}
            return _(template).format(**{field: literal(part) for field, part in parts.items()})
    return literal(said(text))


def _values(fault: Fault, tell: Callable[[Fault], str], shown: Callable[[str], str]) -> dict[str, str]:
    return {
        field: tell(value) if isinstance(value, Fault) else shown(_(str(value)) if value != "" else "")
        for field, value in fault.values.items()
    }


def said(sentence: str, **known_as: str) -> str:
    """A text that is stored in English - a source, a note, a card - in the reader's language.

    known_as: what stands in places of its template, for names that the sentence has in English.
    """
    if current() == "en" or not isinstance(sentence, str):
        return sentence
    known = _(sentence)
    if known != sentence:
        return known
    for template, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            parts = {field: known_as.get(field) or said(part) for field, part in found.groupdict().items()}
            return _(template).format(**parts)
    return sentence


@cache
def _ours() -> frozenset[str]:
    """Sentences of ours with no place to fill."""
    return frozenset(template for template in TEMPLATES if "{" not in template)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Templates with places to fill, the longest first: it fits the least by chance."""
    open_ones = sorted((t for t in TEMPLATES if "{" in t), key=len, reverse=True)
    return [(template, re.compile(_as_pattern(template), re.DOTALL)) for template in open_ones]


def _as_pattern(template: str) -> str:
    parts = re.split(r"(\{\w+\})", template)
    return "".join(f"(?P<{part[1:-1]}>.+?)" if part.startswith("{") else re.escape(part) for part in parts)
