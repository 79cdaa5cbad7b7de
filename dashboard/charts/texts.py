"""Texts sorted into classes: shares of each class in a bar, a bar a model or a language."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard import theme

SENTIMENT = {"negative": "#E69F00", "neutral": None, "positive": "#56B4E9"}
"""Orange - neutral - blue, as the house draws two directions; None is the theme's grey."""
DARK_INK = theme.LIGHT.ink
LABELLED = 0.09
"""Smallest part of a bar that has room for its figure."""


def colours(classes: Sequence[str], look: theme.Theme) -> list[str]:
    """A colour a class: the sentiments their own, others in the house's order."""
    if set(classes) <= set(SENTIMENT):
        return [SENTIMENT[name] or look.grey for name in classes]
    return [theme.CATEGORIES[i % len(theme.CATEGORIES)] for i in range(len(classes))]


def stacked(
    table: pd.DataFrame, titles: dict[str, str], unit: str, look: theme.Theme, shares: bool = True
) -> dict[str, Any]:
    """A bar a row, cut into the classes, in the order given from top to bottom.

    table: rows x classes, the index the rows' titles; shares (0 to 1) or counts. titles: class -> text. unit: of the
    axis.
    """
    most = 1.0 if shares else float(table.sum(axis=1).max() or 1)
    traces = []
    for name, colour in zip(table.columns, colours(list(table.columns), look), strict=True):
        values = table[name].tolist()
        said = [f"{value * 100:.0f} %" if shares else f"{value:,.0f}" for value in values]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": titles[name],
                "x": values,
                "y": table.index.tolist(),
                "marker": {"color": colour, "line": {"color": look.paper, "width": 1}},
                "text": [text if value >= LABELLED * most else "" for text, value in zip(said, values, strict=True)],
                "customdata": said,
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "textfont": {"color": look.ink if colour == look.grey else DARK_INK, "size": 12},
                "hovertemplate": f"%{{y}}<br>{titles[name]}: %{{customdata}}<extra></extra>",
            }
        )
    return {
        "data": traces,
        "layout": theme.layout(
            look,
            height=86 + 30 * len(table),
            barmode="stack",
            bargap=0.35,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
            xaxis={
                "title": {"text": unit},
                "automargin": True,
                "range": [0, most],
                **({"tickformat": ".0%", "dtick": 0.25} if shares else {"nticks": 5}),
            },
            yaxis={
                "automargin": True,
                "autorange": "reversed",
                "showgrid": False,
                "tickfont": {"color": look.ink, "size": 12},
            },
        ),
    }
