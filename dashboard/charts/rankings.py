"""Ranks with how sure they are."""

import textwrap
from typing import Any

import pandas as pd

from dashboard import theme

LABEL_WIDTH = 26
"""Characters of a line of a label beside a bar: a phone has room for it and the bar."""


def forest(
    ranks: pd.DataFrame, names: pd.Series, hover: pd.Series, chosen: str | None, look: theme.Theme, title: str
) -> dict[str, Any]:
    """A row a market in rank order: its rank as a point, its 5-95 % range as a line through it.

    ranks: rank, low, high by iso3. names, hover: by iso3. chosen: a market to draw in the accent. title: of the axis.
    """
    heights = list(range(len(ranks)))[::-1]
    colours = [look.accent if chosen in (None, iso3) else look.grey for iso3 in ranks.index]
    whiskers = [
        {
            "type": "line",
            "x0": int(row.low),
            "x1": int(row.high),
            "y0": height,
            "y1": height,
            "line": {"color": colour, "width": 5},
            "opacity": 0.3,
        }
        for row, height, colour in zip(ranks.itertuples(), heights, colours, strict=True)
    ]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": ranks["rank"].tolist(),
        "y": heights,
        "marker": {"size": 9, "color": colours, "line": {"color": look.paper, "width": 1}},
        "text": hover.reindex(ranks.index).tolist(),
        "hovertemplate": "%{text}<extra></extra>",
        "customdata": list(ranks.index),
    }
    return {
        "data": [points],
        "layout": theme.layout(
            look,
            height=60 + 22 * len(ranks),
            shapes=whiskers,
            xaxis={"title": {"text": title}, "rangemode": "tozero", "automargin": True, "side": "top"},
            yaxis={
                "tickvals": heights,
                "ticktext": [names.get(iso3, iso3) for iso3 in ranks.index],
                "showgrid": False,
                "automargin": True,
                "tickfont": {"color": look.ink, "size": 12},
                "range": [-0.8, len(ranks) - 0.2],
            },
        ),
    }


def wrapped(title: str) -> str:
    """A label beside a bar, in lines short enough for a phone."""
    return "<br>".join(textwrap.wrap(title, LABEL_WIDTH))


def bars(values: pd.Series, titles: dict[str, str], unit: str, look: theme.Theme) -> dict[str, Any]:
    """Horizontal bars, the largest on top, labelled at their end. values: by key. titles: key -> text."""
    ordered = values.sort_values()
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "x": ordered.tolist(),
                "y": [wrapped(titles[key]) for key in ordered.index],
                "marker": {"color": look.accent},
                "text": [f"{value:.2g}" for value in ordered],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": "%{y}: %{x:.3g}<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=50 + 24 * len(ordered) + 12 * sum(len(titles[key]) > LABEL_WIDTH for key in ordered.index),
            xaxis={"title": {"text": unit}, "automargin": True},
            yaxis={"automargin": True, "showgrid": False, "tickfont": {"color": look.ink, "size": 12}},
            margin={"l": 8, "r": 40, "t": 8, "b": 8},
        ),
    }


def distribution(
    shares: list[float], shown: int, shortlist: int, look: theme.Theme, axes: tuple[str, str, str]
) -> dict:
    """In which share of the index variants a market takes each rank; the shortlist in the accent, its end marked.

    shares: by rank from 1 on, 0-1. shown: its rank. axes: titles of both axes, and what the line marks.
    """
    last = max((rank for rank, share in enumerate(shares, start=1) if share > 0), default=1)
    last = min(len(shares), max(last, shown, shortlist + 6) + 1)
    ranks = list(range(1, last + 1))
    return {
        "data": [
            {
                "type": "bar",
                "x": ranks,
                "y": shares[:last],
                "marker": {"color": [look.accent if rank <= shortlist else look.grey for rank in ranks]},
                "hovertemplate": axes[0] + " %{x}: %{y:.1%}<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=260,
            bargap=0.15,
            shapes=[
                {
                    "type": "line",
                    "x0": shortlist + 0.5,
                    "x1": shortlist + 0.5,
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": {"color": look.muted, "width": 1, "dash": "dot"},
                }
            ],
            annotations=[
                {
                    "x": shortlist + 0.5,
                    "y": 1,
                    "yref": "paper",
                    "text": axes[2],
                    "showarrow": False,
                    "xanchor": "left",
                    "yanchor": "top",
                    "font": {"color": look.muted, "size": 12},
                }
            ],
            xaxis={"title": {"text": axes[0]}, "range": [0.5, last + 0.5], "automargin": True},
            yaxis={"title": {"text": axes[1]}, "tickformat": ".0%", "automargin": True},
        ),
    }
