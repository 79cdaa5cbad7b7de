"""A comparison for a board: who is ahead and how surely, dimension by dimension, figure by figure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd

from dashboard.board.content import Board, Chart, Section, Series, Slide, Table
from dashboard.board.content import asked as to_decide
from dashboard.compare import words
from dashboard.compare.words import Comparison
from dashboard.i18n import translation
from dashboard.i18n.translation import _, compact

ROWS = 10
"""Figures on a slide."""


@dataclass(frozen=True)
class Maker:
    """Makes the board when it is downloaded, on another thread. source: the line under every slide."""

    asked: Comparison
    year: int
    source: str

    def __call__(self) -> Board:
        return compare_board(self.asked, self.year, self.source)


def maker(asked: Comparison, year: int, source: str) -> Callable[[], Board]:
    return Maker(asked, year, source)


def compare_board(asked: Comparison, year: int, source: str, made_at: date | None = None) -> Board:
    """Everything a board is told about a comparison of at least two ranked markets, in the reader's language."""
    names = [str(asked.names[iso3]) for iso3 in asked.order]
    industry = _(asked.ranking.recipe.title)
    return Board(
        title=_("Comparison: {markets}").format(markets=", ".join(str(asked.names[iso3]) for iso3 in asked.chosen)),
        subtitle=_("{industry}, data to {year}").format(industry=industry, year=year),
        slides=(_standing(asked, names, source), _dimensions(asked, names, source), *_figures(asked, source)),
        appendix=(
            Section(
                _("How it was made"),
                (
                    _(
                        "Ranks come from {draws} index variants: weights, treatment of outliers, missing data, "
                        "scaling and aggregation vary. Ranges are the 5th and 95th percentile. They do not cover "
                        "errors in the data."
                    ).format(draws=translation.number(float(asked.found.draws), 6)),
                ),
            ),
        ),
        footnote=source,
        language=translation.current(),
        made_at=made_at or datetime.now(UTC).date(),
        about=(_("Who is ahead and how certain that is, dimension by dimension and figure by figure."),),
    )


def _standing(asked: Comparison, names: list[str], source: str) -> Slide:
    scores = asked.ranking.scores["score"]
    chart = Chart(
        "bars",
        _("Score"),
        tuple(names),
        (Series(_("Score"), tuple(float(scores[iso3]) for iso3 in asked.order)),),
        _("Score, 0–100"),
        highlight=0,
        decimals=1,
    )
    told = [words.standing(asked, iso3) for iso3 in asked.chosen]
    rows = tuple((str(asked.names[i]), score, rank) for i, (score, rank) in zip(asked.chosen, told, strict=True))
    decide = to_decide(_("which of these countries to look into further."))
    sentences = (words.pairs(asked), *words.reasons(asked), decide)
    table = Table((_("Country"), _("Score"), _("Rank")), rows)
    return Slide(words.headline(asked), sentences, chart, table, source)


def _dimensions(asked: Comparison, names: list[str], source: str) -> Slide:
    scores = asked.ranking.dimensions.loc[asked.order].T
    titles = tuple(_(dimension).capitalize() for dimension in scores.index)
    series = tuple(
        Series(name, tuple(float(value) for value in scores[iso3]))
        for iso3, name in zip(asked.order, names, strict=True)
    )
    chart = Chart("bars", _("Score by dimension"), titles, series, _("Score, 0–100"))
    return Slide(_("Score by dimension"), (), chart, None, source)


def _figures(asked: Comparison, source: str) -> list[Slide]:
    table = asked.figures
    head = (_("Figure"), _("Unit"), *(str(asked.names[iso3]) for iso3 in asked.chosen))
    rows = [(row["figure"], row["unit"], *(_cell(row, iso3) for iso3 in asked.chosen)) for _i, row in table.iterrows()]
    parts = [tuple(rows[start : start + ROWS]) for start in range(0, len(rows), ROWS)]
    return [
        Slide(
            _("Figure by figure ({part} of {parts})").format(part=n, parts=len(parts)),
            (),
            None,
            Table(head, part),
            source,
        )
        for n, part in enumerate(parts, start=1)
    ]


def _cell(row: pd.Series, iso3: str) -> str:
    value = row[("value", iso3)]
    return "–" if pd.isna(value) else f"{compact(value)} ({words.dated(row, iso3)})"
