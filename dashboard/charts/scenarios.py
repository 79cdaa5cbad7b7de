"""What a scenario moves: changes on the map, movers, a tornado, a two-way table."""

from typing import Any

import pandas as pd

from dashboard import theme
from dashboard.charts import maps

DIVERGING = ("#B35806", "#F1A340", "#FEE0B6", "#F4F4F4", "#D1E5F0", "#67A9CF", "#2166AC")
"""Orange, neutral, blue: worse, as before, better."""
DIVERGING_DARK = ("#F1A340", "#B35806", "#5C3A12", "#2B353F", "#1C4A63", "#2F7FB0", "#7CC0EE")


def change_map(
    change: pd.Series,
    hover: pd.Series,
    places: pd.DataFrame,
    outlined: frozenset[str],
    selected: str | None,
    look: theme.Theme,
    labels: dict[str, str],
) -> dict[str, Any]:
    """Places gained (blue) or lost (orange) by iso3; the scale is the same on both sides of nothing."""
    figure = maps.score_map(change, hover, hover, places, outlined, selected, look, labels)
    reach = max(float(change.abs().max()), 1.0) if len(change) else 1.0
    colours = DIVERGING_DARK if look.name == "dark" else DIVERGING
    scale = [[i / (len(colours) - 1), colour] for i, colour in enumerate(colours)]
    world, dots = figure["data"][1], figure["data"][2]
    world |= {"zmin": -reach, "zmax": reach, "colorscale": scale}
    dots["marker"] |= {"cmin": -reach, "cmax": reach, "colorscale": scale}
    return figure


def movers(table: pd.DataFrame, names: pd.Series, look: theme.Theme, title: str) -> dict[str, Any]:
    """A row a market: the rank before (hollow), the rank after with its 5-95 % interval, the better to the left.

    table: rank_before, rank, rank_low, rank_high by iso3, in the order shown.
    """
    heights = list(range(len(table)))[::-1]
    better = (table["rank"] < table["rank_before"]).tolist()
    colours = ["#2166AC" if up else "#B35806" for up in better]
    if look.name == "dark":
        colours = ["#7CC0EE" if up else "#F1A340" for up in better]
    lines = []
    for row, height, colour in zip(table.itertuples(), heights, colours, strict=True):
        shape = {"type": "line", "y0": height, "y1": height}
        lines.append(
            shape | {"x0": row.rank_low, "x1": row.rank_high, "line": {"color": colour, "width": 6}, "opacity": 0.25}
        )
        lines.append(shape | {"x0": row.rank_before, "x1": row.rank, "line": {"color": colour, "width": 1.5}})
    hollow = {"size": 9, "color": look.paper, "line": {"color": look.muted, "width": 1.5}}
    before = {"type": "scatter", "mode": "markers", "x": table["rank_before"].tolist(), "y": heights, "marker": hollow}
    after = {
        "type": "scatter",
        "mode": "markers+text",
        "x": table["rank"].tolist(),
        "y": heights,
        "marker": {"size": 10, "color": colours},
        "text": [f"{int(row.rank_before)} → {int(row.rank)}" for row in table.itertuples()],
        "textposition": "top center",
        "textfont": {"size": 11, "color": look.ink},
        "cliponaxis": False,
        "hovertemplate": "%{text}<extra></extra>",
    }
    return {
        "data": [before | {"hoverinfo": "skip"}, after],
        "layout": theme.layout(
            look,
            height=70 + 34 * len(table),
            shapes=lines,
            xaxis={"title": {"text": title}, "automargin": True, "side": "top", "rangemode": "tozero"},
            yaxis=_rows([names.get(iso3, iso3) for iso3 in table.index], heights, look),
        ),
    }


def tornado(
    table: pd.DataFrame, titles: dict[str, str], middle: float, look: theme.Theme, title: str, sides: tuple[str, str]
) -> dict[str, Any]:
    """Bars to both sides of the scenario: the measure with each figure down and up, the widest swing on top.

    table: down, up by key. middle: the measure in the scenario. sides: names of down and up.
    """
    shown = table.iloc[::-1]
    rows = [titles[key] for key in shown.index]
    colours = ("#E69F00", "#0072B2") if look.name == "light" else ("#F1A340", "#7CC0EE")
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "base": middle,
            "x": (shown[side] - middle).tolist(),
            "y": rows,
            "name": label,
            "marker": {"color": colour},
            "customdata": shown[side].round(2).tolist(),
            "hovertemplate": "%{y}: %{customdata}<extra>" + label + "</extra>",
        }
        for side, colour, label in zip(("down", "up"), colours, sides, strict=True)
    ]
    return {
        "data": traces,
        "layout": theme.layout(
            look,
            height=80 + 26 * len(shown),
            barmode="overlay",
            showlegend=True,
            legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"color": look.muted}},
            xaxis={"title": {"text": title}, "automargin": True},
            yaxis={"automargin": True, "showgrid": False, "tickfont": {"color": look.ink, "size": 12}},
            shapes=[
                {
                    "type": "line",
                    "x0": middle,
                    "x1": middle,
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": {"color": look.muted, "width": 1},
                }
            ],
        ),
    }


def two_way(
    table: pd.DataFrame,
    look: theme.Theme,
    titles: tuple[str, str],
    labels: tuple[list[str], list[str]],
    measure: str,
    less_is_better: bool,
) -> dict[str, Any]:
    """A cell a pair of values, coloured and written. table: (values of the first, values of the second).

    titles, labels: of the first (down the side) and the second (across), in words.
    """
    scale = [[i / (len(look.sequence) - 1), colour] for i, colour in enumerate(look.sequence)]
    values = table.to_numpy()
    axis = {"type": "category", "automargin": True, "showgrid": False}
    return {
        "data": [
            {
                "type": "heatmap",
                "z": values.tolist(),
                "x": labels[1],
                "y": labels[0],
                "colorscale": scale,
                "reversescale": less_is_better,
                "showscale": False,
                "xgap": 2,
                "ygap": 2,
                "text": [[f"{value:.4g}" for value in row] for row in values],
                "texttemplate": "%{text}",
                "hovertemplate": f"{titles[1]} %{{x}}<br>{titles[0]} %{{y}}<br>{measure} %{{z:.4g}}<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=90 + 36 * len(table),
            xaxis=axis | {"title": {"text": titles[1]}},
            yaxis=axis | {"title": {"text": titles[0]}},
        ),
    }


def spread_of(
    drawn: pd.Series, before: float, look: theme.Theme, title: str, labels: tuple[str, str]
) -> dict[str, Any]:
    """How often each rank came out in the draws, and the rank before. labels: of the bars and of the line."""
    counts = drawn.value_counts(normalize=True).sort_index() * 100
    return {
        "data": [
            {
                "type": "bar",
                "x": counts.index.tolist(),
                "y": counts.round(1).tolist(),
                "marker": {"color": look.accent},
                "name": labels[0],
                "hovertemplate": "%{x}: %{y} %<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=280,
            xaxis={"title": {"text": title}, "automargin": True},
            yaxis={"title": {"text": labels[0]}, "automargin": True, "ticksuffix": " %"},
            shapes=[
                {
                    "type": "line",
                    "x0": before,
                    "x1": before,
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": {"color": look.muted, "width": 2, "dash": "dot"},
                }
            ],
            annotations=[
                {
                    "x": before,
                    "y": 1,
                    "yref": "paper",
                    "yanchor": "bottom",
                    "text": labels[1],
                    "showarrow": False,
                    "font": {"color": look.muted, "size": 12},
                }
            ],
            margin={"l": 8, "r": 8, "t": 24, "b": 8},
        ),
    }


def _rows(names: list[str], heights: list[int], look: theme.Theme) -> dict[str, Any]:
    return {
        "tickvals": heights,
        "ticktext": names,
        "showgrid": False,
        "automargin": True,
        "tickfont": {"color": look.ink, "size": 12},
        "range": [-0.7, len(names) - 0.2],
    }


def track(low: float, high: float, start: float, end: float, now: float | None, look: theme.Theme) -> str:
    """A slider's past under it, as SVG: what was seen (start to end) and today's value, on the slider's own range."""

    def at(value: float) -> float:
        return 100 * min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 50.0

    left, right = at(start), at(end)
    mark = "" if now is None else f'<rect x="{at(now) - 0.5:.2f}" y="0" width="1" height="4" fill="{look.ink}"/>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 4" width="300" height="12">'
        f'<rect x="0" y="1.7" width="100" height="0.6" fill="{look.line}"/>'
        f'<rect x="{left:.2f}" y="1" width="{max(right - left, 0.8):.2f}" height="2" fill="{look.accent}" '
        f'opacity="0.55"/>{mark}</svg>'
    )
