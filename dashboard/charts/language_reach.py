"""The language reach curve: what share of people and GDP the languages reach together, each next one added."""

from typing import Any

import pandas as pd

from dashboard import theme

SERIES = (("people", 0, None), ("gdp", 0.24, theme.CATEGORIES[1]))
"""Column, how far below the line of its row it is drawn, colour (None: the accent)."""


def curve(
    table: pd.DataFrame, titles: dict[str, str], covered: pd.Series, hover: dict[str, list[str]], look: theme.Theme
) -> dict[str, Any]:
    """A row a language in the order it is added: share reached so far as a point, its bounds as a line through it.

    table: title, and people, people_low, people_high, gdp, gdp_low, gdp_high as shares (0 to 1), in order. titles:
    people, gdp, axis -> text. covered: by row, whether our models know the language (else the point is hollow). hover:
    people, gdp -> a text a row.
    """
    heights = list(range(len(table)))
    traces, shapes = [], []
    for name, below, colour in SERIES:
        colour = colour or look.accent
        rows = [height + below for height in heights]
        shapes += [
            {
                "type": "line",
                "x0": low,
                "x1": high,
                "y0": row,
                "y1": row,
                "line": {"color": colour, "width": 5},
                "opacity": 0.25,
            }
            for low, high, row in zip(table[f"{name}_low"], table[f"{name}_high"], rows, strict=True)
        ]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": titles[name],
                "x": table[name].tolist(),
                "y": rows,
                "line": {"color": colour, "width": 1.2},
                "marker": {
                    "size": 9,
                    "color": [colour if known else look.paper for known in covered],
                    "line": {"color": colour, "width": 2},
                },
                "text": hover[name],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return {
        "data": traces,
        "layout": theme.layout(
            look,
            height=96 + 30 * len(table),
            shapes=shapes,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "itemclick": False},
            xaxis={"title": {"text": titles["axis"]}, "range": [0, 1.02], "tickformat": ".0%", "automargin": True},
            yaxis={
                "tickvals": heights,
                "ticktext": [f"{place}  {title}" for place, title in enumerate(table["title"], start=1)],
                "range": [len(table) - 0.3, -0.7],
                "showgrid": False,
                "automargin": True,
                "tickfont": {"color": look.ink, "size": 12},
            },
        ),
    }
