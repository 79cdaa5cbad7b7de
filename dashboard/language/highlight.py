"""A text with its words coloured by what they did to a class, as HTML that is safe for whatever was typed.

Blue is good news and orange bad, whichever class the words speak for: a word for "negative" is orange, one against it
blue. Classes that are neither good nor bad have purple for and grey against. The underline says for and against to who
does not see the colours: a line for, dots against. Direction comes from the text (`dir="auto"`); words stay inline, so
right-to-left text keeps its order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from dashboard import theme
from dashboard.i18n.translation import _

if TYPE_CHECKING:
    from models.text.classifier import Reason

GOOD, BAD, PLAIN, GREY = "#0072B2", "#E69F00", "#CC79A7", "#7F7F7F"
FAINTEST, STRONGEST = 0.10, 0.45
UNSEEN = 0.05
"""Below this share of the strongest word a word is not coloured."""


@dataclass(frozen=True)
class Colours:
    """Of words that speak for a class, and of those that speak against it."""

    speaks_for: str
    against: str

    def of(self, weight: float) -> str:
        return self.speaks_for if weight > 0 else self.against


POSITIVE, NEGATIVE, NEITHER = Colours(GOOD, BAD), Colours(BAD, GOOD), Colours(PLAIN, GREY)


def colours(label: str) -> Colours:
    """The colours of a class, by its name in the model."""
    return {"positive": POSITIVE, "negative": NEGATIVE}.get(label, NEITHER)


def coloured(
    text: str, reasons: Sequence["Reason"], look: theme.Theme, using: Colours = POSITIVE, lang: str = ""
) -> str:
    """The text as HTML. reasons: spans of it with signed weights; they may touch but not overlap. lang: BCP 47."""
    most = max((abs(reason.weight) for reason in reasons), default=0.0)
    parts, at = [], 0
    for reason in sorted(reasons, key=lambda reason: reason.start):
        start, end = max(reason.start, at), min(reason.end, len(text))
        if start >= end:
            continue
        strength = abs(reason.weight) / most if most else 0.0
        parts.append(_shown(text[at:start]))
        parts.append(_word(text[start:end], reason.weight, strength, look, using))
        at = end
    parts.append(_shown(text[at:]))
    language = f' lang="{escape(lang, quote=True)}"' if lang else ""
    return (
        f'<p dir="auto"{language} style="font-size:1.25rem;line-height:2.1;overflow-wrap:anywhere;'
        f'margin:0;color:{look.ink}">{"".join(parts)}</p>'
    )


def legend(label: str, look: theme.Theme, using: Colours = POSITIVE) -> str:
    """What the colours mean, as HTML."""
    entries = (
        (_("speaks for “{label}”").format(label=label), 1.0),
        (_("counts against “{label}”").format(label=label), -1.0),
    )
    words = " &nbsp; ".join(_word(text, sign, 0.8, look, using) for text, sign in entries)
    return f'<p style="margin:0;color:{look.muted}">{words}</p>'


def ground(colour: str, strength: float) -> str:
    """The background of a word, over the page's own: rgba."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{FAINTEST + (STRONGEST - FAINTEST) * strength:.2f})"


def _word(text: str, weight: float, strength: float, look: theme.Theme, using: Colours) -> str:
    if strength < UNSEEN:
        return _shown(text)
    line = "solid" if weight > 0 else "dotted"
    colour = using.of(weight)
    return (
        f'<span title="{weight:+.2f}" style="background-color:{ground(colour, strength)};color:{look.ink};'
        f'border-bottom:2px {line} {colour};border-radius:3px;padding:2px 1px">{_shown(text)}</span>'
    )


def _shown(text: str) -> str:
    return escape(text, quote=True).replace("\n", "<br>")
