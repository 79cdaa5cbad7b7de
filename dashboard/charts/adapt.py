"""An adapter: how its training goes, and what it changed."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard import theme

APART = 0.17
"""How far before and after stand above and below the middle of their row."""


def learning(
    steps: Sequence[int], values: Sequence[float], axes: tuple[str, str], hover: Sequence[str], look: theme.Theme
) -> dict[str, Any]:
    """A measure by step of the training, a point a report. axes: titles of steps and measure."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": list(steps),
                "y": list(values),
                "line": {"color": look.accent, "width": 2.2},
                "marker": {"color": look.accent, "size": 5},
                "text": list(hover),
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=240,
            xaxis={"title": {"text": axes[0]}, "automargin": True, "rangemode": "tozero", "nticks": 6},
            yaxis={"title": {"text": axes[1]}, "automargin": True, "nticks": 5},
        ),
    }


def paired(
    table: pd.DataFrame, titles: tuple[str, str, str], hover: dict[str, list[str]], look: theme.Theme
) -> dict[str, Any]:
    """A row a class or a data set: its score before as a hollow point, after as a full one, intervals through them.

    table: title, before, after, and before_low, before_high, after_low, after_high (nan where nobody knows). titles: of
    before, after, and the axis. hover: before, after -> a text a row.
    """
    heights = list(range(len(table)))
    looks = {"before": (-APART, look.muted, look.paper), "after": (APART, look.accent, look.accent)}
    traces, shapes = [], []
    for (name, (shift, colour, fill)), title in zip(looks.items(), titles[:2], strict=True):
        rows = [height + shift for height in heights]
        for low, high, row in zip(table[f"{name}_low"], table[f"{name}_high"], rows, strict=True):
            if pd.notna(low) and pd.notna(high):
                line = {"color": colour, "width": 5}
                shapes.append(
                    {"type": "line", "x0": low, "x1": high, "y0": row, "y1": row, "line": line, "opacity": 0.3}
                )
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": title,
                "x": table[name].tolist(),
                "y": rows,
                "marker": {"size": 10, "color": fill, "line": {"color": colour, "width": 2}},
                "text": hover[name],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    for row in table.itertuples():
        shapes.append(
            {
                "type": "line",
                "x0": row.before,
                "x1": row.after,
                "y0": heights[row.Index] - APART,
                "y1": heights[row.Index] + APART,
                "line": {"color": look.grey, "width": 1},
                "layer": "below",
            }
        )
    return {
        "data": traces,
        "layout": theme.layout(
            look,
            height=96 + 44 * len(table),
            shapes=shapes,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "itemclick": False},
            xaxis={"title": {"text": titles[2]}, "range": [-0.02, 1.02], "dtick": 0.2, "automargin": True},
            yaxis={
                "tickvals": heights,
                "ticktext": table["title"].tolist(),
                "range": [len(table) - 0.4, -0.6],
                "showgrid": False,
                "automargin": True,
                "tickfont": {"color": look.ink, "size": 12},
            },
        ),
    }
