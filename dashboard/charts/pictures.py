"""A picture with what was found drawn over it, to zoom and to point at, or to take away; counts; sizes."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dashboard import theme
from models.vision.images import shrunk

WIDEST = 1400
"""Longest side a picture is sent to the browser in; what is drawn over it keeps the picture's own pixels."""
TALLEST = 420
HALO = "rgba(255,255,255,0.75)"
"""Under every outline, so that it is seen on dark and on bright pictures."""
HEAT = (0, 214, 230)
"""The accent, as bright as it must be on dark and on stained pictures."""
HEAT_COVER = 0.75
LABEL_ROOM = 0.06
"""Share of the picture's height that a label takes."""
MIN_BARS, MAX_BARS = 5, 30
CONFIG = {
    "displayModeBar": True,
    "displaylogo": False,
    "modeBarButtons": [["zoomIn2d", "zoomOut2d", "resetScale2d"]],
    "scrollZoom": False,
}


@dataclass(frozen=True)
class Shape:
    """One thing found. outline: x and y of its edge in the picture's pixels, closed; hover: lines that pointing at it
    tells; label: what stands beside it; dashed: for what is not sure."""

    outline: tuple[Sequence[float], Sequence[float]]
    colour: str
    hover: tuple[str, ...] = ()
    label: str = ""
    dashed: bool = False


def encoded(pixels: np.ndarray) -> str:
    """A picture as a data address, shrunk to WIDEST where it is larger. pixels: uint8 (height, width, 3)."""
    out = io.BytesIO()
    Image.fromarray(shrunk(pixels, WIDEST)).save(out, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def box(left: float, top: float, right: float, bottom: float) -> tuple[list[float], list[float]]:
    """The outline of a box."""
    return [left, right, right, left, left], [top, top, bottom, bottom, top]


def overlay(
    source: str, size: tuple[int, int], shapes: Sequence[Shape], look: theme.Theme, kept: str = ""
) -> dict[str, Any]:
    """A picture (its `encoded` address) of `size` (height, width) under its shapes.

    kept: as long as it stays the same, the reader's zoom does.
    """
    height, width = size
    groups: dict[tuple[str, bool], list[Shape]] = {}
    for shape in shapes:
        groups.setdefault((shape.colour, shape.dashed), []).append(shape)
    traces = []
    for (colour, dashed), members in groups.items():
        xs, ys = _joined(members)
        edge = {"type": "scatter", "mode": "lines", "x": xs, "y": ys, "hoverinfo": "skip"}
        traces += [
            edge | {"line": {"color": HALO, "width": 4}},
            edge | {"line": {"color": colour, "width": 2, "dash": "dot" if dashed else "solid"}},
        ]
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [_middle(shape.outline[0]) for shape in shapes],
            "y": [_middle(shape.outline[1]) for shape in shapes],
            "marker": {"size": 14, "opacity": 0, "color": [shape.colour for shape in shapes]},
            "text": ["<br>".join(map(html.escape, shape.hover)) for shape in shapes],
            "hovertemplate": "%{text}<extra></extra>",
        }
    )
    image = {"xref": "x", "yref": "y", "x": 0, "y": 0, "sizex": width, "sizey": height, "sizing": "stretch"}
    axis = {"showgrid": False, "showticklabels": False, "constrain": "domain"}
    return {
        "data": traces,
        "layout": theme.layout(
            look,
            height=int(min(TALLEST, max(160, 640 * height / width))),
            images=[image | {"source": source, "layer": "below"}],
            annotations=[_label(shape, look, height) for shape in shapes if shape.label],
            dragmode="pan",
            hoverdistance=40,
            uirevision=kept,
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            modebar={"orientation": "h", "bgcolor": look.surface, "color": look.muted, "activecolor": look.accent},
            xaxis=axis | {"range": [0, width], "constraintoward": "left"},
            yaxis=axis | {"range": [height, 0], "scaleanchor": "x", "constraintoward": "top"},
        ),
    }


def _joined(shapes: Sequence[Shape]) -> tuple[list[float | None], list[float | None]]:
    """The edges of many shapes as one line with gaps, to a tenth of a pixel."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for shape in shapes:
        for edge, found in zip((xs, ys), shape.outline, strict=True):
            edge += [round(float(value), 1) for value in found]
            edge.append(None)
    return xs, ys


def _middle(edge: Sequence[float]) -> float:
    return (float(min(edge)) + float(max(edge))) / 2


def _label(shape: Shape, look: theme.Theme, height: int) -> dict[str, Any]:
    """Above its shape, or inside where that would lie above a picture of this height."""
    left, top = float(min(shape.outline[0])), float(min(shape.outline[1]))
    return {
        "x": left, "y": top, "xanchor": "left", "yanchor": "bottom" if top > LABEL_ROOM * height else "top",
        "text": html.escape(shape.label), "showarrow": False, "bgcolor": look.paper, "bordercolor": shape.colour,
        "borderpad": 2, "font": {"color": look.ink, "size": 12}, "captureevents": False,
    }  # fmt: skip


def heated(pixels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The picture, at most WIDEST, under where a network looked: values, uint8 (height, width), 0 for nowhere."""
    small = shrunk(pixels, WIDEST)
    grown = Image.fromarray(values).resize(small.shape[1::-1], Image.Resampling.BILINEAR)
    share = HEAT_COVER * (np.asarray(grown, dtype=np.float32) / 255)[..., None] ** 0.7
    return (small * (1 - share) + np.array(HEAT, dtype=np.float32) * share).astype(np.uint8)


NOTICE = "Not a medical device"
"""Stands on every picture of cells that is taken away; in English, as Pillow's own font has no other letters."""


def drawn_over(pixels: np.ndarray, shapes: Sequence[Shape], notice: str = "") -> bytes:
    """The picture with the outlines of the shapes, as PNG in the picture's own pixels; a notice on a strip below."""
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    width = max(1, round(max(image.size) / 500))
    for shape in shapes:
        edge = [(float(x), float(y)) for x, y in zip(*shape.outline, strict=True)]
        pen.line(edge, fill="white", width=width + 2, joint="curve")
    for shape in shapes:
        edge = [(float(x), float(y)) for x, y in zip(*shape.outline, strict=True)]
        pen.line(edge, fill=shape.colour, width=width, joint="curve")
    if notice:
        image = _with_strip(image, notice)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _with_strip(image: Image.Image, notice: str) -> Image.Image:
    size = max(11, image.width // 40)
    whole = Image.new("RGB", (image.width, image.height + 2 * size), "white")
    whole.paste(image)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(whole).text((size // 2, image.height + size // 3), notice, fill="black", font=font)
    return whole


def sizes(values: Sequence[float], axes: tuple[str, str], look: theme.Theme) -> dict[str, Any]:
    """How many things are of which size, the median marked. values: a size a thing, at least one; axes: titles."""
    bars = min(MAX_BARS, max(MIN_BARS, int(2 * np.sqrt(len(values)))))
    counted, edges = np.histogram(values, bins=bars)
    middle = float(np.median(values))
    return {
        "data": [
            {
                "type": "bar", "x": ((edges[1:] + edges[:-1]) / 2).tolist(), "y": counted.tolist(),
                "width": np.diff(edges).tolist(),
                "marker": {"color": look.accent, "line": {"color": look.paper, "width": 1}},
                "customdata": [[a, b] for a, b in zip(edges.tolist(), edges[1:].tolist(), strict=False)],
                "hovertemplate": "%{customdata[0]:.3~g}–%{customdata[1]:.3~g}: %{y}<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=200,
            shapes=[
                {"type": "line", "x0": middle, "x1": middle, "y0": 0, "y1": 1, "yref": "paper",
                 "line": {"color": look.ink, "width": 1, "dash": "dot"}}
            ],
            xaxis={"title": {"text": axes[0]}, "automargin": True, "showgrid": False},
            yaxis={"title": {"text": axes[1]}, "automargin": True, "rangemode": "tozero"},
        ),
    }  # fmt: skip


def counts(
    rows: Sequence[tuple[str, float, float, float]], colours: Sequence[str], axis: str, look: theme.Theme
) -> dict[str, Any]:
    """How many of each kind are expected, a row a kind: title, count, lower and upper end of its 95 % interval."""
    places = list(range(len(rows)))
    most = max(1.0, *(row[3] for row in rows))
    return {
        "data": [
            {
                "type": "scatter", "mode": "markers+text", "x": [row[1] for row in rows], "y": places,
                "marker": {"size": 11, "color": list(colours)}, "text": [f"{row[1]:.0f}" for row in rows],
                "textposition": "top center", "textfont": {"color": look.ink, "size": 12}, "cliponaxis": False,
                "customdata": [[row[0], row[2], row[3]] for row in rows],
                "hovertemplate": "%{customdata[0]}: %{x:.1f} (%{customdata[1]:.1f}–%{customdata[2]:.1f})"
                "<extra></extra>",
            }
        ],
        "layout": theme.layout(
            look,
            height=76 + 44 * len(rows),
            margin={"l": 8, "r": 24, "t": 8, "b": 8},
            shapes=[
                {"type": "line", "x0": row[2], "x1": row[3], "y0": place, "y1": place, "opacity": 0.35,
                 "line": {"color": colour, "width": 6}}
                for place, row, colour in zip(places, rows, colours, strict=True)
            ],
            xaxis={"title": {"text": axis}, "range": [-0.04 * most, 1.06 * most], "automargin": True, "nticks": 6},
            yaxis={"tickvals": places, "ticktext": [row[0] for row in rows], "range": [len(rows) - 0.5, -0.8],
                   "showgrid": False, "automargin": True, "tickfont": {"color": look.ink, "size": 12}},
        ),
    }  # fmt: skip
