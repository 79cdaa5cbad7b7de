"""Frame in, Plotly figure out: plain dicts, no streamlit, no SQL."""

from typing import Any

import plotly.graph_objects as go


class Drawn(go.Figure):
    """A figure as it is, for Streamlit: it would have Plotly check and copy a dict piece by piece at every rerun.

    That takes 10 ms a chart, and our charts are checked by the tests instead.
    """

    def __init__(self, figure: dict[str, Any]) -> None:
        self.__dict__["_figure"] = figure

    def to_dict(self) -> dict[str, Any]:
        return self.__dict__["_figure"]
