"""How a board is laid out on pages: how much room words take, what goes where, and where a text or table goes on."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from reportlab.pdfbase import pdfmetrics

from dashboard.board import typesetting
from dashboard.board.content import Board, Section, Slide, Table
from dashboard.i18n.translation import _, day

ELLIPSIS = "…"
LEADING = 1.25
"""Height of a line, in sizes."""
GAP = 0.45
"""Between paragraphs, in sizes."""
TEXT_SIZES = (16, 15, 14, 13, 12, 11, 10)
TABLE_SIZES = (14, 13, 12, 11, 10.5, 10, 9.5, 9)
READABLE = 11
"""Size from which cells that are not broken are better than larger ones that are."""
CELL = 6.0
"""Points between a cell's text and the next column."""
ROW = 5.0
"""Points a row is higher than its text."""
GUTTER = 22.0
FEW = 2
"""Sentences that stand above a chart; more of them stand beside it."""
SHORT = 14
"""Characters of a cell that is not broken where other columns can give way."""
MAX_CONTINUED = 3
"""Pages on which a table goes on."""
CODE = 0.6
"""Width of a character of code, in its size."""
_UNSPACED = r"\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
"""Characters that a line may end before and after, no space needed: Chinese and Japanese. Korean has spaces."""
_WORD = re.compile(rf"[{_UNSPACED}][，。、；：！？）」》]*|[^\s{_UNSPACED}]+[，。、；：！？）」》]*\s*|\s+")


# ------------------------------------------------------------------ how much room a text takes


@cache
def _character(character: str, bold: bool) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return pdfmetrics.stringWidth(character, "Helvetica-Bold" if bold else "Helvetica", 1.0)


def width(text: str, size: float, bold: bool = False) -> float:
    """Width of a text in points, set in a face as wide as Arial; East Asian characters count as squares.

    Between them and Latin letters stands the quarter of a square that word processors put there. Other scripts take
    what their joined letters take.
    """
    if not typesetting.plain(text):
        return size * typesetting.width(text, bold)
    wide = [unicodedata.east_asian_width(character) in "WF" for character in text]
    changes = sum(one != other for one, other in pairwise(wide)) if any(wide) else 0
    return size * (sum(_character(character, bold) for character in text) + 0.25 * changes)


def wrapped(text: str, size: float, room: float, bold: bool = False) -> list[str]:
    """The lines of a text in that many points: broken at spaces, around East Asian characters, and within words that
    do not fit by themselves, there never between a letter and its marks."""
    lines, line, used = [], "", 0.0
    for word in _words(text):
        needs = width(word, size, bold)
        if used + width(word.rstrip(), size, bold) <= room:
            line, used = line + word, used + needs
            continue
        if line:
            lines.append(line.rstrip())
            line, used = "", 0.0
        if needs <= room:
            line, used = word, needs
            continue
        for part in typesetting.clusters(word):
            if width(line + part, size, bold) > room and line:
                lines.append(line)
                line = ""
            line += part
        used = width(line, size, bold)
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _words(text: str) -> list[str]:
    """Pieces that a line may end after: words with their space, and each East Asian character."""
    return _WORD.findall(text)


def joined(lines: Sequence[str]) -> str:
    """Lines as one text again: no space after Chinese or Japanese characters."""
    text = ""
    for line in lines:
        together = not text or re.match(f"[{_UNSPACED}]", text[-1])
        text += line if together else " " + line
    return text


def shortened(text: str, size: float, room: float, bold: bool = False) -> str:
    """The text, or as much of it as fits in that many points, and an ellipsis."""
    if width(text, size, bold) <= room:
        return text
    return _start(text, lambda start: width(start + ELLIPSIS, size, bold), room).rstrip() + ELLIPSIS


def _start(text: str, wide: Callable[[str], float], room: float) -> str:
    """As much of a text as is no wider than that, no letter parted from its marks and at least one of them."""
    parts = typesetting.clusters(text)
    count = bisect_right(range(len(parts)), room, lo=1, key=lambda at: wide("".join(parts[: at + 1])))
    return "".join(parts[:count])


def height(texts: Sequence[str], size: float, room: float, bold: bool = False) -> float:
    """Points that paragraphs take, one under the other, in that much room."""
    lines = sum(len(wrapped(text, size, room, bold)) for text in texts)
    return size * (lines * LEADING + max(len(texts) - 1, 0) * GAP)


# ------------------------------------------------------------------ what goes where


@dataclass(frozen=True)
class Box:
    """A rectangle in points from the top left of the page."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Text:
    """Paragraphs in a box, at the size at which they fit."""

    box: Box
    size: float
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """Rows of a table in a box. widths: of the columns; heights: of the header and the rows, all in points.

    highlight: position among these rows.
    """

    box: Box
    size: float
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    heights: tuple[float, ...]
    right: tuple[bool, ...]
    highlight: int | None


@dataclass(frozen=True)
class Page:
    """What stands on a page under the title; `continued` where it goes on from the one before."""

    slide: Slide
    text: Text | None
    chart: Box | None
    grid: Grid | None
    continued: bool = False


@dataclass(frozen=True)
class Cover:
    """The title slide: what it is, about what, and the lines under the rule."""

    title: Text
    subtitle: Text
    rule: float
    about: Text


COVER_SIZES = (36, 32, 28, 24, 20, 16)


@dataclass(frozen=True)
class Frame:
    """A format's page: where titles stand, the sizes they may have, and where what is under them ends."""

    title: Box
    sizes: tuple[float, ...]
    bottom: float
    gap: float

    def heading(self, title: str) -> Text:
        """The title on one line where that does not make it small, else on as many as fit."""
        for size in self.sizes[:4]:
            if width(title, size, bold=True) <= self.title.width * 0.98:
                return Text(Box(self.title.left, self.title.top, self.title.width, size * LEADING), size, (title,))
        found = fitted((title,), self.title, self.sizes, bold=True)
        tall = height(found.paragraphs, found.size, self.title.width, bold=True)
        return Text(Box(self.title.left, self.title.top, self.title.width, tall), found.size, found.paragraphs)

    def body(self, title: str) -> Box:
        """The room under a title."""
        top = self.title.top + self.heading(title).box.height + self.gap
        return Box(self.title.left, top, self.title.width, self.bottom - top)

    def cover(self, board: Board) -> Cover:
        """The title slide: a large title, what it is about, and under a rule the board's own lines and the day."""
        left, wide = self.title.left, self.title.width * 0.86
        top, gap = self.title.top + (self.bottom - self.title.top) * 0.16, 12.0
        room = self.bottom - top

        def placed(texts: tuple[str, ...], top: float, tall: float, sizes: Sequence[float], bold: bool) -> Text:
            found = fitted(texts, Box(left, top, wide, tall), sizes, bold)
            return Text(
                Box(left, top, wide, height(found.paragraphs, found.size, wide, bold)), found.size, found.paragraphs
            )

        title = placed((board.title,), top, room * 0.42, COVER_SIZES, True)
        top += title.box.height + gap
        subtitle = placed((board.subtitle,), top, room * 0.16, (20, *TEXT_SIZES), False)
        rule = top + subtitle.box.height + gap
        lines = (*board.about, _("Made with Lepton Atlas on {day}").format(day=day(board.made_at)))
        top = rule + gap
        return Cover(title, subtitle, rule, placed(lines, top, self.bottom - top, TEXT_SIZES[1:], False))

    def pages(self, slide: Slide) -> list[Page]:
        """The pages of a slide, all with the same room under their titles."""
        found = pages(slide, self.body(slide.title))
        return found if len(found) == 1 else pages(slide, self.body(continued(slide.title)))


def continued(title: str) -> str:
    """The title of a page that goes on from the one before."""
    return title + " " + _("(continued)")


def fitted(texts: Sequence[str], box: Box, sizes: Sequence[float], bold: bool = False) -> Text:
    """Paragraphs at the largest size at which they fit; at the smallest one some give way to "and N more"."""
    for size in sizes:
        if height(texts, size, box.width, bold) <= box.height:
            return Text(box, size, tuple(texts))
    size, kept = sizes[-1], list(texts)
    while len(kept) > 1 and height([*kept, _more(len(texts))], size, box.width, bold) > box.height:
        kept.pop()
    if len(kept) < len(texts):
        kept.append(_more(len(texts) - len(kept)))
    if height(kept, size, box.width, bold) > box.height:
        most = max(int(box.height / (size * LEADING)), 1)
        lines = wrapped(kept[0], size, box.width, bold)[:most]
        lines[-1] = shortened(lines[-1] + ELLIPSIS * 2, size, box.width, bold)
        kept = [joined(lines)]
    return Text(box, size, tuple(kept))


def _more(count: int) -> str:
    return _("and {count} more").format(count=count)


def pages(slide: Slide, body: Box) -> list[Page]:
    """The pages of a slide: the finding with its sentences, chart and the rows that fit, then the other rows."""
    table = slide.table if slide.table is not None and slide.table.rows else None
    if slide.sentences and not slide.wide and (slide.chart is None or len(slide.sentences) > FEW):
        found, at = _beside(slide, table, body)
    else:
        found, at = _under(slide, table, body)
    if table is None:
        return [found]
    return [found, *_rest(slide, table, body, at)]


def _beside(slide: Slide, table: Table | None, body: Box) -> tuple[Page, int]:
    """Words on the left; table and chart under each other on the right."""
    if slide.chart is None and table is None:
        return Page(slide, fitted(slide.sentences, body, TEXT_SIZES), None, None), 0
    left, right = _halves(body, 0.46)
    text = fitted(slide.sentences, left, TEXT_SIZES)
    if table is None:
        return Page(slide, text, right, None), 0
    room = right if slide.chart is None else Box(right.left, right.top, right.width, right.height * 0.5)
    grid = grid_of(table, room, 0)
    if slide.chart is None:
        return Page(slide, text, None, grid), len(grid.rows)
    used = grid.box.height + GUTTER
    chart = Box(right.left, right.top + used, right.width, right.height - used)
    return Page(slide, text, chart, grid), len(grid.rows)


def _under(slide: Slide, table: Table | None, body: Box) -> tuple[Page, int]:
    """A few words on top; under them the chart, with the table at its right."""
    text, rest = None, body
    if slide.sentences:
        room = Box(body.left, body.top, body.width, body.height * 0.3)
        text = fitted(slide.sentences, room, TEXT_SIZES[2:])
        used = height(text.paragraphs, text.size, body.width) + 10
        text = Text(Box(body.left, body.top, body.width, used), text.size, text.paragraphs)
        rest = Box(body.left, body.top + used, body.width, body.height - used)
    if table is None:
        return Page(slide, text, None if slide.chart is None else rest, None), 0
    if slide.chart is None:
        grid = grid_of(table, rest, 0)
        return Page(slide, text, None, grid), len(grid.rows)
    left, right = _halves(rest, 0.56)
    grid = grid_of(table, right, 0)
    return Page(slide, text, left, grid), len(grid.rows)


def _rest(slide: Slide, table: Table, body: Box, at: int) -> Iterator[Page]:
    """Pages for the rows from `at` on; the last one says how many more there are."""
    for number in range(MAX_CONTINUED):
        if at >= len(table.rows):
            return
        grid = grid_of(table, body, at, last=number == MAX_CONTINUED - 1)
        yield Page(slide, None, None, grid, continued=True)
        at += len(grid.rows)


def _halves(box: Box, share: float) -> tuple[Box, Box]:
    first = (box.width - GUTTER) * share
    second = box.width - GUTTER - first
    return (
        Box(box.left, box.top, first, box.height),
        Box(box.left + first + GUTTER, box.top, second, box.height),
    )


def grid_of(table: Table, box: Box, start: int, last: bool = False) -> Grid:
    """The rows of a table from `start` on that fit into a box; the last one says how many do not, if `last`."""
    tries = [(size, column_widths(table, size, box.width)) for size in TABLE_SIZES]
    unbroken = [(size, widths) for size, widths in tries if sum(_wishes(table, size)) <= box.width]
    large = [(size, widths) for size, widths in unbroken if size >= READABLE]
    broken = [(size, widths) for size, widths in tries if sum(_leasts(table, size, box.width)) <= box.width]
    for size, widths in large or broken or unbroken or tries:
        heights = _heights(table, size, widths, start)
        if sum(heights) <= box.height:
            break
    count, used = 0, heights[0]
    while count + 1 < len(heights) and used + heights[count + 1] <= box.height:
        count += 1
        used += heights[count]
    count = max(count, 1)
    rows, left = table.rows[start : start + count], len(table.rows) - start - count
    if last and left and len(rows) > 1:
        more = _more(left + 1)
        rows = (*rows[:-1], (more, *("" for _cell in table.header[1:])))
    at = None if table.highlight is None else table.highlight - start
    return Grid(
        Box(box.left, box.top, sum(widths), sum(heights[: count + 1])),
        size,
        table.header,
        rows,
        tuple(widths),
        tuple(heights[: count + 1]),
        tuple(table.numeric(column) for column in range(len(table.header))),
        at if at is not None and 0 <= at < count else None,
    )


def column_widths(table: Table, size: float, room: float) -> list[float]:
    """Widths of the columns: what they would like, the text columns giving way where that is too much."""
    wish = _wishes(table, size)
    if sum(wish) <= room:
        spare = room - sum(wish)
        return [wanted + spare * wanted / sum(wish) for wanted in wish]
    least = _leasts(table, size, room)
    if sum(least) >= room:
        return [room * wanted / sum(least) for wanted in least]
    spare, open_ = room - sum(least), sum(wish) - sum(least)
    return [low + spare * (high - low) / open_ for low, high in zip(least, wish, strict=True)]


def _wishes(table: Table, size: float) -> list[float]:
    """Widths at which no cell is broken."""
    return [
        max(width(cell, size, bold=True) for cell in (head, *(row[at] for row in table.rows))) + CELL + 2
        for at, head in enumerate(table.header)
    ]


def _leasts(table: Table, size: float, room: float) -> list[float]:
    """The least widths of the columns, none wider than half the room."""
    wishes = _wishes(table, size)
    return [
        min(max(_least(head, [row[at] for row in table.rows], size) + CELL + 2, 30.0), wishes[at], room / 2)
        for at, head in enumerate(table.header)
    ]


def _least(head: str, cells: Sequence[str], size: float) -> float:
    """The least width of a column: its longest word, and all of its cells where they are short, as dates are."""
    if max(map(len, cells), default=0) > SHORT:
        return longest([head, *cells], size)
    return max([longest([head], size), *(width(cell, size, bold=True) for cell in cells)])


def longest(cells: Sequence[str], size: float) -> float:
    """Width of the longest word in these cells, in points; figures are not broken."""
    return max((width(word.rstrip(), size, bold=True) for cell in cells for word in _words(cell)), default=0.0)


def _heights(table: Table, size: float, widths: Sequence[float], start: int) -> list[float]:
    return [
        size
        * LEADING
        * max(len(wrapped(cell, size, room - CELL, bold=True)) for cell, room in zip(row, widths, strict=True))
        + ROW
        for row in (table.header, *table.rows[start:])
    ]


# ------------------------------------------------------------------ the appendix


def back(board: Board) -> list[tuple[str, tuple[Section, ...]]]:
    """What stands behind the slides, with its heading: the method, then what engineers need."""
    parts = ((_("How this was computed, and from what"), board.appendix), (_("Details for engineers"), board.engineers))
    return [(title, sections) for title, sections in parts if sections]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of the appendix. kind: heading, text or code; lines: how many it takes."""

    kind: str
    text: str
    lines: int


def appendix(sections: Sequence[Section], room: float, tall: float, size: float) -> list[list[Paragraph]]:
    """The appendix in columns of that width and height; a heading stays with what follows."""
    columns: list[list[Paragraph]] = [[]]
    used = 0.0
    blocks = [block for section in sections for block in _blocks(section, room, size)]
    for at, block in enumerate(blocks):
        needs = _needs(block, size)
        follows = _needs(blocks[at + 1], size) if block.kind == "heading" and at + 1 < len(blocks) else 0.0
        if columns[-1] and used + needs + min(follows, tall / 2) > tall:
            columns.append([])
            used = 0.0
        columns[-1].append(block)
        used += needs
    return [column for column in columns if column]


def _needs(block: Paragraph, size: float) -> float:
    gap = {"heading": 1.6, "text": 0.4, "code": 0.0}[block.kind]
    return size * (block.lines * LEADING + gap)


def _blocks(section: Section, room: float, size: float) -> list[Paragraph]:
    found = [Paragraph("heading", section.heading, len(wrapped(section.heading, size + 1, room, bold=True)))]
    for sentence in section.sentences:
        lines = wrapped(sentence, size, room)
        for start in range(0, len(lines), 20):
            part = lines[start : start + 20]
            whole = sentence if len(lines) <= 20 else joined(part)
            found.append(Paragraph("text", whole, len(part)))
    most = max(int(room / (CODE * (size - 1))), 10)
    for line in section.code.splitlines():
        while code_width(line) > most:
            start = _start(line, code_width, most)
            found.append(Paragraph("code", start, 1))
            line = line[len(start) :]
        found.append(Paragraph("code", line, 1))
    return found


def code_width(line: str) -> float:
    """Characters of code a line takes, those of other scripts counting for their width."""
    if not typesetting.plain(line):
        return typesetting.width(line, code=True) / CODE
    return sum(1 / CODE if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
