"""Frame in, Plotly figure out: plain dicts, no streamlit, no SQL."""

import textwrap
from typing import Any

import plotly.graph_objects as go

from dashboard import theme

LINE = 130
"""Characters of a source in a line of a picture."""


def captioned(figure: dict[str, Any], title: str, source: str, look: theme.Theme) -> dict[str, Any]:
    """The figure with its title above and its source below, on its paper: a picture that can be passed on."""
    layout = figure["layout"]
    lines = textwrap.wrap(source, LINE)
    margin, height = dict(layout.get("margin", {})), layout.get("height") or 430
    above, below = 46, 14 + 15 * len(lines)
    drawn = max(height - margin.get("t", 0) - margin.get("b", 0), 1)
    foot = {
        "text": "<br>".join(lines),
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 0,
        "yshift": -(margin.get("b", 0) + 24),
        "xanchor": "left",
        "yanchor": "top",
        "align": "left",
        "showarrow": False,
        "font": {"size": 11, "color": look.muted},
    }
    return figure | {
        "layout": layout
        | {
            "title": {"text": title, "x": 0, "xref": "paper", "y": 0.98, "font": {"size": 18, "color": look.ink}},
            "annotations": [*layout.get("annotations", ()), foot],
            "margin": margin
            | {"t": margin.get("t", 0) + above, "b": margin.get("b", 0) + below + 24}
            | {side: margin.get(side, 0) + 16 for side in "lr"},
            "height": drawn + margin.get("t", 0) + margin.get("b", 0) + above + below + 24,
            "paper_bgcolor": look.paper,
        }
    }


class Drawn(go.Figure):
    """A figure as it is, for Streamlit: it would have Plotly check and copy a dict piece by piece at every rerun.

    That takes 10 ms a chart, and our charts are checked by the tests instead.
    """

    def __init__(self, figure: dict[str, Any]) -> None:
        self.__dict__["_figure"] = figure

    def to_dict(self) -> dict[str, Any]:
        return self.__dict__["_figure"]
