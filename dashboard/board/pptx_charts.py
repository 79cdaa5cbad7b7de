"""The charts of a PowerPoint file: native ones, which a reader can edit, with our colours and whiskers."""

import math
import re
from typing import Any

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_AXIS_CROSSES,
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt

from dashboard import theme
from dashboard.board.content import Chart, Series, ticks

LOOK = theme.LIGHT
DOWN, UP = theme.CATEGORIES[1], theme.CATEGORIES[0]


def rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour[1:])


def dress(chart: Any, drawn: Chart) -> None:
    """Draw a native chart as its kind asks for."""
    {
        "bars": _bars,
        "columns": _columns,
        "stacked": _columns,
        "ranks": _ranks,
        "ranges": _ranks,
        "tornado": _tornado,
    }.get(drawn.kind, _points)(chart, drawn)


def numbers(chart: Chart) -> tuple[Any, Any]:
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
            point.format.fill.fore_color.rgb = rgb(LOOK.accent)
            if whiskers:
                font = point.data_label.font
                font.color.rgb, font.bold, font.size = rgb(LOOK.paper), True, Pt(10)
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
        series.marker.format.fill.fore_color.rgb = rgb(colour)
        series.marker.format.line.color.rgb = rgb(colour)
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
        fill.fore_color.rgb = rgb(LOOK.accent)
    point.marker.style, point.marker.size = XL_MARKER_STYLE.CIRCLE, 13
    font = point.data_label.font
    font.color.rgb, font.bold, font.size = rgb(LOOK.accent), True, Pt(12)
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
    chart.category_axis.format.line.color.rgb = rgb(LOOK.muted)
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
        series.marker.format.fill.fore_color.rgb = rgb(colour)
        series.marker.format.line.color.rgb = rgb(LOOK.paper)
        if drawn.kind == "scatter":
            series.format.line.fill.background()
        else:
            series.format.line.color.rgb, series.format.line.width = rgb(colour), Pt(2)
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
        run.font.size, run.font.bold, run.font.color.rgb = Pt(10.5), False, rgb(LOOK.muted)
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
    values.major_gridlines.format.line.color.rgb = rgb(LOOK.line)
    values.format.line.fill.background()
    values.major_tick_mark = XL_TICK_MARK.NONE
    values.tick_labels.font.color.rgb, values.tick_labels.font.size = rgb(LOOK.muted), Pt(10)
    values.tick_labels.number_format = "General"
    values.tick_labels.number_format_is_linked = False
    across = chart.category_axis
    across.has_major_gridlines = False
    across.major_tick_mark = XL_TICK_MARK.NONE
    across.format.line.color.rgb = rgb(LOOK.grey)
    across.tick_label_position = XL_TICK_LABEL_POSITION.LOW


def _from_the_top(chart: Any) -> None:
    """The first category on top, its names at the left; no axis of values, as the numbers stand at the bars."""
    names = chart.category_axis
    names.reverse_order = True
    names.major_tick_mark = XL_TICK_MARK.NONE
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    names.format.line.color.rgb = rgb(LOOK.grey)
    chart.value_axis.has_major_gridlines = False
    chart.value_axis.visible = False


def _filled(series: Any, colour: str) -> None:
    series.invert_if_negative = False
    series.format.fill.solid()
    series.format.fill.fore_color.rgb = rgb(colour)


def _numbers(series: Any, drawn: Chart, position: Any, colour: str) -> None:
    labels = series.data_labels
    labels.show_value, labels.position = True, position
    labels.number_format = "#,##0" + ("." + "0" * drawn.decimals if drawn.decimals else "")
    labels.number_format_is_linked = False
    labels.font.size, labels.font.color.rgb = Pt(10), rgb(colour)


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
