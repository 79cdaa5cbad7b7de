"""A model judged: scores by group, calibration, what size and speed cost, what is taken for what."""

from typing import Any

import pandas as pd

from dashboard import theme

WRITTEN = 8
"""Classes up to which each cell of the confusion has its figure written in it."""
SIDES = ("top center", "bottom center", "middle right", "middle left")
DEEP = {"light": 0.6, "dark": 0.5}
"""Share from which a cell is so strongly coloured that its figure is written in the page's own colour, by theme."""


def dots(scores: pd.DataFrame, hover: list[str], title: str, look: theme.Theme, overall: float) -> dict[str, Any]:
    """A row a group, in the order given from top: its score as a point, its interval as a line through it.

    scores: title, score, low, high (may be nan), judged (else in grey). title: of the axis. overall: the model's score
    over all, a line.
    """
    heights = list(range(len(scores)))
    colours = [look.accent if one else look.grey for one in scores["judged"]]
    whiskers = [
        {
            "type": "line",
            "x0": low,
            "x1": high,
            "y0": height,
            "y1": height,
            "line": {"color": colour, "width": 5},
            "opacity": 0.3,
        }
        for low, high, height, colour in zip(scores["low"], scores["high"], heights, colours, strict=True)
        if pd.notna(low) and pd.notna(high)
    ]
    middle = {
        "type": "line",
        "x0": overall,
        "x1": overall,
        "y0": -0.8,
        "y1": len(scores) - 0.2,
        "line": {"color": look.muted, "width": 1, "dash": "dot"},
    }
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": scores["score"].tolist(),
                "y": heights,
                "marker": {"size": 9, "color": colours, "line": {"color": look.paper, "width": 1}},
                "text": hover,
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=70 + 20 * len(scores),
            shapes=[*([middle] if pd.notna(overall) else []), *whiskers],
            xaxis={"title": {"text": title}, "range": [0, 1.02], "automargin": True, "side": "top"},
            yaxis={
                "tickvals": heights,
                "ticktext": scores["title"].tolist(),
                "range": [len(scores) - 0.2, -0.8],
                "showgrid": False,
                "automargin": True,
                "tickfont": {"color": look.ink, "size": 12},
            },
        ),
    }


def against_size(
    scores: pd.DataFrame, hover: list[str], named: set[str], axes: tuple[str, str], look: theme.Theme
) -> dict[str, Any]:
    """A point a language: how good the model is for it against how many speak it (logarithmic).

    scores: title, score, size by code. named: codes whose title is written beside the point. axes: titles.
    """
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": scores["size"].tolist(),
                "y": scores["score"].tolist(),
                "marker": {"size": 8, "color": [look.accent if c in named else look.grey for c in scores.index]},
                "text": [title if c in named else "" for c, title in scores["title"].items()],
                "textposition": "top center",
                "textfont": {"size": 11, "color": look.ink},
                "hovertext": hover,
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=320,
            xaxis={"type": "log", "dtick": 1, "title": {"text": axes[0]}, "automargin": True},
            yaxis={"title": {"text": axes[1]}, "range": [0, 1.05], "automargin": True},
        ),
    }


def calibration(bins: pd.DataFrame, hover: list[str], axes: tuple[str, str], look: theme.Theme) -> dict[str, Any]:
    """How often answers given with a probability are right; on the dotted line they are as often as said.

    bins: confidence, accuracy, low, high, n.
    """
    most = bins["n"].max() or 1
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [0, 1],
                "y": [0, 1],
                "line": {"color": look.muted, "width": 1, "dash": "dot"},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": bins["confidence"].tolist(),
                "y": bins["accuracy"].tolist(),
                "marker": {
                    "size": (6 + 10 * (bins["n"] / most) ** 0.5).tolist(),
                    "color": look.accent,
                    "line": {"color": look.paper, "width": 1},
                },
                "text": hover,
                "hovertemplate": "%{text}<extra></extra>",
            },
        ],
        "layout": theme.layout(
            look,
            height=320,
            shapes=[
                {
                    "type": "line",
                    "x0": row.confidence,
                    "x1": row.confidence,
                    "y0": row.low,
                    "y1": row.high,
                    "line": {"color": look.accent, "width": 5},
                    "opacity": 0.25,
                }
                for row in bins.itertuples()
            ],
            xaxis={"title": {"text": axes[0]}, "range": [0, 1.03], "tickformat": ".0%", "automargin": True},
            yaxis={"title": {"text": axes[1]}, "range": [0, 1.05], "tickformat": ".0%", "automargin": True},
        ),
    }


def _sides(variants: pd.DataFrame, span: float) -> list[str]:
    """Where each form's name is written: of several close together (span: height of the axis) one on each side."""
    known, sides = variants[["cost", "score"]], dict[str, str]()
    for name in variants["cost"].sort_values(kind="stable").index:
        apart = (known.loc[list(sides)] - known.loc[name]).abs()
        close = apart.index[(apart["cost"] < 0.25 * variants["cost"].max()) & (apart["score"] < 0.15 * span)]
        taken = {sides[other] for other in close}
        sides[name] = next((side for side in SIDES if side not in taken), SIDES[0])
    return [sides[name] for name in variants.index]


def trade(
    variants: pd.DataFrame, best: list[str], hover: list[str], axes: tuple[str, str], look: theme.Theme
) -> dict[str, Any]:
    """A point a form of the model: what it costs against how good it is, its size as the point's; the best ones joined.

    variants: title, cost, score, bytes by name. best: names that none other beats in both, the cheapest first.
    """
    most = variants["bytes"].max() if variants["bytes"].notna().any() else 1
    sizes = (8 + 20 * (variants["bytes"].fillna(most) / most) ** 0.5).tolist()
    low, high = float(variants["score"].min()), float(variants["score"].max())
    room = max(high - low, 0.01) * 0.5
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": variants["cost"].reindex(best).tolist(),
                "y": variants["score"].reindex(best).tolist(),
                "line": {"color": look.accent, "width": 1.5},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": variants["cost"].tolist(),
                "y": variants["score"].tolist(),
                "marker": {
                    "size": sizes,
                    "color": [look.accent if name in best else look.grey for name in variants.index],
                    "opacity": 0.85,
                },
                "text": variants["title"].tolist(),
                "textposition": _sides(variants, 4 * room),
                "textfont": {"size": 11, "color": look.ink},
                "cliponaxis": False,
                "hovertext": hover,
                "hovertemplate": "%{hovertext}<extra></extra>",
            },
        ],
        "layout": theme.layout(
            look,
            height=320,
            margin={"l": 8, "r": 30, "t": 24, "b": 8},
            xaxis={"title": {"text": axes[0]}, "rangemode": "tozero", "automargin": True},
            yaxis={"title": {"text": axes[1]}, "range": [low - room, high + room], "automargin": True},
        ),
    }


def confusion(
    shares: pd.DataFrame, counts: list[list[int]], axes: tuple[str, str], look: theme.Theme
) -> dict[str, Any]:
    """What is taken for what: a row a true class, its texts by the class given, as shares of the row.

    shares: (true, given), 0 to 1, titles on both axes. counts: the same as numbers. axes: titles of given and true.
    """
    last = len(look.sequence) - 1
    figures = [
        {
            "x": given,
            "y": true,
            "text": f"{share:.0%}",
            "showarrow": False,
            "font": {"size": 12, "color": look.paper if share > DEEP[look.name] else look.ink},
        }
        for true, row in shares.iterrows()
        for given, share in row.items()
        if len(shares) <= WRITTEN
    ]
    return {
        "data": [
            {
                "type": "heatmap",
                "z": shares.to_numpy().tolist(),
                "x": shares.columns.tolist(),
                "y": shares.index.tolist(),
                "zmin": 0,
                "zmax": 1,
                "colorscale": [[0, look.surface], *([(i + 1) / (last + 1), c] for i, c in enumerate(look.sequence))],
                "showscale": False,
                "customdata": counts,
                "hovertemplate": "%{y} → %{x}: %{z:.0%} (%{customdata})<extra></extra>",
                "xgap": 1,
                "ygap": 1,
            }
        ],
        "layout": theme.layout(
            look,
            height=140 + max(26 * len(shares), 100),
            annotations=figures,
            xaxis={"title": {"text": axes[0]}, "automargin": True, "showgrid": False},
            yaxis={"title": {"text": axes[1]}, "automargin": True, "autorange": "reversed", "showgrid": False},
        ),
    }
