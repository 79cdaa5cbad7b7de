"""A paragraph of a PDF in whatever script it is: reportlab's own where Helvetica and the Chinese face write it."""

import html
from itertools import groupby

from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import Flowable, Paragraph

from dashboard.board import layout, typesetting


class Words(Flowable):
    """Lines of runs, each in its face, in the order in which they are read; the words as `board_layout` breaks them."""

    def __init__(self, text: str, style: ParagraphStyle) -> None:
        super().__init__()
        self.text, self.style, self.size, self.leading = typesetting.said(text), style, style.fontSize, style.leading
        self.bold = style.fontName.endswith("Bold")

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        levels, at = typesetting.levels(self.text), 0
        self.lines = []
        for text in layout.wrapped(self.text, self.size, availWidth, self.bold):
            at = self.text.index(text, at)
            self.lines.append(typesetting.line_of(text, levels[at : at + len(text)], self.bold))
        self.width, self.height = availWidth, self.leading * len(self.lines)
        return self.width, self.height

    def draw(self) -> None:
        base = self.height - self.size
        right = self.style.alignment == TA_RIGHT or (len(self.lines) > 1 and typesetting.leftward(self.text))
        for runs in self.lines:
            spare = self.width - self.size * sum(run.width for run in runs)
            left = spare if right else 0.0
            typesetting.draw(self.canv, runs, left, base, self.size, self.style.textColor)
            base -= self.leading


def paragraph(text: str, style: ParagraphStyle) -> Flowable:
    """A text in that style, whose face is Helvetica or the Chinese one; in other faces where it needs them."""
    if not typesetting.plain(text):
        return Words(text, style)
    marked = "".join(
        html.escape(part) if face == style.fontName else f'<font name="{face}">{html.escape(part)}</font>'
        for part, face in pieces(text, style.fontName)
    )
    return Paragraph(marked, style)


def runs(text: str, face: str) -> tuple[typesetting.Run, ...]:
    """A line whose Latin letters stand in that one of reportlab's own faces."""
    if not typesetting.plain(text):
        return typesetting.line(text, bold=face.endswith("Bold"), code=face == typesetting.CODE)
    return tuple(
        typesetting.Run(name, part, pdfmetrics.stringWidth(part, name, 1.0)) for part, name in pieces(text, face)
    )


def pieces(text: str, face: str) -> list[tuple[str, str]]:
    """A plain text in pieces of one face: this one, and for what it lacks the Chinese face or Helvetica."""
    for odd, same in typesetting.SAID_OTHERWISE.items():
        text = text.replace(odd, same)
    chinese = typesetting.supplied(typesetting.CHINESE)
    other, encoding = ("Helvetica", "gbk") if face == chinese else (chinese, "cp1252")
    grouped = groupby(text, key=lambda character: face if typesetting.encodes(character, encoding) else other)
    return [("".join(part), name) for name, part in grouped]
