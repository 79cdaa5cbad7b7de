"""Histories: the market in question thick and in the accent, everyone else grey; lines labelled at their end."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from dashboard import theme


def lines(
    history: pd.DataFrame,
    names: pd.Series,
    chosen: Sequence[str],
    unit: str,
    look: theme.Theme,
    say: Callable[[float], str],
    height: int = 240,
) -> dict[str, Any]:
    """One indicator over time, a line a market.

    history: iso3, year, value. names: by iso3. chosen: the markets in question, in colour (a single one in the
    accent); the others are grey. unit: on the value axis. say: a value in the reader's
    words, for axis and hover (Plotly's own are SI prefixes: 1.5G people).
    """
    others = [iso3 for iso3 in history["iso3"].unique() if iso3 not in chosen]
    colours = {iso3: theme.CATEGORIES[i % len(theme.CATEGORIES)] for i, iso3 in enumerate(chosen)}
    if len(chosen) == 1:
        colours = {chosen[0]: look.accent}
    traces, marks = [], []
    by_market = {iso3: rows.sort_values("year") for iso3, rows in history.groupby("iso3")}
    for iso3 in [*others, *[code for code in chosen if code in by_market]]:
        rows, grey = by_market[iso3], iso3 in others
        colour = look.grey if grey else colours[iso3]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines" if len(rows) > 1 else "markers",
                "x": rows["year"].tolist(),
                "y": rows["value"].tolist(),
                "name": names.get(iso3, iso3),
                "line": {"color": colour, "width": 1.2 if grey else 2.6},
                "marker": {"color": colour, "size": 7},
                "text": [say(value) for value in rows["value"]],
                "hovertemplate": f"{names.get(iso3, iso3)}, %{{x}}: %{{text}}<extra></extra>",
            }
        )
        if not grey:
            marks.append((rows["year"].iloc[-1], rows["value"].iloc[-1], names.get(iso3, iso3), colour))
    marks_at = _ticks(history["value"].min(), history["value"].max())
    annotations = [
        {
            "x": x,
            "y": y,
            "text": name,
            "showarrow": False,
            "xanchor": "left",
            "xshift": 6,
            "yshift": shift,
            "font": {"color": colour, "size": 12},
        }
        for (x, y, name, colour), shift in zip(marks, _spread([mark[1] for mark in marks], height), strict=True)
    ]
    return {
        "data": traces,
        "layout": theme.layout(
            look,
            height=height,
            margin={"l": 8, "r": 110 if len(chosen) > 1 else 90, "t": 8, "b": 8},
            annotations=annotations,
            yaxis={
                "title": {"text": unit, "font": {"size": 11, "color": look.muted}},
                "automargin": True,
                "tickvals": marks_at,
                "ticktext": [say(value) for value in marks_at],
            },
            xaxis={"showgrid": False, "automargin": True, "tickformat": "d", "range": _years(history["year"])},
            hovermode="closest",
        ),
    }


def _years(years: pd.Series) -> list[float]:
    """From the first to the last year with a figure: labels at the ends would stretch the axis into the future."""
    first, last = float(years.min()), float(years.max())
    edge = max((last - first) * 0.015, 0.2)
    return [first - edge, last + edge]


def _ticks(low: float, high: float) -> list[float]:
    """Round values from low to high, about five of them, in steps of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not span > 0:
        return [low]
    rough = span / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(multiple * power for multiple in (1, 2, 5, 10) if multiple * power >= rough)
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step) + 1)]


def _spread(values: list[float], height: int) -> list[float]:
    """Pixels by which end labels move so that they do not lie on one another."""
    if not values:
        return []
    span = (max(values) - min(values)) or 1.0
    pixels = [(value - min(values)) / span * (height - 60) for value in values]
    order = sorted(range(len(values)), key=lambda i: pixels[i])
    placed = list(pixels)
    for before, after in pairwise(order):
        placed[after] = max(placed[after], placed[before] + 14)
    return [placed[i] - pixels[i] for i in range(len(values))]
