"""A board's charts as rectangles, lines, dots and words: drawn once, for screens (SVG) and for paper (PDF)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dashboard.board.content import Chart, Series, decimals_of, ticks, written
from dashboard.board.layout import shortened, width, wrapped
from dashboard.i18n.translation import _

MAX_DRAWN = {"bars": 24, "ranks": 20, "ranges": 20, "tornado": 20, "columns": 24, "stacked": 24}
"""Categories that can be told apart."""
NAMED_POINTS = 16
LABEL_SHARE = 0.38
"""Of the width, for the names at the left."""


@dataclass(frozen=True)
class Rect:
    """A filled rectangle. ink: a role, see `Drawing`."""

    left: float
    top: float
    width: float
    height: float
    ink: str


@dataclass(frozen=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    ink: str
    width: float = 1.0
    opacity: float = 1.0


@dataclass(frozen=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    radius: float
    ink: str


@dataclass(frozen=True)
class Word:
    """A line of text on its base line. anchor: start, middle or end."""

    x: float
    y: float
    text: str
    size: float
    ink: str
    anchor: str = "start"
    bold: bool = False


Shape = Rect | Line | Dot | Word


@dataclass(frozen=True)
class Drawing:
    """Shapes from the top left, in points. Inks are roles that a writer gives a colour.

    ink, muted, line, paper, accent, grey; down and up (the two sides of a tornado); c0, c1, ... (categories).
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]


def draw(chart: Chart, wide: float, tall: float, size: float = 11) -> Drawing:
    """The chart in that much room; what does not fit is counted beside the unit."""
    shown, left = chart.first(MAX_DRAWN.get(chart.kind, 0)) if chart.kind in MAX_DRAWN else (chart, 0)
    heading = chart.unit + (f" ({_('and {count} more').format(count=left)})" if left else "")
    shapes: list[Shape] = [
        Word(0, size * (1 + 1.25 * number), line, size, "muted")
        for number, line in enumerate(wrapped(heading, size, wide)[:2])
    ]
    top = size * (0.6 + 1.25 * len(shapes))
    inks = _inks(shown)
    if len(shown.series) > 1:
        shapes += _legend(shown, inks, top + size, wide, size)
        top += size * 1.6
    plot = {
        "ranks": _ranks,
        "ranges": _ranks,
        "tornado": _tornado,
        "bars": _bars,
        "columns": _columns,
        "stacked": _columns,
    }
    shapes += plot.get(shown.kind, _points)(shown, inks, top + 4, wide, tall, size)
    return Drawing(wide, tall, tuple(shapes))


def height_for(chart: Chart, size: float = 11) -> float:
    """Points a chart wants on a page that scrolls."""
    if chart.kind in ("bars", "ranks", "ranges", "tornado"):
        rows = min(len(chart.categories), MAX_DRAWN[chart.kind])
        return 60 + rows * max(size * 2.1, size * 1.5 * (len(chart.series) if chart.kind == "bars" else 1))
    return 320


def _inks(chart: Chart) -> tuple[str, ...]:
    if chart.kind == "tornado":
        return ("down", "up")
    if chart.kind == "stacked" or len(chart.series) > 2:
        return tuple(f"c{number % 8}" for number in range(len(chart.series)))
    if len(chart.series) == 2:
        return ("grey", "accent")
    return ("accent" if chart.highlight is None else "grey",)


def _legend(chart: Chart, inks: Sequence[str], base: float, wide: float, size: float) -> list[Shape]:
    shapes: list[Shape] = []
    at, room = 0.0, wide / len(chart.series) - size * 2
    for series, ink in zip(chart.series, inks, strict=True):
        text = shortened(series.name, size, max(room, size * 3))
        shapes += [
            Rect(at, base - size * 0.75, size * 0.8, size * 0.8, ink),
            Word(at + size * 1.2, base, text, size, "ink"),
        ]
        at += size * 2.4 + width(text, size)
    return shapes


class _Scale:
    """From values to points along an axis."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high if high > low else low + 1, start, end

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def _seen(series: Sequence[Series], intervals: bool = True) -> list[float]:
    parts = [part for s in series for part in ((s.values, s.low, s.high) if intervals else (s.values,))]
    return [value for part in parts for value in part if math.isfinite(value)] or [0.0]


def _names(chart: Chart, top: float, step: float, wide: float, size: float) -> tuple[float, list[Shape]]:
    """The names at the left, one a row: the room they take, and their shapes; the one in question stands out."""
    room = min(max(width(name, size, True) for name in chart.categories) + 1, wide * LABEL_SHARE)
    shapes: list[Shape] = []
    for number, name in enumerate(chart.categories):
        chosen = number == chart.highlight
        base = top + step * (number + 0.5)
        lines = wrapped(name, size, room, chosen)
        most = max(int(step / (size * 1.15)), 1)
        if len(lines) > most:
            lines = [*lines[: most - 1], shortened(" ".join(lines[most - 1 :]), size, room, chosen)]
        for row, line in enumerate(lines):
            y = base + size * (0.36 + 1.15 * (row - (len(lines) - 1) / 2))
            shapes.append(Word(room, y, line, size, "accent" if chosen else "ink", "end", chosen))
    return room + 8, shapes


def _bars(chart: Chart, inks: Sequence[str], top: float, wide: float, tall: float, size: float) -> list[Shape]:
    step = (tall - top) / len(chart.categories)
    left, shapes = _names(chart, top, step, wide, size)
    seen = [*_seen(chart.series), 0.0]
    room = max(width(chart.shown(value), size) for value in seen) + 8
    scale = _Scale(min(seen), max(seen), left + (room if min(seen) < 0 else 0), wide - room)
    count = len(chart.series)
    thick = min(step * 0.72 / count, 26.0)
    for position, (series, ink) in enumerate(zip(chart.series, inks, strict=True)):
        for number, value in enumerate(series.values):
            if not math.isfinite(value):
                continue
            middle = top + step * (number + 0.5) + thick * (position - (count - 1) / 2)
            one, other = sorted((scale(0.0), scale(value)))
            chosen = count == 1 and number == chart.highlight
            shapes.append(
                Rect(one, middle - thick * 0.45, max(other - one, 0.5), thick * 0.9, "accent" if chosen else ink)
            )
            ends = _ends(series, number)
            if ends:
                shapes += _whisker(scale(ends[0]), middle, scale(ends[1]), middle)
            small = min(size, thick * 1.05)
            if value < 0:
                edge = scale(min([value, *ends])) - 4
                shapes.append(Word(edge, middle + small * 0.36, chart.shown(value), small, "ink", "end"))
            else:
                edge = scale(max([value, *ends])) + 4
                shapes.append(Word(edge, middle + small * 0.36, chart.shown(value), small, "ink", bold=chosen))
    shapes.append(Line(scale(0.0), top, scale(0.0), tall, "grey"))
    return shapes


def _whisker(x1: float, y1: float, x2: float, y2: float) -> list[Shape]:
    """A line that is seen on a bar as well as beside it."""
    return [Line(x1, y1, x2, y2, "paper", 3.2), Line(x1, y1, x2, y2, "ink", 1.4)]


def _ends(series: Series, number: int) -> tuple[float, ...]:
    """The interval of a value; empty where there is none."""
    if not series.low or not series.high:
        return ()
    ends = series.low[number], series.high[number]
    return ends if all(math.isfinite(end) for end in ends) else ()


def _ranks(chart: Chart, inks: Sequence[str], top: float, wide: float, tall: float, size: float) -> list[Shape]:
    top += size * 1.4
    step = (tall - top) / len(chart.categories)
    left, shapes = _names(chart, top, step, wide, size)
    before, after = chart.series[0], chart.series[-1]
    told = [f"{chart.shown(b)} → {chart.shown(a)}" for b, a in zip(before.values, after.values, strict=True)]
    if len(chart.series) == 1:
        told = [_ranged(chart, after, number) for number in range(len(chart.categories))]
    room = max(width(text, size) for text in told) + 12
    marks = ticks(min(_seen(chart.series)), max(_seen(chart.series)))
    scale = _Scale(marks[0], marks[-1], left + 6, wide - room - 6)
    for mark in marks:
        if mark >= 1 or chart.kind == "ranges":  # there is no rank 0
            here, places = scale(mark), decimals_of(marks)
            shapes.append(Line(here, top, here, tall, "grey" if mark == 0 else "line"))
            shapes.append(Word(here, top - size * 0.4, written(mark, places), size * 0.9, "muted", "middle"))
    for number, (one, other, text) in enumerate(zip(before.values, after.values, told, strict=True)):
        middle = top + step * (number + 0.5)
        ends, chosen = _ends(after, number), number == chart.highlight
        ink = "accent" if chosen else inks[-1]
        if ends:
            shapes.append(Line(scale(ends[0]), middle, scale(ends[1]), middle, ink, size * 0.55, 0.25))
        if math.isfinite(one) and math.isfinite(other):
            shapes.append(Line(scale(one), middle, scale(other), middle, "muted", 1.4))
        for value, colour in ((one, inks[0]), (other, ink)):
            if math.isfinite(value):
                shapes.append(Dot(scale(value), middle, size * 0.4, colour))
        shapes.append(Word(wide, middle + size * 0.36, text, size, "accent" if chosen else "ink", "end", chosen))
    return shapes


def _ranged(chart: Chart, series: Series, number: int) -> str:
    """A value with its interval: 3 (1–9); where it may be negative: 3 (-1 to 9)."""
    ends, told = _ends(series, number), chart.shown(series.values[number])
    if not ends:
        return told
    template = "{value} ({low}–{high})" if chart.kind == "ranks" else _("{value} ({low} to {high})")
    return template.format(value=told, low=chart.shown(ends[0]), high=chart.shown(ends[1]))


def _tornado(chart: Chart, inks: Sequence[str], top: float, wide: float, tall: float, size: float) -> list[Shape]:
    step = (tall - top) / len(chart.categories)
    left, shapes = _names(chart, top, step, wide, size)
    seen = [*_seen(chart.series), chart.middle]
    room = max(width(chart.shown(value), size) for value in seen) + 6
    scale = _Scale(min(seen), max(seen), left + room, wide - room)
    thick = min(step * 0.66, 26.0)
    for series, ink in zip(chart.series, inks, strict=True):
        for number, value in enumerate(series.values):
            if not math.isfinite(value):
                continue
            middle = top + step * (number + 0.5)
            one, other = sorted((scale(chart.middle), scale(value)))
            shapes.append(Rect(one, middle - thick / 2, max(other - one, 0.5), thick, ink))
            less = value < chart.middle
            edge = scale(value) + (-4 if less else 4)
            shapes.append(Word(edge, middle + size * 0.36, chart.shown(value), size, "ink", "end" if less else "start"))
    shapes.append(Line(scale(chart.middle), top, scale(chart.middle), tall, "muted", 1.2))
    return shapes


def _values_axis(
    marks: Sequence[float], left: float, top: float, wide: float, floor: float, size: float
) -> list[Shape]:
    """Grid lines with their numbers at the left."""
    scale, places = _Scale(marks[0], marks[-1], floor, top), decimals_of(marks)
    shapes: list[Shape] = []
    for mark in marks:
        shapes.append(Line(left, scale(mark), wide, scale(mark), "grey" if mark == 0 else "line"))
        shapes.append(Word(left - 6, scale(mark) + size * 0.33, written(mark, places), size * 0.9, "muted", "end"))
    return shapes


def _columns(chart: Chart, inks: Sequence[str], top: float, wide: float, tall: float, size: float) -> list[Shape]:
    stacked = chart.kind == "stacked"
    sums = [0.0]
    if stacked:
        columns = list(zip(*(series.values for series in chart.series), strict=True))
        sums += [sum(v for v in column if math.isfinite(v) and v > 0) for column in columns]
        sums += [sum(v for v in column if math.isfinite(v) and v < 0) for column in columns]
    seen = sums if stacked else [*sums, *_seen(chart.series)]
    marks = ticks(min(seen), max(seen))
    floor, top = tall - size * 2.8, top + size * 0.5
    left = max(width(written(mark, decimals_of(marks)), size * 0.9) for mark in marks) + 10
    shapes = _values_axis(marks, left, top, wide, floor, size)
    scale = _Scale(marks[0], marks[-1], floor, top)
    step, count = (wide - left) / len(chart.categories), 1 if stacked else len(chart.series)
    thick = min(step * 0.72 / count, 60.0)
    for number, name in enumerate(chart.categories):
        middle, up, down = left + step * (number + 0.5), 0.0, 0.0
        for position, (series, ink) in enumerate(zip(chart.series, inks, strict=True)):
            value = series.values[number]
            if not math.isfinite(value):
                continue
            start = (up if value >= 0 else down) if stacked else 0.0
            across = middle - thick * count / 2 + (0 if stacked else position * thick)
            one, other = sorted((scale(start), scale(start + value)))
            chosen = len(chart.series) == 1 and number == chart.highlight
            shapes.append(Rect(across + 0.5, one, max(thick - 1, 0.5), other - one, "accent" if chosen else ink))
            if value >= 0:
                up += value
            else:
                down += value
            ends = () if stacked else _ends(series, number)
            if ends:
                centre = across + thick / 2
                shapes += _whisker(centre, scale(ends[0]), centre, scale(ends[1]))
        for row, line in enumerate(_two(name, size * 0.95, step - 4)):
            y = floor + size * (1.2 + 1.15 * row)
            shapes.append(
                Word(middle, y, line, size * 0.95, "accent" if number == chart.highlight else "ink", "middle")
            )
    return shapes


def _two(name: str, size: float, room: float) -> list[str]:
    lines = wrapped(name, size, room)
    return lines if len(lines) <= 2 else [lines[0], shortened(" ".join(lines[1:]), size, room)]


def _points(chart: Chart, inks: Sequence[str], top: float, wide: float, tall: float, size: float) -> list[Shape]:
    down = ticks(min(_seen(chart.series)), max(_seen(chart.series)))
    xs = [x for series in chart.series for x in series.x if math.isfinite(x)] or [0.0]
    along = ticks(min(xs), max(xs), 6)
    floor, top = tall - size * 2.9, top + size * 0.5
    left = max(width(written(mark, decimals_of(down)), size * 0.9) for mark in down) + 10
    shapes = _values_axis(down, left, top, wide - 10, floor, size)
    across, up = _Scale(along[0], along[-1], left, wide - 10), _Scale(down[0], down[-1], floor, top)
    places = max(decimals_of(along), chart.x_decimals)
    for mark in along:
        shapes.append(Word(across(mark), floor + size * 1.2, _plain(mark, places), size * 0.9, "muted", "middle"))
    shapes.append(Word(wide - 10, tall - size * 0.3, chart.x_unit, size, "muted", "end"))
    for series, ink in zip(chart.series, inks, strict=True):
        known = [(x, y) for x, y in zip(series.x, series.values, strict=True) if math.isfinite(x) and math.isfinite(y)]
        places_of = [(across(x), up(y)) for x, y in known]
        if chart.kind == "line":
            for (x1, y1), (x2, y2) in pairwise(places_of):
                shapes.append(Line(x1, y1, x2, y2, ink, 2.0))
        shapes += [Dot(x, y, size * (0.22 if chart.kind == "line" else 0.36), ink) for x, y in places_of]
    if chart.kind == "scatter" and len(chart.series) == 1 and len(chart.categories) == len(chart.series[0].values):
        shapes += _named(chart, across, up, wide, size)
    return shapes


def _plain(mark: float, places: int) -> str:
    """A mark of the axis across: without separators, since it may be a year."""
    return f"{mark:.{places}f}"


def _named(chart: Chart, across: _Scale, up: _Scale, wide: float, size: float) -> list[Shape]:
    shapes: list[Shape] = []
    for number, (name, x, y) in enumerate(
        zip(chart.categories, chart.series[0].x, chart.series[0].values, strict=True)
    ):
        chosen = number == chart.highlight
        if not (math.isfinite(x) and math.isfinite(y)) or not (chosen or len(chart.categories) <= NAMED_POINTS):
            continue
        if chosen:
            shapes.append(Dot(across(x), up(y), size * 0.45, "accent"))
        right = across(x) + 6 + width(name, size, chosen) < wide
        edge = across(x) + (6 if right else -6)
        anchor, ink = "start" if right else "end", "accent" if chosen else "ink"
        shapes.append(Word(edge, up(y) + size * 0.36, name, size, ink, anchor, chosen))
    return shapes
