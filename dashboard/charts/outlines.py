"""Where countries lie on the world map that is served with the dashboard: the box around the mainland of each."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

TOPOLOGY = Path(__file__).parents[1] / "static" / "topojson" / "world_110m.json"


@cache
def boxes() -> pd.DataFrame:
    """west, south, east, north in degrees by iso3, of each country's largest ring (TopoJSON, arcs delta-coded)."""
    topology = json.loads(TOPOLOGY.read_text("utf-8"))
    scale, origin = np.array(topology["transform"]["scale"]), np.array(topology["transform"]["translate"])
    arcs = [np.cumsum(arc, axis=0) * scale + origin for arc in topology["arcs"]]
    found = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        parts = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        rings = [np.vstack([arcs[i] if i >= 0 else arcs[~i][::-1] for i in part[0]]) for part in parts]
        spans = [(*ring.min(axis=0), *ring.max(axis=0)) for ring in rings]
        found[shape["id"]] = max(spans, key=lambda span: (span[2] - span[0]) * (span[3] - span[1]))
    return pd.DataFrame.from_dict(found, orient="index", columns=["west", "south", "east", "north"])


def around(places: pd.DataFrame, room: float = 3.0, most: float = 300.0) -> tuple[list[float], list[float]] | None:
    """Longitudes and latitudes that hold these markets with some room, across the date line if that is shorter.

    places: latitude, longitude of the capital by iso3, for markets without an outline. None when the world is no wider.
    """
    known = boxes().reindex(places.index)
    west, east = (known[side].fillna(places["longitude"]).astype(float) for side in ("west", "east"))
    south, north = (known[side].fillna(places["latitude"]).astype(float) for side in ("south", "north"))
    spans = sorted(zip(west, east, strict=True))
    covered, widest, first = spans[0][1], -1.0, spans[0][0]
    for left, right in [*spans[1:], (spans[0][0] + 360, spans[0][1] + 360)]:
        if left - covered > widest:
            widest, first = left - covered, left
        covered = max(covered, right)
    first = first if first < 180 else first - 360
    width = 360 - max(widest, 0.0)
    if width + 2 * room >= most:
        return None
    return [first - room, first + width + room], [max(south.min() - room, -60.0), min(north.max() + room, 84.0)]
