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
CONDITION_SIDE = 320
"""As `models.vision.nuclei.conditions.MAX_SIDE`, which needs torch."""


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
    """How well a reader reads lines that are worn more than any it learnt from, and how well nuclei are found in
    pictures as they may come instead; nothing for other models."""
    table = model_figures.groups(card, "per_condition")
    if table.empty:
        return
    if card.task == "nuclei":
        title = _("How good is it on pictures in blue, smaller or larger?")
        words = (
            _("Average precision under each condition, the weakest first"),
            _(
                "Test pictures of up to {side} pixels a side: those of fluorescence in the blue channel only, all in "
                "half and in twice their size. Lines are 95 % intervals, the dotted line is all test pictures as they "
                "are."
            ).format(side=CONDITION_SIDE),
        )
    else:
        title = _("How good is it on blurred and turned lines?")
        words = (
            _("Lines without an error under each kind of wear, the weakest first"),
            _(
                "Usual wear is a photograph taken with some care; blurred and turned are worse than anything it learnt "
                "from. Lines are 95 % intervals (Wilson), the dotted line is all test lines."
            ),
        )
    st.subheader(title)
    overall = model_figures.score_of(card.metrics)
    score = float("nan") if overall is None else overall
    draw(table, "cards_conditions", model_figures.score_name(card), score, words)


def crowding(card: "Card") -> None:
    """How many red cells are found where they lie close to each other; nothing for other models."""
    table = model_figures.groups(card, "per_crowding")
    if table.empty:
        return
    st.subheader(_("How many red cells are found in crowds?"))
    draw(
        table,
        "cards_crowding",
        _("Red cells found, share"),
        float((table["score"] * table["n"]).sum() / table["n"].sum()),
        (
            _("Share of labelled red cells found as likely there as not, by crowding, the weakest first"),
            _(
                "Neighbours are other red cells whose middle is within a diameter. The number told on the page adds up "
                "less likely finds, too. Lines are 95 % intervals (Wilson), the dotted line is all red cells."
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
