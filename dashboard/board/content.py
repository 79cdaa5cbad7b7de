"""What a board export says: findings with their charts, tables and footnotes, before they become PPTX, HTML or PDF."""

import math
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from datetime import date

import babel.numbers

from dashboard.i18n import translation as language
from dashboard.i18n.translation import _

KINDS = ("bars", "columns", "stacked", "ranks", "ranges", "tornado", "line", "scatter")
SERIES = {"ranks": (1, 2), "ranges": (1,), "tornado": (2,)}
"""How many series charts of these kinds have."""
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufffe\uffff]"
)


class BoardError(ValueError):
    """A board that would say something without its source, or a chart that does not fit together; says what to do."""


def clean(text: str, keep_lines: bool = False) -> str:
    """Text that every format can hold: no control or direction characters, none that is unseen but joiners; one line.

    XML knows no control characters, and a mark that turns the direction of writing would turn what stands around it.
    Joiners are how Persian and Hindi words are spelt. keep_lines: lines stay, and the spaces in them.
    """
    text = _HOSTILE.sub("", text.replace("\t", " ").replace("\r\n", "\n").replace("\r", "\n"))
    return text if keep_lines else " ".join(text.split())


class _Cleaned:
    """Texts are cleaned as they come in, so that no writer has to."""

    def __post_init__(self) -> None:
        for entry in fields(self):
            object.__setattr__(self, entry.name, _cleaned(getattr(self, entry.name), entry.name == "code"))


def _cleaned(value: object, keep_lines: bool) -> object:
    if isinstance(value, str):
        return clean(value, keep_lines)
    return tuple(_cleaned(part, keep_lines) for part in value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Series(_Cleaned):
    """Numbers of one name, NaN where there is none. x: of a line or a scatter. low, high: intervals, or empty."""

    name: str
    values: tuple[float, ...]
    x: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Chart(_Cleaned):
    """Numbers to be drawn, without a library. categories: from the top or the left; labels of the points of a scatter.

    kind: bars (horizontal, a group a category), columns, stacked; ranks (the smaller the better; one series, or before
    and after); ranges (one series: points with their intervals); tornado (two series, down and up: values on both sides
    of `middle`); line and scatter (series with x).
    unit: of the values, with what they are ("Score, 0-100"); x_unit: of x. highlight: position of the category in
    question. decimals: shown of the values; x_decimals: of x. Raises BoardError for what does not fit together.
    """

    kind: str
    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str
    x_unit: str = ""
    middle: float = 0.0
    highlight: int | None = None
    decimals: int = 0
    x_decimals: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind not in KINDS:
            raise BoardError(f"There is no chart of the kind {self.kind!r}. Known: {', '.join(KINDS)}.")
        if not self.series or not any(len(series.values) for series in self.series):
            raise BoardError(f"The chart {self.title!r} has no values. Leave it out and say so in a sentence.")
        if len(self.series) not in SERIES.get(self.kind, (len(self.series),)):
            wanted = " or ".join({1: "one", 2: "two"}[count] for count in SERIES[self.kind])
            raise BoardError(f"A chart of the kind {self.kind} needs {wanted} series, not {len(self.series)}.")
        for series in self.series:
            wanted = len(series.x) if self.kind in ("line", "scatter") else len(self.categories)
            sizes = {len(series.values), *(len(part) for part in (series.low, series.high) if part)}
            if sizes != {wanted}:
                raise BoardError(f"{series.name!r} in {self.title!r} has {sorted(sizes)} values, not {wanted}.")

    def shown(self, value: float) -> str:
        """A value as the chart writes it."""
        return written(value, self.decimals)

    def first(self, most: int) -> "tuple[Chart, int]":
        """The chart with at most that many categories, and how many were left out."""
        if self.kind in ("line", "scatter") or len(self.categories) <= most:
            return self, 0
        series = tuple(
            Series(s.name, s.values[:most], s.x, s.low[:most], s.high[:most]) for s in self.series
        )  # fmt: skip
        known = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        highlight = None if self.highlight is None or self.highlight >= most else self.highlight
        known |= {"categories": self.categories[:most], "series": series, "highlight": highlight}
        return Chart(**known), len(self.categories) - most


@dataclass(frozen=True)
class Table(_Cleaned):
    """Texts in rows; highlight: position of the row in question. Raises BoardError for rows of another length."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    highlight: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(len(row) != len(self.header) for row in self.rows):
            raise BoardError(f"A row of the table {', '.join(self.header)} has not {len(self.header)} cells.")

    def numeric(self, column: int) -> bool:
        """Does a column hold figures, which are written to the right?"""
        cells = [row[column] for row in self.rows if row[column]]
        return bool(cells) and all(re.match(r"[+−-]?[\d–]", cell) for cell in cells)


@dataclass(frozen=True)
class Slide(_Cleaned):
    """One finding. title: the finding itself. footnote: source, vintage and scenario. Raises BoardError without one.

    wide: the table has the whole width, under the words.
    """

    title: str
    sentences: tuple[str, ...]
    chart: Chart | None
    table: Table | None
    footnote: str
    wide: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.title or not self.footnote:
            raise BoardError(f"The slide {self.title!r} needs a finding as its title, and a footnote with its source.")


@dataclass(frozen=True)
class Section(_Cleaned):
    """A part of the appendix. code: text whose lines and spaces are kept."""

    heading: str
    sentences: tuple[str, ...]
    code: str = ""


@dataclass(frozen=True)
class Board(_Cleaned):
    """Everything a board reads, in one language (en or zh): a title slide, slides, the method, what engineers need.

    footnote: of the appendix. about: lines of the title slide. engineers: what it takes to compute it again - codes,
    seeds, snapshots, files - which stands nowhere before.
    """

    title: str
    subtitle: str
    slides: tuple[Slide, ...]
    appendix: tuple[Section, ...]
    footnote: str
    language: str
    made_at: date
    about: tuple[str, ...] = ()
    engineers: tuple[Section, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.slides or not self.footnote:
            raise BoardError("A board needs at least one slide, and a footnote with its source.")

    def spoken(self) -> AbstractContextManager[None]:
        """Words and numbers in the board's language meanwhile, whatever the reader's is now."""
        return language.spoken(self.language)


def asked(what: str) -> str:
    """What the board is asked to decide: a sentence of the first slide."""
    return _("To decide: {what}").format(what=what)


# ------------------------------------------------------------------ numbers


def written(value: float, decimals: int) -> str:
    """A number with that many decimals in the reader's language; missing is an en dash."""
    if value is None or not math.isfinite(value):
        return "–"
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return babel.numbers.format_decimal(round(value, decimals), format=pattern, locale=language.locale())


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers for an axis, the outer ones at or beyond low and high."""
    if not high > low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * part for part in (1, 2, 5, 10) if power * part >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def decimals_of(values: Sequence[float]) -> int:
    """Decimals that tell these round numbers apart."""
    return next((n for n in range(6) if all(abs(value - round(value, n)) < 1e-9 for value in values)), 6)


def numbers(column: Iterable[float]) -> tuple[float, ...]:
    """A column as the numbers of a series."""
    return tuple(float(value) for value in column)


def span(first: float, last: float) -> str:
    """From the first to the last year."""
    return str(int(last)) if first == last else f"{int(first)}–{int(last)}"
