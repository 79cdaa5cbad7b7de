"""Scores of one or several markets side by side: dots on a common scale."""

from typing import Any

import pandas as pd

from dashboard import theme


def dimension_dots(
    profile: pd.DataFrame, labels: dict[str, str], series: dict[str, tuple[str, str, str]], look: theme.Theme
) -> dict[str, Any]:
    """A row a dimension, a dot a series, on 0-100.

    profile: (dimensions, series). labels: dimension -> text. series: column -> (name, colour, symbol), drawn in order.
    """
    rows = list(profile.index)
    heights = list(range(len(rows)))[::-1]
    known = profile.dropna(how="all")
    spans = [
        {
            "type": "line",
            "x0": float(profile.loc[row].min()),
            "x1": float(profile.loc[row].max()),
            "y0": height,
            "y1": height,
            "line": {"color": look.line, "width": 2},
            "layer": "below",
        }
        for row, height in zip(rows, heights, strict=True)
        if row in known.index
    ]
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [None if pd.isna(value) else float(value) for value in profile[column]],
            "y": heights,
            "name": name,
            "marker": {
                "color": colour,
                "size": 12 if symbol == "circle" else 10,
                "symbol": symbol,
                "line": {"color": look.paper, "width": 1},
            },
            "hovertemplate": f"{name}: %{{x:.0f}}<extra></extra>",
        }
        for column, (name, colour, symbol) in series.items()
    ]
    return {
        "data": traces,
        "layout": theme.layout(
            look,
            height=60 + 34 * len(rows),
            shapes=spans,
            showlegend=True,
            legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
            xaxis={"range": [-2, 102], "tickvals": [0, 25, 50, 75, 100], "automargin": True},
            yaxis={
                "tickvals": heights,
                "ticktext": [labels[row] for row in rows],
                "range": [-0.6, len(rows) - 0.4],
                "showgrid": False,
                "automargin": True,
                "tickfont": {"color": look.ink, "size": 13},
            },
            margin={"l": 8, "r": 8, "t": 34, "b": 8},
        ),
    }
