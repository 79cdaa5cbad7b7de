"""Frame in, Plotly figure out: plain dicts, no streamlit, no SQL."""

from typing import Any

import plotly.graph_objects as go


class Checked(go.Figure):
    """A figure whose parts Plotly has checked once. For caches: Streamlit asks for the dict at every rerun, and Plotly
    would copy it piece by piece each time. Not to be changed after it is made.
    """

    def __init__(self, figure: dict[str, Any]) -> None:
        super().__init__(figure)
        self.__dict__["_checked"] = super().to_dict()

    def to_dict(self) -> dict[str, Any]:
        return self.__dict__["_checked"]
