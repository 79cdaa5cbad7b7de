"""The world, coloured by a score."""

from typing import Any

import pandas as pd

from dashboard import theme
from dashboard.charts import outlines

CONFIG = {"topojsonURL": "/app/static/topojson/", "displayModeBar": False, "scrollZoom": False}
"""Plotly would fetch its boundaries from a server of its own; these are served by the dashboard."""


def score_map(
    scores: pd.Series,
    names: pd.Series,
    hover: pd.Series,
    places: pd.DataFrame,
    outlined: frozenset[str],
    selected: str | None,
    look: theme.Theme,
    labels: dict[str, str],
    zoom: bool = False,
) -> dict[str, Any]:
    """Scores by iso3 on the world map; markets too small for the outlines are dots at their capital.

    scores: by iso3, 0-100. names, hover: by iso3. places: latitude, longitude by iso3, of every market. outlined:
    iso3 that have an outline. selected: a market to outline. labels: "score" and "missing", in the reader's language.
    zoom: show where the scored markets are, not the whole world.
    """
    known, said, called = scores.to_dict(), hover.to_dict(), names.to_dict()  # each is asked for dozens of times
    on_map = [iso3 for iso3 in known if iso3 in outlined]
    dots = places[places.index.isin(known.keys() - outlined)].dropna()
    without = [iso3 for iso3 in places.index if iso3 in outlined and iso3 not in known]
    low, high = (float(scores.min()), float(scores.max())) if len(scores) else (0.0, 100.0)
    scale = [[i / (len(look.sequence) - 1), colour] for i, colour in enumerate(look.sequence)]
    bar = {
        "title": {"text": labels["score"], "side": "top", "font": {"size": 12, "color": look.muted}},
        "orientation": "h",
        "thickness": 8,
        "len": 0.3,
        "x": 0.0,
        "y": 0.0,
        "xanchor": "left",
        "yanchor": "bottom",
        "outlinewidth": 0,
        "tickfont": {"size": 11, "color": look.muted},
        "nticks": 4,
    }
    traces = [
        {
            "type": "choropleth",
            "locations": without,
            "z": [0] * len(without),
            "colorscale": [[0, look.missing], [1, look.missing]],
            "showscale": False,
            "marker": {"line": {"color": look.paper, "width": 0.4}},
            "text": [f"<b>{called.get(iso3, iso3)}</b><br>{labels['missing']}" for iso3 in without],
            "hovertemplate": "%{text}<extra></extra>",
            "customdata": without,
            "name": labels["missing"],
            "showlegend": True,
        },
        {
            "type": "choropleth",
            "locations": on_map,
            "z": [known[iso3] for iso3 in on_map],
            "zmin": low,
            "zmax": high,
            "colorscale": scale,
            "colorbar": bar,
            "marker": {
                "line": {
                    "color": [look.ink if iso3 == selected else look.paper for iso3 in on_map],
                    "width": [2.0 if iso3 == selected else 0.4 for iso3 in on_map],
                }
            },
            "text": [said[iso3] for iso3 in on_map],
            "hovertemplate": "%{text}<extra></extra>",
            "customdata": on_map,
        },
        {
            "type": "scattergeo",
            "lat": dots["latitude"].tolist(),
            "lon": dots["longitude"].tolist(),
            "mode": "markers",
            "marker": {
                "size": 7,
                "color": [known[iso3] for iso3 in dots.index],
                "cmin": low,
                "cmax": high,
                "colorscale": scale,
                "line": {"color": look.muted, "width": 0.6},
            },
            "text": [said[iso3] for iso3 in dots.index],
            "hovertemplate": "%{text}<extra></extra>",
            "customdata": list(dots.index),
        },
    ]
    geo = {
        "projection": {"type": "natural earth"},
        "showframe": False,
        "showcoastlines": False,
        "showland": True,
        "landcolor": look.missing,
        "showcountries": False,
        "bgcolor": "rgba(0,0,0,0)",
        "lataxis": {"range": [-56, 80]},
    }
    if zoom:
        geo |= frame(places.reindex(scores.index).dropna())
    legend = {
        "x": 0.32,
        "y": 0.01,
        "yanchor": "bottom",
        "bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 11, "color": look.muted},
    }
    shape = theme.layout(
        look,
        geo=geo,
        height=430,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        showlegend=True,
        legend=legend | {"itemclick": False, "itemdoubleclick": False},
        dragmode=False,
        clickmode="event+select",
    )
    for name in ("xaxis", "yaxis"):
        shape.pop(name)
    for trace in traces[1:]:
        trace["showlegend"] = False
        trace["selected"], trace["unselected"] = {"marker": {"opacity": 1}}, {"marker": {"opacity": 1}}
    return {"data": traces, "layout": shape}


def frame(places: pd.DataFrame) -> dict[str, Any]:
    """The part of a map's layout that shows these places and little else; {} for no place, or all around the world.

    places: latitude, longitude by iso3.
    """
    seen = outlines.around(places) if len(places) else None
    return {} if seen is None else {"lonaxis": {"range": seen[0]}, "lataxis": {"range": seen[1]}}
