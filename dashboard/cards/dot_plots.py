"""The dot plots of the Model cards page: a score a group with its interval, the weakest first."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import components, fitness_words, model_figures
from dashboard.charts import cards as charts
from dashboard.i18n.translation import _, number

if TYPE_CHECKING:
    from models.cards import Card

WEAKEST, WEAKEST_MARKETS = 25, 12


def draw(
    table: pd.DataFrame, name: str, axis: str, overall: float, words: tuple[str, str], most: int = WEAKEST
) -> None:
    """Of many groups the first `most`, until all are asked for.

    table: as `cards_figures.groups`. name: of the widgets and the file. axis: what the score is called. overall: the
    whole model's. words: what stands there, and where it comes from.
    """
    shown = table
    if len(table) > most:
        everything = st.toggle(_("Show all {n} that were tested").format(n=len(table)), key=f"{name}_all")
        shown = table if everything else table.head(most)
    template = _("<b>{group}</b><br>{name} {score}, 95 %: {low} to {high}; {n} tested")
    hover = [
        template.format(
            group=row.title,
            name=axis,
            score=fitness_words.score(row.score),
            low=fitness_words.score(row.low),
            high=fitness_words.score(row.high),
            n=number(row.n, 9),
        )
        for row in shown.itertuples()
    ]
    alt, source = words
    if (shown["n"] < model_figures.MIN_GROUP).any():
        source = _("Groups of fewer than {n} have no interval.").format(n=model_figures.MIN_GROUP) + " " + source
    if not shown["judged"].all():
        source = _("Grey: too few test cases to judge.") + " " + source
    components.chart(
        charts.dots(shown, hover, axis, components.look(), overall),
        table.round(4).reset_index(names="group"),
        name,
        alt,
        source,
    )


def conditions(card: "Card") -> None:
    """How well a reader reads lines that are worn more than any it learnt from; nothing for other models."""
    table = model_figures.groups(card, "per_condition")
    if table.empty:
        return
    st.subheader(_("How good is it on blurred and turned lines?"))
    draw(
        table,
        "cards_conditions",
        model_figures.score_name(card),
        card.metrics.get("exact_match", float("nan")),
        (
            _("Lines without an error under each kind of wear, the weakest first"),
            _(
                "Usual wear is a photograph taken with some care; blurred and turned are worse than anything it learnt "
                "from. Lines are 95 % intervals (Wilson), the dotted line is all test lines."
            ),
        ),
    )


def prices(card: "Card") -> None:
    """In which markets a reader's prices come out wrong; nothing for other models."""
    table = model_figures.prices(card)
    if table.empty:
        return
    st.subheader(_("In which markets are prices misread?"))
    draw(
        table,
        "cards_prices",
        _("Prices understood"),
        card.metrics.get("amounts_right", float("nan")),
        (
            _("Share of prices understood by market, the weakest first"),
            _(
                "Prices drawn as CLDR writes them in each market, in fonts it did not learn from; right when number "
                "and currency are. Lines are 95 % intervals (Wilson), the dotted line is all markets."
            ),
        ),
        WEAKEST_MARKETS,
    )
