"""Text of others - from files, links, names, models - on pages, whose every sentence Streamlit reads as Markdown."""

import re
from typing import Any

JOINER = "\u2060"
"""Word joiner: seen by nobody, and enough that an address is not taken for a link."""
ADDRESS = re.compile(r"(?i)(?<=https:)(?=//)|(?<=http:)(?=//)|(?<=\bwww)(?=\.)|(?<=\S)(?=@\S)")
"""Where an address that stands by itself is cut: Streamlit's Markdown links those whatever is escaped in them."""
INLINE = re.compile(r"[\\`*_\[\]<>$~|&^]|:(?=\S)")
OPENING = re.compile(r"(?m)^(\s*)([#+=-]|\d+(?=[.)]))")
"""What makes a heading or a list where it opens a line."""
LINK = re.compile(r"(?i)<(?=\s*a\b)")
"""What Plotly would draw as a link; it knows no pictures."""


def literal(text: Any) -> str:
    """The text for Streamlit's Markdown, shown letter by letter: no picture, link, formula, emoji or emphasis in it.

    For whatever fills one of our own sentences, names a button, or stands in a cell of `st.table`. Not for select
    boxes, text boxes and `st.dataframe`, which show texts as they are.
    """
    cut = ADDRESS.sub(JOINER, str(text))
    opened = OPENING.sub(lambda found: f"{found[1]}{_opening(found[2])}", INLINE.sub(r"\\\g<0>", cut))
    return opened.replace("\n", "  \n")


def code(text: Any) -> str:
    """A name of code or of a file's own, as Markdown sets code: nothing in it is read."""
    return "`{}`".format(str(text).replace("`", "").replace("\n", " "))


def _opening(mark: str) -> str:
    return f"{mark}{JOINER}" if mark.isdigit() else f"\\{mark}"


def unlinked(part: Any) -> Any:
    """The same figure, without what Plotly would draw as a link in its texts."""
    if isinstance(part, str):
        return LINK.sub("&lt;", part) if "<" in part else part
    if isinstance(part, dict):
        return {key: unlinked(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [unlinked(value) for value in part]
    return part
