"""Plans: money and people stacked by market and year, what less risk costs, and offices with the markets they serve."""

from itertools import pairwise
from typing import Any
from zlib import crc32

import pandas as pd

from dashboard import theme
from dashboard.charts import maps

MAX_SERIES = 7
"""Series with a colour of their own; the rest is one."""
LABELLED = 0.07
"""Of the tallest bar: a piece at least as high has its name written in it."""
WIDTHS = (1.0, 5.0)
"""Of the lines from hubs to markets, by people."""
SIDES = ("top center", "bottom center", "middle right", "middle left")
NEAR = (9.0, 20.0)
"""Degrees of latitude and longitude within which names would overlap."""


def colours(keys: list[str], last: str | None = None) -> dict[str, str]:
    """A colour a series, of its own: the same market has the same colour in every plan, but where two would share one.

    keys: the most important first; those beyond the colours there are, and last, are grey.
    """
    palette = theme.CATEGORIES[:MAX_SERIES]
    found = dict.fromkeys(keys, theme.CATEGORIES[-1])
    free = dict.fromkeys(palette)
    for key in sorted([key for key in keys if key != last][:MAX_SERIES]):
        start = crc32(key.encode()) % len(palette)
        colour = next(c for c in (*palette[start:], *palette[:start]) if c in free)
        found[key] = colour
        del free[colour]
    return found


def stacked(
    table: pd.DataFrame,
    titles: dict[str, str],
    colour: dict[str, str],
    look: theme.Theme,
    axis: str,
    hover: dict[str, list[str]],
    rest: str,
) -> dict[str, Any]:
    """A bar a year, a piece a series, the first at the bottom; large pieces are named in place, the others in a legend.

    table: (series, years). colour: by series (`colours`). hover: texts of each series' pieces. axis: title with unit.
    rest: what the series without a colour of their own are called together, grey.
    """
    shown = [key for key in table.index if colour[key] != theme.CATEGORIES[-1]]
    others = [key for key in table.index if key not in shown]
    years = [str(year) for year in table.columns]
    tallest = float(table.sum().max()) or 1.0
    parts = [(titles[key], table.loc[key], colour[key], hover[key]) for key in shown]
    if len(others) == 1:
        parts.append((titles[others[0]], table.loc[others[0]], look.grey, hover[others[0]]))
    elif others:
        texts = ["<br>".join(hover[key][n] for key in others) for n in range(len(years))]
        parts.append((rest, table.loc[others].sum(), look.grey, texts))
    traces = []
    for title, values, ink, texts in parts:
        inside = [title if value >= LABELLED * tallest else "" for value in values]
        dark = look.ink if ink == look.grey else "#FFFFFF" if ink in _DARK_PIECES else "#1B2733"
        traces.append(
            {
                "type": "bar",
                "name": title,
                "x": years,
                "y": [float(value) for value in values],
                "marker": {"color": ink, "line": {"color": look.paper, "width": 1}},
                "text": inside,
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "textfont": {"color": dark, "size": 11},
                "constraintext": "inside",
                "hovertext": texts,
                "hovertemplate": "%{hovertext}<extra></extra>",
                "showlegend": not any(inside),
            }
        )
    return {
        "data": traces,
        "layout": theme.layout(
            look,
            height=360,
            margin={"l": 8, "r": 8, "t": 8, "b": 64},
            barmode="stack",
            bargap=0.18,
            showlegend=any(trace["showlegend"] for trace in traces),
            legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}
            | {"font": {"color": look.muted, "size": 11}},
            xaxis={"type": "category", "showgrid": False, "automargin": True},
            yaxis={"title": {"text": axis}, "automargin": True, "rangemode": "tozero"},
        ),
    }


_DARK_PIECES = ("#0072B2", "#009E73", "#D55E00", "#8C6D1F")


def frontier(
    table: pd.DataFrame, now: tuple[float, float], look: theme.Theme, axes: tuple[str, str], here: str, dial: list[str]
) -> dict[str, Any]:
    """What less risk costs. table: cvar_usd, mean_usd, in millions, by position of the dial. now: of the plan shown.

    axes: titles. here: of the plan shown. dial: what each position is called.
    """
    line = table.sort_values("cvar_usd", kind="stable")
    names = [dial[table.index.get_loc(index)] for index in line.index]
    merged: list[str] = []
    for n, name in enumerate(names):  # positions with one plan share a point and its label
        same = n and line["cvar_usd"].iloc[n] == line["cvar_usd"].iloc[n - 1]
        if same:
            merged[-1], name = "", f"{merged[-1]}, {name}"
        merged.append(name)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers+text",
                "x": line["cvar_usd"].tolist(),
                "y": line["mean_usd"].tolist(),
                "text": merged,
                "textposition": _apart(line["cvar_usd"].tolist()),
                "textfont": {"size": 11, "color": look.muted},
                "line": {"color": look.grey, "width": 2},
                "marker": {"color": look.muted, "size": 8},
                "cliponaxis": False,
                "hovertext": names,
                "hovertemplate": "%{hovertext}<br>%{y:.3g} / %{x:.3g}<extra></extra>",
            },
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [now[0]],
                "y": [now[1]],
                "text": [here],
                "textposition": "bottom left",
                "textfont": {"size": 12, "color": look.accent},
                "marker": {"color": look.accent, "size": 13},
                "cliponaxis": False,
                "hoverinfo": "skip",
            },
        ],
        "layout": theme.layout(
            look,
            height=320,
            margin={"l": 8, "r": 48, "t": 24, "b": 8},
            xaxis={"title": {"text": axes[0]}, "automargin": True, "nticks": 5},
            yaxis={"title": {"text": axes[1]}, "automargin": True, "nticks": 6},
        ),
    }


def _apart(across: list[float]) -> list[str]:
    """Where labels stand: to the right above, and below where the point before is too near."""
    room = 0.12 * (max(across) - min(across))
    found = ["top right"]
    for before, now in pairwise(across):
        near = now - before < room and found[-1] == "top right"
        found.append("middle right" if near else "top right")
    return found


def offices(
    hubs: pd.DataFrame,
    links: pd.DataFrame,
    unserved: pd.DataFrame,
    hover: dict[str, str],
    names: dict[str, str],
    places: pd.DataFrame,
    outlined: frozenset[str],
    look: theme.Theme,
    labels: dict[str, str],
) -> dict[str, Any]:
    """Offices as diamonds, lines to the markets they serve, as thick as their people; the unserved are crosses.

    hubs: site, staff. links: market, hub, people. unserved: market. hover: text by market or "hub:" and site. names: by
    iso3. places: latitude, longitude by iso3. labels: "office", "served", "unserved", in the reader's language.
    """
    empty = pd.Series(dtype=float)
    base = maps.score_map(empty, empty, empty, places, outlined, None, look, {"score": "", "missing": ""})
    land = base["data"][0] | {"showlegend": False, "hoverinfo": "skip", "hovertemplate": None}
    known = places.dropna(subset=["latitude", "longitude"])
    colour = colours(list(hubs["site"]))
    most = max(float(links["people"].max()) if len(links) else 1.0, 1.0)
    traces: list[dict[str, Any]] = [land]
    for row in links.itertuples():
        if row.market != row.hub and {row.market, row.hub} <= set(known.index):
            ends = known.loc[[row.hub, row.market]]
            width = WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * row.people / most
            traces.append(
                {
                    "type": "scattergeo",
                    "mode": "lines",
                    "lat": ends["latitude"].tolist(),
                    "lon": ends["longitude"].tolist(),
                    "line": {"color": colour[row.hub], "width": width},
                    "opacity": 0.75,
                    "hoverinfo": "skip",
                    "showlegend": False,
                }
            )
    served = links[links["market"].isin(known.index) & ~links["market"].isin(hubs["site"])]
    sites = [site for site in hubs["site"] if site in known.index]
    left = [iso3 for iso3 in unserved["market"] if iso3 in known.index and iso3 not in sites]
    spots = known.loc[[*sites, *served["market"], *left]]
    beside = _beside(spots.loc[[*sites, *served["market"]]])
    traces.append(
        _points(list(served["market"]), known, names, hover, "", beside)
        | {"marker": {"size": 9, "color": [colour[hub] for hub in served["hub"]], "line": _edge(look)}}
        | {"name": labels["served"], "showlegend": bool(len(served))}
    )
    traces.append(
        _points(sites, known, names, hover, "hub:", beside)
        | {"marker": {"symbol": "diamond", "size": 15, "color": [colour[s] for s in sites], "line": _edge(look)}}
        | {"name": labels["office"], "showlegend": bool(sites)}
    )
    traces.append(
        _points(left, known, names, hover, "", {})
        | {"mode": "markers", "marker": {"symbol": "x", "size": 8, "color": look.muted}, "name": labels["unserved"]}
        | {"showlegend": bool(left)}
    )
    for trace in traces[1:]:
        trace["textfont"] = {"size": 11, "color": look.ink}
    shape = base["layout"] | {"height": 400, "clickmode": "none"}
    shape["legend"] = shape["legend"] | {"x": 0.0, "y": 0.0, "orientation": "h"}
    shape["geo"] = shape["geo"] | _frame(spots)
    return {"data": traces, "layout": shape}


def _frame(spots: pd.DataFrame) -> dict[str, Any]:
    """As much of the world as shows all of the places, with some room; all of it where they lie far apart."""
    if spots.empty or spots["longitude"].max() - spots["longitude"].min() > 180:
        return {}
    found = {}
    for axis, name, room, ends in (("lonaxis", "longitude", 22, (-180, 180)), ("lataxis", "latitude", 14, (-56, 80))):
        low, high = float(spots[name].min()) - room, float(spots[name].max()) + room
        found[axis] = {"range": [max(low, ends[0]), min(high, ends[1])]}
    return found


def _beside(spots: pd.DataFrame) -> dict[str, str]:
    """Where each place's name is written: above, or to a side on which no earlier neighbour's is."""
    found: dict[str, str] = {}
    for iso3, row in spots.iterrows():
        near = [
            found[other]
            for other in found
            if abs(spots.at[other, "latitude"] - row["latitude"]) < NEAR[0]
            and abs(spots.at[other, "longitude"] - row["longitude"]) < NEAR[1]
        ]
        found[iso3] = next((side for side in SIDES if side not in near), SIDES[0])
    return found


def _points(
    codes: list[str],
    present: pd.DataFrame,
    names: dict[str, str],
    hover: dict[str, str],
    prefix: str,
    beside: dict[str, str],
) -> dict[str, Any]:
    spots = present.loc[codes]
    return {
        "type": "scattergeo",
        "mode": "markers+text",
        "lat": spots["latitude"].tolist(),
        "lon": spots["longitude"].tolist(),
        "text": [names.get(code, code) for code in codes],
        "textposition": [beside.get(code, SIDES[0]) for code in codes],
        "hovertext": [hover.get(prefix + code, names.get(code, code)) for code in codes],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _edge(look: theme.Theme) -> dict[str, Any]:
    return {"color": look.paper, "width": 1}
