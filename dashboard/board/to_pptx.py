"""A board as a PowerPoint file: findings as titles, charts and tables that can be edited, a footnote on every slide."""

import io
import math
import re
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from pptx import Presentation
from pptx.enum.chart import (
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
)
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt

from dashboard import theme
from dashboard.board import layout, pptx_charts
from dashboard.board.content import Board, Chart, Section, Slide
from dashboard.board.layout import Box, Grid, Page, Paragraph, Text
from dashboard.board.pptx_charts import LOOK, rgb
from dashboard.i18n.translation import _

WIDTH, HEIGHT, MARGIN = 960, 540, 44
INNER = WIDTH - 2 * MARGIN
KICKER = Box(MARGIN, 20, INNER, 18)
TITLE = Box(MARGIN, 40, INNER, 66)
FOOT = Box(MARGIN, 488, INNER - 60, 36)
NUMBER = Box(WIDTH - MARGIN - 50, 488, 50, 14)
FRAME = layout.Frame(TITLE, (28, 26, 24, 22, 20, 18, 16, 14), bottom=476, gap=16)
FOOT_SIZES = (10, 9.5, 9, 8, 7)
APPENDIX_SIZE = 10.5
COLUMNS = 2
FACE, CODE_FACE = "Arial", "Courier New"
EAST_ASIAN = {"zh": ("Microsoft YaHei", "zh-CN")}
MAX_BARS, MAX_RANKS = 20, 16
MAX_PROPERTY = 255
PLAIN_TABLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
"""PowerPoint's table style without grid or bands."""


def as_pptx(board: Board) -> bytes:
    """The file. Slides are 16:9; what does not fit on one goes on on the next ones."""
    with board.spoken():
        deck = _deck(board)
        writer = _Writer(board, deck)
        writer.cover()
        for slide in board.slides:
            for page in FRAME.pages(slide):
                writer.finding(page)
        writer.back()
        target = io.BytesIO()
        deck.save(target)
        return target.getvalue()


def _deck(board: Board) -> Any:
    """An empty presentation: 16:9, our colours and faces in its theme, only the layout that is used."""
    deck = Presentation()
    wider = Pt(WIDTH) / deck.slide_width
    deck.slide_width, deck.slide_height = Pt(WIDTH), Pt(HEIGHT)
    for unused in [kept for kept in deck.slide_layouts if kept.name != "Title Only"]:
        deck.slide_layouts.remove(unused)
    for sheet in (deck.slide_master, *deck.slide_layouts):
        for shape in sheet.placeholders:
            shape.left, shape.width = int(shape.left * wider), int(shape.width * wider)
    _recolour(deck.slide_master.part)
    about = deck.core_properties
    about.title, about.subject = board.title[:MAX_PROPERTY], board.subtitle[:MAX_PROPERTY]
    about.author, about.language = "Lepton Atlas", board.language
    about.created = about.modified = datetime(board.made_at.year, board.made_at.month, board.made_at.day)
    return deck


def _recolour(master: Any) -> None:
    """Our tokens in place of the Office theme's, so that what a reader adds looks like the rest."""
    part = next(rel.target_part for rel in master.rels.values() if rel.reltype.endswith("/theme"))
    text = part.blob.decode()
    colours = {"dk1": LOOK.ink, "lt1": LOOK.paper, "dk2": LOOK.muted, "lt2": LOOK.surface, "accent1": LOOK.accent}
    colours |= {f"accent{n + 2}": theme.CATEGORIES[n] for n in range(5)} | {"hlink": LOOK.accent}
    for name, colour in colours.items():
        text = re.sub(rf"(<a:{name}>).*?(</a:{name}>)", rf'\1<a:srgbClr val="{colour[1:]}"/>\2', text)
    text = text.replace('<a:latin typeface="Calibri"/>', f'<a:latin typeface="{FACE}"/>')
    face = EAST_ASIAN["zh"][0]
    part._blob = text.replace('<a:ea typeface=""/>', f'<a:ea typeface="{face}"/>').encode()


class _Writer:
    """Puts pages on slides of a presentation, in the board's language."""

    def __init__(self, board: Board, deck: Any) -> None:
        self.board, self.deck = board, deck

    def finding(self, page: Page) -> None:
        title = layout.continued(page.slide.title) if page.continued else page.slide.title
        sheet = self._sheet(title, page.slide.footnote)
        if page.text is not None:
            self._box(sheet, page.text.box, [(text, page.text.size, LOOK.ink) for text in page.text.paragraphs])
        if page.chart is not None and page.slide.chart is not None:
            self._chart(sheet, page.slide, page.chart)
        if page.grid is not None:
            self._table(sheet, page.grid)

    def cover(self) -> None:
        sheet = self.deck.slides.add_slide(self.deck.slide_layouts[0])
        found = FRAME.cover(self.board)
        self._title(sheet, found.title)
        if found.subtitle.paragraphs[0]:
            self._box(
                sheet,
                found.subtitle.box,
                [(text, found.subtitle.size, LOOK.accent) for text in found.subtitle.paragraphs],
            )
        self._rule(sheet, found.rule)
        self._box(sheet, found.about.box, [(text, found.about.size, LOOK.muted) for text in found.about.paragraphs])

    def back(self) -> None:
        for title, sections in layout.back(self.board):
            self._sections(title, sections)

    def _sections(self, title: str, sections: tuple[Section, ...]) -> None:
        room, body = (INNER - layout.GUTTER) / COLUMNS, FRAME.body(title)
        columns = layout.appendix(sections, room, body.height, APPENDIX_SIZE)
        for start in range(0, len(columns), COLUMNS):
            sheet = self._sheet(layout.continued(title) if start else title, self.board.footnote)
            for at, column in enumerate(columns[start : start + COLUMNS]):
                place = Box(MARGIN + at * (room + layout.GUTTER), body.top, room, body.height)
                self._column(self._frame(sheet, place), column)

    def _column(self, frame: Any, column: list[Paragraph]) -> None:
        for position, block in enumerate(column):
            line = frame.paragraphs[0] if position == 0 else frame.add_paragraph()
            size = APPENDIX_SIZE + {"heading": 1, "text": 0, "code": -1}[block.kind]
            self._say(line, block.text, size, LOOK.ink, block.kind == "heading", block.kind == "code")
            line.space_before = Pt(0 if position == 0 else {"heading": 10, "text": 3, "code": 0}[block.kind])

    def _sheet(self, title: str, footnote: str) -> Any:
        sheet = self.deck.slides.add_slide(self.deck.slide_layouts[0])
        self._title(sheet, FRAME.heading(title))
        kicker = f"{self.board.title}  ·  {self.board.subtitle}" if self.board.subtitle else self.board.title
        self._box(sheet, KICKER, [(layout.shortened(kicker, 11, INNER, True), 11, LOOK.accent)], bold=True)
        self._rule(sheet, FOOT.top - 4)
        foot = layout.fitted((footnote,), FOOT, FOOT_SIZES)
        self._box(sheet, FOOT, [(text, foot.size, LOOK.muted) for text in foot.paragraphs])
        self._number(sheet)
        return sheet

    def _title(self, sheet: Any, found: Text) -> None:
        place = sheet.shapes.title
        _put(place, found.box)
        frame = place.text_frame
        _bare(frame)
        frame.vertical_anchor = MSO_ANCHOR.TOP
        frame.auto_size = MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE
        self._say(frame.paragraphs[0], found.paragraphs[0], found.size, LOOK.ink, bold=True)
        frame.paragraphs[0].alignment = PP_ALIGN.LEFT

    def _rule(self, sheet: Any, top: float) -> None:
        """A thin line over the whole width."""
        line = sheet.shapes.add_connector(1, Pt(MARGIN), Pt(top), Pt(WIDTH - MARGIN), Pt(top))
        line._element.remove(line._element.find(qn("p:style")))
        line.line.color.rgb, line.line.width = rgb(LOOK.line), Pt(0.75)

    def _number(self, sheet: Any) -> None:
        paragraph = self._frame(sheet, NUMBER).paragraphs[0]
        paragraph.alignment = PP_ALIGN.RIGHT
        number = len(self.deck.slides)
        field = parse_xml(
            f'<a:fld {nsdecls("a")} id="{{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}}" type="slidenum">'
            f'<a:rPr lang="en-US" sz="1000"><a:solidFill><a:srgbClr val="{LOOK.muted[1:]}"/></a:solidFill></a:rPr>'
            f"<a:t>{number}</a:t></a:fld>"
        )
        paragraph._p.append(field)

    # -------------------------------------------------------------- words

    def _frame(self, sheet: Any, box: Box) -> Any:
        shape = sheet.shapes.add_textbox(Pt(box.left), Pt(box.top), Pt(box.width), Pt(box.height))
        _bare(shape.text_frame)
        return shape.text_frame

    def _box(self, sheet: Any, box: Box, lines: list[tuple[str, float, str]], bold: bool = False) -> None:
        frame = self._frame(sheet, box)
        for position, (text, size, colour) in enumerate(lines):
            paragraph = frame.paragraphs[0] if position == 0 else frame.add_paragraph()
            self._say(paragraph, text, size, colour, bold)
            if position:
                paragraph.space_before = Pt(size * layout.GAP)

    def _say(self, paragraph: Any, text: str, size: float, colour: str, bold: bool = False, code: bool = False) -> None:
        run = paragraph.add_run()
        run.text = text
        run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, rgb(colour)
        run.font.name = CODE_FACE if code else FACE
        self._east(run._r.get_or_add_rPr())

    def _east(self, properties: Any) -> None:
        """The face and language of East Asian characters, where a board is in such a language."""
        if self.board.language not in EAST_ASIAN:
            properties.set("lang", "en-US")
            return
        face, code = EAST_ASIAN[self.board.language]
        properties.set("lang", code)
        properties.set("altLang", "en-US")
        latin = properties.find(qn("a:latin"))
        east = parse_xml(f'<a:ea {nsdecls("a")} typeface="{face}"/>')
        if latin is not None:
            latin.addnext(east)
        else:
            properties.append(east)

    # -------------------------------------------------------------- tables

    def _table(self, sheet: Any, grid: Grid) -> None:
        place = (Pt(grid.box.left), Pt(grid.box.top), Pt(grid.box.width), Pt(grid.box.height))
        shape = sheet.shapes.add_table(len(grid.rows) + 1, len(grid.header), *place)
        table = shape.table
        table._tbl.tblPr.find(qn("a:tableStyleId")).text = PLAIN_TABLE
        table.horz_banding = False
        for column, room in zip(table.columns, grid.widths, strict=True):
            column.width = Pt(room)
        for at, (row, cells) in enumerate(zip(table.rows, (grid.header, *grid.rows), strict=True)):
            row.height = Pt(grid.heights[at])
            chosen = grid.highlight is not None and at == grid.highlight + 1
            for number, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
                cell.margin_left, cell.margin_right = Pt(0 if number == 0 else 2), Pt(2)
                cell.margin_top = cell.margin_bottom = Pt(1.5)
                cell.vertical_anchor = MSO_ANCHOR.MIDDLE
                paragraph = cell.text_frame.paragraphs[0]
                paragraph.alignment = PP_ALIGN.RIGHT if grid.right[number] else PP_ALIGN.LEFT
                colour = LOOK.muted if at == 0 else LOOK.accent if chosen else LOOK.ink
                self._say(paragraph, text, grid.size, colour, bold=at == 0 or chosen)
                cell._tc.get_or_add_tcPr().append(_rule(LOOK.muted if at == 0 else LOOK.line))

    # -------------------------------------------------------------- charts

    def _chart(self, sheet: Any, slide: Slide, box: Box) -> None:
        drawn, left = slide.chart.first(MAX_RANKS if slide.chart.kind in ("ranks", "ranges") else MAX_BARS)
        kind, data = pptx_charts.numbers(drawn)
        frame = sheet.shapes.add_chart(kind, Pt(box.left), Pt(box.top), Pt(box.width), Pt(box.height), data)
        frame._element.nvGraphicFramePr.cNvPr.set("descr", drawn.title)
        chart = frame.chart
        chart.font.size, chart.font.color.rgb, chart.font.name = Pt(10.5), rgb(LOOK.ink), FACE
        self._east(chart._chartSpace.txPr.p_lst[0].pPr.defRPr)
        chart.has_title = True
        heading = drawn.unit + (f" ({_('and {count} more').format(count=left)})" if left else "")
        paragraph = chart.chart_title.text_frame.paragraphs[0]
        self._say(paragraph, heading, 10.5, LOOK.muted)
        chart.chart_title.include_in_layout = False
        chart.has_legend = len(drawn.series) > 1
        if chart.has_legend:
            chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        pptx_charts.dress(chart, drawn)
        if drawn.kind == "scatter":
            self._labels(chart, drawn)

    def _labels(self, chart: Any, drawn: Chart) -> None:
        """The names of the points: all where they are few, else the one in question."""
        if len(drawn.series) != 1 or len(drawn.categories) != len(drawn.series[0].values):
            return
        points = [
            (name, *xy) for name, *xy in zip(drawn.categories, drawn.series[0].x, drawn.series[0].values, strict=True)
        ]
        known = [at for at, (_name, x, y) in enumerate(points) if math.isfinite(x) and math.isfinite(y)]
        for position, at in enumerate(known):
            if len(points) <= MAX_RANKS or at == drawn.highlight:
                label = chart.plots[0].series[0].points[position].data_label
                label.position = XL_LABEL_POSITION.RIGHT
                chosen = at == drawn.highlight
                colour = LOOK.accent if chosen else LOOK.ink
                self._say(label.text_frame.paragraphs[0], points[at][0], 10, colour, bold=chosen)
                if chosen:
                    fill = chart.plots[0].series[0].points[position].marker.format.fill
                    fill.solid()
                    fill.fore_color.rgb = rgb(LOOK.accent)


def _rule(colour: str) -> Any:
    """A thin line under a cell."""
    return parse_xml(
        f'<a:lnB {nsdecls("a")} w="6350"><a:solidFill><a:srgbClr val="{escape(colour[1:])}"/></a:solidFill></a:lnB>'
    )


def _bare(frame: Any) -> None:
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.word_wrap = True


def _put(shape: Any, box: Box) -> None:
    shape.left, shape.top, shape.width, shape.height = Pt(box.left), Pt(box.top), Pt(box.width), Pt(box.height)
