"""What a model expects of markets against what is reported."""

from typing import Any

import numpy as np
import pandas as pd

from dashboard import theme

NAMED = 8
EDGE = 0.15
"""The part of the axis at either end where a label stands beside its dot, not over it."""


def predicted_against_actual(
    estimates: pd.DataFrame,
    names: pd.Series,
    hover: pd.Series,
    chosen: str | None,
    axes: tuple[str, str],
    log: bool,
    look: theme.Theme,
) -> dict[str, Any]:
    """A dot a market; on the line both agree, above it more is expected than reported. The furthest are named.

    estimates: actual, predicted, low, high by iso3, actual known. names, hover: by iso3. chosen: a market in the
    accent, with its interval. axes: titles of the reported and the expected axis. log: both axes logarithmic.
    """
    known = estimates.dropna(subset=["actual"])
    if log:
        known = known[(known["actual"] > 0) & (known["predicted"] > 0)]
    gap = np.log(known["predicted"] / known["actual"]) if log else known["predicted"] - known["actual"]
    named = set(gap.abs().nlargest(NAMED).index) | ({chosen} & set(known.index))
    low, high = float(known[["actual", "predicted"]].min().min()), float(known[["actual", "predicted"]].max().max())
    colours = [look.accent if iso3 == chosen else look.grey for iso3 in known.index]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [low, high],
            "y": [low, high],
            "line": {"color": look.muted, "width": 1, "dash": "dot"},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": known["actual"].tolist(),
            "y": known["predicted"].tolist(),
            "marker": {"color": colours, "size": [12 if iso3 == chosen else 7 for iso3 in known.index]},
            "text": [names.get(iso3, iso3) if iso3 in named else "" for iso3 in known.index],
            "textposition": [_side(share) for share in _along(known["actual"], log)],
            "textfont": {"size": 11, "color": look.ink},
            "hovertext": hover.reindex(known.index).tolist(),
            "hovertemplate": "%{hovertext}<extra></extra>",
        },
    ]
    if chosen in known.index:
        row = known.loc[chosen]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [row["actual"]] * 2,
                "y": [row["low"], row["high"]],
                "line": {"color": look.accent, "width": 5},
                "opacity": 0.3,
                "hoverinfo": "skip",
            }
        )
    kind = {"type": "log"} if log else {}
    return {
        "data": traces,
        "layout": theme.layout(
            look,
            height=460,
            xaxis=kind | {"title": {"text": axes[0]}, "automargin": True},
            yaxis=kind | {"title": {"text": axes[1]}, "automargin": True},
        ),
    }


def effect(curve: pd.DataFrame, axes: tuple[str, str], look: theme.Theme) -> dict[str, Any]:
    """An accumulated local effect. curve: value, effect; axes: titles."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": curve["value"].tolist(),
                "y": curve["effect"].tolist(),
                "line": {"color": look.accent, "width": 2.4},
                "hovertemplate": "%{x:.4g}: %{y:.3g}<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=300,
            xaxis={"title": {"text": axes[0]}, "automargin": True},
            yaxis={"title": {"text": axes[1]}, "automargin": True, "zeroline": True, "zerolinecolor": look.line},
        ),
    }


def _along(values: pd.Series, log: bool) -> list[float]:
    """How far along the axis each value lies, 0 to 1."""
    placed = np.log(values) if log else values
    span = float(placed.max() - placed.min())
    return ((placed - placed.min()) / span).tolist() if span else [0.5] * len(placed)


def _side(along: float) -> str:
    """Where a label stands, so that it does not run over the end of the axis."""
    return "top left" if along > 1 - EDGE else "top right" if along < EDGE else "top center"
