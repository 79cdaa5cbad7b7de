"""A board as PDF, A4 landscape: a page a finding, its chart as lines and letters one can zoom into."""

import io
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from reportlab.graphics import renderPDF
from reportlab.graphics import shapes as drawn
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable
from reportlab.platypus import Table as Rows

from dashboard import theme
from dashboard.board import layout, paragraphs, typesetting
from dashboard.board.content import Board, Chart, Section
from dashboard.board.drawing import Dot, Line, Rect, Word, draw
from dashboard.board.layout import Box, Grid, Page
from dashboard.i18n.translation import _, day

WIDTH, HEIGHT = landscape(A4)
MARGIN = 40
INNER = WIDTH - 2 * MARGIN
KICKER = Box(MARGIN, 24, INNER, 16)
TITLE = Box(MARGIN, 42, INNER, 62)
FOOT = Box(MARGIN, HEIGHT - 52, INNER - 110, 36)
FRAME = layout.Frame(TITLE, (24, 22, 20, 18, 16, 14, 12), bottom=FOOT.top - 14, gap=14)
FOOT_SIZES = (9, 8, 7, 6)
APPENDIX_SIZE = 9.5
COLUMNS = 2
REGULAR, BOLD = "Helvetica", "Helvetica-Bold"
LOOK = theme.LIGHT
INKS = {role: getattr(LOOK, role) for role in ("ink", "muted", "line", "paper", "accent", "grey")}
INKS |= {"down": theme.CATEGORIES[1], "up": theme.CATEGORIES[0]}
INKS |= {f"c{number}": colour for number, colour in enumerate(theme.CATEGORIES)}


def as_pdf(board: Board) -> bytes:
    """The file; what no face writes is told first in the appendix."""
    with board.spoken():
        pages = [page for slide in board.slides for page in FRAME.pages(slide)]
        room, back = (INNER - layout.GUTTER) / COLUMNS, []
        for title, sections in layout.back(replace(board, appendix=(*_unwritten(board), *board.appendix))):
            body = FRAME.body(title)
            back.append((title, body, layout.appendix(sections, room, body.height, APPENDIX_SIZE)))
        count = 1 + len(pages) + sum(-(-len(columns) // COLUMNS) for _title, _body, columns in back)
        target = io.BytesIO()
        language = {"zh": "zh-CN"}.get(board.language, board.language)
        writer = _Writer(board, Canvas(target, pagesize=(WIDTH, HEIGHT), lang=language), count)
        writer.cover()
        for page in pages:
            writer.finding(page)
        for title, body, columns in back:
            for start in range(0, len(columns), COLUMNS):
                writer.open(layout.continued(title) if start else title, board.footnote)
                for at, column in enumerate(columns[start : start + COLUMNS]):
                    writer.column(column, Box(MARGIN + at * (room + layout.GUTTER), body.top, room, body.height))
                writer.close()
        writer.canvas.save()
        return target.getvalue()


class _Writer:
    """Puts pages on a canvas, whose origin is at the bottom: here everything is counted from the top."""

    def __init__(self, board: Board, canvas: Canvas, count: int) -> None:
        self.board, self.canvas, self.count = board, canvas, count
        canvas.setTitle(board.title)
        canvas.setSubject(board.subtitle)
        canvas.setAuthor("Lepton Atlas")

    def cover(self) -> None:
        """The title page."""
        found = FRAME.cover(self.board)
        self._words(found.title.box, found.title.paragraphs, found.title.size, LOOK.ink, bold=True)
        self._words(found.subtitle.box, found.subtitle.paragraphs, found.subtitle.size, LOOK.accent)
        self.canvas.setStrokeColor(_colour(LOOK.line))
        self.canvas.line(MARGIN, HEIGHT - found.rule, WIDTH - MARGIN, HEIGHT - found.rule)
        self._words(found.about.box, found.about.paragraphs, found.about.size, LOOK.muted)
        self.close()

    def finding(self, page: Page) -> None:
        self.open(layout.continued(page.slide.title) if page.continued else page.slide.title, page.slide.footnote)
        if page.text is not None:
            self._words(page.text.box, page.text.paragraphs, page.text.size, LOOK.ink)
        if page.chart is not None and page.slide.chart is not None:
            self._chart(page.slide.chart, page.chart)
        if page.grid is not None:
            self._table(page.grid)
        self.close()

    def open(self, title: str, footnote: str) -> None:
        """A new page: kicker, title, footnote, page number."""
        kicker = "  ·  ".join(part for part in (self.board.title, self.board.subtitle) if part)
        self._words(KICKER, (layout.shortened(kicker, 10, INNER, True),), 10, LOOK.accent, bold=True)
        found = FRAME.heading(title)
        self.canvas.bookmarkPage(f"p{self.canvas.getPageNumber()}")
        self.canvas.addOutlineEntry(title, f"p{self.canvas.getPageNumber()}")
        self._words(TITLE, found.paragraphs, found.size, LOOK.ink, bold=True)
        self.canvas.setStrokeColor(_colour(LOOK.line))
        self.canvas.setLineWidth(0.6)
        self.canvas.line(MARGIN, HEIGHT - FOOT.top + 5, WIDTH - MARGIN, HEIGHT - FOOT.top + 5)
        foot = layout.fitted((footnote,), FOOT, FOOT_SIZES)
        self._words(FOOT, foot.paragraphs, foot.size, LOOK.muted)
        number = _("Page {number} of {count}").format(number=self.canvas.getPageNumber(), count=self.count)
        corner = Box(WIDTH - MARGIN - 105, FOOT.top, 105, 24)
        self._words(corner, (number, day(self.board.made_at)), 8, LOOK.muted, right=True)

    def close(self) -> None:
        self.canvas.showPage()

    def column(self, blocks: list[layout.Paragraph], box: Box) -> None:
        """A column of the appendix."""
        top = box.top
        for position, block in enumerate(blocks):
            size = APPENDIX_SIZE + {"heading": 1, "text": 0, "code": -1}[block.kind]
            top += 0 if position == 0 else {"heading": 10, "text": 3, "code": 0}[block.kind]
            if block.kind == "code":
                self._code(box.left, top, block.text, size)
                top += size * layout.LEADING
                continue
            heading = block.kind == "heading"
            place = Box(box.left, top, box.width, box.height)
            top += self._words(place, (block.text,), size, LOOK.ink, bold=heading)

    def _code(self, left: float, top: float, text: str, size: float) -> None:
        self._set(typesetting.CODE, text, left, HEIGHT - top - size, size, LOOK.ink)

    # -------------------------------------------------------------- words

    def _set(self, face: str, text: str, left: float, base: float, size: float, colour: str) -> None:
        """One line from that point on."""
        runs = paragraphs.runs(text, face)
        typesetting.draw(self.canvas, runs, left, base, size, _colour(colour))

    def _paragraph(self, text: str, size: float, colour: str, bold: bool = False, right: bool = False) -> Flowable:
        chinese = bool(re.search(r"[\u2e80-\uffef]", text))
        style = ParagraphStyle(
            "words",
            fontName=BOLD if bold else REGULAR,
            fontSize=size,
            leading=size * layout.LEADING,
            textColor=_colour(colour),
            wordWrap="CJK" if chinese else None,
            splitLongWords=1,
            alignment=TA_RIGHT if right else 0,
        )
        return paragraphs.paragraph(text, style)

    def _words(
        self, box: Box, texts: tuple[str, ...], size: float, colour: str, bold: bool = False, right: bool = False
    ) -> float:
        """Paragraphs under each other; the points they took."""
        top = box.top
        for text in texts:
            paragraph = self._paragraph(text, size, colour, bold, right)
            _wide, tall = paragraph.wrapOn(self.canvas, box.width, HEIGHT)
            paragraph.drawOn(self.canvas, box.left, HEIGHT - top - tall)
            top += tall + size * layout.GAP
        return top - box.top - size * layout.GAP

    # -------------------------------------------------------------- tables and charts

    def _table(self, grid: Grid) -> None:
        cells = [
            [
                self._paragraph(
                    text,
                    grid.size,
                    LOOK.muted if at == 0 else LOOK.accent if at - 1 == grid.highlight else LOOK.ink,
                    bold=at == 0 or at - 1 == grid.highlight,
                    right=grid.right[number],
                )
                for number, text in enumerate(row)
            ]
            for at, row in enumerate((grid.header, *grid.rows))
        ]
        style: list[Any] = [
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _colour(LOOK.line)),
            ("LINEBELOW", (0, 0), (-1, 0), 0.6, _colour(LOOK.muted)),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ]
        table = Rows(cells, colWidths=list(grid.widths), style=style)
        _wide, tall = table.wrapOn(self.canvas, grid.box.width, HEIGHT)
        table.drawOn(self.canvas, grid.box.left, HEIGHT - grid.box.top - tall)

    def _chart(self, chart: Chart, box: Box) -> None:
        found = draw(chart, box.width, box.height, 9.5)
        picture = drawn.Drawing(box.width, box.height)
        for shape in found.shapes:
            if isinstance(shape, Rect):
                top = found.height - shape.top - shape.height
                picture.add(
                    drawn.Rect(
                        shape.left, top, shape.width, shape.height, fillColor=_colour(INKS[shape.ink]), strokeColor=None
                    )
                )
            elif isinstance(shape, Line):
                ends = shape.x1, found.height - shape.y1, shape.x2, found.height - shape.y2
                ink = _colour(INKS[shape.ink])
                picture.add(drawn.Line(*ends, strokeColor=ink, strokeWidth=shape.width, strokeOpacity=shape.opacity))
            elif isinstance(shape, Dot):
                ink = _colour(INKS[shape.ink])
                picture.add(
                    drawn.Circle(shape.x, found.height - shape.y, shape.radius, fillColor=ink, strokeColor=None)
                )
        renderPDF.draw(picture, self.canvas, box.left, HEIGHT - box.top - box.height)
        for shape in found.shapes:
            if isinstance(shape, Word):
                self._letters(shape, box.left, HEIGHT - box.top)

    def _letters(self, word: Word, left: float, top: float) -> None:
        """A word of a chart whose corner is there."""
        face = BOLD if word.bold else REGULAR
        wide = word.size * sum(run.width for run in paragraphs.runs(word.text, face))
        left += word.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[word.anchor] * wide
        self._set(face, word.text, left, top - word.y, word.size, INKS[word.ink])


def _unwritten(board: Board) -> list[Section]:
    """What the reader of the PDF misses, told in words; nothing where every letter has its face."""
    told = typesetting.unwritten(_texts(board))
    rest = _("The PowerPoint and HTML files of the same board hold the words themselves.")
    return [Section(_("What this PDF cannot write"), (told, rest))] if told else []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _texts(part)
    elif is_dataclass(value):
        for entry in fields(value):
            yield from _texts(getattr(value, entry.name))


def _colour(colour: str) -> Any:
    return colors.HexColor(colour)
