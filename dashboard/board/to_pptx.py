"""A board as a PowerPoint file: findings as titles, charts and tables that can be edited, a footnote on every slide."""

import io
import math
import re
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from pptx import Presentation
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_AXIS_CROSSES,
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt

from dashboard import theme
from dashboard.board import layout
from dashboard.board.content import Board, Chart, Section, Series, Slide, ticks
from dashboard.board.layout import Box, Grid, Page, Paragraph, Text
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
LOOK = theme.LIGHT
DOWN, UP = theme.CATEGORIES[1], theme.CATEGORIES[0]
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
        line.line.color.rgb, line.line.width = _rgb(LOOK.line), Pt(0.75)

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
        run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, _rgb(colour)
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
        kind, data = _data(drawn)
        frame = sheet.shapes.add_chart(kind, Pt(box.left), Pt(box.top), Pt(box.width), Pt(box.height), data)
        frame._element.nvGraphicFramePr.cNvPr.set("descr", drawn.title)
        chart = frame.chart
        chart.font.size, chart.font.color.rgb, chart.font.name = Pt(10.5), _rgb(LOOK.ink), FACE
        self._east(chart._chartSpace.txPr.p_lst[0].pPr.defRPr)
        chart.has_title = True
        heading = drawn.unit + (f" ({_('and {count} more').format(count=left)})" if left else "")
        paragraph = chart.chart_title.text_frame.paragraphs[0]
        self._say(paragraph, heading, 10.5, LOOK.muted)
        chart.chart_title.include_in_layout = False
        chart.has_legend = len(drawn.series) > 1
        if chart.has_legend:
            chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        {
            "bars": _bars,
            "columns": _columns,
            "stacked": _columns,
            "ranks": _ranks,
            "ranges": _ranks,
            "tornado": _tornado,
        }.get(drawn.kind, _points)(chart, drawn)
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
                    fill.fore_color.rgb = _rgb(LOOK.accent)


def _data(chart: Chart) -> tuple[Any, Any]:
    """The kind of native chart and the numbers of its workbook."""
    form = "0" + ("." + "0" * chart.decimals if chart.decimals else "")
    if chart.kind in ("line", "scatter"):
        data: Any = XyChartData(number_format=form)
        for series in chart.series:
            line = data.add_series(_cell(series.name))
            for x, y in zip(series.x, series.values, strict=True):
                if math.isfinite(x) and math.isfinite(y):
                    line.add_data_point(x, y)
        lines = XL_CHART_TYPE.XY_SCATTER_LINES if chart.kind == "line" else XL_CHART_TYPE.XY_SCATTER
        return lines, data
    data = CategoryChartData(number_format=form)
    data.categories = [_cell(name) for name in chart.categories]
    for series in chart.series:
        data.add_series(_cell(series.name), [value if math.isfinite(value) else None for value in series.values])
    kinds = {
        "bars": XL_CHART_TYPE.BAR_CLUSTERED,
        "tornado": XL_CHART_TYPE.BAR_CLUSTERED,
        "columns": XL_CHART_TYPE.COLUMN_CLUSTERED,
        "stacked": XL_CHART_TYPE.COLUMN_STACKED,
        "ranks": XL_CHART_TYPE.LINE_MARKERS,
        "ranges": XL_CHART_TYPE.LINE_MARKERS,
    }
    return kinds[chart.kind], data


def _cell(text: str) -> str:
    """A text for the workbook, in which it is never taken for a formula or a link."""
    return " " + text if re.match(r"[={]|(https?|ftp|file|mailto|internal|external):", text, re.IGNORECASE) else text


def _bars(chart: Any, drawn: Chart) -> None:
    """Horizontal bars from the top; whiskers where there are intervals, and the numbers inside."""
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = (40 if len(drawn.series) == 1 else 50), -5
    _from_the_top(chart)
    plot.vary_by_categories = False
    ends = [v for s in drawn.series for part in (s.values, s.low, s.high) for v in part if math.isfinite(v)] + [0.0]
    reach = (max(ends) - min(ends)) or 1.0  # the numbers at the ends of the bars need room too
    chart.value_axis.minimum_scale = min(ends) - (0.2 * reach if min(ends) < 0 else 0)
    chart.value_axis.maximum_scale = max(ends) + 0.1 * reach
    colours = _colours(drawn)
    for series, given, colour in zip(plot.series, drawn.series, colours, strict=True):
        _filled(series, colour)
        whiskers = any(_known(given.low, given.high))
        if whiskers and len(drawn.series) > 1:  # no room for numbers between whiskers
            _intervals(series, given)
            continue
        _numbers(series, drawn, XL_LABEL_POSITION.INSIDE_BASE if whiskers else XL_LABEL_POSITION.OUTSIDE_END,
                 LOOK.paper if whiskers and colour == LOOK.accent else LOOK.ink)  # fmt: skip
        if whiskers:
            _intervals(series, given)
        if len(drawn.series) == 1 and drawn.highlight is not None:
            point = series.points[drawn.highlight]
            point.format.fill.solid()
            point.format.fill.fore_color.rgb = _rgb(LOOK.accent)
            if whiskers:
                font = point.data_label.font
                font.color.rgb, font.bold, font.size = _rgb(LOOK.paper), True, Pt(10)
                point.data_label.position = XL_LABEL_POSITION.INSIDE_BASE


def _columns(chart: Any, drawn: Chart) -> None:
    plot = chart.plots[0]
    plot.gap_width = 60
    plot.vary_by_categories = False
    if drawn.kind == "stacked":
        plot.overlap = 100
    colours = _colours(drawn) if drawn.kind == "columns" and len(drawn.series) <= 2 else theme.CATEGORIES
    for number, (series, given) in enumerate(zip(plot.series, drawn.series, strict=True)):
        _filled(series, colours[number % len(colours)])
        if any(_known(given.low, given.high)):
            _intervals(series, given)
    _axes(chart, drawn)


def _ranks(chart: Any, drawn: Chart) -> None:
    """A point a category, or before (grey) and after over each other, joined by a line; the best rank on top."""
    plot = chart.plots[0]
    for series, colour in zip(plot.series, _colours(drawn), strict=True):
        series.smooth = False
        series.format.line.fill.background()
        series.marker.style, series.marker.size = XL_MARKER_STYLE.CIRCLE, 9
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = _rgb(colour)
        series.marker.format.line.color.rgb = _rgb(colour)
    after = drawn.series[-1]
    if any(_known(after.low, after.high)):
        _intervals(plot.series[-1], after, _colours(drawn)[-1], 5.0, opacity=25, direction=True)
    if len(drawn.series) == 1:
        _marked(plot.series[0], drawn)
    else:
        joined = parse_xml(
            f'<c:hiLowLines {nsdecls("c", "a")}><c:spPr><a:ln w="15875"><a:solidFill><a:srgbClr '
            f'val="{LOOK.muted[1:]}"/></a:solidFill></a:ln></c:spPr></c:hiLowLines>'
        )
        plot._element.find(qn("c:marker")).addprevious(joined)
    _axes(chart, drawn)
    values = chart.value_axis
    seen = [v for s in drawn.series for part in (s.values, s.low, s.high) for v in part if math.isfinite(v)]
    marks = ticks(min(seen), max(seen))
    values.minimum_scale, values.maximum_scale, values.major_unit = marks[0], marks[-1], marks[1] - marks[0]
    if drawn.kind == "ranks":
        values.reverse_order = True
        values.crosses = XL_AXIS_CROSSES.MAXIMUM
        values.tick_labels.number_format = "0;;"  # there is no rank 0
        chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.NEXT_TO_AXIS
    if len(drawn.categories) > 5:
        chart.category_axis.tick_labels.font.size = Pt(10)
        chart.category_axis._element.find(qn("c:txPr")).find(qn("a:bodyPr")).set("rot", "-2700000")


def _marked(series: Any, drawn: Chart) -> None:
    """The numbers beside the points; the one in question in the accent."""
    _numbers(series, drawn, XL_LABEL_POSITION.RIGHT, LOOK.ink)
    if drawn.highlight is None:
        return
    point = series.points[drawn.highlight]
    for fill in (point.marker.format.fill, point.marker.format.line.fill):
        fill.solid()
        fill.fore_color.rgb = _rgb(LOOK.accent)
    point.marker.style, point.marker.size = XL_MARKER_STYLE.CIRCLE, 13
    font = point.data_label.font
    font.color.rgb, font.bold, font.size = _rgb(LOOK.accent), True, Pt(12)
    point.data_label.position = XL_LABEL_POSITION.RIGHT


def _tornado(chart: Any, drawn: Chart) -> None:
    """Bars to both sides of the middle, which is where the axis of the names stands."""
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 45, 100
    plot.vary_by_categories = False
    for series, colour in zip(plot.series, (DOWN, UP), strict=True):
        _filled(series, colour)
        _numbers(series, drawn, XL_LABEL_POSITION.OUTSIDE_END, LOOK.ink)
    _from_the_top(chart)
    chart.value_axis.crosses_at = drawn.middle
    chart.category_axis.format.line.color.rgb = _rgb(LOOK.muted)
    seen = [v for s in drawn.series for v in s.values if math.isfinite(v)] + [drawn.middle]
    spare = (max(seen) - min(seen) or 1.0) * 0.18
    chart.value_axis.minimum_scale, chart.value_axis.maximum_scale = min(seen) - spare, max(seen) + spare


def _points(chart: Any, drawn: Chart) -> None:
    """A line or a scatter: both axes with their units."""
    colours = _colours(drawn) if len(drawn.series) <= 2 else theme.CATEGORIES
    for number, series in enumerate(chart.plots[0].series):
        colour = colours[number % len(colours)]
        series.marker.style, series.marker.size = XL_MARKER_STYLE.CIRCLE, 7 if drawn.kind == "scatter" else 5
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = _rgb(colour)
        series.marker.format.line.color.rgb = _rgb(LOOK.paper)
        if drawn.kind == "scatter":
            series.format.line.fill.background()
        else:
            series.format.line.color.rgb, series.format.line.width = _rgb(colour), Pt(2)
            series.smooth = False
    _axes(chart, drawn)
    across = chart.category_axis
    for axis, seen in (
        (chart.value_axis, [v for s in drawn.series for v in s.values if math.isfinite(v)]),
        (across, [v for s in drawn.series for v in s.x if math.isfinite(v)]),
    ):
        marks = ticks(min(seen, default=0.0), max(seen, default=1.0))
        axis.minimum_scale, axis.maximum_scale, axis.major_unit = marks[0], marks[-1], marks[1] - marks[0]
    across.has_title = True
    across.axis_title.text_frame.text = drawn.x_unit
    run = across.axis_title.text_frame.paragraphs[0].runs[0] if drawn.x_unit else None
    if run is not None:
        run.font.size, run.font.bold, run.font.color.rgb = Pt(10.5), False, _rgb(LOOK.muted)
    across.tick_labels.number_format = "0" + ("." + "0" * drawn.x_decimals if drawn.x_decimals else "")
    across.tick_labels.number_format_is_linked = False


def _colours(drawn: Chart) -> tuple[str, ...]:
    """The last series is what it is about, in the accent; what it is compared with is grey."""
    if len(drawn.series) > 2:
        return tuple(theme.CATEGORIES[number % len(theme.CATEGORIES)] for number in range(len(drawn.series)))
    if len(drawn.series) == 2:
        return (LOOK.grey, LOOK.accent)
    return (LOOK.accent if drawn.highlight is None else LOOK.grey,)


def _axes(chart: Any, drawn: Chart) -> None:
    """Light grid lines, muted numbers."""
    values = chart.value_axis
    values.has_major_gridlines = True
    values.major_gridlines.format.line.color.rgb = _rgb(LOOK.line)
    values.format.line.fill.background()
    values.major_tick_mark = XL_TICK_MARK.NONE
    values.tick_labels.font.color.rgb, values.tick_labels.font.size = _rgb(LOOK.muted), Pt(10)
    values.tick_labels.number_format = "General"
    values.tick_labels.number_format_is_linked = False
    across = chart.category_axis
    across.has_major_gridlines = False
    across.major_tick_mark = XL_TICK_MARK.NONE
    across.format.line.color.rgb = _rgb(LOOK.grey)
    across.tick_label_position = XL_TICK_LABEL_POSITION.LOW


def _from_the_top(chart: Any) -> None:
    """The first category on top, its names at the left; no axis of values, as the numbers stand at the bars."""
    names = chart.category_axis
    names.reverse_order = True
    names.major_tick_mark = XL_TICK_MARK.NONE
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    names.format.line.color.rgb = _rgb(LOOK.grey)
    chart.value_axis.has_major_gridlines = False
    chart.value_axis.visible = False


def _filled(series: Any, colour: str) -> None:
    series.invert_if_negative = False
    series.format.fill.solid()
    series.format.fill.fore_color.rgb = _rgb(colour)


def _numbers(series: Any, drawn: Chart, position: Any, colour: str) -> None:
    labels = series.data_labels
    labels.show_value, labels.position = True, position
    labels.number_format = "#,##0" + ("." + "0" * drawn.decimals if drawn.decimals else "")
    labels.number_format_is_linked = False
    labels.font.size, labels.font.color.rgb = Pt(10), _rgb(colour)


def _known(low: tuple[float, ...], high: tuple[float, ...]) -> list[bool]:
    return [math.isfinite(one) and math.isfinite(other) for one, other in zip(low, high, strict=True)]


def _intervals(
    series: Any,
    given: Series,
    colour: str = LOOK.ink,
    points: float = 1.25,
    opacity: int = 100,
    direction: bool = False,
) -> None:
    """Whiskers from low to high as native error bars. direction: written for lines only, Excel's own way."""

    def amounts(ends: tuple[float, ...], sign: int) -> str:
        rows = "".join(
            f'<c:pt idx="{at}"><c:v>{max(sign * (end - value), 0.0)!r}</c:v></c:pt>'
            for at, (end, value) in enumerate(zip(ends, given.values, strict=True))
            if math.isfinite(end) and math.isfinite(value)
        )
        return f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(ends)}"/>{rows}</c:numLit>'

    ends = f"<c:plus>{amounts(given.high, 1)}</c:plus><c:minus>{amounts(given.low, -1)}</c:minus>"
    alpha = f'<a:alpha val="{opacity * 1000}"/>' if opacity < 100 else ""
    whiskers = parse_xml(
        f"<c:errBars {nsdecls('c', 'a')}>{'<c:errDir val=' + chr(34) + 'y' + chr(34) + '/>' if direction else ''}"
        f'<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="1"/>{ends}'
        f'<c:spPr><a:ln w="{int(points * 12700)}" cap="flat"><a:solidFill><a:srgbClr val="{colour[1:]}">{alpha}'
        "</a:srgbClr></a:solidFill></a:ln></c:spPr></c:errBars>"
    )
    series._element.find(qn("c:cat")).addprevious(whiskers)


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


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour[1:])
